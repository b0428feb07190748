//! A blog engine behind tokens: `Authorization: Token …`, signed with HMAC-SHA256, read by extractors.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Query, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    routing::{get, post},
};
use cached_handler::{CacheKey, Invalidation, cached, invalidates};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

#[derive(Default)]
pub struct Store {
    articles: BTreeMap<String, Article>,
    follows: BTreeSet<(String, String)>,
}

#[derive(Clone, Serialize)]
pub struct Article {
    slug: String,
    title: String,
    author: String,
    #[serde(skip)]
    liked_by: BTreeSet<String>,
}

pub type Db = Arc<Mutex<Store>>;

/// The user that a valid token names.
#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = "authorization", private)]
pub struct User {
    pub name: String,
}

/// The same for pages that all may read.
#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = "authorization", private)]
pub struct MaybeUser(pub Option<User>);

fn signature(payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    mac.update(payload.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let field = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(StatusCode::UNAUTHORIZED)?;
        let token = field.strip_prefix("Token ").ok_or(StatusCode::UNAUTHORIZED)?;
        let (name, signed) = token.split_once('.').ok_or(StatusCode::UNAUTHORIZED)?;
        if signed == signature(name) { Ok(Self { name: name.to_owned() }) } else { Err(StatusCode::UNAUTHORIZED) }
    }
}

impl<S: Sync> FromRequestParts<S> for MaybeUser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(User::from_request_parts(parts, state).await.ok()))
    }
}

#[derive(Deserialize)]
struct Filter {
    author: Option<String>,
    limit: Option<usize>,
}

/// What a list is made from.
#[derive(FromRequestParts, CacheKey)]
struct Listing {
    user: MaybeUser,
    #[from_request(via(Query))]
    filter: Filter,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    article: Article,
    favorited: bool,
}

fn shown(article: &Article, user: &MaybeUser) -> Shown {
    let favorited = user.0.as_ref().is_some_and(|user| article.liked_by.contains(&user.name));
    Shown { article: article.clone(), favorited }
}

#[cached(ttl = 60, group = "articles")]
async fn articles(State(db): State<Db>, listing: Listing) -> Json<Vec<Shown>> {
    let db = db.lock().unwrap();
    let wanted = db.articles.values().filter(|article| listing.filter.author.as_ref().is_none_or(|author| *author == article.author));
    Json(wanted.take(listing.filter.limit.unwrap_or(20)).map(|article| shown(article, &listing.user)).collect())
}

#[cached(ttl = 60, group = ["articles", "article:{slug}"])]
async fn article(State(db): State<Db>, Path(slug): Path<String>, user: MaybeUser) -> Result<Json<Shown>, StatusCode> {
    let db = db.lock().unwrap();
    Ok(Json(shown(db.articles.get(&slug).ok_or(StatusCode::NOT_FOUND)?, &user)))
}

#[derive(Serialize)]
struct Profile {
    name: String,
    following: bool,
}

#[cached(ttl = 60, group = "profile:{name}")]
async fn profile(State(db): State<Db>, Path(name): Path<String>, user: MaybeUser) -> Json<Profile> {
    let following = user.0.is_some_and(|user| db.lock().unwrap().follows.contains(&(user.name, name.clone())));
    Json(Profile { name, following })
}

#[cached(ttl = 60, group = "articles")]
async fn feed(State(db): State<Db>, user: User) -> Json<Vec<Article>> {
    let db = db.lock().unwrap();
    let followed = |author: &str| db.follows.contains(&(user.name.clone(), author.to_owned()));
    Json(db.articles.values().filter(|article| followed(&article.author)).cloned().collect())
}

/// The tags are the same for everybody who has a token.
#[cached(ttl = "5m", skip_credentials(_user))]
async fn tags(_user: User) -> Json<[&'static str; 2]> {
    Json(["rust", "axum"])
}

#[derive(Deserialize)]
struct Login {
    name: String,
}

async fn log_in(Json(login): Json<Login>) -> String {
    format!("{}.{}", login.name, signature(&login.name))
}

#[derive(Deserialize)]
struct NewArticle {
    title: String,
}

/// The slug is known once the content is read.
#[invalidates(group = "articles")]
async fn publish(State(db): State<Db>, user: User, changed: Invalidation, Json(new): Json<NewArticle>) -> String {
    let slug = new.title.to_lowercase().replace(' ', "-");
    changed.group(format!("article:{slug}"));
    let article = Article { slug: slug.clone(), title: new.title, author: user.name, liked_by: BTreeSet::new() };
    db.lock().unwrap().articles.insert(slug.clone(), article);
    slug
}

#[invalidates(group = ["articles", "article:{slug}"])]
async fn like(State(db): State<Db>, user: User, Path(slug): Path<String>) -> Result<(), StatusCode> {
    db.lock().unwrap().articles.get_mut(&slug).ok_or(StatusCode::NOT_FOUND)?.liked_by.insert(user.name);
    Ok(())
}

#[invalidates(group = ["articles", "profile:{name}"])]
async fn follow(State(db): State<Db>, user: User, Path(name): Path<String>) {
    db.lock().unwrap().follows.insert((user.name, name));
}

pub fn app() -> Router {
    Router::new()
        .route("/api/articles", get(articles).post(publish))
        .route("/api/articles/{slug}", get(article))
        .route("/api/articles/{slug}/favorite", post(like))
        .route("/api/feed", get(feed))
        .route("/api/tags", get(tags))
        .route("/api/profiles/{name}", get(profile))
        .route("/api/profiles/{name}/follow", post(follow))
        .route("/api/login", post(log_in))
        .with_state(Db::default())
}
