//! The recipes of the guide for visitors who are not logged in, and for each who is, as they stand there, with the crates that they
//! are for.

#[path = "../../../cached-handler/recipes/account_of_axum_login.rs"]
#[rustfmt::skip]
mod account_of_axum_login;
#[path = "../../../cached-handler/recipes/account_of_tower_sessions.rs"]
#[rustfmt::skip]
mod account_of_tower_sessions;
#[path = "../../../cached-handler/recipes/axum_login.rs"]
#[rustfmt::skip]
mod axum_login_recipe;
#[path = "../../../cached-handler/recipes/cookies.rs"]
#[rustfmt::skip]
mod cookies;
#[path = "../../../cached-handler/recipes/tower_sessions.rs"]
#[rustfmt::skip]
mod tower_sessions_recipe;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{Request, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use axum_login::{AuthManagerLayerBuilder, AuthSession, tower_sessions::SessionManagerLayer};
use cached_handler::testing::{TestCache, assert_hit, assert_miss};
use cached_handler_tests::harness::text;
use tower::ServiceExt;
use tower_sessions::{MemoryStore, Session};

/// What an application has of its own.
pub mod users {
    use std::convert::Infallible;

    use axum_login::{AuthUser, AuthnBackend};

    #[derive(Debug, Clone)]
    pub struct User(u64);

    impl AuthUser for User {
        type Id = u64;

        fn id(&self) -> u64 {
            self.0
        }

        fn session_auth_hash(&self) -> &[u8] {
            b"hash"
        }
    }

    /// Everybody is who they say.
    #[derive(Debug, Clone)]
    pub struct Backend;

    impl AuthnBackend for Backend {
        type User = User;
        type Credentials = u64;
        type Error = Infallible;

        async fn authenticate(&self, id: u64) -> Result<Option<User>, Infallible> {
            Ok(Some(User(id)))
        }

        async fn get_user(&self, id: &u64) -> Result<Option<User>, Infallible> {
            Ok(Some(User(*id)))
        }
    }
}

async fn send(app: &Router, request: axum::http::request::Builder) -> Response {
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn front(app: &Router, cookies: &str) -> Response {
    send(app, Request::get("/").header(header::COOKIE, cookies)).await
}

/// Logs in, and gives the cookie.
async fn log_in(app: &Router) -> String {
    let response = send(app, Request::post("/login")).await;
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Whoever is logged in has the handler's answer with no field of the cache, and all others share.
async fn only_visitors_share(app: &Router, session: &str, personal: &str) {
    assert_eq!(text(assert_miss!(front(app, "theme=dark").await)).await, "log in");
    for _ in 0..2 {
        let response = front(app, &format!("theme=dark; {session}")).await;
        assert!(!response.headers().contains_key(header::CACHE_CONTROL) && !response.headers().contains_key(header::ETAG));
        assert_eq!(text(response).await, personal);
        assert_eq!(text(assert_hit!(front(app, "theme=light").await)).await, "log in");
    }
}

#[tokio::test]
async fn by_a_cookie() {
    let app = Router::new().route("/", get(cookies::front)).layer(TestCache::new().layer());
    only_visitors_share(&app, "session=1", "welcome back").await;
}

#[tokio::test]
async fn by_tower_sessions() {
    let log_in_as_seven = async |session: Session| session.insert("user_id", 7_u64).await.unwrap();
    let log_out = async |session: Session| session.flush().await.unwrap();
    let app = Router::new()
        .route("/", get(tower_sessions_recipe::front))
        .route("/login", post(log_in_as_seven))
        .route("/logout", post(log_out))
        .layer(TestCache::new().layer())
        .layer(SessionManagerLayer::new(MemoryStore::default()));
    let session = log_in(&app).await;
    only_visitors_share(&app, &session, "welcome back, 7").await;
    send(&app, Request::post("/logout").header(header::COOKIE, &session)).await;
    assert_eq!(text(assert_hit!(front(&app, &session).await)).await, "log in");
}

#[tokio::test]
async fn by_axum_login() {
    let log_in_as_seven = async |mut auth: AuthSession<users::Backend>| {
        let user = auth.authenticate(7).await.unwrap().unwrap();
        auth.login(&user).await.unwrap();
    };
    let log_out = async |mut auth: AuthSession<users::Backend>| {
        auth.logout().await.unwrap();
    };
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let app = Router::new()
        .route("/", get(axum_login_recipe::front))
        .route("/login", post(log_in_as_seven))
        .route("/logout", post(log_out))
        .layer(TestCache::new().layer())
        .layer(AuthManagerLayerBuilder::new(users::Backend, sessions).build());
    let session = log_in(&app).await;
    only_visitors_share(&app, &session, "welcome back, 7").await;
    send(&app, Request::post("/logout").header(header::COOKIE, &session)).await;
    assert_eq!(text(assert_hit!(front(&app, &session).await)).await, "log in");
}

/// Two who are logged in have a page each, which is stored and sent as theirs; whoever is not is refused.
async fn each_has_their_own(app: &Router) {
    let mut cookies = Vec::new();
    for id in [7, 8] {
        let response = send(app, Request::post(format!("/login/{id}"))).await;
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        cookies.push((id, cookie.split(';').next().unwrap().to_owned()));
    }
    for (id, cookie) in &cookies {
        let response = assert_miss!(front(app, cookie).await);
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("private"));
        assert_eq!(text(response).await, format!("mail of {id}"));
    }
    for (id, cookie) in &cookies {
        assert_eq!(text(assert_hit!(front(app, cookie).await)).await, format!("mail of {id}"));
    }
    assert_eq!(send(app, Request::get("/")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_user_of_tower_sessions_has_pages_of_their_own() {
    let log_in = async |session: Session, Path(id): Path<u64>| session.insert("user_id", id).await.unwrap();
    let app = Router::new()
        .route("/", get(account_of_tower_sessions::inbox))
        .route("/login/{id}", post(log_in))
        .layer(TestCache::new().layer())
        .layer(SessionManagerLayer::new(MemoryStore::default()));
    each_has_their_own(&app).await;
}

#[tokio::test]
async fn each_user_of_axum_login_has_pages_of_their_own() {
    let log_in = async |mut auth: AuthSession<users::Backend>, Path(id): Path<u64>| {
        let user = auth.authenticate(id).await.unwrap().unwrap();
        auth.login(&user).await.unwrap();
    };
    let app = Router::new()
        .route("/", get(account_of_axum_login::inbox))
        .route("/login/{id}", post(log_in))
        .layer(TestCache::new().layer())
        .layer(AuthManagerLayerBuilder::new(users::Backend, SessionManagerLayer::new(MemoryStore::default())).build());
    each_has_their_own(&app).await;
}
