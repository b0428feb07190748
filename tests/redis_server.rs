//! A Redis of a test's own: on loopback, in a directory of its own, ended with the test. Where `redis-server` is not
//! installed the test fails, and says what to install.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    directory: PathBuf,
    options: Vec<String>,
    child: Option<(Child, BufReader<ChildStdout>)>,
}

impl RedisServer {
    /// One that keeps nothing when it ends.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with further options, as on its command line.
    pub fn with(options: &[&str]) -> Self {
        let mut server = Self::absent(options);
        server.restart();
        server
    }

    /// A place for one that does not run yet.
    pub fn absent(options: &[&str]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cached-handler-redis-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        Self { port, directory, options: options.iter().map(|&option| option.to_owned()).collect(), child: None }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        if let Some((mut child, _)) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Starts it (again), on the same port, and waits until it is ready.
    pub fn restart(&mut self) {
        self.kill();
        let mut child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&self.directory)
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server is needed: `apt-get install redis-server`");
        let mut log = BufReader::new(child.stdout.take().expect("its log"));
        let mut said = String::new();
        while !said.contains("eady to accept connections") {
            assert!(log.read_line(&mut said).expect("its log") > 0, "redis-server has ended: {said}");
        }
        self.child = Some((child, log));
    }

    /// Stops it in its tracks: connections stay, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let (child, _) = self.child.as_ref().expect("a server that runs");
        let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// A connection to look at it from outside.
    pub async fn connect(&self) -> redis::aio::MultiplexedConnection {
        connect(&self.url()).await
    }

    /// Sends one command, in words, and gives the answer in words.
    pub async fn say(&self, command: &str) -> Vec<String> {
        let mut words = command.split(' ');
        let mut line = redis::cmd(words.next().expect("a command"));
        words.for_each(|word| {
            line.arg(word);
        });
        let answer: redis::Value = line.query_async(&mut self.connect().await).await.expect("an answer");
        match answer {
            redis::Value::Array(values) => values.into_iter().map(text).collect(),
            value => vec![text(value)],
        }
    }

    /// All keys, for looking at.
    pub async fn keys(&self) -> Vec<String> {
        self.say("KEYS *").await
    }
}

/// A connection as the cache has one.
pub async fn connect(url: &str) -> redis::aio::MultiplexedConnection {
    use redis::IntoConnectionInfo;
    let info = url.into_connection_info().expect("an address");
    let settings = info.tcp_settings().clone().set_nodelay(true);
    let client = redis::Client::open(info.set_tcp_settings(settings)).expect("an address");
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await.expect("a server that runs")
}

fn text(value: redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        redis::Value::SimpleString(text) => text,
        redis::Value::Int(number) => number.to_string(),
        redis::Value::Okay => "OK".to_owned(),
        other => format!("{other:?}"),
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        _ = std::fs::remove_dir_all(&self.directory);
    }
}
