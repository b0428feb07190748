//! The promise of the probe: two queries with the same key give the handler equal arguments.
//!
//! For each type, every query of up to three parameters out of a list is tried, through axum's `Query` and axum-extra's.
//! A query that an extractor rejects never reaches the handler, so only what was extracted is compared.

mod derived;
mod liars;

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::extract::Query;
use http::Request;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Reads, reads};
use crate::{
    attribute::argument::tests::{copy, get, written},
    key::writer::CacheKey,
};

/// The types read `a`, `b`, `c` and `t`; the other names are similar, or not.
const PARAMETERS: [&str; 16] =
    ["a=1", "a=2", "a=", "a", "b=1", "b=2", "c=1", "A=1", "B=2", "x=1", "t=A", "t=B", "%61=%31", "a=+", "b=%ff", "c[]=1"];

static QUERIES: LazyLock<Vec<Request<()>>> = LazyLock::new(|| {
    let mut queries = vec![String::new()];
    for length in 1..=3_u32 {
        for number in 0..PARAMETERS.len().pow(length) {
            let digits = (0..length).map(|place| PARAMETERS[number / PARAMETERS.len().pow(place) % PARAMETERS.len()]);
            queries.push(digits.collect::<Vec<_>>().join("&"));
        }
    }
    queries.extend(["&", "=", "a=1&", "&&a=1", "a==1", "=1&a=1"].map(str::to_owned));
    queries.iter().map(|query| copy(&get(&format!("/a?{query}")))).collect()
});

/// Queries with one key and different values.
fn wrong<T: DeserializeOwned + Debug + 'static>() -> Vec<String> {
    let mut comparison = Comparison::default();
    comparison.through(|request| Query::try_from_uri(request.uri()).ok().map(|Query(value)| value), Query::<T>);
    #[cfg(feature = "axum-extra")]
    {
        use axum_extra::extract::Query;
        comparison.through(|request| Query::try_from_uri(request.uri()).ok().map(|Query(value)| value), Query::<T>);
    }
    assert!(comparison.accepted > 0, "no query was accepted, so nothing was tested");
    comparison.wrong
}

#[derive(Default)]
struct Comparison {
    accepted: usize,
    wrong: Vec<String>,
}

impl Comparison {
    fn through<T: Debug, Q: CacheKey>(&mut self, extract: impl Fn(&Request<()>) -> Option<T>, argument: impl Fn(T) -> Q) {
        let mut known = HashMap::new();
        for request in QUERIES.iter() {
            let Some(value) = extract(request) else { continue };
            self.accepted += 1;
            let shown = format!("{value:?}");
            let key = written(request, |key| argument(value).cache_key(key)).bytes;
            let (first, uri) = known.entry(key).or_insert_with(|| (shown.clone(), request.uri()));
            if *first != shown {
                self.wrong.push(format!("{uri}: {first}, {}: {shown}", request.uri()));
            }
        }
    }
}

/// Checks that the key of `T` holds what `T` reads, and no more.
#[track_caller]
fn check<T: DeserializeOwned + Debug + 'static>(expected: Reads) {
    assert_eq!(reads::<T>(), expected);
    assert_eq!(wrong::<T>(), Vec::<String>::new());
}

#[test]
fn a_type_is_probed_once() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    struct Counting;
    impl<'de> Deserialize<'de> for Counting {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            ASKED.fetch_add(1, Ordering::Relaxed);
            Ok(Self)
        }
    }
    for _ in 0..3 {
        assert_eq!(reads::<Counting>(), Reads::Everything);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}

#[test]
fn the_table_tells_types_apart_when_it_is_crowded() {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read by the probe")]
    struct Sized<const N: usize> {
        a: [u8; 1],
    }
    macro_rules! crowd {
        ($($n:literal)*) => { $(
            assert_eq!(reads::<Sized<$n>>(), Reads::Only(&["a"]));
            assert_eq!(reads::<[Option<()>; $n]>(), Reads::Everything);
        )* };
    }
    for _ in 0..2 {
        crowd!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
    }
}
