//! Public keys: what kind, how long, and the encoded `SubjectPublicKeyInfo`.

use std::fmt;

use x509_parser::x509::SubjectPublicKeyInfo;

/// The kind of a key, as far as clients tell kinds apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// RSA restricted to PSS (`id-RSASSA-PSS`).
    RsaPss(usize),
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// EC on a curve that browsers and most TLS stacks do not know, by name or object identifier.
    OtherCurve(String),
    /// EC with explicit curve parameters instead of a name.
    ExplicitCurve,
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// DSA.
    Dsa(usize),
    /// Anything else, by object identifier.
    Other(String),
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::RsaPss(bits) => write!(f, "RSA-PSS {bits}"),
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::P521 => f.write_str("EC P-521"),
            Self::OtherCurve(curve) => write!(f, "EC {curve}"),
            Self::ExplicitCurve => f.write_str("EC with explicit parameters"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            // Of a private key alone the size is not told.
            Self::Dsa(0) => f.write_str("DSA"),
            Self::Dsa(bits) => write!(f, "DSA {bits}"),
            Self::Other(oid) => write!(f, "key of type {oid}"),
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    bits: Vec<u8>,
    kind: KeyKind,
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`; `None` where it is none.
    #[must_use]
    pub fn from_spki_der(der: &[u8]) -> Option<Self> {
        use x509_parser::asn1_rs::FromDer as _;
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).ok()?;
        rest.is_empty().then(|| Self::from_parsed(&spki))
    }

    pub(super) fn from_parsed(spki: &SubjectPublicKeyInfo<'_>) -> Self {
        Self {
            spki: spki.raw.to_vec(),
            bits: spki.subject_public_key.data.to_vec(),
            kind: kind_of(spki),
        }
    }

    /// The DER `SubjectPublicKeyInfo`, byte for byte as found.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The contents of the `subjectPublicKey` BIT STRING, over which key identifiers are hashed.
    #[must_use]
    pub fn key_bits(&self) -> &[u8] {
        &self.bits
    }

    /// Whether it is the same key, however its algorithm identifier is written.
    #[must_use]
    pub fn same_key(&self, other: &Self) -> bool {
        self.bits == other.bits && self.kind == other.kind
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> &KeyKind {
        &self.kind
    }
}

fn kind_of(spki: &SubjectPublicKeyInfo<'_>) -> KeyKind {
    let oid = spki.algorithm.algorithm.to_id_string();
    let bits = || spki.parsed().map_or(0, |key| key.key_size());
    match oid.as_str() {
        "1.2.840.113549.1.1.1" => KeyKind::Rsa(rsa_bits(spki)),
        "1.2.840.113549.1.1.10" => KeyKind::RsaPss(rsa_bits(spki)),
        "1.2.840.10040.4.1" => KeyKind::Dsa(bits()),
        "1.3.101.112" => KeyKind::Ed25519,
        "1.3.101.113" => KeyKind::Ed448,
        "1.2.840.10045.2.1" => curve_of(spki),
        _ => KeyKind::Other(oid),
    }
}

/// The bit length of the modulus: the first INTEGER of `RSAPublicKey` (RFC 8017 A.1.1), also where
/// the algorithm identifier is that of PSS, which x509-parser leaves alone.
fn rsa_bits(spki: &SubjectPublicKeyInfo<'_>) -> usize {
    use x509_parser::asn1_rs::{FromDer as _, Integer, Sequence};
    let Ok((_, sequence)) = Sequence::from_der(&spki.subject_public_key.data) else {
        return 0;
    };
    let Ok((_, modulus)) = Integer::from_der(&sequence.content) else {
        return 0;
    };
    let bytes = modulus.as_ref();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros).map_or(0, |first| {
        let leading = usize::try_from(first.leading_zeros()).unwrap_or(0);
        (bytes.len() - zeros) * 8 - leading
    })
}

fn curve_of(spki: &SubjectPublicKeyInfo<'_>) -> KeyKind {
    let parameters = spki.algorithm.parameters.as_ref();
    // `as_oid` would take the content of any type for an identifier.
    let named = parameters.filter(|any| any.tag() == x509_parser::asn1_rs::Tag::Oid);
    let Some(oid) = named.and_then(|any| any.as_oid().ok()) else {
        return KeyKind::ExplicitCurve;
    };
    let oid = oid.to_id_string();
    match oid.as_str() {
        "1.2.840.10045.3.1.7" => KeyKind::P256,
        "1.3.132.0.34" => KeyKind::P384,
        "1.3.132.0.35" => KeyKind::P521,
        "1.3.132.0.10" => KeyKind::OtherCurve("secp256k1".into()),
        "1.2.840.10045.3.1.1" => KeyKind::OtherCurve("P-192".into()),
        "1.3.132.0.33" => KeyKind::OtherCurve("P-224".into()),
        "1.3.36.3.3.2.8.1.1.7" => KeyKind::OtherCurve("brainpoolP256r1".into()),
        "1.3.36.3.3.2.8.1.1.11" => KeyKind::OtherCurve("brainpoolP384r1".into()),
        "1.3.36.3.3.2.8.1.1.13" => KeyKind::OtherCurve("brainpoolP512r1".into()),
        _ => KeyKind::OtherCurve(oid),
    }
}
