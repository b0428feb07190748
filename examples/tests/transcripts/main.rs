//! Every example answers as the transcript in its first comment says.

mod transcript;

use std::{fs, path::Path};

use axum::Router;
use cached_handler::{CacheBuilder, backend::conformance, testing::TestCache};
use cached_handler_serving::transcript as lines_of;

/// The examples as modules: their `main` goes unused here.
macro_rules! examples {
    ($($(#[$attribute:meta])* $name:ident = $path:literal;)*) => { $(
        #[path = $path]
        #[allow(dead_code, unreachable_pub, reason = "programs, of which `app` alone is used here")]
        $(#[$attribute])*
        mod $name;
    )* };
}
examples! {
    cache_control = "../../cache_control.rs";
    dict = "../../dict.rs";
    etag = "../../etag.rs";
    events = "../../events.rs";
    failing = "../../failing.rs";
    groups = "../../groups.rs";
    language = "../../language.rs";
    layer = "../../layer.rs";
    memory = "../../memory.rs";
    pool = "../../pool.rs";
    time = "../../time.rs";
    user = "../../user.rs";
    values = "../../values.rs";
}

/// Plays the transcript of an example.
macro_rules! plays {
    ($name:ident, $app:expr, $set:expr) => {{
        let cache = TestCache::with(|builder| $set(builder.cache_status("demo")));
        let app: Router = $app.layer(cache.layer());
        if let Err(complaint) = transcript::play(include_str!(concat!("../../", stringify!($name), ".rs")), &app, &cache).await {
            panic!("{complaint}");
        }
    }};
    ($name:ident, $app:expr) => {
        plays!($name, $app, std::convert::identity)
    };
}

#[tokio::test]
async fn memory() {
    plays!(memory, memory::app());
}

#[tokio::test]
async fn dict() {
    plays!(dict, dict::app(), |builder: CacheBuilder| builder.backend("dict", dict::Dict::default()));
}

#[tokio::test]
async fn the_dictionary_keeps_the_laws_of_a_store() {
    conformance::store(&dict::Dict::default()).await;
}

#[tokio::test]
async fn cache_control() {
    plays!(cache_control, cache_control::app());
}

#[tokio::test]
async fn etag() {
    plays!(etag, etag::app());
}

#[tokio::test]
async fn time() {
    plays!(time, time::app());
}

#[tokio::test]
async fn events() {
    plays!(events, events::app());
}

#[tokio::test]
async fn groups() {
    plays!(groups, groups::app());
}

#[tokio::test]
async fn language() {
    plays!(language, language::app());
}

#[tokio::test]
async fn user() {
    plays!(user, user::app());
}

#[tokio::test]
async fn pool() {
    plays!(pool, pool::app());
}

#[tokio::test]
async fn layer() {
    plays!(layer, layer::app());
}

#[tokio::test]
async fn values() {
    plays!(values, values::app());
}

/// Its time limit follows the runtime's clock, which goes on by itself here.
#[tokio::test(start_paused = true)]
async fn failing() {
    plays!(failing, failing::app());
}

/// Each file beside `lib.rs` that has a transcript is played above, and stands in the tables that readers go by.
#[test]
fn no_example_is_forgotten() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(examples.join(path)).unwrap();
    let (played, listed) = (include_str!("main.rs"), read("README.md") + &read("../README.md"));
    for entry in fs::read_dir(examples).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(example) = name.strip_suffix(".rs") else { continue };
        if example == "lib" || lines_of(&read(&name)).next().is_none() {
            continue;
        }
        assert!(played.contains(&format!("plays!({example}, ")), "{name} is not played; add it to {}", file!());
        assert!(listed.matches(&format!("{name})")).count() >= 2, "{name} has no line in README.md and examples/README.md");
    }
}
