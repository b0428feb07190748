//! What a hit costs on the wire, in processor time of the server per request: 64 connections, each of which asks again as soon
//! as it has its answer. The same lines and content by a handler that has them ready are what it is held against.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use cached_handler_tests::{built, harness::is_full};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

const CONNECTIONS: usize = 64;

/// A server in a process of its own, which ends when this is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &std::path::Path, case: &str) -> Self {
        let mut process =
            Command::new(program).arg(case).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server's process");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim().parse().unwrap() }
    }

    /// Nanoseconds that its threads have had a processor.
    fn busy(&self) -> u64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let of_thread = |text: String| text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
        threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok().and_then(of_thread)).sum()
    }

    /// Microseconds that it is busy for a request, of so many.
    async fn measure(&self, requests: usize) -> f64 {
        let before = self.busy();
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            clients.spawn(ask(self.address, requests / CONNECTIONS));
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        (self.busy() - before) as f64 / 1000.0 / requests as f64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// Asks so many times on one connection. Each answer has a content of a little more than 1 000 bytes, and says how long it is.
async fn ask(address: SocketAddr, times: usize) {
    const REQUEST: &[u8] = b"GET /42?page=2&sort=date HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\naccept-encoding: gzip, br\r\naccept-language: en\r\nuser-agent: wire/1.0\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Vec::with_capacity(4096);
    for _ in 0..times {
        stream.write_all(REQUEST).await.unwrap();
        answer.clear();
        while !is_whole(&answer) {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the server closed the connection");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|length| length.parse::<usize>().ok());
    answer.len() == end + 4 + length.expect("a length")
}

#[tokio::test]
async fn a_hit_on_the_wire_costs_little_more_than_the_same_response_ready() {
    let program = built::for_speed("cached-handler-cost", "wire", "wire");
    let servers = ["ready", "hit", "layer"].map(|case| Server::start(&program, case));
    let requests = if is_full() { 1_280_000 } else { 64_000 };
    let mut turns = Vec::new();
    // In turns, so that what else the machine does falls on all alike; the first is to warm up.
    for _ in 0..8 {
        let mut turn = [0.0; 3];
        for (server, found) in servers.iter().zip(&mut turn) {
            *found = server.measure(requests).await;
        }
        turns.push(turn);
    }
    let [ready, hit, layer] = [0, 1, 2].map(|case| {
        let mut found: Vec<f64> = turns[1..].iter().map(|turn| turn[case]).collect();
        found.sort_by(f64::total_cmp);
        found[found.len() / 2]
    });
    println!(
        "- on the wire, {CONNECTIONS} connections: a ready response {ready:.2} µs of processor time per request; a hit of the attribute {hit:.2}: {:.3} x; of the layer around the router {layer:.2}: {:.3} x",
        hit / ready,
        layer / ready
    );
    assert!(hit / ready <= 1.1, "the attribute: {turns:?}");
    assert!(layer / ready <= 1.05, "the layer: {turns:?}");
}
