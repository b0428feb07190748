//! A registry of packages with OpenAPI: utoipa, its router for axum, and tokens.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Query, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
};
use cached_handler::{CacheKey, Invalidation, cached, invalidates};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

#[derive(Clone, Serialize, ToSchema)]
pub struct Package {
    id: Uuid,
    name: String,
    owner: String,
    downloads: u64,
}

#[derive(Clone, Default, FromRequestParts, CacheKey)]
#[from_request(via(State))]
pub struct App {
    packages: Arc<Mutex<BTreeMap<String, Package>>>,
}

/// `My_Package` and `my-package` are one.
fn canonical(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// Whose token it is: `Authorization: anna`.
#[derive(CacheKey)]
#[cache_key(vary = "authorization", private)]
pub struct Owner {
    pub name: String,
}

impl<S: Sync> FromRequestParts<S> for Owner {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let name = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Self { name: name.to_owned() })
    }
}

#[derive(Deserialize, IntoParams)]
struct Search {
    q: Option<String>,
    #[param(value_type = Option<u32>)]
    per_page: Option<NonZeroU32>,
    #[param(value_type = Option<u32>)]
    page: Option<NonZeroU32>,
}

#[utoipa::path(get, path = "/packages", params(Search), responses((status = OK, body = Vec<Package>)))]
#[cached(ttl = 60, group = "packages")]
async fn search(app: App, Query(search): Query<Search>) -> Json<Vec<Package>> {
    let per_page = usize::try_from(search.per_page.map_or(10, NonZeroU32::get)).unwrap_or(10);
    let skipped = per_page * usize::try_from(search.page.map_or(0, |page| page.get() - 1)).unwrap_or(0);
    let packages = app.packages.lock().unwrap();
    let found = packages.values().filter(|package| search.q.as_ref().is_none_or(|q| package.name.contains(q)));
    Json(found.skip(skipped).take(per_page).cloned().collect())
}

/// One package.
#[cached(ttl = 60, group = "package:{canonical(&name)}")]
#[utoipa::path(get, path = "/packages/{name}", responses((status = OK, body = Package), (status = NOT_FOUND)))]
async fn show(app: App, Path(name): Path<String>) -> Result<Json<Package>, StatusCode> {
    app.packages.lock().unwrap().get(&canonical(&name)).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[utoipa::path(get, path = "/ids/{id}", responses((status = OK, body = Package), (status = NOT_FOUND)))]
#[cached(ttl = 60, group = "packages")]
async fn by_id(app: App, Path(id): Path<Uuid>) -> Result<Json<Package>, StatusCode> {
    app.packages.lock().unwrap().values().find(|package| package.id == id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[utoipa::path(get, path = "/me", responses((status = OK, body = Vec<Package>)))]
#[cached(ttl = 60, group = "packages")]
async fn mine(State(app): State<App>, owner: Owner) -> Json<Vec<Package>> {
    Json(app.packages.lock().unwrap().values().filter(|package| package.owner == owner.name).cloned().collect())
}

#[derive(Serialize, ToSchema)]
struct Summary {
    packages: usize,
}

#[utoipa::path(get, path = "/summary", responses((status = OK, body = Summary)))]
#[cached(ttl = 60, group = "packages")]
async fn summary(State(app): State<App>) -> Json<Summary> {
    Json(Summary { packages: app.packages.lock().unwrap().len() })
}

#[derive(Deserialize, ToSchema)]
struct Upload {
    name: String,
}

/// Which package it is, only the content says.
#[utoipa::path(put, path = "/packages/new", request_body = Upload, responses((status = OK, body = Package)))]
#[invalidates(group = "packages")]
async fn publish(State(app): State<App>, owner: Owner, changed: Invalidation, Json(upload): Json<Upload>) -> Json<Package> {
    let key = canonical(&upload.name);
    changed.group(format!("package:{key}"));
    let mut packages = app.packages.lock().unwrap();
    let id = Uuid::from_u128(packages.len() as u128 + 1);
    let package = Package { id, name: upload.name, owner: owner.name, downloads: 0 };
    packages.insert(key, package.clone());
    Json(package)
}

#[utoipa::path(delete, path = "/packages/{name}", responses((status = NO_CONTENT), (status = FORBIDDEN)))]
#[invalidates(group = ["packages", "package:{canonical(&name)}"])]
async fn yank(State(app): State<App>, owner: Owner, Path(name): Path<String>) -> StatusCode {
    let mut packages = app.packages.lock().unwrap();
    match packages.get(&canonical(&name)) {
        None => StatusCode::NOT_FOUND,
        Some(package) if package.owner != owner.name => StatusCode::FORBIDDEN,
        Some(_) => {
            packages.remove(&canonical(&name));
            StatusCode::NO_CONTENT
        }
    }
}

#[derive(OpenApi)]
struct Api;

pub fn app() -> Router {
    let (router, api) = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(search))
        .routes(routes!(show, yank))
        .routes(routes!(by_id))
        .routes(routes!(mine))
        .routes(routes!(summary))
        .routes(routes!(publish))
        .split_for_parts();
    let api = api.to_json().expect("the document");
    router.route("/openapi.json", axum::routing::get(async move || api)).with_state(App::default())
}
