//! `ETag` (RFC 9110 §8.8.3).

use std::fmt;

use http::{HeaderMap, HeaderValue, header};
use smallvec::{SmallVec, smallvec};

use crate::util::{digest::Digest, random::random};

/// An entity tag: a validator by which a client asks whether the content that it has is still current.
///
/// | one | other | [`strong_eq`](Self::strong_eq) | [`weak_eq`](Self::weak_eq) |
/// |---|---|---|---|
/// | `W/"1"` | `W/"1"` | no | yes |
/// | `W/"1"` | `W/"2"` | no | no |
/// | `W/"1"` | `"1"` | no | yes |
/// | `"1"` | `"1"` | yes | yes |
///
/// (RFC 9110 §8.8.3.2.) Responses of cached handlers get a tag automatically; this type is for handlers that are not cached.
///
/// ```
/// use cached_handler::EntityTag;
///
/// let tag = EntityTag::of(b"content");
/// assert!(tag.strong_eq(&EntityTag::of(b"content")));
/// assert!(tag.weak_eq(&tag.clone().weakened()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityTag {
    weak: bool,
    /// With its quotes.
    opaque: Box<[u8]>,
}

impl EntityTag {
    /// A strong tag of some content: the same in every process, and a different one for different content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self::strong_of(content, &HeaderMap::new())
    }

    /// Reads a tag, `"…"` or `W/"…"`.
    #[must_use]
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        let TagRef { weak, opaque } = TagRef::parse(value)?;
        Some(Self { weak, opaque: opaque.into() })
    }

    /// Whether the tag is weak: equal weak tags promise the same meaning, not the same bytes.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// The weak form of this tag.
    #[must_use]
    pub fn weakened(mut self) -> Self {
        self.weak = true;
        self
    }

    /// The strong form of this tag.
    pub(crate) fn strengthened(mut self) -> Self {
        self.weak = false;
        self
    }

    /// A random strong tag, different from all others in this process and in others.
    pub(crate) fn unique() -> Self {
        Self { weak: false, opaque: format!("\"{:016x}{:016x}\"", random(), random()).into_bytes().into() }
    }

    /// Strong comparison: both are strong and equal, so that they promise the same bytes.
    #[must_use]
    pub fn strong_eq(&self, other: &Self) -> bool {
        self.as_ref().strong_eq(other.as_ref())
    }

    /// Weak comparison, as `If-None-Match` requires (RFC 9110 §13.1.2): whether a tag is weak makes no difference.
    #[must_use]
    pub fn weak_eq(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// As the value of `ETag`.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        let mut value = Vec::with_capacity(self.opaque.len() + 2);
        if self.weak {
            value.extend_from_slice(b"W/");
        }
        value.extend_from_slice(&self.opaque);
        HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// The tag of a representation: made from content, type, coding and language, so that two representations never share one.
    pub(crate) fn strong_of(content: &[u8], fields: &HeaderMap) -> Self {
        Self::of_digest(Digest::of_parts(&parts_of(content, fields)))
    }

    /// As `strong_of`, but yields to other tasks while it hashes long content.
    pub(crate) async fn strong_of_in_turns(content: &[u8], fields: &HeaderMap) -> Self {
        Self::of_digest(Digest::of_parts_in_turns(&parts_of(content, fields)).await)
    }

    fn of_digest(digest: Digest) -> Self {
        let hex = digest.to_hex();
        Self { weak: false, opaque: format!("\"{}\"", hex.get(..32).unwrap_or_default()).into_bytes().into() }
    }

    pub(crate) fn as_ref(&self) -> TagRef<'_> {
        TagRef { weak: self.weak, opaque: &self.opaque }
    }
}

/// An entity tag that borrows the bytes of a field's value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagRef<'a> {
    weak: bool,
    /// With its quotes.
    opaque: &'a [u8],
}

impl<'a> TagRef<'a> {
    pub(crate) fn parse(value: &'a HeaderValue) -> Option<Self> {
        match split(value.as_bytes().trim_ascii()) {
            Some((weak, opaque, [])) => Some(Self { weak, opaque }),
            _ => None,
        }
    }

