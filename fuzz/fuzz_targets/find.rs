#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oauthtrace::token::find::fuzz(data));
