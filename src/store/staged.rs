//! One new file on its way: a temporary beside its target, whole and synced before it is named.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::directory::parent;
use crate::random::{SystemRandom, array};
use crate::x509::hex;

/// How our temporaries begin; none of them outlives the next command.
const PREFIX: &str = ".certgen-";

/// A temporary that will become `target`.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) target: PathBuf,
    /// The random part of the names of temporary and backup.
    pub(super) token: String,
    /// Whether something is there that has to come back when publishing fails.
    pub(super) replaces: bool,
}

impl Staged {
    /// Writes `contents` into a temporary beside `target`, which is owner-only at every instant
    /// and then gets `mode`, under any umask.
    pub(super) fn write(
        target: &Path,
        contents: &[u8],
        mode: u32,
        sync: bool,
    ) -> Result<Self, Error> {
        let staged = Self {
            target: target.to_owned(),
            token: hex(&array::<8>(&mut SystemRandom)),
            replaces: target.symlink_metadata().is_ok(),
        };
        if let Err(error) = staged.fill(contents, mode, sync) {
            let _ = remove(&staged.temporary());
            return Err(Error::write(target, error));
        }
        Ok(staged)
    }

    fn fill(&self, contents: &[u8], mode: u32, sync: bool) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file: File = options.open(self.temporary())?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(contents)?;
        if sync { file.sync_all() } else { Ok(()) }
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.beside("new")
    }

    pub(super) fn backup(&self) -> PathBuf {
        self.beside("old")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        parent(&self.target).join(format!("{PREFIX}{}.{ending}", self.token))
    }

    /// Gives the temporary its name; what was there is kept as the backup.
    pub(super) fn publish(&self, keep: bool) -> io::Result<()> {
        if !self.replaces {
            return rename_to_free(&self.temporary(), &self.target);
        }
        if keep {
            let backup = self.backup();
            // A hard link leaves no moment without the target; not every file system has them.
            fs::hard_link(&self.target, &backup).or_else(|_| fs::rename(&self.target, &backup))?;
        }
        fs::rename(self.temporary(), &self.target)
    }

    /// Finishes publishing that was interrupted.
    pub(super) fn roll_forward(&self) -> io::Result<()> {
        if exists(&self.temporary()) {
            fs::rename(self.temporary(), &self.target)?;
        }
        self.forget_backup()
    }

    /// Takes publishing back, as far as it came; may be repeated.
    pub(super) fn roll_back(&self) -> io::Result<()> {
        let published = !exists(&self.temporary());
        if exists(&self.backup()) {
            fs::rename(self.backup(), &self.target)?;
            // Where both were names of one file, rename leaves both.
            self.forget_backup()?;
        } else if published && !self.replaces {
            remove(&self.target)?;
        }
        remove(&self.temporary())
    }

    pub(super) fn forget_backup(&self) -> io::Result<()> {
        remove(&self.backup())
    }
}

/// Renames only where nothing is in the way, on file systems that can tell.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if !exists(to) => fs::rename(from, to),
        other => Ok(other?),
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what an interrupted command left in `folder`; the caller holds the lock.
pub(super) fn remove_leftovers(folder: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let name = entry?.file_name();
        if is_leftover(&name) {
            remove(&folder.join(name))?;
        }
    }
    Ok(())
}

fn is_leftover(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| {
        let token = name.strip_prefix(PREFIX).and_then(|rest| {
            rest.strip_suffix(".new")
                .or_else(|| rest.strip_suffix(".old"))
        });
        token.is_some_and(is_token)
    })
}

/// Whether `text` is the random part of a temporary's name.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
