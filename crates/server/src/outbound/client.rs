//! Sends one request and reads the beginning of its answer, within one bound of time.
//!
//! A line that was used before may have been closed at the other end meanwhile: what failed on one
//! without any answer is sent once more over a new one. A redirect is an answer like any other.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use axum::http::header::{HOST, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, Version};
use bytes::Bytes;
use domain::webhook_endpoint::Reach;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Instant, timeout_at};

use super::connect::{Connector, Speaks};
use super::pool::{Body, Line, Line1, Line2, Pool};
use super::target::Target;
use super::{Failure, Patience};
use crate::config::Config;

const HEADER_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;

/// What a receiver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The beginning of it, no longer than was asked for.
    pub body: Vec<u8>,
    pub retry_after: Option<HeaderValue>,
}

pub struct Client {
    connector: Connector,
    pool: Pool,
    attempt_max: Duration,
}

/// A request that got no answer; the request too, if it certainly did not go out.
struct Unsent {
    failure: Failure,
    may_send_again: bool,
}

impl Client {
    /// To the servers of merchants, who are strangers.
    pub fn new(config: &Config) -> Client {
        Client::reaching(config, config.webhook_reach(), config.webhook_patience)
    }

    /// To wherever `reach` says, waiting no longer than `patience`.
    pub fn reaching(config: &Config, reach: Reach, patience: Patience) -> Client {
        Client {
            connector: Connector::new(config, reach, patience.connect),
            pool: Pool::new(patience.line),
            attempt_max: patience.attempt,
        }
    }

    /// Asks for a URL and answers what came back, reading at most `answer_bytes_max` of it.
    pub async fn get(
        &self,
        target: &Target,
        headers: HeaderMap,
        answer_bytes_max: usize,
    ) -> Result<Answer, Failure> {
        let method = Method::GET;
        self.ask((method, target), headers, Bytes::new(), answer_bytes_max).await
    }

    /// Posts `body` and answers what came back, reading at most `answer_bytes_max` of it.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        answer_bytes_max: usize,
    ) -> Result<Answer, Failure> {
        let method = Method::POST;
        self.ask((method, target), headers, body, answer_bytes_max).await
    }

    async fn ask(
        &self,
        (method, target): (Method, &Target),
        headers: HeaderMap,
        body: Bytes,
        answer_bytes_max: usize,
    ) -> Result<Answer, Failure> {
        let until = Instant::now() + self.attempt_max;
        let asked = Asked { method, target, headers, body, answer_bytes_max, until };
        let posted = timeout_at(until, self.over_any_line(&asked)).await;
        posted.unwrap_or_else(|_| {
            // A line that answers no more must not take the next request with it.
            self.pool.drop_shared(&target.origin);
            Err(Failure::TimedOut)
        })
    }

    /// Closes connections that nobody used for a while.
    pub fn sweep(&self) {
        self.pool.sweep();
    }

    async fn over_any_line(&self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let origin = &asked.target.origin;
        if let Some(line) = self.pool.take(origin) {
            match self.over(line, asked).await {
                Err(Unsent { may_send_again: true, .. }) => {}
                Err(Unsent { failure, may_send_again: false }) => return Err(failure),
                Ok(answer) => return Ok(answer),
            }
        }
        let line = self.connect(asked).await?;
        self.over(line, asked).await.map_err(|unsent| unsent.failure)
    }

    async fn connect(&self, asked: &Asked<'_>) -> Result<Line, Failure> {
        let (wire, speaks) = self.connector.connect(&asked.target.origin).await?;
        let io = TokioIo::new(wire);
        match speaks {
            Speaks::Http1 => {
                let mut builder = http1::Builder::new();
                builder.max_buf_size(HEADER_BYTES_MAX).max_headers(HEADERS_MAX);
                let made = builder.handshake(io).await;
                let (sender, connection) = made.map_err(|error| failure_of(&error))?;
                Ok(Line::One(Box::new(Line1 {
                    made_at: Instant::now(),
                    sender,
                    connection: Box::pin(connection),
                })))
            }
            Speaks::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder.timer(TokioTimer::new());
                let made = builder.handshake(io).await;
                let (sender, connection) = made.map_err(|error| failure_of(&error))?;
                // It ends with the last sender, or with the other side.
                tokio::spawn(connection);
                self.pool.share(&asked.target.origin, &sender);
                Ok(Line::Two(sender))
            }
        }
    }

    async fn over(&self, line: Line, asked: &Asked<'_>) -> Result<Answer, Unsent> {
        match line {
            Line::One(line) => self.over_one(line, asked).await,
            Line::Two(line) => self.over_two(line, asked).await,
        }
    }

    async fn over_one(&self, mut line: Box<Line1>, asked: &Asked<'_>) -> Result<Answer, Unsent> {
        let Line1 { sender, connection, .. } = line.as_mut();
        let sending = sender.try_send_request(asked.request(Speaks::Http1));
        let answering = async {
            let response = sending.await.map_err(|error| unsent(&error))?;
            Ok(asked.read(response).await)
        };
        let mut answering = pin!(answering);
        let mut is_over = false;
        let (answer, is_whole) = poll_fn(|context| {
            // An error of the connection also ends the request it carries.
            is_over = is_over || connection.as_mut().poll(context).is_ready();
            answering.as_mut().poll(context)
        })
        .await?;
        if is_whole && !is_over {
            self.pool.keep(&asked.target.origin, line);
        }
        Ok(answer)
    }

    async fn over_two(&self, mut line: Line2, asked: &Asked<'_>) -> Result<Answer, Unsent> {
        if let Err(error) = line.ready().await {
            return Err(Unsent { failure: failure_of(&error), may_send_again: true });
        }
        let sent = line.try_send_request(asked.request(Speaks::Http2)).await;
        let response = sent.map_err(|error| unsent(&error))?;
        Ok(asked.read(response).await.0)
    }
}

