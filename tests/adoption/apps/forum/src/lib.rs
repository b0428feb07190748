//! A forum that reads the login in the bodies of its handlers, from a cookie.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header::SET_COOKIE},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::{TypedHeader, headers::Cookie};
use cached_handler::{CacheKey, cached, invalidates};
use serde::Deserialize;

#[derive(Default)]
pub struct Forum {
    /// The name behind each session.
    sessions: BTreeMap<String, String>,
    posts: Vec<Post>,
}

struct Post {
    section: String,
    author: String,
    text: String,
}

pub type Db = Arc<Mutex<Forum>>;

/// A page for people, also where it tells of a mistake: the status of all of them is 200, as in many forums.
pub struct AppError(&'static str);

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        Html(format!("<h1>{}</h1>", self.0)).into_response()
    }
}

#[derive(Deserialize, CacheKey)]
struct Paging {
    page: Option<usize>,
}

/// Who has this cookie.
pub fn login(db: &Db, cookie: Option<&TypedHeader<Cookie>>) -> Option<String> {
    name_of(db, cookie?.get("id")?)
}

pub fn name_of(db: &Db, session: &str) -> Option<String> {
    db.lock().unwrap().sessions.get(session).cloned()
}

pub fn render(name: Option<&str>, text: &str) -> Html<String> {
    let bar = name.map_or_else(|| "<a href=/signin>sign in</a>".to_owned(), |name| format!("{name}, <a href=/signout>sign out</a>"));
    Html(format!("{bar}<main>{text}</main>"))
}

#[cached(ttl = 60, group = "posts", bypass(has_session(cookie.as_ref())), skip(cookie))]
async fn front(State(db): State<Db>, cookie: Option<TypedHeader<Cookie>>, Query(paging): Query<Paging>) -> Html<String> {
    let name = login(&db, cookie.as_ref());
    let db = db.lock().unwrap();
    let posts: Vec<_> = db.posts.iter().rev().skip(paging.page.unwrap_or(0) * 10).take(10).map(|post| post.text.as_str()).collect();
    render(name.as_deref(), &posts.join(" "))
}

#[cached(ttl = 60, only_ok, group = "section:{section}", bypass(has_session(cookie.as_ref())), skip(cookie))]
async fn section(State(db): State<Db>, cookie: Option<TypedHeader<Cookie>>, Path(section): Path<String>) -> Result<Html<String>, AppError> {
    let name = login(&db, cookie.as_ref());
    let db = db.lock().unwrap();
    let posts: Vec<_> = db.posts.iter().filter(|post| post.section == section).map(|post| post.text.as_str()).collect();
    if posts.is_empty() { Err(AppError("there is no such section")) } else { Ok(render(name.as_deref(), &posts.join(" "))) }
}

#[cached(ttl = 60, group = "author:{author}", bypass(has_session(cookie.as_ref())), skip(cookie))]
async fn profile(State(db): State<Db>, cookie: Option<TypedHeader<Cookie>>, Path(author): Path<String>) -> Html<String> {
    let name = login(&db, cookie.as_ref());
    let count = db.lock().unwrap().posts.iter().filter(|post| post.author == author).count();
    render(name.as_deref(), &format!("{author}: {count} posts"))
}

#[cached(ttl = "1h")]
async fn sign_in_page() -> Html<&'static str> {
    Html("<form method=post>name <input name=name></form>")
}

/// Only for those who are signed in, and different for each: not cached.
async fn account(State(db): State<Db>, cookie: Option<TypedHeader<Cookie>>) -> Response {
    match login(&db, cookie.as_ref()) {
        Some(name) => render(Some(&name), "your account").into_response(),
        None => Redirect::to("/signin").into_response(),
    }
}

#[derive(Deserialize)]
struct SignIn {
    name: String,
}

async fn sign_in(State(db): State<Db>, Form(SignIn { name }): Form<SignIn>) -> Response {
    let mut db = db.lock().unwrap();
    let session = format!("s{}", db.sessions.len());
    db.sessions.insert(session.clone(), name);
    ([(SET_COOKIE, format!("id={session}; Path=/; HttpOnly"))], Redirect::to("/")).into_response()
}

async fn sign_out(State(db): State<Db>, cookie: Option<TypedHeader<Cookie>>) -> Response {
    if let Some(session) = cookie.as_ref().and_then(|cookie| cookie.get("id")) {
        db.lock().unwrap().sessions.insert(session.to_owned(), String::new());
        db.lock().unwrap().sessions.retain(|known, _| known != session);
    }
    Redirect::to("/").into_response()
}

#[derive(Deserialize)]
struct NewPost {
    text: String,
}

#[invalidates(group = ["posts", "section:{section}"])]
async fn publish(
    State(db): State<Db>,
    cookie: Option<TypedHeader<Cookie>>,
    Path(section): Path<String>,
    Form(new): Form<NewPost>,
) -> StatusCode {
    let Some(author) = login(&db, cookie.as_ref()) else { return StatusCode::UNAUTHORIZED };
    db.lock().unwrap().posts.push(Post { section, author, text: new.text });
    StatusCode::CREATED
}

/// Somebody who shows a session, be it valid or not.
fn has_session(cookie: Option<&TypedHeader<Cookie>>) -> bool {
    cookie.is_some_and(|cookie| cookie.get("id").is_some())
}

pub fn app() -> Router {
    app_with(Router::new().route("/", get(front)))
}

/// The same with another front page.
pub fn app_with(front: Router<Db>) -> Router {
    front
        .route("/section/{section}", get(section).post(publish))
        .route("/author/{author}", get(profile))
        .route("/signin", get(sign_in_page).post(sign_in))
        .route("/signout", post(sign_out))
        .route("/account", get(account))
        .with_state(Db::default())
}
