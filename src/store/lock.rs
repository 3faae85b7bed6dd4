//! One lock per PKI folder: who issues, waits for who issues.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Error;

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock, as long as the value lives; the operating system lets go of it however we end.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock file at `path`, waiting up to `patience` for another process.
    pub(super) fn take(path: &Path, patience: Duration) -> Result<Self, Error> {
        let cannot = |error| Error::write(path, error);
        let mut file = open(path).map_err(cannot)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Locked {
                        path: path
                            .parent()
                            .and_then(Path::parent)
                            .unwrap_or(path)
                            .to_owned(),
                        holder: holder(&mut file),
                        seconds: patience.as_secs(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            }
        }
        // Who holds it is a courtesy to those who wait.
        let _ = sign(&mut file);
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(nofollow);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = options.create(true).mode(0o600).open(path)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            Ok(file)
        }
        other => other,
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
