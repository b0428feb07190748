//! All header fields at once, as an argument: narrowed to those that `vary` names.

use std::mem;

use http::{HeaderMap, HeaderName};

use super::{Fields, FromResponse, Keyed, forward};
use crate::{cache_key::KeyWriter, serve::Run};

/// What the attribute has to declare before a handler may take a `HeaderMap`.
#[diagnostic::on_unimplemented(
    message = "a cached handler with a `HeaderMap` has to name the fields it reads",
    label = "the key has to hold the fields that the handler sees",
    note = "type `#[cached(…, vary = \"accept-language\")]`, or a list, `vary = [\"accept-language\", \"x-tenant\"]`; the map arrives with those fields and no others",
    note = "one field alone is shorter with axum-extra: take `TypedHeader<…>`",
    note = "a handler that forwards to a server: `vary = from_response`; a map that changes no response: `skip(headers)`"
)]
pub trait NamesFields {
    #[doc(hidden)]
    fn write(map: &HeaderMap, key: &mut KeyWriter<'_>);
    #[doc(hidden)]
    fn amend(map: &mut HeaderMap, run: &Run);
}

impl NamesFields for Fields {
    /// Nothing: the fields that `vary` names are in every key of the handler.
    fn write(_: &HeaderMap, _: &mut KeyWriter<'_>) {}

    fn amend(map: &mut HeaderMap, run: &Run) {
        narrow(map, run.selecting());
    }
}

impl NamesFields for FromResponse {
    fn write(map: &HeaderMap, key: &mut KeyWriter<'_>) {
        key.traits.sees_credentials = true;
        // It belongs to the target of the request, so that no response names it in `Vary`.
        forward::hosts(None, map, key);
    }

    fn amend(map: &mut HeaderMap, _: &Run) {
        forward::unconditional(map);
    }
}

impl<M: NamesFields> Keyed<M> for HeaderMap {
    fn write(&self, key: &mut KeyWriter<'_>) {
        M::write(self, key);
    }

    fn amend(&mut self, run: &Run) {
        M::amend(self, run);
    }
}

/// Leaves the named fields, in the order of `names`: the order in which a client sent them is not in the key.
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
        lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn shown(map: &HeaderMap) -> Vec<(&str, &[u8])> {
        map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    #[test]
    fn a_narrowed_map_holds_the_named_fields_and_nothing_else() {
        let mut fields = HeaderMap::new();
        for (name, value) in [("cookie", "a"), ("accept", "1"), ("x-tenant", "t"), ("accept", "2")] {
            fields.append(name, HeaderValue::from_static(value));
        }
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
