//! Names as users type them: told apart by value, and checked before they go into a certificate.

use std::net::IpAddr;

use crate::finding::{Code, Diagnostic, Remedy};
use crate::x509::GeneralName;

/// Why a text is no name for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no host name or address: {reason}")]
pub struct NameError {
    name: String,
    reason: &'static str,
}

impl Diagnostic for NameError {
    fn code(&self) -> Code {
        Code::BadName
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::text(
            "write what clients connect to: a DNS name such as broker.lan, or an address such as 192.168.1.10",
        ))
    }
}

/// A DNS name or an address, told apart by value.
///
/// International names become their ASCII form (RFC 5890), a trailing dot goes, brackets around an
/// IPv6 address go, and `*` stands for a whole left-most label alone (RFC 9525 section 6.3).
///
/// # Errors
///
/// For anything that a client could not connect to.
pub fn host(text: &str) -> Result<GeneralName, NameError> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) => Ok(GeneralName::Ip(address)),
        Err(_) => dns(text).map(GeneralName::Dns),
    }
}

/// A subject alternative name with an explicit form (`dns:`, `ip:`, `uri:`, `email:`), or a
/// [`host`].
///
/// # Errors
///
/// Where the value does not fit the form.
pub fn subject_alt_name(text: &str) -> Result<GeneralName, NameError> {
    let fail = |reason| NameError {
        name: text.to_owned(),
        reason,
    };
    let ascii = |value: &str| -> Result<String, NameError> {
        let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        if plain {
            Ok(value.to_owned())
        } else {
            Err(fail("it must be printable ASCII"))
        }
    };
    match text.split_once(':') {
        Some(("dns" | "DNS", value)) => dns(value).map(GeneralName::Dns),
        Some(("ip" | "IP", value)) => value
            .parse()
            .map(GeneralName::Ip)
            .map_err(|_| fail("it is no IP address")),
        Some(("uri" | "URI", value)) if value.contains(':') => ascii(value).map(GeneralName::Uri),
        Some(("uri" | "URI", _)) => Err(fail("a URI has a scheme, such as spiffe://lan/phone")),
        Some(("email", value)) if value.contains('@') => ascii(value).map(GeneralName::Email),
        Some(("email", _)) => Err(fail("it is no e-mail address")),
        _ => host(text),
    }
}

fn dns(text: &str) -> Result<String, NameError> {
    let fail = |reason| {
        Err(NameError {
            name: text.to_owned(),
            reason,
        })
    };
    if text.contains("://") || text.contains('/') {
        return fail("it is an address on the web; leave out the scheme and the path");
    }
    if text.contains(':') {
        return fail("leave out the port");
    }
    if text.is_empty() || text.chars().any(char::is_whitespace) {
        return fail("it is empty or has white space in it");
    }
    let (wildcard, rest) = match text.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", text),
    };
    let rest = rest.strip_suffix('.').unwrap_or(rest);
    let ascii = match rest.is_ascii() {
        true => rest.to_ascii_lowercase(),
        false => match idna::domain_to_ascii(rest) {
            Ok(ascii) => ascii,
            Err(_) => return fail("it is no valid international name"),
        },
    };
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if ascii.len() > 253 {
        return fail("it is longer than 253 characters");
    }
    if !ascii.split('.').all(label) {
        return fail("labels are letters, digits and hyphens, 1 to 63 of them");
    }
    if ascii
        .split('.')
        .next_back()
        .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
    {
        return fail("it looks like an IP address and is none");
    }
    if !wildcard.is_empty() && !ascii.contains('.') {
        return fail("a wildcard needs two labels after it, as in *.home.lan");
    }
    Ok(format!("{wildcard}{ascii}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_apart_by_value() {
        let shown = |text: &str| {
            host(text)
                .map(|name| name.to_string())
                .map_err(|e| e.reason)
        };
        assert_eq!(shown("192.168.1.10").unwrap(), "IP:192.168.1.10");
        assert_eq!(shown("[fd00::1]").unwrap(), "IP:fd00::1");
        assert_eq!(shown("Broker.LAN.").unwrap(), "DNS:broker.lan");
        assert_eq!(shown("broker").unwrap(), "DNS:broker");
        assert_eq!(
            shown("bücher.example").unwrap(),
            "DNS:xn--bcher-kva.example"
        );
        assert_eq!(shown("*.home.lan").unwrap(), "DNS:*.home.lan");
        for bad in [
            "",
            "a b",
            "mqtt://x",
            "x:8883",
            "*",
            "*.lan",
            "a..b",
            "-a",
            "1.2.3.4.5",
            "a*.b.c",
            "256.1.1.1",
        ] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn explicit_forms() {
        let shown = |text: &str| subject_alt_name(text).unwrap().to_string();
        assert_eq!(shown("uri:spiffe://lan/phone"), "URI:spiffe://lan/phone");
        assert_eq!(shown("email:me@lan"), "email:me@lan");
        assert_eq!(shown("ip:::1"), "IP:::1");
        assert_eq!(shown("dns:a.b"), "DNS:a.b");
        for bad in ["ip:x", "email:x", "uri:x", "dns:a b"] {
            assert!(subject_alt_name(bad).is_err(), "{bad}");
        }
    }
}
