//! Certificate signing requests (PKCS#10, RFC 2986): what is taken from them.

use x509_parser::asn1_rs::FromDer as _;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;

use super::Error;
use super::alt_name::alt_name;
use crate::x509::{GeneralName, KeyKind, Name, PublicKey, Signed, Verification};

/// What a request asks for, as far as that counts: its key, and its names once they were checked.
/// Usages, constraints and everything else are for the profile alone to decide.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// The key, whose owner signed the request.
    pub key: PublicKey,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The names that were asked for and can be given.
    pub names: Vec<GeneralName>,
    /// Names that were asked for, and are left out.
    pub left_out: Vec<String>,
}

impl Request {
    /// Reads a DER-encoded request, and checks that who made it has the key.
    ///
    /// # Errors
    ///
    /// [`Error::NotARequest`], [`Error::RequestSignature`], and [`Error::WeakKey`] for keys that
    /// clients refuse.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let (rest, parsed) =
            X509CertificationRequest::from_der(der).map_err(|_| Error::NotARequest)?;
        let info = &parsed.certification_request_info;
        let key = PublicKey::from_spki_der(info.subject_pki.raw).ok_or(Error::NotARequest)?;
        if !rest.is_empty() {
            return Err(Error::NotARequest);
        }
        if !is_strong(key.kind()) {
            return Err(Error::WeakKey(key.kind().clone()));
        }
        let signed = Signed::from_der(der).ok_or(Error::NotARequest)?;
        if signed.verify(&key) != Verification::Valid {
            return Err(Error::RequestSignature);
        }
        let subject = Name::from_der(info.subject.as_raw());
        let common_name = subject.and_then(|name| name.common_name().map(str::to_owned));
        let mut request = Self {
            key,
            common_name,
            names: Vec::new(),
            left_out: Vec::new(),
        };
        for extension in parsed.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(names) = extension {
                let names = names.general_names.iter().map(GeneralName::from_parsed);
                names.for_each(|name| request.take(&name));
            }
        }
        Ok(request)
    }

    fn take(&mut self, name: &GeneralName) {
        let checked = match name {
            GeneralName::Dns(value) => alt_name(&format!("dns:{value}")).ok(),
            GeneralName::Uri(value) => alt_name(&format!("uri:{value}")).ok(),
            GeneralName::Email(value) => alt_name(&format!("email:{value}")).ok(),
            GeneralName::Ip(address) => Some(GeneralName::Ip(*address)),
            _ => None,
        };
        match checked {
            Some(name) => self.names.push(name),
            None => self.left_out.push(name.to_string()),
        }
    }
}

fn is_strong(kind: &KeyKind) -> bool {
    matches!(
        kind,
        KeyKind::P256
            | KeyKind::P384
            | KeyKind::P521
            | KeyKind::Ed25519
            | KeyKind::Rsa(2048..=8192)
    )
}
