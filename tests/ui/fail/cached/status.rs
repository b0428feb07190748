//! `status`.

use axum::http::StatusCode;
use cached_handler::{Policy, cached, secs};

#[cached(ttl = 60, status)] //~ status => `status` has no value; type `status(302 = 60)`
async fn h0() {}

#[cached(ttl = 60, status())] //~ status => `status` has no value; type `status(302 = 60)`
async fn h1() {}

#[cached(ttl = 60, status = 302)] //~ 302 => `status` takes its values in parentheses; type `status(302)`
async fn h2() {}

#[cached(ttl = 60, status(302, 60))] //~ 60 => `60` is not a status; if it is how long `302` is fresh, type `status(302 = 60)`
async fn h3() {}

#[cached(ttl = 60, status(302 == 60))] //~ 302 == 60 => `==` is not how a duration is given; type `status(302 = 60)`
async fn h4() {}

#[cached(ttl = 60, status(302: 60))] //~ 302: 60 => `:` is not how a duration is given; type `status(302 = 60)`
async fn h5() {}

#[cached(ttl = 60, status(302 = 60, 302 = 5))] //~ 302 => the status `302` is named twice; remove one
async fn h6() {}

#[cached(ttl = 60, status(302), status(404 = 5))] //~ status => `status` is given twice; type both in one, `status(302, 404 = 5)`
async fn h7() {}

#[cached(ttl = 60, status(500 = 5))] //~ 500 => `500` is never stored: a failure is not stored; with `stale_if_error = "1d"` the response stored before is sent instead; remove it
async fn h8() {}

#[cached(ttl = 60, status(401, 403 = 5))] //~ 401 => `401` is never stored: it is about one request and its client, and other clients would be sent it //~ 403 => `403` is never stored
async fn h9() {}

#[cached(ttl = 60, status(206, 304, 100))] //~ 206 => `206` is never stored: it is a part //~ 304 => `304` is never stored: the cache answers `If-None-Match` itself //~ 100 => `100` is never stored: it is not a final status
async fn h10() {}

#[cached(ttl = 60, status(StatusCode::FOUND))] //~ StatusCode::FOUND => `status(…)` takes numbers; type `status(302)`, or `status(302 = 60)` with a duration of its own
async fn h11() {}

#[cached(ttl = 60, status("404" = 5))] //~ "404" => `status(…)` takes numbers; type `status(302)`
async fn h12() {}

#[cached(ttl = 60, status(3020))] //~ 3020 => `3020` is not a status; type one of three digits, `status(302 = 60)`
async fn h13() {}

#[cached(ttl = 60, status(404 = "5 minutes"))] //~ "5 minutes" => the lifetime of `404` is a duration; type `404 = "5m"`
async fn h14() {}

#[cached(ttl = 60, status(404 = 0))] //~ 0 => the lifetime of `404` is at least one millisecond; remove `404` to store none
async fn h15() {}

#[cached(ttl = 60, status(404 = ))] //~ 404 = => `404` has no duration; type `status(404 = 60)`, or `status(404)` for that of `ttl`
async fn h16() {}

#[cached(ttl = from_response, status(404))] //~ 404 => `404` has no duration, and `ttl = from_response` gives it none; type `status(404 = 60)`
async fn h17() {}

#[cached(ttl = 60, status(300, 302, 303, 305, 307, 404, 410, 201, 204))] //~ 204 => `status(…)` takes at most eight statuses; remove one
async fn h18() {}

#[cached(ttl = 60, statuses(302 = 5))] //~ statuses => `statuses` is called `status` here; type `status(302 = 5)`
async fn h19() {}

#[cached(ttl = 60, status(404 = SECONDS))] //~ SECONDS => mismatched types
async fn h20() {}

#[cached(ttl = 60, status(300, 302, 303, 305, 307, 404, 201, 204), policy = GONE)] //~ #[cached(ttl = 60, status(300, 302, 303, 305, 307, 404, 201, 204), policy = GONE)] => at most eight statuses can be named, in a policy and in `status(…)` together; remove one
async fn h21() {}

const GONE: Policy = Policy::new().status(410, secs(5));

const SECONDS: u64 = 5;

const _: Policy = Policy::new().status(302, secs(1));

fn main() {}
