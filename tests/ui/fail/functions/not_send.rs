//! A future that is not `Send` cannot run in a task of its own.

use cached_handler::cached;

#[cached(ttl = 60)]
async fn holds_an_rc() -> String { //~ holds_an_rc => future cannot be sent between threads safely
    let text = std::rc::Rc::new(5);
    tokio::task::yield_now().await;
    text.to_string()
}

fn main() {}
