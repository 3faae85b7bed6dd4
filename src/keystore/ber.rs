//! A bounded BER reader: definite and indefinite lengths, constructed strings, offsets in errors.
//!
//! BouncyCastle, NSS and old Windows write PKCS#12 with indefinite lengths, which DER readers
//! refuse. Nothing is copied but chunked strings, and no length is believed before it is checked.

use std::borrow::Cow;

use super::{Error, Format};

/// How deep structures may nest.
const MAX_DEPTH: u8 = 32;

/// Universal and context tags that stores are made of (first identifier octet).
pub(super) mod tag {
    pub(in crate::keystore) const INTEGER: u8 = 0x02;
    pub(in crate::keystore) const BIT_STRING: u8 = 0x03;
    pub(in crate::keystore) const OCTET_STRING: u8 = 0x04;
    pub(in crate::keystore) const OID: u8 = 0x06;
    pub(in crate::keystore) const UTF8_STRING: u8 = 0x0c;
    pub(in crate::keystore) const GENERALIZED_TIME: u8 = 0x18;
    pub(in crate::keystore) const BMP_STRING: u8 = 0x1e;
    pub(in crate::keystore) const SEQUENCE: u8 = 0x30;
    pub(in crate::keystore) const SET: u8 = 0x31;
    pub(in crate::keystore) const CONTEXT_0: u8 = 0xa0;
    pub(in crate::keystore) const CONTEXT_0_PRIMITIVE: u8 = 0x80;
}

/// One element: its tag, its content, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    /// The identifier octet; tags above 30 do not occur.
    pub(super) tag: u8,
    /// The content octets, without end-of-contents.
    pub(super) content: &'a [u8],
    /// The whole encoding.
    pub(super) whole: &'a [u8],
    offset: usize,
    depth: u8,
    format: Format,
}

/// Reads elements one after the other.
#[derive(Debug, Clone)]
pub(super) struct Ber<'a> {
    format: Format,
    bytes: &'a [u8],
    at: usize,
    /// Offset of `bytes` in the file, for errors.
    base: usize,
    depth: u8,
}

impl<'a> Ber<'a> {
    pub(super) fn new(format: Format, bytes: &'a [u8]) -> Self {
        Self {
            format,
            bytes,
            at: 0,
            base: 0,
            depth: 0,
        }
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> Error {
        malformed(self.format, self.base + self.at, reason)
    }

    /// The tag of the next element, if there is one.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// The next element, whatever it is.
    pub(super) fn any(&mut self) -> Result<Element<'a>, Error> {
        let start = self.at;
        let header = self.header()?;
        let content_start = self.at;
        let content = match header.length {
            Some(length) => self.take(length)?,
            None => {
                self.skip_indefinite(self.depth + 1)?;
                let end = self.at - 2;
                self.bytes.get(content_start..end).unwrap_or_default()
            }
        };
        Ok(Element {
            tag: header.tag,
            content,
            whole: self.bytes.get(start..self.at).unwrap_or_default(),
            offset: self.base + content_start,
            depth: self.depth,
            format: self.format,
        })
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, what: &str) -> Result<Element<'a>, Error> {
        match self.peek() {
            // A constructed string where a primitive one is expected is BER's right.
            Some(found) if found == tag || (is_string(tag) && found == tag | 0x20) => self.any(),
            Some(found) => Err(self.malformed(format!(
                "{what} is expected (tag {tag:02x}), and tag {found:02x} is there"
            ))),
            None => Err(self.malformed(format!("{what} is missing"))),
        }
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Error> {
        if self.peek() == Some(tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn sequence(&mut self, what: &str) -> Result<Self, Error> {
        self.expect(tag::SEQUENCE, what)?.inside()
    }

    /// An INTEGER that fits 64 bits.
    pub(super) fn integer(&mut self, what: &str) -> Result<i64, Error> {
        let element = self.expect(tag::INTEGER, what)?;
        let content = match element.content {
            [0, rest @ ..] if rest.len() == 8 => {
                return Err(element.malformed(format!("{what} is too large")));
            }
            content => content,
        };
        let Some(first) = content.first() else {
            return Err(element.malformed(format!("{what} is empty")));
        };
        if content.len() > 8 {
            return Err(element.malformed(format!("{what} is too large")));
        }
        let sign = if first & 0x80 == 0 { 0_u8 } else { 0xff };
        let mut bytes = [sign; 8];
        for (to, from) in bytes.iter_mut().rev().zip(content.iter().rev()) {
            *to = *from;
        }
        Ok(i64::from_be_bytes(bytes))
    }

    /// An OCTET STRING, its chunks joined where it is constructed.
    pub(super) fn octets(&mut self, what: &str) -> Result<Cow<'a, [u8]>, Error> {
        self.expect(tag::OCTET_STRING, what)?.string_content()
    }

    /// An OBJECT IDENTIFIER in dotted notation.
    pub(super) fn oid(&mut self, what: &str) -> Result<String, Error> {
        let element = self.expect(tag::OID, what)?;
        dotted(element.content)
            .ok_or_else(|| element.malformed(format!("{what} is no object identifier")))
    }

    /// Nothing may follow.
    pub(super) fn finish(&self, what: &str) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.malformed(format!("{} bytes follow {what}", self.rest().len())))
    }

    fn header(&mut self) -> Result<Header, Error> {
        let tag = self.byte()?;
        if tag & 0x1f == 0x1f {
            return Err(self.malformed("a tag above 30"));
        }
        let first = self.byte()?;
        let length = match first {
            0..=0x7f => Some(usize::from(first)),
            0x80 if tag & 0x20 != 0 => None,
            0x80 => return Err(self.malformed("an indefinite length on a primitive value")),
            0x81..=0x84 => {
                let mut length = 0_usize;
                for _ in 0..first & 0x7f {
                    length = length << 8 | usize::from(self.byte()?);
                }
                Some(length)
            }
            _ => return Err(self.malformed("a length of more than four bytes")),
        };
        Ok(Header { tag, length })
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.peek().ok_or_else(|| self.malformed("the bytes end"))?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(length);
        let bytes = end.and_then(|end| self.bytes.get(self.at..end));
        let Some(bytes) = bytes else {
            let left = self.rest().len();
            return Err(self.malformed(format!("{length} bytes are announced, {left} are left")));
        };
        self.at += length;
        Ok(bytes)
    }

    /// Moves behind the end-of-contents of an indefinite value; linear, since what is inside a
    /// definite length is not looked at.
    fn skip_indefinite(&mut self, depth: u8) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.malformed(format!("structures nest deeper than {MAX_DEPTH}")));
        }
        loop {
            if self.rest().starts_with(&[0, 0]) {
                self.at += 2;
                return Ok(());
            }
            let header = self.header()?;
            match header.length {
                Some(length) => {
                    self.take(length)?;
                }
                None => self.skip_indefinite(depth + 1)?,
            }
        }
    }
}

