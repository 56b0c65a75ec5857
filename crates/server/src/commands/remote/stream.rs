//! One websocket to a server's stream of events: opened, read frame by frame, given up.
//!
//! What a server refuses for good is told apart from what may be better at the next try.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use axum::http::{HeaderValue, StatusCode};
use domain::secret::Secret;
use domain::time::Timestamp;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;

use super::dial::Dialer;
use super::{Remote, refusal};
use crate::outbound::Wire;

/// A heartbeat comes every 25 seconds: a stream as silent as this is dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);
const OPEN_MAX: Duration = Duration::from_secs(10);

/// An event as it came.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub created: Timestamp,
    pub is_live: bool,
    /// The object it is about, and that object's status.
    pub object_id: String,
    pub status: String,
    /// The envelope, byte for byte.
    pub text: String,
}

#[derive(Debug)]
pub enum Frame {
    Event(Event),
    Control { kind: String, cursor: Option<String>, created: i64 },
}

/// Why a stream is not, or not any more.
#[derive(Debug)]
pub enum Trouble {
    /// Asking again would be answered the same.
    Refused(anyhow::Error),
    Broken(anyhow::Error),
}

pub struct Stream {
    socket: WebSocketStream<Wire>,
}

impl Remote {
    /// Opens a stream with this server's key.
    pub async fn open_stream(&self, path_and_query: &str) -> Result<Stream, Trouble> {
        Stream::open(&self.dialer, &self.url, path_and_query, Some(&self.key)).await
    }

    /// Opens a stream by a token in its address.
    pub async fn open_stream_by_token(&self, path_and_query: &str) -> Result<Stream, Trouble> {
        Stream::open(&self.dialer, &self.url, path_and_query, None).await
    }
}

impl Stream {
    async fn open(
        dialer: &Dialer,
        base: &Url,
        path_and_query: &str,
        key: Option<&Secret>,
    ) -> Result<Stream, Trouble> {
        let opening = async {
            let wire = dialer.dial(base).await.map_err(Trouble::Broken)?;
            let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
            let host = &base[url::Position::BeforeHost..url::Position::AfterPort];
            let request = format!("{scheme}://{host}{path_and_query}").into_client_request();
            let mut request = request.map_err(|error| Trouble::Refused(error.into()))?;
            if let Some(key) = key {
                let mut key = HeaderValue::from_str(key.expose()).expect("looked at when it came");
                key.set_sensitive(true);
                request.headers_mut().insert("x-api-key", key);
            }
            match client_async(request, wire).await {
                Ok((socket, _)) => Ok(Stream { socket }),
                Err(Error::Http(response)) => {
                    let body = response.body().as_deref().unwrap_or_default();
                    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                    Err(refused(response.status(), &body))
                }
                Err(error) => Err(Trouble::Broken(error.into())),
            }
        };
        let opened = timeout(OPEN_MAX, opening).await;
        opened.unwrap_or_else(|_| Err(Trouble::Broken(anyhow!("opening it took too long"))))
    }

    /// The next frame; pings and the like are passed over.
    pub async fn next(&mut self) -> Result<Frame, Trouble> {
        loop {
            let heard = timeout(SILENCE_MAX, self.socket.next()).await;
            let heard = heard.map_err(|_| Trouble::Broken(anyhow!("it fell silent")))?;
            match heard {
                Some(Ok(Message::Text(text))) => return read(text.as_str()),
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| format!("{} {}", frame.code, frame.reason));
                    let reason = reason.unwrap_or_else(|| "closed".to_owned());
                    return Err(Trouble::Broken(anyhow!("it was closed: {reason}")));
                }
                Some(Ok(
                    Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_),
                )) => {}
                Some(Err(error)) => return Err(Trouble::Broken(error.into())),
                None => return Err(Trouble::Broken(anyhow!("the connection ended"))),
            }
        }
    }
}

/// Too many streams and a server in trouble pass; nothing else does.
fn refused(status: StatusCode, body: &Value) -> Trouble {
    let error = anyhow!("{}", refusal(status, body));
    let may_pass = status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
        || !status.is_client_error();
    if may_pass { Trouble::Broken(error) } else { Trouble::Refused(error) }
}

fn read(text: &str) -> Result<Frame, Trouble> {
    #[derive(Deserialize)]
    struct Raw {
        object: String,
        id: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
        created: Option<i64>,
        #[serde(default)]
        livemode: bool,
        data: Option<Value>,
        cursor: Option<String>,
        code: Option<String>,
        message: Option<String>,
    }
    let unreadable = || Trouble::Broken(anyhow!("a frame could not be read"));
    let raw: Raw = serde_json::from_str(text).map_err(|_| unreadable())?;
    let created = raw.created.unwrap_or_default();
    match raw.object.as_str() {
        "event" => {
            let object = raw.data.as_ref().map(|data| &data["object"]);
            let field = |name: &str| {
                let text = object.and_then(|object| object[name].as_str());
                text.unwrap_or("-").to_owned()
            };
            Ok(Frame::Event(Event {
                id: raw.id.ok_or_else(unreadable)?,
                kind: raw.kind.ok_or_else(unreadable)?,
                created: Timestamp::from_seconds(created),
                is_live: raw.livemode,
                object_id: field("id"),
                status: field("status"),
                text: text.to_owned(),
            }))
        }
        "ws_error" => {
            let code = raw.code.unwrap_or_default();
            let error = anyhow!("{code}: {}", raw.message.unwrap_or_default());
            let may_pass = matches!(
                code.as_str(),
                "SLOW_CONSUMER"
                    | "SERVICE_UNAVAILABLE"
                    | "INTERNAL_SERVER_ERROR"
                    | "RATE_LIMIT_EXCEEDED"
                    | "BUSY"
                    | "REQUEST_TIMEOUT"
            );
            Err(if may_pass { Trouble::Broken(error) } else { Trouble::Refused(error) })
        }
        _ => {
            let kind = raw.kind.ok_or_else(unreadable)?;
            Ok(Frame::Control { kind, cursor: raw.cursor, created })
        }
    }
}

impl Trouble {
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Trouble::Refused(error) | Trouble::Broken(error) => error,
        }
    }
}

impl Event {
    /// An event out of a list of history.
    pub fn of(envelope: &Value) -> anyhow::Result<Event> {
        match read(&envelope.to_string()) {
            Ok(Frame::Event(event)) => Ok(event),
            Ok(Frame::Control { .. }) | Err(_) => {
                Err(anyhow!("{envelope}")).context("the server told something that is no event")
            }
        }
    }
}
