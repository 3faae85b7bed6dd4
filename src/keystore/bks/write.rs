//! The entries of BKS and UBER as they are written: certificates in the clear, keys sealed.

use zeroize::Zeroizing;

use super::sealed::{KeyRecord, KeyType, seal};
use crate::keystore::java::{
    encoded_aliases, put_bytes, put_certificate, put_chain, put_count, put_utf,
};
use crate::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, KeyState, SealedKey, millis,
};
use crate::random::Random;

/// Writes entries and the end mark.
pub(in crate::keystore) fn entries(
    entries: &[Entry],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let aliases = encoded_aliases(options.format, entries, Alias::clone)?;
    for (entry, alias) in entries.iter().zip(aliases) {
        write_entry(entry, &alias, options, random, out)?;
    }
    out.push(0);
    Ok(())
}

fn write_entry(
    entry: &Entry,
    alias: &[u8],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut start = |tag: u8, chain: &[Vec<u8>]| {
        out.push(tag);
        put_utf(out, alias);
        out.extend_from_slice(&millis::from_time(entry.created).to_be_bytes());
        put_chain(out, chain);
    };
    match &entry.content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            start(1, &[]);
            put_certificate(out, certificate);
        }
        Content::Opaque { bytes, chain, .. } => {
            start(3, chain);
            put_bytes(out, bytes.secret_bytes());
        }
        Content::PrivateKey { chain, .. }
        | Content::SecretKey { chain, .. }
        | Content::PublicKey { chain, .. }
        | Content::Sealed { chain, .. } => {
            start(4, chain);
            put_key(entry, options, random, out)?;
        }
    }
    Ok(())
}

/// The sealed blob with its length: as it was found, or sealed now.
fn put_key(
    entry: &Entry,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let record = match &entry.content {
        Content::PrivateKey {
            key: KeyState::Open { value, .. },
            ..
        } => {
            let pkcs8 = value.secret_pkcs8_der();
            KeyRecord::new(
                KeyType::Private,
                crate::x509::java_key_algorithm(pkcs8),
                pkcs8,
            )
        }
        Content::SecretKey {
            algorithm,
            key: KeyState::Open { value, .. },
            ..
        } => KeyRecord::new(KeyType::Secret, algorithm, value.secret_bytes()),
        Content::PublicKey {
            algorithm,
            key: KeyState::Open { value, .. },
            ..
        } => KeyRecord::new(KeyType::Public, algorithm, value),
        content => match content.sealed() {
            Some(sealed) => return put_kept(entry, sealed, options.format, out),
            None => return Ok(()),
        },
    };
    put_bytes(out, &seal(&record, options, random)?);
    Ok(())
}

/// A blob that nobody opened is carried along as it is, where its format allows it.
fn put_kept(
    entry: &Entry,
    sealed: &SealedKey,
    format: Format,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    if sealed.format != Format::Bks {
        return Err(sealed.not_representable(entry, format));
    }
    put_count(out, sealed.blob.len());
    out.extend_from_slice(&sealed.blob);
    Ok(())
}

impl KeyRecord {
    fn new(key_type: KeyType, algorithm: &str, encoding: &[u8]) -> Self {
        Self {
            key_type,
            algorithm: algorithm.to_owned(),
            encoding: Zeroizing::new(encoding.to_vec()),
        }
    }
}
