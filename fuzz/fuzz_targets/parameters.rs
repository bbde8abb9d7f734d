//! Bytes as a request's body, and as a URL's query.
#![no_main]

#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::parameters(data));
