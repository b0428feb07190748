//! A ticket shop with baskets in sessions (tower-sessions) and messages that are shown once (axum-messages).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_messages::{Messages, MessagesManagerLayer};
use cached_handler::{CacheKey, cached, invalidates};
use serde::Deserialize;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// How many tickets are left for each show.
pub type Shows = Arc<Mutex<BTreeMap<u32, u32>>>;

/// Whose session it is. In the key, it is one visitor for all who are not logged in.
#[derive(CacheKey)]
#[cache_key(vary = "cookie", private)]
pub struct Visitor(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        let name = session.get("name").await.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "no session"))?;
        Ok(Self(name))
    }
}

pub fn bar(messages: Messages) -> String {
    let messages: Vec<_> = messages.into_iter().map(|message| format!("<p>{}</p>", message.message)).collect();
    messages.concat()
}

/// A message is for one visitor, and shown once.
#[cached(ttl = 60, bypass(!messages.is_empty()), skip(messages))]
async fn login_page(messages: Messages) -> Html<String> {
    Html(format!("{}<form method=post><input name=name></form>", bar(messages)))
}

#[cached(ttl = 60, group = "shows", bypass(!messages.is_empty() || visitor.0.is_some()), skip(messages))]
async fn shows(State(shows): State<Shows>, visitor: Visitor, messages: Messages) -> Html<String> {
    let list: Vec<_> = shows.lock().unwrap().iter().map(|(id, left)| format!("show {id}: {left} left")).collect();
    Html(format!("{}{}{}", visitor.0.unwrap_or_default(), bar(messages), list.join(", ")))
}

#[cached(ttl = 60, group = "show:{id}")]
async fn show(State(shows): State<Shows>, Path(id): Path<u32>) -> Result<Html<String>, StatusCode> {
    let left = shows.lock().unwrap().get(&id).copied().ok_or(StatusCode::NOT_FOUND)?;
    Ok(Html(format!("show {id}: {left} left")))
}

/// One page for each visitor.
#[cached(ttl = 60)]
async fn account(visitor: Visitor) -> Html<String> {
    Html(visitor.0.map_or_else(|| "who are you?".to_owned(), |name| format!("the account of {name}")))
}

/// A basket changes with every click, without any group: not cached.
async fn basket(session: Session) -> Result<Html<String>, StatusCode> {
    let basket: Vec<u32> = session.get("basket").await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.unwrap_or_default();
    Ok(Html(format!("{basket:?}")))
}

#[derive(Deserialize)]
struct Login {
    name: String,
}

async fn log_in(session: Session, messages: Messages, Form(login): Form<Login>) -> Result<Response, StatusCode> {
    if login.name.is_empty() {
        messages.error("a name is needed");
        return Ok(Redirect::to("/login").into_response());
    }
    session.cycle_id().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    session.insert("name", login.name).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/").into_response())
}

async fn log_out(session: Session) -> Result<Redirect, StatusCode> {
    session.flush().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/"))
}

#[invalidates(group = ["shows", "show:{id}"])]
async fn buy(State(shows): State<Shows>, session: Session, messages: Messages, Path(id): Path<u32>) -> Result<Redirect, StatusCode> {
    *shows.lock().unwrap().get_mut(&id).ok_or(StatusCode::NOT_FOUND)? -= 1;
    let mut basket: Vec<u32> = session.get("basket").await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.unwrap_or_default();
    basket.push(id);
    session.insert("basket", basket).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    messages.success(format!("a ticket for show {id}"));
    Ok(Redirect::to("/"))
}

pub fn app() -> Router {
    app_with(Router::new().route("/login", get(login_page).post(log_in)))
}

/// The login page of this shop takes its form here.
pub fn login_route() -> axum::routing::MethodRouter<Shows> {
    post(log_in)
}

/// The same with another login page.
pub fn app_with(login: Router<Shows>) -> Router {
    login
        .route("/", get(shows))
        .route("/shows/{id}", get(show).post(buy))
        .route("/account", get(account))
        .route("/basket", get(basket))
        .route("/logout", post(log_out))
        .layer(MessagesManagerLayer)
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_secure(false))
        .with_state(Arc::new(Mutex::new(BTreeMap::from([(1, 10), (2, 20)]))))
}
