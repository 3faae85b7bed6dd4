//! Private keys (PKCS#8, RFC 5958): what kind they are, and their public half.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _,
};
use x509_parser::asn1_rs::{Any, Class, FromDer as _, Oid, Tag};

use super::{KeyKind, PublicKey};
use crate::der;
use crate::finding::{Code, Diagnostic, Remedy};
use crate::secret::PrivateKey;

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes do not have the structure of a key.
    #[error("the bytes are no private key: {0} is missing or damaged")]
    Malformed(&'static str),
    /// Private and public half, or the numbers of the key, do not fit each other.
    #[error("the private key is damaged: it is no valid {0} key")]
    Invalid(KeyKind),
    /// The public half of a key of this kind cannot be computed here.
    #[error("the private key is of a kind that is not supported here: {0}")]
    Unsupported(KeyKind),
}

impl Diagnostic for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::Invalid(_) => Code::NotAKey,
            Self::Unsupported(_) => Code::AlgorithmUnsupported,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::text(match self {
            Self::Malformed(_) => "give a private key as PEM or DER (PKCS#8, PKCS#1 or SEC1)",
            Self::Invalid(_) => "get the key again from where it was made",
            Self::Unsupported(_) => "use an EC key on P-256, which every client reads",
        }))
    }
}

/// The public half of `key`.
///
/// RSA keys of any size and EC keys on any named curve are read, the latter only with their public
/// point where this build cannot compute it.
///
/// # Errors
///
/// [`KeyError`] where the bytes are no key, a damaged one, or one of an unknown kind.
pub fn public_key(key: &PrivateKey) -> Result<PublicKey, KeyError> {
    let info = PrivateKeyInfo::read(key)?;
    let bits = match info.algorithm_oid.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => rsa_public(info.private)?,
        "1.2.840.10045.2.1" => return ec_public(key, &info),
        "1.3.101.112" => ed25519_public(key)?,
        _ => info.public.map(<[u8]>::to_vec).ok_or_else(|| {
            KeyError::Unsupported(
                info.kind_of(&[])
                    .unwrap_or_else(|| KeyKind::Other(info.algorithm_oid.clone())),
            )
        })?,
    };
    info.with_bits(&bits)
}

/// What kind of key it is, also where its public half cannot be computed here; `None` for what is
/// no key.
#[must_use]
pub fn kind(key: &PrivateKey) -> Option<KeyKind> {
    match public_key(key) {
        Ok(public) => Some(public.kind().clone()),
        Err(KeyError::Invalid(kind) | KeyError::Unsupported(kind)) => Some(kind),
        Err(KeyError::Malformed(_)) => None,
    }
}

/// The parts of `PrivateKeyInfo` / `OneAsymmetricKey`.
struct PrivateKeyInfo<'a> {
    /// The whole `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    algorithm_oid: String,
    curve: Option<String>,
    /// Content of the `privateKey` OCTET STRING.
    private: &'a [u8],
    /// Content of `[1] publicKey`, without the count of unused bits.
    public: Option<&'a [u8]>,
}

impl<'a> PrivateKeyInfo<'a> {
    fn read(key: &'a PrivateKey) -> Result<Self, KeyError> {
        let outer = sequence(key.secret_pkcs8_der(), "the PKCS#8 structure")?;
        let (rest, _version) = element(outer, Tag::Integer, "the version")?;
        let (_, algorithm) = Any::from_der(rest).map_err(|_| ALGORITHM)?;
        let (after, _) = Any::from_der(rest).map_err(|_| ALGORITHM)?;
        let whole = rest.get(..rest.len() - after.len()).unwrap_or_default();
        let (parameters, oid) = Oid::from_der(algorithm.data).map_err(|_| ALGORITHM)?;
        let curve = Oid::from_der(parameters).ok();
        let (mut rest, private) = element(after, Tag::OctetString, "the key itself")?;
        let mut public = None;
        while let Ok((next, part)) = Any::from_der(rest) {
            if part.class() == Class::ContextSpecific && part.tag() == Tag(1) {
                public = part.data.split_first().map(|(_, bits)| bits);
            }
            rest = next;
        }
        Ok(Self {
            algorithm: whole,
            algorithm_oid: oid.to_id_string(),
            curve: curve.map(|(_, oid)| oid.to_id_string()),
            private: private.data,
            public,
        })
    }

