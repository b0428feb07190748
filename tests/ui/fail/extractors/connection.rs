//! What belongs to the connection.

use std::net::SocketAddr;

use axum::{extract::{ConnectInfo, WebSocketUpgrade}, http::Extensions};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn extensions(extensions: Extensions) {
    let _ = extensions;
}

#[cached(ttl = 60)]
async fn address(ConnectInfo(address): ConnectInfo<SocketAddr>) {
    let _ = address;
}

#[cached(ttl = 60)]
async fn upgrade(upgrade: WebSocketUpgrade) {
    let _ = upgrade;
}

fn main() {}
