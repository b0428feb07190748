//! Settings that have a few values.

/// How concurrent requests for one key share a run of the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Collapse {
    /// The run lives in a task of its own: a client who leaves stops nobody, a slow client slows nobody.
    #[default]
    Detached,
    /// The run stays in the task of the request that began it. For task-locals and executors other than tokio; where
    /// that client leaves, one of the others begins anew.
    Inline,
    /// Every request runs the handler for itself.
    Off,
}
