//! Handlers of many shapes, each as its author wrote it and with `#[cached]`. What they answer depends on their arguments and
//! on the cells of a model alone.

use std::collections::BTreeMap;

use axum::{
    Extension, Form, Json,
    extract::{
        FromRequestParts, MatchedPath, OptionalFromRequestParts, OriginalUri, Path, Query, RawPathParams, RawQuery, State,
        rejection::QueryRejection,
    },
    http::{HeaderMap, Method, StatusCode, Uri, request::Parts},
    response::{Html, Redirect, Response},
    routing::{any, get},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers::Origin};
use cached_handler::{CacheKey, OnMiss, Rejected, cached};
use serde::{Deserialize, Serialize};

use super::{
    model::{Model, Tenant},
    plan::{Shape, shape},
};

#[cached(ttl = 60, uncached = constant_bare)]
async fn constant() -> &'static str {
    "the same for all"
}

#[cached(ttl = 60, group = "cell:{id}", uncached = text_bare)]
async fn text(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id)
}

#[cached(ttl = 60, group = "cell:{id}", uncached = html_bare)]
async fn html(State(model): State<Model>, Path(id): Path<u32>) -> Html<String> {
    Html(format!("<p>{}</p>", model.shown(id)))
}

#[derive(Serialize)]
struct Shown {
    id: u32,
    shown: String,
}

#[cached(ttl = 60, group = "cell:{id}", uncached = json_bare)]
async fn json(State(model): State<Model>, Path(id): Path<u32>) -> Json<Shown> {
    Json(Shown { id, shown: model.shown(id) })
}

#[cached(ttl = 60, group = "cell:{id}", uncached = bytes_bare)]
async fn bytes(State(model): State<Model>, Path(id): Path<u32>) -> Vec<u8> {
    (0..model.value(id)).flat_map(u32::to_be_bytes).collect()
}

#[cached(ttl = 60, uncached = nothing_bare)]
async fn nothing() {}

#[cached(ttl = 60, group = "cell:{id}", uncached = waits_bare)]
async fn waits(State(model): State<Model>, Path(id): Path<u32>) -> String {
    let shown = model.shown(id);
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    shown
}

#[cached(ttl = 60, group = "cell:{id}", uncached = failing_bare)]
async fn failing(State(model): State<Model>, Path(id): Path<u32>) -> Result<String, (StatusCode, String)> {
    match model.value(id) % 3 {
        0 => Err((StatusCode::NOT_FOUND, model.shown(id))),
        1 => Err((StatusCode::INTERNAL_SERVER_ERROR, model.shown(id))),
        _ => Ok(model.shown(id)),
    }
}

#[cached(ttl = 60, group = "cell:{id}", uncached = leads_on_bare)]
async fn leads_on(State(model): State<Model>, Path(id): Path<u32>) -> Redirect {
    Redirect::permanent(&format!("/elsewhere/{}", model.value(id)))
}

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
    tag: Option<String>,
}

#[cached(ttl = 60, group = "cell:{id}", uncached = query_bare)]
async fn query(State(model): State<Model>, Path(id): Path<u32>, Query(page): Query<Page>) -> String {
    format!("{} {:?} {:?}", model.shown(id), page.page, page.tag)
}

#[cached(ttl = 60, group = "cell:{id}", uncached = form_bare)]
async fn form(State(model): State<Model>, Path(id): Path<u32>, Form(page): Form<Page>) -> String {
    format!("{} {:?} {:?}", model.shown(id), page.page, page.tag)
}

#[cached(ttl = 60, uncached = refused_query_bare)]
async fn refused_query(page: Result<Query<Page>, QueryRejection>) -> String {
    page.map_or_else(|refused| refused.to_string(), |Query(page)| format!("{:?} {:?}", page.page, page.tag))
}

