//! Certificate revocation lists as they are (RFC 5280 section 5).

use std::collections::HashMap;

use x509_parser::asn1_rs::{FromDer as _, Integer};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::revocation_list::CertificateRevocationList;

use super::certificate::timestamp;
use super::{Error, ListScope, Name};
use crate::time::Timestamp;

/// A revocation list: its DER, and the fields read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevocationList {
    /// The exact bytes.
    pub der: Vec<u8>,
    /// Who signed it.
    pub issuer: Name,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due; a list past that date proves nothing.
    pub next_update: Option<Timestamp>,
    /// `cRLNumber`, big endian, where the extension is there.
    pub number: Option<Vec<u8>>,
    /// Version 1 has no extensions, and so no number.
    pub is_v1: bool,
    /// `authorityKeyIdentifier`'s key id: which of the issuer's keys signed it.
    pub authority_key_id: Option<Vec<u8>>,
    /// The number of the list whose changes it holds (`deltaCRLIndicator`), big endian; `None`
    /// where it is a whole list.
    pub delta_of: Option<Vec<u8>>,
    /// Which certificates it covers; `None` where all of its issuer.
    pub scope: Option<ListScope>,
    /// Object identifiers of critical extensions that are not among the fields above.
    pub unknown_critical: Vec<String>,
    revoked: HashMap<Vec<u8>, Revocation>,
}

/// One entry of a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// Since when.
    pub date: Timestamp,
    /// Why, in the RFC's words, where the list says it.
    pub reason: Option<&'static str>,
}

impl RevocationList {
    /// Reads one DER revocation list.
    ///
    /// # Errors
    ///
    /// When the bytes do not have the structure of a revocation list.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|error| {
            Error::NotARevocationList {
                length: der.len(),
                reason: super::certificate::parser_reason(&error),
            }
        })?;
        let number = parsed.crl_number().map(|number| number.to_bytes_be());
        let mut revoked = HashMap::new();
        for entry in parsed.iter_revoked_certificates() {
            let revocation = Revocation {
                date: timestamp(entry.revocation_date.timestamp())?,
                reason: entry.reason_code().and_then(|(_, code)| reason(code.0)),
            };
            revoked.insert(significant(entry.raw_serial()).to_vec(), revocation);
        }
        let mut list = Self {
            der: der.get(..der.len() - rest.len()).unwrap_or(der).to_vec(),
            issuer: Name::from_parsed(parsed.issuer()),
            this_update: timestamp(parsed.last_update().timestamp())?,
            next_update: parsed
                .next_update()
                .map(|time| timestamp(time.timestamp()))
                .transpose()?,
            number,
            is_v1: parsed.version().is_none(),
            authority_key_id: None,
            delta_of: None,
            scope: None,
            unknown_critical: Vec::new(),
            revoked,
        };
        for extension in parsed.extensions() {
            list.read_extension(extension);
        }
        Ok(list)
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) {
        let oid = extension.oid.to_id_string();
        match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(point) => {
                self.scope = Some(ListScope::from_parsed(point));
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ if oid == DELTA => {
                let number = Integer::from_der(extension.value).ok();
                let number = number.map(|(_, number)| number.as_ref().to_vec());
                self.delta_of = Some(number.unwrap_or_default());
            }
            _ if extension.critical => self.unknown_critical.push(oid),
            _ => {}
        }
    }

    /// The entry of this serial number (content octets of the INTEGER).
    #[must_use]
    pub fn find(&self, serial: &[u8]) -> Option<&Revocation> {
        self.revoked.get(significant(serial))
    }

    /// Whether the next list was due by `now`, and `all` has no current one of the same issuer in its
    /// place.
    #[must_use]
    pub fn is_outdated_among(&self, all: &[Self], now: Timestamp) -> bool {
        let ended = |list: &Self| list.next_update.is_some_and(|next| next <= now);
        let replaces = |other: &Self| {
            other.issuer.der() == self.issuer.der() && other.this_update <= now && !ended(other)
        };
        ended(self) && !all.iter().any(replaces)
    }

    /// How many certificates it revokes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it revokes none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// The revoked serial numbers with their entries, in no particular order.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &Revocation)> {
        self.revoked
            .iter()
            .map(|(serial, entry)| (serial.as_slice(), entry))
    }
}

/// `deltaCRLIndicator`.
const DELTA: &str = "2.5.29.27";

/// The octets without leading zeros, so that sloppy encodings compare equal.
fn significant(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeros..).unwrap_or(serial)
}

/// RFC 5280 section 5.3.1.
fn reason(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => return None,
    })
}
