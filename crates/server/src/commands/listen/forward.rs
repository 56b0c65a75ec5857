//! Hands one event to the target, signed as webhooks are, until the target has answered.
//!
//! An answer of any status is an answer: whether it was a good one is for whoever reads the
//! terminal. A target that is not there is waited for, and that is said once.

use std::time::Duration;

use anyhow::Context as _;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use domain::environment::Environment;
use domain::event::EventType;
use domain::webhook_endpoint::{SigningSecrets, WebhookSecret};
use url::{Position, Url};

use crate::clock::{Clock, steady};
use crate::commands::remote::{Dialer, Event, Line, Request, note};
use crate::outbound::{Headline, webhook_headers};

/// A webhook's attempt takes no longer either.
const ATTEMPT_MAX: Duration = Duration::from_secs(15);
/// What a target answers is not looked at.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

pub struct HandedOver {
    pub status: StatusCode,
    /// The attempt that was answered; none before it.
    pub took: Duration,
}

pub struct Forwarder {
    line: Line,
    target: Url,
    secrets: SigningSecrets,
}

impl Forwarder {
    pub fn new(dialer: Dialer, target: Url, secret: WebhookSecret) -> Forwarder {
        let secrets = SigningSecrets { current: secret, previous: None };
        Forwarder { line: Line::new(dialer, target.clone()), target, secrets }
    }

    /// Fails only for an event that this version cannot know.
    pub async fn hand_over(&mut self, event: &Event) -> anyhow::Result<HandedOver> {
        let known = EventType::ALL.into_iter().find(|kind| kind.as_str() == event.kind);
        let known = known.with_context(|| {
            format!("{} is newer than this program: bring it up to date", event.kind)
        })?;
        let mut pause = PAUSE_FIRST;
        let mut is_waiting = false;
        loop {
            let began = steady();
            match self.attempt(event, known).await {
                Ok(status) => {
                    if is_waiting {
                        note("the target answers again");
                    }
                    return Ok(HandedOver { status, took: began.elapsed() });
                }
                Err(error) if !is_waiting => {
                    is_waiting = true;
                    let target = &self.target;
                    note(&format!("{target} is not there ({error:#}); trying until it is"));
                }
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn attempt(&mut self, event: &Event, kind: EventType) -> anyhow::Result<StatusCode> {
        let environment = if event.is_live { Environment::Mainnet } else { Environment::Devnet };
        let headline = Headline { id: &event.id, kind: kind.as_str(), environment };
        let body = Bytes::from(event.text.clone());
        let headers = webhook_headers(&self.secrets, &headline, &body, Clock::System.now());
        let request = Request {
            method: Method::POST,
            path: &self.target[Position::BeforePath..Position::AfterQuery],
            headers,
            body,
            answer_bytes_max: ANSWER_BYTES_MAX,
            time_max: ATTEMPT_MAX,
        };
        match self.line.send(request).await {
            Ok(answer) => Ok(answer.status),
            // A body that is too long or never ends takes nothing back, as with webhooks.
            Err(error) => self.line.answered.ok_or(error),
        }
    }
}