#[cached(ttl = 60, uncached = raw_query_bare)]
async fn raw_query(RawQuery(query): RawQuery) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60, uncached = whole_query_bare)]
async fn whole_query(Query(query): Query<BTreeMap<String, String>>) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60, group = "cell:{cell.0}", uncached = two_parts_bare)]
async fn two_parts(State(model): State<Model>, Path(cell): Path<(u32, String)>) -> String {
    format!("{} {}", model.shown(cell.0), cell.1)
}

#[derive(Deserialize, CacheKey)]
struct Place {
    id: u32,
    name: String,
}

#[cached(ttl = 60, group = "cell:{place.id}", uncached = named_parts_bare)]
async fn named_parts(State(model): State<Model>, Path(place): Path<Place>) -> String {
    format!("{} {}", model.shown(place.id), place.name)
}

#[cached(ttl = 60, uncached = raw_parts_bare)]
async fn raw_parts(parts: RawPathParams) -> String {
    parts.iter().flat_map(|(name, value)| [name, "=", value, ";"]).collect()
}

#[cached(ttl = 60, uncached = addressed_bare)]
async fn addressed(uri: Uri) -> String {
    uri.to_string()
}

#[cached(ttl = 60, uncached = addressed_as_sent_bare)]
async fn addressed_as_sent(OriginalUri(uri): OriginalUri) -> String {
    uri.to_string()
}

#[cached(ttl = 60, uncached = matched_bare)]
async fn matched(path: MatchedPath) -> String {
    path.as_str().to_owned()
}

#[cached(ttl = 60, uncached = by_method_bare)]
async fn by_method(method: Method) -> String {
    method.to_string()
}

fn value<'a>(fields: &'a HeaderMap, name: &str) -> &'a str {
    fields.get(name).and_then(|value| value.to_str().ok()).unwrap_or("none")
}

#[cached(ttl = 60, group = "cell:{id}", vary = ["accept-language", "x-flavour"], uncached = flavoured_bare)]
async fn flavoured(State(model): State<Model>, Path(id): Path<u32>, fields: HeaderMap) -> String {
    format!("{} {} {}", model.shown(id), value(&fields, "accept-language"), value(&fields, "x-flavour"))
}

/// A mistake for the control: its author vouches for what does matter.
#[cached(ttl = 60, group = "cell:{id}", skip(fields))]
async fn flavoured_wrongly(State(model): State<Model>, Path(id): Path<u32>, fields: HeaderMap) -> String {
    format!("{} {} {}", model.shown(id), value(&fields, "accept-language"), value(&fields, "x-flavour"))
}

pub fn with_a_field_that_is_not_in_the_key() -> Shape {
    shape("flavoured", "/{id}", || get(flavoured_wrongly), || get(flavoured_bare))
}

#[cached(ttl = 60, uncached = typed_bare)]
async fn typed(origin: Option<TypedHeader<Origin>>) -> String {
    origin.map_or_else(|| "none".to_owned(), |TypedHeader(origin)| origin.to_string())
}

#[cached(ttl = 60, key(jar.get("theme").map(|cookie| cookie.value().to_owned())), uncached = themed_bare)]
async fn themed(jar: CookieJar) -> String {
    jar.get("theme").map_or_else(|| "none".to_owned(), |theme| theme.value().to_owned())
}

/// Who asks, and for whom.
#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = "x-user", private)]
struct User {
    name: String,
    is_long: bool,
}

impl User {
    fn of(parts: &Parts) -> Option<Self> {
        let name = parts.headers.get("x-user")?.to_str().ok()?.to_owned();
        Some(Self { is_long: name.len() > 3, name })
    }
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Self::of(parts).ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, StatusCode> {
        Ok(Self::of(parts))
    }
}

#[cached(ttl = 60, group = "cell:{id}", uncached = personal_bare)]
async fn personal(State(model): State<Model>, Path(id): Path<u32>, user: User) -> String {
    format!("{} for {}", model.shown(id), user.name)
}

#[cached(ttl = 60, uncached = perhaps_personal_bare)]
async fn perhaps_personal(user: Option<User>) -> String {
    format!("{user:?}")
}

