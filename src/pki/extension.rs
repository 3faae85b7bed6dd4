//! The extensions of a certificate, encoded (RFC 5280 section 4.2).

use std::net::IpAddr;

use sha1::Digest as _;

use crate::der;
use crate::x509::{GeneralName, PublicKey};

const IA5_STRING_DNS: u8 = 2;
const IA5_STRING_EMAIL: u8 = 1;
const IA5_STRING_URI: u8 = 6;
const IP_ADDRESS: u8 = 7;

/// EKU of a TLS server.
pub(super) const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// EKU of a TLS client.
pub(super) const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// Bit of `digitalSignature`.
pub(super) const DIGITAL_SIGNATURE: u16 = 1;
/// Bit of `keyEncipherment`.
pub(super) const KEY_ENCIPHERMENT: u16 = 1 << 2;
/// Bit of `keyCertSign`.
pub(super) const KEY_CERT_SIGN: u16 = 1 << 5;
/// Bit of `cRLSign`.
pub(super) const CRL_SIGN: u16 = 1 << 6;

/// The key identifier of RFC 5280 section 4.2.1.2 (1): a name for the key, no protection.
pub(super) fn key_id(key: &PublicKey) -> Vec<u8> {
    sha1::Sha1::digest(key.key_bits()).to_vec()
}

pub(super) fn subject_key_id(id: &[u8]) -> Vec<u8> {
    extension("2.5.29.14", false, &der::octets(id))
}

pub(super) fn authority_key_id(id: &[u8]) -> Vec<u8> {
    extension("2.5.29.35", false, &der::sequence(&[&der::implicit(0, id)]))
}

pub(super) fn basic_constraints(ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let ca = if ca { der::boolean(true) } else { Vec::new() };
    let length = path_length.map_or_else(Vec::new, |length| der::integer(length.into()));
    extension("2.5.29.19", true, &der::sequence(&[&ca, &length]))
}

pub(super) fn key_usage(bits: u16) -> Vec<u8> {
    extension("2.5.29.15", true, &der::flags(bits))
}

pub(super) fn extended_key_usage(oid: &str) -> Vec<u8> {
    extension("2.5.29.37", false, &der::sequence(&[&der::oid(oid)]))
}

/// Non-critical, since our subjects are never empty.
pub(super) fn subject_alt_names(names: &[GeneralName]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = names.iter().map(general_name).collect();
    extension("2.5.29.17", false, &der::sequence(&[&names.concat()]))
}

/// `nameConstraints` with permitted subtrees alone.
pub(super) fn name_constraints(permitted: &[Constraint]) -> Vec<u8> {
    let trees = permitted.iter().map(|constraint| {
        der::sequence(&[&match constraint {
            Constraint::Domain(domain) => der::implicit(IA5_STRING_DNS, domain.as_bytes()),
            Constraint::Network { address, mask } => {
                der::implicit(IP_ADDRESS, &[address.as_slice(), mask].concat())
            }
        }])
    });
    let trees: Vec<Vec<u8>> = trees.collect();
    let permitted = der::explicit(0, &trees.concat());
    extension("2.5.29.30", true, &der::sequence(&[&permitted]))
}

/// What a CA is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constraint {
    /// A domain and everything below it.
    Domain(String),
    /// A network, address and mask of equal length.
    Network {
        /// 4 or 16 octets.
        address: Vec<u8>,
        /// As many.
        mask: Vec<u8>,
    },
}

fn general_name(name: &GeneralName) -> Vec<u8> {
    match name {
        GeneralName::Dns(name) => der::implicit(IA5_STRING_DNS, name.as_bytes()),
        GeneralName::Email(address) => der::implicit(IA5_STRING_EMAIL, address.as_bytes()),
        GeneralName::Uri(uri) => der::implicit(IA5_STRING_URI, uri.as_bytes()),
        GeneralName::Ip(IpAddr::V4(address)) => der::implicit(IP_ADDRESS, &address.octets()),
        GeneralName::Ip(IpAddr::V6(address)) => der::implicit(IP_ADDRESS, &address.octets()),
        GeneralName::Directory(name) => der::explicit(4, name.der()),
        GeneralName::Other { bytes, .. } => bytes.clone(),
    }
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        der::boolean(true)
    } else {
        Vec::new()
    };
    der::sequence(&[&der::oid(oid), &critical, &der::octets(value)])
}
