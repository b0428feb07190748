//! Values of other crates, each behind the feature of that crate's name. Two values that a handler can tell apart, by printing them
//! or otherwise, are two keys. The equality of these crates is too coarse for that (`1.0 == 1.00`).

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "jiff")]
mod jiff;
#[cfg(feature = "time")]
mod time;

#[cfg(any(feature = "rust_decimal", feature = "url", feature = "uuid"))]
use crate::key::writer::{KeyPart, KeyWriter};

#[cfg(feature = "uuid")]
impl KeyPart for uuid::Uuid {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("uuid", self.as_bytes());
    }
}

#[cfg(feature = "url")]
impl KeyPart for url::Url {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("url", self.as_str().as_bytes());
    }
}

#[cfg(feature = "rust_decimal")]
impl KeyPart for rust_decimal::Decimal {
    /// Includes the scale, and the sign of a zero.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("decimal", &self.serialize());
    }
}
