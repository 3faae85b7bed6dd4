//! One certificate: its exact bytes, and the fields read from them.

use x509_parser::asn1_rs::{Error as BerError, FromDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::{ParsedExtension, X509Extension};

use super::name::hex;
use super::{GeneralName, Name, PublicKey};
use crate::finding::{Code, Diagnostic, Remedy};
use crate::time::Timestamp;

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The outermost structure is not that of a certificate.
    #[error("the {length} bytes are no X.509 certificate: {reason}")]
    NotACertificate {
        /// How many bytes there were.
        length: usize,
        /// What the parser met.
        reason: String,
    },
    /// The outermost structure is not that of a revocation list.
    #[error("the {length} bytes are no X.509 revocation list: {reason}")]
    NotARevocationList {
        /// How many bytes there were.
        length: usize,
        /// What the parser met.
        reason: String,
    },
    /// A date outside the years that can be held.
    #[error("a date of the certificate lies outside the years 0 to 9999")]
    DateOutOfRange,
}

impl Diagnostic for Error {
    fn code(&self) -> Code {
        Code::NotACertificate
    }

    fn remedy(&self) -> Option<Remedy> {
        Some(Remedy::text(
            "give a certificate as PEM (BEGIN CERTIFICATE) or DER",
        ))
    }
}

/// `basicConstraints` (RFC 5280 section 4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many intermediates may follow, where it is limited.
    pub path_length: Option<u32>,
    /// Whether the extension is critical.
    pub critical: bool,
}

/// `keyUsage` (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage {
    /// Bit 0 (`digitalSignature`) is the lowest bit, as in the RFC's list.
    pub bits: u16,
    /// Whether the extension is critical.
    pub critical: bool,
}

impl KeyUsage {
    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// `digitalSignature`.
    #[must_use]
    pub fn digital_signature(self) -> bool {
        self.bits & 1 != 0
    }

    /// `keyEncipherment`.
    #[must_use]
    pub fn key_encipherment(self) -> bool {
        self.bits & (1 << 2) != 0
    }

    /// `keyAgreement`.
    #[must_use]
    pub fn key_agreement(self) -> bool {
        self.bits & (1 << 4) != 0
    }

    /// `keyCertSign`.
    #[must_use]
    pub fn key_cert_sign(self) -> bool {
        self.bits & (1 << 5) != 0
    }

    /// `cRLSign`.
    #[must_use]
    pub fn crl_sign(self) -> bool {
        self.bits & (1 << 6) != 0
    }

    /// The RFC's names of the bits that are set.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let set = |index: usize| self.bits.checked_shr(u32::try_from(index).unwrap_or(32));
        Self::NAMES
            .iter()
            .enumerate()
            .filter(|(index, _)| set(*index).is_some_and(|bits| bits & 1 != 0))
            .map(|(_, name)| *name)
            .collect()
    }
}

/// Any extension: identifier, criticality, and the DER inside its OCTET STRING.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension {
    /// Dotted object identifier.
    pub oid: String,
    /// Whether who does not understand it must refuse the certificate.
    pub critical: bool,
    /// The content.
    pub value: Vec<u8>,
}

/// A certificate: its DER, and the fields read from it.
///
/// X.509 v1 and broken-but-real certificates are read too; what is wrong with them is for the
/// audit to say. Extensions that cannot be read are in [`Certificate::unreadable`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The exact bytes.
    pub der: Vec<u8>,
    /// Bytes that followed the certificate in the input.
    pub trailing: usize,
    /// 1, 2 or 3 (v3 is encoded as 2).
    pub version: u32,
    /// The content octets of the serial number, as encoded (big endian, two's complement).
    pub serial: Vec<u8>,
    /// Dotted object identifier of the signature algorithm.
    pub signature_algorithm: String,
    /// Who it is about.
    pub subject: Name,
    /// Who signed it.
    pub issuer: Name,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity, inclusive.
    pub not_after: Timestamp,
    /// The key that it vouches for.
    pub public_key: PublicKey,
    /// `None` where the extension is absent.
    pub subject_alt_names: Option<Vec<GeneralName>>,
    /// `None` where the extension is absent.
    pub basic_constraints: Option<BasicConstraints>,
    /// `None` where the extension is absent.
    pub key_usage: Option<KeyUsage>,
    /// Dotted object identifiers; `None` where the extension is absent.
    pub extended_key_usage: Option<Vec<String>>,
    /// `subjectKeyIdentifier`.
    pub subject_key_id: Option<Vec<u8>>,
    /// `authorityKeyIdentifier`'s key id.
    pub authority_key_id: Option<Vec<u8>>,
    /// Every extension, in order.
    pub extensions: Vec<Extension>,
    /// Identifiers of extensions whose content cannot be read.
    pub unreadable: Vec<String>,
}

/// EKU of a TLS server.
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// EKU of a TLS client.
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// EKU of everything.
const ANY_USAGE: &str = "2.5.29.37.0";

