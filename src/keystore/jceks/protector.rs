//! How JCEKS protects keys: `PBEWithMD5AndTripleDES`, Sun's own extension of PKCS#5 version 1
//! (`com.sun.crypto.provider.PBES1Core`).

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use des::TdesEde3;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use crate::der;
use crate::keystore::ber::{Ber, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::password_bytes;
use crate::keystore::{EncodeOptions, Error, Format};
use crate::random::Random;
use crate::secret::{Password, PrivateKey};

/// Sun's own identifier of the protection of JCEKS.
pub(in crate::keystore) const OID: &str = "1.3.6.1.4.1.42.2.19.1";
/// Its name in Java.
pub(in crate::keystore) const NAME: &str = "PBEWithMD5AndTripleDES";
/// What current JDKs write; those before 2017 wrote 20.
const DEFAULT_ITERATIONS: u32 = 200_000;
/// The bound of the JDK.
const MAX_ITERATIONS: u32 = 5_000_000;
const HALF: usize = 4;

/// Something protected this way, with its parameters.
pub(in crate::keystore) struct Pbe {
    salt: [[u8; HALF]; 2],
    pub(in crate::keystore) iterations: i64,
    ciphertext: Vec<u8>,
}

impl Pbe {
    /// Reads the parameters `SEQUENCE { salt OCTET STRING, iterations INTEGER }` of `ciphertext`.
    pub(in crate::keystore) fn read(
        parameters: &mut Ber<'_>,
        ciphertext: Vec<u8>,
    ) -> Result<Self, Error> {
        let mut inner = parameters.sequence("the parameters")?;
        parameters.finish("the parameters")?;
        let salt = inner.octets("the salt")?;
        let iterations = inner.integer("the number of iterations")?;
        inner.finish("the number of iterations")?;
        let salt = match *salt {
            [a, b, c, d, e, f, g, h] => [[a, b, c, d], [e, f, g, h]],
            _ => return Err(inner.malformed(format!("a salt of {} bytes, not 8", salt.len()))),
        };
        Ok(Self {
            salt,
            iterations,
            ciphertext,
        })
    }

    /// Opens it and hands the plaintext to `accept`; `None` where this is not its password.
    pub(in crate::keystore) fn open<T>(
        &self,
        password: &Password,
        budget: &mut Budget,
        accept: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let iterations = budget.iterations(self.iterations, MAX_ITERATIONS)?;
        let Some(password) = password_bytes::ascii(password) else {
            return Ok(None);
        };
        for salt in possible_salts(self.salt) {
            budget.spend(iterations.into(), 2)?;
            let found = decrypt(password, &salt, iterations, &self.ciphertext)
                .and_then(|plain| accept(&plain));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Opens a private key, which is one whole DER sequence.
    pub(in crate::keystore) fn open_private_key(
        &self,
        password: &Password,
        budget: &mut Budget,
    ) -> Result<Option<PrivateKey>, Error> {
        let format = budget.format();
        self.open(password, budget, |plain| {
            let whole = Ber::new(format, plain)
                .expect(tag::SEQUENCE, "a key")
                .ok()?;
            (whole.whole.len() == plain.len()).then(|| PrivateKey::from_pkcs8_der(plain.to_vec()))
        })
    }
}

/// What was sealed, and the DER of its parameters.
pub(in crate::keystore) struct Protected {
    pub(in crate::keystore) parameters: Vec<u8>,
    pub(in crate::keystore) ciphertext: Vec<u8>,
}

/// Protects `plain` under the key password, which must be printable ASCII.
pub(in crate::keystore) fn protect(
    plain: &[u8],
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Protected, Error> {
    let iterations = options.iterations_within(DEFAULT_ITERATIONS, 1..=MAX_ITERATIONS)?;
    let password =
        password_bytes::ascii(options.key_password()).ok_or_else(|| Error::NotRepresentable {
            format: Format::Jceks,
            what: "a key password with other characters than printable ASCII".into(),
        })?;
    let salt = fresh_salt(random);
    let keys = Keys::derive(password, &salt, iterations);
    Ok(Protected {
        parameters: der::sequence(&[
            &der::octets(salt.as_flattened()),
            &der::integer(iterations.into()),
        ]),
        ciphertext: keys.encrypt(plain),
    })
}

/// Protects a private key; the result is DER `EncryptedPrivateKeyInfo`.
pub(in crate::keystore) fn protect_private_key(
    key: &PrivateKey,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    let protected = protect(key.secret_pkcs8_der(), options, random)?;
    Ok(der::sequence(&[
        &der::algorithm(OID, &protected.parameters),
        &der::octets(&protected.ciphertext),
    ]))
}

/// Equal halves would derive equal halves of the key, so JDKs change the first one: those of today
/// reverse it, earlier ones meant to and did not.
fn possible_salts(salt: [[u8; HALF]; 2]) -> Vec<[[u8; HALF]; 2]> {
    let [first, second] = salt;
    if first != second {
        return vec![salt];
    }
    let [a, b, c, d] = first;
    vec![[[d, c, b, a], second], [[d, a, b, d], second]]
}

fn fresh_salt(random: &mut dyn Random) -> [[u8; HALF]; 2] {
    let first: [u8; HALF] = crate::random::array(random);
    let mut second: [u8; HALF] = crate::random::array(random);
    if first == second {
        second = second.map(|byte| !byte);
    }
    [first, second]
}

fn decrypt(
    password: &[u8],
    salt: &[[u8; HALF]; 2],
    iterations: u32,
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let keys = Keys::derive(password, salt, iterations);
    let cipher = cbc::Decryptor::<TdesEde3>::new_from_slices(keys.key(), keys.iv()).ok()?;
    let plain = cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()?;
    Some(Zeroizing::new(plain))
}

/// Key and IV, one after the other.
struct Keys(Zeroizing<[u8; 32]>);

impl Keys {
    fn derive(password: &[u8], salt: &[[u8; HALF]; 2], iterations: u32) -> Self {
        let mut out = Zeroizing::new([0; 32]);
        for (half, to) in salt.iter().zip(out.chunks_exact_mut(16)) {
            let mut hash = Md5::new()
                .chain_update(half)
                .chain_update(password)
                .finalize();
            for _ in 1..iterations {
                hash = Md5::new()
                    .chain_update(hash)
                    .chain_update(password)
                    .finalize();
            }
            to.copy_from_slice(&hash);
        }
        Self(out)
    }

    fn key(&self) -> &[u8] {
        self.0.get(..24).unwrap_or_default()
    }

    fn iv(&self) -> &[u8] {
        self.0.get(24..).unwrap_or_default()
    }

    fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "the lengths are constants that fit")]
        let cipher = cbc::Encryptor::<TdesEde3>::new_from_slices(self.key(), self.iv())
            .expect("triple DES takes 24 bytes of key and 8 of IV");
        cipher.encrypt_padded_vec::<Pkcs7>(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::Limits;
    use crate::x509::hex;

    // kat.json.
    #[test]
    fn derives_as_sunjce_does() {
        let keys = Keys::derive(b"password", &[[1, 2, 3, 4], [5, 6, 7, 8]], 20);
        assert_eq!(
            hex(&*keys.0),
            "22cb7f9a79cd8897ac78bcfebde09f6023e52755895531d3b0bcb51577a2c8c9"
        );
    }

    // pyjks, tests/test_jks.py: the last salt has equal halves and was used by a JDK that swapped
    // them wrongly.
    #[test]
    fn opens_what_sunjce_protected() {
        for (salt, ciphertext) in [
            ([[1, 2, 3, 4], [5, 6, 7, 8]], 0xc420_59ac_5403_c7bf_u64),
            ([[1, 2, 3, 4], [1, 2, 3, 5]], 0xef9f_bdc5_915f_4950),
            ([[1, 2, 3, 4], [1, 2, 3, 4]], 0x728f_d8cc_2141_2580),
        ] {
            let pbe = Pbe {
                salt,
                iterations: 42,
                ciphertext: ciphertext.to_be_bytes().to_vec(),
            };
            let mut budget = Budget::new(Format::Jceks, &Limits::default());
            let accept = |plain: &[u8]| (plain == b"sample").then_some(());
            let password = Password::new("my_password".into());
            assert!(pbe.open(&password, &mut budget, accept).unwrap().is_some());
        }
    }
}
