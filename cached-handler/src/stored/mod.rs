//! A stored response: what all answers need of it is computed once, and it takes as little memory as that can.

pub(crate) mod codec;
pub(crate) mod failed;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod lines;
pub(crate) mod near;
pub(crate) mod own;
pub(crate) mod part;
pub(crate) mod place;
pub(crate) mod response_part;
pub(crate) mod shared;
pub(crate) mod value;
pub(crate) mod variants;
pub(crate) mod weight;

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};

pub(crate) use crate::rules::tag::Tag;
use crate::{
    epoch::{Order, Stamp, in_process::Marks},
    header::entity_tag::EntityTag,
    rules::stale::Windows,
    stored::{fields::Fields, near::NearCopy, part::Part, place::Place, value::Typed},
    util::clock::{Millis, millis, span},
};
pub(crate) use variants::{MAX_VARIANTS, Variants};

/// What lies under a key.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "behind an `Arc`, and almost all are responses")]
pub(crate) enum Slot {
    Response(Stored),
    /// The key has variants: the fields that select among them, in lower case and sorted.
    Variants(Variants),
}

/// A stored response (RFC 9111 §2).
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the response, and none excludes another")]
pub(crate) struct Stored {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    /// What the handler has put beside the response; in memory alone.
    pub(crate) extensions: Extensions,
    /// It is the answer to a HEAD by a handler that saw the method and left the content out.
    pub(crate) of_head: bool,
    /// The handler said itself how long its content is, and with that says it to a HEAD too.
    pub(crate) tells_length: bool,
    pub(crate) content: Bytes,
    /// When it was generated, by its age on arrival; may lie before the process began.
    pub(crate) born: Millis,
    /// It is fresh before this moment, and not at it (RFC 9111 §4.2).
    pub(crate) fresh_until: Millis,
    /// For how long after that it may still be used, and when.
    pub(crate) windows: Windows,
    /// It has said when it ends: after its windows no client is given it, whatever it accepts.
    pub(crate) ends: bool,
    /// Whose its entity tag is.
    pub(crate) tag: Tag,
    /// By which of its validators its handler can be asked whether it still holds (RFC 9111 §4.3.1).
    pub(crate) own: Own,
    /// Whether its `Cache-Control` is this cache's word to clients, and not the handler's.
    pub(crate) tells_clients: bool,
    /// Set where the handler has said something else since: its stale life is over.
    pub(crate) ended: AtomicBool,
    pub(crate) stamp: Stamp,
    /// When its run began, among those of its stamp; see [`Order`].
    pub(crate) began: u64,
    /// In memory, where its epochs are.
    pub(crate) marks: Option<Marks>,
    pub(crate) groups: Box<[Box<str>]>,
    /// None, if it has nothing of that.
    pub(crate) rare: Option<Box<Rare>>,
    /// It says itself that requests with credentials may be answered with it (RFC 9111 §3.5).
    pub(crate) shareable: bool,
    /// A typed value, in memory in the place of its content.
    pub(crate) value: Option<Typed>,
    /// Where it is held in memory as the copy of what rests elsewhere.
    pub(crate) near: OnceLock<Box<NearCopy>>,
}

/// What few responses in memory have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rare {
    /// At rest, what else its epochs are found by, and those of what it is made of.
    pub(crate) place: Option<Place>,
    pub(crate) parts: Box<[Part]>,
    pub(crate) selecting: Option<Selecting>,
    /// How old it was on arrival, where the handler said that.
    pub(crate) arrived_with_age: Option<Duration>,
}

/// The request field values that select a response among the variants of its key.
pub(crate) type Selecting = (Variants, Box<[u8]>);

impl Rare {
    /// No memory where there is nothing.
    pub(crate) fn boxed(self) -> Option<Box<Self>> {
        let is_none = self.place.is_none() && self.parts.is_empty() && self.selecting.is_none() && self.arrived_with_age.is_none();
        (!is_none).then(|| Box::new(self))
    }
}

/// Which validators are the handler's own words, and not this cache's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Own {
    pub(crate) tag: bool,
    pub(crate) date: bool,
}

impl Own {
    pub(crate) fn any(self) -> bool {
        self.tag || self.date
    }
}

