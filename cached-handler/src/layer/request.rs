//! What of a request the service is shown: what is in the key.

use http::{HeaderMap, HeaderName, Version, header, request::Parts};

use super::settings::Settings;
use crate::{handler::VaryOn, header::connection::drop_hop_by_hop};

impl Settings {
    /// Takes away what the key does not hold, and what the cache evaluates itself.
    pub(super) fn narrow(&self, parts: &mut Parts) {
        // It is one of the connection, as the fields are that go with it (RFC 9110 §2.5, §7.6.1).
        parts.version = Version::HTTP_11;
        if self.sees_all || matches!(self.attributes.vary, VaryOn::FromResponse) {
            drop_hop_by_hop(&mut parts.headers, &[]);
            for name in &EVALUATED {
                parts.headers.remove(name);
            }
        } else {
            let named: &[&str] = if let VaryOn::Fields(names) = self.attributes.vary { names } else { &[] };
            parts.headers = only(&parts.headers, ["host"].iter().chain(named));
        }
    }
}

/// The cache evaluates them, so that what it stores is whole (RFC 9110 §13, §14).
const EVALUATED: [HeaderName; 6] =
    [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::IF_RANGE, header::RANGE];

/// In the order of `names`: the order in which a client sent them is not in the key.
fn only<'a>(fields: &HeaderMap, names: impl Iterator<Item = &'a &'a str>) -> HeaderMap {
    let mut shown = HeaderMap::new();
    for name in names.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()) {
        if shown.contains_key(&name) || EVALUATED.contains(&name) {
            continue;
        }
        for line in fields.get_all(&name) {
            shown.append(name.clone(), line.clone());
        }
    }
    shown
}
