//! A BKS: version 2 before any bytes, and any bytes as they are.
#![no_main]

use certgen::keystore::{self, Limits, Passwords};
use certgen::secret::Password;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    decode(&[b"\0\0\0\x02", data].concat());
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
