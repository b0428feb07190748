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

// Each name once, however often the attribute's code mentions it.
#[cached(ttl = 60)]
async fn unknown_argument(value: Missing) -> String { //~ Missing => cannot find type `Missing` in this scope
    let _ = value;
    String::new()
}

#[cached(ttl = 60, vary = "accept")]
async fn unknown_second(_: Path<u64>, value: Missing) -> Missing2 { //~ Missing => cannot find type `Missing` in this scope //~ Missing2 => cannot find type `Missing2` in this scope
    let _ = value;
    unreachable!("its type is not found")
}

#[cached(ttl = 60, key(id))]
async fn unknown_pattern(Missing(id): Path<u64>) -> String { //~ Missing => cannot find tuple struct or tuple variant `Missing` in this scope
    id.to_string()
}

#[cached(ttl = MISSING)] //~ MISSING => cannot find value `MISSING` in this scope
async fn unknown_constant() {}

#[cached(ttl = 60, policy = MISSING)] //~ MISSING => cannot find value `MISSING` in this scope
async fn unknown_policy() {}

#[cached_handler::invalidates(handler = missing)] //~ missing => cannot find value `missing` in this scope
async fn unknown_handler() {}

fn main() {}
