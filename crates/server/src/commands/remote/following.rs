//! A stream that outlives its connections: it comes back with `since`, and nothing is missing.
//!
//! The place to come back to moves only past what the caller was given, and he is given an event
//! only when he is done with the one before. Of control frames only those count that say that
//! everything before them was told: not the first one of a stream that has a past to tell yet.

use std::time::Duration;

use super::stream::{Event, Frame, Stream, Trouble};
use super::{Remote, note};

const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a caller is told.
#[derive(Debug)]
pub enum Heard {
    Event(Event),
    /// Everything before this place was told.
    Place(String),
    /// The place to come back to is known no more: a snapshot follows.
    Resync,
}

/// How the connection was when it was last spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    Connected,
    InTrouble,
}

pub struct Following<'a> {
    remote: &'a Remote,
    types: Option<String>,
    since: Option<String>,
    stream: Option<Stream>,
    /// Whether the stream that is open was opened with a place to come back to.
    has_past: bool,
    /// How long to wait before the next try.
    pause: Duration,
    standing: Standing,
}

impl<'a> Following<'a> {
    pub fn new(remote: &'a Remote, types: Option<String>, since: Option<String>) -> Following<'a> {
        Following {
            remote,
            types,
            since,
            stream: None,
            has_past: false,
            pause: PAUSE_FIRST,
            standing: Standing::New,
        }
    }

    /// Waits for what comes next, however often it has to connect for it.
    pub async fn next(&mut self) -> anyhow::Result<Heard> {
        loop {
            let frame = match self.frame().await {
                Ok(frame) => frame,
                Err(Trouble::Refused(error)) => return Err(error),
                Err(Trouble::Broken(error)) => {
                    self.stream = None;
                    self.wait(&error).await;
                    continue;
                }
            };
            self.pause = PAUSE_FIRST;
            if std::mem::replace(&mut self.standing, Standing::Connected) != Standing::Connected {
                note(&format!("connected to {}", self.remote.url));
            }
            match frame {
                Frame::Event(event) => {
                    self.since = Some(event.id.clone());
                    return Ok(Heard::Event(event));
                }
                Frame::Control { kind, cursor, created } => {
                    if let Some(heard) = self.control(&kind, cursor, created) {
                        return Ok(heard);
                    }
                }
            }
        }
    }

    async fn frame(&mut self) -> Result<Frame, Trouble> {
        if self.stream.is_none() {
            self.has_past = self.since.is_some();
            self.stream = Some(self.remote.open_stream(&self.address()).await?);
        }
        let stream = self.stream.as_mut().expect("it was opened just now");
        stream.next().await
    }

    fn address(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(types) = &self.types {
            query.append_pair("types", types);
        }
        if let Some(since) = &self.since {
            query.append_pair("since", since);
        }
        let path = self.remote.stream_path();
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    fn control(&mut self, kind: &str, cursor: Option<String>, created: i64) -> Option<Heard> {
        let place = match kind {
            // Nothing ever happened: what comes from this second on is new.
            "ready" if !self.has_past => cursor.or_else(|| Some(created.to_string())),
            "replay_finished" | "heartbeat" => cursor,
            "resync" => return Some(Heard::Resync),
            _ => None,
        };
        let place = place.filter(|place| self.since.as_ref() != Some(place))?;
        self.since = Some(place.clone());
        Some(Heard::Place(place))
    }

    /// Said once, however long it lasts.
    async fn wait(&mut self, error: &anyhow::Error) {
        if std::mem::replace(&mut self.standing, Standing::InTrouble) != Standing::InTrouble {
            let url = &self.remote.url;
            note(&format!("{url} is not there ({error:#}); trying again until it is"));
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}
