//! `bypass`.

use cached_handler::cached;

#[cached(ttl = 60, bypass)] //~ bypass => `bypass` has no value; type `bypass(user.is_some())`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass())] //~ bypass => `bypass` has no value; type `bypass(user.is_some())`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass = id)] //~ id => `bypass` takes its values in parentheses; type `bypass(id)`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass(idd == &5))] //~ idd == &5 => no argument is named `idd`; did you mean `id`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass(true))] //~ true => this mentions no argument, so it is the same for every request; the arguments are `id`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass(id >))] //~ id > => a condition of `bypass(…)` is an expression over arguments; type `bypass(user.is_some())`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass(id))] //~ id => `u64` is no condition: `bypass(…)` takes a `bool`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, bypass(id.map(|id| id.0)))] //~ id.map(|id| id.0) => an `Option`: type `bypass(user.is_some())`
async fn h7(id: Option<axum::extract::Path<u64>>) { let _ = id; }

struct User;

impl<S: Sync> axum::extract::OptionalFromRequestParts<S> for User {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Option<Self>, Self::Rejection> { Ok(None) }
}

// What the condition is about is still in the key, or skipped.
#[cached(ttl = 60, bypass(user.is_some()))]
async fn h8(user: Option<User>) { let _ = user; } //~ User => does not say what it adds to the key

macro_rules! is_preview {
    ($id:expr) => {
        $id == &5
    };
}

#[cached(ttl = 60, bypass(is_preview!(id)))] //~ is_preview => the attribute can look into `matches!`, `vec!` and `format!`, but into no other macro; name `id` outside of it, such as in a call of a function of yours, `f(&id)`
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
