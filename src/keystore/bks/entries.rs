//! The entries of BKS and UBER: walked by structure alone first, interpreted once they are trusted.

use zeroize::Zeroizing;

use super::sealed::{KeyRecord, KeyType, Sealed, put_bytes, put_encoded_utf, put_utf, seal};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::reader::Reader;
use crate::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, KeyState, Limits, Opened, Passwords,
    SealedKey, millis, mutf8, pbe::pbes1::Scheme,
};
use crate::random::Random;
use crate::secret::{PrivateKey, SecretBytes};

const MAX_CHAIN: usize = 1_000;

/// An entry as it stands in the file.
pub(in crate::keystore) struct RawEntry<'a> {
    alias: Vec<u16>,
    created: i64,
    chain: Vec<RawCertificate<'a>>,
    payload: Payload<'a>,
}

struct RawCertificate<'a> {
    kind: String,
    der: &'a [u8],
    at: usize,
}

enum Payload<'a> {
    Certificate(RawCertificate<'a>),
    Key(KeyRecord),
    Opaque(&'a [u8]),
    Sealed(&'a [u8]),
}

/// Walks the entries up to and including the end mark, without looking into anything.
pub(in crate::keystore) fn walk<'a>(
    reader: &mut Reader<'a>,
    limits: &Limits,
) -> Result<Vec<RawEntry<'a>>, Error> {
    let mut entries = Vec::new();
    loop {
        let tag = reader.u8()?;
        if tag == 0 {
            return Ok(entries);
        }
        if !(1..=4).contains(&tag) {
            return Err(reader.malformed(format!("an entry of type {tag}")));
        }
        if entries.len() >= limits.entries {
            return Err(reader.malformed(format!("more than {} entries", limits.entries)));
        }
        entries.push(walk_entry(tag, reader)?);
    }
}

fn walk_entry<'a>(tag: u8, reader: &mut Reader<'a>) -> Result<RawEntry<'a>, Error> {
    let alias = reader.utf()?;
    let created = reader.i64()?;
    let count = reader.count("the length of a chain")?;
    if count > MAX_CHAIN {
        return Err(reader.malformed(format!("a chain of {count} certificates")));
    }
    let mut chain = Vec::new();
    for _ in 0..count {
        chain.push(walk_certificate(reader)?);
    }
    let payload = match tag {
        1 => Payload::Certificate(walk_certificate(reader)?),
        2 => Payload::Key(KeyRecord::read(reader)?),
        3 => Payload::Opaque(reader.byte_array()?),
        _ => Payload::Sealed(reader.byte_array()?),
    };
    Ok(RawEntry {
        alias,
        created,
        chain,
        payload,
    })
}

fn walk_certificate<'a>(reader: &mut Reader<'a>) -> Result<RawCertificate<'a>, Error> {
    let at = reader.at();
    let kind = reader.utf_text()?;
    Ok(RawCertificate {
        kind,
        der: reader.byte_array()?,
        at,
    })
}

/// Makes sense of entries whose integrity has been checked; of entries with the same alias, the
/// last one wins, as in Java.
pub(in crate::keystore) fn interpret(
    format: Format,
    raw: Vec<RawEntry<'_>>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<(Vec<Entry>, Vec<String>), Error> {
    let mut seen = std::collections::HashMap::new();
    let mut entries: Vec<Option<Entry>> = Vec::with_capacity(raw.len());
    let mut oddities = Vec::new();
    for entry in raw {
        let entry = interpret_entry(format, entry, passwords, budget)?;
        if let Some(earlier) = seen.insert(entry.alias.clone(), entries.len()) {
            oddities.push(format!(
                "two entries have the alias `{}`; the last one counts",
                entry.alias
            ));
            if let Some(earlier) = entries.get_mut(earlier) {
                *earlier = None;
            }
        }
        entries.push(Some(entry));
    }
    Ok((entries.into_iter().flatten().collect(), oddities))
}

fn interpret_entry(
    format: Format,
    raw: RawEntry<'_>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Entry, Error> {
    let chain = raw
        .chain
        .iter()
        .map(|c| certificate(format, c))
        .collect::<Result<Vec<_>, _>>()?;
    let content = match raw.payload {
        Payload::Certificate(found) => Content::TrustedCertificate {
            certificate: certificate(format, &found)?,
        },
        Payload::Key(record) => open_content(record, chain, Opened::Clear),
        Payload::Opaque(bytes) => {
            let bytes = SecretBytes::new(bytes.to_vec());
            Content::Opaque {
                kind: "protected by the application".into(),
                bytes,
                chain,
            }
        }
        Payload::Sealed(blob) => unseal(format, blob, chain, passwords, budget)?,
    };
    Ok(Entry::new(
        Alias::from_units(raw.alias),
        millis::to_time(raw.created),
        content,
    ))
}

