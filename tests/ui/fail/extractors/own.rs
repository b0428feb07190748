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
async fn user(user: User) -> String {
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn session(Path(id): Path<u64>, session: Session) -> String {
    let _ = session;
    id.to_string()
}

#[cached(ttl = 60)]
async fn alias(Me { id }: Me) -> String {
    id.to_string()
}

#[cached(ttl = 60)]
async fn extension(Extension(user): Extension<User>) -> String {
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn in_a_tuple((Path(_), user): (Path<u64>, User)) -> String {
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn fallible(user: Result<User, ()>) -> String {
    user.is_ok().to_string()
}

#[cached(ttl = 60)]
async fn three(me: User, Extension(other): Extension<User>, session: Session) -> String {
    let _ = session;
    (me.id + other.id).to_string()
}

#[cached(ttl = 60)]
async fn query(Query(user): Query<User>) -> String {
    user.id.to_string()
}

#[cached(ttl = 60, key(user))]
async fn not_a_part(user: User) -> String {
    user.id.to_string()
}

#[cached(ttl = 60, group = "user:{user}")]
async fn not_shown(Extension(user): Extension<Shown>) -> String {
    user.0.to_string()
}

#[derive(Clone, cached_handler::CacheKey)]
struct Shown(u64);

#[cached(ttl = 60)]
async fn on_miss(user: OnMiss<User>) -> String {
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
