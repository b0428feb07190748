//! What is advised where a future is not `Send`.

use axum::{Router, extract::State, routing::get};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn drops_it_first() -> String {
    let text = {
        let number = std::rc::Rc::new(5);
        number.to_string()
    };
    tokio::task::yield_now().await;
    text
}

/// Does not promise that the futures of its functions are `Send`.
#[allow(async_fn_in_trait)]
trait Repository {
    async fn list(&self) -> String;
}

#[derive(Clone)]
struct Articles;

impl Repository for Articles {
    async fn list(&self) -> String {
        "articles".to_owned()
    }
}

#[cached(ttl = 60, collapse = "inline")]
async fn generic<R: Repository + Clone + Send + Sync>(State(repository): State<R>) -> String {
    repository.list().await
}

/// What an argument holds has to be `Send` for axum, which the attribute says by itself.
#[cached(ttl = 60)]
async fn holds_a_parameter<E>(State(value): State<E>) -> String {
    let _ = value;
    String::new()
}

fn main() {
    let _: Router = Router::new().route("/3", get(holds_a_parameter::<u8>)).with_state(5);
    let _: Router = Router::new().route("/1", get(drops_it_first)).route("/2", get(generic::<Articles>)).with_state(Articles);
}
