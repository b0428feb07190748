//! A value on its way, as a response; and out of what was stored.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{ValueOptions, weigh};
use crate::stored::{
    response_part::{DoNotStore, FreshFor},
    value::Typed,
};

/// The response that a value is stored as. `keeping`: how its backend has it.
pub(super) fn respond<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    value: T,
    options: &ValueOptions,
    keeping: Keeping<T>,
) -> Response {
    let mut response = Response::default();
    let (value, outcome) = match serde_json::to_vec(&value) {
        Ok(json) => keeping.kept(value, json),
        Err(error) => (Typed::new(value, 0), Err(error)),
    };
    match outcome {
        Ok(json) => {
            *response.body_mut() = Body::from(json);
            response.extensions_mut().insert(FreshFor(options.ttl));
        }
        Err(error) => {
            tracing::warn!(target: "cached_handler", %error, "a value is not stored: it cannot be written as JSON, or not be read back");
            response.extensions_mut().insert(DoNotStore);
        }
    }
    response.extensions_mut().insert(value);
    response
}

/// How a value is kept.
pub(super) enum Keeping<T> {
    /// As its JSON, elsewhere.
    AtRest,
    /// In memory, where its author says what it weighs.
    Weighed(fn(&T) -> usize),
    /// In memory.
    InMemory,
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Keeping<T> {
    /// What is kept of a value that has this JSON. In memory that is what can be read back from it, as on every other backend:
    /// a value may hold more than its JSON shows, such as a field that serde skips, or room for what it once held, and nobody
    /// can say how much that is (law L7). One that owns nothing is as large as its type.
    fn kept(self, value: T, json: Vec<u8>) -> (Typed, serde_json::Result<Vec<u8>>) {
        let own = size_of::<T>() + COUNTS;
        match self {
            Self::AtRest => (Typed::new(value, 0), Ok(json)),
            Self::Weighed(weigh) => {
                let weight = own + weigh(&value);
                (Typed::new(value, weight), Ok(json))
            }
            Self::InMemory if !std::mem::needs_drop::<T>() => (Typed::new(value, own), Ok(json)),
            Self::InMemory => match serde_json::from_slice::<T>(&json) {
                Ok(read) => {
                    let weight = own + heap_of_read(&read, json.len());
                    (Typed::new(read, weight), Ok(json))
                }
                Err(error) => (Typed::new(value, 0), Err(error)),
            },
        }
    }
}

/// In bytes. What cannot be measured is taken for as much as JSON of this length can come to.
fn heap_of_read<T: Serialize>(read: &T, json: usize) -> usize {
    weigh::heap_of(read).unwrap_or(json.saturating_mul(16))
}

/// Of an `Arc`.
const COUNTS: usize = 32;

/// A value out of what rests.
pub(super) fn opened<T: DeserializeOwned + Send + Sync + 'static>(json: &Bytes) -> Option<Typed> {
    match serde_json::from_slice::<T>(json) {
        Ok(value) => Some(Typed::new(value, 0)),
        Err(error) => {
            // Not the error's text, which may quote the value.
            tracing::debug!(target: "cached_handler", line = error.line(), column = error.column(), "a stored value is not of this type");
            None
        }
    }
}

/// The same, of which a copy is held in memory.
pub(super) fn measured<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    json: &Bytes,
    weigh: Option<fn(&T) -> usize>,
) -> Option<Typed> {
    let value = opened::<T>(json)?.get::<T>()?;
    let heap = weigh.map_or_else(|| heap_of_read(&*value, json.len()), |weigh| weigh(&value));
    Some(Typed::shared(value, size_of::<T>() + COUNTS + heap))
}
