//! Settings with a few named values.

/// How concurrent requests for one key share a run of the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Collapse {
    /// The run has a task of its own: a client that disconnects does not stop it, and a slow client does not slow it.
    #[default]
    Detached,
    /// The run stays in the task of the request that began it: for task-locals, and for executors other than tokio. If that client
    /// disconnects, one of the followers begins a new run.
    Inline,
    /// Every request runs the handler itself.
    Off,
}
