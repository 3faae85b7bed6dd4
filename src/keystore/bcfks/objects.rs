//! The entries of a BCFKS: `ObjectStoreData` and its `ObjectData`.

use std::collections::HashMap;

use ::time::format_description::FormatItem;
use ::time::macros::format_description;
use ::time::{OffsetDateTime, PrimitiveDateTime};
use zeroize::Zeroizing;

use super::protection::{Purpose, Sealed, Sealer};
use crate::der;
use crate::keystore::ber::{Ber, Element, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::secret_algorithms::{identifier, java_name};
use crate::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, KeyState, Keystore, Limits, Passwords,
    Protection, SealedKey,
};
use crate::random::Random;
use crate::secret::{PrivateKey, SecretBytes};
use crate::time::Timestamp;

const CERTIFICATE: u64 = 0;
const PRIVATE_KEY: u64 = 1;
const SECRET_KEY: u64 = 2;
const PROTECTED_PRIVATE_KEY: u64 = 3;
const PROTECTED_SECRET_KEY: u64 = 4;
const PBKDF_KEY: u64 = 5;
const MAX_CHAIN: usize = 1_000;
const TIME: &[FormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]Z");

/// What is in the store data.
pub(super) struct Read {
    pub(super) version: i64,
    pub(super) entries: Vec<Entry>,
    pub(super) protection: Vec<Protection>,
    pub(super) oddities: Vec<String>,
}

/// Reads `ObjectStoreData`; its MAC algorithm must be the one that was checked.
pub(super) fn read(
    plain: &[u8],
    mac_algorithm: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Read, Error> {
    let mut outer = Ber::new(Format::Bcfks, plain);
    let mut data = outer.sequence("the store data")?;
    let version = data.integer("the version")?;
    let algorithm = data.expect(tag::SEQUENCE, "the algorithm of the MAC")?;
    if algorithm.whole != mac_algorithm {
        return Err(data.malformed("the MAC inside and the MAC outside are of different kinds"));
    }
    time(&mut data)?;
    time(&mut data)?;
    let mut objects = data.sequence("the entries")?;
    let mut out = Read {
        version,
        entries: Vec::new(),
        protection: Vec::new(),
        oddities: Vec::new(),
    };
    let mut seen: HashMap<Alias, usize> = HashMap::new();
    while !objects.is_empty() {
        if out.entries.len() >= limits.entries {
            return Err(objects.malformed(format!("more than {} entries", limits.entries)));
        }
        let entry = object(&mut objects, passwords, budget, &mut out.protection)?;
        match seen
            .get(&entry.alias)
            .and_then(|at| out.entries.get_mut(*at))
        {
            Some(earlier) => {
                let alias = &entry.alias;
                let oddity = format!("two entries have the alias `{alias}`; the last one counts");
                out.oddities.push(oddity);
                *earlier = entry;
            }
            None => {
                seen.insert(entry.alias.clone(), out.entries.len());
                out.entries.push(entry);
            }
        }
    }
    Ok(out)
}

fn object(
    objects: &mut Ber<'_>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
    protection: &mut Vec<Protection>,
) -> Result<Entry, Error> {
    let mut object = objects.sequence("an entry")?;
    let kind = object.integer("the type of an entry")?;
    let name = object.expect(tag::UTF8_STRING, "the name of an entry")?;
    let alias = std::str::from_utf8(name.content)
        .map_err(|_| name.malformed("the name of an entry is not UTF-8"))?;
    let alias = Alias::from(alias);
    let mut note = |sealed: &Sealed<'_>| {
        let (algorithm, iterations) = (sealed.name(), sealed.iterations());
        protection.push(Protection::of_key(&alias, algorithm, iterations));
    };
    let created = time(&mut object)?;
    time(&mut object)?;
    let data = object.octets("the data of an entry")?;
    let content = match u64::try_from(kind).unwrap_or(u64::MAX) {
        CERTIFICATE => Content::TrustedCertificate {
            certificate: data.into_owned(),
        },
        PRIVATE_KEY => private_key(&data, passwords, budget, &mut note)?,
        SECRET_KEY | PBKDF_KEY => secret_key(&data, passwords, budget, &mut note)?,
        PROTECTED_PRIVATE_KEY => {
            let (info, chain) = with_chain(&data)?;
            opaque(info.whole, chain)
        }
        PROTECTED_SECRET_KEY => opaque(&data, Vec::new()),
        _ => return Err(object.malformed(format!("an entry of type {kind}"))),
    };
    Ok(Entry::new(alias, created, content))
}

