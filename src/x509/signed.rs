//! What certificates, revocation lists, requests and OCSP answers have in common: signed bytes,
//! the algorithm, and the signature (RFC 5280 section 4.1.1).

use std::fmt;

use aws_lc_rs::signature::{self as aws, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::asn1_rs::{Any, BitString, FromDer as _, Tag};
use x509_parser::signature_algorithm::SignatureAlgorithm as Parsed;
use x509_parser::x509::AlgorithmIdentifier;

use super::{KeyKind, PublicKey};

/// A digest, as far as signatures name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Digest {
    /// MD2, MD4 or MD5.
    Md,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Another one.
    Other,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Other => "another digest",
        })
    }
}

/// How something is signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSA, PKCS#1 v1.5.
    RsaPkcs1(Digest),
    /// RSA-PSS.
    RsaPss(Digest),
    /// ECDSA.
    Ecdsa(Digest),
    /// Ed25519.
    Ed25519,
    /// Anything else, by object identifier.
    Other(String),
}

impl SignatureAlgorithm {
    fn from_parsed(algorithm: &AlgorithmIdentifier<'_>) -> Self {
        let oid = algorithm.algorithm.to_id_string();
        match oid.as_str() {
            "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4" => {
                Self::RsaPkcs1(Digest::Md)
            }
            "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => Self::RsaPkcs1(Digest::Sha1),
            "1.2.840.113549.1.1.14" => Self::RsaPkcs1(Digest::Sha224),
            "1.2.840.113549.1.1.11" => Self::RsaPkcs1(Digest::Sha256),
            "1.2.840.113549.1.1.12" => Self::RsaPkcs1(Digest::Sha384),
            "1.2.840.113549.1.1.13" => Self::RsaPkcs1(Digest::Sha512),
            "1.2.840.113549.1.1.10" => Self::RsaPss(pss_digest(algorithm)),
            "1.2.840.10045.4.1" => Self::Ecdsa(Digest::Sha1),
            "1.2.840.10045.4.3.1" => Self::Ecdsa(Digest::Sha224),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Digest::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Digest::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Digest::Sha512),
            "1.3.101.112" => Self::Ed25519,
            _ => Self::Other(oid),
        }
    }

    /// The digest, where the algorithm is a pair of one and a key algorithm.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) | Self::Ecdsa(digest) => Some(*digest),
            Self::Ed25519 | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(f, "RSA with {digest}"),
            Self::RsaPss(digest) => write!(f, "RSA-PSS with {digest}"),
            Self::Ecdsa(digest) => write!(f, "ECDSA with {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Other(oid) if oid == "1.3.101.113" => f.write_str("Ed448"),
            Self::Other(oid) => write!(f, "the algorithm {oid}"),
        }
    }
}

/// What checking a signature gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// Made with that key over these bytes.
    Valid,
    /// Not made with that key, or the bytes were changed.
    Invalid,
    /// Key or algorithm are not among those that can be checked here.
    Unchecked,
}

/// Signed bytes with algorithm and signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    message: &'a [u8],
    algorithm: SignatureAlgorithm,
    /// RSA-PSS with a salt of another length than the digest's, which TLS and webpki do not know.
    has_odd_salt: bool,
    signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    /// Splits `SEQUENCE { message, AlgorithmIdentifier, BIT STRING, … }`; `None` where the DER is
    /// something else.
    #[must_use]
    pub fn from_der(der: &'a [u8]) -> Option<Self> {
        let (_, outer) = Any::from_der(der).ok()?;
        if outer.tag() != Tag::Sequence {
            return None;
        }
        let content = outer.data;
        let (rest, _) = Any::from_der(content).ok()?;
        let message = content.get(..content.len() - rest.len())?;
        let (rest, algorithm) = AlgorithmIdentifier::from_der(rest).ok()?;
        let (_, bits) = BitString::from_der(rest).ok()?;
        Some(Self {
            message,
            algorithm: SignatureAlgorithm::from_parsed(&algorithm),
            has_odd_salt: has_odd_salt(&algorithm),
            signature: bits.data.to_vec(),
        })
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// How they are signed.
    #[must_use]
    pub fn algorithm(&self) -> &SignatureAlgorithm {
        &self.algorithm
    }

    /// Whether it is signed with RSA-PSS and a salt of another length than the digest's.
    #[must_use]
    pub fn has_odd_salt(&self) -> bool {
        self.has_odd_salt
    }

    /// Whether the signature was made with `key`.
    #[must_use]
    pub fn verify(&self, key: &PublicKey) -> Verification {
        let verifier = verifier(&self.algorithm, key.kind()).filter(|_| !self.has_odd_salt);
        let Some(algorithm) = verifier else {
            return if fits(&self.algorithm, key.kind()) {
                Verification::Unchecked
            } else {
                Verification::Invalid
            };
        };
        let key = UnparsedPublicKey::new(algorithm, key.key_bits());
        match key.verify(self.message, &self.signature) {
            Ok(()) => Verification::Valid,
            Err(_) => Verification::Invalid,
        }
    }
}

