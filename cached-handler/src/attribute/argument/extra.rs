//! Arguments of axum-extra.

mod cookie;
mod either;
mod header;

use axum_extra::extract::{Cached, Form, JsonDeserializer, OptionalQuery, Query, WithRejection};
#[expect(deprecated, reason = "axum-extra still has them")]
use axum_extra::extract::{Host, OptionalPath, Scheme};
use serde::de::DeserializeOwned;

use super::{
    HandlerThatIsCached,
    content::{KeysContentOf, content},
    not_of_this_request,
    on_miss::{KeyedUnseen, raw_query},
    query,
};
use crate::key::writer::{CacheKey, KeyWriter, Tag};

impl<T: DeserializeOwned + 'static> CacheKey for Query<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        query::write::<T>(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

impl<T: DeserializeOwned + 'static> CacheKey for OptionalQuery<T> {
    /// Tells `/a` and `/a?` apart.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if self.0.is_some() {
            query::write::<T>(key);
        } else {
            key.tag(Tag::None);
        }
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

impl<T: DeserializeOwned + 'static> CacheKey for Form<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if query::is_form(key) {
            query::write::<T>(key);
        }
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<T> CacheKey for OptionalPath<T> {
    /// Written as `Path` is; the path in the key tells whether the parameters are present.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.path_parameters();
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

impl<E: CacheKey> CacheKey for Cached<E> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        self.0.cache_key(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        self.0.carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

impl<E: CacheKey, R> CacheKey for WithRejection<E, R> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        self.0.cache_key(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        self.0.carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

/// Taken from a proxy's field if there is one, or else from `Host` or the target, which are in every key.
#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl CacheKey for Host {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        Self::absent(key);
        key.part(&self.0);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary("forwarded").vary("x-forwarded-host");
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl CacheKey for Scheme {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        Self::absent(key);
        key.part(&self.0);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary("forwarded").vary("x-forwarded-proto");
    }
}

content! {
    JsonDeserializer<T>, T;
}

impl<T> KeyedUnseen for Query<T> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        raw_query(key);
    }
}

impl<T> KeyedUnseen for OptionalQuery<T> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        raw_query(key);
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<T> KeyedUnseen for OptionalPath<T> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        key.path_parameters();
    }
}

impl<E: KeyedUnseen> KeyedUnseen for Cached<E> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        E::write_unseen(key);
    }
}

impl<E: KeyedUnseen, R> KeyedUnseen for WithRejection<E, R> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        E::write_unseen(key);
    }
}
