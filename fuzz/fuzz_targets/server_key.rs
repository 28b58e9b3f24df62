#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oauthtrace::wire::tls::fuzz_keys(data));
