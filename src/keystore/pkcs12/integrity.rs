//! `MacData` (RFC 7292 section 4) and PBMAC1 (RFC 9579): what proves that nothing was altered.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::keystore::ber::Ber;
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::hash::Hash;
use crate::keystore::pbe::kdf::{Kdf, MAX_ITERATIONS};
use crate::keystore::pbe::names::named;
use crate::keystore::pbe::password_bytes;
use crate::keystore::pbe::pkcs12_kdf::Purpose;
use crate::keystore::{Error, Format, Integrity, Protection};
use crate::secret::Password;

pub(super) const PBMAC1: &str = "1.2.840.113549.1.5.14";
/// RFC 9579 section 5 demands 20 bytes at least (CVE-2026-34181); OpenSSL takes 64 at most.
const PBMAC1_KEY_LENGTHS: std::ops::RangeInclusive<usize> = 20..=1_024;

/// Checks the MAC over `content`, in constant time; a store without one is read unproven.
pub(super) fn check(
    pfx: &mut Ber<'_>,
    content: &[u8],
    password: Option<&Password>,
    budget: &mut Budget,
) -> Result<(Integrity, Vec<Protection>), Error> {
    if pfx.is_empty() {
        return Ok((Integrity::None, Vec::new()));
    }
    let mut data = pfx.sequence("the MAC")?;
    let mut info = data.sequence("the digest of the MAC")?;
    let mut algorithm = info.sequence("the algorithm of the MAC")?;
    let oid = algorithm.oid("the algorithm of the MAC")?;
    let expected = info.octets("the MAC")?;
    let salt = data.octets("the salt of the MAC")?;
    let iterations = if data.is_empty() {
        1
    } else {
        data.integer("the iterations of the MAC")?
    };
    let mac = match oid.as_str() {
        PBMAC1 => Mac::read_pbmac1(&mut algorithm, budget)?,
        _ => Mac::Classic {
            hash: Hash::from_digest_oid(&oid).ok_or_else(|| Error::Unsupported {
                format: Format::Pkcs12,
                algorithm: format!("a MAC with the digest {}", named(&oid)),
            })?,
            salt: salt.to_vec(),
            iterations: budget.iterations(iterations, MAX_ITERATIONS)?,
        },
    };
    let protection = vec![mac.protection()];
    let Some(password) = password else {
        return Ok((Integrity::None, protection));
    };
    if mac.verify(password, content, &expected, budget)? {
        return Ok((Integrity::Verified, protection));
    }
    Err(Error::WrongPasswordOrDamaged {
        format: Format::Pkcs12,
    })
}

enum Mac {
    Classic {
        hash: Hash,
        salt: Vec<u8>,
        iterations: u32,
    },
    Pbmac1 {
        kdf: Kdf,
        key_length: usize,
        hash: Hash,
    },
}

impl Mac {
    fn read_pbmac1(algorithm: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut parameters = algorithm.sequence("the parameters of PBMAC1")?;
        let kdf = Kdf::read(&mut parameters, budget)?;
        let oid = parameters
            .sequence("the MAC of PBMAC1")?
            .oid("the MAC of PBMAC1")?;
        let hash = Hash::from_hmac_oid(&oid).ok_or_else(|| Error::Unsupported {
            format: Format::Pkcs12,
            algorithm: format!("PBMAC1 with the MAC {}", named(&oid)),
        })?;
        let key_length = kdf.key_length().ok_or_else(|| {
            parameters.malformed("PBMAC1 without a key length, which RFC 9579 demands")
        })?;
        if !PBMAC1_KEY_LENGTHS.contains(&key_length) {
            return Err(Error::LimitExceeded {
                format: Format::Pkcs12,
                what: "a PBMAC1 key length",
                found: key_length.to_string(),
                limit: "20 to 1024".into(),
            });
        }
        Ok(Self::Pbmac1 {
            kdf,
            key_length,
            hash,
        })
    }

    fn verify(
        &self,
        password: &Password,
        content: &[u8],
        expected: &[u8],
        budget: &mut Budget,
    ) -> Result<bool, Error> {
        match self {
            Self::Classic {
                hash,
                salt,
                iterations,
            } => {
                // OpenSSL and Windows terminate even the empty password; Java does not.
                let mut encodings = vec![password_bytes::pkcs12(password)];
                if password.is_empty() {
                    let terminated = password_bytes::PKCS12_EMPTY_TERMINATED.to_vec();
                    encodings.push(Zeroizing::new(terminated));
                }
                for encoded in encodings {
                    budget.spend((*iterations).into(), 1)?;
                    let length = hash.output_length();
                    let key = hash.pkcs12_kdf(&encoded, salt, *iterations, Purpose::Mac, length);
                    if equal(&hash.hmac(&key, content), expected) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Pbmac1 {
                kdf,
                key_length,
                hash,
            } => {
                let password = password.secret_text().as_bytes();
                let key = kdf.derive(password, *key_length, budget)?;
                Ok(equal(&hash.hmac(&key, content), expected))
            }
        }
    }

    fn protection(&self) -> Protection {
        let (algorithm, iterations) = match self {
            Self::Classic {
                hash, iterations, ..
            } => (
                format!("HMAC-{}, PKCS#12 KDF", hash.name()),
                Some(u64::from(*iterations)),
            ),
            Self::Pbmac1 { kdf, hash, .. } => (
                format!("PBMAC1 HMAC-{}, {}", hash.name(), kdf.name()),
                kdf.iterations(),
            ),
        };
        Protection {
            what: "integrity".into(),
            algorithm,
            iterations,
        }
    }
}

fn equal(computed: &[u8], expected: &[u8]) -> bool {
    computed.ct_eq(expected).into()
}
