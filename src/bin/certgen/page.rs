//! Where a page goes, found out before the work that it reports on.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use certgen::finding::{Code, Remedy};
use certgen::render::is_page;
use certgen::store::{Access, FileSet};

use crate::failure::Failure;
use crate::present;

/// So many bytes of a file show whether it is a page of certgen's.
const HEAD: u64 = 1_024;

/// Where a page goes.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Standard output.
    Output,
    /// A device, a pipe: written to, never replaced.
    Stream(PathBuf),
    /// A file that is new, empty or an earlier page; links to it stay.
    File(PathBuf),
}

impl Destination {
    /// What `path` stands for; `-` is standard output, and so are its names below `/dev`.
    ///
    /// Fails where something would be lost: a page replaces nothing but pages.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        if names.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Output);
        }
        let kind = match fs::metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return new(path),
            Err(error) => return Err(Failure::cannot_read(path, &error)),
        };
        let shown = path.display();
        if kind.is_dir() {
            let cause = format!("`{shown}` is a folder, and the report is one file");
            return Err(Failure::new(Code::CannotWrite, cause)
                .with_remedy(Remedy::text("name a file in it")));
        }
        if !kind.is_file() || is_descriptor(path) {
            return Ok(Self::Stream(path.to_owned()));
        }
        let real = fs::canonicalize(path).map_err(|error| Failure::cannot_read(path, &error))?;
        let mut head = Vec::new();
        fs::File::open(&real)
            .and_then(|file| file.take(HEAD).read_to_end(&mut head))
            .map_err(|error| Failure::cannot_read(path, &error))?;
        if head.is_empty() || is_page(&head) {
            return Ok(Self::File(real));
        }
        let cause = format!("`{shown}` exists, and is no report that certgen wrote");
        Err(
            Failure::new(Code::FileExists, cause).with_remedy(Remedy::text(
                "choose another path for the report, or remove that file yourself",
            )),
        )
    }

    /// The same for an option; `other` is the option of another report that takes standard output.
    pub(crate) fn wanted(
        path: Option<&Path>,
        other: Option<&str>,
    ) -> Result<Option<Self>, Failure> {
        let destination = path.map(Self::of).transpose()?;
        match (&destination, other) {
            (Some(Self::Output), Some(other)) => {
                let cause = format!("`--html -` and `{other}` both want standard output");
                Err(Failure::new(Code::Usage, cause)
                    .with_remedy(Remedy::text("name a file for the page")))
            }
            _ => Ok(destination),
        }
    }

    /// Whether the page takes standard output, where other reports would go.
    pub(crate) fn is_output(&self) -> bool {
        matches!(self, Self::Output)
    }

    /// Puts the page there.
    pub(crate) fn write(&self, page: &str) -> Result<(), Failure> {
        match self {
            Self::Output => present::bytes(page.as_bytes()),
            Self::Stream(path) => stream(path, page),
            Self::File(path) => {
                let mut files = FileSet::new(path.parent().unwrap_or(path), true);
                files.add(path, page.as_bytes().to_vec(), Access::Public);
                Ok(files.write()?)
            }
        }
    }
}

/// Nothing is there yet; the folder has to be.
fn new(path: &Path) -> Result<Destination, Failure> {
    let shown = path.display();
    if fs::symlink_metadata(path).is_ok() {
        let cause = format!("`{shown}` is a link to something that does not exist");
        return Err(Failure::new(Code::CannotWrite, cause)
            .with_remedy(Remedy::text("remove the link, or choose another path")));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            let cause = format!(
                "`{shown}` cannot be written: there is no folder `{}`",
                folder.display()
            );
            Err(Failure::new(Code::CannotWrite, cause)
                .with_remedy(Remedy::text("check the path, or make the folder")))
        }
        _ => Ok(Destination::File(path.to_owned())),
    }
}

/// The name of something that is open already, perhaps a file. Other files below `/dev` are files
/// like any.
fn is_descriptor(path: &Path) -> bool {
    let names = ["/dev/stderr", "/dev/fd", "/proc/self/fd"];
    names.iter().any(|name| path.starts_with(name))
}

fn stream(path: &Path, page: &str) -> Result<(), Failure> {
    let written = OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut stream| stream.write_all(page.as_bytes()));
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::cannot_write(
            &format!("`{}`", path.display()),
            &error,
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_what_is_open_are_streams() {
        for name in ["/dev/stderr", "/dev/fd/63", "/proc/self/fd/3"] {
            assert!(is_descriptor(Path::new(name)), "{name}");
        }
        for name in ["-", "/dev/stdout"] {
            assert!(Destination::of(Path::new(name)).unwrap().is_output());
        }
        for name in [
            "/dev/shm/broker.key",
            "/proc/1/fd/3",
            "/device",
            "page.html",
        ] {
            assert!(!is_descriptor(Path::new(name)), "{name}");
        }
    }
}
