//! `Cache-Status` (RFC 9211), read by a parser of structured fields that is not ours.

use axum::http::{HeaderMap, HeaderValue};
use sfv::{BareItem, KeyRef, List, ListEntry, Parser};

/// A cache on the list, with its parameters as text.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    pub cache: String,
    pub parameters: Vec<(String, String)>,
}

pub fn members(fields: &HeaderMap) -> Vec<Member> {
    let lines: Vec<_> = fields.get_all("cache-status").iter().map(HeaderValue::as_bytes).collect();
    let list: List = Parser::new(&lines.join(&b", "[..])).parse().expect("a list of RFC 9651");
    list.into_iter()
        .map(|entry| {
            let ListEntry::Item(item) = entry else { panic!("an inner list: {entry:?}") };
            assert!(matches!(item.bare_item, BareItem::String(_) | BareItem::Token(_)), "RFC 9211 §2: {:?}", item.bare_item);
            let parameters = item.params.iter().map(|(name, value)| (name.as_str().to_owned(), shown(name, value)));
            Member { cache: text(&item.bare_item), parameters: parameters.collect() }
        })
        .collect()
}

/// RFC 9211 §2: each parameter's type is given.
fn shown(name: &KeyRef, value: &BareItem) -> String {
    let fits = match name.as_str() {
        "hit" | "stored" | "collapsed" => matches!(value, BareItem::Boolean(_)),
        "ttl" | "fwd-status" => matches!(value, BareItem::Integer(_)),
        "fwd" => matches!(value, BareItem::Token(_)),
        "key" => matches!(value, BareItem::String(_)),
        "detail" => matches!(value, BareItem::String(_) | BareItem::Token(_)),
        other => panic!("`{other}` is no parameter of RFC 9211"),
    };
    assert!(fits, "{name:?} {value:?}");
    text(value)
}

fn text(item: &BareItem) -> String {
    match item {
        BareItem::String(text) => text.as_str().to_owned(),
        BareItem::Token(token) => token.as_str().to_owned(),
        BareItem::Boolean(boolean) => boolean.to_string(),
        BareItem::Integer(integer) => integer.to_string(),
        other => panic!("{other:?}"),
    }
}

/// What a cache is expected to say.
pub fn says(cache: &str, parameters: &[(&str, &str)]) -> Member {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Member { cache: cache.to_owned(), parameters: parameters.collect() }
}
