//! Settings that have a few values.

/// How the entity tag of a response that has none is made (RFC 9110 §8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ETag {
    /// One of content, type, coding and language, the same in every process. It is weak for a client that accepts a coding,
    /// as a layer outside may compress what that gets, and strong where nothing outside can change the bytes: for a client
    /// that accepts none, for content that has a coding, and for images that are compressed as they are.
    ///
    /// What streams, with no known length, is given a tag before its content is known: another for each run.
    #[default]
    Auto,
    /// The same one, always strong: you vouch that no layer outside changes the bytes.
    Strong,
    /// The same one, always weak: for handlers inside a layer that changes the bytes for every client.
    Weak,
    /// None; a handler's own is kept.
    Off,
}

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
