//! PKCS#12 (RFC 7292, RFC 9579): PFX, authenticated safe, bags; read as BER, written as DER.

mod bags;
mod entries;
mod integrity;
#[cfg(test)]
mod tests;
mod write;

pub(super) use write::encode;
pub(crate) use write::old_encrypted_key;

use super::ber::{Ber, Element, tag};
use super::pbe::budget::Budget;
use super::pbe::encryption::Encryption;
use super::{Error, Format, Integrity, Keystore, Limits, Passwords, Protection};
use bags::{Bags, Lock};

/// Keys may share one long chain, which is written out for each: bytes that this may take at least.
const CHAINS: usize = 8 << 20;
const DATA: &str = "1.2.840.113549.1.7.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const ENVELOPED_DATA: &str = "1.2.840.113549.1.7.3";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";

/// Whether the outermost structure is a sequence that begins with an INTEGER, as a PFX does.
pub(super) fn looks_like_pkcs12(bytes: &[u8]) -> bool {
    let mut outer = Ber::new(Format::Pkcs12, bytes);
    outer
        .sequence("a PFX")
        .is_ok_and(|inner| inner.peek() == Some(tag::INTEGER))
}

/// Reads a PKCS#12: integrity first, over the raw content, then the safes, then their bags.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    let mut budget = Budget::new(Format::Pkcs12, limits);
    let mut outer = Ber::new(Format::Pkcs12, bytes);
    let mut pfx = outer.sequence("a PFX")?;
    let version = pfx.integer("the version")?;
    if version != 3 {
        return Err(Error::UnsupportedVersion {
            format: Format::Pkcs12,
            version,
        });
    }
    let auth_safe = auth_safe_content(&mut pfx)?;
    let (integrity, protection) =
        integrity::check(&mut pfx, &auth_safe, passwords.store, &mut budget)?;
    let mut reading = Reading {
        passwords,
        limits,
        budget,
        bags: Bags::default(),
        protection,
        oddities: Vec::new(),
        authenticated: integrity == Integrity::Verified,
        proven: integrity == Integrity::Verified,
    };
    reading.safes(&auth_safe)?;
    reading.check_keys()?;
    if !outer.is_empty() {
        reading
            .oddities
            .push(format!("{} bytes follow the store", outer.rest().len()));
    }
    let room = CHAINS.max(bytes.len().saturating_mul(4));
    let room = room.min(limits.file_size);
    let entries = entries::from_bags(reading.bags, room, &mut reading.oddities)?;
    let mut store = Keystore::new(Format::Pkcs12, entries);
    store.version = Some(version);
    store.integrity = integrity;
    store.protection = reading.protection;
    store.oddities = reading.oddities;
    Ok(store)
}

/// The bytes that the MAC covers: the contents of the outermost OCTET STRING.
fn auth_safe_content<'a>(pfx: &mut Ber<'a>) -> Result<std::borrow::Cow<'a, [u8]>, Error> {
    let mut info = pfx.sequence("the authenticated safe")?;
    let kind = info.oid("the type of the authenticated safe")?;
    match kind.as_str() {
        DATA => info
            .expect(tag::CONTEXT_0, "the content")?
            .inside()?
            .octets("the content"),
        SIGNED_DATA => Err(Error::Unsupported {
            format: Format::Pkcs12,
            algorithm: "integrity by public key (signedData)".into(),
        }),
        other => Err(info.malformed(format!("an authenticated safe of type {other}"))),
    }
}

/// What is gathered while the safes are read.
struct Reading<'a> {
    passwords: &'a Passwords<'a>,
    limits: &'a Limits,
    budget: Budget,
    bags: Bags,
    protection: Vec<Protection>,
    oddities: Vec<String>,
    authenticated: bool,
    /// Whether the store's password is known to be right.
    proven: bool,
}

