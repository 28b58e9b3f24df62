#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oauthtrace::soap::autodiscover::fuzz(data));
