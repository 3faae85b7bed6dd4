//! Safe bags (RFC 7292 section 4.2): keys, certificates and secrets with their attributes.

use zeroize::Zeroizing;

use super::is_sequence;
use crate::keystore::ber::{Ber, Element, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::pbe::encryption::Encryption;
use crate::keystore::secret_algorithms::java_name;
use crate::keystore::{Error, Format, KeyState, Limits, Opened, Passwords, Protection, SealedKey};
use crate::secret::{PrivateKey, SecretBytes};

pub(super) const BAG: &str = "1.2.840.113549.1.12.10.1.";
pub(super) const X509_CERTIFICATE: &str = "1.2.840.113549.1.9.22.1";
pub(super) const FRIENDLY_NAME: &str = "1.2.840.113549.1.9.20";
pub(super) const LOCAL_KEY_ID: &str = "1.2.840.113549.1.9.21";
/// Oracle's mark of a certificate that is trusted.
pub(super) const JAVA_TRUSTED: &str = "2.16.840.1.113894.746875.1.1";
const MAX_NESTING: u8 = 4;

/// What stands beside a bag's value.
#[derive(Debug, Default, Clone)]
pub(super) struct Attributes {
    /// UTF-16 code units, without a trailing NUL.
    pub(super) friendly_name: Option<Vec<u16>>,
    pub(super) local_key_id: Option<Vec<u8>>,
    pub(super) java_trusted: bool,
}

/// The bags of all safes, by kind.
#[derive(Debug, Default)]
pub(super) struct Bags {
    pub(super) keys: Vec<(Attributes, KeyState<PrivateKey>)>,
    pub(super) certificates: Vec<(Attributes, Vec<u8>)>,
    pub(super) secrets: Vec<(Attributes, String, KeyState<SecretBytes>)>,
    /// What is not supported of the keys that stay sealed for that.
    pub(super) unsupported: Option<Error>,
}

impl Bags {
    /// Every key that is encrypted, and how it stands.
    pub(super) fn encrypted(&self) -> impl Iterator<Item = Lock> {
        let keys = self.keys.iter().filter_map(|(_, key)| Lock::of(key));
        keys.chain(self.secrets.iter().filter_map(|(_, _, key)| Lock::of(key)))
    }

    /// Nothing but keys that cannot be read: such a store is of no use here.
    pub(super) fn nothing_but_unsupported(&self) -> Option<Error> {
        let locks = self.encrypted();
        let unsupported = locks.filter(|lock| *lock == Lock::Unsupported).count();
        let all = unsupported == self.keys.len() + self.secrets.len();
        self.unsupported.clone().filter(|_| all)
    }

    fn len(&self) -> usize {
        self.keys.len() + self.certificates.len() + self.secrets.len()
    }
}

/// How an encrypted key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Opened,
    Sealed,
    Unsupported,
}

impl Lock {
    /// `None` for a key in the clear.
    fn of<T>(key: &KeyState<T>) -> Option<Self> {
        match key {
            KeyState::Open {
                opened: Opened::Clear,
                ..
            } => None,
            KeyState::Open { .. } => Some(Self::Opened),
            KeyState::Sealed(sealed) if sealed.supported => Some(Self::Sealed),
            KeyState::Sealed(_) => Some(Self::Unsupported),
        }
    }
}

/// Reads bags, opening what the passwords open.
pub(super) struct BagReader<'a> {
    pub(super) passwords: &'a Passwords<'a>,
    pub(super) limits: &'a Limits,
    pub(super) budget: &'a mut Budget,
    pub(super) protection: &'a mut Vec<Protection>,
}

