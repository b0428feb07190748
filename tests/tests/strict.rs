//! Clients that are strict about frames, through all the layers that authors put around their handlers: `curl`, which is made
//! with nghttp2, and a browser.

#[path = "strict/browser.rs"]
mod browser;
#[path = "strict/chromium.rs"]
mod chromium;
#[path = "strict/layers.rs"]
mod layers;
#[path = "strict/stack.rs"]
mod stack;
