//! Certificates and keys as PEM text (RFC 7468) or as bare DER: the files that OpenSSL, brokers
//! and proxies use.
//!
//! Reading is generous: a byte order mark, UTF-16, CRLF, text around the blocks and blocks on one
//! line are read, and reported as findings where other programs refuse them.

mod armor;
mod item;
mod key;
mod legacy;
mod store;
mod write;

pub use item::Item;
pub use write::{KeyDerivation, block, certificate, pkcs8_encrypt, private_key};

use super::pbe::budget::Budget;
use super::{Error, Format, KeyState, Limits, Passwords};
use crate::finding::{Code, Finding, Remedy};
use crate::secret::PrivateKey;

pub(super) use armor::looks_like_pem;
pub(super) use item::looks_like_der;
pub(super) use store::{decode, encode};

/// What a PEM or DER file holds, in the order of the file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Contents {
    /// Whether it is text, or bare DER.
    pub is_text: bool,
    /// Certificates, keys and the rest.
    pub items: Vec<Item>,
    /// Oddities that other programs stumble over.
    pub findings: Vec<Finding>,
}

impl Contents {
    /// The certificates, in the order of the file.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.items.iter().filter_map(|item| match item {
            Item::Certificate { der, .. } => Some(der.as_slice()),
            _ => None,
        })
    }

    /// The first private key, open or sealed.
    #[must_use]
    pub fn private_key(&self) -> Option<&KeyState<PrivateKey>> {
        self.items.iter().find_map(|item| match item {
            Item::PrivateKey(key) => Some(key),
            _ => None,
        })
    }

    /// The first private key, which must be open.
    ///
    /// # Errors
    ///
    /// [`Error::PasswordNeeded`] where it is encrypted and no password was given,
    /// [`Error::KeyStaysSealed`] where none of them opens it, [`Error::NoKey`] where there is none.
    pub fn into_private_key(self, passwords: &Passwords<'_>) -> Result<PrivateKey, Error> {
        let key = self.items.into_iter().find_map(|item| match item {
            Item::PrivateKey(key) => Some(key),
            _ => None,
        });
        match key {
            None => Err(Error::NoKey),
            Some(KeyState::Open { value, .. }) => Ok(value),
            Some(KeyState::Sealed(_)) if passwords.for_keys().next().is_none() => {
                Err(Error::PasswordNeeded {
                    format: Format::Pem,
                })
            }
            Some(KeyState::Sealed(_)) => Err(Error::KeyStaysSealed),
        }
    }
}

/// Reads every block of a PEM text, or the one structure of a DER file.
///
/// Encrypted keys are opened with the first password that fits, and stay sealed otherwise.
///
/// # Errors
///
/// [`Error::Malformed`] for damaged text, [`Error::Unsupported`] for ciphers and kinds of keys that
/// are not known, [`Error::NotAKeystore`] where there is neither PEM nor DER.
pub fn read(bytes: &[u8], passwords: &Passwords<'_>, limits: &Limits) -> Result<Contents, Error> {
    let mut budget = Budget::new(Format::Pem, limits);
    if looks_like_pem(bytes) {
        let armored = armor::parse(bytes, limits)?;
        let items = item::from_blocks(&armored.blocks, passwords, &mut budget)?;
        let mut findings = armored.findings;
        findings.extend(items.iter().filter_map(trust_settings));
        return Ok(Contents {
            is_text: true,
            items,
            findings,
        });
    }
    match item::from_der(bytes, passwords, &mut budget)? {
        Some(item) => Ok(Contents {
            is_text: false,
            findings: vec![bare_der(&item)],
            items: vec![item],
        }),
        None => Err(Error::NotAKeystore {
            found: "neither PEM text nor a certificate or key in DER".into(),
        }),
    }
}

fn bare_der(item: &Item) -> Finding {
    let cause = "the file is DER, not PEM; most brokers and clients want PEM";
    let tool = match item {
        Item::RevocationList(_) => "crl",
        Item::Request(_) => "req",
        Item::PrivateKey(_) | Item::PublicKey(_) => "pkey",
        _ => "x509",
    };
    let remedy = Remedy::text(format!(
        "convert it with `openssl {tool} -inform DER` where something refuses it"
    ));
    Finding::note(Code::UnusualEncoding, cause).with_remedy(remedy)
}

fn trust_settings(item: &Item) -> Option<Finding> {
    let Item::Certificate { trusted: true, .. } = item else {
        return None;
    };
    let cause = "the block `TRUSTED CERTIFICATE` carries OpenSSL's trust settings, which nothing else reads";
    let remedy = Remedy::text("convert it with `openssl x509` where something refuses it");
    Some(Finding::note(Code::UnusualEncoding, cause).with_remedy(remedy))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
