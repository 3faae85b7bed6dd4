//! Secrets as types: wiped on drop, elided in `Debug`, without `Clone`, `Display` or `Serialize`.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A password, as Unicode text.
///
/// How it becomes bytes is the business of each format (UTF-8, UTF-16BE with or without
/// terminator, one byte a character): see [`crate::keystore`].
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over `text`; the buffer is wiped when the password is dropped.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The password itself.
    #[must_use]
    pub fn secret_text(&self) -> &str {
        &self.0
    }

    /// A second owner of the same password; named so that copies are seen in review.
    #[must_use]
    pub fn clone_secret(&self) -> Self {
        Self::new(self.0.as_str().to_owned())
    }

    /// Whether the password has no character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([secret elided])")
    }
}

/// Bytes whose contents are secret: an encoded store, a derived key, a decrypted key.
#[derive(Default)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes over `bytes`; the buffer is wiped on drop.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn secret_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A second owner of the same bytes.
    #[must_use]
    pub fn clone_secret(&self) -> Self {
        Self::new(self.0.to_vec())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes([{} bytes elided])", self.0.len())
    }
}

impl Zeroize for SecretBytes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// A private key as PKCS#8 `PrivateKeyInfo` DER (RFC 5958), unencrypted.
///
/// What kind of key it is, and its public half, is read by [`crate::x509::key`].
pub struct PrivateKey(SecretBytes);

impl PrivateKey {
    /// Takes over PKCS#8 DER without looking into it.
    #[must_use]
    pub fn from_pkcs8_der(der: Vec<u8>) -> Self {
        Self(SecretBytes::new(der))
    }

    /// The PKCS#8 DER.
    #[must_use]
    pub fn secret_pkcs8_der(&self) -> &[u8] {
        self.0.secret_bytes()
    }

    /// A second owner of the same key.
    #[must_use]
    pub fn clone_secret(&self) -> Self {
        Self(self.0.clone_secret())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([secret elided])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(
            format!("{:?}", Password::new("hunter2".into())),
            "Password([secret elided])"
        );
        assert_eq!(
            format!("{:?}", SecretBytes::new(vec![7; 3])),
            "SecretBytes([3 bytes elided])"
        );
        let key = PrivateKey::from_pkcs8_der(vec![1, 2, 3]);
        assert_eq!(format!("{key:?}"), "PrivateKey([secret elided])");
    }
}
