//! What can go wrong with files and folders.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::finding::{Action, Code, Diagnostic, Remedy};

/// Why files could not be read or written; what was there before is still there, unless the
/// message says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Files that would be replaced, without leave to do so.
    #[error("{} already {}", Paths(paths), if paths.len() == 1 { "exists" } else { "exist" })]
    Exists {
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// A target that is no regular file: nothing is written through it.
    #[error("`{}` is {what}, not a file that could be replaced", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A path outside of the folder that the set of files belongs to, or named twice in it.
    #[error("`{}` cannot be part of this set of files", path.display())]
    NotInSet {
        /// The path.
        path: PathBuf,
    },
    /// A file or folder that does not exist.
    #[error("`{}` does not exist", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// A file longer than anything that belongs here.
    #[error("`{}` is longer than {limit} bytes", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// There is no CA in the folder.
    #[error("there is no CA in `{}`", path.display())]
    NoAuthority {
        /// The folder.
        path: PathBuf,
    },
    /// What is in a file is not what it should be.
    #[error("cannot use `{}`", path.display())]
    Contents {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        source: ContentsError,
    },
    /// The operating system refused to write.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// Everything is in place, but the folder could not be synced to the disk.
    #[error("`{}` is written, but may not survive a power failure: the folder could not be synced", path.display())]
    NotDurable {
        /// The folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A record of unfinished work that cannot be understood.
    #[error("`{}` is no record of unfinished work that this version of certgen can finish", path.display())]
    JournalDamaged {
        /// The record.
        path: PathBuf,
    },
    /// Another process works in the folder.
    #[error("another certgen{} works in `{}`, and did not finish within {seconds} seconds", Holder(*holder), path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The other process, where it could be told.
        holder: Option<u32>,
        /// How long was waited.
        seconds: u64,
    },
    /// A name that makes no file name.
    #[error("`{name}` cannot be used as a name: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A name that differs from an existing one by case alone.
    #[error("`{name}` differs from the existing `{existing}` only by case")]
    NameTaken {
        /// The new name.
        name: String,
        /// The file name that is there.
        existing: String,
    },
}

impl Error {
    pub(super) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            _ => Self::Read { path, source },
        }
    }

    pub(super) fn contents(path: impl Into<PathBuf>, source: impl Into<ContentsError>) -> Self {
        Self::Contents {
            path: path.into(),
            source: source.into(),
        }
    }

    pub(super) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Write {
            path: path.into(),
            source,
        }
    }
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::Exists { .. } => Code::FileExists,
            Self::NotFound { .. } => Code::FileNotFound,
            Self::Read { .. } => Code::CannotRead,
            Self::TooLong { .. } => Code::LimitExceeded,
            Self::NoAuthority { .. } => Code::AuthorityMissing,
            Self::Contents { source, .. } => source.code(),
            Self::NotAFile { .. }
            | Self::NotInSet { .. }
            | Self::Write { .. }
            | Self::NotDurable { .. }
            | Self::JournalDamaged { .. } => Code::CannotWrite,
            Self::Locked { .. } => Code::AuthorityLocked,
            Self::BadName { .. } => Code::BadName,
            Self::NameTaken { .. } => Code::NameTaken,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Exists { .. } => Remedy::run(
                "replace what is there, or choose another name or folder",
                Action::Again {
                    extra: vec!["--force".to_owned()],
                },
            ),
            Self::NoAuthority { .. } => Remedy::run(
                "make a CA there, or name the folder that has one",
                Action::CreateAuthority,
            ),
            Self::Contents { source, .. } => return source.remedy(),
            Self::NotAFile { .. } => Remedy::text("remove it, or choose another path"),
            Self::NotInSet { .. } => Remedy::text("choose paths inside one folder, each once"),
            Self::NotFound { .. } => Remedy::text("check the path"),
            Self::Read { .. } => Remedy::text("check who may read it"),
            Self::TooLong { .. } => Remedy::text("check that it is the file that was meant"),
            Self::Write { .. } => {
                Remedy::text("check the folder, who may write there, and the free space")
            }
            Self::NotDurable { .. } => Remedy::text("check the disk, then run the command again"),
            Self::JournalDamaged { path } => Remedy::run(
                "look at the files beside it, then remove it",
                Action::shell(&["rm", &path.display().to_string()]),
            ),
            Self::Locked { .. } => Remedy::text("wait for the other command, then try again"),
            Self::BadName { .. } => Remedy::text("choose another name"),
            Self::NameTaken { .. } => {
                Remedy::text("choose a name that stays different where case does not count")
            }
        })
    }
}

/// What is wrong with the contents of a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentsError {
    /// Damaged, of another kind, or locked.
    #[error(transparent)]
    Keystore(#[from] crate::keystore::Error),
    /// No certificate.
    #[error(transparent)]
    Certificate(#[from] crate::x509::Error),
    /// A certificate or key that does not fit its use.
    #[error(transparent)]
    Pki(#[from] crate::pki::Error),
}

impl Diagnostic for ContentsError {
    fn code(&self) -> Code {
        match self {
            Self::Keystore(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::Pki(error) => error.code(),
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Keystore(error) => error.remedy(),
            Self::Certificate(error) => error.remedy(),
            Self::Pki(error) => error.remedy(),
        }
    }
}

struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (index, path) in self.0.iter().take(SHOWN).enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}`{}`", path.display())?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |pid| write!(f, " (process {pid})"))
    }
}
