//! A value on its way, as a response; and out of what was stored.

use std::{any::Any, fmt, sync::Arc};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::ValueOptions;
use crate::response_part::{DoNotStore, FreshFor};

/// A value of some type.
#[derive(Clone)]
pub(crate) struct Typed {
    value: Arc<dyn Any + Send + Sync>,
    /// About how many bytes it takes: itself, and as JSON what it points to.
    weight: usize,
}

impl Typed {
    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.value).downcast().ok()
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight
    }
}

/// The response that a value is stored as.
pub(super) fn respond<T: Serialize + Send + Sync + 'static>(value: T, options: &ValueOptions) -> Response {
    let json = serde_json::to_vec(&value);
    let weight = size_of::<T>() + json.as_ref().map_or(0, Vec::len);
    let mut response = Response::default();
    match json {
        Ok(json) => {
            *response.body_mut() = Body::from(json);
            response.extensions_mut().insert(FreshFor(options.ttl));
        }
        Err(error) => {
            tracing::warn!(target: "cached_handler", %error, "a value is not stored: it cannot be written as JSON");
            response.extensions_mut().insert(DoNotStore);
        }
    }
    response.extensions_mut().insert(Typed { value: Arc::new(value), weight });
    response
}

/// A value out of what rests.
pub(super) fn opened<T: DeserializeOwned + Send + Sync + 'static>(json: &Bytes) -> Option<Typed> {
    match serde_json::from_slice::<T>(json) {
        Ok(value) => Some(Typed { value: Arc::new(value), weight: size_of::<T>() + json.len() }),
        Err(error) => {
            // Not the error's text, which may quote the value.
            tracing::debug!(target: "cached_handler", line = error.line(), column = error.column(), "a stored value is not of this type");
            None
        }
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("weight", &self.weight).finish_non_exhaustive()
    }
}