impl BagReader<'_> {
    /// Reads the bags of one safe.
    pub(super) fn read(mut self, safe: &mut Ber<'_>, bags: &mut Bags) -> Result<(), Error> {
        self.safe(safe, bags, 0)
    }

    fn safe(&mut self, safe: &mut Ber<'_>, bags: &mut Bags, nesting: u8) -> Result<(), Error> {
        while !safe.is_empty() {
            if bags.len() >= self.limits.entries {
                return Err(safe.malformed(format!("more than {} bags", self.limits.entries)));
            }
            let mut bag = safe.sequence("a bag")?;
            let kind = bag.oid("the type of a bag")?;
            let value = bag.expect(tag::CONTEXT_0, "the value of a bag")?;
            let attributes = Attributes::read(&mut bag)?;
            self.bag(&kind, &value, attributes, bags, nesting)?;
        }
        Ok(())
    }

    fn bag(
        &mut self,
        kind: &str,
        value: &Element<'_>,
        attributes: Attributes,
        bags: &mut Bags,
        nesting: u8,
    ) -> Result<(), Error> {
        let mut inside = value.inside()?;
        match kind.strip_prefix(BAG) {
            Some(number @ ("1" | "2")) if number == "1" || is_clear(&inside) => {
                let key = inside.expect(tag::SEQUENCE, "a private key")?;
                let value = PrivateKey::from_pkcs8_der(key.whole.to_vec());
                bags.keys.push((
                    attributes,
                    KeyState::Open {
                        value,
                        opened: Opened::Clear,
                    },
                ));
            }
            Some("2") => {
                let sealed = inside.expect(tag::SEQUENCE, "an encrypted private key")?;
                let label = label(&attributes);
                let key = self.open(&sealed, format!("key {label}").trim_end(), bags)?;
                let key = key.map(|plain| PrivateKey::from_pkcs8_der(plain.to_vec()));
                bags.keys.push((attributes, key));
            }
            Some("3") => {
                if let Some(der) = certificate(&mut inside)? {
                    bags.certificates.push((attributes, der));
                }
            }
            Some("5") => {
                let (algorithm, key) = self.secret(&mut inside, bags)?;
                bags.secrets.push((attributes, algorithm, key));
            }
            Some("6") if nesting < MAX_NESTING => {
                self.safe(&mut inside.sequence("nested bags")?, bags, nesting + 1)?;
            }
            Some("6") => return Err(value.malformed("bags nest too deep")),
            // 4 is a CRL; unknown types are for others.
            _ => {}
        }
        Ok(())
    }

    /// SUN: `EncryptedPrivateKeyInfo` in an OCTET STRING, whose PKCS#8 holds the raw key;
    /// BouncyCastle since 1.85: the raw key, under the algorithm's own identifier.
    fn secret(
        &mut self,
        inside: &mut Ber<'_>,
        bags: &mut Bags,
    ) -> Result<(String, KeyState<SecretBytes>), Error> {
        let mut bag = inside.sequence("a secret")?;
        let kind = bag.oid("the type of a secret")?;
        let mut value = bag.expect(tag::CONTEXT_0, "a secret")?.inside()?;
        let octets = value.octets("a secret")?;
        if kind != format!("{BAG}2") {
            let value = SecretBytes::new(octets.to_vec());
            return Ok((
                java_name(&kind),
                KeyState::Open {
                    value,
                    opened: Opened::Clear,
                },
            ));
        }
        let mut outer = Ber::new(Format::Pkcs12, &octets);
        let sealed = outer.expect(tag::SEQUENCE, "an encrypted secret")?;
        let plain = self.open(&sealed, "secret key", bags)?;
        match plain {
            KeyState::Open { value, opened } => {
                let (algorithm, value) = raw_secret(&value)?;
                Ok((algorithm, KeyState::Open { value, opened }))
            }
            KeyState::Sealed(sealed) => Ok((String::new(), KeyState::Sealed(sealed))),
        }
    }

    /// Opens an `EncryptedPrivateKeyInfo` with the first password that fits. One whose algorithm is
    /// not known stays as it is: the rest of the store is of use all the same.
    fn open(
        &mut self,
        sealed: &Element<'_>,
        what: &str,
        bags: &mut Bags,
    ) -> Result<KeyState<Zeroizing<Vec<u8>>>, Error> {
        let mut info = sealed.inside()?;
        let encryption = match Encryption::read(&mut info, self.budget) {
            Err(Error::Unsupported { format, algorithm }) => {
                let sealed = SealedKey {
                    format,
                    blob: sealed.whole.to_vec(),
                    algorithm: algorithm.clone(),
                    iterations: None,
                    supported: false,
                };
                self.protection.push(Protection {
                    what: what.to_owned(),
                    algorithm: algorithm.clone(),
                    iterations: None,
                });
                let unsupported = Error::Unsupported { format, algorithm };
                bags.unsupported.get_or_insert(unsupported);
                return Ok(KeyState::Sealed(sealed));
            }
            read => read?,
        };
        let ciphertext = info.octets("an encrypted key")?;
        self.protection.push(Protection {
            what: what.to_owned(),
            algorithm: encryption.name(),
            iterations: encryption.iterations(),
        });
        for (password, opened) in self.passwords.for_keys() {
            let plain = encryption.decrypt(password, &ciphertext, self.budget, &is_sequence)?;
            if let Some(value) = plain {
                return Ok(KeyState::Open { value, opened });
            }
        }
        Ok(KeyState::Sealed(SealedKey {
            supported: true,
            format: Format::Pkcs12,
            blob: sealed.whole.to_vec(),
            algorithm: encryption.name(),
            iterations: encryption.iterations(),
        }))
    }
}

