//! The clock alone, for copies in memory: whether anything at all was invalidated since one was found valid.

use super::Table;
use crate::{
    epoch::Stamp,
    storage::remote::fs::{disk::Patience, fault::Fault},
};

impl Table {
    /// The clock, where no invalidation is under way: every one of before has reached its epoch then, and each that follows
    /// moves the clock on before it does. Read without a wait, or not at all.
    pub(in crate::storage::remote::fs) fn settled_clock(&self) -> Result<Option<Stamp>, Fault> {
        let front = self.front(Patience::None)?;
        Ok(front.is_settled().then_some(Stamp { incarnation: front.incarnation, clock: front.clock }))
    }
}
