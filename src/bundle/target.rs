//! Who is to read a store: formats, profiles and key types that each target takes.
//!
//! From what was run or read in sources for each; see the table in the README.

use std::fmt;
use std::str::FromStr;

use crate::keystore::{Format, Profile};
use crate::x509::KeyKind;

/// A device, system or program that a store is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Target {
    /// Rhasspy Mobile on Android: one `.bks` that is key store and trust store at once.
    Rhasspy,
    /// Android 14 and later.
    Android,
    /// Android up to 13.
    AndroidOld,
    /// iOS and iPadOS.
    Ios,
    /// macOS keychain.
    Macos,
    /// Windows certificate store.
    Windows,
    /// Java 8, also before its update 301.
    Java8,
    /// Java 17 and later.
    Java17,
    /// OpenSSL 3.
    OpenSsl,
    /// mosquitto and its clients: PEM files.
    Mosquitto,
    /// ESP32 with Mbed TLS: PEM files.
    Esp32,
    /// Python's `ssl`: PEM files.
    Python,
}

/// What a target does with a kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySupport {
    /// Reads it.
    Yes,
    /// Refuses it, for this reason.
    No(&'static str),
}

/// The text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no target `{name}`; there are {}", Target::names())]
pub struct UnknownTarget {
    name: String,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 12] = [
        Self::Rhasspy,
        Self::Android,
        Self::AndroidOld,
        Self::Ios,
        Self::Macos,
        Self::Windows,
        Self::Java8,
        Self::Java17,
        Self::OpenSsl,
        Self::Mosquitto,
        Self::Esp32,
        Self::Python,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rhasspy => "rhasspy",
            Self::Android => "android",
            Self::AndroidOld => "android-old",
            Self::Ios => "ios",
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Java8 => "java8",
            Self::Java17 => "java17",
            Self::OpenSsl => "openssl",
            Self::Mosquitto => "mosquitto",
            Self::Esp32 => "esp32",
            Self::Python => "python",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// The formats that the target reads, the one to write first.
    #[must_use]
    pub fn formats(self) -> &'static [Format] {
        match self {
            Self::Rhasspy => &[Format::Bks],
            Self::Android | Self::AndroidOld => &[Format::Pkcs12, Format::Bks, Format::Uber],
            Self::Ios | Self::Macos | Self::Windows => &[Format::Pkcs12],
            Self::Java8 => &[Format::Jks, Format::Pkcs12, Format::Jceks],
            Self::Java17 => &[Format::Pkcs12, Format::Jks, Format::Jceks],
            Self::OpenSsl => &[Format::Pkcs12, Format::Pem],
            Self::Mosquitto | Self::Esp32 | Self::Python => &[Format::Pem],
        }
    }

    /// The profiles of PKCS#12 that the target reads, the one to write first.
    #[must_use]
    pub fn profiles(self) -> &'static [Profile] {
        match self {
            Self::Android | Self::Java17 => &[Profile::Modern, Profile::Compat, Profile::Legacy],
            Self::OpenSsl => &[Profile::Modern, Profile::Compat],
            Self::AndroidOld | Self::Ios | Self::Macos | Self::Java8 => {
                &[Profile::Compat, Profile::Legacy]
            }
            Self::Windows => &[Profile::Modern, Profile::Compat, Profile::Legacy],
            Self::Rhasspy | Self::Mosquitto | Self::Esp32 | Self::Python => &[],
        }
    }

    /// Whether the target takes a kind of key.
    #[must_use]
    pub fn key_support(self, kind: &KeyKind) -> KeySupport {
        let phone = "Android's TLS takes RSA and EC keys alone";
        match (self, kind) {
            (_, KeyKind::Rsa(2048..=8192) | KeyKind::P256 | KeyKind::P384) => KeySupport::Yes,
            (_, KeyKind::Rsa(bits)) if *bits < 2048 => KeySupport::No("the RSA key is too short"),
            (Self::Rhasspy | Self::Android | Self::AndroidOld, KeyKind::P521) => KeySupport::Yes,
            (Self::Rhasspy | Self::Android | Self::AndroidOld, _) => KeySupport::No(phone),
            (Self::Esp32, KeyKind::P521) => KeySupport::Yes,
            (Self::Esp32, KeyKind::Ed25519) => {
                KeySupport::No("Mbed TLS cannot read Ed25519 keys or certificates")
            }
            (Self::Ios | Self::Macos | Self::Windows, KeyKind::Ed25519) => {
                KeySupport::No("the system's TLS takes no Ed25519 client certificate")
            }
            (Self::Java8, KeyKind::Ed25519) => {
                KeySupport::No("Java knows Ed25519 since version 15")
            }
            (Self::Java8, KeyKind::P521) | (_, KeyKind::P521 | KeyKind::Ed25519) => KeySupport::Yes,
            (Self::OpenSsl | Self::Mosquitto | Self::Python, _) => KeySupport::Yes,
            _ => KeySupport::No("its TLS does not know this kind of key"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(name: &str) -> Result<Self, UnknownTarget> {
        let found = Self::ALL.iter().find(|target| target.as_str() == name);
        found.copied().ok_or_else(|| UnknownTarget {
            name: name.to_owned(),
        })
    }
}
