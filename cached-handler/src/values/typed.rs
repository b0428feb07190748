//! Converts a value into the response that is stored for it, and back.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{ValueOptions, weigh};
use crate::stored::{
    response_part::{DoNotStore, FreshFor},
    value::Typed,
};

/// The response as which a value is stored. `keeping`: the form in which its backend keeps it.
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

/// The form in which a value is kept.
pub(super) enum Keeping<T> {
    /// As JSON, in a backend other than memory.
    AtRest,
    /// In memory as it is, with the author's function for its size.
    Weighed(fn(&T) -> usize),
    /// In memory, deserialized from its JSON.
    InMemory,
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Keeping<T> {
    /// The value to keep, with its JSON. In memory it is deserialized from the JSON, as from every other backend: the computed value
    /// may own memory that its JSON does not show, such as a skipped field or spare capacity, whose size is unknown (law L7). A value
    /// that owns nothing is kept itself.
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

/// The bytes that a deserialized value owns. If they cannot be estimated, the most that JSON of this length can expand to.
fn heap_of_read<T: Serialize>(read: &T, json: usize) -> usize {
    weigh::heap_of(read).unwrap_or(json.saturating_mul(16))
}

/// The size of an `Arc`'s counters and allocation.
const COUNTS: usize = 32;

/// A value from its stored JSON.
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

/// A value from its stored JSON, with its weight, for the copy in memory.
pub(super) fn measured<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    json: &Bytes,
    weigh: Option<fn(&T) -> usize>,
) -> Option<Typed> {
    let value = opened::<T>(json)?.get::<T>()?;
    let heap = weigh.map_or_else(|| heap_of_read(&*value, json.len()), |weigh| weigh(&value));
    Some(Typed::shared(value, size_of::<T>() + COUNTS + heap))
}
