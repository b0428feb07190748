//! Handlers that change the model, and with it invalidate what shows that.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, post, put},
};
use cached_handler::{Cache, Target, cached, invalidates};

use super::{
    model::{CELLS, Model},
    plan::{Shape, shape},
};

#[invalidates(group = "cell:{id}", uncached = by_group_bare)]
async fn by_group(State(model): State<Model>, Path(id): Path<u32>) -> StatusCode {
    model.write(id);
    StatusCode::NO_CONTENT
}

#[cached(ttl = 60, uncached = of_a_path_bare)]
async fn of_a_path(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(CELLS + id)
}

#[invalidates(path = "/of_a_path/{id}", uncached = by_path_bare)]
async fn by_path(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.write(CELLS + id);
    model.shown(CELLS + id)
}

#[cached(ttl = 60, uncached = of_a_handler_bare)]
async fn of_a_handler(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(2 * CELLS + id)
}

#[invalidates(handler = of_a_handler, uncached = by_handler_bare)]
async fn by_handler(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.write(2 * CELLS + id);
    model.shown(2 * CELLS + id)
}

async fn everything(State(model): State<Model>, Extension(cache): Extension<Cache>) -> StatusCode {
    (0..4 * CELLS).for_each(|id| model.write(id));
    cache.invalidate(Target::all()).await.expect("invalidated");
    StatusCode::NO_CONTENT
}

async fn everything_bare(State(model): State<Model>) -> StatusCode {
    (0..4 * CELLS).for_each(|id| model.write(id));
    StatusCode::NO_CONTENT
}

/// At the top of the router, as `#[invalidates(path = …)]` names whole paths.
pub fn shapes() -> Vec<Shape> {
    vec![
        shape("of_a_path", "/{id}", || get(of_a_path), || get(of_a_path_bare)),
        shape("of_a_handler", "/{id}", || get(of_a_handler), || get(of_a_handler_bare)),
        shape("by_group", "/{id}", || post(by_group), || post(by_group_bare)),
        shape("by_path", "/{id}", || put(by_path), || put(by_path_bare)),
        shape("by_handler", "/{id}", || delete(by_handler), || delete(by_handler_bare)),
        shape("everything", "/{id}", || post(everything), || post(everything_bare)),
    ]
}

/// A mistake for the control: it changes what is shown, and invalidates nothing.
pub fn forgotten() -> Shape {
    shape("by_group", "/{id}", || post(by_group_bare), || post(by_group_bare))
}
