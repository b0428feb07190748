use axum::response::Html;
use axum_login::{AuthSession, AuthUser};
use cached_handler::cached;

use crate::users::Backend;

#[cached(ttl = 60, bypass(auth.user.is_some()), skip(auth))]
pub async fn front(auth: AuthSession<Backend>) -> Html<String> {
    Html(auth.user.map_or_else(|| "log in".to_owned(), |user| format!("welcome back, {}", user.id())))
}