impl Reading<'_> {
    /// What the keys tell together: that none can be read, or, where nothing else vouches for the
    /// password, that it opens none.
    fn check_keys(&self) -> Result<(), Error> {
        if let Some(unsupported) = self.bags.nothing_but_unsupported() {
            return Err(unsupported);
        }
        let some = |state| self.bags.encrypted().any(|lock| lock == state);
        let (sealed, opened) = (some(Lock::Sealed), some(Lock::Opened));
        match self.passwords.store {
            Some(_) if sealed && !opened && !self.proven => Err(Error::WrongPasswordOrDamaged {
                format: Format::Pkcs12,
            }),
            _ => Ok(()),
        }
    }

    fn safes(&mut self, auth_safe: &[u8]) -> Result<(), Error> {
        let mut outer = Ber::new(Format::Pkcs12, auth_safe);
        let mut safes = outer.sequence("the list of safes")?;
        while !safes.is_empty() {
            let mut info = safes.sequence("a safe")?;
            self.safe(&mut info)?;
        }
        Ok(())
    }

    fn safe(&mut self, info: &mut Ber<'_>) -> Result<(), Error> {
        let kind = info.oid("the type of a safe")?;
        let content = info.expect(tag::CONTEXT_0, "the content of a safe")?;
        match kind.as_str() {
            DATA => {
                let plain = content.inside()?.octets("a safe")?;
                self.protect("certificates", "none".to_owned(), None);
                self.bags_of(&plain)
            }
            ENCRYPTED_DATA => self.encrypted_safe(&content),
            ENVELOPED_DATA => {
                self.oddities
                    .push("a safe is encrypted to a public key and was passed over".into());
                Ok(())
            }
            other => Err(content.malformed(format!("a safe of type {other}"))),
        }
    }

    fn encrypted_safe(&mut self, content: &Element<'_>) -> Result<(), Error> {
        let mut data = content.inside()?.sequence("encrypted data")?;
        data.integer("the version of encrypted data")?;
        let mut info = data.sequence("encrypted content")?;
        info.oid("the type of encrypted content")?;
        let encryption = Encryption::read(&mut info, &self.budget)?;
        let ciphertext = info
            .expect(tag::CONTEXT_0_PRIMITIVE, "the ciphertext")?
            .string_content()?;
        self.protect("certificates", encryption.name(), encryption.iterations());
        let Some(password) = self.passwords.store else {
            self.oddities
                .push("an encrypted safe was passed over for want of a password".into());
            return Ok(());
        };
        let plain = encryption.decrypt(password, &ciphertext, &mut self.budget, &is_sequence)?;
        match plain {
            Some(plain) => {
                self.proven = true;
                self.bags_of(&plain)
            }
            // With the integrity proven, the safe has another password; nothing else differs.
            None if self.authenticated => {
                self.oddities
                    .push("a safe has another password than the store".into());
                Ok(())
            }
            None => Err(Error::WrongPasswordOrDamaged {
                format: Format::Pkcs12,
            }),
        }
    }

    fn bags_of(&mut self, safe_contents: &[u8]) -> Result<(), Error> {
        let mut outer = Ber::new(Format::Pkcs12, safe_contents);
        let reader = bags::BagReader {
            passwords: self.passwords,
            limits: self.limits,
            budget: &mut self.budget,
            protection: &mut self.protection,
        };
        reader.read(
            &mut outer.sequence("the contents of a safe")?,
            &mut self.bags,
        )
    }

    fn protect(&mut self, what: &str, algorithm: String, iterations: Option<u64>) {
        let protection = Protection {
            what: what.to_owned(),
            algorithm,
            iterations,
        };
        if !self.protection.contains(&protection) && protection.algorithm != "none" {
            self.protection.push(protection);
        }
    }
}

/// Whether `plain` is exactly one SEQUENCE: what a right password must yield.
fn is_sequence(plain: &[u8]) -> bool {
    let mut ber = Ber::new(Format::Pkcs12, plain);
    ber.expect(tag::SEQUENCE, "a sequence").is_ok() && ber.is_empty()
}
