//! A proxy in front of PostgreSQL that breaks connections at the worst moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::SeqCst};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::engines::server_address;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    Pass,
    /// The next COMMIT reaches the server, and then the connection breaks.
    CutAfterCommit,
    /// The next COMMIT does not reach the server, and the connection breaks.
    CutBeforeCommit,
}

pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    mode: AtomicU8,
    cuts: AtomicU32,
    is_up: watch::Sender<bool>,
}

impl Proxy {
    pub async fn start() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            mode: AtomicU8::new(Mode::Pass as u8),
            cuts: AtomicU32::new(0),
            is_up: watch::Sender::new(true),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Proxy { port, shared }
    }

    pub fn set(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, SeqCst);
    }

    /// How many connections a COMMIT has broken.
    pub fn cuts(&self) -> u32 {
        self.shared.cuts.load(SeqCst)
    }

    /// As if the database stopped: every connection breaks and none is made.
    pub fn stop(&self) {
        self.shared.is_up.send_replace(false);
    }

    pub fn restart(&self) {
        self.shared.is_up.send_replace(true);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let (host, port) = server_address();
    while let Ok((client, _)) = listener.accept().await {
        if !*shared.is_up.borrow() {
            continue;
        }
        let server = TcpStream::connect((host.as_str(), port)).await.expect("PostgreSQL is there");
        tokio::spawn(forward(client, server, Arc::clone(&shared)));
    }
}

async fn forward(client: TcpStream, server: TcpStream, shared: Arc<Shared>) {
    let (client_in, client_out) = client.into_split();
    let (server_in, server_out) = server.into_split();
    let mut is_up = shared.is_up.subscribe();
    // Whichever ends first, both sockets are closed.
    tokio::select! {
        () = requests(client_in, server_out, &shared) => {}
        () = answers(server_in, client_out) => {}
        _ = is_up.wait_for(|is_up| !is_up) => {}
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        let bytes = &buffer[..length];
        let commit = bytes.windows(7).position(|window| window == b"COMMIT\0");
        let mode = shared.mode.load(SeqCst);
        match commit {
            Some(_) if mode == Mode::CutAfterCommit as u8 => {
                shared.mode.store(Mode::Pass as u8, SeqCst);
                to.write_all(bytes).await.expect("PostgreSQL is there");
                shared.cuts.fetch_add(1, SeqCst);
                return;
            }
            // The message begins five bytes before its text.
            Some(at) if mode == Mode::CutBeforeCommit as u8 => {
                shared.mode.store(Mode::Pass as u8, SeqCst);
                let before = &bytes[..at.saturating_sub(5)];
                to.write_all(before).await.expect("PostgreSQL is there");
                shared.cuts.fetch_add(1, SeqCst);
                return;
            }
            _ if to.write_all(bytes).await.is_err() => return,
            _ => {}
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
