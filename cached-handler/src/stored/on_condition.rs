//! What conditional requests ask of a stored response.

use http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts};

use super::{
    Stored, Tag, head,
    lines::{leave_room, reserve_lines},
};
use crate::{
    header::{entity_tag::EntityTag, targeted::TargetList},
    rules::conditional::not_modified_fields,
};

/// What only conditional requests ask for.
#[derive(Debug)]
pub(crate) struct OnCondition {
    pub(crate) entity_tag: Option<EntityTag>,
    /// The strong form of [`Tag::ByRequest`].
    pub(crate) strong: Option<EntityTag>,
    pub(crate) last_modified: Option<HeaderValue>,
    /// The beginning of a 304 (RFC 9110 §15.4.5).
    pub(crate) not_modified: Parts,
}

impl OnCondition {
    /// What conditional requests ask for, of a response with these fields.
    pub(crate) fn of(fields: &HeaderMap, tag: &Tag, targeted: TargetList) -> Self {
        let mut not_modified = not_modified_fields(fields, targeted);
        reserve_lines(&mut not_modified);
        leave_room(&mut not_modified);
        Self {
            strong: if let Tag::ByRequest(strong) = tag { EntityTag::parse(strong) } else { None },
            entity_tag: fields.get(header::ETAG).and_then(EntityTag::parse),
            last_modified: fields.get(header::LAST_MODIFIED).cloned(),
            not_modified: head(StatusCode::NOT_MODIFIED, not_modified),
        }
    }
}

impl Stored {
    /// What conditional requests ask of it; made once.
    pub(crate) fn on_condition(&self) -> &OnCondition {
        self.on_condition.get_or_init(|| OnCondition::of(&self.whole.headers, &self.tag, self.targeted))
    }
}
