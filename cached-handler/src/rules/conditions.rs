//! The preconditions of a request, as sent; `rules/conditional.rs` evaluates them.

use http::{HeaderName, HeaderValue, header};
use smallvec::SmallVec;

/// The preconditions that this cache evaluates, as sent (RFC 9110 §13.1), and `Range` (§14.2).
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditional {
    pub(crate) if_none_match: SmallVec<[HeaderValue; 1]>,
    pub(crate) if_modified_since: Single,
    /// Fields that browsers send rarely, boxed so that a 304 does not pay for them.
    others: Option<Box<Others>>,
}

#[derive(Debug, Clone, Default)]
struct Others {
    if_match: Vec<HeaderValue>,
    if_unmodified_since: Single,
    if_range: Single,
    range: Single,
}

/// A field that may have one line only. With two lines it is invalid and counts as absent: the whole response is sent.
#[derive(Debug, Clone, Default)]
pub(crate) enum Single {
    #[default]
    Absent,
    Once(HeaderValue),
    Twice,
}

impl Single {
    fn note(&mut self, line: &HeaderValue) {
        *self = if matches!(self, Self::Absent) { Self::Once(line.clone()) } else { Self::Twice };
    }

    pub(crate) fn get(&self) -> Option<&HeaderValue> {
        match self {
            Self::Once(line) => Some(line),
            Self::Absent | Self::Twice => None,
        }
    }
}

impl Conditional {
    pub(crate) fn is_empty(&self) -> bool {
        self.if_none_match.is_empty() && matches!(self.if_modified_since, Single::Absent) && self.others.is_none()
    }

    /// Whether a date may matter: `If-Modified-Since` is ignored beside `If-None-Match` (RFC 9110 §13.1.3).
    pub(crate) fn asks_by_date(&self) -> bool {
        self.if_none_match.is_empty() || self.others.is_some()
    }

    pub(crate) fn if_match(&self) -> &[HeaderValue] {
        self.others.as_ref().map_or(&[], |others| &others.if_match)
    }

    pub(crate) fn if_unmodified_since(&self) -> Option<&HeaderValue> {
        self.others.as_ref()?.if_unmodified_since.get()
    }

    pub(crate) fn if_range(&self) -> &Single {
        self.others.as_ref().map_or(&Single::Absent, |others| &others.if_range)
    }

    /// Whether there is a `Range`, valid or not.
    pub(crate) fn asks_for_a_part(&self) -> bool {
        self.others.as_ref().is_some_and(|others| !matches!(others.range, Single::Absent))
    }

    pub(crate) fn range(&self) -> Option<&HeaderValue> {
        self.others.as_ref()?.range.get()
    }

    pub(crate) fn note(&mut self, name: &HeaderName, line: &HeaderValue) {
        match *name {
            header::IF_MATCH => self.others.get_or_insert_default().if_match.push(line.clone()),
            header::IF_NONE_MATCH => self.if_none_match.push(line.clone()),
            header::IF_MODIFIED_SINCE => self.if_modified_since.note(line),
            header::IF_UNMODIFIED_SINCE => self.others.get_or_insert_default().if_unmodified_since.note(line),
            header::IF_RANGE => self.others.get_or_insert_default().if_range.note(line),
            header::RANGE => self.others.get_or_insert_default().range.note(line),
            _ => {}
        }
    }
}
