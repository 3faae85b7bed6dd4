//! What is fuzzed: the decoders of whatever a stranger can hand over, each by name. The targets of
//! cargo-fuzz in `fuzz/` and the bounded run of `tests/fuzz_smoke.rs` go through here.

use certgen::bundle::Target;
use certgen::inspect::{self, Look};
use certgen::keystore::{self, Limits, Passwords, pem};
use certgen::pki::audit::Lone;
use certgen::secret::Password;
use certgen::time::Timestamp;
use certgen::x509::{Certificate, RevocationList, Signed};

/// Iterations times blocks that one input may cost: little, so that many inputs are tried.
const WORK: u64 = 3_000;

/// A name and its decoder.
pub type Decoder = (&'static str, fn(&[u8]));

/// The decoders by name. Stores are told by their content, so a corpus makes the difference.
pub const TARGETS: &[Decoder] = &[
    ("bks", store),
    ("uber", store),
    ("jks", store),
    ("jceks", store),
    ("java_serialization", java_serialization),
    ("pkcs12", store),
    ("bcfks", store),
    ("pem", pem_or_der),
    ("certificate", certificate),
    ("revocation_list", revocation_list),
    ("inspect", examine),
];

/// Lets the decoder of this name read the bytes: it returns, and has not panicked.
///
/// # Panics
///
/// Where there is no such decoder.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.expect("the target is in the table");
    target(bytes);
}

/// Without a password nothing is verified, so that parsing gets further; then with one.
fn store(bytes: &[u8]) {
    let password = Password::new("password".to_owned());
    for store in [None, Some(&password)] {
        let _ = keystore::decode(bytes, &Passwords { store, keys: &[] }, &limits());
    }
}

/// The object of the one secret key of a JCEKS.
fn java_serialization(bytes: &[u8]) {
    let before = b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\x01\0\0\0\x03\0\0\0\0\0\0\0\0\0\0";
    store(&[before, bytes, &[0; 20]].concat());
}

fn pem_or_der(bytes: &[u8]) {
    let password = Password::new("password".to_owned());
    for store in [None, Some(&password)] {
        let _ = pem::read(bytes, &Passwords { store, keys: &[] }, &limits());
    }
}

fn certificate(bytes: &[u8]) {
    let Ok(certificate) = Certificate::from_der(bytes) else {
        return;
    };
    let _ = (certificate.subject.to_string(), certificate.serial_hex());
    let _ = (
        certificate.authority_issuers(),
        certificate.issuer_address(),
    );
    let _ = (certificate.allows_server(), certificate.allows_client());
    if let Some(signed) = Signed::from_der(bytes) {
        let _ = signed.verify(&certificate.public_key);
    }
}

fn revocation_list(bytes: &[u8]) {
    if let Ok(list) = RevocationList::from_der(bytes) {
        for (serial, _) in list.entries() {
            assert!(list.find(serial).is_some());
        }
    }
}

/// All that `certgen inspect` has to say of a file, for every target.
fn examine(bytes: &[u8]) {
    let password = Password::new("password".to_owned());
    for (number, store) in [None, Some(&password)].into_iter().enumerate() {
        let look = Look {
            judge: Lone::at(Timestamp::UNIX_EPOCH),
            passwords: Passwords { store, keys: &[] },
            limits: limits(),
            target: Target::ALL.get(bytes.len() % 13 + number).copied(),
        };
        let _ = inspect::examine("file.bks", bytes, &look);
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.kdf_work = WORK;
    limits
}
