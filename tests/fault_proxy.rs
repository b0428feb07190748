//! A proxy on loopback that stands between a client and a server, and does to the bytes what networks do.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::sleep,
};

/// What happens to what the server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It comes this much later.
    Latency(Duration),
    /// So many bytes a second.
    Bandwidth(usize),
    /// In pieces of so many bytes, a millisecond apart.
    Slices(usize),
    /// It ends after so many bytes.
    Truncated(usize),
    /// The connection is reset instead.
    Reset,
    /// The connection is closed instead, and only after this long.
    SlowClose(Duration),
    /// Nothing arrives, either way, on any connection that there is meanwhile.
    BlackHole,
    /// This line instead, whatever was asked, and nothing reaches the server.
    Line(&'static str),
}

/// The proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    fault: watch::Sender<Fault>,
    commands: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl FaultProxy {
    /// In front of a server on this port.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let fault = watch::Sender::new(Fault::None);
        let mut tasks = JoinSet::new();
        let faults = fault.subscribe();
        let commands = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&commands);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass_on(client, server, faults.clone(), Arc::clone(&counter)));
            }
        });
        Self { port, fault, commands, _tasks: tasks }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// How many commands clients have sent so far.
    pub fn commands(&self) -> u64 {
        self.commands.load(Ordering::SeqCst)
    }

    /// From now on, on connections old and new.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

async fn pass_on(client: TcpStream, server: u16, faults: watch::Receiver<Fault>, commands: Arc<AtomicU64>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else { return };
    _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (line, lines) = tokio::sync::mpsc::unbounded_channel();
    tokio::select! {
        () = ask(from_client, to_server, faults.clone(), line, commands) => {}
        () = answer(from_server, to_client, faults, lines) => {}
    }
}

async fn ask(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    faults: watch::Receiver<Fault>,
    lines: tokio::sync::mpsc::UnboundedSender<&'static str>,
    commands: Arc<AtomicU64>,
) {
    let mut bytes = vec![0; 1 << 16];
    let mut unparsed = Vec::new();
    while let Ok(read @ 1..) = client.read(&mut bytes).await {
        let fault = faults.borrow().clone();
        unparsed.extend_from_slice(&bytes[..read]);
        let mut asked = 0;
        while let Some(length) = command(&unparsed) {
            unparsed.drain(..length);
            asked += 1;
        }
        commands.fetch_add(asked, Ordering::SeqCst);
        match fault {
            Fault::BlackHole => std::future::pending().await,
            Fault::Line(line) => (0..asked).for_each(|_| _ = lines.send(line)),
            _ => {
                if server.write_all(&bytes[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// How long the first whole command is (an array of strings, in RESP).
fn command(bytes: &[u8]) -> Option<usize> {
    let number = |at: usize| {
        let end = at + bytes.get(at..)?.windows(2).position(|end| end == b"\r\n")?;
        let number: usize = std::str::from_utf8(bytes.get(at + 1..end)?).ok()?.parse().ok()?;
        Some((number, end + 2))
    };
    let (strings, mut at) = number(0)?;
    for _ in 0..strings {
        let (length, from) = number(at)?;
        at = from + length + 2;
    }
    (at <= bytes.len()).then_some(at)
}

async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    mut faults: watch::Receiver<Fault>,
    mut lines: tokio::sync::mpsc::UnboundedReceiver<&'static str>,
) {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = tokio::select! {
            read = server.read(&mut bytes) => read,
            Some(line) = lines.recv() => {
                if client.write_all(format!("{line}\r\n").as_bytes()).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let Ok(read @ 1..) = read else { return };
        let answer = &bytes[..read];
        let fault = faults.borrow().clone();
        let sent = match fault {
            Fault::None | Fault::Line(_) => client.write_all(answer).await,
            Fault::Latency(late) => {
                sleep(late).await;
                client.write_all(answer).await
            }
            Fault::Bandwidth(each_second) => {
                slowly(&mut client, answer, (each_second / 100).max(1), Duration::from_millis(10), &mut faults).await
            }
            Fault::Slices(length) => slowly(&mut client, answer, length, Duration::from_millis(1), &mut faults).await,
            Fault::Truncated(length) => {
                _ = client.write_all(&answer[..length.min(read)]).await;
                return;
            }
            Fault::Reset => {
                _ = client.as_ref().set_zero_linger();
                return;
            }
            Fault::SlowClose(late) => {
                sleep(late).await;
                return;
            }
            Fault::BlackHole => std::future::pending().await,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Piece by piece, as long as the fault lasts; what is left then comes at once.
async fn slowly(
    client: &mut OwnedWriteHalf,
    mut bytes: &[u8],
    length: usize,
    pause: Duration,
    faults: &mut watch::Receiver<Fault>,
) -> std::io::Result<()> {
    faults.mark_unchanged();
    while !bytes.is_empty() && matches!(faults.has_changed(), Ok(false)) {
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        client.write_all(piece).await?;
        bytes = rest;
        _ = tokio::time::timeout(pause, faults.changed()).await;
    }
    client.write_all(bytes).await
}
