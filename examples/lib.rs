//! Examples of cached-handler.
