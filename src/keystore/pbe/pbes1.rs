//! The PBES1 schemes of PKCS#12 (RFC 7292 appendix C): SHA-1, the PKCS#12 KDF, and old ciphers;
//! and the two of PKCS#5 (RFC 8018 section 6.1) that old encrypted keys have.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use md5::Md5;
use rc4::{KeyInit as _, StreamCipher as _};
use sha1::Sha1;
use sha2::Digest;
use zeroize::Zeroizing;

use super::pkcs12_kdf::{Purpose, derive};

/// A scheme, by its object identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keystore) enum Scheme {
    /// 128-bit RC4.
    Rc4With128,
    /// 40-bit RC4.
    Rc4With40,
    /// Three-key triple DES, CBC.
    TripleDes3Key,
    /// Two-key triple DES, CBC.
    TripleDes2Key,
    /// 128-bit RC2, CBC.
    Rc2With128,
    /// 40-bit RC2, CBC.
    Rc2With40,
    /// PKCS#5: MD5 and DES, the default of OpenSSL before 1.1 for PKCS#8.
    Md5Des,
    /// PKCS#5: SHA-1 and DES.
    Sha1Des,
}

impl Scheme {
    const ALL: [Self; 8] = [
        Self::Rc4With128,
        Self::Rc4With40,
        Self::TripleDes3Key,
        Self::TripleDes2Key,
        Self::Rc2With128,
        Self::Rc2With40,
        Self::Md5Des,
        Self::Sha1Des,
    ];

