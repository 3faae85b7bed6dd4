//! `EncryptionAlgorithm` of PKCS#12 and encrypted PKCS#8: PBES1 (RFC 7292) and PBES2 (RFC 8018).

use zeroize::Zeroizing;

use super::budget::Budget;
use super::cipher::Cipher;
use super::kdf::{Kdf, MAX_ITERATIONS};
use super::names::named;
use super::password_bytes;
use super::pbes1::Scheme;
use crate::der;
use crate::keystore::Error;
use crate::keystore::ber::{Ber, tag};
use crate::random::Random;
use crate::secret::Password;

const PBES2: &str = "1.2.840.113549.1.5.13";

/// How something is encrypted under a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::keystore) enum Encryption {
    Pbes1 {
        scheme: Scheme,
        salt: Vec<u8>,
        iterations: u32,
    },
    Pbes2 {
        kdf: Kdf,
        cipher: Cipher,
    },
}

impl Encryption {
    /// Reads the AlgorithmIdentifier and checks every cost against its bound.
    pub(in crate::keystore) fn read(ber: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut algorithm = ber.sequence("an encryption algorithm")?;
        let oid = algorithm.oid("an encryption algorithm")?;
        if oid == PBES2 {
            return Self::read_pbes2(&mut algorithm, budget);
        }
        let scheme = Scheme::from_oid(&oid).ok_or_else(|| Error::Unsupported {
            format: budget.format(),
            algorithm: format!("the encryption {}", named(&oid)),
        })?;
        let mut parameters = algorithm.sequence("the parameters of PBES1")?;
        let salt = parameters.octets("the salt")?.into_owned();
        if salt.len() > 1_024 {
            return Err(parameters.malformed(format!("a salt of {} bytes", salt.len())));
        }
        let iterations = parameters.integer("the iteration count")?;
        let iterations = budget.iterations(iterations, MAX_ITERATIONS)?;
        Ok(Self::Pbes1 {
            scheme,
            salt,
            iterations,
        })
    }

    fn read_pbes2(algorithm: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut parameters = algorithm.sequence("the parameters of PBES2")?;
        // JDKs before JDK-8202837 wrapped the parameters once more, behind a second identifier.
        if parameters.peek() == Some(tag::OID) {
            parameters.any()?;
            parameters = parameters.sequence("the parameters of PBES2")?;
        }
        let kdf = Kdf::read(&mut parameters, budget)?;
        let cipher = Cipher::read(budget.format(), &mut parameters)?;
        match kdf.key_length() {
            Some(length) if length != cipher.key_length() => Err(parameters.malformed(format!(
                "a key length of {length} bytes for {}",
                cipher.name()
            ))),
            _ => Ok(Self::Pbes2 { kdf, cipher }),
        }
    }

    /// Decrypts under every encoding of the password that writers use, until `accept` is content
    /// with the result; `None` where none is right.
    pub(in crate::keystore) fn decrypt(
        &self,
        password: &Password,
        ciphertext: &[u8],
        budget: &mut Budget,
        accept: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        for encoded in self.encodings(password) {
            let plain = self.decrypt_with(&encoded, ciphertext, budget)?;
            if let Some(plain) = plain.filter(|plain| accept(plain)) {
                return Ok(Some(plain));
            }
        }
        Ok(None)
    }

    fn encodings(&self, password: &Password) -> Vec<Zeroizing<Vec<u8>>> {
        match self {
            Self::Pbes1 { scheme, .. } if scheme.is_pkcs5() => {
                vec![Zeroizing::new(password.secret_text().as_bytes().to_vec())]
            }
            Self::Pbes1 { .. } if password.is_empty() => vec![
                Zeroizing::new(Vec::new()),
                Zeroizing::new(password_bytes::PKCS12_EMPTY_TERMINATED.to_vec()),
            ],
            Self::Pbes1 { .. } => vec![password_bytes::pkcs12(password)],
            Self::Pbes2 { .. } => {
                let utf8 = Zeroizing::new(password.secret_text().as_bytes().to_vec());
                let latin1 = password_bytes::latin1(password).filter(|bytes| **bytes != *utf8);
                std::iter::once(utf8).chain(latin1).collect()
            }
        }
    }