#[cached(ttl = 60, key(user.is_long), uncached = by_property_bare)]
async fn by_property(user: User) -> String {
    user.is_long.to_string()
}

#[cached(ttl = 60, skip_credentials(_user), uncached = for_members_bare)]
async fn for_members(_user: User) -> &'static str {
    "for members"
}

#[cached(ttl = 60, key(tenant.0), uncached = tenants_bare)]
async fn tenants(Extension(tenant): Extension<Tenant>) -> String {
    tenant.0
}

/// Taken where the handler runs.
struct Connection;

impl<S: Sync> FromRequestParts<S> for Connection {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Ok(Self)
    }
}

#[cached(ttl = 60, group = "cell:{id}", skip_credentials(connection), uncached = with_a_connection_bare)]
async fn with_a_connection(State(model): State<Model>, Path(id): Path<u32>, connection: OnMiss<Connection>) -> Result<String, Rejected> {
    let Connection = connection.extract().await?;
    Ok(model.shown(id))
}

#[cached(ttl = 60, uncached = perhaps_a_part_bare)]
async fn perhaps_a_part(id: Option<Path<u32>>) -> Response {
    Response::new(format!("{:?}", id.map(|Path(id)| id)).into())
}

pub fn shapes() -> Vec<Shape> {
    vec![
        shape("constant", "/{id}", || get(constant), || get(constant_bare)),
        shape("text", "/{id}", || get(text), || get(text_bare)),
        shape("html", "/{id}", || get(html), || get(html_bare)),
        shape("json", "/{id}", || get(json), || get(json_bare)),
        shape("bytes", "/{id}", || get(bytes), || get(bytes_bare)),
        shape("nothing", "/{id}", || get(nothing), || get(nothing_bare)),
        shape("waits", "/{id}", || get(waits), || get(waits_bare)),
        shape("failing", "/{id}", || get(failing), || get(failing_bare)),
        shape("leads_on", "/{id}", || get(leads_on), || get(leads_on_bare)),
        shape("query", "/{id}", || get(query), || get(query_bare)),
        shape("form", "/{id}", || get(form), || get(form_bare)),
        shape("refused_query", "/{id}", || get(refused_query), || get(refused_query_bare)),
        shape("raw_query", "/{id}", || get(raw_query), || get(raw_query_bare)),
        shape("whole_query", "/{id}", || get(whole_query), || get(whole_query_bare)),
        shape("two_parts", "/{id}/{name}", || get(two_parts), || get(two_parts_bare)),
        shape("named_parts", "/{id}/{name}", || get(named_parts), || get(named_parts_bare)),
        shape("raw_parts", "/{id}/{name}", || get(raw_parts), || get(raw_parts_bare)),
        shape("addressed", "/{id}", || get(addressed), || get(addressed_bare)),
        shape("addressed_as_sent", "/{id}", || get(addressed_as_sent), || get(addressed_as_sent_bare)),
        shape("matched", "/{id}", || get(matched), || get(matched_bare)),
        shape("by_method", "/{id}", || any(by_method), || any(by_method_bare)),
        shape("flavoured", "/{id}", || get(flavoured), || get(flavoured_bare)),
        shape("typed", "/{id}", || get(typed), || get(typed_bare)),
        shape("themed", "/{id}", || get(themed), || get(themed_bare)),
        shape("personal", "/{id}", || get(personal), || get(personal_bare)),
        shape("perhaps_personal", "/{id}", || get(perhaps_personal), || get(perhaps_personal_bare)),
        shape("by_property", "/{id}", || get(by_property), || get(by_property_bare)),
        shape("for_members", "/{id}", || get(for_members), || get(for_members_bare)),
        shape("tenants", "/{id}", || get(tenants), || get(tenants_bare)),
        shape("with_a_connection", "/{id}", || get(with_a_connection), || get(with_a_connection_bare)),
        shape("perhaps_a_part", "/{id}", || any(perhaps_a_part), || any(perhaps_a_part_bare)),
    ]
}
