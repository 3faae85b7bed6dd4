//! How JKS protects private keys (`sun.security.provider.KeyProtector`): a keystream of SHA-1 over
//! password and salt, without iterations.

use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::der;
use crate::keystore::ber::Ber;
use crate::keystore::jceks::protector::{self as jceks_protector, Pbe};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::password_bytes;
use crate::keystore::{Error, Format};
use crate::random::Random;
use crate::secret::{Password, PrivateKey};

/// Sun's own identifier of the protection of JKS.
const JKS_OID: &str = "1.3.6.1.4.1.42.2.17.1.1";
const BLOCK: usize = 20;

/// A key as it stands in the file: `EncryptedPrivateKeyInfo`, told apart by algorithm.
pub(in crate::keystore) enum Epki {
    /// JKS's own protection.
    Jks(Vec<u8>),
    /// That of JCEKS.
    Jceks(Pbe),
    /// Another, by name, or something that cannot be read, of a store of this format.
    Other(Format, String),
}

impl Epki {
    /// Reads `SEQUENCE { AlgorithmIdentifier, OCTET STRING }`.
    pub(in crate::keystore) fn read(format: Format, blob: &[u8]) -> Self {
        Self::try_read(format, blob)
            .unwrap_or_else(|_| Self::Other(format, "a protection that cannot be read".to_owned()))
    }

    fn try_read(format: Format, blob: &[u8]) -> Result<Self, Error> {
        let mut outer = Ber::new(format, blob);
        let mut epki = outer.sequence("the protected key")?;
        outer.finish("the protected key")?;
        let mut algorithm = epki.sequence("the algorithm")?;
        let oid = algorithm.oid("the algorithm")?;
        let data = epki.octets("the protected key")?.into_owned();
        Ok(match (oid.as_str(), format) {
            (JKS_OID, _) => Self::Jks(data),
            (jceks_protector::OID, Format::Jceks) => Self::Jceks(Pbe::read(&mut algorithm, data)?),
            _ => Self::Other(format, oid),
        })
    }

    /// The format whose protection it is.
    pub(in crate::keystore) fn protection(&self) -> Format {
        match self {
            Self::Jks(_) => Format::Jks,
            Self::Jceks(_) => Format::Jceks,
            Self::Other(format, _) => *format,
        }
    }

    /// The algorithm in reports.
    pub(in crate::keystore) fn algorithm(&self) -> String {
        match self {
            Self::Jks(_) => "JKS keystream, SHA-1".to_owned(),
            Self::Jceks(_) => jceks_protector::NAME.to_owned(),
            Self::Other(_, name) => name.clone(),
        }
    }

    /// Iterations, where it iterates.
    pub(in crate::keystore) fn iterations(&self) -> Option<u64> {
        match self {
            Self::Jceks(pbe) => u64::try_from(pbe.iterations).ok(),
            Self::Jks(_) | Self::Other(..) => None,
        }
    }
}

/// Opens `salt ‖ key ⊕ keystream ‖ check`; `None` where this is not its password.
pub(in crate::keystore) fn open(
    data: &[u8],
    password: &Password,
    budget: &mut Budget,
) -> Result<Option<PrivateKey>, Error> {
    let Some((salt, rest)) = data.split_first_chunk::<BLOCK>() else {
        return Ok(None);
    };
    let Some((masked, check)) = rest.split_last_chunk::<BLOCK>() else {
        return Ok(None);
    };
    budget.spend(1, u64::try_from(data.len() / BLOCK).unwrap_or(u64::MAX))?;
    let password = password_bytes::utf16be(password);
    let mut key = Zeroizing::new(masked.to_vec());
    apply_keystream(&password, salt, &mut key);
    let matches = check_of(&password, &key).ct_eq(check);
    Ok(bool::from(matches).then(|| PrivateKey::from_pkcs8_der(std::mem::take(&mut *key))))
}

/// Protects PKCS#8 DER; the result is DER `EncryptedPrivateKeyInfo`.
pub(in crate::keystore) fn protect(
    pkcs8: &[u8],
    password: &Password,
    random: &mut dyn Random,
) -> Vec<u8> {
    let data = protect_with(&crate::random::array(random), pkcs8, password);
    der::sequence(&[&der::algorithm(JKS_OID, &der::null()), &der::octets(&data)])
}

fn protect_with(salt: &[u8; BLOCK], pkcs8: &[u8], password: &Password) -> Vec<u8> {
    let password = password_bytes::utf16be(password);
    let mut data = Vec::with_capacity(pkcs8.len() + 2 * BLOCK);
    data.extend_from_slice(salt);
    data.extend_from_slice(pkcs8);
    apply_keystream(&password, salt, data.get_mut(BLOCK..).unwrap_or_default());
    data.extend_from_slice(&check_of(&password, pkcs8));
    data
}

fn apply_keystream(password: &[u8], salt: &[u8; BLOCK], key: &mut [u8]) {
    let mut block = Zeroizing::new(*salt);
    for chunk in key.chunks_mut(BLOCK) {
        *block = digest(password, &*block);
        for (byte, mask) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= mask;
        }
    }
}

fn check_of(password: &[u8], pkcs8: &[u8]) -> [u8; BLOCK] {
    digest(password, pkcs8)
}

fn digest(password: &[u8], data: &[u8]) -> [u8; BLOCK] {
    Sha1::new()
        .chain_update(password)
        .chain_update(data)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::Limits;
    use crate::x509::hex;

    // kat.json, confirmed by pyjks and SUN.
    #[test]
    fn protects_as_sun_does() {
        let password = Password::new("password".into());
        let salt: [u8; BLOCK] = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
        let data = protect_with(&salt, &[0x30, 3, 2, 1, 0], &password);
        assert_eq!(
            hex(&data),
            "0102030405060708090a0b0c0d0e0f10111213144d6b41cd9318848ee150bcde90b9c6f801da44644a5ecf6320"
        );
        let mut budget = Budget::new(Format::Jks, &Limits::default());
        let open = open(&data, &password, &mut budget).unwrap().unwrap();
        assert_eq!(open.secret_pkcs8_der(), [0x30, 3, 2, 1, 0]);
        let wrong = Password::new("Password".into());
        assert!(super::open(&data, &wrong, &mut budget).unwrap().is_none());
        assert!(
            super::open(&data[..39], &password, &mut budget)
                .unwrap()
                .is_none()
        );
    }
}
