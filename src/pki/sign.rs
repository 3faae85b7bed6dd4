//! Signing with the key types that clients read.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256,
};

use super::Error;
use crate::der;
use crate::secret::PrivateKey;
use crate::x509::key::{KeyError, public_key};
use crate::x509::{KeyKind, PublicKey};

/// A private key that is ready to sign, and its public half.
#[derive(Debug)]
pub(super) struct Signer {
    key: Pair,
    public: PublicKey,
}

#[derive(Debug)]
enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn new(key: &PrivateKey) -> Result<Self, Error> {
        let public = public_key(key)?;
        let kind = public.kind().clone();
        let der = key.secret_pkcs8_der();
        let ec = |algorithm: &'static EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, der).map(Pair::Ec)
        };
        let pair = match &kind {
            KeyKind::P256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyKind::P384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyKind::P521 => ec(&ECDSA_P521_SHA512_ASN1_SIGNING),
            KeyKind::Rsa(2048..=8192) => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            KeyKind::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519),
            _ => return Err(Error::CannotSign(kind)),
        };
        let key = pair.map_err(|_| KeyError::Invalid(kind))?;
        Ok(Self { key, public })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The DER `AlgorithmIdentifier` of the signatures (RFC 5758, RFC 8410, RFC 4055).
    pub(super) fn algorithm(&self) -> Vec<u8> {
        let oid = match self.public.kind() {
            KeyKind::P256 => "1.2.840.10045.4.3.2",
            KeyKind::P384 => "1.2.840.10045.4.3.3",
            KeyKind::P521 => "1.2.840.10045.4.3.4",
            KeyKind::Ed25519 => "1.3.101.112",
            _ => return der::algorithm("1.2.840.113549.1.1.11", &der::null()),
        };
        der::algorithm(oid, &[])
    }

    /// `SEQUENCE { message, AlgorithmIdentifier, BIT STRING }`: what certificates, requests and
    /// revocation lists are.
    pub(super) fn signed(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.sign(message);
        let signature = signature.map_err(|_| Error::CannotSign(self.public.kind().clone()))?;
        Ok(der::sequence(&[
            message,
            &self.algorithm(),
            &der::bits(&signature),
        ]))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match &self.key {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}
