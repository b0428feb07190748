//! What a handler's arguments need to know before the handler runs, so that they can be adjusted.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::nested::Outer;
use crate::{outcome::Forward, rules::conditions::Conditional};

/// What arguments need to know about a request that the cache did not answer and forwards to its handler.
#[derive(Debug)]
pub struct Forwarding<'a> {
    pub(crate) forward: Forward,
    /// The cache takes no part in the answer: the handler gets its arguments as it would without a cache.
    pub(crate) is_untouched: bool,
    /// The handler answers the request's `Range` itself.
    pub(crate) forwards_part: bool,
    /// The request fields that `vary = "…"` names.
    pub(crate) selecting: &'static [&'static str],
    /// A response is stored, but could not be used without revalidation.
    pub(crate) is_held: bool,
    /// The conditional fields by which the handler can revalidate the stored response.
    pub(crate) validators: Vec<(HeaderName, HeaderValue)>,
    pub(crate) conditional: Option<&'a Conditional>,
    /// This run, for cached handlers that answer inside of it.
    pub(crate) outer: Outer,
}

impl Forwarding<'_> {
    /// Whether the cache evaluates preconditions and ranges itself and hides them from the handler.
    pub(crate) fn asks_whole(&self) -> bool {
        self.forward.asks_whole()
    }

    /// Replaces the client's preconditions and range with those that revalidate the stored response, if there is one.
    pub(crate) fn amend(&self, fields: &mut HeaderMap) {
        make_whole(fields, self.forward);
        for (name, value) in &self.validators {
            fields.insert(name, value.clone());
        }
    }
}

/// Removes preconditions and range, which the cache evaluates itself, so that it stores whole responses. If nothing will be
/// stored, the request is forwarded as it is: `If-Match` protects a PUT.
fn make_whole(fields: &mut HeaderMap, forward: Forward) {
    if !forward.asks_whole() {
        return;
    }
    for name in
        [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::IF_RANGE, header::RANGE]
    {
        fields.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::make_whole;
    use crate::outcome::{Bypass, Forward};

    fn left(forward: Forward) -> usize {
        let names = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range", "accept"];
        let mut fields: HeaderMap = names.map(|name| (name.parse().unwrap(), HeaderValue::from_static("x"))).into_iter().collect();
        make_whole(&mut fields, forward);
        fields.len()
    }

    #[test]
    fn a_storable_response_is_requested_whole_and_unconditionally() {
        for forward in [Forward::UriMiss, Forward::Stale, Forward::VaryMiss, Forward::Bypass(Bypass::Credentials)] {
            assert_eq!(left(forward), 1, "{forward}");
        }
    }

    #[test]
    fn what_is_not_stored_is_forwarded_as_it_is() {
        for forward in [Forward::Method, Forward::Bypass(Bypass::Off), Forward::Bypass(Bypass::AmbiguousAuthority)] {
            assert_eq!(left(forward), 7, "{forward}");
        }
    }
}
