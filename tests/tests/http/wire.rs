//! Requests over a real socket, written byte by byte, so that nothing between the test and the server puts them right.

use std::{fmt, net::SocketAddr};

use axum::{
    ServiceExt,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
    serve::ListenerExt,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower::Service;

/// Whatever answers requests: a `Router`, or what an author put around one.
pub type App = tower::util::BoxCloneSyncService<Request, Response, std::convert::Infallible>;

/// Makes one.
pub fn app<S>(service: S) -> App
where
    S: Service<Request, Response = Response, Error = std::convert::Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    App::new(service)
}

/// The version of HTTP that a request is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Http1,
    H2,
}

/// A request as a client writes it.
#[derive(Clone)]
pub struct Ask {
    pub method: &'static str,
    pub target: String,
    /// `Host`, or `:authority`.
    pub host: &'static str,
    pub fields: Vec<(&'static str, Vec<u8>)>,
}

impl Ask {
    fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), host: "site.example", fields: Vec::new() }
    }

    /// With a further field line.
    pub fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name, value.as_ref().to_vec()));
        self
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target: String = self.target.chars().take(80).collect();
        write!(f, "{} {target} (host {})", self.method, self.host)?;
        for (name, value) in &self.fields {
            write!(f, " {name}: {}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    }
}

pub fn get(target: impl Into<String>) -> Ask {
    Ask::new("GET", target)
}

pub fn ask(method: &'static str, target: impl Into<String>) -> Ask {
    Ask::new(method, target)
}

/// A response as a client reads it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub fields: HeaderMap,
    pub content: Vec<u8>,
    /// It did not end as it should have.
    pub broken: bool,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }

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
        write!(f, "{}{} {text:?}", self.status, if self.broken { " (broken)" } else { "" })?;
        for (name, value) in
            self.fields.iter().filter(|(name, _)| !["date", "content-length", "content-type", "etag"].contains(&name.as_str()))
        {
            write!(f, " {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}

/// A server on a port of its own, gone when this is dropped.
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(app: App) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a connection"));
        let task =
            tokio::spawn(
                async move { axum::serve(listener, ServiceExt::<Request<Body>>::into_make_service(app)).await.expect("a server") },
            );
        Self { address, task }
    }

    pub async fn ask(&self, wire: Wire, ask: &Ask) -> Answer {
        let stream = self.connect().await;
        match wire {
            Wire::Http1 => http1(stream, ask).await,
            Wire::H2 => h2(stream, ask).await,
        }
    }

    pub async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The bytes of a request in HTTP/1.1.
pub fn written(ask: &Ask) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", ask.method, ask.target, ask.host).into_bytes();
    for (name, value) in &ask.fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

async fn http1(mut stream: TcpStream, ask: &Ask) -> Answer {
    let last = ask.clone().with("connection", "close");
    stream.write_all(&written(&last)).await.expect("a request");
    let mut bytes = Vec::new();
    // A server that resets the connection has said all that it will.
    let broken = stream.read_to_end(&mut bytes).await.is_err();
    let (mut answer, rest) = read(&bytes, ask.method == "HEAD");
    answer.broken |= broken || !rest.is_empty();
    answer
}

/// The first response in `bytes`, and what comes after it.
pub fn read(bytes: &[u8], head: bool) -> (Answer, &[u8]) {
    let broken = Answer { broken: true, ..Answer::default() };
    let Some(end) = find(bytes, b"\r\n\r\n") else { return (broken, &[]) };
    let (lines, rest) = (&bytes[..end], &bytes[end + 4..]);
    let mut lines = lines.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let status = lines.next().and_then(|line| std::str::from_utf8(line.get(9..12)?).ok()?.parse().ok()).unwrap_or(0);
    if (100..200).contains(&status) && status != 101 {
        return read(rest, head);
    }
    let mut fields = HeaderMap::new();
    for line in lines {
        let colon = find(line, b":").expect("a field");
        let name = HeaderName::from_bytes(&line[..colon]).expect("a name");
        fields.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).expect("a value"));
    }
    let mut answer = Answer { status, fields, ..Answer::default() };
    if head || matches!(status, 204 | 304) {
        return (answer, rest);
    }
    let chunked = answer.field("transfer-encoding").contains("chunked");
    if chunked {
        let (content, rest) = dechunked(rest);
        answer.broken = content.is_none();
        answer.content = content.unwrap_or_default();
        return (answer, rest);
    }
    let length = answer.field("content-length").parse().unwrap_or(rest.len());
    answer.broken = rest.len() < length;
    let (content, rest) = rest.split_at(length.min(rest.len()));
    answer.content = content.to_vec();
    (answer, rest)
}

/// RFC 9112 §7.1; nothing where it breaks off. Trailers are left out.
fn dechunked(mut rest: &[u8]) -> (Option<Vec<u8>>, &[u8]) {
    let mut content = Vec::new();
    loop {
        let Some(end) = find(rest, b"\r\n") else { return (None, &[]) };
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        rest = &rest[end + 2..];
        match size {
            Some(0) => {
                let trailers = if rest.starts_with(b"\r\n") { Some(0) } else { find(rest, b"\r\n\r\n").map(|end| end + 2) };
                return match trailers {
                    Some(end) => (Some(content), &rest[end + 2..]),
                    None => (None, &[]),
                };
            }
            Some(size) if rest.len() >= size + 2 => {
                content.extend_from_slice(&rest[..size]);
                rest = &rest[size + 2..];
            }
            _ => return (None, &[]),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

async fn h2(stream: TcpStream, ask: &Ask) -> Answer {
    let (client, connection) = ::h2::client::handshake(stream).await.expect("a connection");
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let mut request = Request::builder().method(ask.method).uri(format!("http://{}{}", ask.host, ask.target));
    for (name, value) in &ask.fields {
        request = request.header(*name, value.as_slice());
    }
    let request = request.version(axum::http::Version::HTTP_2).body(()).expect("a request");
    let (response, _) = client.send_request(request, true).expect("a request");
    let Ok(response) = response.await else {
        return Answer { broken: true, ..Answer::default() };
    };
    let (parts, mut body) = response.into_parts();
    let mut answer = Answer { status: parts.status.as_u16(), fields: parts.headers, ..Answer::default() };
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) => {
                let _closed = body.flow_control().release_capacity(piece.len());
                answer.content.extend_from_slice(&piece);
            }
            Err(_) => {
                answer.broken = true;
                break;
            }
        }
    }
    drop(client);
    connection.abort();
    answer
}
