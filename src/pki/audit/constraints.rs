//! Name constraints of the CAs on the path (RFC 5280 section 4.2.1.10).

use x509_parser::extensions::{GeneralName as Parsed, NameConstraints};
use x509_parser::prelude::FromDer as _;

use super::path::Path;
use super::words::{certificate_name, shorten};
use super::{Case, address};
use crate::finding::{Code, Finding, Remedy};
use crate::x509::{Certificate, GeneralName, Name};

/// `nameConstraints`.
const EXTENSION: &str = "2.5.29.30";
/// How many comparisons one chain may cost.
const WORK: usize = 250_000;

/// Names that a CA of the path does not allow.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Option<Finding> {
    let below = path.certificates(case);
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    let all: Vec<&Certificate> = below.iter().copied().chain(anchor).collect();
    let mut work = WORK;
    for (position, authority) in all.iter().enumerate().skip(1) {
        let Some(extension) = authority.extension(EXTENSION) else {
            continue;
        };
        let Ok((_, constraints)) = NameConstraints::from_der(&extension.value) else {
            continue;
        };
        for (index, subject) in all.iter().take(position).enumerate() {
            if index > 0 && subject.is_self_issued() {
                continue;
            }
            if let Some(name) = violation(&constraints, subject, index == 0, &mut work) {
                return Some(finding(authority, subject, &name, &constraints));
            }
        }
    }
    None
}

fn finding(
    authority: &Certificate,
    subject: &Certificate,
    name: &str,
    constraints: &NameConstraints<'_>,
) -> Finding {
    let permitted: Vec<String> = constraints
        .permitted_subtrees
        .iter()
        .flatten()
        .map(|tree| subtree_text(&tree.base))
        .collect();
    let excluded: Vec<String> = constraints
        .excluded_subtrees
        .iter()
        .flatten()
        .map(|tree| subtree_text(&tree.base))
        .collect();
    let mut may = String::new();
    if !permitted.is_empty() {
        may.push_str(&format!(
            "may issue for {} alone",
            super::words::list(&permitted)
        ));
    }
    if !excluded.is_empty() {
        let join = if may.is_empty() { "" } else { ", and " };
        may.push_str(&format!(
            "{join}may not issue for {}",
            super::words::list(&excluded)
        ));
    }
    let cause = format!(
        "the CA `{}` {may} (name constraints), and `{}` has the name `{}`",
        certificate_name(authority),
        certificate_name(subject),
        shorten(name)
    );
    let remedy = "issue the certificate for a name that the CA may issue for, or from a CA without that constraint";
    Finding::failure(Code::NameConstraintViolated, cause).with_remedy(Remedy::text(remedy))
}

/// The first name of `subject` that the constraints do not allow.
fn violation(
    constraints: &NameConstraints<'_>,
    subject: &Certificate,
    is_leaf: bool,
    work: &mut usize,
) -> Option<String> {
    let mut names: Vec<GeneralName> = subject.subject_alt_names.clone().unwrap_or_default();
    if !subject.subject.is_empty() {
        names.push(GeneralName::Directory(subject.subject.clone()));
    }
    let has_dns = names.iter().any(|name| matches!(name, GeneralName::Dns(_)));
    // OpenSSL holds a common name that looks like a host name against the constraints as well.
    if is_leaf && !has_dns {
        let hosts = subject.subject.common_names().iter();
        names.extend(
            hosts
                .filter(|name| looks_like_host(name))
                .map(|name| GeneralName::Dns(name.clone())),
        );
    }
    names
        .iter()
        .find(|name| !allows(constraints, name, work))
        .map(ToString::to_string)
}

