//! Whether what was made of one client's credentials may answer others (RFC 9111 §3.5).

/// What becomes of `Authorization` and `Cookie` where the key does not hold them; the worst of all arguments counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credentials {
    /// No argument shows them.
    #[default]
    Unseen,
    /// The handler forwards them, so its responses know whether they may be shared (RFC 9111 §3.5).
    Forwarded,
    /// `skip(…)` or `key(…)` keeps back an argument that shows them, or whose type says that it identifies a person. A response
    /// that says `public` may not know of them, as it comes from somebody else or says so of its kind.
    Withheld,
}

impl Credentials {
    /// Whether a response may answer more than its own request, by what it says itself.
    pub(crate) fn may_share(self, shareable: bool) -> bool {
        match self {
            Self::Unseen => true,
            Self::Forwarded => shareable,
            Self::Withheld => false,
        }
    }
}
