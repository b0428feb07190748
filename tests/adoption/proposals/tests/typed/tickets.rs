//! `Session` of tower-sessions and `Messages` of axum-messages.

use axum::{handler::Handler, routing::MethodRouter};
use axum_messages::Messages;
use cached_handler::cached;
use tickets::{Shows, Visitor};
use tower_sessions::Session;

pub fn with<T: 'static>(handler: impl Handler<T, Shows>) -> MethodRouter<Shows> {
    tickets::login_route().get(handler)
}

#[cached(ttl = 60, bypass(!messages.is_empty()), skip(messages))]
pub async fn messages(messages: Messages) -> String {
    tickets::bar(messages)
}

#[cached(ttl = 60)]
pub async fn extracted(visitor: Visitor) -> String {
    format!("{:?}", visitor.0)
}

/// Against the condition that no response shows anything of it.
#[cached(ttl = 60, skip(session))]
pub async fn skipped(session: Session) -> String {
    let name: Option<String> = session.get("name").await.unwrap_or_default();
    format!("{name:?}")
}