/// How long after its freshness a response rests whose handler can be asked whether it still holds.
const KEPT_FOR_ITS_VALIDATOR: Duration = Duration::from_secs(24 * 60 * 60);

impl Stored {
    /// Takes the value that it stands for; nobody will see its fields.
    pub(crate) fn hold(&mut self, value: Typed, in_place_of_content: bool) {
        self.fields = Fields::none();
        if in_place_of_content {
            (self.content, self.tag) = (Bytes::new(), Tag::Own);
        }
        self.value = Some(value);
    }

    pub(crate) fn order(&self) -> Order {
        Order { stamp: self.stamp, began: self.began }
    }

    /// Whether it is made of what other cached handlers have answered.
    pub(crate) fn is_composed(&self) -> bool {
        !self.parts().is_empty() || self.marks.as_ref().is_some_and(Marks::has_parts)
    }

    /// Its entity tag in its strong form, where this cache has made it.
    pub(crate) fn made_tag(&self) -> Option<EntityTag> {
        match &self.tag {
            Tag::Own => None,
            Tag::Made => self.fields.get(&header::ETAG).and_then(EntityTag::parse).map(EntityTag::strengthened),
            Tag::ByRequest(strong) => EntityTag::parse(strong),
        }
    }

    pub(crate) fn is_fresh(&self, now: Millis) -> bool {
        now < self.fresh_until
    }

    /// Its current age (RFC 9111 §4.2.3).
    pub(crate) fn age(&self, now: Millis) -> Duration {
        span(now.saturating_sub(self.born))
    }

    /// The same in whole seconds, as `Age` gives it.
    pub(crate) fn age_secs(&self, now: Millis) -> u64 {
        u64::try_from(now.saturating_sub(self.born)).unwrap_or(0) / 1000
    }

    /// Whether it is the one that these request fields select (RFC 9111 §4.1).
    pub(crate) fn selected_by(&self, fields: Option<&HeaderMap>, by_meaning: &[&str]) -> bool {
        self.selecting().is_none_or(|(variants, values)| *variants.values(fields, by_meaning) == **values)
    }

    pub(crate) fn selecting(&self) -> Option<&Selecting> {
        self.rare.as_ref()?.selecting.as_ref()
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.rare.as_ref()?.place.as_ref()
    }

    /// At rest, what it is made of.
    pub(crate) fn parts(&self) -> &[Part] {
        self.rare.as_ref().map_or(&[], |rare| &rare.parts)
    }

    pub(crate) fn arrived_with_age(&self) -> Option<Duration> {
        self.rare.as_ref()?.arrived_with_age
    }

    /// A run's own answer is not aged by this cache.
    pub(crate) fn without_age(&self, fields: &mut HeaderMap) {
        match self.arrived_with_age() {
            Some(age) => _ = fields.insert(header::AGE, HeaderValue::from(age.as_secs())),
            None => _ = fields.remove(header::AGE),
        }
    }

    pub(crate) fn remaining(&self, now: Millis) -> Duration {
        span(self.fresh_until.saturating_sub(now))
    }

    /// For how long it has been stale.
    pub(crate) fn past(&self, now: Millis) -> Duration {
        span(now.saturating_sub(self.fresh_until))
    }

    /// Whether a window of this length, after its freshness, is still open.
    pub(crate) fn is_within(&self, window: Duration, now: Millis) -> bool {
        !window.is_zero() && now < self.fresh_until.saturating_add(millis(window)) && !self.has_ended()
    }

    /// How long it may answer, fresh or not, without the handler's word.
    pub(crate) fn answers_until(&self) -> Millis {
        self.fresh_until.saturating_add(millis(self.windows.longest()))
    }

    /// How long it is of any use.
    pub(crate) fn useful_until(&self) -> Millis {
        let longest = self.windows.longest();
        let longest = if self.own.any() { longest.max(KEPT_FOR_ITS_VALIDATOR) } else { longest };
        self.fresh_until.saturating_add(millis(longest))
    }

    /// The handler has said something else: it is not used any more where it is not fresh.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Slot {
    pub(crate) fn order(&self) -> Order {
        match self {
            Self::Response(stored) => stored.order(),
            Self::Variants(variants) => variants.latest,
        }
    }
}
