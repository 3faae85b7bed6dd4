//! BKS, BouncyCastle's keystore for Java and Android, versions 0 to 2
//! (`org.bouncycastle.jcajce.provider.keystore.bc.BcKeyStoreSpi`).

pub(super) mod entries;
pub(super) mod sealed;
pub(super) mod write;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::pbe::budget::Budget;
use super::pbe::password_bytes;
use super::pbe::pkcs12_kdf::{self, Purpose};
use super::reader::Reader;
use super::{EncodeOptions, Error, Format, Integrity, Keystore, Limits, Passwords, Protection};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

/// BouncyCastle's own bound on iterations of a BKS (since 1.85).
pub(super) const MAX_ITERATIONS: u32 = 1 << 20;
/// The longest salt that is believed.
pub(super) const MAX_SALT: usize = 1_024;
const MAC_LENGTH: usize = 20;

/// The fields before the entries, which BKS and UBER share.
pub(super) struct Header<'a> {
    pub(super) version: i64,
    pub(super) salt: &'a [u8],
    pub(super) iterations: i64,
}

impl<'a> Header<'a> {
    pub(super) fn read(format: Format, reader: &mut Reader<'a>) -> Result<Self, Error> {
        let version = i64::from(reader.i32()?);
        if !(0..=2).contains(&version) {
            return Err(Error::UnsupportedVersion { format, version });
        }
        let length = reader.count("the length of the salt")?;
        if !(1..=MAX_SALT).contains(&length) {
            return Err(reader.malformed(format!(
                "a salt of {length} bytes; 1 to {MAX_SALT} are possible"
            )));
        }
        let salt = reader.take(length)?;
        Ok(Self {
            version,
            salt,
            iterations: i64::from(reader.i32()?),
        })
    }
}

/// Whether the structure behind the header walks to exactly the MAC: tells BKS from UBER.
pub(super) fn looks_like_bks(bytes: &[u8], limits: &Limits) -> bool {
    let mut reader = Reader::new(Format::Bks, bytes);
    Header::read(Format::Bks, &mut reader).is_ok()
        && entries::walk(&mut reader, limits).is_ok()
        && reader.rest().len() == MAC_LENGTH
}

/// Reads a BKS: structure first, then the MAC, and only then what the entries mean.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let mut reader = Reader::new(Format::Bks, bytes);
    let header = Header::read(Format::Bks, &mut reader)?;
    let mut budget = Budget::new(Format::Bks, limits);
    let iterations = budget.iterations(header.iterations, MAX_ITERATIONS)?;
    let entries = reader.clone();
    entries::walk(&mut reader, limits)?;
    let body = entries.up_to(&reader);
    let mac = reader.rest();
    if mac.len() != MAC_LENGTH {
        return Err(reader.malformed(format!(
            "{MAC_LENGTH} bytes of integrity check must follow the entries, {} do",
            mac.len()
        )));
    }
    let integrity = match passwords.store {
        None => Integrity::None,
        Some(password) => {
            let length = mac_key_length(header.version);
            budget.spend(iterations.into(), 1)?;
            let key = mac_key(password, header.salt, iterations, length);
            verify(&key, body, mac)?;
            if length == MAC_LENGTH {
                Integrity::Verified
            } else {
                Integrity::Weak
            }
        }
    };
    let interpreted = entries::interpret(&mut entries.clone(), passwords, limits, &mut budget)?;
    let algorithm = match header.version {
        2 => "HMAC-SHA1, 160-bit key",
        _ => "HMAC-SHA1, 16-bit key",
    };
    let whole = Protection {
        what: "integrity".into(),
        algorithm: algorithm.into(),
        iterations: Some(iterations.into()),
    };
    Ok(interpreted.into_store(Format::Bks, header.version, integrity, whole))
}

/// Writes a BKS of version 2, or 1 where the options ask for it.
pub(super) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let version = match options.bks_version {
        version @ 1..=2 => i32::from(version),
        version => {
            return Err(Error::OptionRefused {
                format: Format::Bks,
                found: format!("version {version}"),
                possible: "1 and 2".into(),
            });
        }
    };
    let mut out = Zeroizing::new(Vec::new());
    let salt: [u8; 20] = crate::random::array(random);
    let iterations = write_header(&mut out, version, &salt, options, random)?;
    let start = out.len();
    write::entries(&store.entries, options, random, &mut out)?;
    let length = mac_key_length(version.into());
    let key = mac_key(options.store_password, &salt, iterations, length);
    let mac = mac(&key, out.get(start..).unwrap_or_default())
        .finalize()
        .into_bytes();
    out.extend_from_slice(&mac);
    Ok(SecretBytes::new(std::mem::take(&mut *out)))
}

/// Writes version, salt and iteration count; returns the count.
pub(super) fn write_header(
    out: &mut Vec<u8>,
    version: i32,
    salt: &[u8; 20],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<u32, Error> {
    let iterations = options.bks_iterations(random)?;
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&20_u32.to_be_bytes());
    out.extend_from_slice(salt);
    out.extend_from_slice(&iterations.to_be_bytes());
    Ok(iterations)
}

/// CVE-2018-5382: before version 2, BouncyCastle took 20 bytes for bits, so two bytes are left.
fn mac_key_length(version: i64) -> usize {
    if version >= 2 { 20 } else { 2 }
}

fn mac_key(password: &Password, salt: &[u8], iterations: u32, length: usize) -> Zeroizing<Vec<u8>> {
    let password = password_bytes::pkcs12(password);
    pkcs12_kdf::derive::<Sha1>(&password, salt, iterations, Purpose::Mac, length)
}

fn mac(key: &[u8], body: &[u8]) -> Hmac<Sha1> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(body)
}

fn verify(key: &[u8], body: &[u8], found: &[u8]) -> Result<(), Error> {
    mac(key, body)
        .verify_slice(found)
        .map_err(|_| Error::WrongPasswordOrDamaged {
            format: Format::Bks,
        })
}
