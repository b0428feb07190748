//! What a later answer adds to the fields of a stored response (RFC 9111 §3.2).

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::{connection, targeted::TargetList};

/// Each new field replaces those of its name, except what says how the content is to be read. `made_here`: what this cache has
/// put among the stored fields, and makes again.
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
    // An answer without a date is as old as its arrival (RFC 9110 §6.6.1).
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
