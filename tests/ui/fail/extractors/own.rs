//! Types of the author, without `CacheKey`.

use axum::{Extension, Router, extract::{FromRequestParts, Path, Query}, http::request::Parts, routing::get};
use cached_handler::{OnMiss, cached};

#[derive(Clone)]
struct User {
    id: u64,
}

struct Session;

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = ();

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ()> {
        Ok(Self { id: 1 })
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = ();

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ()> {
        Ok(Self)
    }
}

type Me = User;

#[cached(ttl = 60)]
async fn user(user: User) -> String { //~ User => cannot be an argument of a cached handler: it does not say what it adds to the key
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn session(Path(id): Path<u64>, session: Session) -> String { //~ Session => cannot be an argument of a cached handler: it does not say what it adds to the key
    let _ = session;
    id.to_string()
}

#[cached(ttl = 60)]
async fn alias(Me { id }: Me) -> String { //~ Me => cannot be an argument of a cached handler: it does not say what it adds to the key
    id.to_string()
}

#[cached(ttl = 60)]
async fn extension(Extension(user): Extension<User>) -> String { //~ Extension<User> => `User` in an `Extension` does not say what it adds to the key
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn in_a_tuple((Path(_), user): (Path<u64>, User)) -> String { //~ (Path<u64>, User) => in an argument of a cached handler does not say what it adds to the key
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn fallible(user: Result<User, ()>) -> String { //~ Result<User, ()> => in an argument of a cached handler does not say what it adds to the key
    user.is_ok().to_string()
}

#[cached(ttl = 60)]
async fn three(me: User, Extension(other): Extension<User>, session: Session) -> String { //~ User => cannot be an argument of a cached handler: it does not say what it adds to the key //~ Extension<User> => `User` in an `Extension` does not say what it adds to the key //~ Session => cannot be an argument of a cached handler: it does not say what it adds to the key
    let _ = session;
    (me.id + other.id).to_string()
}

#[cached(ttl = 60)]
async fn query(Query(user): Query<User>) -> String { //~ Query<User> => is not satisfied
    user.id.to_string()
}

#[cached(ttl = 60, key(user))] //~ user => use a number, text, bytes or an option, tuple or slice of them, e.g. `key(value.to_string())`
async fn not_a_part(user: User) -> String {
    user.id.to_string()
}

#[cached(ttl = 60, group = "user:{user}")] //~ "user:{user}" => `Shown` cannot stand in a template: it has no `Display`
async fn not_shown(Extension(user): Extension<Shown>) -> String {
    user.0.to_string()
}

#[derive(Clone, cached_handler::CacheKey)]
struct Shown(u64);

#[cached(ttl = 60)]
async fn on_miss(user: OnMiss<User>) -> String { //~ OnMiss<User> => will show is not known before its extractor runs
    user.extract().await.map_or_else(|_| String::new(), |user| user.id.to_string())
}

fn router() -> Router {
    Router::new()
        .route("/", get(user).put(session).post(alias).patch(extension))
        .route("/1", get(fallible).put(three).post(in_a_tuple).delete(on_miss))
        .route("/2", get(not_a_part).put(not_shown))
}

fn main() {
    router();
}