    fn decrypt_with(
        &self,
        password: &[u8],
        ciphertext: &[u8],
        budget: &mut Budget,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        match self {
            Self::Pbes1 {
                scheme,
                salt,
                iterations,
            } => {
                budget.spend((*iterations).into(), scheme.kdf_blocks())?;
                Ok(scheme.decrypt(password, salt, *iterations, ciphertext))
            }
            Self::Pbes2 { kdf, cipher } => {
                let key = kdf.derive(password, cipher.key_length(), budget)?;
                Ok(cipher.decrypt(&key, ciphertext))
            }
        }
    }

    /// For reports, such as `PBES2 AES-256-CBC, PBKDF2-HMAC-SHA256`.
    pub(in crate::keystore) fn name(&self) -> String {
        match self {
            Self::Pbes1 { scheme, .. } => scheme.name().to_owned(),
            Self::Pbes2 { kdf, cipher } => format!("PBES2 {}, {}", cipher.name(), kdf.name()),
        }
    }

    /// Iterations, where it iterates.
    pub(in crate::keystore) fn iterations(&self) -> Option<u64> {
        match self {
            Self::Pbes1 { iterations, .. } => Some((*iterations).into()),
            Self::Pbes2 { kdf, .. } => kdf.iterations(),
        }
    }
}

/// What is encrypted, with the AlgorithmIdentifier to put before it.
pub(in crate::keystore) struct Encrypted {
    pub(in crate::keystore) algorithm: Vec<u8>,
    pub(in crate::keystore) ciphertext: Vec<u8>,
}

/// A key of PBES2, derived once and used for everything in a store: the derivation is what costs.
pub(in crate::keystore) struct Pbes2Key {
    key: Zeroizing<Vec<u8>>,
    kdf: Vec<u8>,
}

impl Pbes2Key {
    /// AES-256 under PBKDF2 with HMAC-SHA256 and a salt of 16 bytes.
    pub(in crate::keystore) fn derive(
        password: &Password,
        iterations: u32,
        random: &mut dyn Random,
    ) -> Self {
        let salt: [u8; 16] = crate::random::array(random);
        let password = password.secret_text().as_bytes();
        let key = super::hash::Hash::Sha256.pbkdf2(password, &salt, iterations, 32);
        Self {
            key,
            kdf: Kdf::pbkdf2_sha256(&salt, iterations, 32),
        }
    }

    /// AES-256 under scrypt with N = 2^15, r = 8, p = 1 and a salt of 16 bytes.
    pub(in crate::keystore) fn derive_scrypt(password: &Password, random: &mut dyn Random) -> Self {
        let salt: [u8; 16] = crate::random::array(random);
        let mut key = Zeroizing::new(vec![0; 32]);
        let password = password.secret_text().as_bytes();
        let derived = scrypt::Params::new(15, 8, 1)
            .ok()
            .and_then(|costs| scrypt::scrypt(password, &salt, &costs, &mut key).ok());
        #[expect(clippy::expect_used, reason = "the costs are constants within bounds")]
        derived.expect("scrypt takes these costs");
        Self {
            key,
            kdf: Kdf::scrypt_der(&salt, 15, 32),
        }
    }

    /// Encrypts with AES-256-CBC under a fresh initialisation vector.
    pub(in crate::keystore) fn encrypt(&self, plain: &[u8], random: &mut dyn Random) -> Encrypted {
        let iv: [u8; 16] = crate::random::array(random);
        let ciphertext = Cipher::encrypt_aes_256_cbc(&self.key, &iv, plain).unwrap_or_default();
        let parameters = der::sequence(&[&self.kdf, &Cipher::aes_256_cbc_der(&iv)]);
        Encrypted {
            algorithm: der::algorithm(PBES2, &parameters),
            ciphertext,
        }
    }
}

/// Encrypts with a scheme of PBES1 under a fresh salt of 8 bytes.
pub(in crate::keystore) fn encrypt_pbes1(
    scheme: Scheme,
    password: &Password,
    iterations: u32,
    plain: &[u8],
    random: &mut dyn Random,
) -> Encrypted {
    let salt: [u8; 8] = crate::random::array(random);
    let encoded = password_bytes::pkcs12(password);
    let ciphertext = scheme
        .encrypt(&encoded, &salt, iterations, plain)
        .unwrap_or_default();
    let parameters = der::sequence(&[&der::octets(&salt), &der::integer(iterations.into())]);
    Encrypted {
        algorithm: der::algorithm(scheme.oid(), &parameters),
        ciphertext,
    }
}
