//! What a block or a DER file is: a certificate, a key, a request, a revocation list.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use super::armor::Block;
use super::key;
use super::legacy;
use crate::keystore::ber::{Ber, tag};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::{Error, Format, KeyState, Passwords};
use crate::secret::{PrivateKey, SecretBytes};
use crate::x509::{Certificate, RevocationList};

/// One thing in a PEM or DER file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Item {
    /// A certificate.
    Certificate {
        /// The certificate.
        der: Vec<u8>,
        /// Whether OpenSSL's trust settings are attached (`TRUSTED CERTIFICATE`).
        trusted: bool,
    },
    /// A private key, as PKCS#8 whatever it was.
    PrivateKey(KeyState<PrivateKey>),
    /// A certificate request (PKCS#10).
    Request(Vec<u8>),
    /// A revocation list.
    RevocationList(Vec<u8>),
    /// A public key (`SubjectPublicKeyInfo`).
    PublicKey(Vec<u8>),
    /// Anything else, by its label.
    Other {
        /// The label of the block.
        label: String,
        /// What is in it.
        bytes: SecretBytes,
    },
}

/// Makes sense of blocks.
pub(super) fn from_blocks(
    blocks: &[Block],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Vec<Item>, Error> {
    let mut curve = None;
    let mut items = Vec::new();
    for block in blocks {
        match block.label.as_str() {
            // Written before an EC key by `openssl ecparam -genkey`.
            "EC PARAMETERS" => curve = Some(block.bytes.to_vec()),
            _ => items.push(from_block(block, curve.as_deref(), passwords, budget)?),
        }
    }
    Ok(items)
}

fn from_block(
    block: &Block,
    curve: Option<&[u8]>,
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Item, Error> {
    let der = || block.bytes.to_vec();
    Ok(match block.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" => Item::Certificate {
            der: der(),
            trusted: false,
        },
        "TRUSTED CERTIFICATE" => trusted_certificate(&block.bytes)?,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Item::Request(der()),
        "X509 CRL" => Item::RevocationList(der()),
        "PUBLIC KEY" => Item::PublicKey(der()),
        "OPENSSH PRIVATE KEY" => {
            return Err(Error::Unsupported {
                format: Format::Pem,
                algorithm: "OpenSSH's own format of private keys".into(),
            });
        }
        _ if block.header("Proc-Type") == Some("4,ENCRYPTED") => {
            Item::PrivateKey(legacy::open(block, curve, passwords)?)
        }
        label if label.ends_with("PRIVATE KEY") => {
            let key = key::read(&block.bytes, curve, passwords, budget)?;
            let unknown = || {
                let reason = format!("the block `{label}` holds no private key that is known here");
                super::armor::damaged(block.offset, reason)
            };
            Item::PrivateKey(key.ok_or_else(unknown)?)
        }
        label => Item::Other {
            label: label.to_owned(),
            bytes: SecretBytes::new(der()),
        },
    })
}

/// The certificate, without the trust settings that OpenSSL puts behind it.
fn trusted_certificate(bytes: &[u8]) -> Result<Item, Error> {
    let mut ber = Ber::new(Format::Pem, bytes);
    let certificate = ber.expect(tag::SEQUENCE, "a certificate")?;
    Ok(Item::Certificate {
        der: certificate.whole.to_vec(),
        trusted: true,
    })
}

/// Whether the bytes are one DER structure that PEM could carry.
pub(in crate::keystore) fn looks_like_der(bytes: &[u8]) -> bool {
    key::shape(bytes).is_some() || is_signed(bytes) || is_public_key(bytes)
}

/// Reads one DER structure; `None` where it is nothing that PEM carries.
pub(super) fn from_der(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    budget: &mut Budget,
) -> Result<Option<Item>, Error> {
    if key::shape(bytes).is_some() {
        let key = key::read(bytes, None, passwords, budget)?;
        return Ok(key.map(Item::PrivateKey));
    }
    let der = bytes.to_vec();
    Ok(if is_public_key(bytes) {
        Some(Item::PublicKey(der))
    } else if !is_signed(bytes) {
        None
    } else if Certificate::from_der(bytes).is_ok() {
        Some(Item::Certificate {
            der,
            trusted: false,
        })
    } else if RevocationList::from_der(bytes).is_ok() {
        Some(Item::RevocationList(der))
    } else if X509CertificationRequest::from_der(bytes).is_ok() {
        Some(Item::Request(der))
    } else {
        None
    })
}

/// SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }: certificates, requests and revocation lists.
fn is_signed(bytes: &[u8]) -> bool {
    tags(bytes).is_some_and(|tags| tags == [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING])
}

fn is_public_key(bytes: &[u8]) -> bool {
    tags(bytes).is_some_and(|tags| tags == [tag::SEQUENCE, tag::BIT_STRING])
}

/// The tags inside the outermost SEQUENCE, up to the fourth.
fn tags(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut outer = Ber::new(Format::Pem, bytes);
    let mut inside = outer.sequence("a structure").ok()?;
    let mut tags = Vec::new();
    while !inside.is_empty() && tags.len() < 4 {
        tags.push(inside.any().ok()?.tag);
    }
    Some(tags)
}
