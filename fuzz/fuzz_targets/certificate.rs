//! A certificate in DER.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = certgen::x509::Certificate::from_der(data);
});