fn opaque(bytes: &[u8], chain: Vec<Vec<u8>>) -> Content {
    Content::Opaque {
        kind: "protected by the application".into(),
        bytes: SecretBytes::new(bytes.to_vec()),
        chain,
    }
}

/// Whether bytes of an application can stand in a BCFKS: with a chain they must be an
/// `EncryptedPrivateKeyInfo`.
pub(crate) fn holds_opaque(bytes: &[u8], chain: &[Vec<u8>]) -> bool {
    let mut outer = Ber::new(Format::Bcfks, bytes);
    let is_sealed_key = outer.sequence("an encrypted key").is_ok_and(|mut info| {
        info.sequence("its algorithm").is_ok()
            && info.octets("its bytes").is_ok()
            && info.is_empty()
    });
    chain.is_empty() || (is_sealed_key && outer.is_empty())
}

/// `EncryptedPrivateKeyData`: the sealed key and its chain.
fn with_chain(data: &[u8]) -> Result<(Element<'_>, Vec<Vec<u8>>), Error> {
    let mut outer = Ber::new(Format::Bcfks, data);
    let mut inside = outer.sequence("a private key")?;
    let info = inside.expect(tag::SEQUENCE, "an encrypted private key")?;
    let mut certificates = inside.sequence("the chain")?;
    let mut chain = Vec::new();
    while !certificates.is_empty() {
        if chain.len() >= MAX_CHAIN {
            return Err(certificates.malformed(format!("a chain of over {MAX_CHAIN} certificates")));
        }
        let certificate = certificates.expect(tag::SEQUENCE, "a certificate")?;
        chain.push(certificate.whole.to_vec());
    }
    Ok((info, chain))
}

fn private_key(
    data: &[u8],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
    note: &mut dyn FnMut(&Sealed<'_>),
) -> Result<Content, Error> {
    let (info, chain) = with_chain(data)?;
    let sealed = Sealed::read(&mut info.inside()?, budget)?;
    note(&sealed);
    for (password, opened) in passwords.for_keys() {
        if let Some(plain) = sealed.open(password, Purpose::PrivateKey, budget)? {
            let value = PrivateKey::from_pkcs8_der(plain.to_vec());
            let key = KeyState::Open { value, opened };
            return Ok(Content::PrivateKey { key, chain });
        }
    }
    let key = KeyState::Sealed(kept(&sealed, info.whole));
    Ok(Content::PrivateKey { key, chain })
}

/// `EncryptedSecretKeyData` around `SecretKeyData`.
fn secret_key(
    data: &[u8],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
    note: &mut dyn FnMut(&Sealed<'_>),
) -> Result<Content, Error> {
    let mut outer = Ber::new(Format::Bcfks, data);
    let sealed = Sealed::read(&mut outer.sequence("a secret key")?, budget)?;
    note(&sealed);
    for (password, opened) in passwords.for_keys() {
        if let Some(plain) = sealed.open(password, Purpose::SecretKey, budget)? {
            let mut outer = Ber::new(Format::Bcfks, &plain);
            let mut inside = outer.sequence("a secret key")?;
            let algorithm = java_name(&inside.oid("the algorithm of a secret key")?);
            let value = SecretBytes::new(inside.octets("a secret key")?.into_owned());
            return Ok(Content::SecretKey {
                algorithm,
                key: KeyState::Open { value, opened },
                chain: Vec::new(),
            });
        }
    }
    Ok(Content::SecretKey {
        algorithm: String::new(),
        key: KeyState::Sealed(kept(&sealed, data)),
        chain: Vec::new(),
    })
}

fn kept(sealed: &Sealed<'_>, blob: &[u8]) -> SealedKey {
    SealedKey {
        supported: true,
        format: Format::Bcfks,
        blob: blob.to_vec(),
        algorithm: sealed.name(),
        iterations: sealed.iterations(),
    }
}

/// GeneralizedTime; fractions of a second are passed over.
fn time(ber: &mut Ber<'_>) -> Result<Option<Timestamp>, Error> {
    let element = ber.expect(tag::GENERALIZED_TIME, "a time")?;
    let text = std::str::from_utf8(element.content).unwrap_or_default();
    let whole = match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text.to_owned(),
    };
    PrimitiveDateTime::parse(&whole, TIME)
        .map(|time| Some(time.assume_utc()))
        .map_err(|_| element.malformed("a time that cannot be read"))
}

/// Writes `ObjectStoreData`; without a clock, the store is as old as its youngest entry.
pub(super) fn write(
    store: &Keystore,
    mac_algorithm: &[u8],
    options: &EncodeOptions<'_>,
    iterations: u32,
    random: &mut dyn Random,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut writer = Writer {
        options,
        iterations,
        random,
        private: None,
        secret: None,
    };
    let mut objects = Zeroizing::new(Vec::new());
    for entry in &store.entries {
        objects.extend(writer.object(entry)?);
    }
    let youngest = store.entries.iter().filter_map(|entry| entry.created).max();
    let youngest = time_der(youngest);
    Ok(Zeroizing::new(der::sequence(&[
        &der::integer(1),
        mac_algorithm,
        &youngest,
        &youngest,
        &der::tlv(tag::SEQUENCE, &objects),
    ])))
}

struct Writer<'a> {
    options: &'a EncodeOptions<'a>,
    iterations: u32,
    random: &'a mut dyn Random,
    private: Option<Sealer>,
    secret: Option<Sealer>,
}

