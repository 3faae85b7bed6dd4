//! Private keys in every flavour, made into PKCS#8: PKCS#1, SEC1, PKCS#8, encrypted PKCS#8.

use zeroize::Zeroizing;

use crate::der;
use crate::keystore::ber::{Ber, Element, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::encryption::Encryption;
use crate::keystore::{Error, Format, KeyState, Opened, Passwords, SealedKey};
use crate::secret::PrivateKey;
use crate::x509::key::public_key;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";

/// The flavour of a private key, told by its structure: labels lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `PrivateKeyInfo` (RFC 5208, RFC 5958).
    Pkcs8,
    /// `EncryptedPrivateKeyInfo` (RFC 5958).
    EncryptedPkcs8,
    /// `RSAPrivateKey` (RFC 8017).
    Pkcs1,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
}

/// What the bytes look like; `None` for what is no private key.
pub(super) fn shape(bytes: &[u8]) -> Option<Shape> {
    let mut outer = Ber::new(Format::Pem, bytes);
    let mut inside = outer.sequence("a private key").ok()?;
    let first = inside.any().ok()?;
    let second = inside.any().ok()?;
    match (first.tag, second.tag) {
        (tag::INTEGER, tag::SEQUENCE) => {
            let key = inside.any().ok()?;
            (key.tag == tag::OCTET_STRING && first.content.len() == 1).then_some(Shape::Pkcs8)
        }
        (tag::INTEGER, tag::INTEGER) => Some(Shape::Pkcs1),
        (tag::INTEGER, tag::OCTET_STRING) if first.content == [1] => Some(Shape::Sec1),
        (tag::SEQUENCE, tag::OCTET_STRING) if inside.is_empty() => Some(Shape::EncryptedPkcs8),
        _ => None,
    }
}

/// Reads a key that stands in the clear, or in encrypted PKCS#8; `None` where it is neither.
pub(super) fn read(
    bytes: &[u8],
    curve: Option<&[u8]>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Option<KeyState<PrivateKey>>, Error> {
    if shape(bytes) == Some(Shape::EncryptedPkcs8) {
        return open_pkcs8(bytes, passwords, budget).map(Some);
    }
    let value = to_pkcs8(bytes, curve)?;
    Ok(value.map(|value| KeyState::Open {
        value,
        opened: Opened::Clear,
    }))
}

/// A key in the clear as PKCS#8; `None` where the bytes are no key.
///
/// `curve` is the parameters that stood before the key, for SEC1 keys that do not name theirs.
pub(super) fn to_pkcs8(bytes: &[u8], curve: Option<&[u8]>) -> Result<Option<PrivateKey>, Error> {
    let key = match shape(bytes) {
        Some(Shape::Pkcs8) => whole(bytes)?.to_vec(),
        Some(Shape::Pkcs1) => {
            let algorithm = der::algorithm(RSA, &der::null());
            let key = Zeroizing::new(der::octets(whole(bytes)?));
            der::sequence(&[&der::integer(0), &algorithm, &key])
        }
        Some(Shape::Sec1) => sec1_to_pkcs8(bytes, curve)?,
        Some(Shape::EncryptedPkcs8) | None => return Ok(None),
    };
    Ok(Some(PrivateKey::from_pkcs8_der(key)))
}

/// The first element, without what may follow it.
fn whole(bytes: &[u8]) -> Result<&[u8], Error> {
    let mut ber = Ber::new(Format::Pem, bytes);
    Ok(ber.expect(tag::SEQUENCE, "a private key")?.whole)
}

/// Moves the curve from inside the key to the algorithm, as OpenSSL does.
fn sec1_to_pkcs8(bytes: &[u8], curve: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let mut outer = Ber::new(Format::Pem, bytes);
    let mut key = outer.sequence("an EC key")?;
    key.integer("the version of an EC key")?;
    let secret = key.expect(tag::OCTET_STRING, "the secret of an EC key")?;
    let inner_curve = key.optional(tag::CONTEXT_0)?;
    let public = key.optional(CONTEXT_1)?;
    let curve = inner_curve
        .map(|element: Element<'_>| element.content)
        .or(curve);
    let point = public.map_or(&[][..], |element| element.whole);
    let inner = Zeroizing::new(der::sequence(&[&der::integer(1), secret.whole, point]));
    let inner = Zeroizing::new(der::octets(&inner));
    let on = |curve: &[u8]| {
        let algorithm = der::algorithm(EC, curve);
        der::sequence(&[&der::integer(0), &algorithm, &inner])
    };
    match curve {
        Some(curve) => Ok(on(curve)),
        None if point.is_empty() => Err(Error::CurveMissing),
        None => curve_of_point(on).ok_or(Error::CurveMissing),
    }
}

/// `certtool --key-info` prints EC keys without their curve: it is the one that the public half is
/// a point of.
fn curve_of_point(on: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    CURVES.iter().find_map(|curve| {
        let key = PrivateKey::from_pkcs8_der(on(&der::oid(curve)));
        let fits = public_key(&key).is_ok();
        fits.then(|| key.secret_pkcs8_der().to_vec())
    })
}

/// P-256, P-384, P-521 and secp256k1.
const CURVES: [&str; 4] = [
    "1.2.840.10045.3.1.7",
    "1.3.132.0.34",
    "1.3.132.0.35",
    "1.3.132.0.10",
];

const CONTEXT_1: u8 = 0xa1;

/// Opens an `EncryptedPrivateKeyInfo` with the first password that fits.
fn open_pkcs8(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<KeyState<PrivateKey>, Error> {
    let mut outer = Ber::new(Format::Pem, bytes);
    let sealed = outer.expect(tag::SEQUENCE, "an encrypted private key")?;
    let mut info = sealed.inside()?;
    let encryption = Encryption::read(&mut info, budget)?;
    let ciphertext = info.octets("an encrypted private key")?;
    let is_key = |plain: &[u8]| shape(plain) == Some(Shape::Pkcs8);
    for (password, opened) in passwords.for_keys() {
        if let Some(plain) = encryption.decrypt(password, &ciphertext, budget, &is_key)? {
            let value = PrivateKey::from_pkcs8_der(plain.to_vec());
            return Ok(KeyState::Open { value, opened });
        }
    }
    Ok(KeyState::Sealed(SealedKey {
        supported: true,
        format: Format::Pkcs12,
        blob: sealed.whole.to_vec(),
        algorithm: encryption.name(),
        iterations: encryption.iterations(),
    }))
}
