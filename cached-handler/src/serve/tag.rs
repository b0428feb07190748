//! Entity tags that are made before the stored response: for streams, and for long content.

use http::{header, response::Parts};

use super::{Run, answer::give_form_of_tag};
use crate::{
    handler::policy::ETag,
    header::{date, entity_tag::EntityTag},
    rules::tag::give,
    util::turns::TURN,
};

/// The strong form of a tag that a response was given before its stored response is made; an extension, which clients do not see.
#[derive(Debug, Clone)]
pub(super) struct Given(pub(super) EntityTag);

/// Gives a stream the tag and the date that later hits will have (law L3), and returns the parts to store. The content is not known yet, so
/// the tag is random and unique: a client that shows it has this content.
pub(super) fn give_to_stream(run: &Run, parts: &mut Parts) -> Parts {
    if !parts.headers.contains_key(header::DATE) {
        parts.headers.insert(header::DATE, date::print(run.cache.inner().clock.wall()));
    }
    let mut kept = parts.clone();
    let policy = run.handler.policy.etag;
    let has_none = !parts.headers.contains_key(header::ETAG) && policy != ETag::Off;
    if has_none && parts.status.is_success() && !run.is_answered_as_head() {
        let strong = EntityTag::unique();
        kept.extensions.insert(Given(strong.clone()));
        let tag = give(strong, policy, &mut parts.headers);
        give_form_of_tag(&tag, &run.facts, &mut parts.headers);
    }
    kept
}

/// Makes the tag of long content, with yields to other tasks, before the stored response is made.
pub(super) async fn make_of_long(run: &Run, parts: &mut Parts, content: &[u8]) {
    let has_one = parts.headers.contains_key(header::ETAG) || parts.extensions.get::<Given>().is_some();
    if content.len() > TURN && !has_one && run.handler.policy.etag != ETag::Off && parts.status.is_success() {
        let strong = Box::pin(EntityTag::strong_of_in_turns(content, &parts.headers)).await;
        parts.extensions.insert(Given(strong));
    }
}
