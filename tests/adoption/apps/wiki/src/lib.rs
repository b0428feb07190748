//! A wiki with typed routes.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::Html,
};
use axum_extra::routing::{RouterExt, TypedPath};
use cached_handler::{CacheKey, cached, invalidates};
use serde::Deserialize;

/// The texts of each page, by its title in small letters.
type Pages = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/")]
struct Front;

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/wiki/{title}")]
struct Page {
    title: String,
}

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/wiki/{title}/{revision}")]
struct Revision {
    title: String,
    revision: NonZeroU32,
}

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/search")]
struct Search;

#[derive(Deserialize)]
struct Terms {
    q: String,
    page: Option<NonZeroU32>,
}

/// `/wiki/Rust` and `/wiki/rust` are one page.
fn slug(title: &str) -> String {
    title.to_lowercase()
}

#[cached(ttl = 60, group = "pages")]
async fn front(_: Front, State(pages): State<Pages>) -> Html<String> {
    let titles: Vec<_> = pages.lock().unwrap().keys().cloned().collect();
    Html(titles.join(", "))
}

#[cached(ttl = 60, group = "page:{slug(&page.title)}")]
async fn show(page: Page, State(pages): State<Pages>) -> Result<Html<String>, StatusCode> {
    let pages = pages.lock().unwrap();
    let text = pages.get(&slug(&page.title)).and_then(|texts| texts.last()).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Html(format!("<h1>{}</h1>{text}", page.title)))
}

#[cached(ttl = "1h", group = "page:{slug(&at.title)}")]
async fn revision(at: Revision, State(pages): State<Pages>) -> Result<String, StatusCode> {
    let index = usize::try_from(at.revision.get() - 1).map_err(|_| StatusCode::NOT_FOUND)?;
    let pages = pages.lock().unwrap();
    pages.get(&slug(&at.title)).and_then(|texts| texts.get(index)).cloned().ok_or(StatusCode::NOT_FOUND)
}

#[cached(ttl = 60, group = "pages")]
async fn search(_: Search, Query(terms): Query<Terms>, State(pages): State<Pages>) -> String {
    let pages = pages.lock().unwrap();
    let found: Vec<_> = pages.iter().filter(|(_, texts)| texts.iter().any(|text| text.contains(&terms.q))).collect();
    format!("{} for {} on page {:?}", found.len(), terms.q, terms.page)
}

#[invalidates(group = ["pages", "page:{slug(&page.title)}"])]
async fn edit(page: Page, State(pages): State<Pages>, text: String) -> StatusCode {
    pages.lock().unwrap().entry(slug(&page.title)).or_default().push(text);
    StatusCode::NO_CONTENT
}

pub fn app() -> Router {
    Router::new().typed_get(front).typed_get(show).typed_get(revision).typed_get(search).typed_put(edit).with_state(Pages::default())
}
