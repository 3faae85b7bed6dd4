//! Key types that certgen makes, and making them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};

use crate::secret::PrivateKey;

/// A kind of key that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on NIST P-256: small, fast, read by every client.
    #[default]
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// RSA of 2,048 bits.
    Rsa2048,
    /// RSA of 3,072 bits.
    Rsa3072,
    /// RSA of 4,096 bits.
    Rsa4096,
    /// Ed25519, which phones and small devices refuse.
    Ed25519,
}

impl KeyType {
    /// Every key type.
    pub const ALL: [Self; 7] = [
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ed25519,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is the name of no key type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key type: write p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519")]
pub struct UnknownKeyType(String);

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    /// `rsa` alone means 2,048 bits, the size that every client and small device reads.
    fn from_str(text: &str) -> Result<Self, UnknownKeyType> {
        let name = text.to_ascii_lowercase().replace(['-', ':'], "");
        if name == "rsa" {
            return Ok(Self::Rsa2048);
        }
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownKeyType(text.to_owned()))
    }
}

/// Makes a key, as PKCS#8 version 1, which OpenSSL, Java and BouncyCastle read.
///
/// # Panics
///
/// When the operating system has no randomness to give; nothing safe can be done then.
#[must_use]
pub fn generate(kind: KeyType) -> PrivateKey {
    #[expect(
        clippy::expect_used,
        reason = "aws-lc fails here only without randomness or memory"
    )]
    let der = generate_der(kind).expect("the operating system gives random bytes");
    PrivateKey::from_pkcs8_der(der)
}

fn generate_der(kind: KeyType) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
    match kind {
        KeyType::P256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyType::P384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyType::P521 => ec(&ECDSA_P521_SHA512_ASN1_SIGNING),
        KeyType::Rsa2048 => rsa(KeySize::Rsa2048),
        KeyType::Rsa3072 => rsa(KeySize::Rsa3072),
        KeyType::Rsa4096 => rsa(KeySize::Rsa4096),
        KeyType::Ed25519 => {
            let document = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new())?;
            Ok(document.as_ref().to_vec())
        }
    }
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
    let document = EcdsaKeyPair::generate(algorithm)?.to_pkcs8v1()?;
    Ok(document.as_ref().to_vec())
}

fn rsa(size: KeySize) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
    let document: Pkcs8V1Der<'_> = RsaKeyPair::generate(size)?.as_der()?;
    Ok(document.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::KeyKind;
    use crate::x509::key::public_key;

    #[test]
    fn what_is_made_is_what_was_asked_for() {
        let expected = [
            (KeyType::P256, KeyKind::P256),
            (KeyType::P384, KeyKind::P384),
            (KeyType::P521, KeyKind::P521),
            (KeyType::Rsa2048, KeyKind::Rsa(2048)),
            (KeyType::Ed25519, KeyKind::Ed25519),
        ];
        for (kind, read) in expected {
            let public = public_key(&generate(kind)).unwrap();
            assert_eq!(public.kind(), &read);
        }
    }

    #[test]
    fn names() {
        for kind in KeyType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("RSA".parse(), Ok(KeyType::Rsa2048));
        assert_eq!("P-256".parse(), Ok(KeyType::P256));
        assert!("dsa".parse::<KeyType>().is_err());
    }
}
