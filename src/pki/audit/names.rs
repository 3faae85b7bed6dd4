//! Whether the certificate is for the host (RFC 9525: subject alternative names, never the CN).

use std::net::IpAddr;

use super::words::{certificate_name, host_names, list, shorten};
use super::{Case, address};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, GeneralName};

/// What is to be said about names.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let Some(host) = case.host() else {
        return Vec::new();
    };
    let leaf = case.leaf;
    if leaf.version < 3 {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let matched = match address(host) {
        Some(wanted) => addresses(leaf).any(|found| found == wanted),
        None => dns_names(leaf).any(|name| matches(name, host)),
    };
    if !matched {
        findings.push(mismatch(case, host));
        return findings;
    }
    findings.extend(underscore(host));
    findings.extend(stray_address(case));
    findings
}

/// Whether the dNSName `pattern` covers `host`: equal, or a whole first label `*` with at least
/// two labels behind it.
pub(super) fn matches(pattern: &str, host: &str) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return !pattern.is_empty() && !pattern.contains('*');
    }
    let Some(suffix) = pattern.strip_prefix("*.") else {
        return false;
    };
    let Some((first, rest)) = host.split_once('.') else {
        return false;
    };
    !first.is_empty()
        && suffix.contains('.')
        && !suffix.contains('*')
        && rest.eq_ignore_ascii_case(suffix)
}

/// Whether old clients that fall back to the CN would be content.
pub(super) fn common_name_covers(leaf: &Certificate, host: &str) -> bool {
    covering_common_name(leaf, host).is_some()
}

/// The common name that is the host.
fn covering_common_name<'a>(leaf: &'a Certificate, host: &str) -> Option<&'a str> {
    let mut names = leaf.subject.common_names().iter().map(String::as_str);
    names.find(|name| name.eq_ignore_ascii_case(host) || matches(name, host))
}

fn dns_names(leaf: &Certificate) -> impl Iterator<Item = &str> {
    leaf.subject_alt_names
        .iter()
        .flatten()
        .filter_map(|name| match name {
            GeneralName::Dns(name) => Some(name.as_str()),
            _ => None,
        })
}

fn addresses(leaf: &Certificate) -> impl Iterator<Item = IpAddr> {
    leaf.subject_alt_names
        .iter()
        .flatten()
        .filter_map(|name| match name {
            GeneralName::Ip(address) => Some(*address),
            _ => None,
        })
}

fn mismatch(case: &Case<'_>, host: &str) -> Finding {
    let leaf = case.leaf;
    let names = host_names(leaf);
    if names.is_empty() {
        return no_names(case, host);
    }
    if let Some(wanted) = address(host) {
        let written = dns_names(leaf).find(|name| address(name) == Some(wanted));
        if let Some(written) = written {
            return as_dns_name(case, written, host);
        }
    } else if let Some(pattern) = dns_names(leaf).find(|name| nearly(name, host)) {
        return wildcard(case, pattern, host);
    }
    if let Some(dotted) = dns_names(leaf).find(|name| covers_without_dot(name, host)) {
        return with_dot(case, dotted, host);
    }
    let how = if address(host).is_some() {
        "by address"
    } else {
        "as"
    };
    let cause = format!(
        "you connect {how} `{}`, and the broker's certificate is for {}",
        shorten(host),
        list(&names)
    );
    let remedy = case.reissue(
        "issue the broker's certificate again with that name, or connect by one of its names",
    );
    Finding::failure(Code::NameMismatch, cause).with_remedy(remedy)
}

fn no_names(case: &Case<'_>, host: &str) -> Finding {
    let leaf = case.leaf;
    let others: Vec<_> = leaf
        .subject_alt_names
        .iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let instead = if others.is_empty() {
        String::new()
    } else {
        format!(" (only {})", list(&others))
    };
    let covering = covering_common_name(leaf, host);
    let cn = match (covering, leaf.subject.common_name()) {
        (Some(cn), _) => format!(
            "its CN `{}` is the host, but current clients do not look at the CN",
            shorten(cn)
        ),
        (None, Some(cn)) => format!(
            "its CN is `{}`, and you connect as `{}`",
            shorten(cn),
            shorten(host)
        ),
        (None, None) => format!("you connect as `{}`", shorten(host)),
    };
    let cause = format!(
        "the broker's certificate has no host name or address among its subject alternative names{instead}; {cn}"
    );
    let remedy = case.reissue(
        "issue the broker's certificate again with its names as subject alternative names",
    );
    let finding = Finding::failure(Code::NoSubjectAltName, cause).with_remedy(remedy);
    if covering.is_some() {
        finding.for_stacks(&[Stack::Android, Stack::RustlsGo])
    } else {
        finding
    }
}

