//! What belongs to the connection.

use std::net::SocketAddr;

use axum::{extract::{ConnectInfo, WebSocketUpgrade}, http::Extensions};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn extensions(extensions: Extensions) { //~ Extensions => a cached handler cannot take all `Extensions`
    let _ = extensions;
}

#[cached(ttl = 60)]
async fn address(ConnectInfo(address): ConnectInfo<SocketAddr>) { //~ ConnectInfo<SocketAddr> => `ConnectInfo<std::net::SocketAddr>` cannot be an argument of a cached handler: with an address in the key, each client would have responses of its own
    let _ = address;
}

#[cached(ttl = 60)]
async fn upgrade(upgrade: WebSocketUpgrade) { //~ WebSocketUpgrade => a handler that upgrades to a WebSocket cannot be cached
    let _ = upgrade;
}

fn main() {}
