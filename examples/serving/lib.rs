//! Serves the examples, and is no part of what they show.
//!
//! Each has a transcript in its first comment: what to type and what comes of it, in one block of `console`:
//!
//! ```console
//! # Anything that the reader should know.
//! $ curl -i localhost:3000/page
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! the content, … for what varies
//! $ sleep 61
//! # Another process, and a part of what it answers.
//! $ curl localhost:3001/page | grep answer
//! ```
//!
//! [`serve`] prints it, and `examples/tests/transcripts` plays it against `app`, with a clock set by hand. Of the header fields it
//! names those that matter; content is checked where an empty line and some of it follow.

use std::{env, io, net::Ipv4Addr};

use axum::Router;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

/// Serves an example on loopback until Ctrl-C, on the port that is its first argument or the usual one, and prints what
/// its source says to type; and what the cache warns of, such as a Redis that is not there.
pub async fn serve(app: Router, source: &str) -> io::Result<()> {
    warn();
    let port = env::args().nth(1).map(|word| port(&word)).transpose().unwrap_or_else(|complaint| {
        eprintln!("{complaint}");
        std::process::exit(2)
    });
    let listener = listen(port).await?;
    let address = listener.local_addr()?;
    println!("http://{address}\n");
    println!("Line by line in another terminal:\n");
    for line in transcript(source).filter(|line| line.starts_with("$ ") || line.starts_with("# ")) {
        println!("  {}", line.trim_start_matches("$ ").replace(ADDRESS, &address.to_string()));
    }
    println!("\nCtrl-C ends it.\n");
    axum::serve(listener, app).with_graceful_shutdown(ended()).await
}

/// Writes warnings and errors to the terminal.
pub fn warn() {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).without_time().with_target(false).init();
}

/// The port that a word on the command line is.
fn port(word: &str) -> Result<u16, String> {
    word.parse().map_err(|_| format!("`{word}` is not a port; type a number up to 65535"))
}

/// The lines of the transcript in the first comment of an example.
pub fn transcript(source: &str) -> impl Iterator<Item = &str> {
    let comment = source.lines().map_while(|line| line.strip_prefix("//!"));
    comment
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .skip_while(|line| *line != "```console")
        .skip(1)
        .take_while(|line| *line != "```")
}

/// Listens on a port of loopback: the one that is asked for; or else the usual one, or any where that is taken.
pub async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    let on = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => on(port).await,
        None => match on(USUAL_PORT).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => on(0).await,
            other => other,
        },
    }
}

/// Waits for Ctrl-C, or for the signal by which other programs end this one.
pub async fn ended() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    _ = tokio::signal::ctrl_c().await;
}

/// Where transcripts say that an example listens.
pub const ADDRESS: &str = "localhost:3000";
const USUAL_PORT: u16 = 3000;

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn what_is_no_port_is_told_so() {
        assert_eq!(port("3001"), Ok(3001));
        assert_eq!(port("abc"), Err("`abc` is not a port; type a number up to 65535".to_owned()));
        assert_eq!(port("70000"), Err("`70000` is not a port; type a number up to 65535".to_owned()));
    }
}
