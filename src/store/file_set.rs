//! Sets of files that are written together or not at all.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Error;
use super::directory;
use super::journal::Journal;
use super::staged::{self, Staged};

/// From how many files on one sync of the whole file system is cheaper than one for each.
const MANY: usize = 64;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everybody (0644): certificates and configuration.
    Public,
    /// The owner alone (0600): keys, stores, passwords.
    Owner,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Owner => 0o600,
        }
    }
}

struct NewFile {
    path: PathBuf,
    contents: Zeroizing<Vec<u8>>,
    access: Access,
}

/// Files below one folder, written all or none.
///
/// Each is whole before it has its name, owner-only before it has its mode, and never written
/// through a link. A process that is killed in between leaves a record from which the next
/// command finishes the set ([`super::PkiFolder::lock`]).
pub struct FileSet {
    root: PathBuf,
    files: Vec<NewFile>,
    replace: bool,
}

impl std::fmt::Debug for FileSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.paths()).finish()
    }
}

impl FileSet {
    /// An empty set of files below `root`; `replace` gives leave to replace what is there.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, replace: bool) -> Self {
        Self {
            root: root.into(),
            files: Vec::new(),
            replace,
        }
    }

    /// Adds a file. `path` begins with the set's folder (a single file may lie anywhere).
    pub fn add(&mut self, path: impl Into<PathBuf>, contents: Vec<u8>, access: Access) {
        self.files.push(NewFile {
            path: path.into(),
            contents: Zeroizing::new(contents),
            access,
        });
    }

    /// The paths, in the order in which they were added.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Checks that every one of `paths` may be written, before work and questions are spent on it.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] with all that exist, unless `replace`; [`Error::NotAFile`] for folders,
    /// FIFOs and devices.
    pub fn check<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        replace: bool,
    ) -> Result<(), Error> {
        let mut existing = Vec::new();
        let mut seen = BTreeSet::new();
        for path in paths {
            if !seen.insert(path) {
                return Err(Error::NotInSet {
                    path: path.to_owned(),
                });
            }
            match path.symlink_metadata() {
                Ok(metadata) => {
                    if let Some(what) = special(metadata.file_type()) {
                        let path = path.to_owned();
                        return Err(Error::NotAFile { path, what });
                    }
                    existing.push(path.to_owned());
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::write(path, error)),
            }
        }
        if existing.is_empty() || replace {
            return Ok(());
        }
        Err(Error::Exists { paths: existing })
    }

    /// Writes all files, or none.
    ///
    /// # Errors
    ///
    /// Those of [`FileSet::check`], and what the operating system says; then everything is as it
    /// was, with the one exception that [`Error::NotDurable`] tells about.
    pub fn write(self) -> Result<(), Error> {
        Self::check(self.paths(), self.replace)?;
        let mut staging = Staging::default();
        for file in &self.files {
            let made = directory::create(directory::parent(&file.path))?;
            staging.folders.extend(made);
        }
        let each = self.files.len() < MANY;
        for file in &self.files {
            let mode = file.access.mode();
            let staged = Staged::write(&file.path, &file.contents, mode, each)?;
            staging.files.push(staged);
        }
        if !each {
            sync_all(&self.root)?;
        }
        staging.publish(&self.root)
    }
}

/// What kind of thing stands in the way, if it is no file and no link.
fn special(kind: FileType) -> Option<&'static str> {
    if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_block_device() || kind.is_char_device() {
        Some("a device")
    } else {
        None
    }
}

fn sync_all(root: &Path) -> Result<(), Error> {
    let synced = fs::File::open(root).and_then(|root| Ok(rustix::fs::syncfs(root)?));
    synced.map_err(|error| Error::write(root, error))
}

/// Temporaries that become files together, or are removed.
#[derive(Debug, Default)]
struct Staging {
    files: Vec<Staged>,
    /// Folders that were made for them.
    folders: Vec<PathBuf>,
}

