//! A connection that may be lost without having said so.

use std::sync::Arc;

use super::Link;

/// A connection whose answers are waited for.
pub(in crate::storage::remote::redis) struct Suspect {
    pub(super) link: Arc<Link>,
    pub(super) number: Option<u64>,
}

impl Suspect {
    /// It has answered.
    pub(in crate::storage::remote::redis) fn clear(mut self) {
        self.number = None;
    }
}

impl Drop for Suspect {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.link.lost(number);
        }
    }
}
