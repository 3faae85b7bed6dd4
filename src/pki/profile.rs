//! What a certificate of each role says: the profile of a private MQTT CA.
//!
//! The rules are those of RFC 5280 as OpenSSL's strict mode, Python 3.13, Apple and Android apply
//! them; broker certificates follow RFC 9525 (names in the SAN alone).

use std::net::IpAddr;

use ::time::Duration;

use crate::finding::{Action, Code, Diagnostic, Remedy};
use crate::time::{Span, Timestamp, date};
use crate::x509::{GeneralName, Name};

/// How long before now validity begins: small devices' clocks drift.
pub(super) const BACKDATED: Duration = Duration::hours(1);
/// Lifetime of a CA: ten years.
pub const AUTHORITY_DAYS: u32 = 3_650;
/// Lifetime of broker and client certificates.
pub const LEAF_DAYS: u32 = 397;
/// Apple refuses server certificates that live longer.
pub const APPLE_DAYS: u32 = 825;
/// RFC 5280 appendix A.1, `ub-common-name`.
const MAX_COMMON_NAME: usize = 64;

/// Why a certificate would not be as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A broker without names: no client would accept it.
    #[error("a broker's certificate needs at least one name or address that clients connect to")]
    NoNames,
    /// CA and leaf with the same subject confuse OpenSSL, mosquitto and Java.
    #[error("the subject `{0}` is that of the CA; a CA and what it issues must differ in name")]
    SameSubject(String),
    /// An empty common name.
    #[error("the common name is empty")]
    EmptyName,
    /// A common name over the bound of RFC 5280.
    #[error("the common name `{name}` has {length} characters; {MAX_COMMON_NAME} are allowed")]
    LongName {
        /// The name.
        name: String,
        /// Its length.
        length: usize,
    },
    /// A control character in a name.
    #[error("the common name `{0}` has control characters in it")]
    ControlCharacter(String),
    /// Validity would end before it begins.
    #[error("the validity would end on {end}, before it begins on {start}")]
    EndsBeforeStart {
        /// Begin.
        start: String,
        /// End.
        end: String,
    },
    /// The CA itself has run out.
    #[error("the CA `{name}` has expired on {end}, so nothing can be issued")]
    AuthorityExpired {
        /// The CA's subject.
        name: String,
        /// Its end.
        end: String,
    },
    /// The end of validity lies beyond what X.509 can say.
    #[error("the validity would end beyond the year 9999")]
    TooLate,
}

impl Diagnostic for ProfileError {
    fn code(&self) -> Code {
        match self {
            Self::EmptyName | Self::LongName { .. } | Self::ControlCharacter(_) => Code::BadName,
            Self::SameSubject(_) => Code::SameSubjectAsIssuer,
            _ => Code::ProfileViolated,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        let text = match self {
            Self::NoNames => {
                let names = vec!["broker.lan".to_owned(), "192.168.1.10".to_owned()];
                let action = Action::IssueBroker {
                    names,
                    replace: false,
                };
                return Some(Remedy::run("name what clients connect to", action));
            }
            Self::SameSubject(_) => "choose another name",
            Self::EmptyName | Self::LongName { .. } | Self::ControlCharacter(_) => {
                "choose a short name of printable characters"
            }
            Self::EndsBeforeStart { .. } | Self::TooLate => "choose another end or number of days",
            Self::AuthorityExpired { .. } => {
                "make a new CA, and give its certificate to every client"
            }
        };
        Some(Remedy::text(text))
    }
}

/// What a certificate is for; key usages follow from this alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Signs certificates and revocation lists.
    Authority {
        /// How many further CAs may stand below it; `None` for no limit.
        path_length: Option<u32>,
        /// The only names that it may issue for, where it is limited (critical).
        permitted: Vec<PermittedName>,
    },
    /// A TLS server.
    Broker,
    /// A TLS client.
    Client,
}

/// A subtree that a CA is limited to (RFC 5280 section 4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermittedName {
    /// A domain and everything below it.
    Dns(String),
    /// An address range.
    Ip {
        /// The network address.
        network: IpAddr,
        /// The number of leading bits that count.
        prefix: u8,
    },
}

impl PermittedName {
    /// Reads `home.lan`, `192.168.1.0/24`, `fd00::/8` or a single address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        if let Ok(network) = address.parse::<IpAddr>() {
            let bits = if network.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.unwrap_or(bits);
            return (prefix <= bits).then_some(Self::Ip { network, prefix });
        }
        let name = text.strip_prefix('.').unwrap_or(text);
        match super::names::host(name) {
            Ok(GeneralName::Dns(name)) if !name.starts_with('*') => Some(Self::Dns(name)),
            _ => None,
        }
    }
}

/// When validity is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// So long after it begins, less one second, since the end is inclusive.
    Span(Span),
    /// At this time.
    Until(Timestamp),
}