impl Certificate {
    /// Reads one DER certificate; what follows it is counted in [`Certificate::trailing`].
    ///
    /// # Errors
    ///
    /// When the bytes do not have the structure of a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|error| Error::NotACertificate {
                length: der.len(),
                reason: parser_reason(&error),
            })?;
        let exact = der.get(..der.len() - rest.len()).unwrap_or(der);
        let mut certificate = Self {
            der: exact.to_vec(),
            trailing: rest.len(),
            version: parsed.version.0.saturating_add(1),
            serial: parsed.raw_serial().to_vec(),
            signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
            subject: Name::from_parsed(parsed.subject()),
            issuer: Name::from_parsed(parsed.issuer()),
            not_before: timestamp(parsed.validity().not_before.timestamp())?,
            not_after: timestamp(parsed.validity().not_after.timestamp())?,
            public_key: PublicKey::from_parsed(parsed.public_key()),
            subject_alt_names: None,
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            subject_key_id: None,
            authority_key_id: None,
            extensions: Vec::new(),
            unreadable: Vec::new(),
        };
        for extension in parsed.extensions() {
            certificate.read_extension(extension);
        }
        Ok(certificate)
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) {
        let oid = extension.oid.to_id_string();
        let critical = extension.critical;
        self.extensions.push(Extension {
            oid: oid.clone(),
            critical,
            value: extension.value.to_vec(),
        });
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                let names = names
                    .general_names
                    .iter()
                    .map(GeneralName::from_parsed)
                    .collect();
                self.subject_alt_names = Some(names);
            }
            ParsedExtension::BasicConstraints(basic) => {
                let path_length = basic.path_len_constraint;
                self.basic_constraints = Some(BasicConstraints {
                    ca: basic.ca,
                    path_length,
                    critical,
                });
            }
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    bits: usage.flags,
                    critical,
                });
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended_key_usage = Some(usage_oids(usage));
            }
            ParsedExtension::SubjectKeyIdentifier(id) => {
                self.subject_key_id = Some(id.0.to_vec());
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            ParsedExtension::ParseError { .. } => self.unreadable.push(oid),
            _ => {}
        }
    }

    /// Subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject.der() == self.issuer.der()
    }

    /// Whether the subject may act as a CA by its basic constraints.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.is_some_and(|basic| basic.ca)
    }

    /// Whether the extended key usage, where there is one, allows a TLS server.
    #[must_use]
    pub fn allows_server(&self) -> bool {
        self.allows_usage(SERVER_AUTH)
    }

    /// Whether the extended key usage, where there is one, allows a TLS client.
    #[must_use]
    pub fn allows_client(&self) -> bool {
        self.allows_usage(CLIENT_AUTH)
    }

    fn allows_usage(&self, wanted: &str) -> bool {
        self.extended_key_usage
            .as_ref()
            .is_none_or(|usages| usages.iter().any(|oid| oid == wanted || oid == ANY_USAGE))
    }

    /// The serial number in lower-case hexadecimal, without colons.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex(&self.serial)
    }

    /// SHA-256 over the DER, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        use sha2::Digest as _;
        hex(&sha2::Sha256::digest(&self.der))
    }

    /// SHA-1 over the DER, in lower-case hexadecimal (what older tools show).
    #[must_use]
    pub fn sha1_hex(&self) -> String {
        use sha1::Digest as _;
        hex(&sha1::Sha1::digest(&self.der))
    }

    /// The extension with this dotted object identifier.
    #[must_use]
    pub fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == oid)
    }
}

fn usage_oids(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let known = [
        (usage.any, ANY_USAGE),
        (usage.server_auth, SERVER_AUTH),
        (usage.client_auth, CLIENT_AUTH),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let known = known
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, oid)| (*oid).to_owned());
    known
        .chain(usage.other.iter().map(|oid| oid.to_id_string()))
        .collect()
}

pub(super) fn timestamp(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_unix_timestamp(seconds).map_err(|_| Error::DateOutOfRange)
}

pub(super) fn parser_reason(error: &x509_parser::nom::Err<X509Error>) -> String {
    match error {
        x509_parser::nom::Err::Incomplete(_)
        | x509_parser::nom::Err::Error(X509Error::Der(BerError::Incomplete(_))) => {
            "the bytes end too early".to_owned()
        }
        // The parser's own words are Rust's.
        x509_parser::nom::Err::Error(X509Error::Der(_) | X509Error::NomError(_))
        | x509_parser::nom::Err::Failure(X509Error::Der(_) | X509Error::NomError(_)) => {
            "a field has another type or length than it must".to_owned()
        }
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => {
            error.to_string()
        }
    }
}

/// `authorityInfoAccess`.
const INFORMATION_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
/// `authorityKeyIdentifier`.
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";

impl Certificate {
    /// The names in `authorityKeyIdentifier`'s `authorityCertIssuer`: who issued the issuer.
    #[must_use]
    pub fn authority_issuers(&self) -> Vec<Name> {
        let Some(extension) = self.extension(AUTHORITY_KEY_IDENTIFIER) else {
            return Vec::new();
        };
        let parsed =
            x509_parser::extensions::AuthorityKeyIdentifier::from_der(&extension.value).ok();
        let names = parsed.and_then(|(_, id)| id.authority_cert_issuer);
        names
            .iter()
            .flatten()
            .filter_map(|name| match GeneralName::from_parsed(name) {
                GeneralName::Directory(name) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// The content octets of `authorityKeyIdentifier`'s `authorityCertSerialNumber`: the issuer's own serial.
    #[must_use]
    pub fn authority_serial(&self) -> Option<Vec<u8>> {
        let extension = self.extension(AUTHORITY_KEY_IDENTIFIER)?;
        let (_, id) =
            x509_parser::extensions::AuthorityKeyIdentifier::from_der(&extension.value).ok()?;
        id.authority_cert_serial.map(<[u8]>::to_vec)
    }

    /// Where the issuer's certificate can be had (`authorityInfoAccess`, caIssuers).
    #[must_use]
    pub fn issuer_address(&self) -> Option<String> {
        let extension = self.extension(INFORMATION_ACCESS)?;
        let (_, access) =
            x509_parser::extensions::AuthorityInfoAccess::from_der(&extension.value).ok()?;
        access
            .accessdescs
            .iter()
            .find(|access| access.access_method.to_id_string() == "1.3.6.1.5.5.7.48.2")
            .and_then(
                |access| match GeneralName::from_parsed(&access.access_location) {
                    GeneralName::Uri(uri) => Some(uri),
                    _ => None,
                },
            )
    }
}
