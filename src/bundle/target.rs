//! Who a store is for, and what they read.

use std::fmt;
use std::str::FromStr;

use crate::keystore::{Format, Profile};
use crate::x509::KeyKind;

/// A client, system or library that a store is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Target {
    /// Rhasspy Mobile on Android.
    Rhasspy,
    /// Android 14 and later.
    Android,
    /// Android up to 13.
    AndroidOld,
    /// iOS and iPadOS.
    Ios,
    /// macOS's key chain.
    Macos,
    /// Windows 10 (1709) and Server 2019, and later.
    Windows,
    /// Java 8, also before its update 301.
    Java8,
    /// Java 17 and later.
    Java17,
    /// OpenSSL 3 and what is built on it.
    OpenSsl,
    /// mosquitto, mosquitto_pub and mosquitto_sub.
    Mosquitto,
    /// ESP32 and other devices with Mbed TLS.
    Esp32,
    /// Python's `ssl` module.
    Python,
}

/// The text names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no target `{name}`; there are {}", Target::ALL.map(Target::as_str).join(", "))]
pub struct UnknownTarget {
    name: String,
}

/// A format, and the profile where it is PKCS#12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packaging {
    /// The format.
    pub format: Format,
    /// The profile of a PKCS#12; the default elsewhere.
    pub profile: Profile,
}

const fn packaging(format: Format, profile: Profile) -> Packaging {
    Packaging { format, profile }
}

const BKS: Packaging = packaging(Format::Bks, Profile::Modern);
const PEM: Packaging = packaging(Format::Pem, Profile::Modern);
const MODERN: Packaging = packaging(Format::Pkcs12, Profile::Modern);
const COMPAT: Packaging = packaging(Format::Pkcs12, Profile::Compat);

