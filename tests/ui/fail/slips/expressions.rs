//! Expressions over arguments, and names in them.

use axum::{Extension, extract::Path};
use cached_handler::{CacheKey, cached, invalidates};

#[derive(Clone, CacheKey)]
struct User {
    id: u64,
}

impl User {
    async fn roles(&self) -> Vec<String> {
        vec![self.id.to_string()]
    }
}

#[cached(ttl = 60, key(user.roles().await))] //~ user.roles().await => `key(…)` cannot await; take an extractor of yours that reads it, with `#[derive(cached_handler::CacheKey)]`
async fn awaits(Extension(user): Extension<User>) -> String { user.roles().await.concat() }

#[cached(ttl = 60, skip(user), bypass(user.roles().await.is_empty()))] //~ user.roles().await.is_empty() => `bypass(…)` cannot await; take an extractor of yours that reads it, with `#[derive(cached_handler::CacheKey)]`
async fn bypass_awaits(Extension(user): Extension<User>) -> String { user.roles().await.concat() }

#[cached(ttl = 60, group = "role:{user.roles().await[0]}")] //~ "role:{user.roles().await[0]}" => `{user.roles().await[0]}` cannot await; take an extractor of yours that reads it, and name it in braces
async fn awaits_in_a_template(Extension(user): Extension<User>) -> String { user.roles().await.concat() }

#[cached(ttl = 60, key(id.parse::<u8>()?))] //~ id.parse::<u8>()? => `key(…)` cannot return with `?`; an `Option` may be part of a key, so type `key(id.parse::<u8>())`, or for a `Result` `key(id.parse::<u8>().ok())`
async fn question_mark(Path(id): Path<String>) -> String { id }

#[invalidates(path = "/articles/{id}")] //~ "/articles/{id}" => no argument is named `id`; the handler has none; take it, `Path(id): Path<…>`, or for braces in the text type `{{` and `}}`
async fn no_arguments() {}

#[cached(ttl = 60, group = "a:{id}")] //~ "a:{id}" => no argument is named `id`; the handler has none; take it, `Path(id): Path<…>`
async fn no_arguments_of_a_group() {}

#[cached(ttl = 60, skip(pool))] //~ pool => no argument is named `pool`; the handler has none; remove it here
async fn nothing_to_skip() {}

#[cached(ttl = 60, key(user.id))] //~ user.id => no argument is named `user`; the handler has none; take it, or remove this
async fn nothing_to_key() {}

#[cached(ttl = 60, skip(State(pool)))] //~ State(pool) => `skip(…)` takes names of arguments; type `skip(pool)`
async fn skipped_pattern(axum::extract::State(pool): axum::extract::State<u8>) { let _ = pool; }

#[cached(ttl = 60, skip(&pool))] //~ &pool => `skip(…)` takes names of arguments; type `skip(pool)`
async fn skipped_reference(axum::extract::State(pool): axum::extract::State<u8>) { let _ = pool; }

fn main() {}
