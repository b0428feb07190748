//! How much lies in the directory, as far as this process knows: what the last scan counted, and what was written since.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of the disk, whole blocks.
#[derive(Debug)]
pub(super) struct Quota {
    capacity: u64,
    counted: AtomicU64,
    written: AtomicU64,
}

const BLOCK: u64 = 4096;

impl Quota {
    pub(super) fn new(capacity: u64) -> Self {
        Self { capacity, counted: AtomicU64::new(0), written: AtomicU64::new(0) }
    }

    /// Whether a file of this length may be written: below the capacity and an eighth, so that those who write faster
    /// than others can evict do not go past all bounds.
    pub(super) fn admits(&self, length: u64) -> bool {
        blocks(length) <= self.capacity && self.known() <= self.capacity.saturating_add(self.capacity / 8)
    }

    /// Notes a written file; whether it is time to scan.
    pub(super) fn add(&self, length: u64) -> bool {
        self.written.fetch_add(blocks(length), Ordering::Relaxed);
        self.wants_scan()
    }

    /// Whether more than half of what was free has been written since the last scan: others may have written the rest.
    pub(super) fn wants_scan(&self) -> bool {
        let free = self.capacity.saturating_sub(self.counted.load(Ordering::Relaxed));
        self.written.load(Ordering::Relaxed) > (free / 2).max(self.capacity / 64)
    }

    /// Whether so much has been written since the last scan that it is time for another, soon: as many processes as there
    /// are, none of them knows of more than its own.
    pub(super) fn has_grown(&self) -> bool {
        self.written() > self.capacity / 16
    }

    /// What was written so far, for [`counted`](Self::counted).
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// A scan found `bytes`; what was written before it began (`written`) is among them.
    pub(super) fn counted(&self, bytes: u64, written: u64) {
        self.counted.store(bytes, Ordering::Relaxed);
        self.written.fetch_sub(written.min(self.written()), Ordering::Relaxed);
    }

    /// Down to what an eviction goes: seven eighths, so that not every write asks for another.
    pub(super) fn goal(&self) -> u64 {
        self.capacity - self.capacity / 8
    }

    pub(super) fn is_over(&self, bytes: u64) -> bool {
        bytes > self.capacity
    }

    fn known(&self) -> u64 {
        self.counted.load(Ordering::Relaxed).saturating_add(self.written())
    }
}

fn blocks(length: u64) -> u64 {
    length.div_ceil(BLOCK).saturating_mul(BLOCK)
}
