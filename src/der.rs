//! A small DER writer: values are byte vectors, built from the inside out.

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTEXT_0: u8 = 0xa0;

/// Tag, length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
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
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// SET OF, sorted by encoding as DER demands.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(SET, &parts.concat())
}

/// OCTET STRING.
pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, content)
}

/// `[0] EXPLICIT`.
pub(crate) fn context_0(content: &[u8]) -> Vec<u8> {
    tlv(CONTEXT_0, content)
}

/// A BIT STRING of whole bytes.
pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], content].concat())
}

/// A BIT STRING of named flags (lowest bit first), its trailing zeros cut off as DER demands.
pub(crate) fn flags(set: u16) -> Vec<u8> {
    let reversed = set.reverse_bits();
    let length = 16 - reversed.trailing_zeros();
    let count = usize::try_from(length.div_ceil(8)).unwrap_or(0);
    let unused = u8::try_from((8 - length % 8) % 8).unwrap_or(0);
    let bytes = reversed.to_be_bytes();
    let mut content = vec![unused];
    content.extend(bytes.iter().take(count));
    tlv(BIT_STRING, &content)
}

/// BOOLEAN.
pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(BOOLEAN, &[if value { 0xff } else { 0 }])
}

/// `[n] EXPLICIT`.
pub(crate) fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(CONTEXT_0 | number, content)
}

/// `[n] IMPLICIT` of a primitive type.
pub(crate) fn implicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

/// A non-negative INTEGER.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// A non-negative INTEGER from its big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let zeros = zeros.min(bytes.len().saturating_sub(1));
    let significant = bytes.get(zeros..).unwrap_or_default();
    let mut content = Vec::with_capacity(significant.len() + 1);
    if significant.first().is_some_and(|first| first & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(significant);
    tlv(INTEGER, &content)
}

/// NULL.
pub(crate) fn null() -> Vec<u8> {
    vec![NULL, 0]
}

/// OBJECT IDENTIFIER from its dotted notation (a constant of ours, so it is well-formed).
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').filter_map(|arc| arc.parse::<u64>().ok());
    let first = arcs.next().unwrap_or_default() * 40 + arcs.next().unwrap_or_default();
    let mut content = Vec::new();
    base128(first, &mut content);
    for arc in arcs {
        base128(arc, &mut content);
    }
    tlv(OID, &content)
}

/// `AlgorithmIdentifier`.
pub(crate) fn algorithm(dotted: &str, parameters: &[u8]) -> Vec<u8> {
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

    #[test]
    fn lengths_integers_identifiers() {
        assert_eq!(tlv(4, &[0; 3]), [4, 3, 0, 0, 0]);
        assert_eq!(tlv(4, &[0; 200]).get(..3), Some(&[4, 0x81, 200][..]));
        assert_eq!(tlv(4, &[0; 300]).get(..4), Some(&[4, 0x82, 1, 44][..]));
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(flags(0b1), [3, 2, 7, 0x80]);
        assert_eq!(flags(0b110_0000), [3, 2, 1, 6]);
        assert_eq!(flags(1 << 8), [3, 3, 7, 0, 0x80]);
        assert_eq!(flags(0), [3, 1, 0]);
        assert_eq!(integer(10_000), [2, 2, 0x27, 0x10]);
        let friendly = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
        assert_eq!(oid("1.2.840.113549.1.9.20"), friendly);
        assert_eq!(oid("2.5.29.37.0"), [6, 4, 0x55, 0x1d, 0x25, 0]);
        assert_eq!(oid("2.999.1"), [6, 3, 0x88, 0x37, 1]);
    }
}
