//! PEM files as stores: which certificates belong to which key, and entries written one after the
//! other.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::item::Item;
use super::write::{KeyDerivation, block, certificate, pkcs8_encrypt, private_key};
use crate::keystore::{
    Content, EncodeOptions, Entry, Error, Format, Integrity, KeyState, Keystore, Limits, Passwords,
    Protection, SealedKey,
};
use crate::random::Random;
use crate::secret::{PrivateKey, SecretBytes};
use crate::x509::{Certificate, key::public_key};

/// Reads a PEM or DER file as a store: each key with its chain, and the certificates that are left.
///
/// A certificate belongs to a key whose public half it carries; the rest of the chain follows by
/// issuer. Aliases are the common names.
pub(in crate::keystore) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let contents = super::read(bytes, passwords, limits)?;
    let oddities = contents.findings.iter().map(|f| f.cause.clone()).collect();
    let mut parts = Parts::default();
    for item in contents.items {
        match item {
            Item::Certificate { der, trusted } => parts.certificates.push(Found {
                parsed: Certificate::from_der(&der).ok(),
                der,
                trusted,
                used: false,
            }),
            Item::PrivateKey(key) => parts.keys.push(key),
            _ => {}
        }
    }
    let protection = parts.protection();
    let mut store = Keystore::new(Format::Pem, parts.into_entries());
    store.integrity = Integrity::None;
    store.protection = protection;
    store.oddities = oddities;
    Ok(store)
}

#[derive(Default)]
struct Parts {
    keys: Vec<KeyState<PrivateKey>>,
    certificates: Vec<Found>,
}

struct Found {
    der: Vec<u8>,
    parsed: Option<Certificate>,
    trusted: bool,
    used: bool,
}

impl Found {
    fn name(&self) -> Option<String> {
        let certificate = self.parsed.as_ref()?;
        let name = certificate.subject.common_name().map(str::to_owned);
        Some(name.unwrap_or_else(|| certificate.subject.to_string()))
            .filter(|name| !name.is_empty())
    }
}

impl Parts {
    fn protection(&self) -> Vec<Protection> {
        let sealed = self.keys.iter().filter_map(|key| match key {
            KeyState::Sealed(sealed) => Some(Protection {
                what: "key".into(),
                algorithm: sealed.algorithm.clone(),
                iterations: sealed.iterations,
            }),
            KeyState::Open { .. } => None,
        });
        sealed.collect()
    }

    fn into_entries(mut self) -> Vec<Entry> {
        let mut names = Names::default();
        let mut entries = Vec::new();
        let alone = self.keys.len() == 1;
        for key in std::mem::take(&mut self.keys) {
            let leaf = self.leaf_of(&key, alone);
            let alias = leaf.and_then(|leaf| self.certificates.get(leaf)?.name());
            let chain = leaf.map_or_else(Vec::new, |leaf| self.chain_from(leaf));
            let alias = names.unique(alias.as_deref().unwrap_or("key"));
            let content = Content::PrivateKey { key, chain };
            entries.push(Entry::new(alias.as_str(), None, content));
        }
        for found in self.certificates.iter().filter(|found| !found.used) {
            let alias = names.unique(found.name().as_deref().unwrap_or("certificate"));
            let certificate = found.der.clone();
            let content = match found.trusted {
                true => Content::TrustedCertificate { certificate },
                false => Content::Certificate { certificate },
            };
            entries.push(Entry::new(alias.as_str(), None, content));
        }
        entries
    }

    /// The certificate of a key: by public key, or the first one where the key stays sealed.
    fn leaf_of(&self, key: &KeyState<PrivateKey>, alone: bool) -> Option<usize> {
        let public = key.open().and_then(|key| public_key(key).ok());
        let Some(public) = public else {
            return (alone && !self.certificates.is_empty()).then_some(0);
        };
        self.certificates.iter().position(|found| {
            let parsed = found.parsed.as_ref();
            parsed.is_some_and(|c| c.public_key.key_bits() == public.key_bits())
        })
    }

