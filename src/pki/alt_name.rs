//! Names and addresses as people type them, told apart by their value.

use std::net::{IpAddr, Ipv4Addr};

use super::Error;
use crate::x509::GeneralName;

/// Reads a subject alternative name: `dns:`, `ip:`, `uri:` or `email:` and a value, or a value that
/// shows what it is (an address, a URI with its scheme, an e-mail address, else a host name).
///
/// Host names become A-labels in lower case; names written in other scripts are converted.
///
/// # Errors
///
/// [`Error::BadName`] for what no client would match: host names with a port, a scheme or a zone
/// in them, addresses out of range, labels that are too long, and the like.
pub fn alt_name(text: &str) -> Result<GeneralName, Error> {
    let trimmed = text.trim();
    match prefixed(trimmed) {
        Some(("dns", value)) => dns(value).map(GeneralName::Dns),
        Some(("ip", value)) => ip(value).ok_or_else(|| bad(value, "it is no IP address")),
        Some(("uri", value)) => uri(value),
        Some(("email", value)) => email(value),
        _ if trimmed.contains("://") => uri(trimmed),
        _ if trimmed.contains('@') => email(trimmed),
        _ => host(trimmed),
    }
}

/// Reads a host name or an IP address.
///
/// # Errors
///
/// As [`alt_name`].
pub fn host(text: &str) -> Result<GeneralName, Error> {
    let trimmed = text.trim();
    if let Some(address) = ip(trimmed) {
        return Ok(address);
    }
    if trimmed.contains("://") {
        return Err(bad(
            trimmed,
            "leave out the scheme, and the port if there is one",
        ));
    }
    dns(trimmed).map(GeneralName::Dns)
}

fn prefixed(text: &str) -> Option<(&'static str, &str)> {
    let (prefix, value) = text.split_once(':')?;
    let kinds = ["dns", "ip", "uri", "email"];
    let kind = kinds
        .into_iter()
        .find(|kind| prefix.eq_ignore_ascii_case(kind))?;
    Some((kind, value.trim()))
}

fn ip(text: &str) -> Option<GeneralName> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().ok().map(|address: IpAddr| {
        // Clients ask for the IPv4 address that is meant.
        GeneralName::Ip(address.to_canonical())
    })
}

fn uri(text: &str) -> Result<GeneralName, Error> {
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    let good_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !good_scheme || rest.is_empty() {
        return Err(bad(
            text,
            "a URI begins with its scheme, such as urn: or spiffe:",
        ));
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(bad(text, "a URI is printable ASCII without spaces"));
    }
    Ok(GeneralName::Uri(text.to_owned()))
}

fn email(text: &str) -> Result<GeneralName, Error> {
    let parts = text.rsplit_once('@').filter(|(local, domain)| {
        !local.is_empty()
            && local.chars().all(|c| c.is_ascii_graphic())
            && dns(domain).is_ok_and(|domain| !domain.starts_with('*'))
    });
    match parts {
        Some((local, domain)) => Ok(GeneralName::Email(format!("{local}@{}", dns(domain)?))),
        None => Err(bad(text, "it is no e-mail address in ASCII")),
    }
}

/// The A-label form of a DNS name, lower case, without the dot of an absolute name.
fn dns(text: &str) -> Result<String, Error> {
    let name = text.strip_suffix('.').unwrap_or(text);
    refuse_what_is_no_host_name(text, name)?;
    let (wildcard, rest) = match name.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", name),
    };
    if rest.contains('*') {
        return Err(bad(
            text,
            "a wildcard can only be the whole first label, as in *.example.org",
        ));
    }
    let ascii = if rest.is_ascii() {
        rest.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii_strict(rest)
            .map_err(|_| bad(text, "it is no valid internationalized host name"))?
    };
    check_labels(text, &ascii)?;
    Ok(format!("{wildcard}{ascii}"))
}

fn refuse_what_is_no_host_name(text: &str, name: &str) -> Result<(), Error> {
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "it has white space or control characters in it"
    } else if name.contains('/') {
        "it has a slash in it, which belongs to paths and networks"
    } else if name.contains('%') {
        "leave out the zone (%eth0): it means nothing to other machines"
    } else if name.split_once(':').is_some_and(|(_, port)| numeric(port)) {
        "leave out the port"
    } else if name.contains(':') {
        "it has a colon in it, and is no IPv6 address"
    } else if name.split('.').all(numeric) || name.parse::<Ipv4Addr>().is_ok() {
        "it looks like an IPv4 address, and is none"
    } else {
        return Ok(());
    };
    Err(bad(text, reason))
}

fn check_labels(text: &str, ascii: &str) -> Result<(), Error> {
    if ascii.len() > 253 {
        return Err(bad(text, "a host name has at most 253 characters"));
    }
    for label in ascii.split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err(bad(text, "a label between dots has 1 to 63 characters"));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(bad(text, "a label neither begins nor ends with a hyphen"));
        }
        if !label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            return Err(bad(
                text,
                "a host name has letters, digits, hyphens and dots",
            ));
        }
    }
    Ok(())
}

fn bad(name: &str, reason: &'static str) -> Error {
    Error::BadName {
        name: name.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        alt_name(text).map_or_else(|error| error.to_string(), |name| name.to_string())
    }

    #[test]
    fn the_value_says_what_it_is() {
        let cases = [
            ("broker.lan", "DNS:broker.lan"),
            ("Broker.LAN.", "DNS:broker.lan"),
            ("localhost", "DNS:localhost"),
            ("*.example.org", "DNS:*.example.org"),
            ("my_host", "DNS:my_host"),
            ("bücher.example", "DNS:xn--bcher-kva.example"),
            ("192.168.1.10", "IP:192.168.1.10"),
            ("::1", "IP:::1"),
            ("[fd00::1]", "IP:fd00::1"),
            ("::ffff:10.0.0.1", "IP:10.0.0.1"),
            ("urn://x", "URI:urn://x"),
            ("uri:urn:dev:ops:1", "URI:urn:dev:ops:1"),
            ("me@example.org", "email:me@example.org"),
            ("dns:1e100.net", "DNS:1e100.net"),
            ("IP:10.0.0.1", "IP:10.0.0.1"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected);
        }
    }

    #[test]
    fn what_no_client_would_match_is_refused() {
        for text in [
            "",
            " ",
            ".",
            "a..b",
            "-a",
            "a-",
            "*",
            "a.*.b",
            "*a.b",
            "192.168.1.300",
            "1.2.3",
            "broker.lan:8883",
            "dns:10.0.0.1",
            "ip:broker",
            "fe80::1%eth0",
            "a b",
            "a\0b",
            "a\nb",
            "10.0.0.0/8",
            "uri:",
            "uri:nothing",
            "@example.org",
            "me@",
            "dirName:x",
        ] {
            let error = alt_name(text).unwrap_err();
            assert!(matches!(error, Error::BadName { .. }), "{text}");
        }
        assert!(host("mqtts://broker.lan:8883").is_err());
        assert!(alt_name(&"a".repeat(64)).is_err());
        assert!(alt_name(&format!("{}.x", "a.".repeat(130))).is_err());
    }
}
