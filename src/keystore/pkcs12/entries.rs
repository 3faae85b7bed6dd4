//! From bags to entries: which certificate belongs to which key, and what is trusted.
//!
//! Keys are matched by public key first, as OpenSSL does, then by localKeyID, then by name.

use std::collections::{HashMap, HashSet};

use super::bags::{Attributes, Bags};
use crate::keystore::{Alias, Content, Entry, Error, Format, KeyState, millis};
use crate::secret::PrivateKey;
use crate::time::Timestamp;
use crate::x509::{Certificate, KeyKind, key};

/// Makes entries of the bags; certificates that serve no key's chain stand alone.
pub(super) fn from_bags(
    bags: Bags,
    room: usize,
    oddities: &mut Vec<String>,
) -> Result<Vec<Entry>, Error> {
    let certificates: Vec<Found> = bags.certificates.into_iter().map(Found::new).collect();
    let pool = Pool::new(&certificates);
    let mut room = Room {
        limit: room,
        taken: 0,
    };
    let mut names = Names::default();
    let mut used = HashSet::new();
    let mut entries = Vec::new();
    for (attributes, key) in bags.keys {
        let leaf = pool.leaf_of(&key, &attributes);
        let chain = leaf.map(|leaf| pool.chain_from(leaf)).unwrap_or_default();
        if leaf.is_none() && !pool.certificates.is_empty() {
            oddities.push("a private key has no certificate in the store".into());
        }
        used.extend(chain.iter().copied());
        room.take(&chain, &pool)?;
        let chain = chain.iter().filter_map(|index| pool.der(*index)).collect();
        let named = leaf.and_then(|leaf| pool.attributes(leaf));
        let alias = names.take(&attributes, named);
        entries.push(Entry::new(
            alias,
            created(&attributes),
            Content::PrivateKey { key, chain },
        ));
    }
    let used_certificates: HashSet<Vec<u8>> =
        used.iter().filter_map(|index| pool.der(*index)).collect();
    for (index, found) in certificates.iter().enumerate() {
        let trusted = found.attributes.java_trusted;
        // Java writes a CA that is trusted and in a chain twice, and shows it once.
        let in_a_chain = used.contains(&index) || used_certificates.contains(&found.der);
        if in_a_chain && !trusted {
            continue;
        }
        let certificate = found.der.clone();
        let content = match trusted {
            true => Content::TrustedCertificate { certificate },
            false => Content::Certificate { certificate },
        };
        let alias = names.take(&found.attributes, None);
        entries.push(Entry::new(alias, created(&found.attributes), content));
    }
    for (attributes, algorithm, key) in bags.secrets {
        let alias = names.take(&attributes, None);
        let content = Content::SecretKey {
            algorithm,
            key,
            chain: Vec::new(),
        };
        entries.push(Entry::new(alias, created(&attributes), content));
    }
    Ok(entries)
}

/// Aliases: the friendly name, or a number where there is none, as Java gives it.
#[derive(Default)]
struct Names {
    unnamed: u32,
}

impl Names {
    fn take(&mut self, own: &Attributes, other: Option<&Attributes>) -> Alias {
        let other = other.and_then(|attributes| attributes.friendly_name.as_ref());
        match own.friendly_name.as_ref().or(other) {
            Some(units) => Alias::from_units(units.clone()),
            None => {
                self.unnamed += 1;
                Alias::from(self.unnamed.to_string().as_str())
            }
        }
    }
}

/// Java writes `Time <milliseconds>` as localKeyID.
fn created(attributes: &Attributes) -> Option<Timestamp> {
    let id = attributes.local_key_id.as_deref()?;
    let digits = std::str::from_utf8(id.strip_prefix(b"Time ")?).ok()?;
    millis::to_time(digits.parse().ok()?)
}

/// What the chains of all keys take together must not outgrow the room there is.
#[derive(Debug)]
struct Room {
    limit: usize,
    taken: usize,
}

impl Room {
    fn take(&mut self, chain: &[usize], pool: &Pool<'_>) -> Result<(), Error> {
        let certificates = chain.iter().filter_map(|index| pool.found(*index));
        let size: usize = certificates.map(|found| found.der.len()).sum();
        self.taken = self.taken.saturating_add(size);
        if self.taken <= self.limit {
            return Ok(());
        }
        Err(Error::LimitExceeded {
            format: Format::Pkcs12,
            what: "room for the chains of its keys",
            found: format!("more than {} bytes", self.limit),
            limit: format!("{} bytes", self.limit),
        })
    }
}

struct Found {
    attributes: Attributes,
    der: Vec<u8>,
    parsed: Option<Certificate>,
}

impl Found {
    fn new((attributes, der): (Attributes, Vec<u8>)) -> Self {
        let parsed = Certificate::from_der(&der).ok();
        Self {
            attributes,
            der,
            parsed,
        }
    }
}

/// The certificates of a store, and where the first of each key, identifier, name and subject is.
struct Pool<'a> {
    certificates: &'a [Found],
    by_key: HashMap<(&'a [u8], &'a KeyKind), usize>,
    by_id: HashMap<&'a [u8], usize>,
    by_name: HashMap<&'a [u16], usize>,
    by_subject: HashMap<&'a [u8], usize>,
}

impl<'a> Pool<'a> {
    fn new(certificates: &'a [Found]) -> Self {
        let mut pool = Self {
            certificates,
            by_key: HashMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            by_subject: HashMap::new(),
        };
        for (index, found) in certificates.iter().enumerate() {
            if let Some(id) = &found.attributes.local_key_id {
                pool.by_id.entry(id).or_insert(index);
            }
            if let Some(name) = &found.attributes.friendly_name {
                pool.by_name.entry(name).or_insert(index);
            }
            if let Some(parsed) = &found.parsed {
                let key = (parsed.public_key.key_bits(), parsed.public_key.kind());
                pool.by_key.entry(key).or_insert(index);
                let subject = parsed.subject.der();
                pool.by_subject.entry(subject).or_insert(index);
            }
        }
        pool
    }

    fn found(&self, index: usize) -> Option<&'a Found> {
        self.certificates.get(index)
    }

    fn der(&self, index: usize) -> Option<Vec<u8>> {
        self.found(index).map(|found| found.der.clone())
    }

    fn attributes(&self, index: usize) -> Option<&'a Attributes> {
        self.found(index).map(|found| &found.attributes)
    }

    fn leaf_of(&self, key: &KeyState<PrivateKey>, attributes: &Attributes) -> Option<usize> {
        let public = key.open().and_then(|key| key::public_key(key).ok());
        let by_key = public
            .as_ref()
            .and_then(|public| self.by_key.get(&(public.key_bits(), public.kind())));
        let by_id = || self.by_id.get(attributes.local_key_id.as_deref()?);
        let by_name = || self.by_name.get(attributes.friendly_name.as_deref()?);
        by_key.or_else(by_id).or_else(by_name).copied()
    }

    /// Follows issuer names until a self-issued certificate, a gap, or a cycle.
    fn chain_from(&self, leaf: usize) -> Vec<usize> {
        let mut chain = vec![leaf];
        let mut seen = HashSet::from([leaf]);
        let mut current = self.found(leaf);
        while let Some(parsed) = current.and_then(|found| found.parsed.as_ref()) {
            if parsed.is_self_issued() {
                break;
            }
            let issuer = self.by_subject.get(parsed.issuer.der()).copied();
            let Some(index) = issuer.filter(|index| seen.insert(*index)) else {
                break;
            };
            chain.push(index);
            current = self.found(index);
        }
        chain
    }
}
