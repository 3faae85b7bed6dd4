//! What the audits of one run share: certificates that were read, signatures that were checked.
//!
//! A fleet of brokers shows the same CAs and is asked with the same client certificate over and
//! over. Nothing that is remembered depends on time or on whom to trust.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::x509::{Certificate, Error, RevocationList, Signed, Verification};

/// More certificates or signatures than these are forgotten, all at once.
const MOST_ENTRIES: usize = 2_048;
/// Certificates that are longer are read each time.
const LONGEST: usize = 8 * 1_024;
/// More revocation lists than these are forgotten, all at once.
const MOST_LISTS: usize = 16;

/// What was read and checked so far; to be shared by reference.
#[derive(Debug, Default)]
pub struct Memory {
    certificates: Mutex<HashMap<Vec<u8>, Arc<Certificate>>>,
    lists: Mutex<HashMap<[u8; 32], Arc<RevocationList>>>,
    signatures: Mutex<HashMap<[u8; 32], Verification>>,
}

impl Memory {
    /// The certificate that the DER is.
    ///
    /// # Errors
    ///
    /// Those of [`Certificate::from_der`].
    pub fn certificate(&self, der: &[u8]) -> Result<Arc<Certificate>, Error> {
        if let Some(known) = with(&self.certificates, |all| all.get(der).cloned()) {
            return Ok(known);
        }
        let certificate = Arc::new(Certificate::from_der(der)?);
        if der.len() <= LONGEST {
            let (key, value) = (der.to_vec(), certificate.clone());
            with(&self.certificates, |all| {
                keep(all, MOST_ENTRIES, key, value);
            });
        }
        Ok(certificate)
    }

    /// The certificates among `ders` that can be read.
    pub(super) fn certificates(&self, ders: &[Vec<u8>]) -> Vec<Arc<Certificate>> {
        ders.iter()
            .filter_map(|der| self.certificate(der).ok())
            .collect()
    }

    /// The revocation list that the DER is.
    pub(super) fn list(&self, der: &[u8]) -> Result<Arc<RevocationList>, Error> {
        let key = digest(&[der]);
        if let Some(known) = with(&self.lists, |all| all.get(&key).cloned()) {
            return Ok(known);
        }
        let list = Arc::new(RevocationList::from_der(der)?);
        with(&self.lists, |all| {
            keep(all, MOST_LISTS, key, list.clone());
        });
        Ok(list)
    }

    /// Whether `der` (a certificate, a revocation list, an OCSP answer) was signed with the key of
    /// `signer`.
    pub(super) fn signature(&self, der: &[u8], signer: &Certificate) -> Verification {
        let key = digest(&[der, signer.public_key.spki_der()]);
        if let Some(known) = with(&self.signatures, |all| all.get(&key).copied()) {
            return known;
        }
        let verification = Signed::from_der(der).map_or(Verification::Invalid, |signed| {
            signed.verify(&signer.public_key)
        });
        with(&self.signatures, |all| {
            keep(all, MOST_ENTRIES, key, verification);
        });
        verification
    }

    /// Whether the certificate was signed with its own key.
    pub(super) fn is_self_signed(&self, certificate: &Certificate) -> bool {
        certificate.is_self_issued()
            && self.signature(&certificate.der, certificate) != Verification::Invalid
            && certificate
                .authority_key_id
                .as_ref()
                .is_none_or(|authority| {
                    certificate
                        .subject_key_id
                        .as_ref()
                        .is_none_or(|subject| subject == authority)
                })
    }
}

fn with<T, R>(one: &Mutex<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut one.lock().unwrap_or_else(PoisonError::into_inner))
}

fn keep<K: Eq + std::hash::Hash, V>(all: &mut HashMap<K, V>, most: usize, key: K, value: V) {
    if all.len() >= most {
        all.clear();
    }
    all.insert(key, value);
}

/// SHA-256 over the parts, each with its length before it.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_only_so_much() {
        let mut all = HashMap::new();
        for number in 0..10 {
            keep(&mut all, 4, number, ());
        }
        assert!(all.len() <= 4 && all.contains_key(&9));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
