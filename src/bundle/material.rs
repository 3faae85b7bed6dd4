//! What is packaged: a key with its chain, and certificates to trust.

use super::Error;
use crate::keystore::{Content, Entry, Format, KeyState, Keystore, Opened};
use crate::secret::PrivateKey;
use crate::time::Timestamp;
use crate::x509::{Certificate, Signed, Verification, key::public_key};

/// A key with its chain, and certificates to trust, on their way into a store.
#[derive(Debug)]
pub struct Material {
    key: Option<(PrivateKey, Vec<Certificate>)>,
    trusted: Vec<Certificate>,
}

impl Material {
    /// A client's or server's identity: its key, its certificates (leaf first, as issued), and the
    /// certificates of the CA. The chain in the store ends with the CA, and the CA's root is
    /// trusted on its own: phones trust nothing that is only in a chain.
    ///
    /// # Errors
    ///
    /// [`Error::KeyMismatch`] where key and leaf are strangers, [`Error::OtherAuthority`] where the CA
    /// has the name of the issuer and another key, and what keeps a certificate or a
    /// key from being read.
    pub fn identity(
        key: PrivateKey,
        chain: &[Vec<u8>],
        authority: &[Vec<u8>],
    ) -> Result<Self, Error> {
        let chain = read_all(chain)?;
        let authority = read_all(authority)?;
        let public = public_key(&key).map_err(Error::Key)?;
        if let Some(leaf) = chain.first()
            && !leaf.public_key.same_key(&public)
        {
            return Err(Error::KeyMismatch {
                subject: leaf.subject.to_string(),
            });
        }
        let trusted = roots(&authority);
        let chain = complete(chain, authority);
        signed_in_order(&chain)?;
        Ok(Self {
            key: Some((key, chain)),
            trusted,
        })
    }

    /// Certificates to trust, and nothing else.
    ///
    /// # Errors
    ///
    /// Where a certificate cannot be read.
    pub fn trust(authority: &[Vec<u8>]) -> Result<Self, Error> {
        Ok(Self {
            key: None,
            trusted: roots(&read_all(authority)?),
        })
    }

    /// As entries of a store: the key under `alias`, trusted certificates under `ca`, `ca-2` ….
    #[must_use]
    pub fn into_store(self, alias: &str, created: Timestamp) -> Keystore {
        let mut entries = Vec::new();
        if let Some((key, chain)) = self.key {
            let key = KeyState::Open {
                value: key,
                opened: Opened::Clear,
            };
            let chain = chain
                .into_iter()
                .map(|certificate| certificate.der)
                .collect();
            let content = Content::PrivateKey { key, chain };
            entries.push(Entry::new(alias, Some(created), content));
        }
        let taken = alias.to_lowercase() == "ca" && !entries.is_empty();
        for (index, certificate) in self.trusted.into_iter().enumerate() {
            let number = index + 1 + usize::from(taken);
            let name = match number {
                1 => "ca".to_owned(),
                number => format!("ca-{number}"),
            };
            let certificate = certificate.der;
            let content = Content::TrustedCertificate { certificate };
            entries.push(Entry::new(name.as_str(), Some(created), content));
        }
        Keystore::new(Format::Pkcs12, entries)
    }
}

fn read_all(ders: &[Vec<u8>]) -> Result<Vec<Certificate>, Error> {
    let read = |der: &Vec<u8>| Certificate::from_der(der).map_err(Error::Certificate);
    ders.iter().map(read).collect()
}

/// The self-issued ones; where there is none, the last, which is nearest to the root.
fn roots(authority: &[Certificate]) -> Vec<Certificate> {
    let roots: Vec<_> = authority
        .iter()
        .filter(|certificate| certificate.is_self_issued())
        .cloned()
        .collect();
    if roots.is_empty() {
        return authority.last().cloned().into_iter().collect();
    }
    roots
}

/// Appends issuers from the CA's certificates until the chain ends at a root.
fn complete(mut chain: Vec<Certificate>, authority: Vec<Certificate>) -> Vec<Certificate> {
    let mut left = authority;
    while let Some(last) = chain.last().filter(|last| !last.is_self_issued()) {
        let issuer = left
            .iter()
            .position(|certificate| certificate.subject.der() == last.issuer.der());
        let Some(issuer) = issuer else { break };
        chain.push(left.swap_remove(issuer));
    }
    chain
}

/// A CA that was made again has the old name and a new key; what it never signed is useless.
fn signed_in_order(chain: &[Certificate]) -> Result<(), Error> {
    for (certificate, issuer) in chain.iter().zip(chain.iter().skip(1)) {
        let signed = Signed::from_der(&certificate.der);
        let verdict = signed.map(|signed| signed.verify(&issuer.public_key));
        let names_match = certificate.issuer.der() == issuer.subject.der();
        if names_match && verdict == Some(Verification::Invalid) {
            return Err(Error::OtherAuthority {
                subject: certificate.subject.to_string(),
                issuer: issuer.subject.to_string(),
            });
        }
    }
    Ok(())
}
