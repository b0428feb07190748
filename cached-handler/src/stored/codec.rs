//! A stored response as bytes at rest: versioned, checksummed, and compared with its full key whenever it is read.
//!
//! ```text
//! "CHst" version:u16 checksum:u128 │ digest of the full key:32 kind:u8
//!   response: flags:u8 incarnation:u64 clock:u64 began:u64 born:u64 lifetime:u64 windows:2×u64 status:u16
//!             groups:[text] parts:[has_path:u8 path:u64 clock:u64 handler:text groups:[text]] lines:[name value] content
//!   variants: 0:u8 incarnation:u64 clock:u64 began:u64 fields:[text] known:[hash:u64 until:i64]
//! ```
//!
//! Numbers are little-endian, times in milliseconds, texts and lists preceded by a u32. The checksum (XXH3) is of all that
//! comes after it. `began` is when the run began, and `parts` are what the response is made of, with the clock of each. Of the key there is a digest alone: what a request said, a token perhaps, is not to be read there. The names of
//! groups are, as they are the author's own words.
//!
//! Reading them builds plain data: no length is trusted before it is compared with what is there, nothing recurses, and
//! whatever is not exactly as written here is no stored response.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use self::{
    order::{order, part, put_groups, put_order, put_parts},
    reader::Reader,
};
use super::{Own, Variants};
use crate::{
    epoch::Order,
    rules::stale::Windows,
    stored::part::Part,
    util::{
        digest::Digest,
        turns::{TURN, in_turns},
    },
};

pub(crate) mod order;
mod reader;

/// What is kept of a response beyond this process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag at rest, and none excludes another")]
pub(crate) struct AtRest {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) content: Bytes,
    /// When it was generated, by the wall clock, and for how long it is fresh from then on.
    pub(crate) born: SystemTime,
    pub(crate) lifetime: Duration,
    pub(crate) windows: Windows,
    pub(crate) order: Order,
    pub(crate) groups: Vec<Box<str>>,
    pub(crate) parts: Vec<Part>,
    pub(crate) shareable: bool,
    pub(crate) arrived_with_age: bool,
    pub(crate) own: Own,
    pub(crate) tells_clients: bool,
    pub(crate) made_tag: bool,
    pub(crate) tells_length: bool,
    pub(crate) ends: bool,
}

/// What lies under a key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "on its way, and almost all are responses")]
pub(crate) enum SlotAtRest {
    Response(AtRest),
    Variants(Variants),
}

/// Why bytes are no stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Longer than anything that is stored under the key: not worth a look.
    TooLong,
    /// Not ours, or of a format that this version does not know.
    Foreign,
    /// Changed since they were written.
    Checksum,
    /// Another key's.
    OtherKey,
    /// Whole, and yet not well-formed.
    Malformed,
}

impl Damage {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Foreign => "foreign",
            Self::Checksum => "checksum",
            Self::OtherKey => "other-key",
            Self::Malformed => "malformed",
        }
    }
}

const MAGIC: [u8; 4] = *b"CHst";
const VERSION: u16 = 3;
const CHECKSUM: usize = 16;
const HEAD: usize = MAGIC.len() + 2 + CHECKSUM;

/// Of fields in a response that is stored.
const MOST_LINES: u32 = 256;

const RESPONSE: u8 = 1;
const VARIANTS: u8 = 2;

const SHAREABLE: u8 = 1;
const ARRIVED_WITH_AGE: u8 = 2;
const OWN_TAG: u8 = 4;
const OWN_DATE: u8 = 8;
const TELLS_CLIENTS: u8 = 16;
const MADE_TAG: u8 = 32;
const TELLS_LENGTH: u8 = 64;
const ENDS: u8 = 128;

pub(crate) fn encode(slot: &SlotAtRest, key: &Digest) -> Bytes {
    let mut out = begun(key);
    match slot {
        SlotAtRest::Response(response) => {
            out.put_u8(RESPONSE);
            put_beside_content(&mut out, response);
            put(&mut out, &response.content);
        }
        SlotAtRest::Variants(variants) => {
            out.put_u8(VARIANTS);
            out.put_u8(0);
            put_order(&mut out, &variants.latest);
            put_variants(&mut out, variants);
        }
    }
    sealed(out)
}

