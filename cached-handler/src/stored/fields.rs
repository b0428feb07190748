//! The field lines of a stored response.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    Tag,
    form::{Form, FormLine, FormTerms, Forms},
    lines::{reserve_lines, set_age},
};
use crate::{
    header::targeted::TargetList,
    rules::{client::ForClients, conditional::not_modified_fields},
};

/// All end-to-end fields of a stored response. Without `Content-Length`, which the server writes.
#[derive(Debug)]
pub(crate) enum Fields {
    /// In memory, where there are many: what it has in common with others, and the values that it has for itself, in the order of its
    /// form, with the entity tag first.
    Kept { form: Arc<Form>, own: Box<[HeaderValue]> },
    /// As they are read from a backend and written to it.
    Read(Box<ReadFields>),
}

#[derive(Debug)]
pub(crate) struct ReadFields {
    pub(super) map: HeaderMap,
    for_clients: ForClients,
}

impl Fields {
    /// `map`: with the lines in the order of [`reserve_lines`].
    pub(crate) fn read(map: HeaderMap, for_clients: ForClients) -> Self {
        Self::Read(Box::new(ReadFields { map, for_clients }))
    }

    /// None, for a typed value.
    pub(crate) fn none() -> Self {
        Self::Kept { form: Form::none(), own: Box::default() }
    }

    /// The same lines in as little memory as they can take, and none of anybody else: a value is most often a piece of something
    /// larger, such as what a client read from its connection. The strong form of a tag becomes a piece of its weak form.
    pub(crate) fn kept(mut fields: HeaderMap, tag: &mut Tag, terms: FormTerms, forms: &Forms) -> Self {
        fields.remove(header::AGE);
        let mut names: Vec<_> = fields.keys().collect();
        let is_own = |name: &HeaderName| fields.get_all(name).iter().any(|value| same_in_all(name, value, &terms).is_none());
        // An answer sets the tag without a search.
        names.sort_by_cached_key(|name| if **name == header::ETAG { 0 } else { 1 + u8::from(!is_own(name)) });
        let (mut lines, mut values) = (Vec::<FormLine>::with_capacity(fields.len()), Vec::with_capacity(fields.len()));
        for name in names {
            let is_own = *name == header::ETAG || is_own(name);
            for value in fields.get_all(name) {
                lines.push((name.clone(), if is_own { None } else { same_in_all(name, value, &terms) }));
                if is_own {
                    values.push(value);
                }
            }
        }
        let own = in_one_block(&values, tag);
        Self::Kept { form: forms.form(&lines, terms), own }
    }

    /// The lines of an answer of this age.
    #[expect(clippy::inline_always, reason = "a call on the way of every hit")]
    #[inline(always)]
    pub(crate) fn answer(&self, age: u64) -> HeaderMap {
        match self {
            Self::Kept { form, own } => form.answer(own, age),
            Self::Read(read) => read.answer(age),
        }
    }

    /// Those of a 304 of this age.
    pub(crate) fn not_modified(&self, targeted: TargetList, age: u64) -> HeaderMap {
        match self {
            Self::Kept { form, own } => form.not_modified(own, age),
            Self::Read(read) => {
                let mut fields = not_modified_fields(&read.map, targeted);
                reserve_lines(&mut fields);
                set_age(&mut fields, age);
                fields
            }
        }
    }

    /// The `Cache-Control` of an answer of this age, where that is another one than what is stored.
    #[inline]
    pub(crate) fn cache_control_at(&self, age: u64) -> Option<HeaderValue> {
        match self {
            Self::Kept { form, .. } => form.for_clients().at(age),
            Self::Read(read) => read.for_clients.at(age),
        }
    }

    /// The first line of this name; not `Age`, which each answer has for itself.
    pub(crate) fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        match self {
            Self::Kept { form, own } => form.get(own, name),
            Self::Read(read) => read.map.get(name),
        }
    }

    /// All lines, with any `Age`, for what is not asked at every hit.
    pub(crate) fn map(&self) -> Cow<'_, HeaderMap> {
        match self {
            Self::Kept { form, own } => Cow::Owned(form.answer(own, 0)),
            Self::Read(read) => Cow::Borrowed(&read.map),
        }
    }
}

impl ReadFields {
    #[cold]
    fn answer(&self, age: u64) -> HeaderMap {
        let mut fields = self.map.clone();
        set_age(&mut fields, age);
        fields
    }
}

/// The value of a line, if it is the same in all responses of one kind, as text that takes nobody's memory, and whose copies nobody
/// counts.
fn same_in_all(name: &HeaderName, value: &HeaderValue, terms: &FormTerms) -> Option<&'static str> {
    if value.is_sensitive() {
        return None;
    }
    let said = (terms.tells_clients && *name == header::CACHE_CONTROL).then(|| terms.for_clients.fixed_text()).flatten();
    said.into_iter().chain(USUAL).find(|usual| usual.as_bytes() == value.as_bytes())
}

/// The values in one allocation.
fn in_one_block(values: &[&HeaderValue], tag: &mut Tag) -> Box<[HeaderValue]> {
    let mut block = Vec::with_capacity(values.iter().map(|value| value.len()).sum());
    for value in values {
        block.extend_from_slice(value.as_bytes());
    }
    // A clone: its pieces are cloned without a look at whether it is shared yet.
    let block = Bytes::from(block).clone();
    let weak = values.first().map(|value| value.as_bytes());
    if let Tag::ByRequest(strong) = tag
        && weak.and_then(|weak| weak.strip_prefix(b"W/")) == Some(strong.as_bytes())
        && let Ok(piece) = HeaderValue::from_maybe_shared(block.slice(2..2 + strong.len()))
    {
        *strong = piece;
    }
    let mut from = 0;
    let own = values.iter().map(|value| {
        let piece = block.slice(from..from + value.len());
        from += value.len();
        let mut own = HeaderValue::from_maybe_shared(piece).unwrap_or_else(|_| (*value).clone());
        own.set_sensitive(value.is_sensitive());
        own
    });
    own.collect()
}

/// Values that almost every response has.
const USUAL: [&str; 37] = [
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/json",
    "text/html",
    "text/css",
    "text/css; charset=utf-8",
    "text/javascript",
    "text/javascript; charset=utf-8",
    "text/xml",
    "text/xml; charset=utf-8",
    "application/javascript",
    "application/octet-stream",
    "application/xml",
    "application/atom+xml",
    "application/rss+xml",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/avif",
    "font/woff2",
    "accept",
    "accept-encoding",
    "accept-language",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "origin",
    "gzip",
    "br",
    "no-cache",
    "public, max-age=31536000, immutable",
    "nosniff",
    "DENY",
    "SAMEORIGIN",
    "bytes",
    "*",
];

#[cfg(test)]
mod tests;
