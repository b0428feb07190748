//! Names of backends with copies in memory in front of them.

/// The name of the backend that every cache has.
const MEMORY: &[u8] = b"memory";

/// Whether a handler with this backend has copies in memory in front of a remote backend, and the name of that; `None` for memory.
pub(super) const fn of(backend: Option<&'static str>) -> (bool, Option<&'static str>) {
    match backend {
        Some(name) if !matches!(name.as_bytes(), MEMORY) => {
            let (has_near, far) = tiers(name);
            (has_near, Some(far))
        }
        _ => (false, None),
    }
}

/// Whether a name means copies in memory in front of another backend, and the name of that backend.
pub(crate) const fn tiers(name: &str) -> (bool, &str) {
    if let Some((b"memory+", far)) = name.as_bytes().split_first_chunk::<7>()
        && let Ok(far) = std::str::from_utf8(far)
    {
        return (true, far);
    }
    (false, name)
}
