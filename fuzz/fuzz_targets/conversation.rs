#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oauthtrace::wire::conversation::fuzz(data));
