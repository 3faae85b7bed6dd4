//! From bytes to a store: what format they are is told by content, never by name.

use super::{
    Error, Format, Keystore, Limits, Passwords, bcfks, bks, cut_off, jceks, jks, pem, pkcs12, uber,
};

/// The format that the first bytes (and, for BKS and UBER, the structure) tell.
#[must_use]
pub fn detect(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Some(Format::Jks),
        [0xce, 0xce, 0xce, 0xce, ..] => Some(Format::Jceks),
        [0, 0, 0, 0..=2, ..] => Some(bks_or_uber(bytes)),
        // A version that does not exist, before the 20 bytes of salt that every writer makes.
        [0, 0, 0, _, 0, 0, 0, 20, ..] => Some(Format::Bks),
        [0x30, ..] if pem::looks_like_der(bytes) => Some(Format::Pem),
        [0x30, ..] if pkcs12::looks_like_pkcs12(bytes) => Some(Format::Pkcs12),
        [0x30, ..] if bcfks::looks_like_bcfks(bytes) => Some(Format::Bcfks),
        _ if pem::looks_like_pem(bytes) => Some(Format::Pem),
        _ => cut_off::store(bytes),
    }
}

/// The directory of a UBER is noise; that of a BKS shows, also where the rest is damaged or cut off.
fn bks_or_uber(bytes: &[u8]) -> Format {
    let salt_is_20 = bytes.get(4..8) == Some(&[0, 0, 0, 20]);
    let body = bytes.get(32..).unwrap_or_default();
    let begins_with_noise = body.first().is_some_and(|first| *first > 4);
    let whole_blocks = body.len() >= 32 && body.len().is_multiple_of(16);
    let is_noise = begins_with_noise || (whole_blocks && !begins_with_entry(body));
    if salt_is_20 && is_noise && !bks::looks_like_bks(bytes, &Limits::default()) {
        return Format::Uber;
    }
    Format::Bks
}

/// An entry's type, its alias, and a date of four digits: noise looks like that once in a million.
fn begins_with_entry(body: &[u8]) -> bool {
    let [1..=4, high, low, rest @ ..] = body else {
        return false;
    };
    let date = usize::from(u16::from_be_bytes([*high, *low]));
    rest.get(date..)
        .is_some_and(|date| date.starts_with(&[0, 0]))
}

/// Reads a store of any known format.
///
/// # Errors
///
/// See [`Error`]: damaged, unsupported, wrong password, and over the limits are told apart as far
/// as the format allows. Keys that no given password opens are no error; they stay sealed.
pub fn decode(bytes: &[u8], passwords: &Passwords<'_>, limits: &Limits) -> Result<Keystore, Error> {
    let format = detect(bytes).ok_or_else(|| Error::NotAKeystore {
        found: first_bytes(bytes),
    })?;
    if bytes.len() > limits.file_size {
        return Err(Error::LimitExceeded {
            format,
            what: "a size",
            found: format!("{} bytes", bytes.len()),
            limit: format!("{} bytes", limits.file_size),
        });
    }
    match format {
        Format::Bks => bks::decode(bytes, passwords, limits),
        Format::Pkcs12 => pkcs12::decode(bytes, passwords, limits),
        Format::Uber => uber::decode(bytes, passwords, limits),
        Format::Jks => jks::decode(bytes, passwords, limits),
        Format::Jceks => jceks::decode(bytes, passwords, limits),
        Format::Pem => pem::decode(bytes, passwords, limits),
        Format::Bcfks => bcfks::decode(bytes, passwords, limits),
    }
}

fn first_bytes(bytes: &[u8]) -> String {
    if let Some(announced) = cut_off::announced(bytes) {
        let there = bytes.len();
        return format!("it is DER that was cut off, {there} of {announced} bytes are there");
    }
    match bytes.get(..bytes.len().min(8)) {
        None | Some([]) => "there are none, it is empty".to_owned(),
        Some(first) => format!("they begin with {}", crate::x509::hex(first)),
    }
}
