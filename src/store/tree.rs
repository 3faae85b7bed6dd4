//! A whole folder of files that is there or is not, and never holds what nobody expects.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::finding::{Code, Diagnostic, Remedy};

/// The most files that a folder is searched through.
const MAX_FILES: usize = 1_000_000;

/// A file to be.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// Its path below the folder.
    pub path: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// Whether the owner alone may read it.
    pub secret: bool,
}

/// Why a folder was left as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder holds a file that is not of an earlier run.
    #[error("`{folder}` holds `{file}`, which was not made by certgen fixtures")]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// A file in it.
        file: String,
    },
    /// The operating system refused.
    #[error("cannot write the folder `{folder}`")]
    Write {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("cannot read the folder `{folder}`")]
    Read {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::Foreign { .. } => Code::FileExists,
            Self::Write { .. } => Code::CannotWrite,
            Self::Read { .. } => Code::CannotRead,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::text(match self {
            Self::Foreign { .. } => "choose an empty folder, or move your own files elsewhere",
            _ => "check the path, who may write there, and the free space",
        }))
    }
}

/// The files below `folder`, by path; none where the folder does not exist.
///
/// # Errors
///
/// [`Error::Read`] where something below cannot be listed.
pub fn list(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    match walk(folder, "", &mut found) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Read {
            folder: folder.to_owned(),
            source: error,
        }),
        _ => Ok(found),
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else if found.len() < MAX_FILES {
            found.insert(path);
        }
    }
    Ok(())
}

/// Puts `files` in the place of `folder`, all or none; what was there may only be among `known`.
///
/// The folder is written under another name beside it and then takes its place in one step. It is
/// not synced: what it holds can be made again.
///
/// # Errors
///
/// [`Error::Foreign`] where the folder holds something else, [`Error::Write`] where a step fails;
/// the folder is then as it was.
pub fn replace(folder: &Path, files: &[Leaf<'_>], known: &BTreeSet<String>) -> Result<(), Error> {
    if let Some(file) = list(folder)?.into_iter().find(|file| !known.contains(file)) {
        return Err(Error::Foreign {
            folder: folder.to_owned(),
            file,
        });
    }
    let failed = |source| Error::Write {
        folder: folder.to_owned(),
        source,
    };
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed)?;
    let staging = tempfile::Builder::new()
        .prefix(".certgen-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let inside = staging.path().join("set");
    write_all(&inside, files).map_err(failed)?;
    take_place(&inside, folder).map_err(failed)
}

fn write_all(folder: &Path, files: &[Leaf<'_>]) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true).mode(0o755);
    folders.create(folder)?;
    let mut made = BTreeSet::new();
    for file in files {
        let path = folder.join(file.path);
        let parent = path.parent().map(Path::to_owned).unwrap_or_default();
        if made.insert(parent.clone()) {
            folders.create(&parent)?;
        }
        let mode = if file.secret { 0o600 } else { 0o644 };
        let mut open = fs::OpenOptions::new();
        let mut out = open.write(true).create_new(true).mode(mode).open(&path)?;
        io::Write::write_all(&mut out, file.bytes)?;
    }
    Ok(())
}

/// Renames `new` to `folder`; what was `folder` goes where `new` was, and vanishes with it.
fn take_place(new: &Path, folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return fs::rename(new, folder);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, folder, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let old = new.with_file_name("old");
    fs::rename(folder, &old)?;
    fs::rename(new, folder).inspect_err(|_| {
        let _ = fs::rename(&old, folder);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(path: &'static str) -> Leaf<'static> {
        Leaf {
            path,
            bytes: b"x",
            secret: true,
        }
    }

    #[test]
    fn a_folder_is_replaced_whole() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("set");
        replace(&folder, &[leaf("a/b"), leaf("c")], &BTreeSet::new()).unwrap();
        let known = list(&folder).unwrap();
        assert_eq!(known, BTreeSet::from(["a/b".to_owned(), "c".to_owned()]));
        replace(&folder, &[leaf("d")], &known).unwrap();
        assert_eq!(list(&folder).unwrap(), BTreeSet::from(["d".to_owned()]));
        assert_eq!(
            fs::read_dir(place.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn foreign_files_are_never_touched() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("set");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("mine"), "precious").unwrap();
        let error = replace(&folder, &[leaf("a")], &BTreeSet::from(["a".to_owned()])).unwrap_err();
        assert!(matches!(error, Error::Foreign { file, .. } if file == "mine"));
        assert_eq!(fs::read_to_string(folder.join("mine")).unwrap(), "precious");
    }
}
