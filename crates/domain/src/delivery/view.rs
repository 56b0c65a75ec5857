//! A delivery and its attempts as the API shows them.

use serde::Serialize;

use super::{Attempt, AttemptOutcome, Delivery, DeliveryStatus};
use crate::environment::Environment;
use crate::ids::{DeliveryId, EndpointId};
use crate::time::Timestamp;

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// Always `webhook_delivery`.
    pub object: &'static str,
    #[schema(value_type = String, example = "del_019b4122a53b000000000029000001")]
    pub id: DeliveryId,
    #[schema(value_type = String)]
    pub webhook_endpoint: EndpointId,
    pub event_id: String,
    pub event_type: &'static str,
    pub environment: Environment,
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempt_count: i64,
    /// Epoch seconds; null if no attempt is to come.
    pub next_attempt_at: Option<i64>,
    /// The HTTP status of the last answer; null if none came.
    pub last_response_status: Option<i64>,
    /// Epoch seconds.
    pub created_at: i64,
    /// When it was delivered or given up, in epoch seconds.
    pub finished_at: Option<i64>,
}

/// A delivery with every attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DeliveryDetails {
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The oldest first.
    pub attempts: Vec<AttemptView>,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AttemptView {
    /// Always `webhook_attempt`.
    pub object: &'static str,
    /// The first is 1.
    pub number: i64,
    /// Epoch seconds.
    pub started_at: i64,
    pub duration_ms: i64,
    /// The HTTP status that was answered; null if no answer came.
    pub response_status: Option<u16>,
    /// The first 16 KiB of the answer; null if none came.
    pub response_body: Option<String>,
    /// Why no answer came; null if one did.
    pub error: Option<String>,
}

impl Delivery {
    pub fn view(&self) -> DeliveryView {
        DeliveryView {
            object: "webhook_delivery",
            id: self.id,
            webhook_endpoint: self.endpoint,
            event_id: self.event().event_id(),
            event_type: self.kind.as_str(),
            environment: self.environment,
            status: self.status,
            attempt_count: self.attempts,
            next_attempt_at: self.due_at.map(Timestamp::seconds),
            last_response_status: self.last_status,
            created_at: self.created_at.seconds(),
            finished_at: self.finished_at.map(Timestamp::seconds),
        }
    }

    pub fn details(&self, attempts: &[Attempt]) -> DeliveryDetails {
        let attempts = attempts.iter().map(Attempt::view).collect();
        DeliveryDetails { delivery: self.view(), attempts }
    }
}

impl Attempt {
    pub fn view(&self) -> AttemptView {
        let (response_status, response_body, error) = match &self.outcome {
            AttemptOutcome::Answered { status, body } => (Some(*status), Some(body.clone()), None),
            AttemptOutcome::Unanswered { error } => (None, None, Some(error.clone())),
        };
        AttemptView {
            object: "webhook_attempt",
            number: self.number(),
            started_at: self.started_at.seconds(),
            duration_ms: self.duration_ms,
            response_status,
            response_body,
            error,
        }
    }
}
