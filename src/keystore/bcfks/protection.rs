//! How BCFKS encrypts: PBES2 with AES-256 in CCM mode or key wrap, and passwords with a purpose.

use aes::Aes256;
use aes_kw::KwpAes256;
use ccm::Ccm;
use ccm::aead::{Aead as _, KeyInit as _};
use ccm::consts::{U8, U12, U16};
use zeroize::Zeroizing;

use super::unsupported;
use crate::der;
use crate::keystore::Error;
use crate::keystore::ber::{Ber, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::hash::Hash;
use crate::keystore::pbe::kdf::{Kdf, PBKDF2};
use crate::keystore::pbe::names::named;
use crate::keystore::pbe::password_bytes;
use crate::random::Random;
use crate::secret::Password;

const PBES2: &str = "1.2.840.113549.1.5.13";
const AES_256_CCM: &str = "2.16.840.1.101.3.4.1.47";
const AES_256_WRAP_PAD: &str = "2.16.840.1.101.3.4.1.48";
const HMAC_SHA512: &str = "1.2.840.113549.2.11";
const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: u64 = 8;

/// What a key is derived for; mixed into the password, so that no key serves twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Store,
    PrivateKey,
    SecretKey,
    Integrity,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Store => "STORE_ENCRYPTION",
            Self::PrivateKey => "PRIVATE_KEY_ENCRYPTION",
            Self::SecretKey => "SECRET_KEY_ENCRYPTION",
            Self::Integrity => "INTEGRITY_CHECK",
        }
    }
}

/// Password and purpose, each as PKCS#12 encodes passwords.
pub(super) fn password(password: &Password, purpose: Purpose) -> Zeroizing<Vec<u8>> {
    let first = password_bytes::pkcs12(password);
    let second = password_bytes::pkcs12(&Password::new(purpose.name().to_owned()));
    let mut out = Zeroizing::new(Vec::with_capacity(first.len() + second.len()));
    out.extend_from_slice(&first);
    out.extend_from_slice(&second);
    out
}

/// A key derivation. BouncyCastle hands scrypt's block size on as its parallelism as well.
pub(super) fn read_kdf(ber: &mut Ber<'_>, budget: &Budget) -> Result<Kdf, Error> {
    Ok(match Kdf::read(ber, budget)? {
        Kdf::Scrypt {
            salt,
            log_n,
            r,
            key_length,
            ..
        } => Kdf::Scrypt {
            salt,
            log_n,
            r,
            p: r,
            key_length,
        },
        other => other,
    })
}

enum Cipher {
    Ccm { nonce: [u8; NONCE], tag: i64 },
    WrapPad,
}

impl Cipher {
    fn read(ber: &mut Ber<'_>) -> Result<Self, Error> {
        let mut algorithm = ber.sequence("a cipher")?;
        let oid = algorithm.oid("a cipher")?;
        match oid.as_str() {
            AES_256_WRAP_PAD => Ok(Self::WrapPad),
            AES_256_CCM => {
                let mut parameters = algorithm.sequence("the parameters of CCM")?;
                let nonce = parameters.octets("the nonce")?;
                let nonce = nonce
                    .as_ref()
                    .try_into()
                    .map_err(|_| unsupported("CCM with a nonce that is not 12 bytes long"))?;
                let tag = match parameters.peek() {
                    Some(tag::INTEGER) => parameters.integer("the length of the tag")?,
                    _ => 12,
                };
                Ok(Self::Ccm { nonce, tag })
            }
            _ => Err(unsupported(&format!("the cipher {}", named(&oid)))),
        }
    }

    fn decrypt(&self, key: &[u8], ciphertext: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let plain = match self {
            Self::Ccm { nonce, tag: 8 } => Ccm::<Aes256, U8, U12>::new_from_slice(key)
                .ok()
                .and_then(|ccm| ccm.decrypt(&(*nonce).into(), ciphertext).ok()),
            Self::Ccm { nonce, tag: 12 } => Ccm::<Aes256, U12, U12>::new_from_slice(key)
                .ok()
                .and_then(|ccm| ccm.decrypt(&(*nonce).into(), ciphertext).ok()),
            Self::Ccm { nonce, tag: 16 } => Ccm::<Aes256, U16, U12>::new_from_slice(key)
                .ok()
                .and_then(|ccm| ccm.decrypt(&(*nonce).into(), ciphertext).ok()),
            Self::Ccm { tag, .. } => {
                return Err(unsupported(&format!("CCM with a tag of {tag} bytes")));
            }
            Self::WrapPad => unwrap(key, ciphertext),
        };
        Ok(plain.map(Zeroizing::new))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Ccm { .. } => "AES-256-CCM",
            Self::WrapPad => "AES-256-KWP",
        }
    }
}

