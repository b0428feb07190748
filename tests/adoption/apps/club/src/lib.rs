//! A club's site on SQLite, with axum-login.

use std::sync::{Arc, Mutex};

use axum::{
    Form, Router,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use cached_handler::{CacheKey, cached, invalidates};
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use tower_sessions::{MemoryStore, SessionManagerLayer};

#[derive(Debug, Clone)]
pub struct Account {
    pub id: i64,
    pub name: String,
    pub password: String,
}

impl AuthUser for Account {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Debug, Clone)]
pub struct Db(Arc<Mutex<Connection>>);

#[derive(Clone, Deserialize)]
pub struct Credentials {
    name: String,
    password: String,
}

impl Db {
    fn account(&self, column: &str, value: impl rusqlite::ToSql) -> Result<Option<Account>, rusqlite::Error> {
        let query = format!("SELECT id, name, password FROM account WHERE {column} = ?");
        let row = |row: &rusqlite::Row<'_>| Ok(Account { id: row.get(0)?, name: row.get(1)?, password: row.get(2)? });
        self.0.lock().unwrap().query_row(&query, [value], row).optional()
    }
}

impl AuthnBackend for Db {
    type User = Account;
    type Credentials = Credentials;
    type Error = rusqlite::Error;

    async fn authenticate(&self, given: Credentials) -> Result<Option<Account>, rusqlite::Error> {
        Ok(self.account("name", given.name)?.filter(|account| account.password == given.password))
    }

    async fn get_user(&self, id: &i64) -> Result<Option<Account>, rusqlite::Error> {
        self.account("id", id)
    }
}

pub type Auth = AuthSession<Db>;

/// A member who is logged in.
#[derive(CacheKey)]
#[cache_key(vary = "cookie", private)]
pub struct Member {
    id: i64,
    pub name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let auth = Auth::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        match auth.user {
            Some(account) => Ok(Self { id: account.id, name: account.name }),
            None => Err(Redirect::to("/login").into_response()),
        }
    }
}

/// One page for all visitors; members see their name.
#[cached(ttl = 60, group = "events", bypass(auth.user.is_some()), skip(auth))]
async fn front(State(db): State<Db>, auth: Auth) -> Result<Html<String>, StatusCode> {
    let events = titles(&db).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let bar = auth.user.map_or_else(|| "log in".to_owned(), |user| format!("welcome back, {}", user.name));
    Ok(Html(format!("{bar}: {}", events.join(", "))))
}

#[cached(ttl = 60, group = "event:{id}")]
async fn event(State(db): State<Db>, Path(id): Path<i64>) -> Result<Html<String>, StatusCode> {
    let title = db.0.lock().unwrap().query_row("SELECT title FROM event WHERE id = ?", [id], |row| row.get(0)).optional();
    title.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.map(Html).ok_or(StatusCode::NOT_FOUND)
}

#[cached(ttl = 60)]
async fn membership(member: Member) -> Html<String> {
    Html(format!("{} is member {}", member.name, member.id))
}

/// For members, and the same for all of them.
#[cached(ttl = "1h", skip_credentials(_member))]
async fn statutes(_member: Member) -> &'static str {
    "article 1"
}

#[cached(ttl = "1h")]
async fn login_page() -> Html<&'static str> {
    Html("<form method=post><input name=name><input name=password type=password></form>")
}

async fn log_in(mut auth: Auth, Form(credentials): Form<Credentials>) -> Response {
    let Ok(Some(account)) = auth.authenticate(credentials).await else { return StatusCode::UNAUTHORIZED.into_response() };
    match auth.login(&account).await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn log_out(mut auth: Auth) -> Response {
    match auth.logout().await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Deserialize)]
struct NewEvent {
    title: String,
}

#[invalidates(group = ["events", "event:{id}"])]
async fn save(State(db): State<Db>, _member: Member, Path(id): Path<i64>, Form(new): Form<NewEvent>) -> StatusCode {
    let statement = "INSERT INTO event (id, title) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET title = ?2";
    match db.0.lock().unwrap().execute(statement, (id, new.title)) {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn titles(db: &Db) -> Result<Vec<String>, rusqlite::Error> {
    db.0.lock().unwrap().prepare("SELECT title FROM event ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
}

pub fn app() -> Router {
    app_with(Router::new().route("/", get(front)))
}

/// The same with another front page.
pub fn app_with(front: Router<Db>) -> Router {
    let connection = Connection::open_in_memory().expect("a database");
    connection
        .execute_batch(
            "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT, password TEXT);
             CREATE TABLE event (id INTEGER PRIMARY KEY, title TEXT);
             INSERT INTO account (name, password) VALUES ('anna', 'a'), ('bert', 'b');
             INSERT INTO event (title) VALUES ('spring walk');",
        )
        .expect("tables");
    let db = Db(Arc::new(Mutex::new(connection)));
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    front
        .route("/events/{id}", get(event).post(save))
        .route("/membership", get(membership))
        .route("/statutes", get(statutes))
        .route("/login", get(login_page).post(log_in))
        .route("/logout", post(log_out))
        .with_state(db.clone())
        .layer(AuthManagerLayerBuilder::new(db, sessions).build())
}
