//! A directory of Markdown files as a web site: every page is rendered once and then answered from the cache, until its
//! lifetime is over or somebody edits it.

mod directory;
mod document;
mod markdown;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Policy, cached, invalidates, secs};
use serde::Deserialize;
use tokio::time::Instant;

pub use self::{
    directory::{Directory, Entry},
    document::Document,
};

/// The site of a directory. Its handlers name no backend but one, so its cache says where responses rest.
pub fn app(directory: Directory) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/page/{*name}", get(page).put(edit))
        .route("/search", get(search))
        .route("/api/pages", get(list))
        .route("/style.css", get(style))
        .fallback(nowhere)
        .layer(DefaultBodyLimit::max(Directory::LONGEST_EDIT))
        .with_state(directory)
}

/// The path of a page, for an address.
#[must_use]
pub fn path_of(name: &str) -> String {
    document::Link(name).to_string()
}

/// One page. The answer for a missing page is stored for five seconds, so that repeated requests for it cost nothing.
#[cached(ttl = "1m", group = "page:{name}", policy = PAGE)]
async fn page(State(directory): State<Directory>, Path(name): Path<String>) -> Result<Document, Failure> {
    rendered(move || {
        let text = directory.read(&name)?;
        Ok(document::page(&directory, &name, &text))
    })
    .await
}

/// Links to all pages.
#[cached(ttl = "1m", group = "pages")]
async fn index(State(directory): State<Directory>) -> Result<Document, Failure> {
    rendered(move || Ok(document::index(&directory, &directory.entries()?))).await
}

/// The lines in which a text occurs. The key holds `q` and no other parameter, as this is all that [`Search`] reads.
#[cached(ttl = "1m", group = "pages")]
async fn search(State(directory): State<Directory>, Query(search): Query<Search>) -> Result<Document, Failure> {
    rendered(move || Ok(document::search(&directory, &search.q, &directory.find(&search.q)?))).await
}

/// All pages, for programs.
#[cached(ttl = "1m", group = "pages")]
async fn list(State(directory): State<Directory>) -> Result<Json<Vec<Entry>>, Failure> {
    in_background(move || directory.entries()).await.map(Json)
}

/// The style sheet changes only with the program, so memory is enough, and browsers may use it for a while without revalidation.
#[cached(ttl = "1d", backend = "memory", cache_control = "public, max-age=600")]
async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], document::style())
}

/// Replaces the text of a page, in the memory of this process: no file is written. Before the answer is sent, the page and everything that
/// lists pages are invalidated; the other pages stay in the cache.
#[invalidates(group = ["pages", "page:{name}"])]
async fn edit(State(directory): State<Directory>, Path(name): Path<String>, text: String) -> Result<StatusCode, Failure> {
    directory.edit(name, text)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn nowhere() -> Failure {
    Failure::NoSuchPage
}

/// What the search form sends.
#[derive(Debug, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// The longest page is 1 MiB of Markdown, which becomes more in HTML.
const PAGE: Policy = Policy::new().status(404, secs(5)).max_body(8 << 20);

/// Why there is no page to answer with.
#[derive(Debug)]
pub enum Failure {
    /// No page has this name. Names that no page can have, such as `../secret.md`, are no exception.
    NoSuchPage,
    /// This name cannot be that of a page.
    BadName,
    /// More pages have been edited than are kept.
    TooManyEdits,
    /// The directory cannot be read.
    Unreadable(std::io::Error),
    /// The rendering panicked.
    Broken,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NoSuchPage => (StatusCode::NOT_FOUND, "There is no such page."),
            Self::BadName => (StatusCode::BAD_REQUEST, "A page is named like `notes/today.md`."),
            Self::TooManyEdits => (StatusCode::INSUFFICIENT_STORAGE, "Too many pages are edited already."),
            Self::Unreadable(error) => {
                eprintln!("the directory cannot be read: {error}");
                (StatusCode::INTERNAL_SERVER_ERROR, "The directory cannot be read.")
            }
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be rendered."),
        };
        (status, document::failure(status, text)).into_response()
    }
}

/// Renders and takes the time.
async fn rendered(render: impl FnOnce() -> Result<Document, Failure> + Send + 'static) -> Result<Document, Failure> {
    in_background(|| {
        let began = Instant::now();
        Ok(render()?.took(began.elapsed()))
    })
    .await
}

/// Reading files and rendering would block the threads that serve requests.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Failure::Broken))
}
