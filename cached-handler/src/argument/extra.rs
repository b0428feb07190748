//! Arguments of axum-extra.

mod cookie;
mod either;
mod header;

use axum_extra::extract::{Cached, Form, JsonDeserializer, OptionalQuery, Query, WithRejection};
#[expect(deprecated, reason = "axum-extra still has them")]
use axum_extra::extract::{Host, OptionalPath, Scheme};
use serde::de::DeserializeOwned;

use super::{
    Keyed,
    content::{ContentInKey, content},
    on_miss::{KeyedUnseen, raw_query},
    query,
};
use crate::{
    cache_key::{KeyWriter, Tag},
    serve::Run,
};

impl<M, T: DeserializeOwned + 'static> Keyed<M> for Query<T> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        query::write::<T>(key);
    }
}

impl<M, T: DeserializeOwned + 'static> Keyed<M> for OptionalQuery<T> {
    /// It tells `/a` from `/a?`.
    fn write(&self, key: &mut KeyWriter<'_>) {
        if self.0.is_some() {
            query::write::<T>(key);
        } else {
            key.tag(Tag::None);
        }
    }
}

impl<M, T: DeserializeOwned + 'static> Keyed<M> for Form<T> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        if query::is_form(key) {
            query::write::<T>(key);
        }
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<M, T> Keyed<M> for OptionalPath<T> {
    /// Nothing: the path holds it, and whether it is there.
    fn write(&self, _: &mut KeyWriter<'_>) {}
}

impl<M, E: Keyed<M>> Keyed<M> for Cached<E> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.0.write(key);
    }

    fn amend(&mut self, run: &Run) {
        self.0.amend(run);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

impl<M, E: Keyed<M>, R> Keyed<M> for WithRejection<E, R> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.0.write(key);
    }

    fn amend(&mut self, run: &Run) {
        self.0.amend(run);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

/// Taken from `Host` or the target, which caches key by themselves, unless a proxy's field says otherwise.
#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<M> Keyed<M> for Host {
    fn write(&self, key: &mut KeyWriter<'_>) {
        <Self as Keyed<M>>::absent(key);
        key.part(&self.0);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary("forwarded").vary("x-forwarded-host");
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<M> Keyed<M> for Scheme {
    fn write(&self, key: &mut KeyWriter<'_>) {
        <Self as Keyed<M>>::absent(key);
        key.part(&self.0);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary("forwarded").vary("x-forwarded-proto");
    }
}

content! {
    JsonDeserializer<T>, T;
}

impl<M, T> KeyedUnseen<M> for Query<T> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        raw_query(key);
    }
}

impl<M, T> KeyedUnseen<M> for OptionalQuery<T> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        raw_query(key);
    }
}

#[expect(deprecated, reason = "axum-extra still has it")]
#[diagnostic::do_not_recommend]
impl<M, T> KeyedUnseen<M> for OptionalPath<T> {
    fn write_unseen(_: &mut KeyWriter<'_>) {}
}

impl<M, E: KeyedUnseen<M>> KeyedUnseen<M> for Cached<E> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        E::write_unseen(key);
    }
}

impl<M, E: KeyedUnseen<M>, R> KeyedUnseen<M> for WithRejection<E, R> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        E::write_unseen(key);
    }
}
