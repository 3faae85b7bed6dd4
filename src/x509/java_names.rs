//! What Java calls the algorithms of keys.

use x509_parser::asn1_rs::{FromDer as _, Integer, Sequence};
use x509_parser::x509::AlgorithmIdentifier;

/// Java's name of the algorithm of a PKCS#8 key, such as `RSA` or `EC`; the object identifier
/// where Java has none.
pub(crate) fn java_key_algorithm(pkcs8: &[u8]) -> &'static str {
    match pkcs8_algorithm(pkcs8).as_deref() {
        Some("1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10") => "RSA",
        Some("1.2.840.10045.2.1") => "EC",
        Some("1.2.840.10040.4.1") => "DSA",
        Some("1.2.840.113549.1.3.1") => "DH",
        Some("1.3.101.112") => "Ed25519",
        Some("1.3.101.113") => "Ed448",
        _ => "PKCS#8",
    }
}

fn pkcs8_algorithm(pkcs8: &[u8]) -> Option<String> {
    let (_, sequence) = Sequence::from_der(pkcs8).ok()?;
    let (rest, _version) = Integer::from_der(&sequence.content).ok()?;
    let (_, algorithm) = AlgorithmIdentifier::from_der(rest).ok()?;
    Some(algorithm.algorithm.to_id_string())
}
