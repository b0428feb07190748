//! `HeaderMap` as an argument. With `vary = "…"` it is narrowed to the fields that `vary` names; with `vary = from_response` the
//! responses name in `Vary` the fields that they depend on; without `vary` it does not compile.

use std::mem;

use http::{HeaderMap, HeaderName};

use super::{Fields, FromResponse, HandlerThatIsCached, Keyed};
use crate::{
    key::writer::{CacheKey, KeyWriter},
    request::forwarding::Forwarding,
    rules::credentials::Credentials,
};

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "a cached handler with a `{T}` has to name the fields that it reads",
    label = "the key has to hold the fields that the handler sees",
    note = "type `#[cached(…, vary = \"accept-language\")]`, or a list, `vary = [\"accept-language\", \"x-tenant\"]`: the map arrives with those fields and no others; for one field alone, `TypedHeader<…>` of axum-extra is shorter",
    note = "if the handler forwards the request to a server: `#[cached(…, vary = from_response)]`; if the map does not affect the response: `#[cached(…, skip(headers))]`",
    note = "it has to be an argument of its own, not in a tuple or another extractor"
)]
pub trait NamesFieldsFor<T> {}

/// For an attribute without `vary`: the bound is never met, and its message says what to type.
#[doc(hidden)]
impl CacheKey for HeaderMap
where
    for<'a> HandlerThatIsCached<'a>: NamesFieldsFor<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

#[diagnostic::do_not_recommend]
impl Keyed<Fields> for HeaderMap {
    /// Every key of the handler holds the fields that `vary` names as the client sent them. This writes those that an extractor
    /// before this argument has changed.
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.changed_fields(self);
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        // If the cache takes no part in the answer, the handler gets all fields, as it would without a cache.
        if !forwarding.is_untouched {
            narrow(self, forwarding.selecting);
        }
    }
}

#[diagnostic::do_not_recommend]
impl Keyed<FromResponse> for HeaderMap {
    /// Writes the host alone: it belongs to the target of the request, so responses do not name it in `Vary`. All other fields are
    /// left to `Vary`.
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.traits.shows(Credentials::Forwarded);
        key.traits.can_ask = true;
        key.hosts(None, self);
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        forwarding.amend(self);
    }
}

/// Removes all fields but `names`, and puts these in the order of `names`, as the key does not hold the order in which the client
/// sent them.
fn narrow(map: &mut HeaderMap, names: &[&'static str]) {
    let all = mem::take(map);
    for name in names {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for line in all.get_all(&name) {
            map.append(name.clone(), line.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::narrow;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn shown(map: &HeaderMap) -> Vec<(&str, &[u8])> {
        map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    #[test]
    fn a_narrowed_map_holds_the_named_fields_and_nothing_else() {
        let mut fields = map(&[("cookie", "a"), ("accept", "1"), ("x-tenant", "t"), ("accept", "2")]);
        narrow(&mut fields, &["x-tenant", "accept", "absent"]);
        assert_eq!(shown(&fields), [("x-tenant", b"t".as_slice()), ("accept", b"1"), ("accept", b"2")]);
    }

    #[test]
    fn a_narrowed_map_does_not_show_the_order_of_the_request() {
        let mut one = map(&[("accept", "1"), ("x-tenant", "t"), ("host", "h")]);
        let mut other = map(&[("x-tenant", "t"), ("host", "h"), ("accept", "1")]);
        narrow(&mut one, &["accept", "x-tenant"]);
        narrow(&mut other, &["accept", "x-tenant"]);
        assert_eq!(shown(&one), shown(&other));
    }
}