/// RFC 5649.
fn unwrap(key: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = Zeroizing::new(vec![0; ciphertext.len()]);
    let cipher = KwpAes256::new_from_slice(key).ok()?;
    let plain = cipher.unwrap_key(ciphertext, &mut buffer).ok()?;
    Some(plain.to_vec())
}

/// Something encrypted, with its parameters.
pub(super) struct Sealed<'a> {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: std::borrow::Cow<'a, [u8]>,
}

impl<'a> Sealed<'a> {
    /// Reads AlgorithmIdentifier and OCTET STRING.
    pub(super) fn read(ber: &mut Ber<'a>, budget: &Budget) -> Result<Self, Error> {
        let mut algorithm = ber.sequence("an encryption algorithm")?;
        let oid = algorithm.oid("an encryption algorithm")?;
        if oid != PBES2 {
            return Err(unsupported(&format!("the encryption {}", named(&oid))));
        }
        let mut parameters = algorithm.sequence("the parameters of PBES2")?;
        let kdf = read_kdf(&mut parameters, budget)?;
        let cipher = Cipher::read(&mut parameters)?;
        if kdf.key_length().is_some_and(|length| length != KEY) {
            return Err(parameters.malformed("a key length that is not that of AES-256"));
        }
        Ok(Self {
            kdf,
            cipher,
            ciphertext: ber.octets("what is encrypted")?,
        })
    }

    /// Decrypts; `None` where the password is another.
    pub(super) fn open(
        &self,
        password: &Password,
        purpose: Purpose,
        budget: &mut Budget,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let password = self::password(password, purpose);
        let key = self.kdf.derive(&password, KEY, budget)?;
        self.cipher.decrypt(&key, &self.ciphertext)
    }

    pub(super) fn name(&self) -> String {
        format!("PBES2 {}, {}", self.cipher.name(), self.kdf.name())
    }

    pub(super) fn iterations(&self) -> Option<u64> {
        self.kdf.iterations()
    }
}

/// Encrypts with AES-256-CCM under a key that is derived once for its purpose.
pub(super) struct Sealer {
    key: Zeroizing<Vec<u8>>,
    kdf: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(
        password: &Password,
        purpose: Purpose,
        iterations: u32,
        random: &mut dyn Random,
    ) -> Self {
        let salt: [u8; 64] = crate::random::array(random);
        let password = self::password(password, purpose);
        Self {
            key: Hash::Sha512.pbkdf2(&password, &salt, iterations, KEY),
            kdf: pbkdf2_der(&salt, iterations, 32),
        }
    }

    /// SEQUENCE of AlgorithmIdentifier and OCTET STRING.
    pub(super) fn seal(&self, plain: &[u8], random: &mut dyn Random) -> Vec<u8> {
        let nonce: [u8; NONCE] = crate::random::array(random);
        #[expect(
            clippy::expect_used,
            reason = "the key is of AES-256's length, the data in memory"
        )]
        let ciphertext = Ccm::<Aes256, U8, U12>::new_from_slice(&self.key)
            .ok()
            .and_then(|ccm| ccm.encrypt(&nonce.into(), plain).ok())
            .expect("AES-256-CCM takes a key of 32 bytes");
        let ccm = der::sequence(&[&der::octets(&nonce), &der::integer(TAG)]);
        let parameters = der::sequence(&[&self.kdf, &der::algorithm(AES_256_CCM, &ccm)]);
        let algorithm = der::algorithm(PBES2, &parameters);
        der::sequence(&[&algorithm, &der::octets(&ciphertext)])
    }
}

/// PBKDF2 with HMAC-SHA512 as an AlgorithmIdentifier.
pub(super) fn pbkdf2_der(salt: &[u8], iterations: u32, length: u32) -> Vec<u8> {
    let parameters = der::sequence(&[
        &der::octets(salt),
        &der::integer(iterations.into()),
        &der::integer(length.into()),
        &der::algorithm(HMAC_SHA512, &der::null()),
    ]);
    der::algorithm(PBKDF2, &parameters)
}