    /// Of a value that was printed from an [`EntityTag`], and need not be checked.
    pub(crate) fn of_printed(value: &'a HeaderValue) -> Self {
        let bytes = value.as_bytes();
        bytes.strip_prefix(b"W/").map_or(Self { weak: false, opaque: bytes }, |opaque| Self { weak: true, opaque })
    }

    pub(crate) fn is_weak(self) -> bool {
        self.weak
    }

    pub(crate) fn strong_eq(self, other: TagRef<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Weak comparison with the quoted part of a tag.
    pub(crate) fn is_quoted_as(self, quoted: &[u8]) -> bool {
        self.opaque == quoted
    }
}

/// The parts by which one representation differs from another.
fn parts_of<'a>(content: &'a [u8], fields: &'a HeaderMap) -> SmallVec<[&'a [u8]; 8]> {
    let mut parts: SmallVec<[&[u8]; 8]> = smallvec![&b"cached-handler entity tag 1"[..]];
    for name in [&header::CONTENT_TYPE, &header::CONTENT_ENCODING, &header::CONTENT_LANGUAGE] {
        for line in fields.get_all(name) {
            parts.push(name.as_str().as_bytes());
            parts.push(line.as_bytes());
        }
    }
    parts.push(content);
    parts
}

/// A tag at the start of `bytes`: whether it is weak, its quoted part, and the rest (RFC 9110 §8.8.3: any visible byte but
/// the quote, or above 0x7f).
pub(crate) fn split(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (weak, quoted) = bytes.strip_prefix(b"W/").map_or((false, bytes), |quoted| (true, quoted));
    let inside = quoted.strip_prefix(b"\"")?;
    let end = inside.iter().position(|byte| *byte == b'"')?;
    let (opaque, rest) = quoted.split_at_checked(end + 2)?;
    let is_opaque = inside.get(..end)?.iter().all(|byte| matches!(byte, 0x21..=0x7e | 0x80..));
    is_opaque.then_some((weak, opaque, rest))
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.weak { "W/" } else { "" }, String::from_utf8_lossy(&self.opaque))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &'static str) -> EntityTag {
        EntityTag::parse(&HeaderValue::from_static(text)).unwrap()
    }

    #[test]
    fn comparison_follows_the_table_of_the_rfc() {
        for (one, other, strong, weak) in [
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
        ] {
            assert_eq!((tag(one).strong_eq(&tag(other)), tag(one).weak_eq(&tag(other))), (strong, weak), "{one} {other}");
        }
    }

    #[test]
    fn what_is_parsed_is_printed() {
        for value in [&b"\"a,b\""[..], b"W/\"\"", b"\"\xfc\""] {
            let value = HeaderValue::from_bytes(value).unwrap();
            assert_eq!(EntityTag::parse(&value).unwrap().to_header_value(), value);
        }
        for junk in ["", "a", "\"", "\"a", "a\"", "w/\"a\"", "\"a\"b", "\"a b\""] {
            assert_eq!(EntityTag::parse(&HeaderValue::from_static(junk)), None, "{junk}");
        }
    }

    #[test]
    fn another_representation_has_another_tag() {
        let with = |name: header::HeaderName, value: &'static str| {
            let mut fields = HeaderMap::new();
            fields.insert(name, HeaderValue::from_static(value));
            EntityTag::strong_of(b"x", &fields)
        };
        let tags = [
            EntityTag::of(b"x"),
            EntityTag::of(b"y"),
            with(header::CONTENT_TYPE, "text/plain"),
            with(header::CONTENT_ENCODING, "text/plain"),
            with(header::CONTENT_LANGUAGE, "text/plain"),
        ];
        for (at, tag) in tags.iter().enumerate() {
            assert!(tags.iter().skip(at + 1).all(|other| !tag.weak_eq(other)));
        }
        assert_eq!(EntityTag::of(b"x").to_string().len(), 34);
    }
}
