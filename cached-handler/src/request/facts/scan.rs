//! One pass over the lines of a request, for those that matter to every cached handler.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Flags, Rare, Upgrade};
use crate::header::accept_encoding::accepts_a_coding;

/// The facts that the header fields give.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) rare: Option<Box<Rare>>,
    pub(super) flags: Flags,
}

impl Scan {
    #[inline]
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut scan = Self::default();
        for (name, value) in fields {
            if *name == header::ACCEPT_ENCODING {
                scan.flags.accepts_a_coding |= accepts_a_coding(value);
            } else if matters(name) {
                scan.note(name, value, fields);
            }
        }
        scan
    }

    #[cold]
    fn note(&mut self, name: &HeaderName, value: &HeaderValue, fields: &HeaderMap) {
        match interest(name) {
            Interest::Cookie => self.flags.credentials = true,
            Interest::Authorization => (self.flags.credentials, self.flags.authorization) = (true, true),
            Interest::Upgrade => {
                let is_meant = || fields.get_all(header::CONNECTION).iter().any(|line| names(line, "upgrade"));
                if names(value, "websocket") && is_meant() {
                    self.flags.upgrade = Upgrade::WebSocket;
                } else if self.flags.upgrade == Upgrade::None {
                    self.flags.upgrade = Upgrade::Other;
                }
            }
            Interest::Directives => {
                self.rare().directives.get_or_insert_default().append(name, value.clone());
            }
            Interest::Conditional => self.rare().conditional.note(name, value),
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// Whether a list has this word as an element, in any letter case; a version may follow after a slash.
fn names(list: &HeaderValue, word: &str) -> bool {
    let is_it = |name: &[u8]| name.trim_ascii().eq_ignore_ascii_case(word.as_bytes());
    let mut elements = list.as_bytes().split(|byte| *byte == b',');
    elements.any(|element| element.split(|byte| *byte == b'/').next().is_some_and(is_it))
}

#[derive(Clone, Copy)]
enum Interest {
    Cookie,
    Authorization,
    Upgrade,
    Directives,
    Conditional,
}

/// Whether a field matters. All of these are standard headers in `http`, so this compiles to a bit test.
#[inline]
fn matters(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::COOKIE
            | header::AUTHORIZATION
            | header::PROXY_AUTHORIZATION
            | header::CACHE_CONTROL
            | header::PRAGMA
            | header::IF_MATCH
            | header::IF_NONE_MATCH
            | header::IF_MODIFIED_SINCE
            | header::IF_UNMODIFIED_SINCE
            | header::IF_RANGE
            | header::RANGE
            | header::UPGRADE
    )
}

/// What to do with a field that matters.
fn interest(name: &HeaderName) -> Interest {
    match *name {
        header::COOKIE => Interest::Cookie,
        header::AUTHORIZATION | header::PROXY_AUTHORIZATION => Interest::Authorization,
        header::CACHE_CONTROL | header::PRAGMA => Interest::Directives,
        header::UPGRADE => Interest::Upgrade,
        _ => Interest::Conditional,
    }
}
