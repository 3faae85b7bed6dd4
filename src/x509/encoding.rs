//! Where the bytes of a certificate depart from DER (X.690) and from RFC 5280's types, although
//! their meaning can be read: what some stacks refuse and others do not see.

use super::Certificate;

/// One departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodingFlaw {
    /// Something follows the certificate.
    TrailingData,
    /// The algorithm in the signed part is not the one outside (RFC 5280 section 4.1.1.2).
    AlgorithmMismatch,
    /// A length takes more octets than it needs (X.690 section 10.1).
    LongLength,
    /// The serial number begins with a needless octet (X.690 section 8.3.2).
    PaddedSerial,
    /// A date without seconds, or with a time zone instead of `Z` (RFC 5280 section 4.1.2.5).
    DateForm,
    /// A name holds a string of a type that RFC 5280 section 4.1.2.4 does not know.
    StringType,
}

impl Certificate {
    /// The departures, each kind once.
    #[must_use]
    pub fn encoding_flaws(&self) -> Vec<EncodingFlaw> {
        let mut flaws = Vec::new();
        if self.trailing > 0 {
            flaws.push(EncodingFlaw::TrailingData);
        }
        if has_long_length(&self.der, 0) {
            flaws.push(EncodingFlaw::LongLength);
        }
        flaws.extend(in_fields(&self.der).into_iter().flatten());
        flaws
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const CONSTRUCTED: u8 = 0x20;
/// Videotex, Graphic, Visible and GeneralString.
const FOREIGN_STRINGS: [u8; 4] = [0x15, 0x19, 0x1a, 0x1b];
/// No certificate nests deeper.
const DEPTH: usize = 16;

/// An element, and what follows it.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
    is_minimal: bool,
}

/// The first element of `bytes`; indefinite lengths and high tag numbers are not read.
fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    let (length, after, is_minimal) = if first < 0x80 {
        (usize::from(first), after, true)
    } else {
        let count = usize::from(first & 0x7f);
        let (octets, after) = after.split_at_checked(count)?;
        if tag & 0x1f == 0x1f || !(1..=4).contains(&count) {
            return None;
        }
        let value = |sum: usize, octet: &u8| sum << 8 | usize::from(*octet);
        let length = octets.iter().fold(0, value);
        let is_minimal = length >= 0x80 && octets.first() != Some(&0);
        (length, after, is_minimal)
    };
    let (content, rest) = after.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Element {
        tag,
        content,
        whole,
        rest,
        is_minimal,
    })
}

/// The elements side by side in `bytes`.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let found = element(bytes)?;
        bytes = found.rest;
        Some(found)
    })
}

fn has_long_length(bytes: &[u8], depth: usize) -> bool {
    depth < DEPTH
        && elements(bytes).any(|one| {
            let is_constructed = one.tag & CONSTRUCTED != 0;
            !one.is_minimal || (is_constructed && has_long_length(one.content, depth + 1))
        })
}

/// What is wrong with single fields of the certificate.
fn in_fields(der: &[u8]) -> Option<Vec<EncodingFlaw>> {
    let mut outer = elements(element(der)?.content);
    let (signed, algorithm) = (outer.next()?, outer.next()?);
    let mut fields = elements(signed.content).skip_while(|field| field.tag == VERSION);
    let (serial, inner, issuer) = (fields.next()?, fields.next()?, fields.next()?);
    let (validity, subject) = (fields.next()?, fields.next()?);
    let checks = [
        (
            inner.whole != algorithm.whole,
            EncodingFlaw::AlgorithmMismatch,
        ),
        (is_padded(serial), EncodingFlaw::PaddedSerial),
        (
            elements(validity.content).any(is_odd_date),
            EncodingFlaw::DateForm,
        ),
        (
            has_foreign_string(issuer) || has_foreign_string(subject),
            EncodingFlaw::StringType,
        ),
    ];
    let found = checks.into_iter().filter(|(holds, _)| *holds);
    Some(found.map(|(_, flaw)| flaw).collect())
}

fn is_padded(serial: Element<'_>) -> bool {
    serial.tag == INTEGER
        && matches!(serial.content, [0, next, ..] if next & 0x80 == 0)
            | matches!(serial.content, [0xff, next, ..] if next & 0x80 != 0)
}

fn is_odd_date(date: Element<'_>) -> bool {
    let digits = match date.tag {
        UTC_TIME => 12,
        GENERALIZED_TIME => 14,
        _ => return true,
    };
    let (zone, number) = match date.content.split_last() {
        Some((zone, number)) => (*zone, number),
        None => return true,
    };
    zone != b'Z' || number.len() != digits || !number.iter().all(u8::is_ascii_digit)
}

/// RDNSequence: SEQUENCE of SET of SEQUENCE of type and value.
fn has_foreign_string(name: Element<'_>) -> bool {
    let attributes = elements(name.content).flat_map(|set| elements(set.content));
    let mut values = attributes.filter_map(|attribute| elements(attribute.content).nth(1));
    values.any(|value| FOREIGN_STRINGS.contains(&value.tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Element<'_> {
        element(bytes).unwrap()
    }

    #[test]
    fn lengths_are_read_and_judged() {
        assert!(one(&[0x30, 1, 5]).is_minimal);
        assert!(!one(&[0x30, 0x81, 1, 5]).is_minimal);
        assert!(!one(&[&[0x30, 0x82, 0, 0x80], &[0; 0x80][..]].concat()).is_minimal);
        assert!(one(&[&[0x30, 0x81, 0x80], &[0; 0x80][..]].concat()).is_minimal);
        for broken in [&[0x30][..], &[0x30, 2, 0], &[0x30, 0x80], &[0x30, 0x85, 0]] {
            assert!(element(broken).is_none(), "{broken:02x?}");
        }
    }

    #[test]
    fn integers_are_padded_by_octets_that_say_nothing() {
        let padded: [&[u8]; 2] = [&[2, 2, 0, 1], &[2, 2, 0xff, 0x80]];
        let tight: [&[u8]; 4] = [&[2, 1, 0], &[2, 2, 0, 0x80], &[2, 2, 0xff, 1], &[2, 0]];
        assert!(padded.iter().all(|bytes| is_padded(one(bytes))));
        assert!(!tight.iter().any(|bytes| is_padded(one(bytes))));
    }

    #[test]
    fn dates_have_seconds_and_end_in_z() {
        let date = |tag, text: &str| is_odd_date(one(&crate::der::tlv(tag, text.as_bytes())));
        assert!(!date(UTC_TIME, "200101000000Z"));
        assert!(!date(GENERALIZED_TIME, "20500101000000Z"));
        for odd in ["2001010000Z", "200101000000+0000", "20010100000 Z", ""] {
            assert!(date(UTC_TIME, odd), "{odd}");
        }
        assert!(date(GENERALIZED_TIME, "20500101000000.5Z"));
    }

    #[test]
    fn deep_nests_are_survived() {
        let mut nest = Vec::new();
        for _ in 0..2_000 {
            nest = crate::der::tlv(0x30, &nest);
        }
        assert!(!has_long_length(&nest, 0));
        assert!(in_fields(&nest).is_none());
    }
}
