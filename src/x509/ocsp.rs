//! OCSP answers as servers staple them (RFC 6960 section 4.2).

use sha2::Digest as _;
use x509_parser::asn1_rs::{
    Any, Class, FromDer as _, GeneralizedTime, Integer, OctetString, Oid, Tag,
};
use x509_parser::x509::AlgorithmIdentifier;

use super::Certificate;
use super::certificate::timestamp;
use crate::time::Timestamp;

/// What an OCSP answer says about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OcspStatus {
    /// The certificate's serial number (content octets of the INTEGER).
    pub serial: Vec<u8>,
    /// The digest over the issuer's name, with the algorithm of [`OcspStatus::digest`].
    pub issuer_name_hash: Vec<u8>,
    /// The digest over the issuer's key, with the same algorithm.
    pub issuer_key_hash: Vec<u8>,
    /// Object identifier of the digest algorithm of the two hashes.
    pub digest: String,
    /// Good, revoked or unknown.
    pub status: CertificateStatus,
    /// When this was known to be so.
    pub this_update: Option<Timestamp>,
    /// Until when it may be relied upon.
    pub next_update: Option<Timestamp>,
}

impl OcspStatus {
    /// What the two hashes are where `issuer` is meant; `None` for digests other than SHA-1 and
    /// SHA-256.
    #[must_use]
    pub fn issuer_hashes(&self, issuer: &Certificate) -> Option<(Vec<u8>, Vec<u8>)> {
        let digest: fn(&[u8]) -> Vec<u8> = match self.digest.as_str() {
            "1.3.14.3.2.26" => |bytes| sha1::Sha1::digest(bytes).to_vec(),
            "2.16.840.1.101.3.4.2.1" => |bytes| sha2::Sha256::digest(bytes).to_vec(),
            _ => return None,
        };
        let (name, key) = (issuer.subject.der(), issuer.public_key.key_bits());
        Some((digest(name), digest(key)))
    }
}

/// RFC 6960 `CertStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateStatus {
    /// Not revoked.
    Good,
    /// Revoked, at that time.
    Revoked(Option<Timestamp>),
    /// The responder does not know the certificate.
    Unknown,
}

/// An OCSP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OcspResponse {
    /// DER of the `BasicOCSPResponse`, which [`super::Signed`] can check.
    pub basic: Vec<u8>,
    /// Certificates that came along, DER.
    pub certificates: Vec<Vec<u8>>,
    /// What it says, certificate by certificate.
    pub statuses: Vec<OcspStatus>,
}

impl OcspResponse {
    /// What the responder says instead of an answer, in the RFC's words.
    #[must_use]
    pub fn error(der: &[u8]) -> Option<&'static str> {
        let response = children(der)?;
        Some(match response.first()?.data {
            [1] => "malformedRequest",
            [2] => "internalError",
            [3] => "tryLater",
            [5] => "sigRequired",
            [6] => "unauthorized",
            _ => return None,
        })
    }

    /// Reads a DER `OCSPResponse`; `None` where it is none, or no successful one.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let response = children(der)?;
        let [status, bytes] = response.as_slice() else {
            return None;
        };
        // responseStatus successful (0), responseBytes [0] { OID basic, OCTET STRING }
        if status.data != [0] {
            return None;
        }
        let wrapped = children(bytes.data)?;
        let [_, basic] = wrapped.as_slice() else {
            return None;
        };
        let basic = basic.data.to_vec();
        let (certificates, statuses) = read_basic(&basic)?;
        Some(Self {
            basic,
            certificates,
            statuses,
        })
    }
}

type Basic = (Vec<Vec<u8>>, Vec<OcspStatus>);

fn read_basic(basic: &[u8]) -> Option<Basic> {
    let parts = children(basic)?;
    let data = parts.first()?;
    let certificates = parts
        .iter()
        .find(|part| part.class() == Class::ContextSpecific)
        .and_then(|tagged| encoded_children(tagged.data))
        .unwrap_or_default();
    // ResponseData: optional [0] version, responderID [1] or [2], producedAt, responses, …
    let responses = items(data.data)?
        .into_iter()
        .find(|item| item.tag() == Tag::Sequence && item.class() == Class::Universal)?;
    let statuses = items(responses.data)?
        .into_iter()
        .filter_map(|single| read_single(single.data))
        .collect();
    Some((certificates, statuses))
}

fn read_single(single: &[u8]) -> Option<OcspStatus> {
    let items = items(single)?;
    let [id, status, this_update, rest @ ..] = items.as_slice() else {
        return None;
    };
    let (after, algorithm) = AlgorithmIdentifier::from_der(id.data).ok()?;
    let (after, name_hash) = OctetString::from_der(after).ok()?;
    let (after, key_hash) = OctetString::from_der(after).ok()?;
    let (_, serial) = Integer::from_der(after).ok()?;
    let next = rest
        .iter()
        .find(|item| item.class() == Class::ContextSpecific && item.tag().0 == 0);
    Some(OcspStatus {
        serial: serial.as_ref().to_vec(),
        issuer_name_hash: name_hash.as_ref().to_vec(),
        issuer_key_hash: key_hash.as_ref().to_vec(),
        digest: oid_text(&algorithm.algorithm),
        status: read_status(status),
        this_update: generalized(this_update),
        next_update: next.and_then(|tagged| {
            let (_, inner) = Any::from_der(tagged.data).ok()?;
            generalized(&inner)
        }),
    })
}

fn read_status(status: &Any<'_>) -> CertificateStatus {
    match status.tag().0 {
        0 => CertificateStatus::Good,
        1 => {
            let time = Any::from_der(status.data).ok();
            CertificateStatus::Revoked(time.and_then(|(_, time)| generalized(&time)))
        }
        _ => CertificateStatus::Unknown,
    }
}

fn oid_text(oid: &Oid<'_>) -> String {
    oid.to_id_string()
}

fn generalized(any: &Any<'_>) -> Option<Timestamp> {
    let time = GeneralizedTime::try_from(any.clone()).ok()?;
    timestamp(time.utc_datetime().ok()?.unix_timestamp()).ok()
}

/// The elements inside one SEQUENCE (or any constructed element).
fn children(der: &[u8]) -> Option<Vec<Any<'_>>> {
    let (_, outer) = Any::from_der(der).ok()?;
    items(outer.data)
}

/// At most this many elements side by side; a staple answers about one certificate.
const MAX_ITEMS: usize = 256;

fn items(mut content: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut items = Vec::new();
    while !content.is_empty() {
        if items.len() == MAX_ITEMS {
            return None;
        }
        let (rest, item) = Any::from_der(content).ok()?;
        items.push(item);
        content = rest;
    }
    Some(items)
}

/// The elements of the SEQUENCE in `der`, each with its header.
fn encoded_children(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_, outer) = Any::from_der(der).ok()?;
    let mut content = outer.data;
    let mut out = Vec::new();
    while !content.is_empty() {
        if out.len() == MAX_ITEMS {
            return None;
        }
        let (rest, _) = Any::from_der(content).ok()?;
        out.push(content.get(..content.len() - rest.len())?.to_vec());
        content = rest;
    }
    Some(out)
}
