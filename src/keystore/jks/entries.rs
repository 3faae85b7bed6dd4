//! The entries of JKS and JCEKS as they are read: walked by structure alone first, interpreted once
//! they are trusted.

use super::Header;
use super::protector::{self, Epki};
use crate::keystore::java::{Allowance, Interpreted, LastWins, RawCertificate};
use crate::keystore::jceks;
use crate::keystore::pbe::budget::Budget;
use crate::keystore::reader::Reader;
use crate::keystore::{
    Alias, Content, Entry, Error, Format, KeyState, Limits, Passwords, Protection, SealedKey,
    millis,
};

/// An entry as it stands in the file.
struct RawEntry<'a> {
    alias: Vec<u16>,
    created: i64,
    payload: Payload<'a>,
}

enum Payload<'a> {
    Certificate(RawCertificate<'a>),
    /// `EncryptedPrivateKeyInfo` and the chain.
    Key(&'a [u8], Vec<RawCertificate<'a>>),
    /// A serialized `SealedObject` (JCEKS alone).
    SecretKey(jceks::sealed_object::SealedObject<'a>),
}

/// Walks the entries without making sense of anything.
pub(in crate::keystore) fn walk(
    reader: &mut Reader<'_>,
    header: &Header,
    limits: &Limits,
) -> Result<(), Error> {
    for_each(reader, header, limits, |_| Ok(()))
}

/// Makes sense of entries that have been walked and whose integrity has been checked.
pub(in crate::keystore) fn interpret(
    reader: &mut Reader<'_>,
    header: &Header,
    passwords: &Passwords<'_>,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Interpreted, Error> {
    let mut entries = LastWins::default();
    let mut notes = Notes::default();
    for_each(reader, header, limits, |raw| {
        entries.push(interpret_entry(raw, passwords, budget, &mut notes)?);
        Ok(())
    })?;
    let mut out = entries.finish(notes.protection);
    out.oddities.splice(0..0, notes.oddities);
    out.oddities
        .extend(out.entries.iter().filter_map(upper_case));
    Ok(out)
}

/// What comes up beside the entries.
#[derive(Default)]
struct Notes {
    protection: Vec<Protection>,
    oddities: Vec<String>,
}

fn for_each<'a>(
    reader: &mut Reader<'a>,
    header: &Header,
    limits: &Limits,
    mut each: impl FnMut(RawEntry<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut allowance = Allowance::new(limits);
    for _ in 0..header.count {
        allowance.entry(reader)?;
        each(read_entry(reader, header, &mut allowance)?)?;
    }
    Ok(())
}

fn read_entry<'a>(
    reader: &mut Reader<'a>,
    header: &Header,
    allowance: &mut Allowance,
) -> Result<RawEntry<'a>, Error> {
    let certificate = match header.version {
        1 => RawCertificate::read_untyped,
        _ => RawCertificate::read,
    };
    let tag_at = reader.clone();
    let tag = reader.i32()?;
    let alias = reader.utf()?;
    let created = reader.i64()?;
    let payload = match (tag, reader.format()) {
        (1, _) => Payload::Key(reader.byte_array()?, allowance.chain(reader, certificate)?),
        (2, _) => Payload::Certificate(certificate(reader)?),
        (3, Format::Jceks) => Payload::SecretKey(jceks::sealed_object::SealedObject::read(reader)?),
        _ => return Err(tag_at.malformed(format!("an entry of type {tag}"))),
    };
    Ok(RawEntry {
        alias,
        created,
        payload,
    })
}

fn interpret_entry(
    raw: RawEntry<'_>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
    notes: &mut Notes,
) -> Result<Entry, Error> {
    let alias = Alias::from_units(raw.alias);
    let content = match raw.payload {
        Payload::Certificate(found) => Content::TrustedCertificate {
            certificate: found.der()?,
        },
        Payload::Key(blob, chain) => {
            let epki = Epki::read(budget.format(), blob);
            let protection = Protection::of_key(&alias, epki.algorithm(), epki.iterations());
            notes.protection.push(protection);
            Content::PrivateKey {
                key: unseal(&epki, blob, passwords, budget)?,
                chain: chain
                    .iter()
                    .map(RawCertificate::der)
                    .collect::<Result<Vec<_>, _>>()?,
            }
        }
        Payload::SecretKey(object) => {
            let (algorithm, iterations) = object.protection();
            let protection = Protection::of_key(&alias, algorithm, iterations);
            notes.protection.push(protection);
            let (content, oddity) = object.unseal(passwords, budget)?;
            let oddities = &mut notes.oddities;
            oddities.extend(oddity.map(|what| format!("the secret key `{alias}` {what}")));
            content
        }
    };
    Ok(Entry::new(alias, millis::to_time(raw.created), content))
}

fn unseal(
    epki: &Epki,
    blob: &[u8],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<KeyState<crate::secret::PrivateKey>, Error> {
    for (password, opened) in passwords.for_keys() {
        let value = match epki {
            Epki::Jks(data) => protector::open(data, password, budget)?,
            Epki::Jceks(pbe) => pbe.open_private_key(password, budget)?,
            Epki::Other(..) => None,
        };
        if let Some(value) = value {
            return Ok(KeyState::Open { value, opened });
        }
    }
    Ok(KeyState::Sealed(SealedKey {
        supported: true,
        format: epki.protection(),
        blob: blob.to_vec(),
        algorithm: epki.algorithm(),
        iterations: epki.iterations(),
    }))
}

/// Java lower-cases every alias that it is asked for, so such an entry is listed and never found.
fn upper_case(entry: &Entry) -> Option<String> {
    (super::write::lower_case(&entry.alias) != entry.alias).then(|| {
        format!(
            "the alias `{}` has capital letters: Java lists the entry and cannot open it",
            entry.alias
        )
    })
}
