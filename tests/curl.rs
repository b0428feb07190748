//! Requests by `curl`, which is strict about frames: a client made of hyper accepts what nghttp2, and with it browsers, refuse.

use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{io::AsyncWriteExt, process::Command};

pub use self::site::Site;

#[path = "curl/site.rs"]
mod site;

/// The version of HTTP that `curl` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1 in the clear.
    One,
    /// HTTP/2 through TLS, as browsers speak it. In the clear, `curl` 7.88 cannot use a connection twice
    /// (curl/curl#10634).
    Two,
}

impl Http {
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];
}

/// A request: a method, a path with a query, and field lines.
#[derive(Debug, Clone)]
pub struct Ask {
    method: &'static str,
    target: String,
    fields: Vec<(String, String)>,
    content: Option<String>,
}

pub fn get(target: impl Into<String>) -> Ask {
    ask("GET", target)
}

pub fn head(target: impl Into<String>) -> Ask {
    ask("HEAD", target)
}

pub fn ask(method: &'static str, target: impl Into<String>) -> Ask {
    Ask { method, target: target.into(), fields: Vec::new(), content: None }
}

impl Ask {
    /// With a further field line.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// With content.
    #[must_use]
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = Some(content.into());
        self
    }
}

/// What `curl` has read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Of the last head; 0 where none came.
    pub status: u16,
    /// What stands beside the status in HTTP/1.1.
    pub reason: String,
    pub fields: HeaderMap,
    pub content: Vec<u8>,
    /// How `curl` would have ended after this transfer: 0, or the number of an error such as 92 (a fault in an HTTP/2
    /// stream), 16 (in the framing of HTTP/2), 18 (less content than was declared).
    pub exit: i32,
    /// What `curl` says of the error.
    pub error: String,
    /// How many connections this transfer opened: 0 where an earlier one's was used again.
    pub connects: usize,
    /// As the answer has it: `1.1`, `2`.
    pub version: String,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }

    /// The lines of a field.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.fields.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    }

    /// Its one line of a field, empty where there is none.
    pub fn field(&self, name: &str) -> String {
        self.lines(name).join(" | ")
    }

    pub fn is_hit(&self) -> bool {
        self.field("cache-status").contains("; hit")
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text().chars().take(120).collect();
        write!(f, "HTTP/{} {} ({} connects) {text:?}", self.version, self.status, self.connects)?;
        if self.exit != 0 {
            write!(f, " curl: ({}) {}", self.exit, self.error)?;
        }
        for (name, value) in &self.fields {
            write!(f, " {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}

/// Sends the requests by one `curl`, one after another, over one connection as long as that can be used. Every transfer has
/// an answer, also where it or one before it failed. `address` is that of a server in the clear, or behind TLS, as `http`
/// says.
pub async fn curl(http: Http, address: SocketAddr, asks: &[Ask]) -> Vec<Answer> {
    let scratch = Scratch::new();
    let mut child = Command::new("curl")
        .args(["--disable", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("`curl` (Debian and Ubuntu: apt-get install curl)");
    let mut input = child.stdin.take().expect("its input");
    let config = config(http, address, asks, &scratch.0);
    input.write_all(config.as_bytes()).await.expect("its input");
    drop(input);
    let output = child.wait_with_output().await.expect("its output");
    let report = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), asks.len(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    let mut answers: Vec<_> = lines.into_iter().enumerate().map(|(at, line)| read(line, &scratch.0, at)).collect();
    // For a HEAD it writes the head there.
    answers.iter_mut().zip(asks).filter(|(_, ask)| ask.method == "HEAD").for_each(|(answer, _)| answer.content.clear());
    answers
}

/// The same of requests of which each has to be answered without a fault, on one connection.
pub async fn curl_well(http: Http, address: SocketAddr, asks: &[Ask]) -> Vec<Answer> {
    let answers = curl(http, address, asks).await;
    for (at, (answer, ask)) in answers.iter().zip(asks).enumerate() {
        assert_eq!(answer.exit, 0, "{http:?}, request {at}: {ask:?}: {answer:?}");
        assert_eq!(answer.connects, usize::from(at == 0), "{http:?}, request {at} got another connection: {ask:?}: {answers:?}");
        assert_eq!(answer.version, if http == Http::One { "1.1" } else { "2" }, "{ask:?}: {answer:?}");
    }
    answers
}

/// What `curl` is told on its input.
fn config(http: Http, address: SocketAddr, asks: &[Ask], scratch: &Path) -> String {
    let mut words = Words(String::new());
    let scheme = if http == Http::One { "http" } else { "https" };
    for (at, ask) in asks.iter().enumerate() {
        if at > 0 {
            words.flag("next");
        }
        words.flag(if http == Http::One { "http1.1" } else { "http2" });
        for flag in ["silent", "insecure", "globoff", "path-as-is"] {
            words.flag(flag);
        }
        words.value("url", &format!("{scheme}://{address}{}", ask.target));
        words.value("noproxy", "*");
        words.value("max-time", "60");
        match ask.method {
            "HEAD" => words.flag("head"),
            method => words.value("request", method),
        }
        for (name, value) in &ask.fields {
            // `name;` is how `curl` takes a field without a value.
            words.value("header", &if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") });
        }
        if let Some(content) = &ask.content {
            words.value("data-raw", content);
        }
        words.value("dump-header", &scratch.join(format!("{at}.head")).display().to_string());
        words.value("output", &scratch.join(format!("{at}.content")).display().to_string());
        words.value("write-out", "%{exitcode} %{num_connects} %{http_version} %{errormsg}\n");
    }
    words.0
}

/// The lines of a configuration.
struct Words(String);

impl Words {
    fn flag(&mut self, name: &str) {
        self.0.push_str(name);
        self.0.push('\n');
    }

    fn value(&mut self, name: &str, value: &str) {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        self.flag(&format!("{name} = \"{value}\""));
    }
}

fn read(report: &str, scratch: &Path, at: usize) -> Answer {
    let mut words = report.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let mut answer = Answer {
        exit: word().parse().expect("an exit code"),
        connects: word().parse().expect("a number of connections"),
        version: word().to_owned(),
        error: word().to_owned(),
        ..Answer::default()
    };
    // Nothing is written of what did not come.
    answer.content = fs::read(scratch.join(format!("{at}.content"))).unwrap_or_default();
    let heads = fs::read(scratch.join(format!("{at}.head"))).unwrap_or_default();
    for line in heads.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        if line.starts_with(b"HTTP/") {
            // One of several (1xx) is followed by the next.
            let line = String::from_utf8_lossy(line);
            let mut words = line.splitn(3, ' ').skip(1);
            answer.status = words.next().and_then(|status| status.parse().ok()).expect("a status");
            words.next().unwrap_or_default().clone_into(&mut answer.reason);
            answer.fields = HeaderMap::new();
        } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let name = HeaderName::from_bytes(&line[..colon]).expect("a name");
            answer.fields.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).expect("a value"));
        }
    }
    answer
}

/// A directory of one run, gone after it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cached-handler-curl-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}
