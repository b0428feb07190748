//! The entity tag that this cache gives to a response without one (RFC 9110 §8.8.3), strong or weak depending on the request.
//!
//! A strong tag promises equal bytes. An outer layer that compresses changes the bytes for some clients and leaves the tag as it
//! is, so a client that accepts a coding gets the weak form, unless no such layer would change this response.

use http::{HeaderMap, HeaderValue, header};

use crate::header::entity_tag::EntityTag;

/// How the entity tag of a response that has none is made (RFC 9110 §8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ETag {
    /// A tag made from content, type, coding and language, the same in every process. It is weak for a client that accepts a
    /// coding, as an outer layer may compress the response, and strong if no outer layer can change the bytes: for a client that
    /// accepts no coding, for content that has a coding, and for images that are compressed already.
    ///
    /// A response that streams, without a known length, gets its tag before its content is known: another one for each run.
    #[default]
    Auto,
    /// The tag of `Auto`, always strong: you vouch that no outer layer changes the bytes.
    Strong,
    /// The tag of `Auto`, always weak: for handlers inside a layer that changes the bytes for every client.
    Weak,
    /// No tag is added; a handler's own tag stays.
    Off,
}

/// Where a response's entity tag comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The handler has set the tag, or the response has no tag.
    Own,
    /// This cache has made the tag.
    Made,
    /// This cache has made the tag. The field has its weak form; this is the strong form, for requests that accept no coding.
    ByRequest(HeaderValue),
}

/// Adds the tag to the fields, in the form that most requests get.
pub(crate) fn give(strong: EntityTag, policy: ETag, fields: &mut HeaderMap) -> Tag {
    match policy {
        ETag::Off => Tag::Own,
        ETag::Auto if !is_left_alone(fields) => {
            fields.insert(header::ETAG, strong.clone().weakened().to_header_value());
            Tag::ByRequest(strong.to_header_value())
        }
        ETag::Auto | ETag::Strong => {
            fields.insert(header::ETAG, strong.to_header_value());
            Tag::Made
        }
        ETag::Weak => {
            fields.insert(header::ETAG, strong.weakened().to_header_value());
            Tag::Made
        }
    }
}

/// Adjusts a tag that this cache made and that was stored among the fields to today's policy. Most often it fits already.
pub(crate) fn give_again(policy: ETag, fields: &mut HeaderMap) -> Tag {
    let Some(known) = fields.get(header::ETAG) else { return Tag::Own };
    match (policy, known.as_bytes().strip_prefix(b"W/")) {
        (ETag::Weak, Some(_)) | (ETag::Strong, None) => Tag::Made,
        (ETag::Auto, Some(strong)) if !is_left_alone(fields) => HeaderValue::from_bytes(strong).map_or(Tag::Own, Tag::ByRequest),
        _ => match EntityTag::parse(known) {
            Some(tag) => give(tag.strengthened(), policy, fields),
            None => Tag::Own,
        },
    }
}

/// Whether compressing layers leave the content as it is, whatever a client accepts: it has a coding already, or a type that
/// none of them compresses. The comparison is case-sensitive, as it is in tower-http.
pub(crate) fn is_left_alone(fields: &HeaderMap) -> bool {
    let has_coding = |coding: &[u8]| !coding.trim_ascii().is_empty() && !coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    if fields.get_all(header::CONTENT_ENCODING).iter().any(|line| line.as_bytes().split(|byte| *byte == b',').any(has_coding)) {
        return true;
    }
    let media_type = fields.get(header::CONTENT_TYPE).map_or(&b""[..], |line| line.as_bytes());
    media_type.strip_prefix(b"image/").is_some_and(|image| !COMPRESSED_IMAGES.iter().any(|name| starts_with(image, name)))
}

fn starts_with(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// Types of images that are not compressed: text, or raw pixels.
const COMPRESSED_IMAGES: [&[u8]; 6] = [b"svg", b"bmp", b"x-icon", b"vnd.microsoft.icon", b"x-ms-bmp", b"tiff"];

#[cfg(test)]
mod tests {
    use super::*;

    fn given(policy: ETag, lines: &[(http::HeaderName, &'static str)]) -> (String, Tag) {
        let mut fields: HeaderMap = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let tag = give(EntityTag::of(b"x"), policy, &mut fields);
        (fields.get(header::ETAG).map_or("", |tag| tag.to_str().unwrap()).to_owned(), tag)
    }

    #[test]
    fn a_tag_is_strong_where_no_layer_changes_the_bytes() {
        let strong = EntityTag::of(b"x").to_string();
        for lines in [&[(header::CONTENT_TYPE, "image/png")][..], &[(header::CONTENT_ENCODING, "br"), (header::CONTENT_TYPE, "text/html")]]
        {
            assert_eq!(given(ETag::Auto, lines), (strong.clone(), Tag::Made), "{lines:?}");
        }
        assert_eq!(given(ETag::Strong, &[]), (strong, Tag::Made));
        assert_eq!(given(ETag::Off, &[]), (String::new(), Tag::Own));
    }

    #[test]
    fn a_tag_has_two_forms_where_a_layer_may_compress() {
        let strong = EntityTag::of(b"x");
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html"),
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CONTENT_TYPE, "IMAGE/png"),
            (header::CONTENT_TYPE, "video/mp4"),
            (header::CONTENT_ENCODING, "identity"),
        ] {
            let both = (strong.clone().weakened().to_string(), Tag::ByRequest(strong.to_header_value()));
            assert_eq!(given(ETag::Auto, &[(name, value)]), both, "{value}");
        }
        assert_eq!(given(ETag::Weak, &[]).1, Tag::Made);
    }
}
