//! The target, the method and the version of a request, as arguments.

use axum::extract::OriginalUri;
use http::{Method, Uri, Version};

use crate::key::writer::{CacheKey, KeyWriter, Tag};

/// Writes every component of a URI, or its absence.
pub(super) fn write(uri: &Uri, key: &mut KeyWriter<'_>) {
    key.part(&(uri.scheme_str(), uri.authority().map(http::uri::Authority::as_str), uri.path(), uri.query()));
}

/// Writes the method, so that HEAD and GET are two keys, and notes its offset for
/// [`PrimaryKey::of_get`](crate::key::primary::PrimaryKey::of_get).
pub(super) fn method(method: &Method, key: &mut KeyWriter<'_>) {
    key.tag(Tag::Method);
    if matches!(*method, Method::HEAD | Method::POST) {
        let at = key.bytes.len();
        key.traits.method_at.push(at);
    }
    key.raw(method.as_str().as_bytes());
}

pub(super) fn version(version: Version, key: &mut KeyWriter<'_>) {
    match version {
        Version::HTTP_11 => key.part(&11_u8),
        Version::HTTP_2 => key.part(&20_u8),
        Version::HTTP_3 => key.part(&30_u8),
        Version::HTTP_10 => key.part(&10_u8),
        Version::HTTP_09 => key.part(&9_u8),
        unheard_of => key.part(&format!("{unheard_of:?}")),
    };
}

#[diagnostic::do_not_recommend]
impl CacheKey for Uri {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        write(self, key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for OriginalUri {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        write(&self.0, key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for Method {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        method(self, key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for Version {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        version(*self, key);
    }
}
