//! The other ways into a cache: layer and typed values; and the backends that a program names or brings itself.

mod default_backend;
mod layer;
mod stores;
mod tiers;
mod values;
