//! The key of a layer: everything that the service inside can see of a request.

use http::{request::Parts, uri::Authority};

use super::settings::Settings;
use crate::{
    key::writer::{KeyWriter, Tag},
    rules::client::CREDENTIALS,
    serve::begin,
};

impl Settings {
    /// Writes the key, without the method: HEAD is answered from the stored response to GET.
    pub(super) fn write(&self, parts: &Parts, key: &mut KeyWriter<'_>) {
        begin(key);
        let (facts, authority) = (key.facts, parts.uri.authority().map(Authority::as_str));
        key.part(&(parts.uri.scheme_str(), authority, facts.query()));
        if facts.inner().is_some() {
            key.part(&facts.original.query());
        }
        key.path_parameters();
        key.hosts(authority, &parts.headers);
        if let Some(of) = &self.key_of {
            key.tag(Tag::End);
            of(parts, key);
        }
        key.traits.can_ask = true;
    }

    /// Whether a request has credentials that the key does not hold.
    pub(super) fn is_exposed(&self, parts: &Parts) -> bool {
        !self.skips_credentials && CREDENTIALS.iter().any(|name| !self.names(name) && parts.headers.contains_key(name))
    }
}
