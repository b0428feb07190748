//! Requests at the same time for the same page.

use std::{collections::BTreeSet, sync::Arc};

use cached_handler::{Cache, Error, ValueOptions, secs, testing::TestCache};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::origin::{ALL, Asked, Site, answer, behind, numbered, request};

const FRESH: [(&str, &str); 1] = [("cache-control", "max-age=60")];

/// The server answers as soon as it may.
fn gated(site: &Site, make: impl Fn(&Asked) -> axum::response::Response + Send + Sync + 'static) -> Arc<Semaphore> {
    let (gate, make) = (Arc::new(Semaphore::new(0)), Arc::new(make));
    let gate_of_runs = Arc::clone(&gate);
    site.does(move |asked| {
        let (gate, make) = (Arc::clone(&gate_of_runs), Arc::clone(&make));
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            make(&asked)
        })
    });
    gate
}

/// A client in a task of its own: the text of its answer, and its cookie.
fn client(site: &Site, target: &str) -> JoinHandle<(String, String)> {
    let (router, request) = (site.router.clone(), request("GET", target, &[], ""));
    tokio::spawn(async move {
        let Ok(response) = tower::ServiceExt::oneshot(router, request).await;
        let cookie = response.headers().get("set-cookie").map_or(String::new(), |value| value.to_str().unwrap().to_owned());
        (cached_handler_tests::harness::text(response).await, cookie)
    })
}

/// Until the server has been asked so often.
async fn asked(site: &Site, runs: usize) {
    let so_often = async {
        while site.runs() < runs {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(secs(4), so_often).await.expect("a run of its own, before it has waited for another");
}

/// Lets those who come wait for the run that is under way.
async fn moments() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// unjs/ocache#61: all who had waited were given the cookie that the first was given.
#[tokio::test]
async fn who_waits_is_never_given_the_cookie_of_another() {
    behind(&ALL, async |site| {
        let gate = gated(site, |asked| {
            let cookie = format!("sid={}", asked.run);
            numbered(asked, &[("cache-control", "max-age=60"), ("set-cookie", cookie.as_str())])
        });
        let clients: Vec<_> = (0..20).map(|_| client(site, "/")).collect();
        asked(site, 1).await;
        moments().await;
        gate.add_permits(20);
        let mut cookies = BTreeSet::new();
        for client in clients {
            let (run, cookie) = client.await.unwrap();
            assert_eq!(cookie, format!("sid={run}"), "{}", site.name());
            cookies.insert(cookie);
        }
        assert_eq!(cookies.len(), 20, "{}", site.name());
    })
    .await;
}

/// caddyserver/cache-handler#82: what of one address was private for one client, and public for the next, was shared.
#[tokio::test]
async fn who_waits_for_a_private_answer_gets_one_of_its_own_or_a_public_one() {
    behind(&ALL, async |site| {
        let gate = gated(site, |asked| {
            let is_private = asked.run % 2 == 1;
            let cache_control = if is_private { "private, no-store" } else { "max-age=60" };
            answer(200, &[("cache-control", cache_control)], if is_private { format!("private {}", asked.run) } else { "public".into() })
        });
        let clients: Vec<_> = (0..20).map(|_| client(site, "/")).collect();
        asked(site, 1).await;
        moments().await;
        gate.add_permits(20);
        let mut private = BTreeSet::new();
        for client in clients {
            let (text, _) = client.await.unwrap();
            assert!(text == "public" || private.insert(text.clone()), "{}: {text} went to two", site.name());
        }
        assert!(private.contains("private 1"), "{}", site.name());
    })
    .await;
}

/// arthurfiorette/axios-cache-interceptor#1171: as the first had left, the second failed.
#[tokio::test]
async fn who_waits_is_answered_where_the_first_has_left() {
    behind(&ALL, async |site| {
        let gate = gated(site, |asked| numbered(asked, &FRESH));
        let first = client(site, "/");
        asked(site, 1).await;
        let second = client(site, "/");
        moments().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        gate.add_permits(2);
        assert_eq!(second.await.unwrap().0, "1", "{}", site.name());
        assert_eq!(site.get("/").await.text(), "1", "{}", site.name());
    })
    .await;
}

/// darkweak/souin#52: those who asked for what cannot be stored stood in line, each time.
#[tokio::test]
async fn nobody_waits_for_what_is_known_not_to_be_storable() {
    behind(&ALL, async |site| {
        site.answers(|asked| numbered(asked, &[("cache-control", "no-store")]));
        site.get("/").await;
        let gate = gated(site, |asked| numbered(asked, &[("cache-control", "no-store")]));
        let clients: Vec<_> = (0..5).map(|_| client(site, "/")).collect();
        asked(site, 6).await;
        gate.add_permits(5);
        for client in clients {
            client.await.unwrap();
        }
    })
    .await;
}

/// dotnet/aspnetcore#67763: what has no key of its own had the same as all others without, while they ran.
#[tokio::test]
async fn what_has_no_usable_key_shares_no_run() {
    behind(&ALL, async |site| {
        let gate = gated(site, |asked| answer(200, &FRESH, format!("{} {}", asked.path.len(), &asked.path[asked.path.len() - 8..])));
        let long = "x".repeat(9 << 10);
        let targets: Vec<_> = ["%1E-a", "%1E-b", "%1F-a", "%00-a"]
            .iter()
            .flat_map(|end| [format!("/p?q={end}---"), format!("/p?q={long}{end}---")])
            .collect();
        let clients: Vec<_> = targets.iter().map(|target| client(site, target)).collect();
        asked(site, targets.len()).await;
        gate.add_permits(targets.len());
        for (client, target) in clients.into_iter().zip(targets) {
            assert!(client.await.unwrap().0.ends_with(&target[target.len() - 8..]), "{}", site.name());
        }
    })
    .await;
}

/// jaredwray/cacheable#888, moleculerjs/moleculer#489: each of those who came while a value was computed computed it.
#[tokio::test]
async fn a_value_is_computed_once_for_all_who_come_meanwhile() {
    for backend in ["memory", "dict"] {
        let cache =
            TestCache::with(|builder| builder.backend("dict", cached_handler_tests::harness::Dict::default()).default_backend(backend));
        let (gate, runs) = (Arc::new(Semaphore::new(0)), Arc::new(std::sync::Mutex::new(Vec::new())));
        let users: Vec<_> = [1, 2, 3]
            .repeat(3)
            .into_iter()
            .map(|id: u64| {
                let (cache, gate, runs): (Cache, _, _) = (cache.cache().clone(), Arc::clone(&gate), Arc::clone(&runs));
                tokio::spawn(async move {
                    let work = async move || {
                        runs.lock().unwrap().push(id);
                        gate.acquire().await.unwrap().forget();
                        Ok::<_, Error>(id * 10)
                    };
                    *cache.values::<u64>("users").get_or_insert_with(&id, ValueOptions::new(secs(60)), work).await.unwrap()
                })
            })
            .collect();
        moments().await;
        gate.add_permits(9);
        for (user, id) in users.into_iter().zip([1, 2, 3].repeat(3)) {
            assert_eq!(user.await.unwrap(), id * 10, "{backend}");
        }
        let mut runs = runs.lock().unwrap().clone();
        runs.sort_unstable();
        assert_eq!(runs, [1, 2, 3], "{backend}");
    }
}