impl Writer<'_> {
    fn object(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        let (kind, data) = match &entry.content {
            Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
                (CERTIFICATE, certificate.clone())
            }
            Content::PrivateKey { key, chain } => {
                let info = match key {
                    KeyState::Open { value, .. } => {
                        self.seal(Purpose::PrivateKey, value.secret_pkcs8_der())
                    }
                    KeyState::Sealed(sealed) => of_this_format(entry, sealed)?,
                };
                let chain = der::tlv(tag::SEQUENCE, &chain.concat());
                (PRIVATE_KEY, der::sequence(&[&info, &chain]))
            }
            Content::SecretKey { algorithm, key, .. } => match key {
                KeyState::Open { value, .. } => {
                    let oid = identifier(algorithm)
                        .ok_or_else(|| cannot(entry, &format!("a secret key for {algorithm}")))?;
                    let key = Zeroizing::new(der::octets(value.secret_bytes()));
                    let plain = Zeroizing::new(der::sequence(&[&der::oid(&oid), &key]));
                    (SECRET_KEY, self.seal(Purpose::SecretKey, &plain))
                }
                KeyState::Sealed(sealed) => (SECRET_KEY, of_this_format(entry, sealed)?),
            },
            Content::PublicKey { .. } => return Err(cannot(entry, "a public key")),
            Content::Sealed { .. } => return Err(cannot(entry, "a key sealed by another format")),
            Content::Opaque { bytes, chain, .. } => {
                let bytes = bytes.secret_bytes();
                match chain.as_slice() {
                    [] => (PROTECTED_SECRET_KEY, bytes.to_vec()),
                    chain if holds_opaque(bytes, chain) => {
                        let chain = der::tlv(tag::SEQUENCE, &chain.concat());
                        (PROTECTED_PRIVATE_KEY, der::sequence(&[bytes, &chain]))
                    }
                    _ => return Err(cannot(entry, "bytes of an application")),
                }
            }
        };
        let created = time_der(entry.created);
        Ok(der::sequence(&[
            &der::integer(kind),
            &der::tlv(tag::UTF8_STRING, entry.alias.to_string().as_bytes()),
            &created,
            &created,
            &der::octets(&data),
        ]))
    }

    /// Seals under a key that is derived once for each purpose: the derivation is what costs.
    fn seal(&mut self, purpose: Purpose, plain: &[u8]) -> Vec<u8> {
        let sealer = match purpose {
            Purpose::SecretKey => &mut self.secret,
            _ => &mut self.private,
        };
        let password = self.options.key_password();
        let random = &mut *self.random;
        sealer
            .get_or_insert_with(|| Sealer::new(password, purpose, self.iterations, random))
            .seal(plain, random)
    }
}

/// GeneralizedTime in whole seconds; 1970 where there is no date.
fn time_der(time: Option<Timestamp>) -> Vec<u8> {
    let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let text = time.format(TIME).unwrap_or_default();
    der::tlv(tag::GENERALIZED_TIME, text.as_bytes())
}

fn of_this_format(entry: &Entry, sealed: &SealedKey) -> Result<Vec<u8>, Error> {
    match sealed.format {
        Format::Bcfks => Ok(sealed.blob.clone()),
        other => Err(cannot(
            entry,
            &format!("a key that is still sealed as {other}"),
        )),
    }
}

fn cannot(entry: &Entry, what: &str) -> Error {
    let what = format!("{what} (entry `{}`)", entry.alias);
    Error::NotRepresentable {
        format: Format::Bcfks,
        what,
    }
}
