#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oauthtrace::wire::capture::fuzz_pcapng(data));
