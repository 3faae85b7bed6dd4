//! The ciphers of PBES2.

use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use des::TdesEde3;
use zeroize::Zeroizing;

use super::names::named;
use crate::der;
use crate::keystore::ber::{Ber, tag};
use crate::keystore::{Error, Format};

const AES: &str = "2.16.840.1.101.3.4.1.";
const TRIPLE_DES: &str = "1.2.840.113549.3.7";
const AES_256_CBC: &str = "2.16.840.1.101.3.4.1.42";

/// A cipher with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::keystore) enum Cipher {
    /// AES in CBC mode with a key of so many bytes.
    AesCbc { key_length: usize, iv: Vec<u8> },
    /// AES in GCM mode, as BouncyCastle can write it.
    AesGcm { key_length: usize, nonce: Vec<u8> },
    /// Three-key triple DES in CBC mode.
    TripleDesCbc { iv: Vec<u8> },
}

impl Cipher {
    /// Reads the AlgorithmIdentifier of a cipher.
    pub(in crate::keystore) fn read(format: Format, ber: &mut Ber<'_>) -> Result<Self, Error> {
        let mut algorithm = ber.sequence("a cipher")?;
        let oid = algorithm.oid("the algorithm of a cipher")?;
        if oid == TRIPLE_DES {
            return Ok(Self::TripleDesCbc {
                iv: read_iv(&mut algorithm, 8)?,
            });
        }
        let aes = oid.strip_prefix(AES).and_then(|arc| arc.parse::<u8>().ok());
        match aes {
            Some(arc @ (2 | 22 | 42)) => {
                let iv = read_iv(&mut algorithm, 16)?;
                Ok(Self::AesCbc {
                    key_length: aes_key_length(arc - 2),
                    iv,
                })
            }
            Some(arc @ (6 | 26 | 46)) => {
                let nonce = read_gcm(format, &mut algorithm)?;
                Ok(Self::AesGcm {
                    key_length: aes_key_length(arc - 6),
                    nonce,
                })
            }
            _ => Err(Error::Unsupported {
                format,
                algorithm: format!("the cipher {}", named(&oid)),
            }),
        }
    }

    pub(in crate::keystore) fn key_length(&self) -> usize {
        match self {
            Self::AesCbc { key_length, .. } | Self::AesGcm { key_length, .. } => *key_length,
            Self::TripleDesCbc { .. } => 24,
        }
    }

    pub(in crate::keystore) fn name(&self) -> String {
        match self {
            Self::AesCbc { key_length, .. } => format!("AES-{}-CBC", key_length * 8),
            Self::AesGcm { key_length, .. } => format!("AES-{}-GCM", key_length * 8),
            Self::TripleDesCbc { .. } => "3DES-CBC".to_owned(),
        }
    }

    /// Decrypts; `None` where padding or tag are not as they must be.
    pub(in crate::keystore) fn decrypt(
        &self,
        key: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let plain = match self {
            Self::AesCbc { iv, .. } => match key.len() {
                16 => decrypt_cbc::<Aes128>(key, iv, ciphertext),
                24 => decrypt_cbc::<Aes192>(key, iv, ciphertext),
                _ => decrypt_cbc::<Aes256>(key, iv, ciphertext),
            },
            Self::TripleDesCbc { iv } => decrypt_cbc::<TdesEde3>(key, iv, ciphertext),
            Self::AesGcm { nonce, .. } => decrypt_gcm(key, nonce, ciphertext),
        };
        plain.map(Zeroizing::new)
    }

    /// AES-256-CBC with this IV, as an AlgorithmIdentifier.
    pub(in crate::keystore) fn aes_256_cbc_der(iv: &[u8; 16]) -> Vec<u8> {
        der::algorithm(AES_256_CBC, &der::octets(iv))
    }

    /// Encrypts with AES-256 in CBC mode.
    pub(in crate::keystore) fn encrypt_aes_256_cbc(
        key: &[u8],
        iv: &[u8; 16],
        plaintext: &[u8],
    ) -> Option<Vec<u8>> {
        let cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, iv).ok()?;
        Some(cipher.encrypt_padded_vec::<Pkcs7>(plaintext))
    }
}

fn aes_key_length(arc: u8) -> usize {
    match arc {
        0 => 16,
        20 => 24,
        _ => 32,
    }
}

fn read_iv(algorithm: &mut Ber<'_>, length: usize) -> Result<Vec<u8>, Error> {
    let iv = algorithm.octets("the initialisation vector")?;
    if iv.len() != length {
        return Err(algorithm.malformed(format!("an initialisation vector of {} bytes", iv.len())));
    }
    Ok(iv.into_owned())
}

/// GCMParameters (RFC 5084): only nonces of 12 and tags of 16 bytes occur.
fn read_gcm(format: Format, algorithm: &mut Ber<'_>) -> Result<Vec<u8>, Error> {
    let mut parameters = algorithm.sequence("the parameters of GCM")?;
    let nonce = parameters.octets("the nonce")?.into_owned();
    let tag_length = match parameters.peek() {
        Some(tag::INTEGER) => parameters.integer("the length of the tag")?,
        _ => 12,
    };
    if nonce.len() == 12 && tag_length == 16 {
        return Ok(nonce);
    }
    let algorithm = format!(
        "GCM with a nonce of {} and a tag of {tag_length} bytes",
        nonce.len()
    );
    Err(Error::Unsupported { format, algorithm })
}

fn decrypt_cbc<C>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>>
where
    C: cbc::cipher::BlockCipherDecrypt + cbc::cipher::KeyInit,
{
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
}

fn decrypt_gcm(key: &[u8], nonce: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    key.open_in_place(nonce, Aad::empty(), &mut buffer)
        .ok()
        .map(|plain| plain.to_vec())
}
