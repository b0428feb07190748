//! Names that do not exist are told where they stand.

use axum::extract::Path;
use cached_handler::cached;

#[cached(ttl = 60)]
async fn unknown_name() -> String {
    missing //~ missing => cannot find value `missing` in this scope
}

#[cached(ttl = 60)]
async fn unknown_trait() -> impl Missing { //~ Missing => cannot find trait `Missing` in this scope
    "text"
}

#[cached(ttl = 60)]
async fn unknown_type(Path(id): Path<Missing>) -> String { //~ Missing => cannot find type `Missing` in this scope
    id
}

fn main() {}
