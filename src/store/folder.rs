//! The layout of a PKI folder: `ca/`, `broker/`, `client/`, as the guide has it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Error, Lock, directory, file_name, journal, staged};

/// How long to wait for another certgen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest file that is read from the folder.
const MAX_FILE: u64 = 16 << 20;

/// Paths below one PKI folder; nothing is looked at until it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PkiFolder {
    root: PathBuf,
}

impl PkiFolder {
    /// The folder at `root`, whether it exists or not.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `ca/ca.crt`.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.root.join("ca/ca.crt")
    }

    /// `ca/ca.key`.
    #[must_use]
    pub fn ca_key(&self) -> PathBuf {
        self.root.join("ca/ca.key")
    }

    /// `ca/replaced/SERIAL.ENDING`: a CA that was replaced, so that nothing is lost for good.
    #[must_use]
    pub fn replaced_authority(&self, serial: &str, ending: &str) -> PathBuf {
        self.root.join(format!("ca/replaced/{serial}.{ending}"))
    }

    /// `ca/ca.crl`.
    #[must_use]
    pub fn crl(&self) -> PathBuf {
        self.root.join("ca/ca.crl")
    }

    /// `ca/issued`: every certificate that this CA issued, by serial number.
    #[must_use]
    pub fn issued(&self) -> PathBuf {
        self.root.join("ca/issued")
    }

    /// `ca/issued/SERIAL.crt`, the serial number in lower-case hexadecimal.
    #[must_use]
    pub fn issued_certificate(&self, serial: &str) -> PathBuf {
        self.issued().join(format!("{serial}.crt"))
    }

    /// `broker/NAME.ENDING`; the name is made safe.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`] for names that make no file name.
    pub fn broker_file(&self, name: &str, ending: &str) -> Result<PathBuf, Error> {
        self.file("broker", name, ending)
    }

    /// `client/NAME.ENDING`; the name is made safe.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`] for names that make no file name.
    pub fn client_file(&self, name: &str, ending: &str) -> Result<PathBuf, Error> {
        self.file("client", name, ending)
    }

    fn file(&self, folder: &str, name: &str, ending: &str) -> Result<PathBuf, Error> {
        let name = file_name(name)?;
        Ok(self.root.join(folder).join(format!("{name}.{ending}")))
    }

    /// Refuses names from which one that is there differs by case alone: on some file systems, and
    /// in some stores, they are one.
    ///
    /// # Errors
    ///
    /// [`Error::NameTaken`], [`Error::BadName`].
    pub fn check_case<'a>(
        &self,
        folder: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let mut existing: HashMap<String, String> = HashMap::new();
        for entry in fs::read_dir(self.root.join(folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(".crt") {
                existing.insert(stem.to_lowercase(), stem.to_owned());
            }
        }
        for name in names {
            let wanted = file_name(name)?;
            match existing.get(&wanted.to_lowercase()) {
                Some(existing) if *existing != wanted => {
                    return Err(Error::NameTaken {
                        name: name.to_owned(),
                        existing: existing.clone(),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the folder's lock, making `ca/` where it is missing, and finishes what a command that
    /// was interrupted left behind.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] after ten seconds, and what the operating system says.
    pub fn lock(&self) -> Result<Lock, Error> {
        let ca = self.root.join("ca");
        directory::create(&ca)?;
        let lock = Lock::take(&ca.join("lock"), PATIENCE)?;
        self.recover()?;
        Ok(lock)
    }

    /// Finishes, or takes back, what a command that was killed left half done; does nothing where
    /// there is nothing of the kind.
    ///
    /// # Errors
    ///
    /// As [`PkiFolder::lock`].
    pub fn finish_interrupted(&self) -> Result<(), Error> {
        match journal::is_there(&self.root) {
            true => self.lock().map(drop),
            false => Ok(()),
        }
    }

    fn recover(&self) -> Result<(), Error> {
        journal::recover(&self.root)?;
        for folder in ["", "ca", "ca/issued", "ca/replaced", "broker", "client"] {
            let folder = self.root.join(folder);
            staged::remove_leftovers(&folder).map_err(|error| Error::write(folder, error))?;
        }
        self.forget_reservations();
        Ok(())
    }

    /// Serial numbers that were reserved and never used; nothing was published under them.
    fn forget_reservations(&self) {
        for entry in fs::read_dir(self.issued()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "pending") {
                let _ = staged::remove(&path);
            }
        }
    }

    /// Reserves a serial number against every other process, also where locks do not work: the
    /// file `ca/issued/SERIAL.pending` is made, and must not have been there.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] where the serial number is taken.
    pub fn reserve_serial(&self, serial: &str) -> Result<Reservation, Error> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let folder = self.issued();
        directory::create(&folder)?;
        let taken = self.issued_certificate(serial);
        if taken.exists() {
            return Err(Error::Exists { paths: vec![taken] });
        }
        let path = folder.join(format!("{serial}.pending"));
        let mut options = File::options();
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => Ok(Reservation { path }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::Exists { paths: vec![path] })
            }
            Err(error) => Err(Error::write(path, error)),
        }
    }

    /// Reads a file, at most 16 MiB of it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::TooLong`], and what the operating system says.
    pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| Error::read(path, error))?;
        let mut limited = file.take(MAX_FILE + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| Error::read(path, error))?;
        match u64::try_from(bytes.len()) {
            Ok(length) if length <= MAX_FILE => Ok(bytes),
            _ => Err(Error::TooLong {
                path: path.to_owned(),
                limit: MAX_FILE,
            }),
        }
    }
}

/// A serial number that nobody else will use; let go of when dropped.
#[derive(Debug)]
pub struct Reservation {
    path: PathBuf,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let _ = staged::remove(&self.path);
    }
}
