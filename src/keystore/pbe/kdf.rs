//! The key derivations of PBES2: PBKDF2 (RFC 8018) and scrypt (RFC 7914).

use zeroize::Zeroizing;

use super::budget::Budget;
use super::hash::Hash;
use super::names::named;
use crate::der;
use crate::keystore::Error;
use crate::keystore::ber::{Ber, tag};

/// Iterations that Java and BouncyCastle take at most.
pub(in crate::keystore) const MAX_ITERATIONS: u32 = 5_000_000;
const MAX_KEY_LENGTH: i64 = 1_024;
const MAX_SALT: usize = 1_024;
const MAX_SCRYPT_MEMORY: u64 = 1 << 30;
const MAX_SCRYPT_PARALLELISM: u64 = 16;

pub(in crate::keystore) const PBKDF2: &str = "1.2.840.113549.1.5.12";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";

/// A key derivation with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::keystore) enum Kdf {
    Pbkdf2 {
        salt: Vec<u8>,
        iterations: u32,
        key_length: Option<usize>,
        prf: Hash,
    },
    Scrypt {
        salt: Vec<u8>,
        log_n: u8,
        r: u32,
        p: u32,
        key_length: Option<usize>,
    },
}

impl Kdf {
    /// Reads the AlgorithmIdentifier of a key derivation, and checks every cost against its bound.
    pub(in crate::keystore) fn read(ber: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut algorithm = ber.sequence("a key derivation")?;
        let oid = algorithm.oid("the algorithm of a key derivation")?;
        match oid.as_str() {
            PBKDF2 => Self::read_pbkdf2(&mut algorithm, budget),
            SCRYPT => Self::read_scrypt(&mut algorithm, budget),
            _ => Err(Error::Unsupported {
                format: budget.format(),
                algorithm: format!("the key derivation {}", named(&oid)),
            }),
        }
    }

    fn read_pbkdf2(ber: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut parameters = ber.sequence("the parameters of PBKDF2")?;
        let salt = read_salt(&mut parameters)?;
        let iterations = parameters.integer("the iteration count")?;
        let iterations = budget.iterations(iterations, MAX_ITERATIONS)?;
        let key_length = read_key_length(&mut parameters, budget)?;
        let prf = match parameters.is_empty() {
            true => Hash::Sha1,
            false => {
                let oid = parameters.sequence("the PRF")?.oid("the PRF")?;
                Hash::from_hmac_oid(&oid).ok_or_else(|| Error::Unsupported {
                    format: budget.format(),
                    algorithm: format!("the PRF {}", named(&oid)),
                })?
            }
        };
        Ok(Self::Pbkdf2 {
            salt,
            iterations,
            key_length,
            prf,
        })
    }

    fn read_scrypt(ber: &mut Ber<'_>, budget: &Budget) -> Result<Self, Error> {
        let mut parameters = ber.sequence("the parameters of scrypt")?;
        let salt = read_salt(&mut parameters)?;
        let n = parameters.integer("scrypt's N")?;
        let r = parameters.integer("scrypt's r")?;
        let p = parameters.integer("scrypt's p")?;
        let key_length = read_key_length(&mut parameters, budget)?;
        let (log_n, r, p) = scrypt_costs(n, r, p).ok_or_else(|| Error::LimitExceeded {
            format: budget.format(),
            what: "scrypt costs",
            found: format!("N={n}, r={r}, p={p}"),
            limit: "N a power of two, 1 GiB of memory, p 16".into(),
        })?;
        Ok(Self::Scrypt {
            salt,
            log_n,
            r,
            p,
            key_length,
        })
    }

    /// The length that the parameters demand of the key, where they name one.
    pub(in crate::keystore) fn key_length(&self) -> Option<usize> {
        match self {
            Self::Pbkdf2 { key_length, .. } | Self::Scrypt { key_length, .. } => *key_length,
        }
    }

