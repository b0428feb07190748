//! Values of other types, names and versions do not meet.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use super::{Article, BACKENDS, Fixture};
use cached_handler::{Target, Values, secs};

#[tokio::test]
async fn sets_of_one_name_and_different_types_do_not_meet() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        fixture.load(1, secs(60)).await;
        let numbers: Values<u64> = fixture.cache.cache().values("articles").backend(backend).jitter(0);
        let maps: Values<HashMap<String, serde_json::Value>> = fixture.cache.cache().values("articles").backend(backend).jitter(0);
        assert_eq!(numbers.get(&1_u64).await, None);
        assert_eq!(maps.get(&1_u64).await, None, "though its JSON would do");
        numbers.insert(&1_u64, 7, secs(60)).await.unwrap();
        assert_eq!(*numbers.get(&1_u64).await.unwrap(), 7);
        fixture.cache.cache().invalidate(Target::named("articles")).await.unwrap();
        assert_eq!(numbers.get(&1_u64).await, None);
    }
}

#[tokio::test]
async fn names_and_keys_of_other_types_do_not_meet() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        fixture.load(1, secs(60)).await;
        let articles = &fixture.articles;
        assert_eq!(articles.get(&1_u32).await, None);
        assert_eq!(articles.get(&1_i64).await, None);
        assert_eq!(articles.get("1").await, None);
        assert_eq!(articles.get(&Some(1_u64)).await, None);
        assert_eq!(articles.get(&(1_u64, 1_u64)).await, None);
        let others: Values<Article> = fixture.cache.cache().values("article").backend(backend);
        assert_eq!(others.get(&1_u64).await, None);
    }
}

#[tokio::test]
async fn versions_do_not_meet_at_rest() {
    let fixture = Fixture::new("dict");
    fixture.load(1, secs(60)).await;
    let second: Values<Article> = fixture.cache.cache().values("articles").backend("dict").jitter(0).version(2);
    assert_eq!(second.get(&1_u64).await, None);
}

#[tokio::test]
async fn sets_of_two_names_and_of_two_versions_share_neither_values_nor_runs() {
    for backend in ["memory", "dict"] {
        let fixture = Fixture::new(backend);
        let set = |name| fixture.cache.cache().values::<String>(name).backend(backend);
        let sets = [set("one"), set("two"), set("one").version(2)];
        // All of them under way at once.
        let all = Arc::new(tokio::sync::Barrier::new(sets.len()));
        let load = |at: usize| {
            let all = Arc::clone(&all);
            sets[at].get_or_insert_with(&7, secs(60), async move || {
                all.wait().await;
                Ok::<_, Infallible>(at.to_string())
            })
        };
        let (first, second, third) = tokio::join!(load(0), load(1), load(2));
        let loaded = [first, second, third].map(|Ok(value)| value.to_string());
        assert_eq!(loaded, ["0", "1", "2"], "{backend}");
        for (at, set) in sets.iter().enumerate() {
            assert_eq!(set.get(&7).await.as_deref().cloned(), Some(at.to_string()), "{backend}");
        }
    }
}