    /// The chain by issuer, ending at a self-issued certificate, a gap, or a repetition.
    fn chain_from(&mut self, leaf: usize) -> Vec<Vec<u8>> {
        let mut chain = Vec::new();
        let mut next = Some(leaf);
        while let Some(found) = next.and_then(|index| self.certificates.get_mut(index)) {
            found.used = true;
            chain.push(found.der.clone());
            let issuer = found
                .parsed
                .as_ref()
                .filter(|certificate| !certificate.is_self_issued())
                .map(|certificate| certificate.issuer.clone());
            next = issuer.and_then(|issuer| {
                self.certificates.iter().position(|found| {
                    let parsed = found.parsed.as_ref();
                    !found.used && parsed.is_some_and(|c| c.subject.der() == issuer.der())
                })
            });
        }
        chain
    }
}

/// Aliases that are not taken yet: `name`, `name-2`, `name-3`.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn unique(&mut self, wanted: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{wanted}-{number}"));
        let mut candidates = std::iter::once(wanted.to_owned()).chain(numbered);
        let free = candidates.find(|name| !self.0.contains(name));
        let free = free.unwrap_or_else(|| wanted.to_owned());
        self.0.insert(free.clone());
        free
    }
}

/// Writes the entries as PEM text: each key with its chain before it, then other certificates, each
/// certificate once. With an empty password keys are written in the clear.
pub(in crate::keystore) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let mut writer = Writer {
        options,
        random,
        written: HashSet::new(),
        out: Zeroizing::new(Vec::new()),
    };
    for entry in &store.entries {
        writer.entry(entry)?;
    }
    Ok(SecretBytes::new(std::mem::take(&mut *writer.out)))
}

struct Writer<'a> {
    options: &'a EncodeOptions<'a>,
    random: &'a mut dyn Random,
    written: HashSet<Vec<u8>>,
    out: Zeroizing<Vec<u8>>,
}

impl Writer<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), Error> {
        match &entry.content {
            Content::TrustedCertificate { certificate } | Content::Certificate { certificate } => {
                self.certificate(certificate);
            }
            Content::PrivateKey { key, chain } => {
                for certificate in chain {
                    self.certificate(certificate);
                }
                self.key(entry, key)?;
            }
            Content::PublicKey {
                key: KeyState::Open { value, .. },
                ..
            } => self.append(&block("PUBLIC KEY", value)),
            _ => return Err(cannot(entry, "is no certificate and no private key")),
        }
        Ok(())
    }

    fn certificate(&mut self, der: &[u8]) {
        if self.written.insert(der.to_vec()) {
            self.out.extend_from_slice(certificate(der).as_bytes());
        }
    }

    fn key(&mut self, entry: &Entry, key: &KeyState<PrivateKey>) -> Result<(), Error> {
        let password = self.options.key_password();
        let text = match key {
            KeyState::Open { value, .. } if password.is_empty() => private_key(value),
            KeyState::Open { value, .. } => {
                let derivation = self.derivation();
                pkcs8_encrypt(value, password, derivation, self.random)
            }
            KeyState::Sealed(SealedKey {
                supported: true,
                format: Format::Pkcs12,
                blob,
                ..
            }) => block("ENCRYPTED PRIVATE KEY", blob),
            KeyState::Sealed(_) => return Err(cannot(entry, "holds a key that nobody opened")),
        };
        self.append(&text);
        Ok(())
    }

    fn derivation(&self) -> KeyDerivation {
        match self.options.iterations {
            Some(iterations) => KeyDerivation::Pbkdf2 { iterations },
            None => KeyDerivation::default(),
        }
    }

    fn append(&mut self, text: &SecretBytes) {
        let mut joined = Vec::with_capacity(self.out.len() + text.secret_bytes().len());
        joined.extend_from_slice(&self.out);
        joined.extend_from_slice(text.secret_bytes());
        self.out = Zeroizing::new(joined);
    }
}

fn cannot(entry: &Entry, why: &str) -> Error {
    Error::NotRepresentable {
        format: Format::Pem,
        what: format!("the entry `{}`, which {why}", entry.alias),
    }
}
