//! A visitor: `curl` with a jar of cookies.

use std::{
    env, fs,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Told;

pub struct Browser {
    address: SocketAddr,
    /// Which visitor of this site.
    number: usize,
    jar: PathBuf,
    /// What every request of this visitor has besides.
    fields: Vec<String>,
    told: Arc<Mutex<Vec<Told>>>,
}

static JARS: AtomicU64 = AtomicU64::new(0);

impl Browser {
    pub(crate) fn new(address: SocketAddr, number: usize, told: Arc<Mutex<Vec<Told>>>) -> Self {
        let unique = JARS.fetch_add(1, Ordering::Relaxed);
        let jar = env::temp_dir().join(format!("adoption-{}-{unique}.cookies", std::process::id()));
        Self { address, number, jar, fields: Vec::new(), told }
    }

    /// With a field in all requests, such as `Authorization: …`.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>) -> Self {
        self.fields.push(field.into());
        self
    }

    /// The cookies of now, for another browser: those that somebody has kept.
    pub fn cookies(&self) -> String {
        let jar = fs::read_to_string(&self.jar).unwrap_or_default();
        let cookies = jar.lines().filter_map(|line| {
            let line = line.strip_prefix("#HttpOnly_").unwrap_or(line);
            let fields: Vec<_> = line.split('\t').collect();
            (fields.len() == 7).then(|| format!("{}={}", fields[5], fields[6]))
        });
        cookies.collect::<Vec<_>>().join("; ")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[])
    }

    /// Sends a form.
    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut more = Vec::new();
        for pair in &pairs {
            more.extend(["--data-urlencode", pair]);
        }
        if form.is_empty() {
            more.extend(["-d", ""]);
        }
        self.send("POST", path, &more)
    }

    /// Sends JSON.
    pub fn json(&self, method: &str, path: &str, json: &str) -> Answer {
        self.send(method, path, &["-H", "Content-Type: application/json", "-d", json])
    }

    /// Any other request, by arguments of `curl`.
    pub fn send(&self, method: &str, path: &str, more: &[&str]) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-i", "-g", "--path-as-is", "--max-time", "30", "-b"]).arg(&self.jar).arg("-c").arg(&self.jar);
        match method {
            "HEAD" => curl.arg("-I"),
            _ => curl.args(["-X", method]),
        };
        for field in &self.fields {
            curl.args(["-H", field]);
        }
        curl.args(more).arg(format!("http://{}{path}", self.address));
        let output = curl.output().expect("curl");
        assert!(output.status.success(), "{curl:?}: {}", String::from_utf8_lossy(&output.stderr));
        let answer = Answer::parse(&String::from_utf8_lossy(&output.stdout));
        self.told.lock().expect("answers").push(Told {
            asked: format!("visitor {}: {method} {path} {more:?}", self.number),
            status: answer.status,
            body: answer.body.clone(),
            location: answer.field("location").map(str::to_owned),
        });
        answer
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.jar);
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        // An interim answer comes before the final one.
        if head.starts_with("HTTP/1.1 100") {
            return Self::parse(body);
        }
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let fields = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self { status: status.unwrap_or_else(|| panic!("no answer: {text}")), fields: fields.collect(), body: body.to_owned() }
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// By what the cache says of itself.
    pub fn is_hit(&self) -> bool {
        self.field("cache-status").is_some_and(|status| status.contains("; hit"))
    }

    pub fn is_private(&self) -> bool {
        self.field("cache-control").is_some_and(|control| control.contains("private"))
    }
}
