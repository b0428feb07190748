//! A stored response as bytes at rest: versioned, checksummed, and compared with its full key whenever it is read.
//!
//! ```text
//! "CHst" version:u16 checksum:16 │ digest of the full key:32 kind:u8
//!   response: flags:u8 incarnation:u64 clock:u64 born:u64 lifetime:u64 windows:2×u64 status:u16
//!             groups:[text] lines:[name value] content
//!   variants: fields:[text] known:[hash:u64 until:i64]
//! ```
//!
//! Numbers are little-endian, times in milliseconds, texts and lists preceded by a u32. The checksum is of all that comes
//! after it. Of the key there is a digest alone: what a request said, a token perhaps, is not to be read there. The names of
//! groups are, as they are the author's own words.
//!
//! Reading them builds plain data: no length is trusted before it is compared with what is there, nothing recurses, and
//! whatever is not exactly as written here is no stored response.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Own, Variants};
use crate::{backend::Stamp, rules::stale::Windows};

/// What is kept of a response beyond this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtRest {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
    pub(crate) content: Bytes,
    /// When it was generated, by the wall clock, and for how long it is fresh from then on.
    pub(crate) born: SystemTime,
    pub(crate) lifetime: Duration,
    pub(crate) windows: Windows,
    pub(crate) stamp: Stamp,
    pub(crate) groups: Vec<Box<str>>,
    pub(crate) shareable: bool,
    pub(crate) arrived_with_age: bool,
    pub(crate) own: Own,
    pub(crate) tells_clients: bool,
}

/// What lies under a key at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SlotAtRest {
    Response(AtRest),
    Variants(Variants),
}

/// Why bytes are no stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Not ours, or of a format that this version does not know.
    Foreign,
    /// Changed since they were written.
    Checksum,
    /// Another key's.
    OtherKey,
    /// Whole, and yet not well-formed.
    Malformed,
}

const MAGIC: [u8; 4] = *b"CHst";
const VERSION: u16 = 1;
const CHECKSUM: usize = 16;
const HEAD: usize = MAGIC.len() + 2 + CHECKSUM;

const RESPONSE: u8 = 1;
const VARIANTS: u8 = 2;

const SHAREABLE: u8 = 1;
const ARRIVED_WITH_AGE: u8 = 2;
const OWN_TAG: u8 = 4;
const OWN_DATE: u8 = 8;
const TELLS_CLIENTS: u8 = 16;
const FLAGS: u8 = SHAREABLE | ARRIVED_WITH_AGE | OWN_TAG | OWN_DATE | TELLS_CLIENTS;

pub(crate) fn encode(slot: &SlotAtRest, full_key: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&MAGIC);
    out.put_u16_le(VERSION);
    out.put_bytes(0, CHECKSUM);
    out.put_slice(blake3::hash(full_key).as_bytes());
    match slot {
        SlotAtRest::Response(response) => {
            out.put_u8(RESPONSE);
            put_response(&mut out, response);
        }
        SlotAtRest::Variants(variants) => {
            out.put_u8(VARIANTS);
            put_variants(&mut out, variants);
        }
    }
    let sum = checksum(out.get(HEAD..).unwrap_or_default());
    if let Some(place) = out.get_mut(MAGIC.len() + 2..HEAD) {
        place.copy_from_slice(&sum);
    }
    out.freeze()
}

/// Reads what [`encode`] wrote for the same key; the content is a slice of `bytes`, not a copy.
pub(crate) fn decode(bytes: &Bytes, full_key: &[u8]) -> Result<SlotAtRest, Damage> {
    let head = bytes.get(..HEAD).ok_or(Damage::Foreign)?;
    let (magic, rest) = head.split_at_checked(MAGIC.len()).ok_or(Damage::Foreign)?;
    let (version, sum) = rest.split_at_checked(2).ok_or(Damage::Foreign)?;
    if magic != MAGIC || version != VERSION.to_le_bytes() {
        return Err(Damage::Foreign);
    }
    let mut rest = bytes.slice(HEAD..);
    if sum != checksum(&rest) {
        return Err(Damage::Checksum);
    }
    let digest = rest.split_to(rest.len().min(blake3::OUT_LEN));
    if *digest != *blake3::hash(full_key).as_bytes() {
        return Err(Damage::OtherKey);
    }
    let slot = match u8_of(&mut rest)? {
        RESPONSE => SlotAtRest::Response(response(&mut rest)?),
        VARIANTS => SlotAtRest::Variants(variants(&mut rest)?),
        _ => return Err(Damage::Malformed),
    };
    if rest.is_empty() { Ok(slot) } else { Err(Damage::Malformed) }
}

