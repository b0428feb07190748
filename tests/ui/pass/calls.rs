//! What is advised to whoever calls a handler, or wants `#[debug_handler]`.

use axum::{Json, Router, debug_handler, extract::Path, routing::{get, post}};
use cached_handler::{cached, invalidates};

#[cached(ttl = 60, uncached = article_uncached)]
async fn article(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60, uncached = front_uncached)]
#[debug_handler]
async fn front() -> &'static str {
    "front"
}

#[cached(ttl = 60)]
#[debug_handler]
async fn opaque(Path(id): Path<u64>) -> Result<impl axum::response::IntoResponse, String> {
    Ok(id.to_string())
}

#[invalidates(group = "front", path = "/articles/{id.0}", uncached = edit_uncached)]
#[debug_handler]
async fn edit(id: Path<u64>, Json(text): Json<String>) -> impl axum::response::IntoResponse {
    format!("{text} {}", *id)
}

#[invalidates(handler = front, uncached = clear_uncached)]
#[debug_handler]
async fn clear() {}

// Above, it does with every argument but none.
#[debug_handler]
#[invalidates(group = "article:{id}")]
async fn above(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[debug_handler]
#[invalidates(group = "articles")]
async fn above_content(Json(text): Json<String>) -> String {
    text
}

struct Articles;

impl Articles {
    #[cached(ttl = 60, uncached = Self::list_uncached)]
    async fn list() -> &'static str {
        Self::text()
    }

    #[invalidates(handler = Self::list, uncached = Self::add_uncached)]
    async fn add() -> &'static str {
        Self::text()
    }

    fn text() -> &'static str {
        "list"
    }

    async fn calls() -> String {
        [Self::list_uncached().await, Self::add_uncached().await].concat()
    }
}

// What is declared in a body has a `Self` of its own.
#[cached(ttl = 60, uncached = with_items_uncached)]
async fn with_items() -> &'static str {
    struct Inside;
    impl Inside {
        const THIS: Self = Self;
    }
    let Inside = Inside::THIS;
    "inside"
}

async fn calls() -> String {
    let _ = edit_uncached(Path(5), Json(String::new())).await;
    clear_uncached().await;
    article_uncached(Path(5)).await + front_uncached().await + with_items_uncached().await
}

fn main() {
    let _: Router = Router::new()
        .route("/", get(front).delete(clear))
        .route("/articles", get(Articles::list).post(Articles::add))
        .route("/articles/{id}", get(article).put(edit))
        .route("/above/{id}", post(above))
        .route("/above", post(above_content))
        .route("/opaque/{id}", get(opaque))
        .route("/items", get(with_items))
        .route("/calls", get(calls).post(Articles::calls));
}