struct Header {
    tag: u8,
    length: Option<usize>,
}

impl<'a> Element<'a> {
    pub(super) fn malformed(&self, reason: impl Into<String>) -> Error {
        malformed(self.format, self.offset, reason)
    }

    /// Reads what is inside.
    pub(super) fn inside(&self) -> Result<Ber<'a>, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(self.malformed(format!("structures nest deeper than {MAX_DEPTH}")));
        }
        Ok(Ber {
            format: self.format,
            bytes: self.content,
            at: 0,
            base: self.offset,
            depth: self.depth + 1,
        })
    }

    /// The content of a string type, its chunks joined where it is constructed.
    pub(super) fn string_content(&self) -> Result<Cow<'a, [u8]>, Error> {
        if self.tag & 0x20 == 0 {
            return Ok(Cow::Borrowed(self.content));
        }
        let mut joined = Vec::with_capacity(self.content.len());
        let mut chunks = self.inside()?;
        while !chunks.is_empty() {
            let chunk = chunks.expect(tag::OCTET_STRING, "a chunk of a string")?;
            joined.extend_from_slice(&chunk.string_content()?);
        }
        Ok(Cow::Owned(joined))
    }
}

fn is_string(tag: u8) -> bool {
    matches!(tag, tag::OCTET_STRING | tag::CONTEXT_0_PRIMITIVE)
}

fn malformed(format: Format, offset: usize, reason: impl Into<String>) -> Error {
    Error::Malformed {
        format,
        offset,
        reason: reason.into(),
    }
}

/// The dotted notation of an encoded object identifier; `None` for arcs beyond 64 bits.
pub(crate) fn dotted(content: &[u8]) -> Option<String> {
    use std::fmt::Write as _;
    let (last, _) = content.split_last()?;
    if last & 0x80 != 0 || content.len() > 64 {
        return None;
    }
    let mut out = String::new();
    let mut arc = 0_u64;
    for byte in content {
        arc = arc.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 != 0 {
            continue;
        }
        if out.is_empty() {
            let first = (arc / 40).min(2);
            write!(out, "{first}.{}", arc - first * 40).ok()?;
        } else {
            write!(out, ".{arc}").ok()?;
        }
        arc = 0;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Ber<'_> {
        Ber::new(Format::Pkcs12, bytes)
    }

    #[test]
    fn indefinite_lengths_and_chunks() {
        // SEQUENCE (indefinite) { [OCTET STRING constructed] { 01, 02 03 } }
        let bytes = [
            0x30, 0x80, 0x24, 0x80, 4, 1, 1, 4, 2, 2, 3, 0, 0, 0, 0, 0xff,
        ];
        let mut outer = reader(&bytes);
        let mut inner = outer.sequence("a sequence").unwrap();
        assert_eq!(*inner.octets("a string").unwrap(), [1, 2, 3]);
        inner.finish("it").unwrap();
        assert_eq!(outer.rest(), [0xff]);
    }

    #[test]
    fn hostile_lengths_and_depths() {
        for bad in [
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x04, 0x80, 0, 0],
            &[0x1f, 0x81, 0],
            &[0x30],
            &[0x30, 0x80, 4, 1],
            &[],
        ] {
            assert!(reader(bad).any().is_err(), "{bad:02x?}");
        }
        let deep = [0x30, 0x80].repeat(100_000);
        assert!(reader(&deep).any().is_err());
    }

    #[test]
    fn integers_and_identifiers() {
        assert_eq!(reader(&[2, 2, 0x10, 0]).integer("n").unwrap(), 4096);
        assert_eq!(reader(&[2, 1, 0xff]).integer("n").unwrap(), -1);
        assert!(reader(&[2, 0]).integer("n").is_err());
        assert!(
            reader(&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0])
                .integer("n")
                .is_err()
        );
        let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
        assert_eq!(dotted(&sha256).unwrap(), "2.16.840.1.101.3.4.2.1");
        assert_eq!(dotted(&[0x80]), None);
    }
}
