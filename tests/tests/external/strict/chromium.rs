//! A headless browser, driven by the `DevTools` protocol through two pipes.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

pub struct Chromium {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    session: String,
    /// What has happened, and was not asked for yet.
    events: VecDeque<Value>,
    scratch: PathBuf,
}

/// How it is named on Debian and elsewhere.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Nothing takes as long: whatever waits longer waits for nothing.
const LONG: Duration = Duration::from_secs(180);

impl Chromium {
    /// One that trusts the server at this address, as it stores nothing of others; nothing where there is no browser.
    pub async fn start(server: SocketAddr) -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let path = std::env::var_os("PATH")?;
        let named = NAMES.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
        let program = named.filter(|file| file.is_file()).find(|file| is_one(file))?;
        let scratch = format!("cached-handler-chromium-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let scratch = std::env::temp_dir().join(scratch);
        std::fs::create_dir_all(&scratch).expect("a directory");
        // It reads from its third descriptor and writes to its fourth.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2"])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--disable-quic"])
            .arg(format!("--ignore-certificate-errors-spki-list={}", key_of(server).await))
            .args(["--disable-dev-shm-usage", "--no-default-browser-check", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", scratch.join("user").display()))
            .arg(format!("--log-net-log={}", scratch.join("net.json").display()))
            .arg("about:blank")
            .env("HOME", &scratch)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("a shell");
        let (to, from) = (child.stdin.take().expect("a pipe"), BufReader::new(child.stdout.take().expect("a pipe")));
        let mut browser = Self { child, to, from, calls: 0, session: String::new(), events: VecDeque::new(), scratch };
        let page = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach).await;
        session["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        for domain in ["Network.enable", "Page.enable", "Runtime.enable"] {
            browser.call(domain, json!({})).await;
        }
        Some(browser)
    }

    /// What it says to a command.
    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).await.expect("a browser that listens");
        loop {
            let mut said = self.read().await;
            if said["id"] == self.calls {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].take();
            }
            self.events.push_back(said);
        }
    }

    async fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        let read = timeout(LONG, self.from.read_until(0, &mut bytes)).await.expect("a word of the browser").expect("a browser that speaks");
        assert!(read > 0, "the browser is gone");
        bytes.pop();
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// The next thing that happens.
    pub async fn event(&mut self) -> Value {
        match self.events.pop_front() {
            Some(event) => event,
            None => self.read().await,
        }
    }

    /// Ends it, and gives what it has noted of the network: the names of events, and their parameters.
    pub async fn end(mut self) -> Vec<(String, Value)> {
        self.session.clear();
        self.call("Browser.close", json!({})).await;
        timeout(LONG, self.child.wait()).await.expect("an end").expect("an end");
        let log = std::fs::read(self.scratch.join("net.json")).expect("a log of the network");
        let log: Value = serde_json::from_slice(&log).expect("JSON");
        let types = log["constants"]["logEventTypes"].as_object().expect("types");
        let name = |number: &Value| types.iter().find(|(_, known)| *known == number).map_or_else(String::new, |(name, _)| name.clone());
        let events = log["events"].as_array().expect("events").iter();
        events.map(|event| (name(&event["type"]), event["params"].clone())).collect()
    }
}

/// Elsewhere there is a script of that name which says how to install one.
fn is_one(program: &Path) -> bool {
    let said = std::process::Command::new(program).arg("--version").stderr(Stdio::null()).output();
    said.is_ok_and(|said| said.status.success() && String::from_utf8_lossy(&said.stdout).contains("Chrom"))
}

/// The digest of its public key.
async fn key_of(server: SocketAddr) -> String {
    let script = format!(
        "openssl s_client -connect {server} -alpn h2 </dev/null 2>/dev/null | openssl x509 -pubkey -noout | \
         openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64"
    );
    let output = Command::new("sh").args(["-c", &script]).output().await.expect("a shell");
    let key = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(key.len() == 44, "openssl is needed: {}", String::from_utf8_lossy(&output.stderr));
    key
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.scratch);
    }
}
