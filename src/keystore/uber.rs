//! UBER, BouncyCastle's keystore that hides everything: the entries of a BKS and their SHA-1
//! inside Twofish-256-CBC (`BcKeyStoreSpi.BouncyCastleStore`).

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use twofish::Twofish;
use zeroize::Zeroizing;

use super::bks::{Header, entries, write, write_header};
use super::pbe::budget::Budget;
use super::pbe::password_bytes;
use super::pbe::pkcs12_kdf::{Purpose, derive};
use super::reader::Reader;
use super::{EncodeOptions, Error, Format, Integrity, Keystore, Limits, Passwords, Protection};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

const SALT: usize = 20;
const BLOCK: usize = 16;
const DIGEST: usize = 20;
/// BouncyCastle's bound.
const MAX_ITERATIONS: u32 = 65_536;

/// Reads an UBER: decrypts, compares the digest, and only then looks at the entries.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let mut reader = Reader::new(Format::Uber, bytes);
    let header = Header::read(Format::Uber, &mut reader)?;
    check_shape(&header, &reader)?;
    let mut budget = Budget::new(Format::Uber, limits);
    let iterations = budget.iterations(header.iterations, MAX_ITERATIONS)?;
    let password = passwords.store.ok_or(Error::PasswordNeeded {
        format: Format::Uber,
    })?;
    budget.spend(iterations.into(), 3)?;
    let plain = Keys::derive(password, header.salt, iterations)
        .decrypt(reader.rest())
        .ok_or(Error::WrongPasswordOrDamaged {
            format: Format::Uber,
        })?;
    let mut body = Reader::decrypted(Format::Uber, without_digest(&plain)?, reader.at());
    let mut end = body.clone();
    entries::walk(&mut end, limits)?;
    end.finish("the entries")?;
    let interpreted = entries::interpret(&mut body, passwords, limits, &mut budget)?;
    let whole = Protection {
        what: "store".into(),
        algorithm: "Twofish-256-CBC over entries and their SHA-1".into(),
        iterations: Some(iterations.into()),
    };
    Ok(interpreted.into_store(Format::Uber, header.version, Integrity::Verified, whole))
}

/// Writes an UBER of version 1.
pub(super) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let mut out = Vec::new();
    let salt: [u8; SALT] = crate::random::array(random);
    let iterations = write_header(&mut out, 1, &salt, options, random)?;
    let mut body = Zeroizing::new(Vec::new());
    write::entries(&store.entries, options, random, &mut body)?;
    let digest = Sha1::digest(&body);
    body.extend_from_slice(&digest);
    out.extend(Keys::derive(options.store_password, &salt, iterations).encrypt(&body));
    Ok(SecretBytes::new(out))
}

fn check_shape(header: &Header<'_>, reader: &Reader<'_>) -> Result<(), Error> {
    let length = reader.rest().len();
    if header.version == 0 {
        return Err(Error::UnsupportedVersion {
            format: Format::Uber,
            version: 0,
        });
    }
    if header.salt.len() != SALT {
        let found = header.salt.len();
        return Err(reader.malformed(format!("a salt of {found} bytes; it has {SALT}")));
    }
    if length < 2 * BLOCK || !length.is_multiple_of(BLOCK) {
        return Err(reader.malformed(format!(
            "{length} encrypted bytes, which are not two or more blocks of {BLOCK}"
        )));
    }
    Ok(())
}

/// The entries, where the digest behind them is theirs.
fn without_digest(plain: &[u8]) -> Result<&[u8], Error> {
    let split = plain.len().checked_sub(DIGEST);
    split
        .and_then(|at| plain.split_at_checked(at))
        .filter(|(body, digest)| Sha1::digest(body).as_slice().ct_eq(digest).into())
        .map(|(body, _)| body)
        .ok_or(Error::WrongPasswordOrDamaged {
            format: Format::Uber,
        })
}

struct Keys {
    key: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
}

impl Keys {
    fn derive(password: &Password, salt: &[u8], iterations: u32) -> Self {
        let password = password_bytes::pkcs12(password);
        Self {
            key: derive::<Sha1>(&password, salt, iterations, Purpose::Key, 32),
            iv: derive::<Sha1>(&password, salt, iterations, Purpose::Iv, BLOCK),
        }
    }

    /// `None` where the padding is not exactly as it must be.
    fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        // Twofish is slow, and the last block alone tells nearly every wrong password.
        let before_last = ciphertext.len().checked_sub(2 * BLOCK)?;
        let (iv, last) = ciphertext.get(before_last..)?.split_at_checked(BLOCK)?;
        self.decrypt_from(iv, last)?;
        self.decrypt_from(&self.iv, ciphertext)
    }

    fn decrypt_from(&self, iv: &[u8], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = cbc::Decryptor::<Twofish>::new_from_slices(&self.key, iv).ok()?;
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()?;
        Some(Zeroizing::new(plain))
    }

    fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "the lengths are constants that fit")]
        let cipher = cbc::Encryptor::<Twofish>::new_from_slices(&self.key, &self.iv)
            .expect("Twofish takes 32 bytes of key and 16 of IV");
        cipher.encrypt_padded_vec::<Pkcs7>(plain)
    }
}
