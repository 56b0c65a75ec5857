//! HTTP to one server, one request at a time, over a connection that is kept while it lasts.
//!
//! A kept connection may have been closed at the other end meanwhile: what certainly did not go out
//! on it is sent once more over a new one. Whatever else fails is for the caller to judge.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::header::{HOST, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use url::Url;

use super::dial::Dialer;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("pepay/", env!("CARGO_PKG_VERSION")));

pub struct Request<'a> {
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// A longer answer fails.
    pub answer_bytes_max: usize,
    pub time_max: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

pub struct Line {
    dialer: Dialer,
    url: Url,
    open: Option<SendRequest<Full<Bytes>>>,
    /// What the last request was answered with, even if the answer's body never came whole.
    pub answered: Option<StatusCode>,
}

impl Line {
    pub fn new(dialer: Dialer, url: Url) -> Line {
        Line { dialer, url, open: None, answered: None }
    }

    pub async fn send(&mut self, request: Request<'_>) -> anyhow::Result<Answer> {
        let time_max = request.time_max;
        self.answered = None;
        // Whatever becomes of it, a connection in the middle of something is not used again.
        timeout(time_max, self.send_unbounded(request)).await.context("no answer came in time")?
    }

    async fn send_unbounded(&mut self, request: Request<'_>) -> anyhow::Result<Answer> {
        let answer_bytes_max = request.answer_bytes_max;
        let mut request = self.written(request)?;
        if let Some(mut kept) = self.open.take()
            && kept.ready().await.is_ok()
        {
            match kept.try_send_request(request).await {
                Ok(response) => return self.read(kept, response, answer_bytes_max).await,
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        let wire = self.dialer.dial(&self.url).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await?;
        // It ends with its sender, or with the other side.
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        self.read(sender, response, answer_bytes_max).await
    }

    fn written(&self, request: Request<'_>) -> anyhow::Result<axum::http::Request<Full<Bytes>>> {
        let Request { method, path, headers, body, .. } = request;
        let mut written = axum::http::Request::new(Full::new(body));
        *written.method_mut() = method;
        *written.uri_mut() = path.parse().with_context(|| format!("{path} is no path"))?;
        *written.headers_mut() = headers;
        let host = self.url[url::Position::BeforeHost..url::Position::AfterPort].parse();
        written.headers_mut().insert(HOST, host.context("the URL's host")?);
        written.headers_mut().entry(USER_AGENT).or_insert(AGENT);
        Ok(written)
    }

    async fn read(
        &mut self,
        sender: SendRequest<Full<Bytes>>,
        response: axum::http::Response<Incoming>,
        answer_bytes_max: usize,
    ) -> anyhow::Result<Answer> {
        let (head, body) = response.into_parts();
        self.answered = Some(head.status);
        let read = Limited::new(body, answer_bytes_max).collect().await;
        let body = read.map_err(|error| anyhow::anyhow!("reading the answer: {error}"))?;
        self.open = Some(sender);
        Ok(Answer { status: head.status, body: body.to_bytes() })
    }
}
