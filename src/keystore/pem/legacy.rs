//! The encryption of OpenSSL's traditional PEM keys: `Proc-Type: 4,ENCRYPTED` with `DEK-Info`.
//!
//! One round of MD5 stands between the password and the key: whoever has the file can guess fast.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use des::{Des, TdesEde3};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::armor::{Block, damaged};
use super::key;
use crate::keystore::{Error, Format, KeyState, Passwords, SealedKey};
use crate::secret::{Password, PrivateKey};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Des,
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "DES-CBC" => Self::Des,
            "DES-EDE3-CBC" => Self::TripleDes,
            "AES-128-CBC" => Self::Aes128,
            "AES-192-CBC" => Self::Aes192,
            "AES-256-CBC" => Self::Aes256,
            _ => return None,
        })
    }

    fn key_length(self) -> usize {
        match self {
            Self::Des => 8,
            Self::Aes128 => 16,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    fn iv_length(self) -> usize {
        match self {
            Self::Des | Self::TripleDes => 8,
            _ => 16,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let plain = match self {
            Self::Des => decrypt::<Des>(key, iv, ciphertext),
            Self::TripleDes => decrypt::<TdesEde3>(key, iv, ciphertext),
            Self::Aes128 => decrypt::<Aes128>(key, iv, ciphertext),
            Self::Aes192 => decrypt::<Aes192>(key, iv, ciphertext),
            Self::Aes256 => decrypt::<Aes256>(key, iv, ciphertext),
        };
        plain.map(Zeroizing::new)
    }
}

fn decrypt<C>(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>>
where
    C: cbc::cipher::BlockCipherDecrypt + cbc::cipher::KeyInit,
{
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
}

/// Opens the key of a block with the first password that fits.
pub(super) fn open(
    block: &Block,
    curve: Option<&[u8]>,
    passwords: &Passwords<'_>,
) -> Result<KeyState<PrivateKey>, Error> {
    let (name, cipher, iv) = info(block)?;
    for (password, opened) in passwords.for_keys() {
        let key = bytes_to_key(password, &iv, cipher.key_length());
        let Some(plain) = cipher.decrypt(&key, &iv, &block.bytes) else {
            continue;
        };
        // A wrong password has good padding once in 256 times, and then yields no key.
        if let Ok(Some(value)) = key::to_pkcs8(&plain, curve) {
            return Ok(KeyState::Open { value, opened });
        }
    }
    Ok(KeyState::Sealed(SealedKey {
        supported: true,
        format: Format::Pem,
        blob: block.bytes.to_vec(),
        algorithm: format!("traditional PEM encryption {name}, MD5"),
        iterations: Some(1),
    }))
}

/// `DEK-Info: NAME,IV`.
fn info(block: &Block) -> Result<(String, Cipher, Vec<u8>), Error> {
    let missing = || damaged(block.offset, "the encrypted key has no usable `DEK-Info`");
    let value = block.header("DEK-Info").ok_or_else(missing)?;
    let (name, iv) = value.split_once(',').ok_or_else(missing)?;
    let cipher = Cipher::from_name(name).ok_or_else(|| Error::Unsupported {
        format: Format::Pem,
        algorithm: format!("the cipher {name} of a traditional PEM key"),
    })?;
    let iv = hex(iv.trim()).filter(|iv| iv.len() == cipher.iv_length());
    Ok((name.to_owned(), cipher, iv.ok_or_else(missing)?))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs
        .iter()
        .map(byte)
        .collect::<Option<Vec<u8>>>()
        .filter(|_| rest.is_empty())
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round; the salt is the start of the IV.
fn bytes_to_key(password: &Password, iv: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let salt = iv.get(..8).unwrap_or(iv);
    let mut out = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last = Zeroizing::new(Vec::with_capacity(16));
    while out.len() < length {
        let hash = Md5::new()
            .chain_update(&*last)
            .chain_update(password.secret_text())
            .chain_update(salt)
            .finalize();
        last.clear();
        last.extend_from_slice(&hash);
        out.extend_from_slice(&hash);
    }
    out.truncate(length);
    out
}
