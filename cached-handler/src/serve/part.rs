//! A request for a part (`Range`, RFC 9110 §14) of a response that is not stored.
//!
//! Parts are cut from the whole response, so the handler is asked for the whole. If that turns out not to be storable, the first client
//! gets its part cut from the stream. While this is remembered, further requests are forwarded as they are: the handler may be able to
//! seek to a part, where the cache could only read up to it.

use http::{StatusCode, header, response::Parts};

use super::{
    Miss, Run,
    gate::{Made, may_be_stored},
};
use crate::{
    cache::hit_for_miss::MissKind,
    outcome::{Bypass, Forward, NotStored},
    rules::{conditions::Conditional, range::whole_length},
};

impl Miss {
    /// Forwards a request for a part as it is, if no response is stored and the whole is known not to be storable. For handlers that can
    /// see `Range`.
    pub(super) fn forward_part(&mut self) {
        let asks = !self.is_head() && self.asks_whole() && self.facts.conditional().is_some_and(Conditional::asks_for_a_part);
        if asks && self.held().is_none() && self.knows_that_it_is_not_storable() {
            self.stand_aside(Bypass::Range);
        }
    }

    pub(crate) fn forwards_part(&self) -> bool {
        self.key.forward == Forward::Bypass(Bypass::Range)
    }

    fn knows_that_it_is_not_storable(&self) -> bool {
        matches!(self.cache.inner().hit_for_miss.of(&self.key.primary, self.now()), Some(MissKind::NotStorable))
    }
}

impl Run {
    /// Remembers what the answer to such a request says about the whole response. `length`: the length of the answer itself.
    pub(super) fn note_whole(&self, parts: &Parts, length: Option<u64>) {
        let mut whole = parts.clone();
        let mut length = length;
        if whole.status == StatusCode::PARTIAL_CONTENT {
            whole.status = StatusCode::OK;
            length = whole_length(&whole.headers);
            whole.headers.remove(header::CONTENT_RANGE);
        }
        let hit_for_miss = &self.cache.inner().hit_for_miss;
        let fits = length.is_some_and(|length| length <= self.handler.policy.max_body as u64);
        match may_be_stored(self, &whole, Made::New) {
            Ok(_) if fits => hit_for_miss.stored(&self.key.primary, self.handler, self.key.instance, self.now()),
            Ok(_) => hit_for_miss.not_stored(&self.key.primary, &NotStored::TooLarge, self.now()),
            Err(reason) => hit_for_miss.not_stored(&self.key.primary, &reason, self.now()),
        }
    }
}
