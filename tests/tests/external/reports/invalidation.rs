//! Invalidations, by what they name and while something runs.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Path, routing::get};
use cached_handler::{
    CacheLayer, Error, Target, ValueOptions, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, ask, text};
use tokio::sync::Semaphore;

use super::origin::{ALL, behind, numbered};

/// vectorize-io/hindsight#2315: who came after an invalidation joined the run that had begun before it, and what that made
/// was stored.
#[tokio::test]
async fn nobody_joins_a_run_that_began_before_an_invalidation_and_its_answer_is_not_kept() {
    behind(&ALL, async |site| {
        for target in [Target::path("/"), Target::all()] {
            let runs = site.runs();
            let gate = Arc::new(Semaphore::new(0));
            let of_runs = Arc::clone(&gate);
            site.does(move |asked| {
                let gate = Arc::clone(&of_runs);
                Box::pin(async move {
                    gate.acquire().await.unwrap().forget();
                    numbered(&asked, &[("cache-control", "max-age=60")])
                })
            });
            let ask = || {
                let router = site.router.clone();
                tokio::spawn(async move { text(ask(&router, "/").await).await })
            };
            let begun = async |count: usize| {
                let so_often = async {
                    while site.runs() < count {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::time::timeout(secs(4), so_often).await.expect("a run of its own");
            };
            let before = ask();
            begun(runs + 1).await;
            site.cache.cache().invalidate(target.clone()).await.unwrap();
            let after = ask();
            begun(runs + 2).await;
            gate.add_permits(2);
            assert_eq!(before.await.unwrap(), (runs + 1).to_string(), "{} {target:?}", site.name());
            assert_eq!(after.await.unwrap(), (runs + 2).to_string(), "{} {target:?}", site.name());
            assert_eq!(site.get("/").await.text(), (runs + 2).to_string(), "{} {target:?}", site.name());
            site.cache.cache().invalidate(Target::all()).await.unwrap();
        }
    })
    .await;
}

/// logto-io/logto#9428: a value that had been read before a change was written into the cache after it.
#[tokio::test]
async fn a_value_that_was_read_before_a_change_is_not_written_after_it() {
    for backend in ["memory", "dict"] {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend(backend));
        let (table, gate) = (Arc::new(Mutex::new("old")), Arc::new(Semaphore::new(0)));
        let read = {
            let (cache, table, gate) = (cache.cache().clone(), Arc::clone(&table), Arc::clone(&gate));
            move || {
                let (cache, table, gate) = (cache.clone(), Arc::clone(&table), Arc::clone(&gate));
                tokio::spawn(async move {
                    let work = async move || {
                        let row = *table.lock().unwrap();
                        gate.acquire().await.unwrap().forget();
                        Ok::<_, Error>(row.to_owned())
                    };
                    let options = ValueOptions::new(secs(60)).group("rows");
                    cache.values::<String>("rows").get_or_insert_with("row", options, work).await.unwrap().to_string()
                })
            }
        };
        for how in ["remove", "group"] {
            *table.lock().unwrap() = "old";
            let early = read();
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            *table.lock().unwrap() = "new";
            match how {
                "remove" => cache.cache().values::<String>("rows").remove("row").await.unwrap(),
                _ => cache.cache().invalidate(Target::group("rows")).await.unwrap(),
            }
            gate.add_permits(3);
            assert_eq!(early.await.unwrap(), "old", "{backend} {how}");
            assert_eq!(read().await.unwrap(), "new", "{backend} {how}");
            assert!(cache.cache().drain(secs(5)).await);
            assert_eq!(read().await.unwrap(), "new", "{backend} {how}");
            gate.forget_permits(10);
            cache.cache().invalidate(Target::all()).await.unwrap();
        }
    }
}

/// darkweak/souin#867: to purge `/items` took every tag that contains it out of the index, and what carried such a tag could
/// never be purged again.
#[tokio::test]
async fn a_group_is_its_whole_name_and_no_pattern() {
    #[cached(ttl = 60, group = "/items/{id}")]
    async fn item(Path(id): Path<String>) -> String {
        id
    }
    async fn plain(Path(id): Path<String>) -> String {
        id
    }
    for backend in ["memory", "dict"] {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend(backend));
        let of_path = |parts: &axum::http::request::Parts| vec![parts.uri.path().trim_start_matches("/layer").to_owned()];
        let layer = CacheLayer::new("items", secs(60)).groups(of_path).cache(cache.cache().clone());
        let inside = Router::new().route("/layer/items/{id}", get(plain)).layer(layer);
        let router = Router::new().route("/items/{id}", get(item)).merge(inside).layer(cache.layer());
        for path in ["/items/1", "/layer/items/1"] {
            for other in ["/items", "/items/", "/items/.", "/items/*", "/items/11", "items/1", "/ITEMS/1", ".*"] {
                assert_miss!(ask(&router, path).await);
                cache.cache().invalidate(Target::group(other)).await.unwrap();
                assert_hit!(ask(&router, path).await);
                cache.cache().invalidate(Target::group("/items/1")).await.unwrap();
            }
        }
    }
}
