//! A PKCS#12.
#![no_main]

#[path = "../../tests/fuzz_smoke/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::run("pkcs12", data));
