//! One entry of a store, or one thing in a file.

use crate::keystore::SealedKey;
use crate::time::Timestamp;
use crate::x509::{Certificate, KeyKind, PublicKey};

/// What an entry holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its name, where the format has names; raw text.
    pub alias: Option<String>,
    /// What it is.
    pub kind: EntryKind,
    /// When it was made, where the store says so.
    pub created: Option<Timestamp>,
    /// The key in it.
    pub key: Option<Key>,
    /// The certificates in it, leaf first.
    pub certificates: Vec<Certificate>,
    /// Further facts, such as the dates of a revocation list.
    pub facts: Vec<Fact>,
}

impl Entry {
    /// An entry without a name that holds nothing yet.
    #[must_use]
    pub fn new(kind: EntryKind) -> Self {
        Self {
            alias: None,
            kind,
            created: None,
            key: None,
            certificates: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// `path (alias)`, or the path alone.
    #[must_use]
    pub fn place(&self, path: &str) -> String {
        match &self.alias {
            Some(alias) => format!("{path} ({alias})"),
            None => path.to_owned(),
        }
    }
}

/// One thing that is known: what it is about, and what is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, such as `next update`.
    pub name: &'static str,
    /// What is so; raw text.
    pub value: String,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A private key, with the chain that vouches for it where there is one.
    PrivateKey,
    /// A certificate that the owner trusts.
    TrustedCertificate,
    /// A certificate.
    Certificate,
    /// A symmetric key.
    SecretKey,
    /// A public key.
    PublicKey,
    /// A sealed key whose kind shows only when it is opened.
    Sealed,
    /// A certificate request.
    Request,
    /// A revocation list.
    RevocationList,
    /// Something else.
    Other,
}

impl EntryKind {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "private-key",
            Self::TrustedCertificate => "trusted-certificate",
            Self::Certificate => "certificate",
            Self::SecretKey => "secret-key",
            Self::PublicKey => "public-key",
            Self::Sealed => "sealed",
            Self::Request => "csr",
            Self::RevocationList => "crl",
            Self::Other => "other",
        }
    }

    /// The words for headings.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::PrivateKey => "private key",
            Self::TrustedCertificate => "trusted certificate",
            Self::Certificate => "certificate",
            Self::SecretKey => "secret key",
            Self::PublicKey => "public key",
            // What it is sealed by follows.
            Self::Sealed => "key",
            Self::Request => "certificate request",
            Self::RevocationList => "revocation list",
            Self::Other => "something else",
        }
    }
}

/// A key, as far as it could be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// What kind of key it is, where that shows.
    pub kind: Option<KeyKind>,
    /// Its public half, where it could be computed.
    pub public: Option<PublicKey>,
    /// What opened it.
    pub lock: KeyLock,
    /// The algorithm that seals it, as users know it; empty for a key in the clear.
    pub algorithm: String,
    /// Iterations of its key derivation, where it iterates.
    pub iterations: Option<u64>,
}

/// How a key is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLock {
    /// It lies in the clear.
    Clear,
    /// The store's password opens it.
    StorePassword,
    /// A key password opens it.
    KeyPassword,
    /// None of the passwords given opens it.
    Sealed,
    /// It stays sealed, because what seals it is not known here.
    Unsupported,
}

impl KeyLock {
    /// That of a key that stays sealed.
    pub(super) fn of_sealed(sealed: &SealedKey) -> Self {
        match sealed.supported {
            true => Self::Sealed,
            false => Self::Unsupported,
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::StorePassword => "store-password",
            Self::KeyPassword => "key-password",
            Self::Sealed | Self::Unsupported => "sealed",
        }
    }

    /// The words for headings.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Clear => "not encrypted",
            Self::StorePassword => "opens with the store password",
            Self::KeyPassword => "opens with the key password",
            Self::Sealed | Self::Unsupported => "sealed",
        }
    }
}
