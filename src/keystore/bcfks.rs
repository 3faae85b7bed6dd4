//! BCFKS, the keystore of BouncyCastle's FIPS module (`BcFKSKeyStoreSpi`, `org.bouncycastle.asn1.bc`).

mod objects;
mod protection;

pub(crate) use objects::holds_opaque;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use self::protection::{Purpose, Sealed, Sealer};
use super::ber::{Ber, Element, tag};
use super::pbe::budget::Budget;
use super::pbe::hash::Hash;
use super::pbe::kdf::{Kdf, MAX_ITERATIONS};
use super::{EncodeOptions, Error, Format, Integrity, Keystore, Limits, Passwords, Protection};
use crate::der;
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

const HMAC_SHA512: &str = "1.2.840.113549.2.11";
/// A shorter key makes the MAC guessable; BouncyCastle writes 64 bytes.
const SHORTEST_MAC_KEY: usize = 20;
/// What BouncyCastle writes.
const ITERATIONS: u32 = 51_200;

/// Whether the outermost structure is an `ObjectStore`: store data and an integrity check.
pub(super) fn looks_like_bcfks(bytes: &[u8]) -> bool {
    let read = || {
        let mut store = Ber::new(Format::Bcfks, bytes).sequence("a store").ok()?;
        let data = store.any().ok()?;
        let check = store.any().ok()?;
        let kinds = (data.tag, check.tag, store.is_empty());
        Some(matches!(
            kinds,
            (tag::SEQUENCE, tag::SEQUENCE | tag::CONTEXT_0, true)
        ))
    };
    read().unwrap_or(false)
}

/// Reads a BCFKS: integrity over the store data as it stands, then decryption, then entries.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let mut budget = Budget::new(Format::Bcfks, limits);
    let mut outer = Ber::new(Format::Bcfks, bytes);
    let mut store = outer.sequence("a store")?;
    let data = store.expect(tag::SEQUENCE, "the store data")?;
    let check = Check::read(&mut store, &budget)?;
    store.finish("the integrity check")?;
    outer.finish("the store")?;
    let password = passwords.store.ok_or(Error::PasswordNeeded {
        format: Format::Bcfks,
    })?;
    check.verify(password, data.whole, &mut budget)?;

    let mut protection = vec![check.protection()];
    let opened = open_data(&data, password, &mut protection, &mut budget)?;
    let plain = opened.as_ref().map_or(data.whole, |plain| plain.as_slice());
    let entries = objects::read(plain, &check.algorithm, passwords, limits, &mut budget)?;
    let mut out = Keystore::new(Format::Bcfks, entries.entries);
    out.version = Some(entries.version);
    out.integrity = Integrity::Verified;
    out.protection = protection;
    out.protection.extend(entries.protection);
    out.oddities = entries.oddities;
    Ok(out)
}

/// Decrypts the store data, where it is encrypted.
fn open_data(
    data: &Element<'_>,
    password: &Password,
    protection: &mut Vec<Protection>,
    budget: &mut Budget,
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut inside = data.inside()?;
    if inside.peek() == Some(tag::INTEGER) {
        return Ok(None);
    }
    let sealed = Sealed::read(&mut inside, budget)?;
    protection.push(Protection {
        what: "store".into(),
        algorithm: sealed.name(),
        iterations: sealed.iterations(),
    });
    let plain = sealed.open(password, Purpose::Store, budget)?;
    plain.map(Some).ok_or(Error::WrongPasswordOrDamaged {
        format: Format::Bcfks,
    })
}

/// `PbkdMacIntegrityCheck`.
struct Check {
    /// The whole AlgorithmIdentifier of the MAC, which the store data repeats.
    algorithm: Vec<u8>,
    hash: Hash,
    kdf: Kdf,
    key_length: usize,
    mac: Vec<u8>,
}

impl Check {
    fn read(store: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        if store.peek() == Some(tag::CONTEXT_0) {
            return Err(unsupported("integrity by signature"));
        }
        let mut check = store.sequence("the integrity check")?;
        let algorithm = check.expect(tag::SEQUENCE, "the algorithm of the MAC")?;
        let oid = algorithm.inside()?.oid("the algorithm of the MAC")?;
        let hash = Hash::from_hmac_oid(&oid)
            .ok_or_else(|| unsupported(&format!("integrity by the MAC {oid}")))?;
        let kdf = protection::read_kdf(&mut check, budget)?;
        let key_length = kdf
            .key_length()
            .filter(|length| *length >= SHORTEST_MAC_KEY)
            .ok_or_else(|| check.malformed("a MAC whose key is not at least 20 bytes long"))?;
        let mac = check.octets("the MAC")?.into_owned();
        Ok(Self {
            algorithm: algorithm.whole.to_vec(),
            hash,
            kdf,
            key_length,
            mac,
        })
    }

    fn verify(&self, password: &Password, data: &[u8], budget: &mut Budget) -> Result<(), Error> {
        let password = protection::password(password, Purpose::Integrity);
        let key = self.kdf.derive(&password, self.key_length, budget)?;
        let mac = self.hash.hmac(&key, data);
        if bool::from(mac.ct_eq(&self.mac)) {
            return Ok(());
        }
        Err(Error::WrongPasswordOrDamaged {
            format: Format::Bcfks,
        })
    }

    fn protection(&self) -> Protection {
        Protection {
            what: "integrity".into(),
            algorithm: format!("HMAC-{}, {}", self.hash.name(), self.kdf.name()),
            iterations: self.kdf.iterations(),
        }
    }
}

/// Writes a BCFKS as BouncyCastle does: AES-256-CCM and HMAC-SHA512 under PBKDF2-HMAC-SHA512.
pub(super) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let iterations = options.iterations_within(ITERATIONS, 1_024..=MAX_ITERATIONS)?;
    let algorithm = der::algorithm(HMAC_SHA512, &der::null());
    let objects = objects::write(store, &algorithm, options, iterations, random)?;
    let sealer = Sealer::new(options.store_password, Purpose::Store, iterations, random);
    let data = sealer.seal(&objects, random);

    let salt: [u8; 64] = crate::random::array(random);
    let password = protection::password(options.store_password, Purpose::Integrity);
    let key = Hash::Sha512.pbkdf2(&password, &salt, iterations, 64);
    let mac = Hash::Sha512.hmac(&key, &data);
    let check = der::sequence(&[
        &algorithm,
        &protection::pbkdf2_der(&salt, iterations, 64),
        &der::octets(&mac),
    ]);
    Ok(SecretBytes::new(der::sequence(&[&data, &check])))
}

fn unsupported(algorithm: &str) -> Error {
    Error::Unsupported {
        format: Format::Bcfks,
        algorithm: algorithm.to_owned(),
    }
}
