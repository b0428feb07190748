//! A future that is not `Send` cannot run in a task of its own, and axum takes no such handler either.

use axum::{Router, extract::State, routing::get};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn holds_an_rc() -> String { //~ holds_an_rc => future cannot be sent between threads safely
    let text = std::rc::Rc::new(5);
    tokio::task::yield_now().await;
    text.to_string()
}

#[cached(ttl = 60, collapse = "inline")]
async fn holds_it_inline() -> String {
    let text = std::rc::Rc::new(5);
    tokio::task::yield_now().await;
    text.to_string()
}

trait Repository {
    #[allow(async_fn_in_trait)]
    async fn list(&self) -> String;
}

#[cached(ttl = 60)]
async fn generic<R: Repository + Clone + Send + Sync>(State(repository): State<R>) -> String { //~ generic => future cannot be sent between threads safely
    repository.list().await
}

fn main() {
    let _: Router = Router::new().route("/", get(holds_it_inline)); //~ holds_it_inline => is not satisfied
}