fn pss_digest(algorithm: &AlgorithmIdentifier<'_>) -> Digest {
    let Ok(Parsed::RSASSA_PSS(parameters)) = Parsed::try_from(algorithm) else {
        return Digest::Other;
    };
    match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "1.3.14.3.2.26" => Digest::Sha1,
        "2.16.840.1.101.3.4.2.4" => Digest::Sha224,
        "2.16.840.1.101.3.4.2.1" => Digest::Sha256,
        "2.16.840.1.101.3.4.2.2" => Digest::Sha384,
        "2.16.840.1.101.3.4.2.3" => Digest::Sha512,
        _ => Digest::Other,
    }
}

fn has_odd_salt(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    let Ok(Parsed::RSASSA_PSS(parameters)) = Parsed::try_from(algorithm) else {
        return false;
    };
    let length = match pss_digest(algorithm) {
        Digest::Sha1 => 20,
        Digest::Sha224 => 28,
        Digest::Sha256 => 32,
        Digest::Sha384 => 48,
        Digest::Sha512 => 64,
        Digest::Md | Digest::Other => return false,
    };
    parameters.salt_length() != length
}

fn verifier(
    algorithm: &SignatureAlgorithm,
    key: &KeyKind,
) -> Option<&'static dyn VerificationAlgorithm> {
    use Digest::{Sha1, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    Some(match (algorithm, key) {
        (RsaPkcs1(digest), KeyKind::Rsa(bits)) if (1024..=8192).contains(bits) => {
            match (digest, bits) {
                (Sha1, _) => &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
                (Sha256, _) => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
                (Sha384, 2048..) => &aws::RSA_PKCS1_2048_8192_SHA384,
                (Sha512, _) => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
                _ => return None,
            }
        }
        (RsaPss(digest), KeyKind::Rsa(2048..=8192) | KeyKind::RsaPss(2048..=8192)) => {
            match digest {
                Sha256 => &aws::RSA_PSS_2048_8192_SHA256,
                Sha384 => &aws::RSA_PSS_2048_8192_SHA384,
                Sha512 => &aws::RSA_PSS_2048_8192_SHA512,
                _ => return None,
            }
        }
        (Ecdsa(Sha1), KeyKind::P256) => &aws::ECDSA_P256_SHA1_ASN1,
        (Ecdsa(Sha256), KeyKind::P256) => &aws::ECDSA_P256_SHA256_ASN1,
        (Ecdsa(Sha384), KeyKind::P256) => &aws::ECDSA_P256_SHA384_ASN1,
        (Ecdsa(Sha512), KeyKind::P256) => &aws::ECDSA_P256_SHA512_ASN1,
        (Ecdsa(Sha256), KeyKind::P384) => &aws::ECDSA_P384_SHA256_ASN1,
        (Ecdsa(Sha384), KeyKind::P384) => &aws::ECDSA_P384_SHA384_ASN1,
        (Ecdsa(Sha512), KeyKind::P384) => &aws::ECDSA_P384_SHA512_ASN1,
        (Ecdsa(Sha1), KeyKind::P521) => &aws::ECDSA_P521_SHA1_ASN1,
        (Ecdsa(Sha256), KeyKind::P521) => &aws::ECDSA_P521_SHA256_ASN1,
        (Ecdsa(Sha384), KeyKind::P521) => &aws::ECDSA_P521_SHA384_ASN1,
        (Ecdsa(Sha512), KeyKind::P521) => &aws::ECDSA_P521_SHA512_ASN1,
        (Ecdsa(Sha256), KeyKind::OtherCurve(curve)) if curve == "secp256k1" => {
            &aws::ECDSA_P256K1_SHA256_ASN1
        }
        (Ed25519, KeyKind::Ed25519) => &aws::ED25519,
        _ => return None,
    })
}

/// Whether a key of this kind can have made such a signature at all.
fn fits(algorithm: &SignatureAlgorithm, key: &KeyKind) -> bool {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(_) => matches!(key, KeyKind::Rsa(_)),
        SignatureAlgorithm::RsaPss(_) => matches!(key, KeyKind::Rsa(_) | KeyKind::RsaPss(_)),
        SignatureAlgorithm::Ecdsa(_) => matches!(
            key,
            KeyKind::P256
                | KeyKind::P384
                | KeyKind::P521
                | KeyKind::OtherCurve(_)
                | KeyKind::ExplicitCurve
        ),
        SignatureAlgorithm::Ed25519 => matches!(key, KeyKind::Ed25519),
        SignatureAlgorithm::Other(_) => true,
    }
}
