//! Keys as BKS and UBER seal them: PBEWithSHAAnd3-KeyTripleDES-CBC over a key record.

use zeroize::Zeroizing;

use super::{MAX_ITERATIONS, MAX_SALT};
use crate::keystore::java::{put_bytes, put_utf};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::password_bytes;
use crate::keystore::pbe::pbes1::Scheme;
use crate::keystore::reader::Reader;
use crate::keystore::{EncodeOptions, Error, mutf8};
use crate::random::Random;
use crate::secret::Password;

/// What kind of key a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keystore) enum KeyType {
    /// 0.
    Private,
    /// 1.
    Public,
    /// 2.
    Secret,
}

/// A key as it stands inside a sealed blob, or in the clear in an entry of type 2.
pub(in crate::keystore) struct KeyRecord {
    pub(in crate::keystore) key_type: KeyType,
    pub(in crate::keystore) algorithm: String,
    pub(in crate::keystore) encoding: Zeroizing<Vec<u8>>,
}

impl KeyRecord {
    /// Reads a record; the format name must suit the type, as BouncyCastle demands.
    pub(in crate::keystore) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let key_type = match reader.u8()? {
            0 => KeyType::Private,
            1 => KeyType::Public,
            2 => KeyType::Secret,
            other => return Err(reader.malformed(format!("a key of type {other}"))),
        };
        let format = reader.utf_text()?;
        if !matches!(
            (key_type, format.as_str()),
            (KeyType::Private, "PKCS#8" | "PKCS8")
                | (KeyType::Public, "X.509" | "X509")
                | (KeyType::Secret, "RAW")
        ) {
            return Err(reader.malformed(format!("a key in the format `{format}`")));
        }
        let algorithm = reader.utf_text()?;
        let encoding = Zeroizing::new(reader.byte_array()?.to_vec());
        Ok(Self {
            key_type,
            algorithm,
            encoding,
        })
    }

    /// Writes the record; `None` where the name of its algorithm is too long for that.
    pub(in crate::keystore) fn write(&self) -> Option<Zeroizing<Vec<u8>>> {
        let (tag, format) = match self.key_type {
            KeyType::Private => (0, b"PKCS#8".as_slice()),
            KeyType::Public => (1, b"X.509".as_slice()),
            KeyType::Secret => (2, b"RAW".as_slice()),
        };
        let algorithm = mutf8::encode_text(&self.algorithm)?;
        // Room for everything at once: growing would leave copies behind unwiped.
        let room = self.encoding.len() + algorithm.len() + 32;
        let mut out = Zeroizing::new(Vec::with_capacity(room));
        out.push(tag);
        put_utf(&mut out, format);
        put_utf(&mut out, &algorithm);
        put_bytes(&mut out, &self.encoding);
        Some(out)
    }
}

/// The cleartext parameters of a sealed blob.
pub(in crate::keystore) struct Sealed<'a> {
    salt: &'a [u8],
    pub(in crate::keystore) iterations: i64,
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(in crate::keystore) fn read(mut reader: Reader<'a>) -> Result<Self, Error> {
        let length = reader.count("the length of a key's salt")?;
        if !(1..=MAX_SALT).contains(&length) {
            return Err(reader.malformed(format!("a key's salt of {length} bytes")));
        }
        let salt = reader.take(length)?;
        let iterations = reader.i32()?.into();
        Ok(Self {
            salt,
            iterations,
            ciphertext: reader.rest(),
        })
    }

    /// Opens the blob; `None` where this is not its password.
    pub(in crate::keystore) fn open(
        &self,
        password: &Password,
        budget: &mut Budget,
    ) -> Result<Option<KeyRecord>, Error> {
        let scheme = Scheme::TripleDes3Key;
        let iterations = budget.iterations(self.iterations, MAX_ITERATIONS)?;
        budget.spend(iterations.into(), scheme.kdf_blocks())?;
        let password = password_bytes::pkcs12(password);
        let Some(plain) = scheme.decrypt(&password, self.salt, iterations, self.ciphertext) else {
            return Ok(None);
        };
        let mut reader = Reader::new(budget.format(), &plain);
        let record = KeyRecord::read(&mut reader).ok();
        Ok(record.filter(|_| reader.rest().is_empty()))
    }
}

/// Seals a key record under the key password.
pub(in crate::keystore) fn seal(
    record: &KeyRecord,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    let salt: [u8; 20] = crate::random::array(random);
    let iterations = options.bks_iterations(random)?;
    let password = password_bytes::pkcs12(options.key_password());
    let sealed = record
        .write()
        .and_then(|plain| Scheme::TripleDes3Key.encrypt(&password, &salt, iterations, &plain))
        .ok_or_else(|| Error::NotRepresentable {
            format: options.format,
            what: format!("a key of algorithm `{}`", record.algorithm),
        })?;
    let mut blob = Vec::with_capacity(28 + sealed.len());
    put_bytes(&mut blob, &salt);
    blob.extend_from_slice(&iterations.to_be_bytes());
    blob.extend_from_slice(&sealed);
    Ok(blob)
}
