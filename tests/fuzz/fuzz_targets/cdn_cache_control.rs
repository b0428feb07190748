#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    cached_handler::__fuzzing::cdn(data);
});
