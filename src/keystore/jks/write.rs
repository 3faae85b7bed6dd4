//! The entries of JKS and JCEKS as they are written.

use crate::keystore::java::{
    encoded_aliases, put_bytes, put_certificate, put_chain, put_count, put_utf,
};
use crate::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, KeyState, SealedKey, jceks, millis,
};
use crate::random::Random;
use crate::secret::{PrivateKey, SecretBytes};

/// Writes the number of entries and the entries, under lower-case aliases.
pub(in crate::keystore) fn entries(
    entries: &[Entry],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let aliases = encoded_aliases(options.format, entries, lower_case)?;
    put_count(out, entries.len());
    for (entry, alias) in entries.iter().zip(aliases) {
        write_entry(entry, &alias, options, random, out)?;
    }
    Ok(())
}

fn write_entry(
    entry: &Entry,
    alias: &[u8],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut start = |tag: u32| {
        out.extend_from_slice(&tag.to_be_bytes());
        put_utf(out, alias);
        out.extend_from_slice(&millis::from_time(entry.created).to_be_bytes());
    };
    match &entry.content {
        Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
            start(2);
            put_certificate(out, certificate);
        }
        Content::PrivateKey { key, chain } => {
            start(1);
            put_bytes(out, &private_key(entry, key, options, random)?);
            put_chain(out, chain);
        }
        Content::SecretKey { algorithm, key, .. } if options.format == Format::Jceks => {
            start(3);
            let object = secret_key(entry, algorithm, key, options, random)?;
            out.extend_from_slice(&object);
        }
        content => return Err(not_a_kind(options.format, entry, content)),
    }
    Ok(())
}

fn private_key(
    entry: &Entry,
    key: &KeyState<PrivateKey>,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    match (key, options.format) {
        (KeyState::Sealed(sealed), _) => kept(entry, sealed, options.format),
        (KeyState::Open { value, .. }, Format::Jceks) => {
            jceks::protector::protect_private_key(value, options, random)
        }
        (KeyState::Open { value, .. }, _) => Ok(super::protector::protect(
            value.secret_pkcs8_der(),
            options.key_password(),
            random,
        )),
    }
}

fn secret_key(
    entry: &Entry,
    algorithm: &str,
    key: &KeyState<SecretBytes>,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    match key {
        KeyState::Sealed(sealed) => kept(entry, sealed, options.format),
        KeyState::Open { value, .. } => {
            jceks::sealed_object::write(algorithm, value, options, random)
        }
    }
}

/// A key that nobody opened is carried along as it is; JCEKS readers open JKS's protection too.
fn kept(entry: &Entry, sealed: &SealedKey, format: Format) -> Result<Vec<u8>, Error> {
    if sealed.format == format || (sealed.format, format) == (Format::Jks, Format::Jceks) {
        return Ok(sealed.blob.clone());
    }
    Err(sealed.not_representable(entry, format))
}

fn not_a_kind(format: Format, entry: &Entry, content: &Content) -> Error {
    let kind = match content {
        Content::SecretKey { .. } => "secret key",
        Content::PublicKey { .. } => "public key",
        Content::Sealed { sealed, .. } => return sealed.not_representable(entry, format),
        _ => "opaque entry",
    };
    Error::NotRepresentable {
        format,
        what: format!("the {kind} `{}`", entry.alias),
    }
}

/// The alias in lower case, as Java asks for it; lone surrogates stay.
pub(in crate::keystore) fn lower_case(alias: &Alias) -> Alias {
    let mut units = Vec::with_capacity(alias.units().len());
    let mut text = String::new();
    for decoded in char::decode_utf16(alias.units().iter().copied()) {
        match decoded {
            Ok(character) => text.push(character),
            Err(lone) => {
                units.extend(text.to_lowercase().encode_utf16());
                units.push(lone.unpaired_surrogate());
                text.clear();
            }
        }
    }
    units.extend(text.to_lowercase().encode_utf16());
    Alias::from_units(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_in_lower_case() {
        assert_eq!(
            lower_case(&"Ünïcode KEY 🔑".into()),
            "ünïcode key 🔑".into()
        );
        let lone = Alias::from_units(vec![0x41, 0xd800, 0x42]);
        assert_eq!(lower_case(&lone).units(), [0x61, 0xd800, 0x62]);
    }
}