/// Why something is refused, as the end of a sentence.
type Verdict = Result<(), &'static str>;

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

    /// The name in sentences.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rhasspy => "Rhasspy Mobile",
            Self::Android => "Android 14",
            Self::AndroidOld => "Android up to 13",
            Self::Ios => "iOS",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
            Self::Java8 => "Java 8",
            Self::Java17 => "Java 17",
            Self::OpenSsl => "OpenSSL 3",
            Self::Mosquitto => "mosquitto",
            Self::Esp32 => "an ESP32 with Mbed TLS",
            Self::Python => "Python's ssl module",
        }
    }

    /// What to make for it.
    #[must_use]
    pub fn packaging(self) -> &'static [Packaging] {
        match self {
            Self::Rhasspy => &[BKS],
            Self::Android => &[MODERN, BKS],
            Self::AndroidOld => &[COMPAT, BKS],
            Self::Ios | Self::Macos | Self::Java8 => &[COMPAT],
            Self::Windows | Self::Java17 | Self::OpenSsl => &[MODERN],
            Self::Mosquitto | Self::Esp32 | Self::Python => &[PEM],
        }
    }

    /// Whether it reads the format.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn reads(self, format: Format) -> Verdict {
        match self {
            Self::Rhasspy if format == Format::Bks => Ok(()),
            Self::Rhasspy => Err("it opens its key store as BKS and as nothing else"),
            Self::Android | Self::AndroidOld => match format {
                Format::Pkcs12 | Format::Bks | Format::Uber => Ok(()),
                Format::Pem => Err("it installs keys from PKCS#12, and apps load BKS or PKCS#12"),
                _ => Err("it has no provider for this format; PKCS#12, BKS and UBER are there"),
            },
            Self::Ios | Self::Windows if format == Format::Pkcs12 => Ok(()),
            Self::Macos if matches!(format, Format::Pkcs12 | Format::Pem) => Ok(()),
            Self::Ios | Self::Windows | Self::Macos => Err("it imports keys from PKCS#12"),
            Self::Java8 | Self::Java17 => match format {
                Format::Pkcs12 | Format::Jks | Format::Jceks => Ok(()),
                Format::Pem => Err("its key stores are PKCS#12, JKS and JCEKS"),
                _ => Err("it reads this format only with BouncyCastle's provider"),
            },
            Self::OpenSsl if matches!(format, Format::Pkcs12 | Format::Pem) => Ok(()),
            Self::OpenSsl => Err("it reads PEM and PKCS#12"),
            Self::Mosquitto | Self::Esp32 | Self::Python if format == Format::Pem => Ok(()),
            Self::Mosquitto => Err("its `certfile`, `keyfile` and `cafile` are PEM"),
            Self::Esp32 => Err("Mbed TLS reads certificates and keys as PEM or DER"),
            Self::Python => Err("`SSLContext.load_cert_chain` reads PEM"),
        }
    }

    /// Whether it reads PKCS#12 of this profile.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn reads_profile(self, profile: Profile) -> Verdict {
        match (self, profile) {
            (Self::AndroidOld, Profile::Modern) => {
                Err("it knows neither PBES2 nor an HMAC of SHA-256 in PKCS#12")
            }
            (Self::AndroidOld, Profile::Legacy) => Err("it is only sure to read 3DES with SHA-1"),
            (Self::Ios | Self::Macos, Profile::Modern) => Err(
                "many versions answer `MAC verification failed (wrong password?)` to AES-256 and SHA-256",
            ),
            (Self::Java8, Profile::Modern) => {
                Err("before its update 301 it knows no HMAC of SHA-256 in PKCS#12")
            }
            (Self::OpenSsl, Profile::Legacy) => {
                Err("it has RC2-40 only in its legacy provider, which is off")
            }
            (Self::OpenSsl, Profile::Pbmac1) => Ok(()),
            (_, Profile::Pbmac1) => Err("it does not know PBMAC1 (RFC 9579)"),
            _ => Ok(()),
        }
    }

    /// Whether it takes client keys of this kind.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn takes_key(self, kind: &KeyKind) -> Verdict {
        let nist = matches!(kind, KeyKind::P256 | KeyKind::P384 | KeyKind::P521);
        let rsa = matches!(kind, KeyKind::Rsa(bits) if *bits >= 2_048);
        match self {
            _ if nist || rsa => Ok(()),
            Self::OpenSsl | Self::Mosquitto | Self::Python => match kind {
                KeyKind::Rsa(_) => Err("RSA keys shorter than 2048 bits are refused"),
                _ => Ok(()),
            },
            Self::Java17 if matches!(kind, KeyKind::Ed25519 | KeyKind::Ed448) => Ok(()),
            _ if matches!(kind, KeyKind::Rsa(_)) => {
                Err("RSA keys shorter than 2048 bits are refused")
            }
            Self::Rhasspy | Self::Android | Self::AndroidOld => {
                Err("its TLS takes client keys of type RSA and EC (P-256, P-384, P-521) alone")
            }
            Self::Java8 | Self::Java17 => Err("its TLS does not know this kind of key"),
            Self::Ios | Self::Macos | Self::Windows => {
                Err("its TLS takes client keys of type RSA and EC (P-256, P-384, P-521) alone")
            }
            Self::Esp32 => Err("Mbed TLS knows RSA and EC keys (P-256, P-384, P-521) alone"),
        }
    }

    /// Whether it can be given an encrypted PEM key: devices and daemons have nobody to ask.
    #[must_use]
    pub fn asks_for_passwords(self) -> bool {
        !matches!(self, Self::Mosquitto | Self::Esp32)
    }

    /// Whether it uses the one store for trust as well, so that the CA must be an entry of its own.
    #[must_use]
    pub fn trusts_from_store(self) -> bool {
        matches!(
            self,
            Self::Rhasspy | Self::Android | Self::AndroidOld | Self::Java8 | Self::Java17
        )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_reads_what_is_made_for_it() {
        for target in Target::ALL {
            assert_eq!(target.as_str().parse(), Ok(target));
            for packaging in target.packaging() {
                assert_eq!(target.reads(packaging.format), Ok(()), "{target}");
                if packaging.format == Format::Pkcs12 {
                    assert_eq!(target.reads_profile(packaging.profile), Ok(()), "{target}");
                }
            }
            assert_eq!(target.takes_key(&KeyKind::P256), Ok(()));
            assert_eq!(target.takes_key(&KeyKind::Rsa(2_048)), Ok(()));
        }
        assert!(Target::Rhasspy.takes_key(&KeyKind::Ed25519).is_err());
        assert!(Target::Rhasspy.reads(Format::Pkcs12).is_err());
    }
}