/// GnuTLS puts keys that have no password in the clear into bags for encrypted ones.
fn is_clear(inside: &Ber<'_>) -> bool {
    let mut key = inside.clone();
    let key = key.sequence("a private key");
    key.is_ok_and(|key| key.peek() == Some(tag::INTEGER))
}

fn label(attributes: &Attributes) -> String {
    attributes
        .friendly_name
        .as_deref()
        .map(String::from_utf16_lossy)
        .unwrap_or_default()
}

fn certificate(inside: &mut Ber<'_>) -> Result<Option<Vec<u8>>, Error> {
    let mut bag = inside.sequence("a certificate")?;
    if bag.oid("the type of a certificate")? != X509_CERTIFICATE {
        return Ok(None);
    }
    let mut value = bag.expect(tag::CONTEXT_0, "a certificate")?.inside()?;
    Ok(Some(value.octets("a certificate")?.into_owned()))
}

/// The raw key inside the PKCS#8 that SUN wraps a secret key in, and Java's name of its cipher.
fn raw_secret(pkcs8: &[u8]) -> Result<(String, SecretBytes), Error> {
    let mut outer = Ber::new(Format::Pkcs12, pkcs8);
    let mut info = outer.sequence("a secret key")?;
    info.integer("the version of a secret key")?;
    let oid = info
        .sequence("the algorithm of a secret key")?
        .oid("an algorithm")?;
    let key = info.octets("a secret key")?;
    Ok((java_name(&oid), SecretBytes::new(key.into_owned())))
}

impl Attributes {
    fn read(bag: &mut Ber<'_>) -> Result<Self, Error> {
        let mut out = Self::default();
        if bag.is_empty() {
            return Ok(out);
        }
        let mut set = bag.expect(tag::SET, "the attributes of a bag")?.inside()?;
        while !set.is_empty() {
            let mut attribute = set.sequence("an attribute")?;
            let oid = attribute.oid("the type of an attribute")?;
            let values = attribute.expect(tag::SET, "the values of an attribute")?;
            out.take(&oid, &values)?;
        }
        Ok(out)
    }

    /// Takes what is known and well-formed; attributes of other types are for others.
    fn take(&mut self, oid: &str, values: &Element<'_>) -> Result<(), Error> {
        let mut values = values.inside()?;
        match oid {
            FRIENDLY_NAME if values.peek() == Some(tag::BMP_STRING) => {
                let units = bmp_units(&values.any()?)?;
                self.friendly_name = Some(units);
            }
            LOCAL_KEY_ID if values.peek() == Some(tag::OCTET_STRING) => {
                self.local_key_id = Some(values.octets("a local key id")?.into_owned());
            }
            JAVA_TRUSTED => self.java_trusted = true,
            _ => {}
        }
        Ok(())
    }
}

/// UTF-16 (Java writes surrogate pairs); Windows ends names with a NUL.
fn bmp_units(value: &Element<'_>) -> Result<Vec<u16>, Error> {
    let pairs = value.content.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(value.malformed("a BMPString of an odd number of bytes"));
    }
    let mut units: Vec<u16> = pairs
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
        .collect();
    if units.last() == Some(&0) {
        units.pop();
    }
    Ok(units)
}
