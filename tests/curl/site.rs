//! A server that `curl` can ask by both versions of HTTP.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    process::Command,
    sync::{Arc, OnceLock},
};

use axum::{
    ServiceExt,
    body::Body,
    extract::Request,
    response::Response,
    serve::{Listener, ListenerExt},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};
use tower::{Service, ServiceExt as _};

use super::{Answer, Ask, Http, curl, curl_well};

/// An app on ports of its own, gone when this is dropped.
#[derive(Debug)]
pub struct Site {
    in_the_clear: SocketAddr,
    behind_tls: SocketAddr,
    tasks: [JoinHandle<()>; 3],
}

impl Site {
    /// Serves a `Router`, or what an author put around one.
    pub async fn start<S, B>(app: S) -> Self
    where
        S: Service<Request, Response = axum::http::Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send,
        B: http_body_util::BodyExt<Data = axum::body::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    {
        let app = app.map_response(|response: axum::http::Response<B>| response.map(Body::new));
        let clear = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let in_the_clear = clear.local_addr().expect("an address");
        let clear = clear.tap_io(|stream| stream.set_nodelay(true).expect("a connection"));
        let (tls, behind_tls, accepts) = Tls::bind().await;
        Self { in_the_clear, behind_tls, tasks: [serve(clear, app.clone()), serve(tls, app), accepts] }
    }

    /// Where it is asked by this version.
    pub fn address(&self, http: Http) -> SocketAddr {
        if http == Http::One { self.in_the_clear } else { self.behind_tls }
    }

    /// See [`curl`].
    pub async fn curl(&self, http: Http, asks: &[Ask]) -> Vec<Answer> {
        curl(http, self.address(http), asks).await
    }

    /// See [`curl_well`].
    pub async fn curl_well(&self, http: Http, asks: &[Ask]) -> Vec<Answer> {
        curl_well(http, self.address(http), asks).await
    }

    /// One request, which has to be answered without a fault.
    pub async fn ask(&self, http: Http, ask: Ask) -> Answer {
        self.curl_well(http, &[ask]).await.remove(0)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn serve<S>(listener: impl Listener<Addr: std::fmt::Debug>, app: S) -> JoinHandle<()>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let serves = async move { axum::serve(listener, ServiceExt::<Request<Body>>::into_make_service(app)).await.expect("a server") };
    tokio::spawn(serves)
}

/// Connections whose handshake is done.
struct Tls {
    address: SocketAddr,
    ready: mpsc::Receiver<TlsStream<TcpStream>>,
}

impl Tls {
    async fn bind() -> (Self, SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let acceptor = TlsAcceptor::from(Arc::clone(settings()));
        let (sender, ready) = mpsc::channel(16);
        let accepts = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    let _nodelay = stream.set_nodelay(true);
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _gone = sender.send(stream).await;
                    }
                });
            }
        });
        (Self { address, ready }, address, accepts)
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(stream) => (stream, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// With a certificate that nobody vouches for, made once for this process.
fn settings() -> &'static Arc<ServerConfig> {
    static SETTINGS: OnceLock<Arc<ServerConfig>> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-keyout", "-", "-out", "-"])
            .output()
            .expect("openssl is needed: `apt-get install openssl`");
        let certificate = CertificateDer::from_pem_slice(&output.stdout).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(&output.stdout).expect("a key");
        let settings = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
        let mut settings = settings.expect("a certificate with its key");
        settings.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(settings)
    })
}