/// The same bytes, copied and summed up in turns where the content is long.
pub(crate) async fn encode_in_turns(slot: &SlotAtRest, key: &Digest) -> Bytes {
    match slot {
        SlotAtRest::Response(response) if response.content.len() > TURN => Box::pin(encode_long(response, key)).await,
        _ => encode(slot, key),
    }
}

async fn encode_long(response: &AtRest, key: &Digest) -> Bytes {
    let mut out = begun(key);
    out.put_u8(RESPONSE);
    put_beside_content(&mut out, response);
    out.put_u32_le(count(response.content.len()));
    out.reserve(response.content.len());
    let mut sum = Xxh3::new();
    sum.update(out.get(HEAD..).unwrap_or_default());
    in_turns(&response.content, |piece| {
        out.put_slice(piece);
        sum.update(piece);
    })
    .await;
    sealed_with(out, sum.digest128())
}

/// What stands before the kind, with room for the checksum.
fn begun(key: &Digest) -> BytesMut {
    let mut out = BytesMut::new();
    out.put_slice(&MAGIC);
    out.put_u16_le(VERSION);
    out.put_u128_le(0);
    out.put_slice(key.as_bytes());
    out
}

fn sealed(out: BytesMut) -> Bytes {
    let sum = checksum(out.get(HEAD..).unwrap_or_default());
    sealed_with(out, sum)
}

fn sealed_with(mut out: BytesMut, sum: u128) -> Bytes {
    if let Some(place) = out.get_mut(MAGIC.len() + 2..HEAD) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    out.freeze()
}

/// Anything, as if it had been written for the key: what no checksum keeps from the readers below.
#[cfg(any(fuzzing, test))]
pub(crate) fn forged(rest: &[u8], key: &Digest) -> Bytes {
    let mut out = begun(key);
    out.put_slice(rest);
    sealed(out)
}

/// Reads what [`encode`] wrote for the same key, of at most `longest` bytes; the content and the field
/// values are slices of `bytes`, not copies.
pub(crate) fn decode(bytes: &Bytes, key: &Digest, longest: usize) -> Result<SlotAtRest, Damage> {
    decode_by(bytes, key, longest, checksum)
}

/// The same, summed up in turns where there are many bytes.
pub(crate) async fn decode_in_turns(bytes: &Bytes, key: &Digest, longest: usize) -> Result<SlotAtRest, Damage> {
    if bytes.len() <= TURN || bytes.len() > longest {
        return decode(bytes, key, longest);
    }
    let sum = Box::pin(checksum_in_turns(bytes.get(HEAD..).unwrap_or_default())).await;
    decode_by(bytes, key, longest, |_| sum)
}

fn decode_by(bytes: &Bytes, key: &Digest, longest: usize, checksum: impl FnOnce(&[u8]) -> u128) -> Result<SlotAtRest, Damage> {
    if bytes.len() > longest {
        return Err(Damage::TooLong);
    }
    let mut reader = Reader { whole: bytes, rest: bytes };
    let foreign = |_| Damage::Foreign;
    if *reader.array().map_err(foreign)? != MAGIC || reader.u16().map_err(foreign)? != VERSION {
        return Err(Damage::Foreign);
    }
    let sum = u128::from_le_bytes(*reader.array().map_err(foreign)?);
    if sum != checksum(reader.rest) {
        return Err(Damage::Checksum);
    }
    if reader.array().map_err(|_| Damage::OtherKey)? != key.as_bytes() {
        return Err(Damage::OtherKey);
    }
    let slot = match reader.u8()? {
        RESPONSE => SlotAtRest::Response(response(&mut reader)?),
        VARIANTS => SlotAtRest::Variants(variants(&mut reader)?),
        _ => return Err(Damage::Malformed),
    };
    if reader.rest.is_empty() { Ok(slot) } else { Err(Damage::Malformed) }
}

