//! A message board with a live view: server-sent events and a WebSocket beside cached pages.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{State, WebSocketUpgrade, ws::Message},
    http::StatusCode,
    response::{
        Html, Response,
        sse::{Event, Sse},
    },
    routing::{any, get},
};
use cached_handler::{cached, invalidates};
use futures_util::{Stream, stream};

type Board = Arc<Mutex<Vec<String>>>;

#[cached(ttl = "1h")]
async fn front() -> Html<&'static str> {
    Html("<script>new EventSource('/events'); new WebSocket('/ws')</script>")
}

#[cached(ttl = 60, group = "messages")]
async fn messages(State(board): State<Board>) -> Json<Vec<String>> {
    Json(board.lock().unwrap().clone())
}

#[invalidates(group = "messages")]
async fn post(State(board): State<Board>, text: String) -> StatusCode {
    board.lock().unwrap().push(text);
    StatusCode::CREATED
}

/// What is there, as events.
fn events_of(board: &Board) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let all = board.lock().unwrap().clone();
    stream::iter(all.into_iter().map(|text| Ok(Event::default().data(text))))
}

async fn events(State(board): State<Board>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events_of(&board))
}

/// Somebody annotates all GET handlers: a stream of events stays what it is.
#[cached(ttl = 60)]
async fn annotated_events(State(board): State<Board>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(events_of(&board))
}

async fn socket(upgrade: WebSocketUpgrade, State(board): State<Board>) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let count = board.lock().unwrap().len();
        let _ = socket.send(Message::text(format!("{count} messages"))).await;
    })
}

pub fn app() -> Router {
    Router::new()
        .route("/", get(front))
        .route("/messages", get(messages).post(post))
        .route("/events", get(events))
        .route("/annotated-events", get(annotated_events))
        .route("/ws", any(socket))
        .with_state(Board::default())
}
