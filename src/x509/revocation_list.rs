//! Certificate revocation lists as they are (RFC 5280 section 5).

use std::collections::HashMap;

use x509_parser::asn1_rs::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::certificate::timestamp;
use super::{Error, Name};
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
    /// Object identifiers of critical extensions other than `issuingDistributionPoint`.
    pub unknown_critical: Vec<String>,
    /// `issuingDistributionPoint` is there: the list covers a part of the certificates.
    pub partial: bool,
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
        let critical = parsed.extensions().iter().filter(|e| e.critical);
        Ok(Self {
            der: der.get(..der.len() - rest.len()).unwrap_or(der).to_vec(),
            issuer: Name::from_parsed(parsed.issuer()),
            this_update: timestamp(parsed.last_update().timestamp())?,
            next_update: parsed
                .next_update()
                .map(|time| timestamp(time.timestamp()))
                .transpose()?,
            number,
            unknown_critical: critical
                .map(|extension| extension.oid.to_id_string())
                .filter(|oid| oid != DISTRIBUTION_POINT)
                .collect(),
            partial: parsed
                .extensions()
                .iter()
                .any(|extension| extension.oid.to_id_string() == DISTRIBUTION_POINT),
            revoked,
        })
    }

    /// The entry of this serial number (content octets of the INTEGER).
    #[must_use]
    pub fn find(&self, serial: &[u8]) -> Option<&Revocation> {
        self.revoked.get(significant(serial))
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

/// `issuingDistributionPoint`.
const DISTRIBUTION_POINT: &str = "2.5.29.28";

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
