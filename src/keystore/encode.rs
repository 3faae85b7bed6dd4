//! How a store is to be written.

use std::ops::RangeInclusive;

use super::{Error, Format, Keystore, bcfks, bks, jceks, jks, pem, pkcs12, uber};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

/// How strong, and how widely readable, a PKCS#12 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Profile {
    /// AES-256 and SHA-256: Java 8u301, OpenSSL 1.1, Windows 10, Android 14 and later.
    #[default]
    Modern,
    /// 3DES and SHA-1: opens everywhere.
    Compat,
    /// As `openssl pkcs12 -legacy`: RC2-40 for certificates, which OpenSSL 3 refuses by default.
    Legacy,
    /// Modern with the MAC of RFC 9579: OpenSSL 3.4, Java 26.
    Pbmac1,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Modern, Self::Compat, Self::Legacy, Self::Pbmac1];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Compat => "compat",
            Self::Legacy => "legacy",
            Self::Pbmac1 => "pbmac1",
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything about the writing of a store that is not in the store.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EncodeOptions<'a> {
    /// The format to write.
    pub format: Format,
    /// The password of the store.
    pub store_password: &'a Password,
    /// The password of the keys, where it differs from the store's.
    pub key_password: Option<&'a Password>,
    /// The version of a BKS: 2, or 1 for Android up to 4.1.
    pub bks_version: u8,
    /// The profile of a PKCS#12.
    pub profile: Profile,
    /// Iterations of the key derivations, instead of the format's default.
    pub iterations: Option<u32>,
}

impl<'a> EncodeOptions<'a> {
    /// The defaults of `format`: one password for the store and its keys.
    #[must_use]
    pub fn new(format: Format, store_password: &'a Password) -> Self {
        Self {
            format,
            store_password,
            key_password: None,
            bks_version: 2,
            profile: Profile::Modern,
            iterations: None,
        }
    }

    pub(super) fn key_password(&self) -> &'a Password {
        self.key_password.unwrap_or(self.store_password)
    }

    /// BouncyCastle writes 1024 to 2047 iterations, the only range that every reader has seen.
    pub(super) fn bks_iterations(&self, random: &mut dyn Random) -> Result<u32, Error> {
        let default = 1_024 + u32::from(u16::from_be_bytes(crate::random::array(random)) & 0x3ff);
        self.iterations_within(default, 1..=65_536)
    }

    /// The iterations asked for, where readers of the format take as many; else the default.
    pub(super) fn iterations_within(
        &self,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Result<u32, Error> {
        let found = self.iterations.unwrap_or(default);
        if range.contains(&found) {
            return Ok(found);
        }
        Err(Error::OptionRefused {
            format: self.format,
            found: match found {
                1 => "1 iteration".to_owned(),
                found => format!("{found} iterations"),
            },
            possible: format!("{} to {}", range.start(), range.end()),
        })
    }
}

/// Writes `store` in the format of the options.
///
/// Salts come from `random`, dates from the entries. Decode the result and compare before you
/// keep it: [`crate::keystore`] promises round trips, and a check costs a millisecond.
///
/// # Errors
///
/// [`Error::NotRepresentable`] where the format cannot hold an entry.
pub fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    match options.format {
        Format::Bks => bks::encode(store, options, random),
        Format::Pkcs12 => pkcs12::encode(store, options, random),
        Format::Uber => uber::encode(store, options, random),
        Format::Jks => jks::encode(store, options, random),
        Format::Jceks => jceks::encode(store, options, random),
        Format::Pem => pem::encode(store, options, random),
        Format::Bcfks => bcfks::encode(store, options, random),
    }
}