    /// The scheme with this object identifier.
    pub(in crate::keystore) fn from_oid(oid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.oid() == oid)
    }

    /// Its object identifier.
    pub(in crate::keystore) fn oid(self) -> &'static str {
        match self {
            Self::Rc4With128 => "1.2.840.113549.1.12.1.1",
            Self::Rc4With40 => "1.2.840.113549.1.12.1.2",
            Self::TripleDes3Key => "1.2.840.113549.1.12.1.3",
            Self::TripleDes2Key => "1.2.840.113549.1.12.1.4",
            Self::Rc2With128 => "1.2.840.113549.1.12.1.5",
            Self::Rc2With40 => "1.2.840.113549.1.12.1.6",
            Self::Md5Des => "1.2.840.113549.1.5.3",
            Self::Sha1Des => "1.2.840.113549.1.5.10",
        }
    }

    /// Whether the password is bytes (here UTF-8) and not UTF-16, and the derivation PBKDF1.
    pub(in crate::keystore) fn is_pkcs5(self) -> bool {
        matches!(self, Self::Md5Des | Self::Sha1Des)
    }

    /// The name in reports.
    pub(in crate::keystore) fn name(self) -> &'static str {
        match self {
            Self::Rc4With128 => "PBES1 RC4-128, SHA-1",
            Self::Rc4With40 => "PBES1 RC4-40, SHA-1",
            Self::TripleDes3Key => "PBES1 3DES, SHA-1",
            Self::TripleDes2Key => "PBES1 two-key 3DES, SHA-1",
            Self::Rc2With128 => "PBES1 RC2-128, SHA-1",
            Self::Rc2With40 => "PBES1 RC2-40, SHA-1",
            Self::Md5Des => "PBES1 DES, MD5",
            Self::Sha1Des => "PBES1 DES, SHA-1",
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Rc4With128 | Self::TripleDes2Key | Self::Rc2With128 => 16,
            Self::Rc4With40 | Self::Rc2With40 => 5,
            Self::Md5Des | Self::Sha1Des => 8,
            Self::TripleDes3Key => 24,
        }
    }

    fn keys(self, password: &[u8], salt: &[u8], iterations: u32) -> Keys {
        let length = self.key_length();
        match self {
            Self::Md5Des => return pbkdf1::<Md5>(password, salt, iterations),
            Self::Sha1Des => return pbkdf1::<Sha1>(password, salt, iterations),
            _ => {}
        }
        Keys {
            key: derive::<Sha1>(password, salt, iterations, Purpose::Key, length),
            iv: derive::<Sha1>(password, salt, iterations, Purpose::Iv, 8),
        }
    }

    /// The number of hash outputs of one use, for the work budget: key and IV.
    pub(in crate::keystore) fn kdf_blocks(self) -> u64 {
        if self.key_length() > 20 { 3 } else { 2 }
    }

    /// Decrypts; `None` where the padding is not exactly as it must be.
    pub(in crate::keystore) fn decrypt(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let Keys { key, iv } = self.keys(password, salt, iterations);
        let plain = match self {
            Self::Rc4With128 | Self::Rc4With40 => return rc4(&key, ciphertext),
            Self::Md5Des | Self::Sha1Des => cbc::Decryptor::<des::Des>::new_from_slices(&key, &iv)
                .ok()?
                .decrypt_padded_vec::<Pkcs7>(ciphertext)
                .ok()?,
            Self::TripleDes3Key | Self::TripleDes2Key => {
                let key = three_keys(&key)?;
                cbc::Decryptor::<des::TdesEde3>::new_from_slices(&*key, &iv)
                    .ok()?
                    .decrypt_padded_vec::<Pkcs7>(ciphertext)
                    .ok()?
            }
            Self::Rc2With128 | Self::Rc2With40 => {
                cbc::Decryptor::<rc2::Rc2>::new_from_slices(&key, &iv)
                    .ok()?
                    .decrypt_padded_vec::<Pkcs7>(ciphertext)
                    .ok()?
            }
        };
        Some(Zeroizing::new(plain))
    }

    /// Encrypts; `None` where the key does not fit the cipher, which cannot happen.
    pub(in crate::keystore) fn encrypt(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        let Keys { key, iv } = self.keys(password, salt, iterations);
        match self {
            Self::Rc4With128 | Self::Rc4With40 => rc4(&key, plaintext).map(|out| out.to_vec()),
            Self::Md5Des | Self::Sha1Des => {
                let cipher = cbc::Encryptor::<des::Des>::new_from_slices(&key, &iv).ok()?;
                Some(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
            }
            Self::TripleDes3Key | Self::TripleDes2Key => {
                let key = three_keys(&key)?;
                let cipher = cbc::Encryptor::<des::TdesEde3>::new_from_slices(&*key, &iv).ok()?;
                Some(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
            }
            Self::Rc2With128 | Self::Rc2With40 => {
                let cipher = cbc::Encryptor::<rc2::Rc2>::new_from_slices(&key, &iv).ok()?;
                Some(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
            }
        }
    }
}

struct Keys {
    key: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
}

/// PBKDF1 (RFC 8018 section 5.1): the first half is the key, the second the IV.
fn pbkdf1<D: Digest>(password: &[u8], salt: &[u8], iterations: u32) -> Keys {
    let mut hash = D::new()
        .chain_update(password)
        .chain_update(salt)
        .finalize();
    for _ in 1..iterations {
        hash = D::digest(&hash);
    }
    let (key, rest) = hash.split_at(8);
    let iv = rest.get(..8).unwrap_or_default();
    Keys {
        key: Zeroizing::new(key.to_vec()),
        iv: Zeroizing::new(iv.to_vec()),
    }
}

/// K1‖K2 becomes K1‖K2‖K1; three keys stay.
fn three_keys(key: &[u8]) -> Option<Zeroizing<[u8; 24]>> {
    let mut out = Zeroizing::new([0; 24]);
    for (to, from) in out.iter_mut().zip(key.iter().cycle()) {
        *to = *from;
    }
    matches!(key.len(), 16 | 24).then_some(out)
}

fn rc4(key: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(data.to_vec());
    rc4::Rc4::new_from_slice(key)
        .ok()?
        .apply_keystream(&mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encrypted_decrypts_with_the_same_password_alone() {
        for scheme in Scheme::ALL {
            let sealed = scheme
                .encrypt(b"\0a\0\0", b"saltsalt", 3, b"some bytes")
                .unwrap();
            let open = scheme.decrypt(b"\0a\0\0", b"saltsalt", 3, &sealed).unwrap();
            assert_eq!(*open, b"some bytes");
            let wrong = scheme.decrypt(b"\0b\0\0", b"saltsalt", 3, &sealed);
            assert_ne!(
                wrong.map(|bytes| bytes.to_vec()),
                Some(b"some bytes".to_vec())
            );
        }
        assert_eq!(Scheme::from_oid("1.2.840.113549.1.12.1.7"), None);
    }
}
