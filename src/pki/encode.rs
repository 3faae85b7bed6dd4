//! `TBSCertificate` (RFC 5280 section 4.1) from a profile.
//!
//! The issuer's name is copied byte for byte from its certificate: a name that is encoded anew
//! (another string type, another order) is another name to most verifiers.

use std::net::IpAddr;

use super::profile::{PermittedName, Profile, Role};
use crate::der;
use crate::time::Timestamp;
use crate::x509::{GeneralName, KeyKind, PublicKey};

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
const DIGITAL_SIGNATURE: u16 = 1;
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const KEY_CERT_SIGN: u16 = 1 << 5;
const CRL_SIGN: u16 = 1 << 6;

/// What the issuer and the circumstances add to a profile.
pub(super) struct Circumstances<'a> {
    /// Big-endian, positive.
    pub(super) serial: &'a [u8],
    /// AlgorithmIdentifier of the signature.
    pub(super) signature_algorithm: &'a [u8],
    /// The issuer's DN, DER.
    pub(super) issuer: &'a [u8],
    /// The issuer's key identifier; `None` for a self-signed certificate.
    pub(super) authority_key_id: Option<&'a [u8]>,
    /// The subject's key.
    pub(super) public_key: &'a PublicKey,
}

/// `TBSCertificate`, version 3.
pub(super) fn tbs_certificate(profile: &Profile, with: &Circumstances<'_>) -> Vec<u8> {
    let validity = der::sequence(&[&time(profile.not_before), &time(profile.not_after)]);
    der::sequence(&[
        &der::explicit(0, &der::integer(2)),
        &der::unsigned(with.serial),
        with.signature_algorithm,
        with.issuer,
        &validity,
        &common_name(&profile.common_name),
        with.public_key.spki_der(),
        &der::explicit(3, &extensions(profile, with)),
    ])
}

/// A DN of a common name alone.
pub(super) fn common_name(name: &str) -> Vec<u8> {
    let value = der::tlv(0x0c, name.as_bytes());
    let attribute = der::sequence(&[&der::oid("2.5.4.3"), &value]);
    der::sequence(&[&der::set_of(vec![attribute])])
}

/// The key identifier of a public key: RFC 7093 method 1, SHA-256 cut to 160 bits.
pub(super) fn key_id(key: &PublicKey) -> Vec<u8> {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(key.key_bits());
    hash.iter().copied().take(20).collect()
}

/// UTCTime up to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5).
pub(super) fn time(time: Timestamp) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let rest = format!(
        "{:02}{day:02}{hour:02}{minute:02}{second:02}Z",
        u8::from(month)
    );
    match year {
        1950..=2049 => der::tlv(
            0x17,
            format!("{:02}{rest}", year.rem_euclid(100)).as_bytes(),
        ),
        _ => der::tlv(0x18, format!("{year:04}{rest}").as_bytes()),
    }
}

fn extensions(profile: &Profile, with: &Circumstances<'_>) -> Vec<u8> {
    let mut out = vec![
        extension("2.5.29.19", true, &basic_constraints(&profile.role)),
        extension(
            "2.5.29.15",
            true,
            &der::flags(key_usage(&profile.role, with.public_key)),
        ),
    ];
    let purpose = match profile.role {
        Role::Broker => Some(SERVER_AUTH),
        Role::Client => Some(CLIENT_AUTH),
        Role::Authority { .. } => None,
    };
    if let Some(purpose) = purpose {
        out.push(extension(
            "2.5.29.37",
            false,
            &der::sequence(&[&der::oid(purpose)]),
        ));
    }
    out.push(extension(
        "2.5.29.14",
        false,
        &der::octets(&key_id(with.public_key)),
    ));
    if let Some(id) = with.authority_key_id {
        let value = der::sequence(&[&der::implicit(0, id)]);
        out.push(extension("2.5.29.35", false, &value));
    }
    // An empty SEQUENCE would be refused by Java and OpenSSL.
    if !profile.names.is_empty() {
        let names: Vec<u8> = profile.names.iter().flat_map(general_name).collect();
        out.push(extension("2.5.29.17", false, &der::sequence(&[&names])));
    }
    if let Role::Authority { permitted, .. } = &profile.role
        && !permitted.is_empty()
    {
        out.push(extension("2.5.29.30", true, &name_constraints(permitted)));
    }
    der::sequence(&[&out.concat()])
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        der::boolean(true)
    } else {
        Vec::new()
    };
    der::sequence(&[&der::oid(oid), &critical, &der::octets(value)])
}

