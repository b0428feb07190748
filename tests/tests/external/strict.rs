//! Clients that are strict about frames, through all the layers that authors put around their handlers: `curl`, which is made
//! with nghttp2, and a browser.

mod browser;
mod chromium;
mod layers;
mod stack;
