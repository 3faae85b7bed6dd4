//! What a store holds, whatever its format.

use std::fmt;

use crate::secret::{Password, PrivateKey, SecretBytes};
use crate::time::Timestamp;

/// A store format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PKCS#12 (RFC 7292).
    Pkcs12,
    /// BouncyCastle "BKS".
    Bks,
    /// BouncyCastle "UBER".
    Uber,
    /// Sun "JKS".
    Jks,
    /// SunJCE "JCEKS".
    Jceks,
    /// BouncyCastle FIPS "BCFKS".
    Bcfks,
    /// Certificates and keys as PEM.
    Pem,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Pkcs12,
        Self::Bks,
        Self::Uber,
        Self::Jks,
        Self::Jceks,
        Self::Bcfks,
        Self::Pem,
    ];

    /// The name as users know it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs12 => "PKCS#12",
            Self::Bks => "BKS",
            Self::Uber => "UBER",
            Self::Jks => "JKS",
            Self::Jceks => "JCEKS",
            Self::Bcfks => "BCFKS",
            Self::Pem => "PEM",
        }
    }

    /// The usual file name extension, which is also the name on the command line.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pkcs12 => "p12",
            Self::Bks => "bks",
            Self::Uber => "uber",
            Self::Jks => "jks",
            Self::Jceks => "jceks",
            Self::Bcfks => "bcfks",
            Self::Pem => "pem",
        }
    }
}

impl Format {
    /// The format that an extension (or its other usual spellings) stands for, without dot.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "p12" | "pfx" | "pkcs12" => Self::Pkcs12,
            "bks" => Self::Bks,
            "uber" | "ubr" => Self::Uber,
            "jks" => Self::Jks,
            "jceks" | "jce" => Self::Jceks,
            "bcfks" => Self::Bcfks,
            "pem" | "crt" | "cer" | "key" => Self::Pem,
            _ => return None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of an entry, as UTF-16 code units: Java's names may hold lone surrogates and NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(Vec<u16>);

impl Alias {
    /// The alias of these code units.
    #[must_use]
    pub fn from_units(units: Vec<u16>) -> Self {
        Self(units)
    }

    /// The code units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.0
    }
}

impl From<&str> for Alias {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl fmt::Display for Alias {
    /// Lone surrogates are shown as U+FFFD; control characters are left to the renderers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        char::decode_utf16(self.0.iter().copied())
            .try_for_each(|unit| write!(f, "{}", unit.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// A whole store.
#[derive(Debug)]
#[non_exhaustive]
pub struct Keystore {
    /// The format it was read from.
    pub format: Format,
    /// The format's version number, where it has one.
    pub version: Option<i64>,
    /// What its integrity check is worth.
    pub integrity: Integrity,
    /// How the store as a whole is protected.
    pub protection: Vec<Protection>,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry>,
    /// Oddities that readers elsewhere may stumble over: trailing bytes, duplicate aliases and
    /// such, each one sentence.
    pub oddities: Vec<String>,
}

impl Keystore {
    /// A store of these entries, made here. [`encode()`](super::encode()) writes it in the format that
    /// its options name, whichever this is.
    #[must_use]
    pub fn new(format: Format, entries: Vec<Entry>) -> Self {
        Self {
            format,
            version: None,
            integrity: Integrity::None,
            protection: Vec::new(),
            entries,
            oddities: Vec::new(),
        }
    }

    /// What seals the key of the entry with this alias, also where it has been opened.
    #[must_use]
    pub fn key_protection(&self, alias: &Alias) -> Option<&Protection> {
        let what = key_of(alias);
        self.protection.iter().rev().find(|one| one.what == what)
    }
}

/// What an integrity check is worth once it has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Integrity {
    /// The password proves that nothing was altered.
    Verified,
    /// There is a check, but it proves nothing: BKS v0 and v1 (CVE-2018-5382).
    Weak,
    /// There is none, or it was not checked for want of a password.
    None,
}

/// One algorithm that protects something, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// What is protected: `integrity`, `certificates`, `key client`, `store`.
    pub what: String,
    /// The algorithms, as users know them: `PBES2 AES-256-CBC, PBKDF2-HMAC-SHA256`.
    pub algorithm: String,
    /// Iterations of the key derivation, where it iterates.
    pub iterations: Option<u64>,
}

impl Protection {
    /// What seals the key of this entry.
    pub(super) fn of_key(alias: &Alias, algorithm: String, iterations: Option<u64>) -> Self {
        Self {
            what: key_of(alias),
            algorithm,
            iterations,
        }
    }
}

/// The key of this entry, as a [`Protection`] calls it.
pub(crate) fn key_of(alias: &Alias) -> String {
    format!("key {alias}")
}

/// One entry.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// Its name.
    pub alias: Alias,
    /// When it was made, where the format says so (milliseconds are kept).
    pub created: Option<Timestamp>,
    /// What it is.
    pub content: Content,
}

impl Entry {
    /// An entry.
    #[must_use]
    pub fn new(alias: impl Into<Alias>, created: Option<Timestamp>, content: Content) -> Self {
        Self {
            alias: alias.into(),
            created,
            content,
        }
    }
}

/// What an entry holds. Certificates are DER.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A certificate that the owner trusts.
    TrustedCertificate {
        /// The certificate.
        certificate: Vec<u8>,
    },
    /// A certificate that is neither trusted nor part of a key's chain (PKCS#12 without Java's
    /// trust attribute, PEM).
    Certificate {
        /// The certificate.
        certificate: Vec<u8>,
    },
    /// A private key and the certificates that vouch for it, leaf first.
    PrivateKey {
        /// The key, open or still sealed.
        key: KeyState<PrivateKey>,
        /// The chain.
        chain: Vec<Vec<u8>>,
    },
    /// A secret (symmetric) key.
    SecretKey {
        /// Java's name of its algorithm, such as `AES`; empty while sealed where it is sealed too.
        algorithm: String,
        /// The key bytes, open or still sealed.
        key: KeyState<SecretBytes>,
        /// Certificates that the entry carries all the same (BKS).
        chain: Vec<Vec<u8>>,
    },
    /// A public key as `SubjectPublicKeyInfo` (BKS and UBER alone).
    PublicKey {
        /// Java's name of its algorithm.
        algorithm: String,
        /// The key, open or still sealed.
        key: KeyState<Vec<u8>>,
        /// Certificates that the entry carries all the same.
        chain: Vec<Vec<u8>>,
    },
    /// A sealed key whose kind shows only when it is opened (BKS, UBER, JCEKS).
    Sealed {
        /// The blob.
        sealed: SealedKey,
        /// The certificates beside it.
        chain: Vec<Vec<u8>>,
    },
    /// Bytes whose meaning is the application's, kept as they are.
    Opaque {
        /// What the format calls it.
        kind: String,
        /// The bytes.
        bytes: SecretBytes,
        /// Certificates beside it.
        chain: Vec<Vec<u8>>,
    },
}

