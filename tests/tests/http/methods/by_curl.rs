//! All tests of `methods` again, where `curl` asks.

use super::places::clients::again;

/// What has no request of a client that `curl` could send.
const WITHOUT: &[&str] = &[
    "by_curl::",
    // Somebody has to have looked before something else happens, and `curl` takes its time to begin.
    "conditions::l4_no_304_brings_back_what_was_invalidated_after_it_had_been_found",
    // A part of the request is what a middleware has put beside it.
    "post::l8_what_a_post_showed_beside_the_key_is_not_shared",
];

/// A layer leaves a number beside each request, which no key holds: so no answer to a POST stands for GET's, as
/// `post::l8_what_a_post_showed_beside_the_key_is_not_shared` has it.
const WITHOUT_IN_LAYERS: &[&str] = &[
    "post::a_post_response_with_the_new_state_of_its_target_answers_get_in_each_process",
    "post::l4_what_was_invalidated_while_a_post_ran_is_not_brought_back_by_its_answer",
];

#[test]
fn every_method_is_answered_so_for_curl_over_http_2() {
    again("http2", "methods::", 10, &[WITHOUT]);
}

#[test]
fn every_method_is_answered_so_for_curl_over_http_1_with_all_layers_in_the_router() {
    again("http1-layers", "methods::", 10, &[WITHOUT, WITHOUT_IN_LAYERS]);
}

#[test]
fn every_method_is_answered_so_for_curl_over_http_2_with_all_layers_around() {
    again("http2-layers", "methods::", 10, &[WITHOUT, WITHOUT_IN_LAYERS]);
}
