//! One attempt: sign, send, and say what was seen.
//!
//! The body is the event's envelope, byte for byte what REST and the sockets show. Both signature
//! schemes travel in the headers, under the secret that is current and, during a rotation, the one
//! before. Nothing is written here; what was seen goes to `record`.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use domain::delivery::{ANSWER_BYTES_MAX, AttemptOutcome, Delivery, Seen};
use domain::time::{SECOND_MS, Timestamp};

use crate::app::App;
use crate::clock::steady;
use crate::outbound::{Answer, Failure, Headline, webhook_headers};
use crate::workers::deliver::opened::{Means, Opened, Standing, standing};

/// A delivery that is to be attempted, and what to send.
pub(super) struct Job {
    pub delivery: Box<Delivery>,
    pub body: Bytes,
}

/// What came of it.
pub(super) enum Tried {
    Seen(Seen),
    /// Nothing was sent: the endpoint is off, or could not be read just now.
    EndpointOff,
    NotNow,
}

pub(super) struct Attempted {
    pub delivery: Box<Delivery>,
    pub tried: Tried,
    pub took: Duration,
    /// The endpoint as it was sent to.
    pub opened: Option<Arc<Opened>>,
    /// Whether it was counted among the slow ones.
    pub is_slow: bool,
}

pub(super) async fn attempt(app: &App, known: Option<Arc<Opened>>, job: Job) -> Attempted {
    let Job { delivery, body } = job;
    let began = steady();
    let found = standing(app, delivery.merchant_id, delivery.endpoint, known).await;
    let opened = match found {
        Ok(Standing::On(opened)) => opened,
        Ok(Standing::Off) => {
            let (tried, took) = (Tried::EndpointOff, began.elapsed());
            return Attempted { delivery, tried, took, opened: None, is_slow: false };
        }
        Err(error) => {
            tracing::debug!(error = format!("{error:#}"), "a delivery waits");
            let (tried, took) = (Tried::NotNow, began.elapsed());
            return Attempted { delivery, tried, took, opened: None, is_slow: false };
        }
    };
    let started_at = app.now();
    let sent = match &opened.means {
        Ok(means) => send(app, means, &delivery, body, started_at).await,
        Err(unusable) => Err(unusable.as_str()),
    };
    let took = began.elapsed();
    let (outcome, retry_after_ms) = match sent {
        Ok(answer) => {
            let retry_after_ms = retry_after_ms(&answer, started_at);
            let outcome =
                AttemptOutcome::Answered { status: answer.status, body: text_of(answer.body) };
            (outcome, retry_after_ms)
        }
        Err(error) => (AttemptOutcome::Unanswered { error: error.to_owned() }, None),
    };
    let duration_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    let seen = Seen { started_at, duration_ms, outcome, retry_after_ms };
    Attempted { delivery, tried: Tried::Seen(seen), took, opened: Some(opened), is_slow: false }
}

/// What the receiver answered, or why it did not, in stable words.
async fn send(
    app: &App,
    Means { target, secrets }: &Means,
    delivery: &Delivery,
    body: Bytes,
    now: Timestamp,
) -> Result<Answer, &'static str> {
    let id = delivery.event().event_id();
    let (kind, environment) = (delivery.kind.as_str(), delivery.environment);
    let headers = webhook_headers(secrets, &Headline { id: &id, kind, environment }, &body, now);
    let posted = app.outbound.post(target, headers, body, ANSWER_BYTES_MAX).await;
    posted.map_err(Failure::as_str)
}

/// An answer as text that every database keeps: no NUL, and no longer than was read.
fn text_of(body: Vec<u8>) -> String {
    let mut text = match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    if text.contains('\0') {
        text = text.replace('\0', " ");
    }
    let end = (0..=ANSWER_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    text
}

/// Seconds, or a date.
fn retry_after_ms(answer: &Answer, now: Timestamp) -> Option<i64> {
    let text = answer.retry_after.as_ref()?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Longer than any number of seconds that counts is as long as counts.
        let seconds = text.parse::<i64>().unwrap_or(i64::MAX / SECOND_MS);
        return Some(seconds.saturating_mul(SECOND_MS));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let at = i64::try_from(at.as_millis()).ok()?;
    Some(now.ms_until(Timestamp(at)).max(0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        let retry_after = Some(HeaderValue::from_str(text).expect("a header"));
        let answer = Answer { status: 503, body: Vec::new(), retry_after };
        let now = Timestamp(784_111_777_000);
        assert_eq!(retry_after_ms(&answer, now), expected, "{text}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check("120", Some(120_000));
        check(" 0 ", Some(0));
        check("99999999999999999999999", Some(i64::MAX / SECOND_MS * SECOND_MS));
        check("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0));
        for text in ["", "-1", "1.5", "soon"] {
            check(text, None);
        }
    }

    #[test]
    fn answers_are_kept_as_text() {
        assert_eq!(text_of(b"fine".to_vec()), "fine");
        assert_eq!(text_of(b"a\0b\xff".to_vec()), "a b\u{fffd}");
        let long = text_of(vec![0xff; ANSWER_BYTES_MAX]);
        assert!(long.len() <= ANSWER_BYTES_MAX && long.len() > ANSWER_BYTES_MAX - 4);
    }
}
