//! The entries of BKS and UBER as they are read: walked by structure alone first, interpreted once
//! they are trusted.

use super::sealed::{KeyRecord, KeyType, Sealed};
use crate::keystore::java::{Allowance, Interpreted, LastWins, RawCertificate};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::pbes1::Scheme;
use crate::keystore::reader::Reader;
use crate::keystore::{
    Alias, Content, Entry, Error, Format, KeyState, Limits, Opened, Passwords, Protection,
    SealedKey, millis,
};
use crate::secret::{PrivateKey, SecretBytes};

/// An entry as it stands in the file.
struct RawEntry<'a> {
    alias: Vec<u16>,
    created: i64,
    chain: Vec<RawCertificate<'a>>,
    payload: Payload<'a>,
}

enum Payload<'a> {
    Certificate(RawCertificate<'a>),
    Key(KeyRecord),
    Opaque(&'a [u8]),
    Sealed(Reader<'a>),
}

/// Walks the entries up to and including the end mark, without making sense of anything.
pub(in crate::keystore) fn walk(reader: &mut Reader<'_>, limits: &Limits) -> Result<(), Error> {
    for_each(reader, limits, |_| Ok(()))
}

/// Makes sense of entries that have been walked and whose integrity has been checked.
pub(in crate::keystore) fn interpret(
    reader: &mut Reader<'_>,
    passwords: &Passwords<'_>,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Interpreted, Error> {
    let mut entries = LastWins::default();
    let mut protection = Vec::new();
    for_each(reader, limits, |raw| {
        entries.push(interpret_entry(raw, passwords, budget, &mut protection)?);
        Ok(())
    })?;
    Ok(entries.finish(protection))
}

fn for_each<'a>(
    reader: &mut Reader<'a>,
    limits: &Limits,
    mut each: impl FnMut(RawEntry<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut allowance = Allowance::new(limits);
    loop {
        match reader.u8()? {
            0 => return Ok(()),
            tag @ 1..=4 => {
                allowance.entry(reader)?;
                each(read_entry(tag, reader, &mut allowance)?)?;
            }
            tag => return Err(reader.malformed(format!("an entry of type {tag}"))),
        }
    }
}

fn read_entry<'a>(
    tag: u8,
    reader: &mut Reader<'a>,
    allowance: &mut Allowance,
) -> Result<RawEntry<'a>, Error> {
    Ok(RawEntry {
        alias: reader.utf()?,
        created: reader.i64()?,
        chain: allowance.chain(reader, RawCertificate::read)?,
        payload: match tag {
            1 => Payload::Certificate(RawCertificate::read(reader)?),
            2 => Payload::Key(KeyRecord::read(reader)?),
            3 => Payload::Opaque(reader.byte_array()?),
            _ => Payload::Sealed(reader.nested()?),
        },
    })
}

fn interpret_entry(
    raw: RawEntry<'_>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
    protection: &mut Vec<Protection>,
) -> Result<Entry, Error> {
    let alias = Alias::from_units(raw.alias);
    let chain = raw
        .chain
        .iter()
        .map(RawCertificate::der)
        .collect::<Result<Vec<_>, _>>()?;
    let content = match raw.payload {
        Payload::Certificate(found) => Content::TrustedCertificate {
            certificate: found.der()?,
        },
        Payload::Key(record) => open_content(record, chain, Opened::Clear),
        Payload::Opaque(bytes) => Content::Opaque {
            kind: "protected by the application".into(),
            bytes: SecretBytes::new(bytes.to_vec()),
            chain,
        },
        Payload::Sealed(blob) => {
            let sealed = Sealed::read(blob.clone())?;
            let kept = kept(&sealed, &blob);
            let (algorithm, iterations) = (kept.algorithm.clone(), kept.iterations);
            protection.push(Protection::of_key(&alias, algorithm, iterations));
            unseal(&sealed, kept, chain, passwords, budget)?
        }
    };
    Ok(Entry::new(alias, millis::to_time(raw.created), content))
}

/// A key as it stands in the file, which none of the passwords opens.
fn kept(sealed: &Sealed<'_>, blob: &Reader<'_>) -> SealedKey {
    SealedKey {
        supported: true,
        format: Format::Bks,
        blob: blob.rest().to_vec(),
        algorithm: Scheme::TripleDes3Key.name().to_owned(),
        iterations: u64::try_from(sealed.iterations).ok(),
    }
}

fn unseal(
    sealed: &Sealed<'_>,
    kept: SealedKey,
    chain: Vec<Vec<u8>>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Content, Error> {
    for (password, opened) in passwords.for_keys() {
        if let Some(record) = sealed.open(password, budget)? {
            return Ok(open_content(record, chain, opened));
        }
    }
    Ok(Content::Sealed {
        sealed: kept,
        chain,
    })
}

fn open_content(record: KeyRecord, chain: Vec<Vec<u8>>, opened: Opened) -> Content {
    let KeyRecord {
        key_type,
        algorithm,
        mut encoding,
    } = record;
    let bytes = std::mem::take(&mut *encoding);
    match key_type {
        KeyType::Private => {
            let value = PrivateKey::from_pkcs8_der(bytes);
            Content::PrivateKey {
                key: KeyState::Open { value, opened },
                chain,
            }
        }
        KeyType::Public => Content::PublicKey {
            algorithm,
            key: KeyState::Open {
                value: bytes,
                opened,
            },
            chain,
        },
        KeyType::Secret => {
            let value = SecretBytes::new(bytes);
            Content::SecretKey {
                algorithm,
                key: KeyState::Open { value, opened },
                chain,
            }
        }
    }
}
