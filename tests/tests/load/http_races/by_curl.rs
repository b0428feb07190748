//! The races of `http_races` again, where `curl` asks: fewer, as each request is a process of its own.

use super::places::clients::again;

/// The miniature has no requests.
const WITHOUT: &[&str] = &["by_curl::", "merged::the_same_load_finds_a_stamp_that_a_merge_has_kept_and_nothing_without_it"];

#[test]
fn l4_no_read_is_older_for_curl_over_http_2() {
    again("http2", "http_races::", 1, &[WITHOUT]);
}

#[test]
fn l4_no_read_is_older_for_curl_over_http_1_with_all_layers_in_the_router() {
    again("http1-layers", "http_races::", 1, &[WITHOUT]);
}

#[test]
fn l4_no_read_is_older_for_curl_over_http_2_with_all_layers_around_the_router() {
    again("http2-layers", "http_races::", 1, &[WITHOUT]);
}
