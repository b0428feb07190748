//! A blog on SQLite with a pool in the state, connections by an extractor, and askama's templates.

use std::sync::{Arc, Mutex};

use askama::Template;
use axum::{
    Form, Router,
    extract::{FromRef, FromRequestParts, Path, Query, State},
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use cached_handler::{CacheKey, OnMiss, cached, invalidates};
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;

/// Hands out connections to one database, and counts how many it has.
#[derive(Clone)]
pub struct Pool {
    name: Arc<str>,
    idle: Arc<Mutex<Vec<Connection>>>,
    handed_out: Arc<Mutex<u64>>,
    /// A database in memory lasts as long as one connection to it.
    _kept: Arc<Mutex<Connection>>,
}

impl Pool {
    fn get(&self) -> rusqlite::Result<Connection> {
        *self.handed_out.lock().unwrap() += 1;
        match self.idle.lock().unwrap().pop() {
            Some(connection) => Ok(connection),
            None => Connection::open(&*self.name),
        }
    }
}

#[derive(Clone, FromRef)]
pub struct AppState {
    pub pool: Pool,
    pub settings: Settings,
}

#[derive(Clone)]
pub struct Settings {
    title: &'static str,
}

/// What a database says that is no answer.
#[derive(Debug)]
pub struct Failed;

impl From<rusqlite::Error> for Failed {
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

impl From<askama::Error> for Failed {
    fn from(_: askama::Error) -> Self {
        Self
    }
}

impl From<cached_handler::Rejected> for Failed {
    fn from(_: cached_handler::Rejected) -> Self {
        Self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// A connection for this request.
pub struct Db(Option<Connection>, Pool);

impl Db {
    fn connection(&self) -> Result<&Connection, Failed> {
        self.0.as_ref().ok_or(Failed)
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.1.idle.lock().unwrap().extend(self.0.take());
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Db
where
    Pool: FromRef<S>,
{
    type Rejection = Failed;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Failed> {
        let pool = Pool::from_ref(state);
        Ok(Self(Some(pool.get()?), pool))
    }
}

#[derive(Deserialize, CacheKey)]
struct Page {
    page: Option<u32>,
}

struct Article {
    id: i64,
    title: String,
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    articles: Vec<Article>,
}

#[derive(Template)]
#[template(path = "article.html")]
struct Shown {
    article: Article,
    comments: Vec<String>,
}

fn articles(db: &Connection, page: u32) -> Result<Vec<Article>, Failed> {
    let mut query = db.prepare("SELECT id, title FROM article ORDER BY id LIMIT 2 OFFSET ?")?;
    let rows = query.query_map([page * 2], |row| Ok(Article { id: row.get(0)?, title: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cached(ttl = 60, group = "articles", skip_credentials(db))]
async fn index(db: OnMiss<Db>, Query(page): Query<Page>) -> Result<Html<String>, Failed> {
    let db = db.extract().await?;
    Ok(Html(Index { articles: articles(db.connection()?, page.page.unwrap_or(0))? }.render()?))
}

#[cached(ttl = 60, group = "article:{id}", skip_credentials(db))]
async fn article(db: OnMiss<Db>, Path(id): Path<i64>) -> Result<Response, Failed> {
    let db = db.extract().await?;
    let db = db.connection()?;
    let title = db.query_row("SELECT title FROM article WHERE id = ?", [id], |row| row.get(0)).optional()?;
    let Some(title) = title else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let mut query = db.prepare("SELECT text FROM comment WHERE article = ? ORDER BY id")?;
    let comments = query.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Html(Shown { article: Article { id, title }, comments }.render()?).into_response())
}

/// The pool comes from the state: nothing to say of it.
#[cached(ttl = "5m", group = "articles")]
async fn feed(State(pool): State<Pool>, State(settings): State<Settings>) -> Result<impl IntoResponse, Failed> {
    let articles = articles(&pool.get()?, 0)?;
    let items: String = articles.iter().map(|article| format!("<item><title>{}</title></item>", article.title)).collect();
    Ok(([(CONTENT_TYPE, "application/rss+xml")], format!("<rss><title>{}</title>{items}</rss>", settings.title)))
}

#[cached(ttl = "1d")]
async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css")], "p { margin: 0 }")
}

/// How often a connection was asked for: not cached.
async fn handed_out(State(pool): State<Pool>) -> String {
    pool.handed_out.lock().unwrap().to_string()
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[invalidates(group = "article:{id}")]
async fn comment(db: Db, Path(id): Path<i64>, Form(new): Form<Text>) -> Result<StatusCode, Failed> {
    db.connection()?.execute("INSERT INTO comment (article, text) VALUES (?, ?)", (id, new.text))?;
    Ok(StatusCode::CREATED)
}

#[invalidates(group = "articles")]
async fn publish(db: Db, Form(new): Form<Text>) -> Result<StatusCode, Failed> {
    db.connection()?.execute("INSERT INTO article (title) VALUES (?)", [new.text])?;
    Ok(StatusCode::CREATED)
}

/// `name` tells the databases of several applications in one process apart.
pub fn app(name: &str) -> Router {
    let name = format!("file:{name}?mode=memory&cache=shared");
    let first = Connection::open(&name).expect("a database");
    let tables = "DROP TABLE IF EXISTS article; DROP TABLE IF EXISTS comment;
         CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT);
         CREATE TABLE comment (id INTEGER PRIMARY KEY, article INTEGER, text TEXT);
         INSERT INTO article (title) VALUES ('one'), ('<two>'), ('three');";
    first.execute_batch(tables).expect("tables");
    let pool = Pool { name: name.into(), idle: Arc::default(), handed_out: Arc::default(), _kept: Arc::new(Mutex::new(first)) };
    Router::new()
        .route("/", get(index))
        .route("/articles/{id}", get(article))
        .route("/articles/{id}/comments", post(comment))
        .route("/articles", post(publish))
        .route("/feed", get(feed))
        .route("/style.css", get(style))
        .route("/handed-out", get(handed_out))
        .with_state(AppState { pool, settings: Settings { title: "a blog" } })
}
