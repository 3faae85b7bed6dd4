//! Keys as BKS and UBER seal them: PBEWithSHAAnd3-KeyTripleDES-CBC over a key record.

use zeroize::Zeroizing;

use super::{MAX_ITERATIONS, MAX_SALT};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::password_bytes;
use crate::keystore::pbe::pbes1::Scheme;
use crate::keystore::reader::Reader;
use crate::keystore::{EncodeOptions, Error, Format, mutf8};
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

    /// Writes the record; the names are ASCII and short.
    pub(in crate::keystore) fn write(&self, out: &mut Vec<u8>) {
        let (tag, format) = match self.key_type {
            KeyType::Private => (0, "PKCS#8"),
            KeyType::Public => (1, "X.509"),
            KeyType::Secret => (2, "RAW"),
        };
        out.push(tag);
        put_utf(out, format);
        put_utf(out, &self.algorithm);
        put_bytes(out, &self.encoding);
    }
}

/// The cleartext parameters of a sealed blob.
pub(in crate::keystore) struct Sealed<'a> {
    salt: &'a [u8],
    pub(in crate::keystore) iterations: i64,
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    pub(in crate::keystore) fn read(format: Format, blob: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(format, blob);
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
    let iterations = options.bks_iterations(random);
    let mut plain = Zeroizing::new(Vec::with_capacity(record.encoding.len() + 64));
    record.write(&mut plain);
    let password = password_bytes::pkcs12(options.key_password());
    let sealed = Scheme::TripleDes3Key.encrypt(&password, &salt, iterations, &plain);
    let sealed = sealed.ok_or_else(|| Error::NotRepresentable {
        format: options.format,
        what: "a key that the cipher does not take".into(),
    })?;
    let mut blob = Vec::with_capacity(28 + sealed.len());
    put_bytes(&mut blob, &salt);
    blob.extend_from_slice(&iterations.to_be_bytes());
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

pub(in crate::keystore) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Contents of a gigabyte and more do not come up; a saturated length would be refused on read.
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

pub(in crate::keystore) fn put_utf(out: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let bytes = mutf8::encode(&units).unwrap_or_default();
    put_encoded_utf(out, &bytes);
}

pub(in crate::keystore) fn put_encoded_utf(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}
