//! Narrows a request to what is in the key, for the service inside.

use http::{HeaderMap, HeaderName, Version, header, request::Parts};

use super::settings::Settings;
use crate::{handler::VaryOn, header::connection::drop_hop_by_hop};

impl Settings {
    /// Removes the fields that are not in the key, and those that the cache evaluates itself.
    pub(super) fn narrow(&self, parts: &mut Parts) {
        // The version belongs to the connection, like hop-by-hop fields (RFC 9110 §2.5, §7.6.1).
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

/// Fields that the cache evaluates, so that it stores whole responses (RFC 9110 §13, §14).
const EVALUATED: [HeaderName; 6] =
    [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_MATCH, header::IF_UNMODIFIED_SINCE, header::IF_RANGE, header::RANGE];

/// The fields with these names, in the order of `names`, as the key does not hold the order in which the client sent them.
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
