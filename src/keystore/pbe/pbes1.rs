//! The PBES1 schemes of PKCS#12 (RFC 7292 appendix C): SHA-1, the PKCS#12 KDF, and old ciphers.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use rc4::{KeyInit as _, StreamCipher as _};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::pkcs12_kdf::{Purpose, derive};

/// A scheme of `1.2.840.113549.1.12.1.N`, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keystore) enum Scheme {
    /// 1: 128-bit RC4.
    Rc4With128,
    /// 2: 40-bit RC4.
    Rc4With40,
    /// 3: three-key triple DES, CBC.
    TripleDes3Key,
    /// 4: two-key triple DES, CBC.
    TripleDes2Key,
    /// 5: 128-bit RC2, CBC.
    Rc2With128,
    /// 6: 40-bit RC2, CBC.
    Rc2With40,
}

impl Scheme {
    /// The scheme with this last arc of its object identifier.
    pub(in crate::keystore) fn from_arc(arc: u64) -> Option<Self> {
        Some(match arc {
            1 => Self::Rc4With128,
            2 => Self::Rc4With40,
            3 => Self::TripleDes3Key,
            4 => Self::TripleDes2Key,
            5 => Self::Rc2With128,
            6 => Self::Rc2With40,
            _ => return None,
        })
    }

    /// The last arc of its object identifier.
    pub(in crate::keystore) fn arc(self) -> u8 {
        match self {
            Self::Rc4With128 => 1,
            Self::Rc4With40 => 2,
            Self::TripleDes3Key => 3,
            Self::TripleDes2Key => 4,
            Self::Rc2With128 => 5,
            Self::Rc2With40 => 6,
        }
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
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Rc4With128 | Self::TripleDes2Key | Self::Rc2With128 => 16,
            Self::Rc4With40 | Self::Rc2With40 => 5,
            Self::TripleDes3Key => 24,
        }
    }

    fn keys(self, password: &[u8], salt: &[u8], iterations: u32) -> Keys {
        let length = self.key_length();
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
        for arc in 1..=6 {
            let scheme = Scheme::from_arc(arc).unwrap();
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
        assert_eq!(Scheme::from_arc(7), None);
    }
}
