//! The tags with which the elements of a key begin.

/// The tag of an argument is this, combined with its position.
pub(crate) const FIRST_ARGUMENT: u8 = 0x80;

/// The first byte of each element of a key. The values are part of the format of keys at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    None = 0,
    Some = 1,
    End = 2,
    Text = 3,
    Bytes = 4,
    Bool = 5,
    Char = 6,
    Unsigned = 7,
    Signed = 8,
    Sequence = 9,
    Field = 10,
    Path = 11,
    RawQuery = 12,
    Parameters = 13,
    Method = 14,
    Authority = 15,
    Query = 16,
    Ok = 18,
    Variant = 19,
    InnerPath = 20,
    Named = 21,
    Map = 22,
    Set = 23,
    SharedPath = 24,
}
