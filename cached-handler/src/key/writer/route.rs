//! What a key holds of the routing: the authority, and the parameters that a router found in the path.

use axum::extract::RawPathParams;
use http::{HeaderMap, header};

use super::{KeyWriter, Tag};
use crate::outcome::Bypass;

impl KeyWriter<'_> {
    /// Writes every `Host` line. Servers on the way may disagree about a request that names two authorities, so it bypasses the
    /// cache.
    pub(crate) fn hosts(&mut self, authority: Option<&str>, fields: &HeaderMap) {
        // The deprecated user information of an authority is not part of `Host` (RFC 9112 §3.2).
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

    /// Writes the parameters of the path, if the path in the key does not determine them: a service between two routers may have
    /// changed the path that they were taken from. Almost always it writes nothing.
    pub(crate) fn path_parameters(&mut self) {
        let facts = self.facts;
        if let Some(parameters) = facts.parameters() {
            self.parameters(parameters);
        }
    }

    /// Writes the names and values of parameters.
    pub(crate) fn parameters(&mut self, parameters: &RawPathParams) {
        self.tag(Tag::Parameters);
        for (name, value) in parameters {
            self.parameter(name.as_bytes(), value.as_bytes());
        }
        self.tag(Tag::End);
    }
}
