//! Work on long content in pieces, with a yield between two pieces, so that 100 MB of content block a thread of the runtime no longer
//! than 256 KiB do.
//!
//! The work stays on the runtime's threads. Blocking threads are few, might all be waiting for this very work, and exist only in a
//! runtime.

/// The longest piece, in bytes, that is worked on without a yield.
pub(crate) const TURN: usize = 256 << 10;

/// Does the work on all bytes, piece by piece, in order.
pub(crate) async fn in_turns(bytes: &[u8], mut work: impl FnMut(&[u8])) {
    let mut pieces = bytes.chunks(TURN).peekable();
    while let Some(piece) = pieces.next() {
        work(piece);
        if pieces.peek().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
