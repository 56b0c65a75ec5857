//! Writes down what attempts came to: a batch of deliveries and attempts in one commit.
//!
//! What was sent was sent, so a result is recorded whoever holds the slot by now; the version of
//! the delivery decides, and on a conflict it is read and decided again, alone. How an endpoint
//! fares is written apart and only if there is something to write, so it never holds up a result.

use std::collections::HashMap;

use domain::changes::Changes;
use domain::delivery::{Delivery, SPREAD_SIDES, Seen, Verdict};
use domain::environment::Environment;
use domain::ids::{EndpointId, MerchantId};
use domain::webhook_endpoint::WebhookEndpoint;
use store::{CommitError, StoreError};

use crate::app::App;

/// An attempt that is over and not recorded yet.
pub(super) struct Finding {
    pub delivery: Box<Delivery>,
    pub seen: Seen,
}

/// What became of a batch of findings.
#[derive(Default)]
pub(super) struct Recorded {
    /// No longer on their way.
    pub settled: Vec<Finding>,
    /// The database was away: to be recorded later.
    pub left: Vec<Finding>,
}

/// Records findings of one lane of the log.
pub(super) async fn record(app: &App, findings: Vec<Finding>) -> Recorded {
    let Some(first) = findings.first() else { return Recorded::default() };
    let mut changes = Changes::of(first.delivery.merchant_id);
    let mut fresh = app.fresh();
    for finding in &findings {
        let spread = fresh.dice(SPREAD_SIDES);
        add(&mut changes, (*finding.delivery).clone(), finding.seen.clone(), spread);
    }
    let recorded = match app.commit(changes).await {
        Ok(_) => Recorded { settled: findings, left: Vec::new() },
        Err(CommitError::Store(StoreError::Unavailable(error))) => {
            tracing::warn!(error, "what came of webhooks waits to be recorded");
            return Recorded { settled: Vec::new(), left: findings };
        }
        Err(_) => one_by_one(app, findings).await,
    };
    count(app, &recorded.settled);
    if let Err(error) = tell_endpoints(app, &recorded.settled).await {
        tracing::warn!(%error, "how webhook endpoints fare is not recorded");
    }
    recorded
}

fn add(changes: &mut Changes, delivery: Delivery, seen: Seen, spread: u64) {
    let (delivery, attempt) = delivery.attempted(seen, spread);
    changes.update(delivery);
    changes.insert(attempt);
}

async fn one_by_one(app: &App, findings: Vec<Finding>) -> Recorded {
    let mut recorded = Recorded::default();
    for finding in findings {
        match record_alone(app, &finding).await {
            Ok(()) => recorded.settled.push(finding),
            Err(CommitError::Store(StoreError::Unavailable(_))) => recorded.left.push(finding),
            Err(error) => {
                // It is due again, and the receiver hears of it twice.
                tracing::error!(delivery.id = %finding.delivery.id, %error,
                    "an attempt cannot be recorded");
                recorded.settled.push(finding);
            }
        }
    }
    recorded
}

/// Somebody changed the delivery meanwhile: the attempt counts for what it is now, and what was
/// asked for is still done.
async fn record_alone(app: &App, finding: &Finding) -> Result<(), CommitError> {
    let Finding { delivery, seen } = finding;
    app.decide(|| async {
        let mut changes = Changes::of(delivery.merchant_id);
        let known = app.store.get::<Delivery>(delivery.key()).await?;
        // Retention may have taken it.
        if let Some(known) = known {
            let spread = app.fresh().dice(SPREAD_SIDES);
            let (known, attempt) = known.attempted_meanwhile(delivery, seen.clone(), spread);
            changes.update(known);
            changes.insert(attempt);
        }
        Ok::<_, CommitError>((changes, ()))
    })
    .await
}

fn count(app: &App, findings: &[Finding]) {
    let mut counts = [("succeeded", 0_u64), ("failed", 0), ("gone", 0)];
    for Finding { delivery, seen } in findings {
        let at = match seen.outcome.verdict() {
            Verdict::Succeeded => {
                let at = seen.started_at.plus_ms(seen.duration_ms);
                app.metrics.webhook_delivered(delivery.event().created_at.ms_until(at));
                0
            }
            Verdict::Failed => 1,
            Verdict::Gone => 2,
        };
        counts[at].1 += 1;
    }
    for (result, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        app.metrics.add(&format!("pepay_webhook_attempts_total{{result=\"{result}\"}}"), count);
    }
}

/// How an endpoint fared, and where the attempt was that says so.
#[derive(Clone, Copy)]
struct Judgement {
    verdict: Verdict,
    attempted_in: Environment,
}

impl Judgement {
    /// One success among failures is a success.
    fn and(self, other: Judgement) -> Judgement {
        match (self.verdict, other.verdict) {
            (Verdict::Gone, _) => self,
            (_, Verdict::Gone) => other,
            (Verdict::Succeeded, _) => self,
            (Verdict::Failed, _) => other,
        }
    }
}

/// Tells each endpoint how it fared.
async fn tell_endpoints(app: &App, findings: &[Finding]) -> Result<(), CommitError> {
    let mut judgements: HashMap<(MerchantId, EndpointId), Judgement> = HashMap::new();
    for Finding { delivery, seen } in findings {
        let verdict = seen.outcome.verdict();
        let judgement = Judgement { verdict, attempted_in: delivery.environment };
        judgements
            .entry((delivery.merchant_id, delivery.endpoint))
            .and_modify(|known| *known = known.and(judgement))
            .or_insert(judgement);
    }
    for ((merchant_id, id), judgement) in judgements {
        let endpoints = app.caches.webhook_endpoints(&app.store, merchant_id).await?;
        let known = endpoints.iter().find(|endpoint| endpoint.id == id);
        if known.is_some_and(|known| judged(app, known.clone(), judgement.verdict).is_some()) {
            tell_endpoint(app, id, merchant_id, judgement).await?;
        }
    }
    Ok(())
}

async fn tell_endpoint(
    app: &App,
    id: EndpointId,
    merchant_id: MerchantId,
    Judgement { verdict, attempted_in }: Judgement,
) -> Result<(), CommitError> {
    let is_off = app
        .decide(|| async {
            let known = app.store.get::<WebhookEndpoint>(id.key()).await?;
            let judged =
                known.and_then(|before| Some((judged(app, before.clone(), verdict)?, before)));
            let Some((after, before)) = judged else {
                return Ok::<_, CommitError>((Changes::of(merchant_id), false));
            };
            let is_off = !after.is_enabled();
            Ok((after.save_judged(&before, attempted_in, app.now()), is_off))
        })
        .await?;
    app.caches.forget_webhook_endpoints(merchant_id);
    if is_off {
        tracing::info!(endpoint.id = %id, "a webhook endpoint was switched off");
        // What waits for it is given up.
        app.bell.ring([id]);
    }
    Ok(())
}

/// The endpoint after this verdict, if it is another one.
fn judged(app: &App, endpoint: WebhookEndpoint, verdict: Verdict) -> Option<WebhookEndpoint> {
    match verdict {
        Verdict::Succeeded => endpoint.succeeded(),
        Verdict::Failed => endpoint.failed(app.now()),
        Verdict::Gone => endpoint.gone(),
    }
}
