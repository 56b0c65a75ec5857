//! A websocket client that is not ours: what it hears, frame by frame.
//!
//! Whatever it waits for comes within a bound, or the test fails and says what was waited for.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// One thing that was heard.
#[derive(Debug)]
pub enum Heard {
    /// An event, as its text and as JSON.
    Event(String, Value),
    /// A control or error frame.
    Other(Value),
    /// The connection was closed with this code; none if it broke off.
    Closed(Option<u16>),
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Client")
    }
}

impl Client {
    /// Connects, or answers the status and the JSON of the refusal.
    pub async fn try_open(
        url: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Client, (u16, Value)> {
        let url = format!("{}{path}", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("ASCII"));
        }
        match within("the connection", connect_async(request)).await {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                Err((response.status().as_u16(), body))
            }
            Err(error) => panic!("the connection fails: {error}"),
        }
    }

    pub async fn hear(&mut self) -> Heard {
        loop {
            let text = match within("a frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => text.to_string(),
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Heard::Closed(None),
            };
            let value: Value = serde_json::from_str(&text).expect("JSON");
            return match value["object"].as_str() {
                Some("event") => Heard::Event(text, value),
                _ => Heard::Other(value),
            };
        }
    }

    /// The next event; control frames are passed over.
    pub async fn event(&mut self) -> Value {
        self.text().await.1
    }

    pub async fn text(&mut self) -> (String, Value) {
        loop {
            match self.hear().await {
                Heard::Event(text, value) => return (text, value),
                Heard::Other(frame) if frame["object"] == "ws_control" => {}
                heard => panic!("an event is awaited, and {heard:?} was heard"),
            }
        }
    }

    /// The ids of the next events.
    pub async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(id(&self.event().await));
        }
        ids
    }

    /// Everything up to and with the next control frame of this type: the events, and it.
    pub async fn until(&mut self, kind: &str) -> (Vec<Value>, Value) {
        let mut events = Vec::new();
        loop {
            match self.hear().await {
                Heard::Event(_, event) => events.push(event),
                Heard::Other(frame) if frame["type"] == kind => return (events, frame),
                Heard::Other(frame) if frame["object"] == "ws_control" => {}
                heard => panic!("{kind} is awaited, and {heard:?} was heard"),
            }
        }
    }

    /// How the stream ends: the last error frame's code and the close code.
    pub async fn end(&mut self) -> (Option<String>, Option<u16>) {
        let mut error = None;
        loop {
            match self.hear().await {
                Heard::Other(frame) if frame["object"] == "ws_error" => {
                    error = frame["code"].as_str().map(str::to_owned);
                }
                Heard::Closed(code) => return (error, code),
                Heard::Event(..) | Heard::Other(_) => {}
            }
        }
    }

    pub async fn say(&mut self, message: Message) {
        self.socket.send(message).await.expect("is sent");
    }
}

pub fn id(event: &Value) -> String {
    event["id"].as_str().expect("an id").to_owned()
}

async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(_) => panic!("{what} does not come"),
    }
}
