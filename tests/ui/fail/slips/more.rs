//! Mistakes beside each other, of which each is told once, and none of what follows from them.

use axum::{Router, extract::{Path, Query}, routing::get};
use cached_handler::{CacheKey, cached, invalidates};

#[derive(serde::Deserialize, CacheKey)]
struct Page {
    number: u64,
}

#[cached(ttl: 60, group = GROUP, key(page.number.await), skip("id"), private)] //~ : => `:` is not how a value is given; type `ttl = 60` //~ GROUP => an attribute cannot read the constant `GROUP` //~ page.number.await => `key(…)` cannot await //~ "id" => `skip(…)` takes names of arguments; type `skip(id)` //~ private => in place of `private` type `cache_control = "private"`
async fn five(Path(id): Path<u64>, Query(page): Query<Page>) -> String {
    (id + page.number).to_string()
}

#[invalidates(group = "a", group = "b", path = "articles", handler = "five")] //~ group => type both in one, `group = ["a", "b"]` //~ "articles" => a path begins with `/` //~ "five" => type `handler = five`
async fn three() -> String {
    String::new()
}

#[cached(ttl = 60, vary = ["Accept", "set-cookie", "accept"])] //~ "Accept" => type `"accept"` //~ "set-cookie" => is a field of responses
async fn two_of_three_fields() -> String {
    String::new()
}

#[cached(ttl = 60, cache_control = "pubic, max-age=60, max-age=5")] //~ "pubic, max-age=60, max-age=5" => did you mean `public`? //~ "pubic, max-age=60, max-age=5" => `max-age` is given twice; remove one
async fn two_of_the_directives() -> String {
    String::new()
}

#[cached(ttl = 60, group = "a:{id")] //~ "a:{id" => a `{` without a `}`
async fn attribute_and_body() -> String {
    5 //~ 5 => mismatched types
}

#[cached(ttl = 60, skip(pool))] //~ pool => no argument is named `pool`; the handler has none
fn attribute_and_function() -> String { //~ fn => type `async fn attribute_and_function`
    String::new()
}

fn main() {
    let _: Router = Router::new().route("/", get(five).put(three).post(two_of_three_fields)).route("/2", get(attribute_and_function));
}
