//! What is stored, in bytes of memory: all of it, with what lies around it.

use http::{HeaderMap, HeaderValue};

use super::{Slot, Stored, Tag, Variants};
use crate::{header::entity_tag::EntityTag, stored::value::Typed};

/// What an allocation takes besides what was asked for, and the count of who shares it.
const ALLOCATION: usize = 48;
/// A line in the table of a map, and its places in the index (`http` 1).
const LINE: usize = 112;
/// A further line of one name.
const FURTHER_LINE: usize = 144;
/// A group's name, here and twice beside its epoch, and the epoch.
const GROUP: usize = 176;
/// A value among the extensions, whatever it holds: nobody can ask it.
const EXTENSION: usize = 256;

impl Slot {
    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Response(stored) => stored.weight(),
                Self::Variants(variants) => variants.weight(),
            }
    }
}

impl Stored {
    fn weight(&self) -> usize {
        let on_condition = self.on_condition.get().map_or(0, |made| {
            let tag = [&made.entity_tag, &made.strong].into_iter().flatten().map(EntityTag::weight).sum::<usize>();
            // Its values are those of the whole.
            tag + lines(&made.not_modified.headers)
        });
        let values: usize = self.whole.headers.values().map(HeaderValue::len).sum();
        let selecting = self.selecting.as_ref().map_or(0, |(variants, values)| variants.weight() + values.len());
        self.content.len()
            + self.value.as_ref().map_or(0, Typed::weight)
            + lines(&self.whole.headers)
            + values
            + on_condition
            + self.for_clients.weight()
            + self.tag.weight()
            + self.whole.extensions.len() * EXTENSION
            + selecting
            + self.groups.iter().map(|group| 3 * group.len() + GROUP).sum::<usize>()
            + self.marks.as_ref().map_or(0, |marks| marks.weight(GROUP))
            + self.near.get().map_or(0, |near| near.weight(GROUP))
    }
}

impl Tag {
    fn weight(&self) -> usize {
        if let Self::ByRequest(strong) = self { strong.len() + ALLOCATION } else { 0 }
    }
}

impl Variants {
    fn weight(&self) -> usize {
        self.fields.iter().map(|field| field.len() + ALLOCATION).sum::<usize>() + self.known.capacity() * 16
    }
}

/// The lines of a map without their values: as many as there is room for.
fn lines(fields: &HeaderMap) -> usize {
    let names: usize = fields.keys().map(|name| name.as_str().len()).sum();
    fields.capacity() * LINE + fields.len().saturating_sub(fields.keys_len()) * FURTHER_LINE + names + fields.len() * ALLOCATION
}
