//! A serialized object where a JCEKS has its secret key.
#![no_main]

#[path = "../../tests/fuzz_smoke/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::run("java_serialization", data));
