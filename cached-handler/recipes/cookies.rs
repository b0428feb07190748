use axum::response::Html;
use axum_extra::extract::CookieJar;
use cached_handler::cached;

#[cached(ttl = 60, bypass(jar.get("session").is_some()), skip(jar))]
pub async fn front(jar: CookieJar) -> Html<String> {
    Html(if jar.get("session").is_some() { "welcome back".to_owned() } else { "log in".to_owned() })
}
