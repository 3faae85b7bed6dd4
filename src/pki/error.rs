//! Why something is not issued.

use crate::finding::{Action, Code, Diagnostic, Remedy};
use crate::time::{self, Timestamp};
use crate::x509::KeyKind;
use crate::x509::key::KeyError;

/// Why a certificate, a CA or an identity was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that no certificate can carry, or no client would match.
    #[error("`{name}` cannot be named in a certificate: {reason}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A broker without a name or address.
    #[error("a broker's certificate needs at least one name or address, as clients will type it")]
    NoNames,
    /// A subject without a name, or with one over 64 characters (RFC 5280, ub-common-name).
    #[error("the common name has {length} characters, and 1 to 64 are possible")]
    CommonNameLength {
        /// How many there are.
        length: usize,
    },
    /// CA and leaf would have the same subject: every verification would fail.
    #[error(
        "the certificate would have the same subject as its CA, `{subject}`, and no client could tell them apart"
    )]
    SameSubject {
        /// The subject.
        subject: String,
    },
    /// A validity that is empty.
    #[error("the certificate would end on {}, before it begins", time::date(*end))]
    EmptyValidity {
        /// The end.
        end: Timestamp,
    },
    /// The CA has expired.
    #[error("the CA ended on {}", time::end_for_people(*now, *end))]
    AuthorityExpired {
        /// The moment of issuing.
        now: Timestamp,
        /// The end of the CA.
        end: Timestamp,
    },
    /// The certificate may not sign others.
    #[error("`{subject}` may not issue certificates: {reason}")]
    AuthorityUnfit {
        /// The subject.
        subject: String,
        /// What is missing.
        reason: &'static str,
    },
    /// The path length of the CA leaves no room for a CA below it.
    #[error("no CA can stand below `{subject}`: its path length leaves no room for one")]
    NoRoomBelow {
        /// The CA's subject.
        subject: String,
    },
    /// The private key is not the certificate's.
    #[error("the private key does not belong to the certificate `{subject}`")]
    KeyMismatch {
        /// The certificate's subject.
        subject: String,
    },
    /// There is no certificate at all.
    #[error("there is no certificate for the key")]
    NoCertificate,
    /// The private key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key that exists, and cannot sign here.
    #[error("certificates cannot be signed with the CA's key: {0}")]
    CannotSign(KeyKind),
    /// A key in a request that clients would refuse.
    #[error("the request is for a key that clients refuse: {0}")]
    WeakKey(KeyKind),
    /// The bytes are no certificate signing request.
    #[error("the bytes are no certificate signing request (PKCS#10)")]
    NotARequest,
    /// The request was not signed with the key in it.
    #[error("the signature of the request was not made with the key in it")]
    RequestSignature,
    /// A network that is not written as address and prefix length.
    #[error("`{0}` is no name or network that a CA can be limited to")]
    BadConstraint(String),
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        match self {
            Self::BadName { .. } => Code::BadName,
            Self::NoNames
            | Self::CommonNameLength { .. }
            | Self::EmptyValidity { .. }
            | Self::BadConstraint(_) => Code::ProfileViolated,
            Self::SameSubject { .. } => Code::SameSubjectAsIssuer,
            Self::AuthorityExpired { .. } => Code::TrustAnchorExpired,
            Self::AuthorityUnfit { .. } | Self::NoRoomBelow { .. } => Code::AuthorityUnfit,
            Self::KeyMismatch { .. } => Code::KeyMismatch,
            Self::NoCertificate => Code::NoCertificateInFile,
            Self::Key(error) => error.code(),
            Self::CannotSign(_) => Code::AlgorithmUnsupported,
            Self::WeakKey(_) => Code::WeakKey,
            Self::NotARequest | Self::RequestSignature => Code::RequestInvalid,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::BadName { .. } => Remedy::text(
                "give a host name such as broker.lan, or an address such as 192.168.1.10",
            ),
            Self::NoNames => {
                Remedy::text("give every name and address under which clients reach the broker")
            }
            Self::CommonNameLength { .. } => Remedy::text("choose a shorter name"),
            Self::SameSubject { .. } => Remedy::text("choose another name"),
            Self::EmptyValidity { .. } => Remedy::text("choose a later end"),
            Self::AuthorityExpired { .. } => {
                Remedy::run("make a new CA in another folder", Action::CreateAuthority)
            }
            Self::AuthorityUnfit { .. } => Remedy::text(
                "use a CA certificate: basic constraints CA:TRUE and, where there are key usages, keyCertSign",
            ),
            Self::NoRoomBelow { .. } => {
                Remedy::text("make a new CA with a path length of 1 or more")
            }
            Self::KeyMismatch { .. } => {
                Remedy::text("give the key that was made for this certificate")
            }
            Self::NoCertificate => Remedy::text("give the certificate that belongs to the key"),
            Self::Key(error) => return error.remedy(),
            Self::CannotSign(_) => Remedy::text(
                "use a CA with an EC key on P-256, P-384 or P-521, an RSA key of 2048 to 8192 bits, or Ed25519",
            ),
            Self::WeakKey(_) => Remedy::text("make the request again with a P-256 key"),
            Self::NotARequest => {
                Remedy::text("give a request as PEM (BEGIN CERTIFICATE REQUEST) or DER")
            }
            Self::RequestSignature => {
                Remedy::text("make the request again; it was changed or damaged")
            }
            Self::BadConstraint(_) => {
                Remedy::text("write a domain such as lan, or a network such as 192.168.0.0/16")
            }
        })
    }
}
