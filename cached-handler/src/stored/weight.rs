//! What is stored, in bytes of memory: all of it, with what lies around it.

use http::{HeaderMap, HeaderValue};

use super::{Slot, Stored, Variants, fields::Fields};
use crate::stored::value::Typed;

/// A line in the table of a map, and its places in the index (`http` 1).
const LINE: usize = 112;
/// A further line of one name.
const FURTHER_LINE: usize = 144;
/// A group's name, here and twice beside its epoch, and the epoch.
const GROUP: usize = 176;
/// A value among the extensions, whatever it holds: nobody can ask it.
const EXTENSION: usize = 256;
/// The count of who shares some bytes.
const SHARED: usize = 24;
/// The counts of an `Arc`.
const ARC: usize = 16;

/// What an allocation of so many bytes takes: glibc's header, and what it rounds up to.
pub(crate) const fn allocated(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=24 => 32,
        _ => (bytes + 8).next_multiple_of(16),
    }
}

impl Slot {
    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        allocated(ARC + size_of::<Self>())
            + match self {
                Self::Response(stored) => stored.weight(),
                Self::Variants(variants) => variants.weight(),
            }
    }
}

impl Stored {
    fn weight(&self) -> usize {
        let length = self.content.len();
        let content = if length == 0 { 0 } else { allocated(length) + allocated(SHARED) };
        let rare = self.rare.as_ref().map_or(0, |rare| allocated(size_of_val(&**rare)));
        let selecting = self.selecting().map_or(0, |(variants, values)| variants.weight() + allocated(values.len()));
        content
            + self.value.as_ref().map_or(0, Typed::weight)
            + self.fields.weight()
            + self.extensions.len() * EXTENSION
            + rare
            + selecting
            + self.groups.iter().map(|group| 3 * group.len() + GROUP).sum::<usize>()
            + self.marks.as_ref().map_or(0, |marks| marks.weight(GROUP))
            + self.near.get().map_or(0, |near| near.weight(GROUP))
    }
}

impl Fields {
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Kept { form, own } => {
                let alone = form.of_one_response().map_or(0, |maps| maps.into_iter().map(lines).sum());
                alone + values(own.iter().map(HeaderValue::len).sum()) + allocated(size_of_val(&**own))
            }
            Self::Read(read) => lines(&read.map) + values(read.map.values().map(HeaderValue::len).sum()),
        }
    }
}

/// Values of this length in one allocation.
fn values(length: usize) -> usize {
    if length == 0 { 0 } else { allocated(length) + allocated(SHARED) }
}

impl Variants {
    fn weight(&self) -> usize {
        self.fields.iter().map(|field| allocated(field.len())).sum::<usize>()
            + allocated(self.fields.capacity() * size_of::<Box<str>>())
            + allocated(self.known.capacity() * 16)
    }
}

/// The lines of a map without their values: as many as there is room for.
fn lines(fields: &HeaderMap) -> usize {
    let names: usize = fields.keys().map(|name| name.as_str().len()).sum();
    fields.capacity() * LINE + fields.len().saturating_sub(fields.keys_len()) * FURTHER_LINE + names
}
