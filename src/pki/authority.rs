//! Who may act: a key with its chain, and one that may issue.

use super::Error;
use super::sign::Signer;
use crate::secret::PrivateKey;
use crate::x509::key::public_key;
use crate::x509::{Certificate, KeyKind};

/// A private key and the certificates that vouch for it, leaf first.
#[derive(Debug)]
pub struct Identity {
    key: PrivateKey,
    chain: Vec<Certificate>,
}

impl Identity {
    /// Puts key and chain together.
    ///
    /// # Errors
    ///
    /// [`Error::KeyMismatch`] where the first certificate is for another key, and what
    /// [`public_key`] says about the key.
    pub fn new(key: PrivateKey, chain: Vec<Certificate>) -> Result<Self, Error> {
        let leaf = chain.first().ok_or(Error::NoCertificate)?;
        let public = public_key(&key)?;
        let same = public.kind() == leaf.public_key.kind()
            && public.key_bits() == leaf.public_key.key_bits();
        if !same {
            let subject = leaf.subject.to_string();
            return Err(Error::KeyMismatch { subject });
        }
        Ok(Self { key, chain })
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The chain, leaf first; never empty.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}

/// A CA: an identity that may issue certificates.
#[derive(Debug)]
pub struct Authority {
    chain: Vec<Certificate>,
    signer: Signer,
}

impl Authority {
    /// Takes an identity as a CA.
    ///
    /// # Errors
    ///
    /// [`Error::AuthorityUnfit`] where the certificate is none of a CA, or its key usages do not
    /// let it sign certificates; [`Error::CannotSign`] for keys that cannot sign here.
    pub fn new(identity: Identity) -> Result<Self, Error> {
        let Identity { key, chain } = identity;
        let certificate = chain.first().ok_or(Error::NoCertificate)?;
        if let Some(reason) = unfit(certificate) {
            let subject = certificate.subject.to_string();
            return Err(Error::AuthorityUnfit { subject, reason });
        }
        let signer = Signer::new(&key)?;
        Ok(Self { chain, signer })
    }

    /// The CA's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        #[expect(clippy::expect_used, reason = "the constructor has seen it")]
        self.chain.first().expect("a CA has a certificate")
    }

    /// The CA's certificate and those above it, up to its root.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The certificates that a leaf of this CA shows besides its own: none of a root.
    #[must_use]
    pub fn intermediates(&self) -> &[Certificate] {
        let roots = self
            .chain
            .iter()
            .rev()
            .take_while(|one| one.is_self_issued());
        self.chain
            .get(..self.chain.len() - roots.count())
            .unwrap_or_default()
    }

    /// The kind of its key.
    #[must_use]
    pub fn key_kind(&self) -> &KeyKind {
        self.signer.public().kind()
    }

    pub(super) fn signer(&self) -> &Signer {
        &self.signer
    }
}

fn unfit(certificate: &Certificate) -> Option<&'static str> {
    if certificate.version < 3 {
        return Some("it is of X.509 version 1, which has no CAs");
    }
    if !certificate.is_ca() {
        return Some("its basic constraints do not say CA:TRUE");
    }
    let may_sign = certificate
        .key_usage
        .is_none_or(|usage| usage.key_cert_sign());
    (!may_sign).then_some("its key usages lack keyCertSign")
}
