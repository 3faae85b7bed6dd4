//! A small DER writer: values are byte vectors, built from the inside out.

use super::ber::tag;

/// Tag, length, content.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    let length = content.len();
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        out.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let significant = bytes.iter().skip_while(|byte| **byte == 0);
        let count = u8::try_from(significant.clone().count()).unwrap_or(8);
        out.push(0x80 | count);
        out.extend(significant);
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of these encodings.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &parts.concat())
}

/// SET OF, sorted by encoding as DER demands.
pub(super) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(tag::SET, &parts.concat())
}

/// OCTET STRING.
pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, content)
}

/// `[0] EXPLICIT`.
pub(super) fn context_0(content: &[u8]) -> Vec<u8> {
    tlv(tag::CONTEXT_0, content)
}

/// A non-negative INTEGER.
pub(super) fn integer(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    let significant = bytes.get(zeros..).unwrap_or_default();
    let mut content = Vec::with_capacity(9);
    if significant.first().is_some_and(|first| first & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(significant);
    tlv(tag::INTEGER, &content)
}

/// NULL.
pub(super) fn null() -> Vec<u8> {
    vec![tag::NULL, 0]
}

/// OBJECT IDENTIFIER from its dotted notation (a constant of ours, so it is well-formed).
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').filter_map(|arc| arc.parse::<u64>().ok());
    let first = arcs.next().unwrap_or_default() * 40 + arcs.next().unwrap_or_default();
    let mut content = Vec::new();
    base128(first, &mut content);
    for arc in arcs {
        base128(arc, &mut content);
    }
    tlv(tag::OID, &content)
}

/// `AlgorithmIdentifier`.
pub(super) fn algorithm(dotted: &str, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&oid(dotted), parameters])
}

fn base128(value: u64, out: &mut Vec<u8>) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let [.., low] = (value >> (group * 7)).to_be_bytes();
        out.push(if group == 0 { low & 0x7f } else { low | 0x80 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::ber::dotted;

    #[test]
    fn lengths_integers_identifiers() {
        assert_eq!(tlv(4, &[0; 3]), [4, 3, 0, 0, 0]);
        assert_eq!(tlv(4, &[0; 200]).get(..3), Some(&[4, 0x81, 200][..]));
        assert_eq!(tlv(4, &[0; 300]).get(..4), Some(&[4, 0x82, 1, 44][..]));
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer(10_000), [2, 2, 0x27, 0x10]);
        for text in [
            "1.2.840.113549.1.12.10.1.2",
            "2.16.840.1.113894.746875.1.1",
            "2.5.29.37.0",
        ] {
            assert_eq!(dotted(oid(text).get(2..).unwrap()).unwrap(), text);
        }
    }
}