fn as_dns_name(case: &Case<'_>, written: &str, host: &str) -> Finding {
    let cause = format!(
        "you connect by address `{}`, which the broker's certificate has as a host name (DNS:{}) and not as an address (IP:{host})",
        shorten(host),
        shorten(written)
    );
    let remedy =
        case.reissue("issue the broker's certificate again with the address as an iPAddress");
    Finding::failure(Code::IpWrittenAsDnsName, cause)
        .with_remedy(remedy)
        .for_stacks(&[
            Stack::OpenSsl,
            Stack::Java,
            Stack::Android,
            Stack::RustlsGo,
            Stack::Python313,
        ])
}

fn covers_without_dot(name: &str, host: &str) -> bool {
    name.strip_suffix('.')
        .is_some_and(|bare| matches(bare, host))
}

fn with_dot(case: &Case<'_>, written: &str, host: &str) -> Finding {
    let cause = format!(
        "you connect as `{}`, and the broker's certificate has the name with a dot at its end (`{}`), which no client takes",
        shorten(host),
        shorten(written)
    );
    let remedy = case.reissue("issue the broker's certificate again with the name without the dot");
    Finding::failure(Code::NameMismatch, cause).with_remedy(remedy)
}

/// Whether a pattern with `*` was meant for this host, and does not cover it.
fn nearly(pattern: &str, host: &str) -> bool {
    if !pattern.contains('*') {
        return false;
    }
    let pattern = pattern.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    if pattern == "*" {
        return true;
    }
    if let Some(suffix) = pattern.strip_prefix("*.") {
        return host == suffix || host.ends_with(&format!(".{suffix}"));
    }
    let (before, after) = pattern.split_once('*').unwrap_or(("", ""));
    host.starts_with(before) && host.ends_with(after)
}

fn wildcard(case: &Case<'_>, pattern: &str, host: &str) -> Finding {
    let why = if pattern == "*" {
        "a bare `*` covers nothing"
    } else if !pattern.starts_with("*.") {
        "only a whole first label may be `*`"
    } else if pattern.matches('.').count() < 2 {
        "a `*` directly below a top-level name covers nothing"
    } else if pattern
        .strip_prefix("*.")
        .is_some_and(|suffix| suffix.eq_ignore_ascii_case(host))
    {
        "a `*` stands for one label, and does not cover the name without it"
    } else {
        "a `*` stands for exactly one label"
    };
    let cause = format!(
        "you connect as `{}`, and the wildcard `{}` of the broker's certificate does not cover it: {why}",
        shorten(host),
        shorten(pattern)
    );
    let remedy = case.reissue("issue the broker's certificate again with the whole name");
    Finding::failure(Code::WildcardScope, cause).with_remedy(remedy)
}

fn underscore(host: &str) -> Option<Finding> {
    if address(host).is_some() || !host.contains('_') {
        return None;
    }
    let cause = format!(
        "the host name `{}` has an underscore, which is not allowed in host names: Java and Android send no server name for it, or refuse it",
        shorten(host)
    );
    let remedy = "give the broker a name with letters, digits and hyphens, and issue its certificate for that";
    let finding = Finding::warning(Code::UnderscoreInHostName, cause);
    Some(
        finding
            .with_remedy(Remedy::text(remedy))
            .for_stacks(&[Stack::Java, Stack::Android]),
    )
}

/// An address that stands in a dNSName, although the host is covered.
fn stray_address(case: &Case<'_>) -> Option<Finding> {
    let leaf = case.leaf;
    let written = dns_names(leaf).find(|name| {
        address(name).is_some_and(|wanted| !addresses(leaf).any(|found| found == wanted))
    })?;
    let cause = format!(
        "`{}` has the address {} as a host name (DNS) and not as an address: connecting by that address fails",
        certificate_name(leaf),
        shorten(written)
    );
    let remedy =
        case.reissue("issue the broker's certificate again with the address as an iPAddress");
    Some(Finding::warning(Code::IpWrittenAsDnsName, cause).with_remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_hosts_as_rfc_9525_says() {
        for (pattern, host, covered) in [
            ("broker.lan", "broker.lan", true),
            ("Broker.LAN", "broker.lan", true),
            ("broker.lan.", "broker.lan", false),
            ("broker", "broker", true),
            ("*.lab.test", "a.lab.test", true),
            ("*.lab.test", "a.b.lab.test", false),
            ("*.lab.test", "lab.test", false),
            ("*.lab.test", ".lab.test", false),
            ("*.test", "lab.test", false),
            ("*", "localhost", false),
            ("*", "*", false),
            ("mq*.lab.test", "mqtt.lab.test", false),
            ("*.*.test", "a.b.test", false),
            ("", "", false),
        ] {
            assert_eq!(matches(pattern, host), covered, "{pattern} {host}");
        }
    }
}
