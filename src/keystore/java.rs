//! What the stores of Java have in common: certificates with their type, aliases that are unique,
//! and lengths as `DataOutput` writes them.

use std::collections::HashMap;

use super::reader::Reader;
use super::{Alias, Entry, Error, Format, Integrity, Keystore, Limits, Protection, mutf8};

const MAX_CHAIN: usize = 1_000;

/// A certificate as it stands in the file.
pub(super) struct RawCertificate<'a> {
    /// What the file says that it is; version 1 of JKS says nothing.
    kind: Option<String>,
    der: &'a [u8],
    at: usize,
    format: Format,
}

impl<'a> RawCertificate<'a> {
    /// Type and bytes.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let at = reader.at();
        let kind = Some(reader.utf_text()?);
        Ok(Self {
            kind,
            der: reader.byte_array()?,
            at,
            format: reader.format(),
        })
    }

    /// Bytes alone, as in version 1 of JKS.
    pub(super) fn read_untyped(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(Self {
            kind: None,
            at: reader.at(),
            der: reader.byte_array()?,
            format: reader.format(),
        })
    }

    /// The certificate, where it is one of X.509.
    pub(super) fn der(&self) -> Result<Vec<u8>, Error> {
        match self.kind.as_deref() {
            None | Some("X.509" | "X509") => Ok(self.der.to_vec()),
            Some(kind) => Err(Error::Malformed {
                format: self.format,
                offset: self.at,
                reason: format!("a certificate of type `{kind}`"),
            }),
        }
    }
}

/// How many entries and certificates a store may still have while it is walked.
pub(super) struct Allowance {
    entries: usize,
    certificates: usize,
    limit: usize,
}

impl Allowance {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            entries: limits.entries,
            certificates: limits.entries,
            limit: limits.entries,
        }
    }

    /// One more entry.
    pub(super) fn entry(&mut self, reader: &Reader<'_>) -> Result<(), Error> {
        let what = "a number of entries";
        self.entries = one_less(self.entries, self.limit, what, reader)?;
        Ok(())
    }

    /// A chain's length and its certificates.
    pub(super) fn chain<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        read: impl Fn(&mut Reader<'a>) -> Result<RawCertificate<'a>, Error>,
    ) -> Result<Vec<RawCertificate<'a>>, Error> {
        let count = reader.count("the length of a chain")?;
        if count > MAX_CHAIN {
            return Err(reader.malformed(format!("a chain of {count} certificates")));
        }
        let mut chain = Vec::new();
        for _ in 0..count {
            let what = "a number of certificates";
            self.certificates = one_less(self.certificates, self.limit, what, reader)?;
            chain.push(read(reader)?);
        }
        Ok(chain)
    }
}

fn one_less(
    left: usize,
    limit: usize,
    what: &'static str,
    reader: &Reader<'_>,
) -> Result<usize, Error> {
    left.checked_sub(1).ok_or_else(|| Error::LimitExceeded {
        format: reader.format(),
        what,
        found: format!("more than {limit}"),
        limit: limit.to_string(),
    })
}

/// Entries by alias: of those with the same one, the last wins, as in Java.
#[derive(Default)]
pub(super) struct LastWins {
    entries: Vec<Option<Entry>>,
    seen: HashMap<Alias, (usize, usize)>,
}

impl LastWins {
    pub(super) fn push(&mut self, entry: Entry) {
        let at = self.entries.len();
        let (last, count) = self.seen.entry(entry.alias.clone()).or_insert((at, 0));
        if let Some(earlier) = self.entries.get_mut(*last) {
            *earlier = None;
        }
        *last = at;
        *count += 1;
        self.entries.push(Some(entry));
    }

    /// The entries that count, and a sentence on each alias that came up more than once.
    pub(super) fn finish(self, protection: Vec<Protection>) -> Interpreted {
        let entries: Vec<Entry> = self.entries.into_iter().flatten().collect();
        let oddities = entries
            .iter()
            .filter_map(|entry| match self.seen.get(&entry.alias) {
                Some((_, count @ 2..)) => Some(format!(
                    "{count} entries have the alias `{}`; the last one counts",
                    entry.alias
                )),
                _ => None,
            })
            .collect();
        Interpreted {
            entries,
            protection,
            oddities,
        }
    }
}

/// Entries with what seals their keys and what is odd about them.
pub(super) struct Interpreted {
    pub(super) entries: Vec<Entry>,
    pub(super) protection: Vec<Protection>,
    pub(super) oddities: Vec<String>,
}

impl Interpreted {
    /// The store of these entries, which is protected as a whole as well.
    pub(super) fn into_store(
        self,
        format: Format,
        version: i64,
        integrity: Integrity,
        whole: Protection,
    ) -> Keystore {
        let mut store = Keystore::new(format, self.entries);
        store.version = Some(version);
        store.integrity = integrity;
        store.protection = self.protection;
        store.protection.insert(0, whole);
        store.oddities = self.oddities;
        store
    }
}

/// The aliases as the format writes them, in modified UTF-8, each unlike the others.
pub(super) fn encoded_aliases(
    format: Format,
    entries: &[Entry],
    spelling: impl Fn(&Alias) -> Alias,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut seen = HashMap::new();
    entries
        .iter()
        .map(|entry| {
            let alias = spelling(&entry.alias);
            let encoded = mutf8::encode(alias.units()).ok_or_else(|| Error::NotRepresentable {
                format,
                what: format!("an alias of {} characters", alias.units().len()),
            })?;
            match seen.insert(alias, &entry.alias) {
                None => Ok(encoded),
                Some(earlier) => Err(Error::NotRepresentable {
                    format,
                    what: format!("both `{earlier}` and `{}`: one alias for two", entry.alias),
                }),
            }
        })
        .collect()
}

/// `i32` count or length.
pub(super) fn put_count(out: &mut Vec<u8>, count: usize) {
    // Two gigabytes and more do not come up; a saturated length would be refused on reading.
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    out.extend_from_slice(&count.to_be_bytes());
}

/// `i32` length and bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// `u16` length and text that is modified UTF-8 already; ASCII is.
pub(super) fn put_utf(out: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text);
}

/// Type and bytes of a certificate.
pub(super) fn put_certificate(out: &mut Vec<u8>, der: &[u8]) {
    put_utf(out, b"X.509");
    put_bytes(out, der);
}

/// Count and certificates.
pub(super) fn put_chain(out: &mut Vec<u8>, chain: &[Vec<u8>]) {
    put_count(out, chain.len());
    for certificate in chain {
        put_certificate(out, certificate);
    }
}
