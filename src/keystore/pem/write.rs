//! PEM text from DER, and private keys encrypted as PKCS#8.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::der;
use crate::keystore::pbe::encryption::{Encrypted, Pbes2Key};
use crate::random::Random;
use crate::secret::{Password, PrivateKey, SecretBytes};

/// How a password becomes the key that encrypts a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyDerivation {
    /// PBKDF2 with HMAC-SHA256 (RFC 8018): read by everything since OpenSSL 1.0 and Java 8.
    Pbkdf2 {
        /// Iterations; 600,000 is OWASP's advice of 2023.
        iterations: u32,
    },
    /// scrypt (RFC 7914) with N = 32768, r = 8, p = 1: costs 32 MiB of memory as well; read by
    /// OpenSSL 1.1 and later, not by Java.
    Scrypt,
}

impl Default for KeyDerivation {
    fn default() -> Self {
        Self::Pbkdf2 {
            iterations: 600_000,
        }
    }
}

/// A block of PEM text: 64 characters a line (RFC 7468).
#[must_use]
pub fn block(label: &str, der: &[u8]) -> SecretBytes {
    let base64 = Zeroizing::new(Base64::encode_string(der));
    let lines = base64.len().div_ceil(64);
    // Room for everything at once: growing would leave copies of a key behind unwiped.
    let mut out = Vec::with_capacity(base64.len() + lines + 2 * label.len() + 40);
    out.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    for line in base64.as_bytes().chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    SecretBytes::new(out)
}

/// A certificate as PEM text.
#[must_use]
pub fn certificate(der: &[u8]) -> String {
    String::from_utf8_lossy(block("CERTIFICATE", der).secret_bytes()).into_owned()
}

/// A private key as PEM text, not encrypted (`PRIVATE KEY`, PKCS#8).
#[must_use]
pub fn private_key(key: &PrivateKey) -> SecretBytes {
    block("PRIVATE KEY", key.secret_pkcs8_der())
}

/// A private key as PEM text, encrypted (`ENCRYPTED PRIVATE KEY`, PBES2 with AES-256-CBC).
#[must_use]
pub fn pkcs8_encrypt(
    key: &PrivateKey,
    password: &Password,
    derivation: KeyDerivation,
    random: &mut dyn Random,
) -> SecretBytes {
    let cipher = match derivation {
        KeyDerivation::Pbkdf2 { iterations } => Pbes2Key::derive(password, iterations, random),
        KeyDerivation::Scrypt => Pbes2Key::derive_scrypt(password, random),
    };
    let Encrypted {
        algorithm,
        ciphertext,
    } = cipher.encrypt(key.secret_pkcs8_der(), random);
    let info = der::sequence(&[&algorithm, &der::octets(&ciphertext)]);
    block("ENCRYPTED PRIVATE KEY", &info)
}
