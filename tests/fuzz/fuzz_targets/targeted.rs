#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    cached_handler::__fuzzing::targeted_fields(data);
});