fn put_response(out: &mut BytesMut, response: &AtRest) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.put_u8(
        flag(response.shareable, SHAREABLE)
            | flag(response.arrived_with_age, ARRIVED_WITH_AGE)
            | flag(response.own.tag, OWN_TAG)
            | flag(response.own.date, OWN_DATE)
            | flag(response.tells_clients, TELLS_CLIENTS),
    );
    out.put_u64_le(response.stamp.incarnation);
    out.put_u64_le(response.stamp.clock);
    out.put_u64_le(millis(response.born.duration_since(UNIX_EPOCH).unwrap_or_default()));
    out.put_u64_le(millis(response.lifetime));
    out.put_u64_le(millis(response.windows.while_revalidate));
    out.put_u64_le(millis(response.windows.if_error));
    out.put_u16_le(response.status.as_u16());
    out.put_u32_le(count(response.groups.len()));
    for group in &response.groups {
        put(out, group.as_bytes());
    }
    out.put_u32_le(count(response.fields.len()));
    for (name, value) in &response.fields {
        put(out, name.as_str().as_bytes());
        put(out, value.as_bytes());
    }
    put(out, &response.content);
}

fn response(rest: &mut Bytes) -> Result<AtRest, Damage> {
    let flags = u8_of(rest)?;
    if flags & !FLAGS != 0 {
        return Err(Damage::Malformed);
    }
    let stamp = Stamp { incarnation: u64_of(rest)?, clock: u64_of(rest)? };
    let born = UNIX_EPOCH.checked_add(Duration::from_millis(u64_of(rest)?)).ok_or(Damage::Malformed)?;
    let lifetime = Duration::from_millis(u64_of(rest)?);
    let windows = Windows { while_revalidate: Duration::from_millis(u64_of(rest)?), if_error: Duration::from_millis(u64_of(rest)?) };
    let status = rest.try_get_u16_le().ok().and_then(|status| StatusCode::from_u16(status).ok()).ok_or(Damage::Malformed)?;
    let groups = list(rest, text)?;
    let mut fields = HeaderMap::new();
    for _ in 0..u32_of(rest)? {
        let name = HeaderName::from_bytes(&take(rest)?).map_err(|_| Damage::Malformed)?;
        let value = HeaderValue::from_maybe_shared(take(rest)?).map_err(|_| Damage::Malformed)?;
        fields.try_append(name, value).map_err(|_| Damage::Malformed)?;
    }
    Ok(AtRest {
        status,
        fields,
        content: take(rest)?,
        born,
        lifetime,
        windows,
        stamp,
        groups,
        shareable: flags & SHAREABLE != 0,
        arrived_with_age: flags & ARRIVED_WITH_AGE != 0,
        own: Own { tag: flags & OWN_TAG != 0, date: flags & OWN_DATE != 0 },
        tells_clients: flags & TELLS_CLIENTS != 0,
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

fn variants(rest: &mut Bytes) -> Result<Variants, Damage> {
    let fields = list(rest, text)?;
    let known = list(rest, |rest| Ok((u64_of(rest)?, rest.try_get_i64_le().map_err(|_| Damage::Malformed)?)))?;
    Ok(Variants { fields, known })
}

/// A count and that many elements; each takes bytes, so a count that lies runs out of them before it costs memory.
fn list<T>(rest: &mut Bytes, element: impl Fn(&mut Bytes) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
    let mut list = Vec::new();
    for _ in 0..u32_of(rest)? {
        list.push(element(rest)?);
    }
    Ok(list)
}

fn text(rest: &mut Bytes) -> Result<Box<str>, Damage> {
    let bytes = take(rest)?;
    std::str::from_utf8(&bytes).map(Into::into).map_err(|_| Damage::Malformed)
}

fn put(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32_le(count(bytes.len()));
    out.put_slice(bytes);
}

fn take(rest: &mut Bytes) -> Result<Bytes, Damage> {
    let length = usize::try_from(u32_of(rest)?).map_err(|_| Damage::Malformed)?;
    if length > rest.len() { Err(Damage::Malformed) } else { Ok(rest.split_to(length)) }
}

fn u8_of(rest: &mut Bytes) -> Result<u8, Damage> {
    rest.try_get_u8().map_err(|_| Damage::Malformed)
}

fn u32_of(rest: &mut Bytes) -> Result<u32, Damage> {
    rest.try_get_u32_le().map_err(|_| Damage::Malformed)
}

fn u64_of(rest: &mut Bytes) -> Result<u64, Damage> {
    rest.try_get_u64_le().map_err(|_| Damage::Malformed)
}

/// What is stored is far below 4 GiB (`max_body`, 64 KiB of fields, 8 KiB of key); a length that is not cannot be read
/// back, which is a miss.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(blake3::hash(bytes).as_bytes().first_chunk::<CHECKSUM>().unwrap_or(&[0; CHECKSUM]));
    sum
}

#[cfg(test)]
mod tests;
