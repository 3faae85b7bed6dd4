//! What a certificate is to say: role, subject, names and validity.

use std::net::IpAddr;

use ::time::Duration;
use ::time::macros::datetime;

use super::Error;
use super::alt_name::host;
use super::extension::Constraint;
use crate::time::{Span, Timestamp};
use crate::x509::GeneralName;

/// How long leaves are valid: what browsers take from public CAs, and well below Apple's 825.
pub const LEAF_DAYS: u32 = 397;
/// How long a CA is valid.
pub const AUTHORITY_DAYS: u32 = 3_650;

/// The longest common name (RFC 5280 appendix A.1, `ub-common-name`).
const MAX_COMMON_NAME: usize = 64;
/// How far before now certificates begin, for clocks that run behind.
const BACKDATED: Duration = Duration::HOUR;
/// The last moment that a certificate can name.
const LAST: Timestamp = datetime!(9999-12-31 23:59:59 UTC);

/// From when to when, both inclusive (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub begin: Timestamp,
    /// The last second.
    pub end: Timestamp,
}

impl Validity {
    /// `days` whole days that began an hour before `now`, the last second included.
    #[must_use]
    pub fn days(now: Timestamp, days: u32) -> Self {
        let begin = backdated(now);
        let end = Span::days(days).after(begin).unwrap_or(LAST) - Duration::SECOND;
        Self { begin, end }
    }

    /// From an hour before `now` until `end`.
    #[must_use]
    pub fn until(now: Timestamp, end: Timestamp) -> Self {
        let begin = backdated(now);
        let end = end.replace_nanosecond(0).unwrap_or(end);
        Self { begin, end }
    }

    /// The part of this that lies within `outer`.
    #[must_use]
    pub fn within(self, outer: Self) -> Self {
        Self {
            begin: self.begin.max(outer.begin),
            end: self.end.min(outer.end),
        }
    }

    pub(super) fn check(self) -> Result<Self, Error> {
        if self.end <= self.begin {
            return Err(Error::EmptyValidity { end: self.end });
        }
        Ok(self)
    }
}

fn backdated(now: Timestamp) -> Timestamp {
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole.checked_sub(BACKDATED).unwrap_or(whole)
}

/// What a leaf is for; this alone decides its extended key usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// A TLS server.
    Broker,
    /// A TLS client.
    Client,
}

impl Role {
    /// The word for reports, which is also the folder's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Client => "client",
        }
    }
}

/// What the certificate of a broker or client is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub(super) role: Role,
    pub(super) common_name: String,
    pub(super) names: Vec<GeneralName>,
    pub(super) validity: Validity,
}

impl Profile {
    /// A broker under these names; its common name is the first one that fits, and cosmetic.
    ///
    /// # Errors
    ///
    /// [`Error::NoNames`] without a host name or address, [`Error::EmptyValidity`].
    pub fn broker(names: Vec<GeneralName>, validity: Validity) -> Result<Self, Error> {
        let names = without_repetition(names);
        let hosts = names.iter().filter_map(host_text);
        let fitting = hosts.clone().find(|name| name.len() <= MAX_COMMON_NAME);
        if hosts.count() == 0 {
            return Err(Error::NoNames);
        }
        Ok(Self {
            role: Role::Broker,
            common_name: fitting.unwrap_or_else(|| "MQTT broker".to_owned()),
            names,
            validity: validity.check()?,
        })
    }

    /// A client with this name, which brokers take as its identity.
    ///
    /// # Errors
    ///
    /// [`Error::CommonNameLength`], [`Error::EmptyValidity`].
    pub fn client(name: &str, names: Vec<GeneralName>, validity: Validity) -> Result<Self, Error> {
        Ok(Self {
            role: Role::Client,
            common_name: common_name(name)?,
            names: without_repetition(names),
            validity: validity.check()?,
        })
    }

    /// The common name.
    #[must_use]
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The subject alternative names.
    #[must_use]
    pub fn names(&self) -> &[GeneralName] {
        &self.names
    }
}

/// The name or address, without what kind it is.
fn host_text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Dns(name) => Some(name.clone()),
        GeneralName::Ip(address) => Some(address.to_string()),
        _ => None,
    }
}

fn without_repetition(names: Vec<GeneralName>) -> Vec<GeneralName> {
    let mut out: Vec<GeneralName> = Vec::with_capacity(names.len());
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

fn common_name(name: &str) -> Result<String, Error> {
    match name.chars().count() {
        1..=MAX_COMMON_NAME => Ok(name.to_owned()),
        length => Err(Error::CommonNameLength { length }),
    }
}

/// What the certificate of a CA is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityProfile {
    pub(super) common_name: String,
    pub(super) validity: Validity,
    pub(super) path_length: u8,
    pub(super) permitted: Vec<Constraint>,
}

