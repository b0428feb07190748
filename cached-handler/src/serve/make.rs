//! Makes a stored response from the handler's response.

use std::sync::{Arc, OnceLock, atomic::AtomicBool};

use axum::extract::{MatchedPath, NestedPath, OriginalUri};
use bytes::Bytes;
use http::{Extensions, HeaderMap, header, response::Parts};

use super::{Run, tag};
use crate::{
    cache::Cache,
    epoch::group::CacheGroups,
    error::Error,
    handler::{policy::ETag, writes::note_stored},
    header::{connection, date, entity_tag::EntityTag, vary},
    outcome::Outcome,
    request::nested::CachedInside,
    rules::{
        client::ForClients,
        stale::{jittered, windows},
        storable::Storable,
        tag::give,
    },
    stored::{
        Own, Rare, Selecting, Stored, Tag, Variants,
        fields::Fields,
        form::FormTerms,
        lines::reserve_lines,
        response_part::{DoNotStore, FreshFor, FreshForAtMost},
        value::Typed,
    },
    util::clock::millis,
};

/// Makes a stored response, with everything that can be computed once for all hits.
pub(super) fn make(run: &Run, mut parts: Parts, content: Bytes, storable: &Storable, groups: Vec<Box<str>>) -> Stored {
    let clock = &run.cache.inner().clock;
    let now = clock.now();
    let value = parts.extensions.remove::<Typed>();
    let mut fields = parts.headers;
    let targeted = run.handler.policy.targeted_fields;
    connection::drop_hop_by_hop(&mut fields, targeted);
    let keeps_objects = run.storage().keeps_objects();
    if !fields.contains_key(header::DATE) {
        fields.insert(header::DATE, date::print(clock.wall()));
    }
    let of_head = is_without_its_content(run, &content);
    let tells_length = fields.contains_key(header::CONTENT_LENGTH);
    if !of_head {
        // The server writes the length of the content that it sends in the end. Only a handler that answers HEAD without content may
        // declare the length of GET's content (RFC 9110 §8.6).
        fields.remove(header::CONTENT_LENGTH);
    }
    vary::merge(&mut fields, run.vary_names());
    let windows = windows(&fields, targeted, run.windows).of(parts.status);
    let tells_clients = !fields.contains_key(header::CACHE_CONTROL);
    let own = own_validators(run, &fields);
    let for_clients = ForClients::of(&run.client_terms()).write(&mut fields);
    let given = parts.extensions.remove::<tag::Given>();
    let extensions = shared_extensions(parts.extensions);
    let mut tag = if parts.status.is_success() { entity_tag(run, &mut fields, &content, given) } else { Tag::Own };
    let rare = Rare {
        place: run.entry().place(run.storage_id().remote()),
        parts: run.composition.parts_at_rest(),
        selecting: selecting(run, storable),
        arrived_with_age: fields.contains_key(header::AGE).then_some(storable.initial_age),
    };
    note_stored(&groups);
    let marks = run.marks().map(|marks| {
        let mut marks = marks.clone();
        let added: Vec<_> = groups.iter().filter(|group| !run.groups.contains(group)).collect();
        run.cache.inner().memory.epochs.add_groups(&mut marks, &added);
        if let Some(parts) = run.composition.parts() {
            marks.add_parts(parts.marks);
        }
        marks
    });
    let born = now.saturating_sub(millis(storable.initial_age));
    let lifetime = if windows.any() {
        let chance = run.cache.inner().hit_for_miss.hash_bytes(&now.to_le_bytes()) ^ run.hash();
        jittered(storable.freshness_lifetime, run.handler.policy.jitter, chance)
    } else {
        storable.freshness_lifetime
    };
    let windows = storable.ends.map_or(windows, |end| windows.at_most(end.saturating_sub(lifetime)));
    let fields = if keeps_objects {
        let terms = FormTerms { for_clients, tells_clients, targeted, of_head };
        Fields::kept(fields, &mut tag, terms, &run.cache.inner().memory.forms)
    } else {
        reserve_lines(&mut fields);
        Fields::read(fields, for_clients)
    };
    let mut stored = Stored {
        of_head,
        tells_length,
        status: parts.status,
        fields,
        extensions,
        content,
        born,
        fresh_until: born.saturating_add(millis(lifetime)),
        windows,
        ends: storable.ends.is_some(),
        tag,
        own,
        tells_clients,
        ended: AtomicBool::new(false),
        stamp: run.stamp().unwrap_or_default(),
        began: run.began(),
        marks,
        groups: groups.into(),
        rare: rare.boxed(),
        shareable: storable.shareable,
        value: None,
        near: OnceLock::new(),
    };
    if let Some(value) = value {
        stored.hold(value, run.storage().keeps_values());
    }
    stored
}

/// The extensions of a stored response, which hits get too: without those that are notes to this cache, or concern one request.
fn shared_extensions(mut extensions: Extensions) -> Extensions {
    extensions.remove::<CacheGroups>();
    extensions.remove::<FreshFor>();
    extensions.remove::<FreshForAtMost>();
    extensions.remove::<DoNotStore>();
    extensions.remove::<CachedInside>();
    extensions.remove::<Outcome>();
    extensions.remove::<Arc<Error>>();
    extensions.remove::<OriginalUri>();
    extensions.remove::<MatchedPath>();
    extensions.remove::<NestedPath>();
    extensions.remove::<Cache>();
    // An empty map without an allocation, which costs a hit nothing.
    if extensions.is_empty() { Extensions::new() } else { extensions }
}

/// The validators by which the handler can revalidate the response: those that it set itself. None if its `Cache-Control` was rewritten to
/// `private`, as the handler's own directives are then not known any more.
fn own_validators(run: &Run, fields: &HeaderMap) -> Own {
    let is_changed = run.is_private() && fields.contains_key(header::CACHE_CONTROL);
    if !run.key.traits.can_ask || is_changed {
        return Own::default();
    }
    Own { tag: fields.contains_key(header::ETAG), date: fields.contains_key(header::LAST_MODIFIED) }
}

/// Whether this is the answer to a HEAD by a handler that saw the method and omitted the content. Other handlers give HEAD the content of
/// GET.
fn is_without_its_content(run: &Run, content: &Bytes) -> bool {
    run.is_answered_as_head() && content.is_empty()
}

/// The entity tag: the handler's own, or else one that the response was given before, or one made from the content. There is none for a
/// HEAD that was answered without content, as it would differ from GET's tag (RFC 9111 §4.3.5).
fn entity_tag(run: &Run, fields: &mut HeaderMap, content: &Bytes, given: Option<tag::Given>) -> Tag {
    let policy = run.handler.policy.etag;
    if fields.contains_key(header::ETAG) || policy == ETag::Off {
        return Tag::Own;
    }
    match given {
        Some(tag::Given(strong)) => give(strong, policy, fields),
        None if is_without_its_content(run, content) => Tag::Own,
        None => give(EntityTag::strong_of(content, fields), policy, fields),
    }
}

/// With `vary = from_response`: the request's values that select this response.
fn selecting(run: &Run, storable: &Storable) -> Option<Selecting> {
    if !run.handler.varies_from_response() || storable.vary.is_empty() {
        return None;
    }
    let mut fields: Vec<Box<str>> = Vec::with_capacity(storable.vary.len());
    for name in &storable.vary {
        // Sorted, each once; there are only a few.
        if let Err(at) = fields.binary_search_by(|known| (**known).cmp(name.as_str())) {
            fields.insert(at, name.as_str().into());
        }
    }
    let variants = Variants { fields, ..Variants::default() };
    let values = run.entry().values(&variants).into();
    Some((variants, values))
}
