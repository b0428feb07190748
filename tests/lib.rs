//! Tests of cached-handler.
