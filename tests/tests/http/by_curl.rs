//! All tests of this program again, where `curl` asks.

use std::process::Command;

use super::site::clients::CLIENT;

/// What looks at what `curl` does not show, breaks the framing on purpose, or has clients of its own.
const WITHOUT: &[&str] = &[
    "by_curl::",
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
    // A path as long as this is no longer the whole of the head.
    "limits::a_key_has_at_most_8_kib_and_longer_ones_stand_aside",
    // The server adds a date to what streams.
    "fidelity::a_hit_has_the_content_of_a_stream",
];
/// HTTP/2 has no field `Upgrade`.
const WITHOUT_IN_HTTP2: &[&str] = &[
    "forced::a_websocket_makes_it_run_where_it_could_be_one_and_changes_nothing_stored",
    "status_field::it_says_what_the_cache_did_and_why",
];
/// The layer of CORS answers OPTIONS by itself.
const WITHOUT_IN_LAYERS: &[&str] = &["conditional::only_get_and_head_are_answered_304"];

fn again(client: &str, without: &[&[&str]]) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(CLIENT, client);
    for test in without.iter().copied().flatten() {
        command.args(["--skip", test]);
    }
    let output = command.output().expect("a process of its own");
    let printed = String::from_utf8_lossy(&output.stdout);
    let closing = printed.lines().find(|line| line.starts_with("test result: ")).unwrap_or_default().to_owned();
    assert!(output.status.success(), "{client}: {printed}{}", String::from_utf8_lossy(&output.stderr));
    let passed: usize = closing.split(' ').nth(3).and_then(|passed| passed.parse().ok()).expect("how many passed");
    println!("- behaviours of HTTP asked for by curl ({client}): {passed}, and each request left its connection whole");
    assert!(passed > 60, "{closing}");
}

#[test]
fn every_behaviour_holds_for_curl_over_http_2() {
    again("http2", &[WITHOUT, WITHOUT_IN_HTTP2]);
}

#[test]
fn every_behaviour_holds_for_curl_over_http_1_with_all_layers_in_the_router() {
    again("http1-layers", &[WITHOUT, WITHOUT_IN_LAYERS]);
}

#[test]
fn every_behaviour_holds_for_curl_over_http_2_with_all_layers_around_the_router() {
    again("http2-layers", &[WITHOUT, WITHOUT_IN_HTTP2, WITHOUT_IN_LAYERS]);
}
