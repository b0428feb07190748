//! How the fields of a 304 update those of a stored response (RFC 9111 §3.2).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::{connection, targeted::TargetList};

/// Each new field replaces the stored lines of its name, except fields that describe the content. `made_here`: the stored fields
/// that this cache has added, and will add again.
pub(crate) fn merged(
    stored: &HeaderMap,
    made_here: &[Option<HeaderName>],
    mut new: HeaderMap,
    targeted: TargetList,
    now: HeaderValue,
) -> HeaderMap {
    connection::drop_hop_by_hop(&mut new, targeted);
    let mut fields = stored.clone();
    for name in [header::AGE, header::CONTENT_LENGTH].iter().chain(made_here.iter().flatten()) {
        fields.remove(name);
    }
    // A response without a `Date` is dated by its arrival (RFC 9110 §6.6.1).
    fields.insert(header::DATE, now);
    for name in new.keys() {
        if matches!(*name, header::CONTENT_LENGTH | header::CONTENT_ENCODING | header::CONTENT_RANGE) {
            continue;
        }
        fields.remove(name);
        for value in new.get_all(name) {
            fields.append(name.clone(), value.clone());
        }
    }
    fields
}
