//! How a password becomes bytes: every format has its own way, and mixing them up is the most
//! common reason why a right password is refused.

use zeroize::Zeroizing;

use crate::secret::Password;

/// UTF-16BE with a terminating zero unit; the empty password is no byte at all, as Java and
/// BouncyCastle have it (RFC 7292 appendix B.1 with the terminator of PKCS#12).
pub(in crate::keystore) fn pkcs12(password: &Password) -> Zeroizing<Vec<u8>> {
    let mut bytes = utf16be(password);
    if !bytes.is_empty() {
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes
}

/// The empty password as OpenSSL, Windows and NSS have it: the terminator alone.
pub(in crate::keystore) const PKCS12_EMPTY_TERMINATED: [u8; 2] = [0, 0];

/// UTF-16BE without terminator: JKS and JCEKS.
pub(in crate::keystore) fn utf16be(password: &Password) -> Zeroizing<Vec<u8>> {
    let text = password.secret_text();
    // Room for everything at once: growing would leave copies behind unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 2 + 2));
    for unit in text.encode_utf16() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    bytes
}

/// One byte a character, printable ASCII alone: JCEKS keys. `None` for anything else.
pub(in crate::keystore) fn ascii(password: &Password) -> Option<&[u8]> {
    let bytes = password.secret_text().as_bytes();
    bytes
        .iter()
        .all(|byte| (0x20..=0x7e).contains(byte))
        .then_some(bytes)
}

/// ISO-8859-1, as some writers of PBES2 have it; `None` for characters beyond it.
pub(in crate::keystore) fn latin1(password: &Password) -> Option<Zeroizing<Vec<u8>>> {
    let text = password.secret_text();
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for c in text.chars() {
        bytes.push(u8::try_from(u32::from(c)).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_differ_by_terminator_and_for_the_empty_password() {
        let password = |text: &str| Password::new(text.to_owned());
        assert_eq!(*pkcs12(&password("aü")), [0, b'a', 0, 0xfc, 0, 0]);
        assert_eq!(*pkcs12(&password("")), [0_u8; 0]);
        assert_eq!(*utf16be(&password("🔑")), [0xd8, 0x3d, 0xdd, 0x11]);
        assert_eq!(ascii(&password("a b")), Some(b"a b".as_slice()));
        assert_eq!(ascii(&password("ü")), None);
    }
}