/// Everything that a certificate is to say, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub(super) role: Role,
    pub(super) common_name: String,
    pub(super) names: Vec<GeneralName>,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    /// The end that was asked for, where the CA's end is earlier.
    pub(super) shortened_from: Option<Timestamp>,
}

impl Profile {
    /// A self-signed CA.
    ///
    /// # Errors
    ///
    /// For names and lifetimes that cannot be.
    pub fn authority(
        common_name: &str,
        role: Role,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Self, ProfileError> {
        Self::new(role, common_name, Vec::new(), lifetime, now)
    }

    /// A broker; `common_name` defaults to the first name that fits.
    ///
    /// # Errors
    ///
    /// Without a name, and for names and lifetimes that cannot be.
    pub fn broker(
        names: Vec<GeneralName>,
        fallback_name: &str,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Self, ProfileError> {
        let reachable =
            |name: &&GeneralName| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
        let first = match names.iter().find(reachable) {
            None => return Err(ProfileError::NoNames),
            Some(GeneralName::Dns(name)) => name.clone(),
            Some(GeneralName::Ip(address)) => address.to_string(),
            Some(other) => other.to_string(),
        };
        let fits = first.chars().count() <= MAX_COMMON_NAME;
        let common_name = if fits {
            first
        } else {
            fallback_name.to_owned()
        };
        Self::new(Role::Broker, &common_name, names, lifetime, now)
    }

    /// A client, whose common name is its MQTT identity.
    ///
    /// # Errors
    ///
    /// For names and lifetimes that cannot be.
    pub fn client(
        common_name: &str,
        names: Vec<GeneralName>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Self, ProfileError> {
        Self::new(Role::Client, common_name, names, lifetime, now)
    }

    fn new(
        role: Role,
        common_name: &str,
        mut names: Vec<GeneralName>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Self, ProfileError> {
        check_common_name(common_name)?;
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let not_before = whole_seconds(now - BACKDATED);
        let not_after = match lifetime {
            Lifetime::Span(span) => {
                span.after(not_before).ok_or(ProfileError::TooLate)? - Duration::SECOND
            }
            Lifetime::Until(end) => whole_seconds(end),
        };
        let profile = Self {
            role,
            common_name: common_name.to_owned(),
            names,
            not_before,
            not_after,
            shortened_from: None,
        };
        profile.check_order()?;
        Ok(profile)
    }

    fn check_order(&self) -> Result<(), ProfileError> {
        if self.not_after > self.not_before {
            return Ok(());
        }
        let (start, end) = (date(self.not_before), date(self.not_after));
        Err(ProfileError::EndsBeforeStart { start, end })
    }

    /// Fits the profile to its issuer: another subject, and no validity beyond the issuer's.
    pub(super) fn below(
        mut self,
        issuer: &crate::x509::Certificate,
        now: Timestamp,
    ) -> Result<Self, ProfileError> {
        if same_subject(&issuer.subject, &self.common_name) {
            return Err(ProfileError::SameSubject(issuer.subject.to_string()));
        }
        if issuer.not_after <= now {
            let (name, end) = (issuer.subject.to_string(), date(issuer.not_after));
            return Err(ProfileError::AuthorityExpired { name, end });
        }
        self.not_before = self.not_before.max(issuer.not_before);
        if self.not_after > issuer.not_after {
            self.shortened_from = Some(self.not_after);
            self.not_after = issuer.not_after;
        }
        self.check_order()?;
        Ok(self)
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Whether the certificate lives longer than Apple takes of servers.
    #[must_use]
    pub fn is_too_long_for_apple(&self) -> bool {
        let limit = Duration::days(APPLE_DAYS.into());
        self.role == Role::Broker && self.not_after - self.not_before >= limit
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    time.replace_nanosecond(0).unwrap_or(time)
}

fn check_common_name(name: &str) -> Result<(), ProfileError> {
    let length = name.chars().count();
    if name.trim().is_empty() {
        return Err(ProfileError::EmptyName);
    }
    if length > MAX_COMMON_NAME {
        return Err(ProfileError::LongName {
            name: name.to_owned(),
            length,
        });
    }
    if name.chars().any(char::is_control) {
        return Err(ProfileError::ControlCharacter(name.to_owned()));
    }
    Ok(())
}

/// RFC 5280 section 7.1 compares names without regard to case and repeated spaces.
fn same_subject(issuer: &Name, common_name: &str) -> bool {
    let fold = |text: &str| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    };
    let only_a_common_name =
        issuer.common_names().len() == 1 && issuer.to_string().starts_with("CN=");
    only_a_common_name
        && !issuer.to_string().contains(",")
        && issuer
            .common_name()
            .is_some_and(|name| fold(name) == fold(common_name))
}
