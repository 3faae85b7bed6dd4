//! From bags to entries: which certificate belongs to which key, and what is trusted.
//!
//! Keys are matched by public key first, as OpenSSL does, then by localKeyID, then by name.

use std::collections::HashSet;

use super::bags::{Attributes, Bags};
use crate::keystore::{Alias, Content, Entry, KeyState, millis};
use crate::secret::PrivateKey;
use crate::time::Timestamp;
use crate::x509::{Certificate, key};

/// Makes entries of the bags; certificates that serve no key's chain stand alone.
pub(super) fn from_bags(bags: Bags, oddities: &mut Vec<String>) -> Vec<Entry> {
    let pool = Pool::new(bags.certificates);
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
    for (index, found) in pool.certificates.iter().enumerate() {
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
    entries
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

struct Found {
    attributes: Attributes,
    der: Vec<u8>,
    parsed: Option<Certificate>,
}

struct Pool {
    certificates: Vec<Found>,
}

impl Pool {
    fn new(certificates: Vec<(Attributes, Vec<u8>)>) -> Self {
        let certificates = certificates
            .into_iter()
            .map(|(attributes, der)| {
                let parsed = Certificate::from_der(&der).ok();
                Found {
                    attributes,
                    der,
                    parsed,
                }
            })
            .collect();
        Self { certificates }
    }

    fn der(&self, index: usize) -> Option<Vec<u8>> {
        self.certificates.get(index).map(|found| found.der.clone())
    }

    fn attributes(&self, index: usize) -> Option<&Attributes> {
        self.certificates.get(index).map(|found| &found.attributes)
    }

    fn position(&self, test: impl Fn(&Found) -> bool) -> Option<usize> {
        self.certificates.iter().position(test)
    }

    fn leaf_of(&self, key: &KeyState<PrivateKey>, attributes: &Attributes) -> Option<usize> {
        let public = key.open().and_then(|key| key::public_key(key).ok());
        let by_key = public.and_then(|public| {
            self.position(|found| {
                found
                    .parsed
                    .as_ref()
                    .is_some_and(|parsed| parsed.public_key.same_key(&public))
            })
        });
        let by_id = || {
            let id = attributes.local_key_id.as_ref()?;
            self.position(|found| found.attributes.local_key_id.as_ref() == Some(id))
        };
        let by_name = || {
            let name = attributes.friendly_name.as_ref()?;
            self.position(|found| found.attributes.friendly_name.as_ref() == Some(name))
        };
        by_key.or_else(by_id).or_else(by_name)
    }

    /// Follows issuer names until a self-issued certificate, a gap, or a cycle.
    fn chain_from(&self, leaf: usize) -> Vec<usize> {
        let mut chain = vec![leaf];
        let mut current = leaf;
        while let Some(parsed) = self
            .certificates
            .get(current)
            .and_then(|f| f.parsed.as_ref())
        {
            if parsed.is_self_issued() {
                break;
            }
            let issuer = self.position(|found| {
                found
                    .parsed
                    .as_ref()
                    .is_some_and(|other| other.subject.der() == parsed.issuer.der())
            });
            match issuer {
                Some(index) if !chain.contains(&index) => {
                    chain.push(index);
                    current = index;
                }
                _ => break,
            }
        }
        chain
    }
}
