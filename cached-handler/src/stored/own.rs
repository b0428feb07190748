//! Memory of its own: what is stored keeps nothing alive but itself, and takes as much as it is weighed.
//!
//! Content may be a piece of something larger, such as a file that was read as one.

use bytes::Bytes;

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
}
