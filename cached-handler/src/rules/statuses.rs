//! Which statuses may be stored.

/// Whether a response of this status can be reused for another request at all.
pub(crate) const fn may_ever_be_stored(status: u16) -> bool {
    !matches!(status, ..200 | 206 | 304 | 1000..) && speaks_of_the_resource(status)
}

/// Whether a status describes the resource, rather than the request or a failure.
pub(crate) const fn speaks_of_the_resource(status: u16) -> bool {
    !matches!(
        status,
        400 | 401 | 403 | 405..=408 | 411..=417 | 421 | 422 | 425 | 426 | 428 | 429 | 431 | 451 | 500..=599
    )
}