fn certificate(format: Format, found: &RawCertificate<'_>) -> Result<Vec<u8>, Error> {
    if matches!(found.kind.as_str(), "X.509" | "X509") {
        return Ok(found.der.to_vec());
    }
    let reason = format!("a certificate of type `{}`", found.kind);
    Err(Error::Malformed {
        format,
        offset: found.at,
        reason,
    })
}

fn unseal(
    format: Format,
    blob: &[u8],
    chain: Vec<Vec<u8>>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Content, Error> {
    let sealed = Sealed::read(format, blob)?;
    for (password, opened) in passwords.for_keys() {
        if let Some(record) = sealed.open(password, budget)? {
            return Ok(open_content(record, chain, opened));
        }
    }
    let sealed = SealedKey {
        format: Format::Bks,
        blob: blob.to_vec(),
        algorithm: Scheme::TripleDes3Key.name().to_owned(),
        iterations: u64::try_from(sealed.iterations).ok(),
    };
    Ok(Content::Sealed { sealed, chain })
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

/// Writes entries and the end mark.
pub(in crate::keystore) fn write(
    format: Format,
    entries: &[Entry],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    for entry in entries {
        write_entry(format, entry, options, random, out)?;
    }
    out.push(0);
    Ok(())
}

fn write_entry(
    format: Format,
    entry: &Entry,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let no_chain: &[Vec<u8>] = &[];
    let (tag, chain, payload) = match &entry.content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            let mut payload = Zeroizing::new(Vec::with_capacity(certificate.len() + 11));
            put_certificate(&mut payload, certificate);
            (1, no_chain, payload)
        }
        Content::Opaque { bytes, chain, .. } => (3, chain.as_slice(), sized(bytes.secret_bytes())),
        Content::Sealed { sealed, chain } => (4, chain.as_slice(), kept(format, entry, sealed)?),
        Content::PrivateKey {
            key: KeyState::Sealed(sealed),
            chain,
        }
        | Content::SecretKey {
            key: KeyState::Sealed(sealed),
            chain,
            ..
        }
        | Content::PublicKey {
            key: KeyState::Sealed(sealed),
            chain,
            ..
        } => (4, chain.as_slice(), kept(format, entry, sealed)?),
        Content::PrivateKey {
            key: KeyState::Open { value, .. },
            chain,
        } => {
            let algorithm = crate::x509::java_key_algorithm(value.secret_pkcs8_der());
            let record = record(KeyType::Private, algorithm, value.secret_pkcs8_der());
            (4, chain.as_slice(), sized(&seal(&record, options, random)?))
        }
        Content::SecretKey {
            algorithm,
            key: KeyState::Open { value, .. },
            chain,
        } => {
            let record = record(KeyType::Secret, algorithm, value.secret_bytes());
            (4, chain.as_slice(), sized(&seal(&record, options, random)?))
        }
        Content::PublicKey {
            algorithm,
            key: KeyState::Open { value, .. },
            chain,
        } => {
            let record = record(KeyType::Public, algorithm, value);
            (4, chain.as_slice(), sized(&seal(&record, options, random)?))
        }
    };
    let alias = mutf8::encode(entry.alias.units()).ok_or_else(|| Error::NotRepresentable {
        format,
        what: format!("an alias of {} characters", entry.alias.units().len()),
    })?;
    out.push(tag);
    put_encoded_utf(out, &alias);
    out.extend_from_slice(&millis::from_time(entry.created).to_be_bytes());
    out.extend_from_slice(&u32::try_from(chain.len()).unwrap_or(u32::MAX).to_be_bytes());
    for certificate in chain {
        put_certificate(out, certificate);
    }
    out.extend_from_slice(&payload);
    Ok(())
}

fn record(key_type: KeyType, algorithm: &str, encoding: &[u8]) -> KeyRecord {
    let encoding = Zeroizing::new(encoding.to_vec());
    KeyRecord {
        key_type,
        algorithm: algorithm.to_owned(),
        encoding,
    }
}

fn sized(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + 4));
    put_bytes(&mut out, bytes);
    out
}

/// A blob that nobody opened is carried along as it is, where its format allows it.
fn kept(format: Format, entry: &Entry, sealed: &SealedKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    if matches!(sealed.format, Format::Bks | Format::Uber) {
        return Ok(sized(&sealed.blob));
    }
    let what = format!(
        "the key `{}`, which is still sealed as {}",
        entry.alias, sealed.format
    );
    Err(Error::NotRepresentable { format, what })
}

fn put_certificate(out: &mut Vec<u8>, der: &[u8]) {
    put_utf(out, "X.509");
    put_bytes(out, der);
}
