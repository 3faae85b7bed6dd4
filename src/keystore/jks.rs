//! JKS, Sun's first keystore (`sun.security.provider.JavaKeyStore`), and the frame that JCEKS
//! shares with it.

pub(super) mod entries;
pub(super) mod protector;
pub(super) mod write;

use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::pbe::budget::Budget;
use super::pbe::password_bytes;
use super::reader::Reader;
use super::{EncodeOptions, Error, Format, Integrity, Keystore, Limits, Passwords, Protection};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

const DIGEST: usize = 20;
/// Mixed into every digest; the people at Sun had their fun.
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// Reads a JKS.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    decode_frame(Format::Jks, bytes, passwords, limits)
}

/// Reads a JKS or JCEKS: structure first, then the digest, and only then what the entries mean.
pub(super) fn decode_frame(
    format: Format,
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let mut reader = Reader::new(format, bytes);
    let header = Header::read(&mut reader)?;
    let mut entries = reader.clone();
    entries::walk(&mut reader, &header, limits)?;
    let digest = reader.rest();
    if digest.len() != DIGEST {
        return Err(reader.malformed(format!(
            "{DIGEST} bytes of digest must follow the entries, {} do",
            digest.len()
        )));
    }
    let integrity = match passwords.store {
        None => Integrity::None,
        Some(password) => {
            let contents = bytes.get(..bytes.len() - DIGEST).unwrap_or_default();
            if !bool::from(store_digest(password, contents).ct_eq(digest)) {
                return Err(Error::WrongPasswordOrDamaged { format });
            }
            Integrity::Verified
        }
    };
    let mut budget = Budget::new(format, limits);
    let interpreted = entries::interpret(&mut entries, &header, passwords, limits, &mut budget)?;
    let whole = Protection {
        what: "integrity".into(),
        algorithm: "SHA-1 over password and contents".into(),
        iterations: None,
    };
    Ok(interpreted.into_store(format, header.version, integrity, whole))
}

/// Writes a JKS of version 2.
pub(super) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    encode_frame(store, options, random)
}

/// Writes a JKS or JCEKS of version 2.
pub(super) fn encode_frame(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let mut out = Vec::new();
    out.extend_from_slice(match options.format {
        Format::Jceks => &[0xce; 4],
        _ => &[0xfe, 0xed, 0xfe, 0xed],
    });
    out.extend_from_slice(&2_u32.to_be_bytes());
    write::entries(&store.entries, options, random, &mut out)?;
    let digest = store_digest(options.store_password, &out);
    out.extend_from_slice(&*digest);
    Ok(SecretBytes::new(out))
}

/// The fields before the entries.
pub(super) struct Header {
    pub(super) version: i64,
    pub(super) count: usize,
}

impl Header {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let format = reader.format();
        reader.take(4)?;
        let version = i64::from(reader.i32()?);
        if !(1..=2).contains(&version) {
            return Err(Error::UnsupportedVersion { format, version });
        }
        let count = reader.count("the number of entries")?;
        Ok(Self { version, count })
    }
}

fn store_digest(password: &Password, contents: &[u8]) -> Zeroizing<[u8; DIGEST]> {
    let digest = Sha1::new()
        .chain_update(&*password_bytes::utf16be(password))
        .chain_update(WHITENER)
        .chain_update(contents)
        .finalize();
    Zeroizing::new(digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::hex;

    // pyjks and SUN agree on these (kat.json).
    #[test]
    fn the_digest_of_an_empty_store() {
        let empty = [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 0];
        let digest = |text: &str| hex(&*store_digest(&Password::new(text.into()), &empty));
        assert_eq!(
            digest("password"),
            "e725ef483b75d5b197c8103d3368b2d3fe62d538"
        );
        assert_eq!(
            digest("k3yPäss€"),
            "803b1aaa40e19a17c258e119cb2a0acc37bdc357"
        );
    }
}
