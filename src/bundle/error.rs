//! Why a store is not made.

use super::Target;
use crate::finding::{Action, Code, Diagnostic, Finding, Remedy};
use crate::keystore::{self, Format};

/// Why a store is not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A target cannot read what would be made for it.
    #[error("{} cannot use {what}: {why}", target.title())]
    TargetRefuses {
        /// Who.
        target: Target,
        /// What: a format, a profile, a key.
        what: String,
        /// Why not.
        why: &'static str,
        /// What to do instead.
        remedy: Box<Remedy>,
    },
    /// A target would refuse something in the store.
    #[error("{}", finding.cause)]
    Unsuitable {
        /// What, and why.
        finding: Box<Finding>,
    },
    /// A certificate whose issuer has the CA's name and another key.
    #[error(
        "the certificate of `{subject}` was not signed by the CA `{issuer}`, which has its issuer's name and another key"
    )]
    OtherAuthority {
        /// The subject of the certificate.
        subject: String,
        /// The subject of the CA.
        issuer: String,
    },
    /// A private key that belongs to another certificate.
    #[error("the private key does not belong to the certificate of `{subject}`")]
    KeyMismatch {
        /// The subject of the certificate.
        subject: String,
    },
    /// A private key whose public half cannot be told.
    #[error("the public half of the private key cannot be told")]
    Key(#[source] crate::x509::key::KeyError),
    /// A certificate that cannot be read.
    #[error("a certificate of the chain cannot be read")]
    Certificate(#[source] crate::x509::Error),
    /// A key that no given password opens.
    #[error("the key `{alias}` does not open with any of the passwords")]
    KeySealed {
        /// Its alias.
        alias: String,
    },
    /// A key whose encryption is not known here.
    #[error(
        "the key `{alias}` uses {algorithm}, which is not supported, so that it cannot be opened"
    )]
    KeyUnsupported {
        /// Its alias.
        alias: String,
        /// What it is sealed by.
        algorithm: String,
        /// Whether the format could hold it as it is.
        carried: bool,
    },
    /// Keys of a store have passwords of their own, and its readers know one password.
    #[error(
        "the key `{alias}` has another password than the store, and {format} is read with one password by OpenSSL, BouncyCastle and phones"
    )]
    MixedPasswords {
        /// The alias.
        alias: String,
        /// The format.
        format: Format,
    },
    /// Two aliases become one in the new format.
    #[error(
        "the aliases `{first}` and `{second}` are the same to {format}, which keeps them in lower case"
    )]
    AliasesCollide {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// The format.
        format: Format,
    },
    /// Nothing that the format could hold is left.
    #[error("nothing in the store can be held by {format}")]
    NothingLeft {
        /// The format.
        format: Format,
    },
    /// The codec refuses.
    #[error(transparent)]
    Keystore(#[from] keystore::Error),
    /// What was written does not read back as it was.
    #[error("the {format} store that was made does not read back as it was meant: {difference}")]
    RoundTrip {
        /// The format.
        format: Format,
        /// What differs.
        difference: String,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::TargetRefuses { .. } => Code::TargetRefuses,
            Self::Unsuitable { finding } => finding.code,
            Self::OtherAuthority { .. } => Code::CaRegenerated,
            Self::KeyMismatch { .. } => Code::KeyMismatch,
            Self::Key(error) => error.code(),
            Self::Certificate(_) => Code::NotACertificate,
            Self::KeyUnsupported { .. } => Code::AlgorithmUnsupported,
            Self::KeySealed { .. } | Self::MixedPasswords { .. } => Code::KeyPasswordDiffers,
            Self::AliasesCollide { .. } | Self::NothingLeft { .. } => Code::ConversionLoss,
            Self::Keystore(error) => error.code(),
            Self::RoundTrip { .. } => Code::Internal,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        let again = |text: &str, extra: &[&str]| {
            let extra = extra.iter().map(|&word| word.to_owned()).collect();
            Some(Remedy::run(text, Action::Again { extra }))
        };
        match self {
            Self::TargetRefuses { remedy, .. } => Some(Remedy::clone(remedy)),
            Self::Unsuitable { finding } if finding.code == Code::StoreWithoutTrust => again(
                "package the CA as a trusted entry of its own",
                &["--ca", "<FILE>"],
            ),
            Self::Unsuitable { finding } => finding.remedy.clone(),
            Self::OtherAuthority { .. } => Some(Remedy::text(
                "issue the certificate again with the CA of today",
            )),
            Self::KeyMismatch { .. } => Some(Remedy::text(
                "give the key that was made together with this certificate",
            )),
            Self::Key(error) => error.remedy(),
            Self::Certificate(_) => Some(Remedy::text("give certificates as PEM or DER")),
            Self::KeyUnsupported { carried: true, .. } => again(
                "carry it along as it is, with the password that it has",
                &["--allow-mixed-passwords"],
            ),
            Self::KeyUnsupported { .. } => Some(Remedy::text(
                "export it again with AES or 3DES from where it was made",
            )),
            Self::KeySealed { .. } => {
                let text = "give the key's own password as well";
                again(text, &["--key-password", "prompt"])
            }
            Self::MixedPasswords { .. } => again(
                "give keys and store one password, or allow the difference",
                &["--allow-mixed-passwords"],
            ),
            Self::AliasesCollide { .. } => {
                Some(Remedy::text("choose another format, or another alias"))
            }
            Self::NothingLeft { .. } => Some(Remedy::text("choose another format")),
            Self::Keystore(error) => error.remedy(),
            Self::RoundTrip { .. } => Some(Remedy::text("please report this; nothing was written")),
        }
    }
}
