//! Redis behind TLS: by its URL, checked against what the system trusts, and by a client with certificates of its own. The
//! servers take no connection without.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path as FilePath, PathBuf},
    process::Command,
    time::Duration,
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, Outcome, Target, backend::RedisServer as Address, cached, testing::assert_miss};
use cached_handler_tests::{
    files::Scratch,
    harness::{PATIENT, ask, moment},
    log::Log,
    redis_server::RedisServer,
};
use redis::{Client, ClientTlsConfig, TlsCertificates};

#[cached(ttl = 600, backend = "redis")]
async fn page(Path(id): Path<u64>) -> String {
    format!("page {id}")
}

/// An authority and what it vouches for, made for one test.
struct Authority(PathBuf);

impl Authority {
    fn new(directory: &FilePath) -> Self {
        fs::create_dir_all(directory).unwrap();
        let authority = Self(directory.to_owned());
        fs::write(authority.file("settings"), SETTINGS).unwrap();
        authority.openssl(
            &["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=an authority", "-extensions", "authority"],
            "authority",
        );
        for name in ["server", "client"] {
            authority.openssl(&["req", "-newkey", "rsa:2048", "-nodes", "-subj", &format!("/CN={name}")], name);
            fs::rename(authority.file(&format!("{name}.crt")), authority.file(&format!("{name}.csr"))).unwrap();
            authority.signs(name);
        }
        authority
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    /// A certificate (or what is to become one) and its key.
    fn openssl(&self, arguments: &[&str], name: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments).arg("-config").arg(self.file("settings"));
        command.arg("-keyout").arg(self.file(&format!("{name}.key"))).arg("-out").arg(self.file(&format!("{name}.crt")));
        has_worked(&mut command);
    }

    fn signs(&self, name: &str) {
        let mut command = Command::new("openssl");
        command.args(["x509", "-req", "-days", "2", "-CAcreateserial", "-extensions", "vouched_for", "-extfile"]);
        command.arg(self.file("settings")).arg("-in").arg(self.file(&format!("{name}.csr")));
        command.arg("-CA").arg(self.file("authority.crt")).arg("-CAkey").arg(self.file("authority.key"));
        has_worked(command.arg("-out").arg(self.file(&format!("{name}.crt"))));
    }

    /// A server that has a certificate of this authority, and asks for one or not. With its address.
    fn server(&self, asks_for_certificates: bool) -> (RedisServer, String) {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).unwrap().port().to_string();
        let [certificate, key, authority] =
            ["server.crt", "server.key", "authority.crt"].map(|name| self.file(name).to_string_lossy().into_owned());
        let mut options = vec!["--port", "0", "--tls-port", &port, "--requirepass", "hunter2"];
        options.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &authority]);
        options.extend(["--tls-auth-clients", if asks_for_certificates { "yes" } else { "no" }]);
        (RedisServer::with(&options), format!("rediss://:hunter2@127.0.0.1:{port}"))
    }
}

fn has_worked(command: &mut Command) {
    let output = command.output().expect("openssl is needed: `apt-get install openssl`");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

const SETTINGS: &str = "
[req]
distinguished_name = names
prompt = no
[names]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[vouched_for]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1
";

const SOON: Duration = Duration::from_secs(60);

async fn cache_on(address: impl Into<Address>) -> Cache {
    Cache::builder().namespace("tls").redis(address).limits("redis", PATIENT).shares_namespace().outcome_on_hits().build().await.unwrap()
}

fn app(cache: &Cache) -> Router {
    Router::new().route("/page/{id}", get(page)).layer(Extension(cache.clone()))
}

async fn is_used(cache: &Cache) {
    let (app, began) = (app(cache), moment());
    while cache.invalidate(Target::path("/page/1")).await.is_err() {
        assert!(began.elapsed() < SOON, "{cache:?}");
    }
    assert_miss!(ask(&app, "/page/1").await);
    // Where the machine is busy, one that takes too long is none.
    while !matches!(ask(&app, "/page/1").await.extensions().get(), Some(Outcome::Hit { .. })) {
        assert!(began.elapsed() < SOON && cache.drain(SOON).await, "{cache:?}");
    }
    while cache.invalidate(Target::path("/page/1")).await.is_err() {
        assert!(began.elapsed() < SOON, "{cache:?}");
    }
    assert_miss!(ask(&app, "/page/1").await);
    assert!(!format!("{cache:?}").contains("hunter2"));
}

/// Handlers run, and it is said why.
async fn is_not_used(cache: &Cache, log: &Log, reason: &str) {
    let (app, began) = (app(cache), moment());
    let mut told = Vec::new();
    while !told.iter().any(|line: &String| line.contains(&format!("reason=\"{reason}\""))) {
        assert!(began.elapsed() < SOON, "{told:?}");
        assert_miss!(ask(&app, "/page/1").await);
        assert!(cache.invalidate(Target::path("/page/1")).await.is_err());
        told.extend(log.loud());
    }
    assert!(!told.join("\n").contains("hunter2"));
}

/// In a process of its own, as whom the system trusts is in the environment.
#[tokio::test]
async fn a_url_leads_to_a_server_that_the_system_trusts_and_to_no_other() {
    const SIGN: &str = "CACHED_HANDLER_TEST_TLS";
    let test = "tls::a_url_leads_to_a_server_that_the_system_trusts_and_to_no_other";
    if let Ok(urls) = std::env::var(SIGN) {
        let log = Log::default();
        let _listening = log.listen();
        let (trusted, other) = urls.split_once(' ').unwrap();
        let cache = cache_on(trusted).await;
        is_used(&cache).await;
        log.taken();
        is_not_used(&cache_on(other).await, &log, "untrusted").await;
        // The right server by a name that is not in its certificate.
        is_not_used(&cache_on(trusted.replace("127.0.0.1", "localhost")).await, &log, "untrusted").await;
        return;
    }
    let scratch = Scratch::new("tls-url");
    let [trusted, other] = ["trusted", "other"].map(|name| Authority::new(&scratch.path().join(name)));
    let [(_trusted, trusted_url), (_other, other_url)] = [&trusted, &other].map(|authority| authority.server(false));
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", test, "--nocapture"]).env(SIGN, format!("{trusted_url} {other_url}"));
    let output = process.env("SSL_CERT_FILE", trusted.file("authority.crt")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[tokio::test]
async fn an_own_client_brings_the_authority_and_certificate_that_the_server_asks_for() {
    let scratch = Scratch::new("tls-client");
    let authority = Authority::new(scratch.path());
    let (_server, url) = authority.server(true);
    let client = |client_tls| {
        let certificates = TlsCertificates { client_tls, root_cert: Some(authority.read("authority.crt")) };
        Client::build_with_tls(&*url, certificates).unwrap()
    };
    let own = ClientTlsConfig { client_cert: authority.read("client.crt"), client_key: authority.read("client.key") };
    is_used(&cache_on(client(Some(own))).await).await;
    let log = Log::default();
    let _listening = log.listen();
    is_not_used(&cache_on(client(None)).await, &log, "unreachable").await;
}
