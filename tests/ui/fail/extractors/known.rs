//! Types of which the name says what they are likely to be, from crates that nothing here depends on.

use axum::{Extension, extract::Query};
use cached_handler::cached;

struct CsrfToken;
struct AuthBasic(#[allow(dead_code)] (String, Option<String>));
struct Valid<T>(#[allow(dead_code)] T);
struct DatabaseConnection;
struct GraphQLRequest;
struct RequestId;
struct Messages;

mod auth {
    pub struct Session;
}

#[derive(Clone)]
struct Pool;

#[cached(ttl = 60)]
async fn token(token: CsrfToken) { let _ = token; } //~ CsrfToken => a page with the token in it cannot be shared: remove `#[cached]`

#[cached(ttl = 60)]
async fn credentials(basic: AuthBasic) { let _ = basic; } //~ AuthBasic => never `key(password.is_some())`, or another part: a wrong password would be sent what a right one has stored

#[cached(ttl = 60)]
async fn validated(query: Valid<Query<u8>>) { let _ = query; } //~ Valid<Query<u8>> => with `Valid(Query(page)): Valid<Query<Page>>` type `#[cached(…, key(page))]`

#[cached(ttl = 60)]
async fn connection(db: DatabaseConnection) { let _ = db; } //~ DatabaseConnection => `db: OnMiss<DatabaseConnection>` with `#[cached(…, skip_credentials(db))]`, and `db.extract().await?` in the body

#[cached(ttl = 60)]
async fn graphql(request: GraphQLRequest) { let _ = request; } //~ GraphQLRequest => never `key(request.0.query)`: requests with other variables would be sent the same response

#[cached(ttl = 60)]
async fn id(id: RequestId) { let _ = id; } //~ RequestId => if it is for logs alone: `#[cached(…, skip_credentials(id))]`

#[cached(ttl = 60)]
async fn messages(messages: Messages) { let _ = messages; } //~ Messages => never `key(messages.is_empty())`: the page with one client's message would be stored, and sent to others

// A path of the author's own crate says that it is no other's.
#[cached(ttl = 60)]
async fn own_session(session: crate::auth::Session) { let _ = session; } //~ crate::auth::Session => if `Session` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person

#[cached(ttl = 60)]
async fn text(Extension(value): Extension<String>) { let _ = value; } //~ String => a middleware has set it: with `Extension(value): Extension<String>` type `#[cached(…, key(value))]`

#[cached(ttl = 60)]
async fn number(Extension(value): Extension<u64>) { let _ = value; } //~ u64 => `#[cached(…, skip_credentials(value))]` for what shows nothing of a person, such as a pool or the id of a request

#[cached(ttl = 60)]
async fn text_of_another(value: Option<Extension<std::sync::Arc<String>>>) { let _ = value; } //~ String => a middleware has set it: type `#[cached(…, key(value.as_ref().map(|value| &value.0)))]`

#[cached(ttl = 60)]
async fn pool(Extension(pool): Extension<Pool>) { let _ = pool; } //~ Pool => `#[cached(…, skip_credentials(pool))]` for what shows nothing of a person, such as a pool or the id of a request; else `skip(pool)`, with which requests that have a `Cookie` or `Authorization` bypass the cache

#[cached(ttl = 60)]
async fn part_says_what_is_left_out(pool: Pool) { let _ = pool; } //~ Pool => everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session

fn main() {}
