//! Handlers of the applications with the bare attribute, which the compiler refuses.

use async_graphql_axum::GraphQLRequest;
use axum::{Extension, extract::State};
use axum_extra::{
    TypedHeader,
    extract::{CookieJar, SignedCookieJar},
    headers::Cookie,
};
use axum_messages::Messages;
use cached_handler::cached;
use tower_sessions::Session;

#[cached(ttl = 60)]
async fn axum_login(auth: axum_login::AuthSession<club::Db>) -> String {
    auth.user.map(|user| user.name).unwrap_or_default()
}

#[cached(ttl = 60)]
async fn messages(messages: Messages) -> String {
    tickets::bar(messages)
}

#[cached(ttl = 60)]
async fn session(session: Session) -> String {
    session.get("name").await.unwrap().unwrap_or_default()
}

#[cached(ttl = 60)]
async fn graphql(State(schema): State<starwars::StarWars>, request: GraphQLRequest) -> String {
    schema.execute(request.0).await.data.to_string()
}

#[cached(ttl = 60)]
async fn cookie(State(db): State<forum::Db>, cookie: Option<TypedHeader<Cookie>>) -> String {
    forum::login(&db, cookie.as_ref()).unwrap_or_default()
}

#[cached(ttl = 60)]
async fn jar(jar: CookieJar) -> String {
    jar.get("id").unwrap().to_string()
}

#[cached(ttl = 60)]
async fn signed(jar: SignedCookieJar) -> String {
    pastebin::owns(&jar, 1).to_string()
}

#[cached(ttl = 60)]
async fn extension(Extension(id): Extension<intranet::RequestId>) -> String {
    id.0.to_string()
}

fn main() {}

#[cached(ttl = 60)]
async fn password(State(state): State<pastebin::AppState>, password: Secret) -> String {
    pastebin::read(&state, 1, &password.0).map(|(text, _)| text).unwrap_or_default()
}

#[cached(ttl = 60)]
async fn user(Extension(user): Extension<std::sync::Arc<Somebody>>) -> String {
    user.0.name.clone()
}

#[cached(ttl = 60)]
async fn member(member: Option<Member>) -> String {
    member.map(|member| member.0).unwrap_or_default()
}

struct Member(String);

struct Secret(pastebin::Password);

struct Somebody(intranet::User);

impl axum::extract::FromRequestParts<pastebin::AppState> for Secret {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &pastebin::AppState) -> Result<Self, Self::Rejection> {
        pastebin::Password::from_request_parts(parts, state).await.map(Self)
    }
}
