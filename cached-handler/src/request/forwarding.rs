//! A request on its way forward to its handler: what the handler's arguments are told of it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::nested::Outer;
use crate::{outcome::Forward, rules::conditions::Conditional};

/// What is known once a look-up has not answered, as far as arguments are concerned.
#[derive(Debug)]
pub struct Forwarding<'a> {
    pub(crate) forward: Forward,
    /// The cache has no part in the answer: the handler is given what it would be without one.
    pub(crate) is_untouched: bool,
    /// The part that the request asks for is for the handler to give.
    pub(crate) forwards_part: bool,
    /// The request fields that `vary = "…"` names.
    pub(crate) selecting: &'static [&'static str],
    /// Something is stored that could not answer.
    pub(crate) is_held: bool,
    /// The fields by which the handler can be asked whether that still holds.
    pub(crate) validators: Vec<(HeaderName, HeaderValue)>,
    pub(crate) conditional: Option<&'a Conditional>,
    /// The run, for what answers inside of it.
    pub(crate) outer: Outer,
}

impl Forwarding<'_> {
    /// Whether preconditions and range are kept from the handler, to be evaluated here.
    pub(crate) fn asks_whole(&self) -> bool {
        self.forward.asks_whole()
    }

    /// Takes the client's preconditions and ranges away, and asks by those of what is stored, if anything is.
    pub(crate) fn amend(&self, fields: &mut HeaderMap) {
        make_whole(fields, self.forward);
        for (name, value) in &self.validators {
            fields.insert(name, value.clone());
        }
    }
}

/// Takes preconditions and ranges away, which the cache evaluates itself, so that what it stores is whole. Where nothing will
/// be stored, the request is forwarded as it is: `If-Match` protects a PUT.
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
    fn what_may_be_stored_is_asked_for_whole_and_unconditionally() {
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
