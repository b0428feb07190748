//! Without the feature `redis`, there are no leases.

use crate::{
    epoch::Scopes,
    storage::TieredStorage,
    stored::near::{Before, NearCopy},
};

#[expect(clippy::unused_self, reason = "as with the feature")]
impl TieredStorage<'_> {
    pub(super) fn is_valid_under_a_lease(self, _: &NearCopy) -> Option<bool> {
        None
    }

    pub(super) fn was_valid_under_a_lease(self, _: &NearCopy, _: Before, _: u64) {}

    pub(super) fn under_a_lease(self, copy: NearCopy, _: &[Scopes<'_>], _: u64) -> NearCopy {
        copy
    }
}
