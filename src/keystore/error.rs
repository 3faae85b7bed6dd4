//! What can be wrong with a store, told apart as far as the format allows.

use super::Format;
use super::pbe::budget::KDF_WORK;
use crate::finding::{Code, Diagnostic, Remedy};

/// Why a store cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first bytes are those of no known format.
    #[error("the bytes are no keystore of a known format: {found}")]
    NotAKeystore {
        /// What they look like instead.
        found: String,
    },
    /// The structure is broken.
    #[error("the {} is damaged at byte {offset}: {reason}", noun(*format))]
    Malformed {
        /// The format that the first bytes promise.
        format: Format,
        /// Where reading stopped.
        offset: usize,
        /// What was expected there.
        reason: String,
    },
    /// The store's version is not one that exists, or is retired.
    #[error("the {format} store has version {version}, which is not known here")]
    UnsupportedVersion {
        /// The format.
        format: Format,
        /// The version found.
        version: i64,
    },
    /// An algorithm that is not supported, by name or object identifier.
    #[error("the {} uses {algorithm}, which is not supported", noun(*format))]
    Unsupported {
        /// The format.
        format: Format,
        /// Name or dotted object identifier.
        algorithm: String,
    },
    /// A number in the file asks for more work or memory than the limit.
    #[error("the {} asks for {what} of {found}; the limit is {limit}", noun(*format))]
    LimitExceeded {
        /// The format.
        format: Format,
        /// What is limited, such as "an iteration count".
        what: &'static str,
        /// The value found.
        found: String,
        /// The limit.
        limit: String,
    },
    /// The store needs a password and none was given.
    #[error("the {} needs a password", noun(*format))]
    PasswordNeeded {
        /// The format.
        format: Format,
    },
    /// The integrity check failed: formats cannot tell the two causes apart.
    #[error("the {format} store's integrity check failed: wrong password, or the file was altered")]
    WrongPasswordOrDamaged {
        /// The format.
        format: Format,
    },
    /// The store opens, this key does not.
    #[error("the store opens, but its key `{alias}` does not: the key has another password")]
    KeyPasswordDiffers {
        /// The alias of the entry.
        alias: String,
    },
    /// A private key on its own, which none of the passwords opens.
    #[error("the private key does not open: wrong password, or the file was altered")]
    KeyStaysSealed,
    /// An EC key on its own, of which nothing tells the curve.
    #[error("the EC key does not name its curve, and no public half beside it tells the curve")]
    CurveMissing,
    /// A file that was to give a private key holds none.
    #[error("the file holds no private key")]
    NoKey,
    /// The target format cannot hold an entry, or a value in it.
    #[error("{format} cannot hold {what}")]
    NotRepresentable {
        /// The format written.
        format: Format,
        /// Entry and reason.
        what: String,
    },
    /// An option of writing has a value that readers of the format would refuse.
    #[error("{format} is not written with {found}; possible are {possible}")]
    OptionRefused {
        /// The format written.
        format: Format,
        /// The option and its value.
        found: String,
        /// The values that are possible.
        possible: String,
    },
}

/// What is read, as users call it.
fn noun(format: Format) -> String {
    match format {
        Format::Pem => "PEM file".to_owned(),
        format => format!("{format} store"),
    }
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::NotAKeystore { .. } => Code::NotAKeystore,
            Self::Malformed {
                format: Format::Pem,
                ..
            } => Code::PemDamaged,
            Self::Malformed { .. } => Code::StoreDamaged,
            Self::UnsupportedVersion { .. } => Code::StoreVersionUnsupported,
            Self::Unsupported { .. } => Code::AlgorithmUnsupported,
            Self::LimitExceeded { .. } => Code::LimitExceeded,
            Self::PasswordNeeded { .. } => Code::PasswordNeeded,
            Self::WrongPasswordOrDamaged { .. } => Code::StoreIntegrity,
            Self::KeyPasswordDiffers { .. } => Code::KeyPasswordDiffers,
            Self::KeyStaysSealed => Code::StoreIntegrity,
            Self::CurveMissing | Self::NoKey => Code::NotAKey,
            Self::NotRepresentable { .. } => Code::ConversionLoss,
            Self::OptionRefused { .. } => Code::Usage,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        let text = match self {
            Self::NotAKeystore { .. } => {
                "give a PKCS#12, BKS, UBER, JKS, JCEKS or BCFKS file, or PEM"
            }
            Self::Malformed { .. } => {
                "get the file again from where it was made; it was cut off or changed"
            }
            Self::UnsupportedVersion { .. } => "make the store again with a current tool",
            Self::Unsupported { .. } => "make the store again with a current algorithm",
            Self::LimitExceeded { what: KDF_WORK, .. } => {
                "allow more work if you trust the file, or make the store again"
            }
            Self::LimitExceeded { .. } => {
                "make the store again with values that every reader accepts"
            }
            Self::PasswordNeeded {
                format: Format::Pem,
            }
            | Self::KeyStaysSealed => "give the password of the key",
            Self::CurveMissing => "give the key as PKCS#8, which names the curve",
            Self::NoKey => "give a file with a private key: PKCS#8, PKCS#1 or SEC1",
            Self::PasswordNeeded { .. } => "give the store's password",
            Self::WrongPasswordOrDamaged { .. } => {
                "give the store's password, or get the file again from where it was made"
            }
            Self::KeyPasswordDiffers { .. } => {
                "give the key's own password as well, or make the store again with one password for both: phones and brokers know only one"
            }
            Self::NotRepresentable { .. } => {
                "choose another format, or change what this one cannot hold"
            }
            Self::OptionRefused { .. } => {
                "leave the choice to the format, or choose a possible value"
            }
        };
        Some(Remedy::text(text))
    }
}
