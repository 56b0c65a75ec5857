//! A small SMTP relay for one test: it takes mail, or does what relays do on their bad days.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// What one connection meets. After the last one all others are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Take,
    /// Says this in answer to RCPT.
    Receiver(&'static str),
    /// Says this in answer to MAIL.
    Sender(&'static str),
    /// Says this after all of the mail.
    Data(&'static str),
    /// Takes the mail and says nothing.
    Silence,
    /// Ends before a word is said.
    Close,
}

/// A mail that was said whole.
#[derive(Clone, Debug)]
pub struct Heard {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
    /// What was signed in with, decoded.
    pub signed_in: Option<String>,
    pub is_tls: bool,
}

#[derive(Default)]
struct Book {
    ways: VecDeque<Way>,
    heard: Vec<Heard>,
    connections: usize,
}

/// A port that refuses connections until it is opened.
pub struct Reserved(TcpSocket);

impl Reserved {
    pub fn new() -> Reserved {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        Reserved(socket)
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("bound").port()
    }

    pub fn open(self, ways: &[Way]) -> Relay {
        Relay::on(self.0.listen(16).expect("listens"), ways, None)
    }
}

pub struct Relay {
    pub port: u16,
    book: Arc<Mutex<Book>>,
    /// Who signed its certificate, as PEM.
    pub authority: Option<String>,
}

impl Relay {
    pub fn start(ways: &[Way]) -> Relay {
        Reserved::new().open(ways)
    }

    /// One that offers STARTTLS and nothing else before it.
    pub fn with_tls(name: &str) -> Relay {
        let names = vec![name.to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .expect("a certificate and its key");
        let listener = Reserved::new().0.listen(16).expect("listens");
        let relay = Relay::on(listener, &[], Some(TlsAcceptor::from(Arc::new(config))));
        Relay { authority: Some(made.cert.pem()), ..relay }
    }

    fn on(listener: TcpListener, ways: &[Way], tls: Option<TlsAcceptor>) -> Relay {
        let port = listener.local_addr().expect("bound").port();
        let ways = ways.iter().copied().collect();
        let book = Arc::new(Mutex::new(Book { ways, ..Book::default() }));
        let shared = book.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("accepts");
                let (book, tls) = (shared.clone(), tls.clone());
                let way = {
                    let mut book = book.lock().expect("not poisoned");
                    book.connections += 1;
                    book.ways.pop_front().unwrap_or(Way::Take)
                };
                tokio::spawn(async move {
                    let mut talk = Talk { way, book, tls, is_tls: false, signed_in: None };
                    // Whoever hangs up in between is no fault of the relay's.
                    let _ = talk.run(stream).await;
                });
            }
        });
        Relay { port, book, authority: None }
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.book.lock().expect("not poisoned").heard.clone()
    }

    pub fn connections(&self) -> usize {
        self.book.lock().expect("not poisoned").connections
    }
}

/// One conversation.
struct Talk {
    way: Way,
    book: Arc<Mutex<Book>>,
    tls: Option<TlsAcceptor>,
    is_tls: bool,
    signed_in: Option<String>,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// Why a conversation goes on, or does not.
enum Next {
    End,
    Tls(Box<dyn Line>),
}

impl Talk {
    async fn run(&mut self, stream: tokio::net::TcpStream) -> std::io::Result<()> {
        if self.way == Way::Close {
            return Ok(());
        }
        let mut stream: Box<dyn Line> = Box::new(stream);
        stream.write_all(b"220 relay.example ready\r\n").await?;
        while let Next::Tls(plain) = self.converse(stream).await? {
            let acceptor = self.tls.take().expect("it was offered");
            stream = Box::new(acceptor.accept(plain).await?);
            self.is_tls = true;
        }
        Ok(())
    }

    async fn converse(&mut self, stream: Box<dyn Line>) -> std::io::Result<Next> {
        let mut stream = BufReader::new(stream);
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(Next::End);
            }
            let line = line.trim_end();
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            let answer = match verb {
                "EHLO" if self.tls.is_some() => "250-relay.example\r\n250 STARTTLS",
                "EHLO" => "250-relay.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                "STARTTLS" => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(Next::Tls(stream.into_inner()));
                }
                "AUTH" => {
                    let told = rest.strip_prefix("PLAIN ").expect("the first way there is");
                    let told = STANDARD.decode(told).expect("base64");
                    self.signed_in = Some(String::from_utf8(told).expect("text"));
                    "235 welcome"
                }
                "MAIL" => {
                    from = rest.to_owned();
                    if let Way::Sender(answer) = self.way { answer } else { "250 ok" }
                }
                "RCPT" => {
                    to.push(rest.to_owned());
                    if let Way::Receiver(answer) = self.way { answer } else { "250 ok" }
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let text = text_of(&mut stream).await?;
                    let (from, to) = (from.clone(), to.clone());
                    let (signed_in, is_tls) = (self.signed_in.clone(), self.is_tls);
                    let heard = Heard { from, to, text, signed_in, is_tls };
                    match self.way {
                        Way::Data(answer) => answer,
                        Way::Silence => {
                            self.book.lock().expect("not poisoned").heard.push(heard);
                            // Until the other side has had enough.
                            let mut rest = String::new();
                            stream.read_line(&mut rest).await?;
                            return Ok(Next::End);
                        }
                        Way::Take | Way::Receiver(_) | Way::Sender(_) | Way::Close => {
                            self.book.lock().expect("not poisoned").heard.push(heard);
                            "250 taken"
                        }
                    }
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(Next::End);
                }
                _ => "250 ok",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

/// All lines up to the one that is a dot.
async fn text_of(stream: &mut BufReader<Box<dyn Line>>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