    /// Derives a key from password bytes.
    pub(in crate::keystore) fn derive(
        &self,
        password: &[u8],
        length: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Pbkdf2 {
                salt,
                iterations,
                prf,
                ..
            } => {
                budget.spend((*iterations).into(), prf.blocks(length))?;
                Ok(prf.pbkdf2(password, salt, *iterations, length))
            }
            Self::Scrypt {
                salt, log_n, r, p, ..
            } => {
                let work = (1_u64 << log_n).saturating_mul(u64::from(*r) * u64::from(*p));
                // One scrypt block mix costs about as much as two PBKDF2 iterations.
                budget.spend(work.saturating_mul(2), 1)?;
                let mut out = Zeroizing::new(vec![0; length]);
                let derived = scrypt::Params::new(*log_n, *r, *p)
                    .map_err(|error| error.to_string())
                    .and_then(|params| {
                        scrypt::scrypt(password, salt, &params, &mut out)
                            .map_err(|error| error.to_string())
                    });
                derived.map(|()| out).map_err(|reason| Error::Unsupported {
                    format: budget.format(),
                    algorithm: format!("scrypt with these parameters ({reason})"),
                })
            }
        }
    }

    /// For reports.
    pub(in crate::keystore) fn name(&self) -> String {
        match self {
            Self::Pbkdf2 { prf, .. } => format!("PBKDF2-HMAC-{}", prf.name()),
            Self::Scrypt { log_n, r, p, .. } => format!("scrypt N={} r={r} p={p}", 1_u64 << log_n),
        }
    }

    /// Iterations, where it iterates.
    pub(in crate::keystore) fn iterations(&self) -> Option<u64> {
        match self {
            Self::Pbkdf2 { iterations, .. } => Some((*iterations).into()),
            Self::Scrypt { .. } => None,
        }
    }

    /// PBKDF2 with HMAC-SHA256 as an AlgorithmIdentifier, key length and PRF spelled out: Java 8
    /// takes SHA-1 where they are missing.
    pub(in crate::keystore) fn pbkdf2_sha256(salt: &[u8], iterations: u32, length: u32) -> Vec<u8> {
        let prf = der::algorithm("1.2.840.113549.2.9", &der::null());
        let parameters = der::sequence(&[
            &der::octets(salt),
            &der::integer(iterations.into()),
            &der::integer(length.into()),
            &prf,
        ]);
        der::algorithm(PBKDF2, &parameters)
    }
}

impl Kdf {
    /// scrypt with r = 8 and p = 1 as an AlgorithmIdentifier.
    pub(in crate::keystore) fn scrypt_der(salt: &[u8], log_n: u8, length: u32) -> Vec<u8> {
        let n = 1_u64.checked_shl(log_n.into()).unwrap_or_default();
        let parameters = der::sequence(&[
            &der::octets(salt),
            &der::integer(n),
            &der::integer(8),
            &der::integer(1),
            &der::integer(length.into()),
        ]);
        der::algorithm(SCRYPT, &parameters)
    }
}

fn read_salt(parameters: &mut Ber<'_>) -> Result<Vec<u8>, Error> {
    let salt = parameters.octets("the salt")?;
    if salt.len() > MAX_SALT {
        return Err(parameters.malformed(format!("a salt of {} bytes", salt.len())));
    }
    Ok(salt.into_owned())
}

fn read_key_length(parameters: &mut Ber<'_>, budget: &Budget) -> Result<Option<usize>, Error> {
    if parameters.peek() != Some(tag::INTEGER) {
        return Ok(None);
    }
    let found = parameters.integer("the key length")?;
    let length = usize::try_from(found)
        .ok()
        .filter(|_| (1..=MAX_KEY_LENGTH).contains(&found));
    length.map(Some).ok_or_else(|| Error::LimitExceeded {
        format: budget.format(),
        what: "a key length",
        found: found.to_string(),
        limit: format!("1 to {MAX_KEY_LENGTH}"),
    })
}

/// The costs as scrypt wants them; `None` where one is out of bounds.
pub(in crate::keystore) fn scrypt_costs(n: i64, r: i64, p: i64) -> Option<(u8, u32, u32)> {
    let n = u64::try_from(n)
        .ok()
        .filter(|n| n.is_power_of_two() && *n > 1)?;
    let (r, p) = (u32::try_from(r).ok()?, u32::try_from(p).ok()?);
    let memory = n.checked_mul(u64::from(r))?.checked_mul(128)?;
    let bounded = r >= 1 && p >= 1 && memory <= MAX_SCRYPT_MEMORY;
    (bounded && u64::from(p) <= MAX_SCRYPT_PARALLELISM).then_some((
        u8::try_from(n.trailing_zeros()).ok()?,
        r,
        p,
    ))
}
