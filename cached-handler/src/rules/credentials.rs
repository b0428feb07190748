//! Whether a response to one client's credentials may answer other clients (RFC 9111 §3.5).

/// Who can see `Authorization` and `Cookie` that are not in the key. Of all arguments, the greatest value counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Credentials {
    /// No argument shows them.
    #[default]
    Unseen,
    /// The handler forwards them, so its responses know whether they may be shared (RFC 9111 §3.5).
    Forwarded,
    /// `skip(…)` or `key(…)` leaves out of the key an argument that shows them, or whose type identifies a person. Then even
    /// `public` does not permit sharing: it may have been set without regard to the credentials, by another layer or for all
    /// responses of its kind.
    Withheld,
}

impl Credentials {
    /// Whether a response may answer other requests; `shareable`: its own fields permit it (RFC 9111 §3.5).
    pub(crate) fn may_share(self, shareable: bool) -> bool {
        match self {
            Self::Unseen => true,
            Self::Forwarded => shareable,
            Self::Withheld => false,
        }
    }
}
