//! When the run began that bytes at rest are of, and what it was made of.

use bytes::{BufMut, BytesMut};

use super::{CHECKSUM, Damage, HEAD, MAGIC, RESPONSE, SlotAtRest, VARIANTS, VERSION, count, put, reader::Reader};
use crate::{
    epoch::{Order, Stamp},
    stored::part::Part,
    util::digest::Digest,
};

impl SlotAtRest {
    pub(crate) fn order(&self) -> Order {
        match self {
            Self::Response(response) => response.order,
            Self::Variants(variants) => variants.latest,
        }
    }
}

/// Where the three numbers of an [`Order`] stand, of responses and of variants.
pub(crate) const ORDER_AT: usize = HEAD + Digest::LENGTH + 2;
pub(crate) const ORDER_END: usize = ORDER_AT + ORDER;
const ORDER: usize = 3 * 8;
/// What stands before the checksum, which other formats do not have.
pub(crate) const FORMAT: usize = MAGIC.len() + 2;
const _: () = assert!(FORMAT + CHECKSUM == HEAD);

pub(super) fn put_order(out: &mut BytesMut, order: &Order) {
    out.put_u64_le(order.stamp.incarnation);
    out.put_u64_le(order.stamp.clock);
    out.put_u64_le(order.began);
}

pub(super) fn put_groups(out: &mut BytesMut, groups: &[Box<str>]) {
    out.put_u32_le(count(groups.len()));
    for group in groups {
        put(out, group.as_bytes());
    }
}

pub(super) fn order(reader: &mut Reader<'_>) -> Result<Order, Damage> {
    let stamp = Stamp { incarnation: reader.u64()?, clock: reader.u64()? };
    Ok(Order { stamp, began: reader.u64()? })
}

pub(super) fn part(reader: &mut Reader<'_>) -> Result<Part, Damage> {
    let (has_path, path, clock) = (reader.u8()?, reader.u64()?, reader.u64()?);
    let path = match has_path {
        0 if path == 0 => None,
        1 => Some(path),
        _ => return Err(Damage::Malformed),
    };
    Ok(Part { path, clock, handler: reader.text()?, groups: reader.list(Reader::text)? })
}

/// The run that bytes are of, by their beginning, [`ORDER_END`] bytes of them, which nothing has checked but for being of the
/// key and of this format.
pub(crate) fn order_of(first: &[u8], key: &Digest) -> Option<Order> {
    let (magic, version) = first.get(..FORMAT)?.split_at_checked(MAGIC.len())?;
    let (digest, kind) = first.get(HEAD..ORDER_AT)?.split_at_checked(Digest::LENGTH)?;
    let is_ours = magic == MAGIC && version == VERSION.to_le_bytes() && digest == key.as_bytes();
    let (numbers, _) = first.get(ORDER_AT..ORDER_END)?.as_chunks::<8>();
    let [incarnation, clock, began] = numbers.first_chunk()?.map(u64::from_le_bytes);
    let order = Order { stamp: Stamp { incarnation, clock }, began };
    (is_ours && matches!(kind, [RESPONSE | VARIANTS, _])).then_some(order)
}

pub(super) fn put_parts(out: &mut BytesMut, parts: &[Part]) {
    out.put_u32_le(count(parts.len()));
    for part in parts {
        out.put_u8(u8::from(part.path.is_some()));
        out.put_u64_le(part.path.unwrap_or(0));
        out.put_u64_le(part.clock);
        put(out, part.handler.as_bytes());
        put_groups(out, &part.groups);
    }
}
