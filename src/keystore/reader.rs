//! A bounded reader over the big-endian structures of Java's `DataInput`.

use super::{Error, Format};

/// Reads from a slice; every length is checked against what is left before it is believed.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    format: Format,
    bytes: &'a [u8],
    at: usize,
    /// Offset of `bytes` in the file, for errors.
    base: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(format: Format, bytes: &'a [u8]) -> Self {
        Self {
            format,
            bytes,
            at: 0,
            base: 0,
        }
    }

    /// Reads what was decrypted from the bytes at `base`, so that errors name the place there.
    pub(super) fn decrypted(format: Format, bytes: &'a [u8], base: usize) -> Self {
        Self {
            base,
            ..Self::new(format, bytes)
        }
    }

    /// The format on whose behalf is read.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The offset of the next byte in the file.
    pub(super) fn at(&self) -> usize {
        self.base + self.at
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// An error at the current offset.
    pub(super) fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::Malformed {
            format: self.format,
            offset: self.at(),
            reason: reason.into(),
        }
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(length);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(self.malformed(format!(
                "{length} bytes are announced, {} are left",
                self.rest().len()
            ))),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.take(N)?;
        <[u8; N]>::try_from(bytes).map_err(|_| self.malformed("the bytes end"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Error> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, Error> {
        self.array().map(i64::from_be_bytes)
    }

    /// A count or length as Java writes it: signed, so a negative one is malformed.
    pub(super) fn count(&mut self, what: &str) -> Result<usize, Error> {
        let found = self.i32()?;
        usize::try_from(found).map_err(|_| self.malformed(format!("{what} is negative ({found})")))
    }

    /// `i32` length and bytes.
    pub(super) fn byte_array(&mut self) -> Result<&'a [u8], Error> {
        self.nested().map(|nested| nested.bytes)
    }

    /// `i32` length and bytes, as a reader that keeps the offsets of the file.
    pub(super) fn nested(&mut self) -> Result<Self, Error> {
        let length = self.count("a length")?;
        let base = self.at();
        let bytes = self.take(length)?;
        Ok(Self {
            bytes,
            at: 0,
            base,
            ..*self
        })
    }

    /// What lies between here and where `later`, a clone of this reader, has got to.
    pub(super) fn up_to(&self, later: &Self) -> &'a [u8] {
        self.bytes.get(self.at..later.at).unwrap_or_default()
    }

    /// Nothing may follow.
    pub(super) fn finish(&self, what: &str) -> Result<(), Error> {
        match self.rest().len() {
            0 => Ok(()),
            left => Err(self.malformed(format!("{left} bytes follow {what}"))),
        }
    }

    /// `u16` length and modified UTF-8, as UTF-16 code units.
    pub(super) fn utf(&mut self) -> Result<Vec<u16>, Error> {
        let length = usize::from(self.u16()?);
        let start = self.clone();
        let bytes = self.take(length)?;
        super::mutf8::decode(bytes).ok_or_else(|| start.malformed("a text is not modified UTF-8"))
    }

    /// Like [`Reader::utf`], for names of types and algorithms.
    pub(super) fn utf_text(&mut self) -> Result<String, Error> {
        let units = self.utf()?;
        Ok(String::from_utf16_lossy(&units))
    }
}
