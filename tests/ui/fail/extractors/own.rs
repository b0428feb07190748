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

type Current = Extension<User>;

struct CookieSession<T>(T);

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
async fn extension(Extension(user): Extension<User>) -> String { //~ User => `User` in an `Extension` does not say what it adds to the key
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn in_a_tuple((Path(_), user): (Path<u64>, User)) -> String { //~ User => if it is another crate's: name what the response depends on, `#[cached(…, key(user.part))]`
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn fallible(user: Result<User, ()>) -> String { //~ User => if `User` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person
    user.is_ok().to_string()
}

#[cached(ttl = 60)]
async fn optional(me: Option<User>) -> String { //~ User => if it says who is logged in: `#[cached(…, bypass(me.is_some()), skip(me))]` caches the page for everybody else
    me.is_some().to_string()
}

#[cached(ttl = 60)]
async fn optional_extension(me: Option<Extension<std::sync::Arc<User>>>) -> String { //~ User => if it says who is logged in: `#[cached(…, bypass(me.is_some()), skip(me))]` caches the page for everybody else
    me.is_some().to_string()
}

// Its name says that it is an alias.
#[cached(ttl = 60)]
async fn alias_of_an_extension(Extension(user): Current) -> String { //~ Current => `User` in an `Extension` does not say what it adds to the key
    user.id.to_string()
}

#[cached(ttl = 60)]
async fn around(mine: Option<CookieSession<User>>) -> String { //~ CookieSession<User> => if it says who is logged in: `#[cached(…, bypass(mine.is_some()), skip(mine))]` caches the page for everybody else
    mine.is_some().to_string()
}

#[cached(ttl = 60)]
async fn with_parameters(mine: CookieSession<User>) -> String { //~ CookieSession<User> => put `#[derive(cached_handler::CacheKey)]` on it and on the types in its `<…>`, and
    mine.0.id.to_string()
}

#[cached(ttl = 60)]
async fn late(_: Path<u64>, (page, me): (Query<u64>, Option<User>)) -> String { //~ User => `#[cached(…, bypass(me.is_some()), skip(me))]`
    format!("{}{}", page.0, me.is_some())
}

#[cached(ttl = 60, vary = from_response)]
async fn forwarded(user: User, me: Option<User>) -> String { //~ User => cannot be an argument of a cached handler: it does not say what it adds to the key //~ User => `#[cached(…, bypass(me.is_some()), skip(me))]`
    format!("{}{}", user.id, me.is_some())
}

#[cached(ttl = 60)]
async fn three(me: User, Extension(other): Extension<User>, session: Session) -> String { //~ User => cannot be an argument of a cached handler: it does not say what it adds to the key //~ User => `User` in an `Extension` does not say what it adds to the key //~ Session => cannot be an argument of a cached handler: it does not say what it adds to the key
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
async fn on_miss(user: OnMiss<User>) -> String { //~ OnMiss<User> => cannot add to the key: its extractor runs after the key is made
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