fn looks_like_host(name: &str) -> bool {
    name.contains('.')
        && address(name).is_none()
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn allows(constraints: &NameConstraints<'_>, name: &GeneralName, work: &mut usize) -> bool {
    let mut limited = false;
    let mut permitted = false;
    for tree in constraints.permitted_subtrees.iter().flatten() {
        *work = work.saturating_sub(1);
        if *work == 0 {
            return false;
        }
        if let Some(inside) = within(name, &tree.base, false) {
            limited = true;
            permitted |= inside;
        }
    }
    let excluded = constraints.excluded_subtrees.iter().flatten().any(|tree| {
        *work = work.saturating_sub(1);
        *work == 0 || within(name, &tree.base, true) == Some(true)
    });
    (!limited || permitted) && !excluded
}

/// Whether `name` is inside `base`; `None` where they are of different forms.
fn within(name: &GeneralName, base: &Parsed<'_>, excluding: bool) -> Option<bool> {
    match (name, base) {
        (GeneralName::Dns(name), Parsed::DNSName(base)) => Some(dns_within(name, base, excluding)),
        (GeneralName::Ip(address), Parsed::IPAddress(base)) => {
            let bytes = match address {
                std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
                std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            Some(ip_within(&bytes, base))
        }
        (GeneralName::Email(name), Parsed::RFC822Name(base)) => Some(email_within(name, base)),
        (GeneralName::Uri(uri), Parsed::URI(base)) => {
            Some(uri_host(uri).is_some_and(|host| host_within(host, base)))
        }
        (GeneralName::Directory(name), Parsed::DirectoryName(base)) => {
            Some(directory_within(name, base.as_raw()))
        }
        _ => None,
    }
}

fn dns_within(name: &str, base: &str, excluding: bool) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let base = base.trim_end_matches('.').to_ascii_lowercase();
    if base.is_empty() || name == base {
        return true;
    }
    let below = |name: &str, base: &str| match base.strip_prefix('.') {
        Some(_) => name.ends_with(base),
        None => name
            .strip_suffix(base)
            .is_some_and(|before| before.ends_with('.')),
    };
    // A wildcard can stand for the excluded name itself.
    let covers = excluding
        && name.strip_prefix("*.").is_some_and(|suffix| {
            base.trim_start_matches('.')
                .ends_with(&format!(".{suffix}"))
        });
    below(&name, &base) || covers
}

fn ip_within(address: &[u8], base: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    network.len() == address.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((byte, network), mask)| byte & mask == network & mask)
}

fn email_within(name: &str, base: &str) -> bool {
    if base.contains('@') {
        return name == base;
    }
    name.rsplit_once('@')
        .is_some_and(|(_, host)| host_within(host, base))
}

/// A host, or with a leading dot every host below it.
fn host_within(host: &str, base: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let base = base.to_ascii_lowercase();
    if base.starts_with('.') {
        host.ends_with(&base)
    } else {
        host == base
    }
}

fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
}

/// The base's relative names are the first of the name's.
fn directory_within(name: &Name, base: &[u8]) -> bool {
    let inside = |der: &[u8]| {
        let (_, any) = x509_parser::asn1_rs::Any::from_der(der).ok()?;
        Some(any.data.to_vec())
    };
    match (inside(name.der()), inside(base)) {
        (Some(name), Some(base)) => name.starts_with(&base),
        _ => false,
    }
}

fn subtree_text(base: &Parsed<'_>) -> String {
    match base {
        Parsed::DNSName(name) => format!("DNS:{name}"),
        Parsed::RFC822Name(name) => format!("email:{name}"),
        Parsed::URI(name) => format!("URI:{name}"),
        Parsed::DirectoryName(name) => format!("dirName:{name}"),
        Parsed::IPAddress(bytes) => ip_text(bytes),
        _ => "another form of name".to_owned(),
    }
}

fn ip_text(bytes: &[u8]) -> String {
    let (network, mask) = bytes.split_at(bytes.len() / 2);
    let prefix: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let network = match network.len() {
        4 => <[u8; 4]>::try_from(network)
            .map(std::net::IpAddr::from)
            .ok(),
        16 => <[u8; 16]>::try_from(network)
            .map(std::net::IpAddr::from)
            .ok(),
        _ => None,
    };
    network.map_or_else(
        || "an invalid address range".to_owned(),
        |network| format!("IP:{network}/{prefix}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtrees_hold_what_rfc_5280_says() {
        assert!(dns_within("a.corp.example", "corp.example", false));
        assert!(dns_within("corp.example", "corp.example", false));
        assert!(!dns_within("acorp.example", "corp.example", false));
        assert!(dns_within("a.corp.example", ".corp.example", false));
        assert!(dns_within("*.corp.example", "corp.example", false));
        assert!(dns_within("*.example", "corp.example", true));
        assert!(!dns_within("*.example", "corp.example", false));
        assert!(ip_within(&[10, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0]));
        assert!(!ip_within(&[11, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0]));
        assert!(!ip_within(&[0; 16], &[10, 0, 0, 0, 255, 0, 0, 0]));
        assert!(email_within("a@corp.example", "corp.example"));
        assert!(!email_within("a@x.corp.example", "corp.example"));
        assert_eq!(
            uri_host("mqtts://u@host.example:8883/x"),
            Some("host.example")
        );
    }
}
