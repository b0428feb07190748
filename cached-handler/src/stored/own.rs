//! Memory of its own: what is stored keeps nothing alive but itself, and takes as much as it is weighed.
//!
//! A value of a field is most often a piece of something larger: of the request's whole head, where a handler echoes it, or of
//! what a client read from its connection. Content may be a piece of a file that was read as one.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::util::turns::{TURN, in_turns};

/// The same content in an allocation of its length. No copy where it is that already.
pub(crate) fn content(content: Bytes) -> Bytes {
    // As it is, where nobody else has it; otherwise a copy. What lies behind or before it is only seen so.
    let mut own = Vec::from(content);
    if own.capacity() - own.len() > own.len() / 8 {
        // Anew: an allocator may leave what is cut short in the place of what is large, at least a page for each.
        return Bytes::copy_from_slice(&own);
    }
    own.shrink_to_fit();
    own.into()
}

/// The same, in turns where others have long content too, and it has to be copied.
pub(crate) async fn content_in_turns(shared: Bytes) -> Bytes {
    if shared.len() <= TURN || shared.is_unique() {
        return content(shared);
    }
    let mut own = Vec::with_capacity(shared.len());
    in_turns(&shared, |piece| own.extend_from_slice(piece)).await;
    own.into()
}

/// The same field lines, with all values in one allocation.
pub(crate) fn values(fields: &mut HeaderMap) {
    let length = fields.values().filter(|value| ready(value).is_none()).map(HeaderValue::len).sum();
    let mut block = Vec::with_capacity(length);
    for value in fields.values().filter(|value| ready(value).is_none()) {
        block.extend_from_slice(value.as_bytes());
    }
    let mut block = Bytes::from(block);
    for value in fields.values_mut() {
        let own = match ready(value) {
            Some(ready) => Some(HeaderValue::from_static(ready)),
            None => HeaderValue::from_maybe_shared(block.split_to(value.len().min(block.len()))).ok(),
        };
        if let Some(mut own) = own {
            own.set_sensitive(value.is_sensitive());
            *value = own;
        }
    }
}

/// Values that almost every response has, as text that takes nobody's memory, and whose copies nobody counts.
fn ready(value: &HeaderValue) -> Option<&'static str> {
    READY.iter().find(|ready| ready.as_bytes() == value.as_bytes()).copied()
}

const READY: [&str; 14] = [
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/json",
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/octet-stream",
    "image/svg+xml",
    "image/png",
    "no-cache",
    "nosniff",
    "bytes",
    "*",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_takes_as_much_as_it_is_long_whatever_it_was_a_piece_of() {
        let large = Bytes::from(vec![7; 1 << 20]);
        let mut behind = Bytes::from(vec![7; 1 << 20]);
        behind = behind.split_off((1 << 20) - 100);
        let mut spacious = Vec::with_capacity(1 << 20);
        spacious.extend_from_slice(&[7; 100]);
        for piece in [large.slice(..100), behind, spacious.into(), Bytes::from_static(&[7; 100]), Bytes::from_owner(vec![7; 100])] {
            let own = Vec::from(content(piece));
            assert_eq!((own.as_slice(), own.capacity()), (&[7; 100][..], 100));
        }
        let own = Bytes::from(vec![7; 100]);
        let place = own.as_ptr();
        assert_eq!(content(own).as_ptr(), place, "it is not copied");
        assert_eq!(content(Bytes::new()), "");
    }

    #[test]
    fn values_stay_what_they_are_in_their_order() {
        let head = Bytes::from(vec![b'v'; 1 << 20]);
        let mut fields = HeaderMap::new();
        for (name, value) in [("a", head.slice(..3)), ("b", head.slice(..0)), ("a", Bytes::from_static(b"\xff x"))] {
            fields.append(name, HeaderValue::from_maybe_shared(value).unwrap());
        }
        fields.append("content-type", HeaderValue::from_static("application/json"));
        let mut secret = HeaderValue::from_static("s");
        secret.set_sensitive(true);
        fields.insert("c", secret);
        let before = fields.clone();
        values(&mut fields);
        assert_eq!(fields, before);
        assert_eq!(fields.iter().collect::<Vec<_>>(), before.iter().collect::<Vec<_>>());
        assert!(fields["c"].is_sensitive() && !fields["a"].is_sensitive());
        drop(before);
        assert!(head.is_unique(), "nothing of it is kept");
    }
}
