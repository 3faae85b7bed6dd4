//! The record of a set of files that is being published, so that a command that was killed in the
//! middle is finished, or taken back, by the next one.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::Error;
use super::directory;
use super::staged::{Staged, is_token};

const FORWARD: &str = ".certgen-journal";
const BACK: &str = ".certgen-rollback";
const MAGIC: &[u8] = b"certgen journal 1";

/// The record, as long as it lies in the folder.
#[derive(Debug)]
pub(super) struct Journal {
    root: PathBuf,
}

impl Journal {
    /// Records that all of `files`, which lie below `root`, are about to be published.
    pub(super) fn begin(root: &Path, files: &[Staged]) -> Result<Self, Error> {
        let path = root.join(FORWARD);
        let mut text = MAGIC.to_vec();
        for file in files {
            let relative = file.target.strip_prefix(root);
            let relative = relative.map_err(|_| Error::NotInSet {
                path: file.target.clone(),
            })?;
            text.push(0);
            text.extend_from_slice(file.token.as_bytes());
            text.push(if file.replaces { b'+' } else { b'-' });
            text.extend_from_slice(relative.as_os_str().as_bytes());
        }
        let record = Staged::write(&path, &text, 0o600, true)?;
        let published = fs::rename(record.temporary(), &path).and_then(|()| directory::sync(root));
        let journal = Self {
            root: root.to_owned(),
        };
        if let Err(error) = published {
            let _ = super::staged::remove(&record.temporary());
            let _ = super::staged::remove(&path);
            return Err(Error::write(path, error));
        }
        Ok(journal)
    }

    /// From here on an interruption means that the set is taken back.
    pub(super) fn turn_back(&self) -> io::Result<()> {
        fs::rename(self.root.join(FORWARD), self.root.join(BACK))?;
        directory::sync(&self.root)
    }

    /// The work is done, either way.
    pub(super) fn end(self) -> io::Result<()> {
        super::staged::remove(&self.root.join(FORWARD))?;
        super::staged::remove(&self.root.join(BACK))
    }
}

/// Whether a command is at work below `root`, or was interrupted.
pub(super) fn is_there(root: &Path) -> bool {
    [FORWARD, BACK].iter().any(|name| root.join(name).exists())
}

/// Finishes or takes back what a command before this one left half done below `root`.
pub(super) fn recover(root: &Path) -> Result<(), Error> {
    for (name, forward) in [(BACK, false), (FORWARD, true)] {
        let path = root.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::read(path, error)),
        };
        let files =
            parse(root, &text).ok_or_else(|| Error::JournalDamaged { path: path.clone() })?;
        for file in &files {
            let done = if forward {
                file.roll_forward()
            } else {
                file.roll_back()
            };
            done.map_err(|error| Error::write(&file.target, error))?;
            directory::sync(directory::parent(&file.target))
                .map_err(|error| Error::write(&file.target, error))?;
        }
        super::staged::remove(&path).map_err(|error| Error::write(&path, error))?;
    }
    Ok(())
}

fn parse(root: &Path, text: &[u8]) -> Option<Vec<Staged>> {
    let mut records = text.split(|byte| *byte == 0);
    if records.next()? != MAGIC {
        return None;
    }
    records.map(|record| parse_record(root, record)).collect()
}

fn parse_record(root: &Path, record: &[u8]) -> Option<Staged> {
    let (token, rest) = record.split_at_checked(16)?;
    let token = std::str::from_utf8(token)
        .ok()
        .filter(|token| is_token(token))?;
    let (flag, path) = rest.split_first()?;
    let path = Path::new(OsStr::from_bytes(path));
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (inside && path.file_name().is_some() && matches!(flag, b'+' | b'-')).then(|| Staged {
        target: root.join(path),
        token: token.to_owned(),
        replaces: *flag == b'+',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_folder_are_believed() {
        let root = Path::new("/pki");
        let good = b"certgen journal 1\x000123456789abcdef+ca/ca.crt";
        let files = parse(root, good).unwrap();
        assert_eq!(files[0].target, Path::new("/pki/ca/ca.crt"));
        assert!(files[0].replaces);
        for bad in [
            &b"certgen journal 2"[..],
            b"certgen journal 1\x000123456789abcdef+../x",
            b"certgen journal 1\x000123456789abcdef+/etc/passwd",
            b"certgen journal 1\x000123456789abcdef?x",
            b"certgen journal 1\x000123456789abcd/f+x",
            b"certgen journal 1\x00",
        ] {
            assert!(parse(root, bad).is_none());
        }
    }
}
