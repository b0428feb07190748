//! Work on long bytes, in turns: between two of them the thread of the runtime is left to others, so that content of 100 MB keeps
//! nobody waiting for longer than content of 256 KiB does.
//!
//! The work stays on its thread. Threads for blocking would take it off, but they are few, may all wait for this very work, and
//! are only there in a runtime.

/// The longest piece, in bytes, that is worked on without letting others run.
pub(crate) const TURN: usize = 256 << 10;

/// Does the work on all of the bytes, piece by piece, in their order.
pub(crate) async fn in_turns(bytes: &[u8], mut work: impl FnMut(&[u8])) {
    let mut pieces = bytes.chunks(TURN).peekable();
    while let Some(piece) = pieces.next() {
        work(piece);
        if pieces.peek().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
