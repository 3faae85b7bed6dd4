//! Distinguished names (RFC 5280 section 4.1.2.4, RFC 4514) and subject alternative names.

use std::fmt;
use std::net::IpAddr;

use x509_parser::asn1_rs::{FromDer as _, Tag, ToDer as _};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A distinguished name: its DER, and its attributes as text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    der: Vec<u8>,
    text: String,
    common_names: Vec<String>,
    organizations: Vec<String>,
}

impl Name {
    /// Reads a DER-encoded `Name`; `None` where it is none.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let (rest, name) = X509Name::from_der(der).ok()?;
        rest.is_empty().then(|| Self::from_parsed(&name))
    }

    pub(super) fn from_parsed(name: &X509Name<'_>) -> Self {
        let mut rdns: Vec<String> = name
            .iter_rdn()
            .map(|rdn| rdn.iter().map(attribute_text).collect::<Vec<_>>().join("+"))
            .collect();
        rdns.reverse();
        Self {
            der: name.as_raw().to_vec(),
            text: rdns.join(","),
            common_names: name.iter_common_name().filter_map(value_text).collect(),
            organizations: name.iter_organization().filter_map(value_text).collect(),
        }
    }

    /// The DER encoding, byte for byte as found.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The last (most specific) common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.common_names.last().map(String::as_str)
    }

    /// Every common name, in the order of the encoding.
    #[must_use]
    pub fn common_names(&self) -> &[String] {
        &self.common_names
    }

    /// Every organization, in the order of the encoding.
    #[must_use]
    pub fn organizations(&self) -> &[String] {
        &self.organizations
    }

    /// Whether the name has no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl fmt::Display for Name {
    /// RFC 4514, most specific attribute first; control characters are left to the renderers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.text)
    }
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let key = short_name(&oid).unwrap_or(&oid);
    match value_text(attribute) {
        Some(value) => format!("{key}={}", escape_rfc4514(&value)),
        None => {
            let der = attribute.attr_value().to_der_vec().unwrap_or_default();
            format!("{key}=#{}", hex(&der))
        }
    }
}

fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

/// The text of a string value; `None` for other types and for invalid encodings.
fn value_text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let value = attribute.attr_value();
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String => String::from_utf8(bytes.to_vec()).ok(),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => bytes
            .is_ascii()
            .then(|| bytes.iter().map(|&b| char::from(b)).collect()),
        Tag::BmpString => {
            let units = bytes.chunks_exact(2);
            if !units.remainder().is_empty() {
                return None;
            }
            let units: Vec<u16> = units
                .filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
                .collect();
            String::from_utf16(&units).ok()
        }
        Tag::UniversalString => {
            let units = bytes.chunks_exact(4);
            if !units.remainder().is_empty() {
                return None;
            }
            units
                .map(|quad| char::from_u32(u32::from_be_bytes(quad.try_into().ok()?)))
                .collect()
        }
        Tag::T61String => Some(bytes.iter().map(|&b| char::from(b)).collect()),
        _ => None,
    }
}

/// RFC 4514 section 2.4: a comma inside a value cannot forge another attribute.
fn escape_rfc4514(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (index, c) in value.chars().enumerate() {
        let special = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || (c == '#' && index == 0)
            || (c == ' ' && (index == 0 || index == last));
        if special {
            out.push('\\');
        }
        if c == '\0' {
            out.push_str("\\00")
        } else {
            out.push(c)
        }
    }
    out
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// One entry of a subject alternative name (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GeneralName {
    /// A DNS name, as written.
    Dns(String),
    /// An address of 4 or 16 bytes.
    Ip(IpAddr),
    /// A URI.
    Uri(String),
    /// An e-mail address.
    Email(String),
    /// A directory name.
    Directory(Name),
    /// Another form, or one whose content is invalid: what it is called, and its bytes.
    Other {
        /// The form, such as `otherName` or `invalid iPAddress`.
        form: &'static str,
        /// The content.
        bytes: Vec<u8>,
    },
}

impl fmt::Display for GeneralName {
    /// OpenSSL's notation: `DNS:broker.lan`, `IP:192.0.2.1`, `URI:…`, `email:…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Directory(name) => write!(f, "dirName:{name}"),
            Self::Other { form, bytes } => write!(f, "{form}:{}", hex(bytes)),
        }
    }
}

impl GeneralName {
    pub(crate) fn from_parsed(name: &x509_parser::extensions::GeneralName<'_>) -> Self {
        use x509_parser::extensions::GeneralName as Parsed;
        match name {
            Parsed::DNSName(name) => Self::Dns((*name).to_owned()),
            Parsed::URI(uri) => Self::Uri((*uri).to_owned()),
            Parsed::RFC822Name(address) => Self::Email((*address).to_owned()),
            Parsed::DirectoryName(name) => Self::Directory(Name::from_parsed(name)),
            Parsed::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).map(IpAddr::from).ok(),
                16 => <[u8; 16]>::try_from(*bytes).map(IpAddr::from).ok(),
                _ => None,
            }
            .map_or_else(
                || Self::Other {
                    form: "invalid iPAddress",
                    bytes: bytes.to_vec(),
                },
                Self::Ip,
            ),
            Parsed::OtherName(_, bytes) => Self::Other {
                form: "otherName",
                bytes: bytes.to_vec(),
            },
            Parsed::X400Address(any) => Self::Other {
                form: "x400Address",
                bytes: any.data.to_vec(),
            },
            Parsed::EDIPartyName(any) => Self::Other {
                form: "ediPartyName",
                bytes: any.data.to_vec(),
            },
            Parsed::RegisteredID(oid) => Self::Other {
                form: "registeredID",
                bytes: oid.as_bytes().to_vec(),
            },
            Parsed::Invalid(tag, bytes) => {
                let form = match tag.0 {
                    1 => "invalid rfc822Name",
                    2 => "invalid dNSName",
                    4 => "invalid directoryName",
                    6 => "invalid URI",
                    7 => "invalid iPAddress",
                    _ => "invalid name",
                };
                Self::Other {
                    form,
                    bytes: bytes.to_vec(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_a_value_forges_no_attribute() {
        assert_eq!(escape_rfc4514("a, OU=b"), "a\\, OU=b");
        assert_eq!(escape_rfc4514(" #x "), "\\ #x\\ ");
        assert_eq!(escape_rfc4514("#x"), "\\#x");
        assert_eq!(escape_rfc4514("a\0b"), "a\\00b");
    }
}
