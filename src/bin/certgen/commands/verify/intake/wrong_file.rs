//! A file that was given in the place of another: what it is, and where it belongs.

use std::path::Path;

use certgen::finding::{Code, Remedy};
use certgen::keystore::pem::{self, Item};
use certgen::keystore::{Error, Format, Limits, Passwords, detect};

use crate::failure::Failure;

/// What a file holds in the first place.
enum Kind {
    Empty,
    Certificate,
    Key,
    PublicKey,
    Request,
    RevocationList,
    /// PKCS#7, often named `.p7b`; as PEM or not.
    Bundle {
        is_text: bool,
    },
    Store(Format),
    Block(String),
    Unknown,
}

/// It was to hold certificates.
pub(super) fn no_certificate(path: &Path, bytes: &[u8]) -> Failure {
    let kind = Kind::of(bytes);
    let shown = path.display().to_string();
    let remedy = match &kind {
        Kind::Key => {
            "give the file with the certificate (PEM or DER); the private key goes to --key".to_owned()
        }
        Kind::Request => {
            "let the CA sign the request, and give the certificate that comes of it; to trust a CA, give its own certificate".to_owned()
        }
        Kind::RevocationList => {
            "give the file with the certificate (PEM or DER); the revocation list goes to --crl".to_owned()
        }
        Kind::Store(_) => {
            "give the store to --keystore or --truststore, or the file with the certificate (PEM or DER) here".to_owned()
        }
        Kind::Bundle { is_text } => format!(
            "take the certificates out of it with `openssl pkcs7 -print_certs{} -in FILE -out certificates.pem`, and give that file",
            if *is_text { "" } else { " -inform DER" },
        ),
        _ => "give the file with the certificate (PEM or DER)".to_owned(),
    };
    let cause = format!("`{shown}` holds no certificate");
    complaint(
        Failure::new(Code::NoCertificateInFile, cause),
        &kind,
        &remedy,
    )
}

/// It was to hold a private key.
pub(super) fn no_key(path: &Path, bytes: &[u8]) -> Failure {
    let kind = Kind::of(bytes);
    let remedy = match &kind {
        Kind::Store(_) => {
            "give the store to --keystore, or the file with the key (PEM or DER) here"
        }
        _ => "give the file with the private key (PEM or DER)",
    };
    let failure = Failure::from(Error::NoKey);
    let failure = failure.while_doing(format!("cannot read `{}`", path.display()));
    complaint(failure, &kind, remedy)
}

/// It was to hold revocation lists.
pub(super) fn no_revocation_list(path: &Path, bytes: &[u8]) -> Failure {
    let kind = Kind::of(bytes);
    let remedy = match &kind {
        Kind::Certificate => {
            "give the CA's revocation list as PEM (BEGIN X509 CRL) or DER; its certificate goes to --cafile"
        }
        _ => "give the CA's revocation list as PEM (BEGIN X509 CRL) or DER",
    };
    let cause = format!("`{}` holds no certificate revocation list", path.display());
    complaint(Failure::new(Code::CannotRead, cause), &kind, remedy)
}

fn complaint(mut failure: Failure, kind: &Kind, remedy: &str) -> Failure {
    failure.because.push(kind.words());
    failure.with_remedy(Remedy::text(remedy))
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        if bytes.trim_ascii().is_empty() {
            return Self::Empty;
        }
        if is_pkcs7(bytes) {
            return Self::Bundle { is_text: false };
        }
        match detect(bytes) {
            Some(Format::Pem) => Self::of_pem(bytes),
            Some(format) => Self::Store(format),
            None => Self::Unknown,
        }
    }

    fn of_pem(bytes: &[u8]) -> Self {
        let contents = pem::read(bytes, &Passwords::default(), &Limits::default());
        let first = contents.ok().and_then(|all| all.items.into_iter().next());
        match first {
            None => Self::Unknown,
            Some(Item::Certificate { .. }) => Self::Certificate,
            Some(Item::PrivateKey(_)) => Self::Key,
            Some(Item::PublicKey(_)) => Self::PublicKey,
            Some(Item::Request(_)) => Self::Request,
            Some(Item::RevocationList(_)) => Self::RevocationList,
            Some(Item::Other { label, .. }) if label == "PKCS7" || label == "CMS" => {
                Self::Bundle { is_text: true }
            }
            Some(Item::Other { label, .. }) => Self::Block(label),
            Some(_) => Self::Unknown,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Empty => "the file is empty".to_owned(),
            Self::Certificate => "there is a certificate in it".to_owned(),
            Self::Key => "there is a private key in it".to_owned(),
            Self::PublicKey => "there is a bare public key in it".to_owned(),
            Self::Request => {
                "there is a certificate request (CSR) in it, which no CA has signed yet".to_owned()
            }
            Self::RevocationList => "there is a revocation list (CRL) in it".to_owned(),
            Self::Bundle { .. } => {
                "it is a PKCS#7 bundle (.p7b), which TLS programs do not read".to_owned()
            }
            Self::Store(format) => format!("it is a keystore ({format})"),
            Self::Block(label) => format!("there is a block `{label}` in it"),
            Self::Unknown => {
                "there is neither a BEGIN line that is known nor a DER structure in it".to_owned()
            }
        }
    }
}

/// A DER `ContentInfo` of signed data (RFC 5652 section 3).
fn is_pkcs7(bytes: &[u8]) -> bool {
    const SIGNED_DATA: &[u8] = &[
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
    ];
    let inside = match bytes {
        [0x30, short, rest @ ..] if *short < 0x80 => rest,
        [0x30, long, rest @ ..] => rest.get(usize::from(long & 0x7f)..).unwrap_or_default(),
        _ => return false,
    };
    inside.starts_with(SIGNED_DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_called_empty_whatever_it_was_to_hold() {
        for complain in [no_certificate, no_key, no_revocation_list] {
            for bytes in [&b""[..], b" \n"] {
                let failure = complain(Path::new("x.pem"), bytes);
                assert_eq!(failure.because.last().unwrap(), "the file is empty");
            }
        }
    }

    #[test]
    fn signed_data_is_known_by_its_identifier_with_every_form_of_length() {
        let identifier = [
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
        ];
        for head in [&[0x30, 0x20][..], &[0x30, 0x80], &[0x30, 0x82, 1, 2]] {
            assert!(is_pkcs7(&[head, &identifier].concat()));
        }
        assert!(!is_pkcs7(&[0x30, 0x84]));
        assert!(!is_pkcs7(b"-----BEGIN"));
    }
}