fn basic_constraints(role: &Role) -> Vec<u8> {
    match role {
        Role::Authority { path_length, .. } => {
            let length = path_length
                .map(|length| der::integer(length.into()))
                .unwrap_or_default();
            der::sequence(&[&der::boolean(true), &length])
        }
        // `cA` is false by default, and DER leaves defaults out.
        Role::Broker | Role::Client => der::sequence(&[]),
    }
}

/// `keyEncipherment` serves the RSA key exchange of TLS 1.2, which only servers' keys take part in.
fn key_usage(role: &Role, key: &PublicKey) -> u16 {
    match role {
        Role::Authority { .. } => KEY_CERT_SIGN | CRL_SIGN,
        Role::Broker if matches!(key.kind(), KeyKind::Rsa(_)) => {
            DIGITAL_SIGNATURE | KEY_ENCIPHERMENT
        }
        Role::Broker | Role::Client => DIGITAL_SIGNATURE,
    }
}

fn general_name(name: &GeneralName) -> Vec<u8> {
    match name {
        GeneralName::Email(address) => der::implicit(1, address.as_bytes()),
        GeneralName::Dns(name) => der::implicit(2, name.as_bytes()),
        GeneralName::Directory(name) => der::explicit(4, name.der()),
        GeneralName::Uri(uri) => der::implicit(6, uri.as_bytes()),
        GeneralName::Ip(IpAddr::V4(address)) => der::implicit(7, &address.octets()),
        GeneralName::Ip(IpAddr::V6(address)) => der::implicit(7, &address.octets()),
        // Names that were only read are never issued.
        GeneralName::Other { .. } => Vec::new(),
    }
}

fn name_constraints(permitted: &[PermittedName]) -> Vec<u8> {
    let subtrees: Vec<u8> = permitted
        .iter()
        .flat_map(|name| {
            let base = match name {
                PermittedName::Dns(name) => der::implicit(2, name.as_bytes()),
                PermittedName::Ip { network, prefix } => {
                    der::implicit(7, &address_range(*network, *prefix))
                }
            };
            der::sequence(&[&base])
        })
        .collect();
    der::sequence(&[&der::tlv(0xa0, &subtrees)])
}

/// Address and mask, the address cut to the mask.
fn address_range(network: IpAddr, prefix: u8) -> Vec<u8> {
    let bytes = match network {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let mask: Vec<u8> = (0..bytes.len())
        .map(|index| {
            let left = usize::from(prefix).saturating_sub(index * 8).min(8);
            u8::try_from(0xff00_u16 >> left & 0xff).unwrap_or(u8::MAX)
        })
        .collect();
    bytes
        .iter()
        .zip(&mask)
        .map(|(byte, mask)| byte & mask)
        .chain(mask.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::*;

    #[test]
    fn times_change_their_type_in_2050() {
        assert_eq!(
            time(datetime!(2049-12-31 23:59:59 UTC)),
            b"\x17\x0d491231235959Z"
        );
        assert_eq!(
            time(datetime!(2050-01-01 0:00 UTC)),
            b"\x18\x0f20500101000000Z"
        );
    }

    #[test]
    fn ranges_have_address_and_mask() {
        let range = address_range("192.168.17.5".parse().unwrap(), 20);
        assert_eq!(range, [192, 168, 16, 0, 255, 255, 240, 0]);
        assert_eq!(
            address_range("10.0.0.1".parse().unwrap(), 32)[4..],
            [255; 4]
        );
        assert_eq!(address_range("10.0.0.1".parse().unwrap(), 0), [0; 8]);
    }
}
