//! What handlers answer that are asked whether what is stored still holds.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use super::{Does, Script};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cached_handler::{CacheGroups, EntityTag, Revalidate};

/// Version 1 or 2, as the script wants it.
pub(super) fn by_tag(script: &Script, held: &Revalidate) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let version = if *script.does.lock().unwrap() == Does::Well { 1_u8 } else { 2 };
    let tag = EntityTag::of(&[version]);
    if held.has(&tag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::ETAG, tag.to_header_value())], format!("version {version}")).into_response()
}

/// A server behind, with a page that has to be asked for each time.
pub(super) fn forwards(script: &Script, fields: &HeaderMap) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let lines = |name| fields.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>().join(" ");
    let asked = lines(header::IF_NONE_MATCH);
    if asked == "\"one\"" && *script.does.lock().unwrap() == Does::Well {
        return (StatusCode::NOT_MODIFIED, [("x-asked", "yes"), ("etag", "\"one\"")]).into_response();
    }
    let lines = [("cache-control", "no-cache"), ("etag", "\"one\""), ("x-asked", if asked.is_empty() { "no" } else { "in vain" })];
    (lines, "page").into_response()
}

/// Belongs to a group that it names itself, and is dated but not tagged.
pub(super) async fn says(script: &Script, held: &Revalidate) -> Response {
    let response = script.run().await;
    if !response.status().is_success() {
        return response;
    }
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    if held.is_since(modified) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let lines = [
        (header::CACHE_CONTROL, "max-age=60, stale-while-revalidate=30, stale-if-error=600"),
        (header::LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    (CacheGroups::of(["said"]), lines, response).into_response()
}

/// A server behind: what it is asked by, it says; and a tag that its compressor has changed.
pub(super) fn speaks(script: &Script, fields: &HeaderMap) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let has = |name| fields.contains_key(name);
    let language = fields.get(header::ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok()).unwrap_or_default().to_owned();
    if has(header::IF_NONE_MATCH) && *script.does.lock().unwrap() == Does::Well {
        return (StatusCode::NOT_MODIFIED, [("etag", "\"abc\"")]).into_response();
    }
    let personal = has(header::COOKIE) && *script.does.lock().unwrap() != Does::OwnWindows;
    let cache_control = if personal { "max-age=10" } else { "public, max-age=10, stale-if-error=600" };
    if *script.does.lock().unwrap() == Does::Status(502) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let lines = [("cache-control", cache_control), ("etag", "\"abc-gzip\""), ("vary", "accept-language")];
    (lines, format!("page in {language}")).into_response()
}
