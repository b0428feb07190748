//! The tests of what clients see once more, where `curl` asks.

use super::site::clients::again;

/// What looks at what `curl` does not show, breaks the framing on purpose, or has clients of its own.
const WITHOUT: &[&str] = &[
    "by_curl::",
    // They have clients of their own.
    "faults::",
    "methods::",
    "stale::",
    "streaming::",
    "layers::",
    "strict::",
    "rewritten::",
    "lengths::",
    "content::",
    "limits::trailers_are_passed_on_and_their_response_is_not_stored",
    "limits::content_of_another_length_than_declared_is_passed_on_and_not_stored",
    // Eight hundred requests: `strict.rs` has them in one `curl`.
    "freshness::with_a_ttl_alone_200_203_301_and_308_are_stored",
    "on_the_wire",
    // The server adds a date to what streams.
    "fidelity::a_hit_has_the_content_of_a_stream",
];
const WITHOUT_IN_HTTP2: &[&str] = &[
    // The server takes no head of more than 16 KiB, and one of the paths is longer.
    "limits::a_key_has_at_most_8_kib_and_longer_ones_stand_aside",
    // There is no field `Upgrade` (RFC 9113 §8.2.2). A WebSocket begins with CONNECT there (RFC 8441), which no cache answers.
    "forced::a_websocket_makes_it_run_where_it_could_be_one_and_changes_nothing_stored",
    "status_field::it_says_what_the_cache_did_and_why",
];
/// The layer of CORS answers OPTIONS by itself.
const WITHOUT_IN_LAYERS: &[&str] = &["conditional::only_get_and_head_are_answered_304"];

#[test]
fn every_behaviour_holds_for_curl_over_http_2() {
    again("http2", "", 60, &[WITHOUT, WITHOUT_IN_HTTP2]);
}

#[test]
fn every_behaviour_holds_for_curl_over_http_1_with_all_layers_in_the_router() {
    again("http1-layers", "", 60, &[WITHOUT, WITHOUT_IN_LAYERS]);
}

#[test]
fn every_behaviour_holds_for_curl_over_http_2_with_all_layers_around_the_router() {
    again("http2-layers", "", 60, &[WITHOUT, WITHOUT_IN_HTTP2, WITHOUT_IN_LAYERS]);
}