    fn with_bits(&self, bits: &[u8]) -> Result<PublicKey, KeyError> {
        let spki = der::sequence(&[self.algorithm, &der::bits(bits)]);
        PublicKey::from_spki_der(&spki).ok_or(ALGORITHM)
    }

    fn kind_of(&self, bits: &[u8]) -> Option<KeyKind> {
        Some(self.with_bits(bits).ok()?.kind().clone())
    }
}

const ALGORITHM: KeyError = KeyError::Malformed("the algorithm identifier");

/// `RSAPublicKey` from the first numbers of `RSAPrivateKey` (RFC 8017 A.1).
fn rsa_public(private: &[u8]) -> Result<Vec<u8>, KeyError> {
    let inner = sequence(private, "the RSA key")?;
    let (rest, _version) = element(inner, Tag::Integer, "the RSA version")?;
    let (after_modulus, _) = element(rest, Tag::Integer, "the RSA modulus")?;
    let (after_exponent, _) = element(after_modulus, Tag::Integer, "the RSA exponent")?;
    let numbers = rest
        .get(..rest.len() - after_exponent.len())
        .unwrap_or_default();
    Ok(der::sequence(&[numbers]))
}

fn ed25519_public(key: &PrivateKey) -> Result<Vec<u8>, KeyError> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der())
        .map_err(|_| KeyError::Invalid(KeyKind::Ed25519))?;
    Ok(pair.public_key().as_ref().to_vec())
}

fn ec_public(key: &PrivateKey, info: &PrivateKeyInfo<'_>) -> Result<PublicKey, KeyError> {
    let kind = info.kind_of(&[4]).ok_or(ALGORITHM)?;
    match ec_algorithm(info.curve.as_deref()) {
        Some(algorithm) => {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.secret_pkcs8_der())
                .map_err(|_| KeyError::Invalid(kind))?;
            info.with_bits(pair.public_key().as_ref())
        }
        None => {
            let point = sec1_point(info.private).or(info.public);
            info.with_bits(point.ok_or(KeyError::Unsupported(kind))?)
        }
    }
}

fn ec_algorithm(curve: Option<&str>) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match curve? {
        "1.2.840.10045.3.1.7" => &ECDSA_P256_SHA256_ASN1_SIGNING,
        "1.3.132.0.34" => &ECDSA_P384_SHA384_ASN1_SIGNING,
        "1.3.132.0.35" => &ECDSA_P521_SHA512_ASN1_SIGNING,
        "1.3.132.0.10" => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        _ => return None,
    })
}

/// The public point that `ECPrivateKey` (RFC 5915) may carry in `[1]`.
fn sec1_point(private: &[u8]) -> Option<&[u8]> {
    let mut rest = sequence(private, "").ok()?;
    while let Ok((next, part)) = Any::from_der(rest) {
        if part.class() == Class::ContextSpecific && part.tag() == Tag(1) {
            let (_, bits) = Any::from_der(part.data).ok()?;
            return bits.data.split_first().map(|(_, point)| point);
        }
        rest = next;
    }
    None
}

fn sequence<'a>(der: &'a [u8], what: &'static str) -> Result<&'a [u8], KeyError> {
    element(der, Tag::Sequence, what).map(|(_, any)| any.data)
}

fn element<'a>(
    der: &'a [u8],
    tag: Tag,
    what: &'static str,
) -> Result<(&'a [u8], Any<'a>), KeyError> {
    match Any::from_der(der) {
        Ok((rest, any)) if any.class() == Class::Universal && any.tag() == tag => Ok((rest, any)),
        _ => Err(KeyError::Malformed(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in [&b""[..], b"\x30\x00", b"\x30\x03\x02\x01\x00", b"hello"] {
            let key = PrivateKey::from_pkcs8_der(bad.to_vec());
            assert!(matches!(public_key(&key), Err(KeyError::Malformed(_))));
        }
    }

    /// Vector: `openssl genpkey -algorithm X25519`, which has no public half inside.
    #[test]
    fn unknown_kinds_are_named() {
        let mut der = vec![
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20,
        ];
        der.extend([7; 32]);
        let error = public_key(&PrivateKey::from_pkcs8_der(der.clone())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the private key is of a kind that is not supported here: key of type 1.3.101.110"
        );
        let named = kind(&PrivateKey::from_pkcs8_der(der));
        assert_eq!(named, Some(KeyKind::Other("1.3.101.110".into())));
    }
}
