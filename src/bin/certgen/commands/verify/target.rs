//! The broker as users write it: a name, an address, `host:port` or a URL.

use certgen::finding::{Code, Remedy};
use certgen::x509::GeneralName;

use crate::failure::Failure;

/// Where to connect to, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As it was written.
    pub(crate) typed: String,
    /// Trimmed, without scheme, port, path and brackets.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// The scheme's choice, where there is a scheme.
    pub(crate) scheme: Option<Scheme>,
    /// The path of a WebSocket URL.
    pub(crate) path: Option<String>,
}

/// What a URL says about the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub(crate) tls: bool,
    pub(crate) websocket: bool,
    pub(crate) default_port: u16,
}

impl Target {
    /// Reads `host`, `host:port`, `[v6]:port`, or a URL.
    pub(crate) fn parse(typed: &str) -> Result<Self, Failure> {
        let trimmed = typed.trim();
        let (scheme, rest) = match trimmed.split_once("://") {
            None => (None, trimmed),
            Some((name, rest)) => (Some(scheme(name)?), rest),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => {
                let (authority, path) = rest.split_at(slash);
                (authority, Some(path.to_owned()))
            }
            None => (rest, None),
        };
        let path = path.filter(|path| path != "/" || scheme.is_some_and(|scheme| scheme.websocket));
        if path.is_some() && !scheme.is_some_and(|scheme| scheme.websocket) {
            return Err(bad_host(typed, "a path makes sense with wss:// alone"));
        }
        if let Some((_, place)) = authority.rsplit_once('@') {
            // What stands before it may hold a password, and is not repeated.
            return Err(bad_host(
                &format!("…@{place}"),
                "give the user name with --username, and the password with --password",
            ));
        }
        let (host, port) = split_port(authority)
            .ok_or_else(|| bad_host(typed, "the port is no number from 1 to 65535"))?;
        if host.is_empty() || host.chars().any(char::is_whitespace) {
            return Err(bad_host(typed, "it is empty, or has white space inside"));
        }
        if host.contains(':') && !is_ipv6(host) {
            let reason = "before a port, an IPv6 address stands in brackets";
            return Err(bad_host(typed, reason));
        }
        Ok(Self {
            typed: typed.to_owned(),
            host: ascii(host),
            port,
            scheme,
            path,
        })
    }
}

/// A name in other scripts as it stands in DNS and in certificates, in A-labels.
pub(crate) fn ascii(name: &str) -> String {
    match certgen::pki::host(name) {
        Ok(GeneralName::Dns(labels)) if !name.is_ascii() => labels,
        _ => name.to_owned(),
    }
}

fn scheme(name: &str) -> Result<Scheme, Failure> {
    let (tls, websocket, default_port) = match name.to_ascii_lowercase().as_str() {
        "mqtts" | "ssl" | "tls" => (true, false, 8883),
        "mqtt" | "tcp" => (false, false, 1883),
        "wss" | "https" => (true, true, 443),
        "ws" | "http" => (false, true, 80),
        _ => return Err(bad_host(name, "the schemes are mqtts, mqtt, wss and ws")),
    };
    Ok(Scheme {
        tls,
        websocket,
        default_port,
    })
}

/// Host and port; `None` for a port that is none.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Some((host, None)),
            None => None,
            Some(port) => Some((host, Some(number(port)?))),
        };
    }
    match authority.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((_, rest)) if rest.contains(':') => Some((authority, None)),
        Some((host, port)) => Some((host, Some(number(port)?))),
        None => Some((authority, None)),
    }
}

/// With or without a zone.
fn is_ipv6(host: &str) -> bool {
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    address.parse::<std::net::Ipv6Addr>().is_ok()
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

fn bad_host(typed: &str, reason: &str) -> Failure {
    let mut failure = Failure::new(Code::BadName, format!("`{typed}` is no broker's address"));
    failure.because.push(reason.to_owned());
    failure.with_remedy(Remedy::text("write broker.lan, broker.lan:8883, [::1]:8883, mqtts://broker.lan or wss://broker.lan/mqtt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_as_people_write_them() {
        let parsed =
            |text: &str| Target::parse(text).map(|target| (target.host, target.port, target.path));
        let host = |text: &str, port| (text.to_owned(), port, None);
        assert_eq!(parsed("broker.lan").unwrap(), host("broker.lan", None));
        assert_eq!(
            parsed("broker.lan:8884").unwrap(),
            host("broker.lan", Some(8884))
        );
        assert_eq!(
            parsed("mqtts://broker.lan:8884/").unwrap(),
            host("broker.lan", Some(8884))
        );
        assert_eq!(parsed("[::1]:8884").unwrap(), host("::1", Some(8884)));
        assert_eq!(parsed("fd00::1").unwrap(), host("fd00::1", None));
        assert_eq!(
            parsed("bücher.example:8884").unwrap(),
            host("xn--bcher-kva.example", Some(8884))
        );
        assert_eq!(
            parsed("wss://broker.lan/mqtt").unwrap(),
            ("broker.lan".to_owned(), None, Some("/mqtt".to_owned()))
        );
        for bad in [
            "",
            "a b",
            "broker.lan:0",
            "broker.lan:99999",
            "::1:28830",
            "ftp://x",
            "mqtts://u:p@x",
            "x/y",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn white_space_is_trimmed_and_remembered() {
        let target = Target::parse("localhost \n").unwrap();
        assert_eq!(target.host, "localhost");
        assert_eq!(
            target.typed,
            "localhost 
"
        );
    }
}