impl Staging {
    fn publish(mut self, root: &Path) -> Result<(), Error> {
        match self.files.as_slice() {
            [] => return Ok(()),
            [one] => one
                .publish(false)
                .map_err(|error| cannot_publish(one, error))?,
            several => publish_all(root, several)?,
        }
        let published = std::mem::take(&mut self.files);
        self.folders.clear();
        sync_folders(&published)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = staged::remove(&file.temporary());
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn publish_all(root: &Path, files: &[Staged]) -> Result<(), Error> {
    let journal = Journal::begin(root, files)?;
    for file in files {
        if let Err(error) = file.publish(true) {
            take_back(journal, files);
            return Err(cannot_publish(file, error));
        }
    }
    let finished = sync_folders(files);
    for file in files {
        let _ = file.forget_backup();
    }
    let _ = journal.end();
    finished
}

/// Restores what was there. Should that fail too, the record stays and the next command does it.
fn take_back(journal: Journal, files: &[Staged]) {
    if journal.turn_back().is_err() {
        return;
    }
    // Each is tried, whatever became of the others.
    let failed = files.iter().filter(|file| file.roll_back().is_err());
    if failed.count() == 0 && sync_folders(files).is_ok() {
        let _ = journal.end();
    }
}

fn sync_folders(files: &[Staged]) -> Result<(), Error> {
    let folders: BTreeSet<_> = files
        .iter()
        .map(|file| directory::parent(&file.target))
        .collect();
    for folder in folders {
        directory::sync(folder).map_err(|source| Error::NotDurable {
            path: folder.to_owned(),
            source,
        })?;
    }
    Ok(())
}

fn cannot_publish(file: &Staged, error: io::Error) -> Error {
    let path = file.target.clone();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { paths: vec![path] },
        _ => Error::write(path, error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;
    use crate::store::journal;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn set(root: &Path, replace: bool, contents: &str) -> FileSet {
        let mut set = FileSet::new(root, replace);
        set.add(root.join("a/one.key"), contents.into(), Access::Owner);
        set.add(root.join("b/two.crt"), contents.into(), Access::Public);
        set
    }

    fn names(root: &Path) -> Vec<String> {
        let mut out = Vec::new();
        for folder in [root.to_owned(), root.join("a"), root.join("b")] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                out.push(entry.file_name().into_string().unwrap());
            }
        }
        out.sort();
        out
    }

    fn read(root: &Path) -> [String; 2] {
        ["a/one.key", "b/two.crt"]
            .map(|name| fs::read_to_string(root.join(name)).unwrap_or_default())
    }

    #[test]
    fn modes_follow_from_what_is_inside() {
        let root = folder();
        set(root.path(), false, "x").write().unwrap();
        let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode("a"), 0o700);
        assert_eq!(mode("a/one.key"), 0o600);
        assert_eq!(mode("b/two.crt"), 0o644);
        assert_eq!(names(root.path()), ["a", "b", "one.key", "two.crt"]);
    }

    #[test]
    fn what_exists_is_named_and_kept() {
        let root = folder();
        set(root.path(), false, "old").write().unwrap();
        let error = set(root.path(), false, "new").write().unwrap_err();
        assert!(
            matches!(&error, Error::Exists { paths } if paths.len() == 2),
            "{error}"
        );
        assert_eq!(read(root.path()), ["old", "old"]);
        set(root.path(), true, "new").write().unwrap();
        assert_eq!(read(root.path()), ["new", "new"]);
        assert_eq!(names(root.path()), ["a", "b", "one.key", "two.crt"]);
    }

    #[test]
    fn nothing_is_written_through_links_or_into_folders() {
        let root = folder();
        let elsewhere = root.path().join("elsewhere");
        fs::write(&elsewhere, "mine").unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        symlink(&elsewhere, root.path().join("a/one.key")).unwrap();
        set(root.path(), true, "new").write().unwrap();
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
        assert_eq!(read(root.path()), ["new", "new"]);

        fs::remove_file(root.path().join("b/two.crt")).unwrap();
        fs::create_dir(root.path().join("b/two.crt")).unwrap();
        let error = set(root.path(), true, "newer").write().unwrap_err();
        assert!(matches!(error, Error::NotAFile { .. }));
        assert_eq!(read(root.path())[0], "new");
    }

    #[test]
    fn a_failure_in_the_middle_takes_everything_back() {
        let root = folder();
        set(root.path(), false, "old").write().unwrap();
        let files = [
            Staged::write(&root.path().join("a/one.key"), b"new", 0o600, true).unwrap(),
            Staged::write(&root.path().join("b/two.crt"), b"new", 0o644, true).unwrap(),
        ];
        fs::remove_file(files[1].temporary()).unwrap();
        assert!(publish_all(root.path(), &files).is_err());
        assert_eq!(read(root.path()), ["old", "old"]);
        assert_eq!(names(root.path()), ["a", "b", "one.key", "two.crt"]);
    }

    /// Every point at which a process can be killed between the record and its removal.
    #[test]
    fn interrupted_sets_are_finished_or_taken_back() {
        for back in [false, true] {
            for published in 0..=2 {
                for existed in [false, true] {
                    let root = folder();
                    if existed {
                        set(root.path(), false, "old").write().unwrap();
                    }
                    for name in ["a", "b"] {
                        directory::create(&root.path().join(name)).unwrap();
                    }
                    let files = [
                        Staged::write(&root.path().join("a/one.key"), b"new", 0o600, true).unwrap(),
                        Staged::write(&root.path().join("b/two.crt"), b"new", 0o644, true).unwrap(),
                    ];
                    let journal = Journal::begin(root.path(), &files).unwrap();
                    for file in &files[..published] {
                        file.publish(true).unwrap();
                    }
                    if back {
                        journal.turn_back().unwrap();
                    }
                    journal::recover(root.path()).unwrap();
                    let expected = match (back, existed) {
                        (false, _) => "new",
                        (true, true) => "old",
                        (true, false) => "",
                    };
                    assert_eq!(read(root.path()), [expected, expected]);
                    let left = names(root.path());
                    assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
                }
            }
        }
    }
}
