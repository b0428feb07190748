//! What a key holds of the way to a handler: the authority, and what a router has found in the path.

use axum::extract::RawPathParams;
use http::{HeaderMap, header};

use super::{KeyWriter, Tag};
use crate::outcome::Bypass;

impl KeyWriter<'_> {
    /// Every `Host` line. A request that names two authorities is understood in two ways along its path, so it is neither
    /// answered from the store nor stored.
    pub(crate) fn hosts(&mut self, authority: Option<&str>, fields: &HeaderMap) {
        // Deprecated user information is no part of what `Host` says (RFC 9112 §3.2).
        let mut first = authority.map(|authority| authority.rsplit('@').next().unwrap_or_default().as_bytes());
        self.tag(Tag::Authority);
        for line in fields.get_all(header::HOST) {
            self.tag(Tag::Some);
            self.raw(line.as_bytes());
            if !first.get_or_insert(line.as_bytes()).eq_ignore_ascii_case(line.as_bytes()) {
                self.bypass(Bypass::AmbiguousAuthority);
            }
        }
        self.tag(Tag::End);
    }

    /// The parameters of the path. Almost always nothing: the values are pieces of the path, which is in the key. (Which piece goes
    /// by which name is up to the router.) Where a service between two routers may have changed the path that they were taken
    /// from, the values.
    pub(crate) fn path_parameters(&mut self) {
        let facts = self.facts;
        if let Some(parameters) = facts.parameters() {
            self.parameters(parameters);
        }
    }

    /// The names of these parameters, and their values.
    pub(crate) fn parameters(&mut self, parameters: &RawPathParams) {
        self.tag(Tag::Parameters);
        for (name, value) in parameters {
            self.parameter(name.as_bytes(), value.as_bytes());
        }
        self.tag(Tag::End);
    }
}
