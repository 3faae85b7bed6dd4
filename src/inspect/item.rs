//! One file.

use std::fmt;

use super::Entry;
use crate::finding::Finding;
use crate::keystore::{Integrity, Protection};

/// What a file is, and what it holds.
#[derive(Debug)]
#[non_exhaustive]
pub struct Item {
    /// The path, as it is to be shown; raw text.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Its encoding or store format, as users know it: `PEM`, `DER`, `PKCS#12`, `BKS` …
    pub format: String,
    /// Bytes.
    pub size: usize,
    /// The format's version, where it has one.
    pub version: Option<i64>,
    /// What its integrity check is worth; none for what is no store.
    pub integrity: Option<Integrity>,
    /// How it is protected.
    pub protection: Vec<Protection>,
    /// What it holds.
    pub entries: Vec<Entry>,
    /// What is to be said about it.
    pub findings: Vec<Finding>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One certificate.
    Certificate,
    /// Several certificates, each issued by the next.
    Chain,
    /// Several certificates that are no chain.
    Certificates,
    /// A private key alone.
    Key,
    /// A private key with certificates.
    Identity,
    /// A certificate request.
    Request,
    /// A revocation list.
    RevocationList,
    /// A public key.
    PublicKey,
    /// A keystore or trust store.
    Keystore,
    /// A TLS server that was asked.
    Server,
    /// Other things, or several.
    Mixed,
}

impl Kind {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Chain => "chain",
            Self::Certificates => "certificates",
            Self::Key => "key",
            Self::Identity => "identity",
            Self::Request => "csr",
            Self::RevocationList => "crl",
            Self::PublicKey => "public-key",
            Self::Keystore => "keystore",
            Self::Server => "server",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for Kind {
    /// The words for sentences and headings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "private key",
            Self::Identity => "private key with certificate",
            Self::Request => "certificate request",
            Self::RevocationList => "revocation list",
            Self::PublicKey => "public key",
            Self::Mixed => "several things",
            other => other.as_str(),
        })
    }
}
