//! A serialized object where a JCEKS has its secret key.
#![no_main]

use certgen::keystore::{self, Limits, Passwords};
use certgen::secret::Password;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let entry = b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\x01\0\0\0\x03\0\0\0\0\0\0\0\0\0\0";
    decode(&[&entry[..], data, &[0; 20]].concat());
});

/// Without a password nothing is verified, so that parsing gets further; then with one.
fn decode(bytes: &[u8]) {
    let mut limits = Limits::default();
    limits.kdf_work = 3_000;
    let password = Password::new("password".to_owned());
    for store in [None, Some(&password)] {
        let _ = keystore::decode(bytes, &Passwords { store, keys: &[] }, &limits);
    }
}
