//! A copy in front of Redis, while a lease on its epochs runs.

use crate::{
    epoch::Scopes,
    storage::{
        TieredStorage,
        remote::redis::lease::{Generation, Lease},
    },
    stored::near::{Before, Leased, NearCopy},
};

impl TieredStorage<'_> {
    /// That of the lease, while one runs.
    pub(super) fn generation(self) -> Option<u64> {
        self.far.backend.lease()?.now().map(Generation::number)
    }

    /// Whether a copy may answer; none, where leases have nothing to do with it.
    pub(super) fn is_valid_under_a_lease(self, copy: &NearCopy) -> Option<bool> {
        let (lease, leased) = (self.far.backend.lease()?, copy.leased.as_ref()?);
        Some(leased.question().is_some_and(|(generation, marks, as_of)| {
            marks.iter().all(|marks| lease.allows(Generation::numbered(generation), marks, as_of))
        }))
    }

    /// Notes it, where one generation of the lease ran from before the reading was sent for until now: an invalidation in between
    /// is in the mirror then.
    pub(super) fn was_valid_under_a_lease(self, copy: &NearCopy, before: Before, clock: u64) {
        if let (Some(leased), Some(generation)) = (&copy.leased, before.generation)
            && self.generation() == Some(generation)
        {
            leased.was_valid(generation, clock);
        }
    }

    /// The same copy, with its epochs in the mirror.
    pub(super) fn under_a_lease(self, mut copy: NearCopy, scopes: &[Scopes<'_>], incarnation: u64) -> NearCopy {
        let marks = |lease: &Lease| scopes.iter().map(|scopes| lease.marks(scopes, incarnation)).collect();
        copy.leased = self.far.backend.lease().map(|lease| Leased::new(marks(lease)));
        copy
    }
}
