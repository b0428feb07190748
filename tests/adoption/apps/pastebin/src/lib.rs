//! Pastes with passwords, pastes that are burnt once they are read, and a signed cookie that says whose a paste is.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Router,
    extract::{FromRef, FromRequestParts, Path, State},
    http::{StatusCode, header::CONTENT_DISPOSITION, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use axum_extra::extract::{
    SignedCookieJar,
    cookie::{Cookie, Key},
};
use cached_handler::{CacheKey, DoNotStore, cached, invalidates};
use serde::Deserialize;

#[derive(Clone)]
struct Paste {
    text: String,
    password: Option<String>,
    burns: bool,
}

#[derive(Clone, FromRef)]
pub struct AppState {
    pastes: Pastes,
    key: Key,
}

type Pastes = Arc<Mutex<BTreeMap<u32, Paste>>>;

/// The field `Password`, as the page's script sends it.
#[derive(CacheKey)]
#[cache_key(vary = "password", private)]
pub struct Password(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Password {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get("password").and_then(|value| value.to_str().ok());
        Ok(Self(value.map(str::to_owned)))
    }
}

/// Takes the paste if the password fits; the last time if it burns. The flag says whether it did.
pub fn read(state: &AppState, id: u32, password: &Password) -> Result<(String, bool), StatusCode> {
    let mut pastes = state.pastes.lock().unwrap();
    let paste = pastes.get(&id).cloned().ok_or(StatusCode::NOT_FOUND)?;
    if paste.password.is_some() && paste.password != password.0 {
        return Err(StatusCode::FORBIDDEN);
    }
    if paste.burns {
        pastes.remove(&id);
    }
    Ok((paste.text, paste.burns))
}

fn stored_unless_burnt(burnt: bool, response: impl IntoResponse) -> Response {
    if burnt { (DoNotStore, response).into_response() } else { response.into_response() }
}

#[cached(ttl = "1h")]
async fn form() -> Html<&'static str> {
    Html("<form method=post><textarea name=text></textarea></form>")
}

#[cached(ttl = 60, group = "paste:{id}", bypass(owns(jar, *id)), skip(jar))]
async fn show(
    State(state): State<AppState>,
    Path(id): Path<u32>,
    password: Password,
    jar: SignedCookieJar,
) -> Result<Response, StatusCode> {
    let (text, burnt) = read(&state, id, &password)?;
    let delete = if owns(&jar, id) { "<button>delete</button>" } else { "" };
    Ok(stored_unless_burnt(burnt, Html(format!("<pre>{text}</pre>{delete}"))))
}

#[cached(ttl = 60, group = "paste:{id}")]
async fn raw(State(state): State<AppState>, Path(id): Path<u32>, password: Password) -> Result<Response, StatusCode> {
    let (text, burnt) = read(&state, id, &password)?;
    Ok(stored_unless_burnt(burnt, text))
}

#[cached(ttl = 60, group = "paste:{id}")]
async fn download(State(state): State<AppState>, Path(id): Path<u32>, password: Password) -> Result<Response, StatusCode> {
    let (text, burnt) = read(&state, id, &password)?;
    Ok(stored_unless_burnt(burnt, ([(CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.txt\""))], text)))
}

#[derive(Deserialize)]
struct NewPaste {
    text: String,
    password: Option<String>,
    burns: Option<bool>,
}

async fn create(State(state): State<AppState>, jar: SignedCookieJar, Form(new): Form<NewPaste>) -> (SignedCookieJar, Redirect) {
    let mut pastes = state.pastes.lock().unwrap();
    let id = u32::try_from(pastes.len()).unwrap_or(0) + 1;
    pastes.insert(id, Paste { text: new.text, password: new.password, burns: new.burns.unwrap_or(false) });
    let mut cookie = Cookie::new("owner", id.to_string());
    cookie.set_path("/");
    (jar.add(cookie), Redirect::to(&format!("/{id}")))
}

#[invalidates(group = "paste:{id}")]
async fn delete(State(state): State<AppState>, Path(id): Path<u32>, jar: SignedCookieJar) -> StatusCode {
    if !owns(&jar, id) {
        return StatusCode::FORBIDDEN;
    }
    state.pastes.lock().unwrap().remove(&id);
    StatusCode::NO_CONTENT
}

pub fn owns(jar: &SignedCookieJar, id: u32) -> bool {
    jar.get("owner").is_some_and(|cookie| cookie.value() == id.to_string())
}

pub fn app() -> Router {
    app_with(Router::new().route("/{id}", get(show).delete(delete)))
}

/// How a paste is deleted.
pub fn delete_route() -> axum::routing::MethodRouter<AppState> {
    axum::routing::delete(delete)
}

/// The same with another page for a paste.
pub fn app_with(page: Router<AppState>) -> Router {
    page.route("/", get(form).post(create))
        .route("/{id}/raw", get(raw))
        .route("/{id}/dl", get(download))
        .with_state(AppState { pastes: Pastes::default(), key: Key::from(&[7; 64]) })
}