impl Content {
    /// The protected key, where it is one that was not opened.
    #[must_use]
    pub fn sealed(&self) -> Option<&SealedKey> {
        match self {
            Self::Sealed { sealed, .. }
            | Self::PrivateKey {
                key: KeyState::Sealed(sealed),
                ..
            }
            | Self::SecretKey {
                key: KeyState::Sealed(sealed),
                ..
            }
            | Self::PublicKey {
                key: KeyState::Sealed(sealed),
                ..
            } => Some(sealed),
            _ => None,
        }
    }

    /// The certificates: of a trusted one itself, of a key its chain, leaf first.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        match self {
            Self::TrustedCertificate { certificate } | Self::Certificate { certificate } => {
                std::slice::from_ref(certificate)
            }
            Self::PrivateKey { chain, .. }
            | Self::SecretKey { chain, .. }
            | Self::PublicKey { chain, .. }
            | Self::Sealed { chain, .. }
            | Self::Opaque { chain, .. } => chain,
        }
    }
}

/// A key that was opened, or could not be.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyState<T> {
    /// Open.
    Open {
        /// The key.
        value: T,
        /// The password that opened it.
        opened: Opened,
    },
    /// None of the passwords opens it; kept so that the store can be written again.
    Sealed(SealedKey),
}

impl<T> KeyState<T> {
    /// The key, where it is open.
    pub fn open(&self) -> Option<&T> {
        match self {
            Self::Open { value, .. } => Some(value),
            Self::Sealed(_) => None,
        }
    }

    /// The same state with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> KeyState<U> {
        match self {
            Self::Open { value, opened } => KeyState::Open {
                value: change(value),
                opened,
            },
            Self::Sealed(sealed) => KeyState::Sealed(sealed),
        }
    }
}

/// Which password opened a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opened {
    /// None was needed: it lies in the clear.
    Clear,
    /// The store's.
    StorePassword,
    /// The key password with this index in [`Passwords::keys`].
    KeyPassword(usize),
}

/// A protected key as it stands in a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SealedKey {
    /// The format whose protection it is.
    pub format: Format,
    /// The protected bytes: BKS/UBER blob, or DER `EncryptedPrivateKeyInfo`, or the format's own.
    pub blob: Vec<u8>,
    /// The algorithm, as users know it.
    pub algorithm: String,
    /// Iterations, where it iterates.
    pub iterations: Option<u64>,
    /// Whether a password could open it at all; the algorithm of others is not known here.
    pub supported: bool,
}

impl SealedKey {
    /// The key cannot be carried into `format` before it is opened.
    pub(super) fn not_representable(&self, entry: &Entry, format: Format) -> super::Error {
        let what = format!(
            "the key `{}` while it is sealed as in {}",
            entry.alias, self.format
        );
        super::Error::NotRepresentable { format, what }
    }
}

/// The passwords to try. Stores with one password need [`Passwords::store`] alone.
#[derive(Debug, Default, Clone, Copy)]
pub struct Passwords<'a> {
    /// The store's; without one, what needs none is read and the rest stays sealed.
    pub store: Option<&'a Password>,
    /// Those of keys, tried in order before the store's.
    pub keys: &'a [Password],
}

impl<'a> Passwords<'a> {
    /// Every password to try on a key, in order, with what it would mean.
    pub(super) fn for_keys(&self) -> impl Iterator<Item = (&'a Password, Opened)> + use<'a> {
        let keys = self.keys.iter().enumerate();
        keys.map(|(index, password)| (password, Opened::KeyPassword(index)))
            .chain(self.store.map(|password| (password, Opened::StorePassword)))
    }
}

/// Bounds on what a file may ask for; the defaults suit files of strangers.
///
/// ```
/// use certgen::keystore::Limits;
///
/// let mut limits = Limits::default();
/// limits.kdf_work = 1_000_000; // a store may ask for a million iterations, all keys together
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the file.
    pub file_size: usize,
    /// Entries of a store.
    pub entries: usize,
    /// Sum over all key derivations of iterations times output blocks.
    pub kdf_work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_size: 64 << 20,
            entries: 100_000,
            kdf_work: 20_000_000,
        }
    }
}
