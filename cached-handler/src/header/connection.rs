//! Fields that concern one connection and are never stored (RFC 9110 §7.6.1, RFC 9111 §3.1).

use http::{HeaderMap, HeaderName, header};

use super::targeted::TargetList;

const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
];

/// Fields that `Connection` cannot remove, beside `Content-*`: they decide whether and for whom a response is stored.
const KEPT: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::VARY,
    header::SET_COOKIE,
    header::ETAG,
    header::DATE,
    header::AGE,
    header::EXPIRES,
    header::LAST_MODIFIED,
];

/// Removes the hop-by-hop fields and those that `Connection` names, except the fields that this cache itself obeys.
pub(crate) fn drop_hop_by_hop(fields: &mut HeaderMap, targeted: TargetList) {
    if fields.contains_key(header::CONNECTION) {
        for name in named(fields, targeted) {
            fields.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        fields.remove(*name);
    }
    fields.remove(header::UPGRADE);
}

fn named(fields: &HeaderMap, targeted: TargetList) -> Vec<HeaderName> {
    let is_kept = |name: &HeaderName| KEPT.contains(name) || targeted.contains(&name.as_str()) || name.as_str().starts_with("content-");
    let mut names = Vec::new();
    for line in fields.get_all(header::CONNECTION) {
        for name in line.to_str().unwrap_or_default().split(',') {
            if let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes())
                && !is_kept(&name)
            {
                names.push(name);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn hop_by_hop_fields_are_removed_and_fields_that_gate_storing_stay() {
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("connection", "x-hop, Cache-Control, Surrogate-Control"),
            ("connection", "close"),
            ("x-hop", "1"),
            ("cache-control", "private"),
            ("surrogate-control", "no-store"),
            ("keep-alive", "1"),
            ("upgrade", "h2c"),
            ("x-end", "1"),
        ] {
            fields.append(name, HeaderValue::from_static(value));
        }
        drop_hop_by_hop(&mut fields, &["surrogate-control"]);
        let mut left: Vec<_> = fields.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["cache-control", "surrogate-control", "x-end"]);
    }

    #[test]
    fn connection_does_not_take_away_what_describes_the_content() {
        let mut fields = HeaderMap::new();
        for name in ["content-language", "content-location", "content-range", "content-disposition", "expires"] {
            fields.append(header::CONNECTION, HeaderValue::from_static(name));
            fields.append(name, HeaderValue::from_static("x"));
        }
        drop_hop_by_hop(&mut fields, &[]);
        assert_eq!(fields.len(), 5);
    }
}
