//! Signing with a private key, by the algorithm that its kind implies.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::der;
use crate::secret::PrivateKey;
use crate::x509::key::{self, KeyError};
use crate::x509::{KeyKind, PublicKey};

/// A key that can sign, and the public half of it.
pub(super) struct Signer {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// # Errors
    ///
    /// For kinds of keys that certificates are not signed with here, and for damaged ones.
    pub(super) fn new(key: &PrivateKey) -> Result<Self, KeyError> {
        let public = key::public_key(key)?;
        let kind = public.kind().clone();
        let der = key.secret_pkcs8_der();
        let invalid = |_| KeyError::Invalid(kind.clone());
        let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_private_key_der(algorithm, der)
                .map(Pair::Ecdsa)
                .map_err(invalid)
        };
        let pair = match &kind {
            KeyKind::Rsa(_) => RsaKeyPair::from_pkcs8(der)
                .map(Pair::Rsa)
                .map_err(invalid)?,
            KeyKind::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)?,
            KeyKind::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
            KeyKind::P521 => ecdsa(&ECDSA_P521_SHA512_ASN1_SIGNING)?,
            KeyKind::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                .map(Pair::Ed25519)
                .map_err(invalid)?,
            _ => return Err(KeyError::Unsupported(kind)),
        };
        Ok(Self { pair, public })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The AlgorithmIdentifier of the signatures.
    pub(super) fn algorithm(&self) -> Vec<u8> {
        match self.public.kind() {
            KeyKind::P256 => der::sequence(&[&der::oid("1.2.840.10045.4.3.2")]),
            KeyKind::P384 => der::sequence(&[&der::oid("1.2.840.10045.4.3.3")]),
            KeyKind::P521 => der::sequence(&[&der::oid("1.2.840.10045.4.3.4")]),
            KeyKind::Ed25519 => der::sequence(&[&der::oid("1.3.101.112")]),
            _ => der::algorithm("1.2.840.113549.1.1.11", &der::null()),
        }
    }

    /// # Errors
    ///
    /// When the key turns out to be unusable (an RSA key of an unusual size).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let invalid = |_| KeyError::Invalid(self.public.kind().clone());
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(invalid)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => Ok(pair
                .sign(&random, message)
                .map_err(invalid)?
                .as_ref()
                .to_vec()),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}