/// One request, however often it has to be written.
struct Asked<'a> {
    method: Method,
    target: &'a Target,
    headers: HeaderMap,
    body: Bytes,
    answer_bytes_max: usize,
    until: Instant,
}

impl Asked<'_> {
    fn request(&self, speaks: Speaks) -> Request<Body> {
        let mut request = Request::new(Body::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers.clone();
        match speaks {
            Speaks::Http1 => {
                *request.uri_mut() = self.target.path.clone();
                request.headers_mut().insert(HOST, self.target.host.clone());
            }
            Speaks::Http2 => {
                *request.uri_mut() = self.target.whole.clone();
                *request.version_mut() = Version::HTTP_2;
            }
        }
        request
    }

    /// The beginning of the answer, and whether that was all of it.
    ///
    /// A status that came stands, whatever becomes of the body after it.
    async fn read(&self, response: Response<Incoming>) -> (Answer, bool) {
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        let reading = async {
            while let Some(frame) = incoming.frame().await {
                let Ok(frame) = frame else { return false };
                let Some(chunk) = frame.data_ref() else { continue };
                let room = self.answer_bytes_max - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    return false;
                }
            }
            true
        };
        let until = self.until - END_BEFORE.min(self.until - Instant::now());
        let is_whole = timeout_at(until, reading).await.unwrap_or(false);
        let retry_after = head.headers.get(RETRY_AFTER).cloned();
        (Answer { status: head.status.as_u16(), body, retry_after }, is_whole)
    }
}

/// A body that does not end is cut a little before the whole attempt is.
const END_BEFORE: Duration = Duration::from_millis(200);

fn unsent<B>(error: &TrySendError<Request<B>>) -> Unsent {
    let failure = failure_of(error.error());
    Unsent { failure, may_send_again: failure == Failure::Reset }
}

fn failure_of(error: &hyper::Error) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    if error.is_parse() || error.is_parse_too_large() {
        return Failure::NotHttp;
    }
    Failure::Reset
}