impl AuthorityProfile {
    /// A CA with this name, below which no further CA may stand.
    ///
    /// # Errors
    ///
    /// [`Error::CommonNameLength`], [`Error::EmptyValidity`].
    pub fn new(name: &str, validity: Validity) -> Result<Self, Error> {
        Ok(Self {
            common_name: common_name(name)?,
            validity: validity.check()?,
            path_length: 0,
            permitted: Vec::new(),
        })
    }

    /// The same with room for so many CAs one below the other.
    #[must_use]
    pub fn with_path_length(mut self, length: u8) -> Self {
        self.path_length = length;
        self
    }

    /// The same, limited to names in these domains and addresses in these networks.
    ///
    /// Where IPv4 networks are permitted and no IPv6 one is, `::1` and `fd00::/8` are permitted
    /// too: a constraint on addresses counts for both, and would shut out every IPv6 name.
    ///
    /// # Errors
    ///
    /// [`Error::BadConstraint`] for what is neither domain nor network.
    pub fn with_permitted(mut self, permitted: &[String]) -> Result<Self, Error> {
        let read = permitted.iter().map(|text| constraint(text));
        self.permitted = read.collect::<Result<_, _>>()?;
        let has = |wanted: usize| {
            self.permitted.iter().any(
                |one| matches!(one, Constraint::Network { address, .. } if address.len() == wanted),
            )
        };
        if has(4) && !has(16) {
            self.permitted.push(constraint("::1/128")?);
            self.permitted.push(constraint("fd00::/8")?);
        }
        Ok(self)
    }

    /// The common name.
    #[must_use]
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// When it is to be valid.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.validity
    }
}

fn constraint(text: &str) -> Result<Constraint, Error> {
    let bad = || Error::BadConstraint(text.to_owned());
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address = address.trim_matches(['[', ']']);
    if let Ok(address) = address.parse::<IpAddr>() {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let bits = octets.len() * 8;
        let length = length.map_or(Ok(bits), |length| length.parse().map_err(|_| bad()))?;
        return network(&octets, length).ok_or_else(bad);
    }
    let domain = text.strip_prefix('.').unwrap_or(text);
    match host(domain) {
        Ok(GeneralName::Dns(domain)) if !domain.starts_with('*') => Ok(Constraint::Domain(domain)),
        _ => Err(bad()),
    }
}

fn network(octets: &[u8], length: usize) -> Option<Constraint> {
    if length > octets.len() * 8 {
        return None;
    }
    let mask: Vec<u8> = (0..octets.len())
        .map(|index| {
            let ones = length.saturating_sub(index * 8).min(8);
            let zeros = u32::try_from(8 - ones).unwrap_or(8);
            0xff_u8.checked_shl(zeros).unwrap_or(0)
        })
        .collect();
    let address = octets.iter().zip(&mask).map(|(octet, mask)| octet & mask);
    Some(Constraint::Network {
        address: address.collect(),
        mask,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_end_inclusively() {
        let now = datetime!(2027-01-31 10:00:00.5 UTC);
        let validity = Validity::days(now, 397);
        assert_eq!(validity.begin, datetime!(2027-01-31 9:00 UTC));
        assert_eq!(validity.end, datetime!(2028-03-03 8:59:59 UTC));
        assert_eq!(
            (validity.end - validity.begin).whole_seconds(),
            397 * 86_400 - 1
        );
        assert!(Validity::days(now, 0).check().is_err());
        assert_eq!(Validity::days(now, u32::MAX).end, LAST - Duration::SECOND);
    }

    #[test]
    fn a_broker_has_names() {
        let validity = Validity::days(datetime!(2027-01-31 10:00 UTC), 1);
        assert_eq!(Profile::broker(Vec::new(), validity), Err(Error::NoNames));
        let uri = GeneralName::Uri("urn:x".into());
        assert_eq!(Profile::broker(vec![uri], validity), Err(Error::NoNames));
        let long = GeneralName::Dns(format!("{}.lan", "a".repeat(63)));
        let short = GeneralName::Dns("b.lan".into());
        let names = vec![long, short.clone(), short];
        let profile = Profile::broker(names, validity).unwrap();
        assert_eq!((profile.common_name(), profile.names().len()), ("b.lan", 2));
        assert!(Profile::client("", Vec::new(), validity).is_err());
        assert!(Profile::client(&"ü".repeat(64), Vec::new(), validity).is_ok());
        assert!(Profile::client(&"a".repeat(65), Vec::new(), validity).is_err());
    }

    #[test]
    fn networks_and_domains() {
        let net = constraint("192.168.1.77/20").unwrap();
        let expected = Constraint::Network {
            address: vec![192, 168, 0, 0],
            mask: vec![255, 255, 240, 0],
        };
        assert_eq!(net, expected);
        assert_eq!(
            constraint(".Lan").unwrap(),
            Constraint::Domain("lan".into())
        );
        for bad in ["", "10.0.0.0/33", "a b", "*.lan", "10.0.0.0/x"] {
            assert!(constraint(bad).is_err(), "{bad}");
        }
    }
}