fn put_beside_content(out: &mut BytesMut, response: &AtRest) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.put_u8(
        flag(response.shareable, SHAREABLE)
            | flag(response.arrived_with_age, ARRIVED_WITH_AGE)
            | flag(response.own.tag, OWN_TAG)
            | flag(response.own.date, OWN_DATE)
            | flag(response.tells_clients, TELLS_CLIENTS)
            | flag(response.made_tag, MADE_TAG)
            | flag(response.tells_length, TELLS_LENGTH)
            | flag(response.ends, ENDS),
    );
    put_order(out, &response.order);
    out.put_u64_le(millis(response.born.duration_since(UNIX_EPOCH).unwrap_or_default()));
    out.put_u64_le(millis(response.lifetime));
    out.put_u64_le(millis(response.windows.while_revalidate));
    out.put_u64_le(millis(response.windows.if_error));
    out.put_u16_le(response.status.as_u16());
    put_groups(out, &response.groups);
    put_parts(out, &response.parts);
    out.put_u32_le(count(response.fields.len()));
    for (name, value) in &response.fields {
        put(out, name.as_str().as_bytes());
        put(out, value.as_bytes());
    }
}

fn response(reader: &mut Reader<'_>) -> Result<AtRest, Damage> {
    let flags = reader.u8()?;
    let order = order(reader)?;
    let born = UNIX_EPOCH.checked_add(reader.millis()?).ok_or(Damage::Malformed)?;
    let lifetime = reader.millis()?;
    let windows = Windows { while_revalidate: reader.millis()?, if_error: reader.millis()? };
    let status = StatusCode::from_u16(reader.u16()?).map_err(|_| Damage::Malformed)?;
    let groups = reader.list(Reader::text)?;
    let parts = reader.list(part)?;
    let lines = reader.u32()?;
    // As many as any response has that is stored; a number that lies costs no more.
    let mut fields = HeaderMap::with_capacity(lines.min(MOST_LINES) as usize);
    for _ in 0..lines {
        let name = HeaderName::from_bytes(reader.bytes()?).map_err(|_| Damage::Malformed)?;
        let value = HeaderValue::from_maybe_shared(reader.shared()?).map_err(|_| Damage::Malformed)?;
        fields.try_append(name, value).map_err(|_| Damage::Malformed)?;
    }
    Ok(AtRest {
        status,
        fields,
        content: reader.shared()?,
        born,
        lifetime,
        windows,
        order,
        groups,
        parts,
        shareable: flags & SHAREABLE != 0,
        arrived_with_age: flags & ARRIVED_WITH_AGE != 0,
        own: Own { tag: flags & OWN_TAG != 0, date: flags & OWN_DATE != 0 },
        tells_clients: flags & TELLS_CLIENTS != 0,
        made_tag: flags & MADE_TAG != 0,
        tells_length: flags & TELLS_LENGTH != 0,
        ends: flags & ENDS != 0,
    })
}

fn put_variants(out: &mut BytesMut, variants: &Variants) {
    out.put_u32_le(count(variants.fields.len()));
    for field in &variants.fields {
        put(out, field.as_bytes());
    }
    out.put_u32_le(count(variants.known.len()));
    for (hash, until) in &variants.known {
        out.put_u64_le(*hash);
        out.put_i64_le(*until);
    }
}

fn variants(reader: &mut Reader<'_>) -> Result<Variants, Damage> {
    if reader.u8()? != 0 {
        return Err(Damage::Malformed);
    }
    let latest = order(reader)?;
    let fields = reader.list(Reader::text)?;
    let known = reader.list(|reader| Ok((reader.u64()?, i64::from_le_bytes(*reader.array()?))))?;
    Ok(Variants { fields, known, latest })
}

fn put(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32_le(count(bytes.len()));
    out.put_slice(bytes);
}

/// What is stored is far below 4 GiB (`max_body`, 64 KiB of fields, 8 KiB of key); a length that is not cannot be read
/// back, which is a miss.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Against accidents. That the bytes are this key's is for the digest to say, which is a strong one.
fn checksum(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

async fn checksum_in_turns(bytes: &[u8]) -> u128 {
    let mut sum = Xxh3::new();
    in_turns(bytes, |piece| sum.update(piece)).await;
    sum.digest128()
}

#[cfg(test)]
mod tests;
