//! The inverse of the encoding, for tests: if every key can be decoded in one way only, no two keys have the same bytes.
//!
//! `Some`, `Ok` and sequences are decoded as elements of their own before their content, whose types the handler's arguments fix.

mod tests;

use super::{FIRST_ARGUMENT, Tag};

/// An element of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Element {
    None,
    Some,
    Ok,
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    Bool(Vec<u8>),
    Char(Vec<u8>),
    Unsigned(Vec<u8>),
    Signed(Vec<u8>),
    Sequence(usize),
    Map(usize),
    Set(usize),
    Named(Vec<u8>, Vec<u8>),
    Path(Vec<u8>),
    InnerPath(Vec<u8>),
    SharedPath(Vec<Vec<u8>>),
    RawQuery(Vec<u8>),
    Method(Vec<u8>),
    Argument(u8),
    Field(Vec<u8>, Vec<Vec<u8>>),
    Authority(Vec<Vec<u8>>),
    Parameters(Vec<(Vec<u8>, Vec<u8>)>),
    /// Always the last element; its bytes are not decoded further.
    Variant(Vec<u8>),
}

/// The elements that were written, or `None` for bytes that no writer makes.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        elements.push(element(&mut bytes)?);
    }
    Some(elements)
}

fn element(bytes: &mut &[u8]) -> Option<Element> {
    Some(match byte(bytes)? {
        t if t == Tag::None as u8 => Element::None,
        t if t == Tag::Some as u8 => Element::Some,
        t if t == Tag::Ok as u8 => Element::Ok,
        t if t == Tag::Text as u8 => Element::Text(raw(bytes)?),
        t if t == Tag::Bytes as u8 => Element::Bytes(raw(bytes)?),
        t if t == Tag::Bool as u8 => Element::Bool(raw(bytes)?),
        t if t == Tag::Char as u8 => Element::Char(raw(bytes)?),
        t if t == Tag::Unsigned as u8 => Element::Unsigned(raw(bytes)?),
        t if t == Tag::Signed as u8 => Element::Signed(raw(bytes)?),
        t if t == Tag::Path as u8 => Element::Path(raw(bytes)?),
        t if t == Tag::InnerPath as u8 => Element::InnerPath(raw(bytes)?),
        t if t == Tag::SharedPath as u8 => Element::SharedPath((0..length(bytes)?).map(|_| raw(bytes)).collect::<Option<_>>()?),
        t if t == Tag::RawQuery as u8 => Element::RawQuery(raw(bytes)?),
        t if t == Tag::Method as u8 => Element::Method(raw(bytes)?),
        t if (FIRST_ARGUMENT..FIRST_ARGUMENT + 32).contains(&t) => Element::Argument(t - FIRST_ARGUMENT),
        t if t == Tag::Sequence as u8 => Element::Sequence(length(bytes)?),
        t if t == Tag::Map as u8 => Element::Map(length(bytes)?),
        t if t == Tag::Set as u8 => Element::Set(length(bytes)?),
        t if t == Tag::Named as u8 => Element::Named(raw(bytes)?, raw(bytes)?),
        t if t == Tag::Field as u8 => Element::Field(raw(bytes)?, until_end(bytes, raw)?),
        t if t == Tag::Authority as u8 => Element::Authority(until_end(bytes, raw)?),
        t if t == Tag::Parameters as u8 => Element::Parameters(until_end(bytes, |bytes| Some((raw(bytes)?, raw(bytes)?)))?),
        t if t == Tag::Query as u8 => Element::Parameters(pairs(&raw(bytes)?)?),
        t if t == Tag::Variant as u8 => Element::Variant(std::mem::take(bytes).to_vec()),
        _ => return None,
    })
}

/// `name=value&…`, each split at its first `=`.
fn pairs(text: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let pair = |pair: &[u8]| {
        let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
        Some((name.to_vec(), value.get(1..)?.to_vec()))
    };
    text.split(|byte| *byte == b'&').map(pair).collect()
}

/// Items, each after a `Some`, up to an `End`.
fn until_end<T>(bytes: &mut &[u8], item: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let mut items = Vec::new();
    loop {
        match byte(bytes)? {
            t if t == Tag::Some as u8 => items.push(item(bytes)?),
            t if t == Tag::End as u8 => return Some(items),
            _ => return None,
        }
    }
}

fn raw(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let length = length(bytes)?;
    let (raw, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(raw.to_vec())
}

fn length(bytes: &mut &[u8]) -> Option<usize> {
    let mut length = 0_usize;
    for place in (0..usize::BITS).step_by(7) {
        let byte = byte(bytes)?;
        length |= usize::from(byte & 0x7f) << place;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}
