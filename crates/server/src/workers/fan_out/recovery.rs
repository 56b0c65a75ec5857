//! Recovery: events of the past that an endpoint asked for, a bounded batch at a time.
//!
//! What was never planned is planned now, what failed is sent again, what arrived is left alone.
//! It goes up to where fan-out itself has come, for what is later comes by that; it also has its
//! turn while the log grows faster than it is followed. The endpoint keeps the place in its own
//! row, in the commit of the deliveries: a crash repeats nothing.

use domain::changes::Changes;
use domain::delivery::{Delivery, DeliveryStatus, EventPlace};
use domain::event::{Entry, EventType, Selection};
use domain::ids::{MerchantId, RowKey};
use domain::webhook_endpoint::{Recovery, WebhookEndpoint};
use store::{CommitError, EventFilter, Walk};

use super::FanOut;
use crate::app::App;

/// Of all lanes together: a list that ends before this lane's own would leave them waiting.
const ENDPOINTS_MAX: i64 = 10_000;
/// How many have their turn before fan-out looks at what is new.
const TURNS_MAX: usize = 4;
const EVENTS_MAX: i64 = 200;

/// How far fan-out has followed the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// There is more. Of what comes next some may be older than an endpoint, which fan-out leaves
    /// to its recovery: so none is over yet.
    Partly,
    ToItsEnd,
}

impl FanOut {
    /// A batch for the endpoints of this lane that are furthest behind; true if any recovers.
    pub(super) async fn recover(&mut self, app: &App, followed: Followed) -> anyhow::Result<bool> {
        let mut recovering = app.store.webhook_endpoints_recovering(ENDPOINTS_MAX).await?;
        recovering.retain(|endpoint| app.store.lane_of(endpoint.merchant_id) == self.lane);
        if recovering.is_empty() {
            return Ok(false);
        }
        // A cursor that only moved in memory comes back older after a crash: fan-out would plan
        // once more what is planned here, and be refused for ever.
        self.save(app, Changes::of(MerchantId::HOUSE)).await?;
        recovering.sort_by_key(|endpoint| endpoint.recovery.map(|asked| asked.after_sequence));
        for endpoint in recovering.into_iter().take(TURNS_MAX) {
            let Some(recovery) = endpoint.recovery else { continue };
            self.recover_batch(app, endpoint, recovery, followed).await?;
        }
        Ok(true)
    }

    async fn recover_batch(
        &self,
        app: &App,
        mut endpoint: WebhookEndpoint,
        recovery: Recovery,
        followed: Followed,
    ) -> anyhow::Result<()> {
        let entries = self.recoverable(app, &endpoint, recovery).await?;
        let is_full = i64::try_from(entries.len()).is_ok_and(|count| count == EVENTS_MAX);
        let last = entries.last().map(|last| last.sequence);
        let mut changes = Changes::of(endpoint.merchant_id);
        self.plan_again(app, &endpoint, &entries, &mut changes).await?;
        let reached = match (is_full, followed) {
            (true, Followed::Partly | Followed::ToItsEnd) => last,
            (false, Followed::Partly) => Some(self.sequence().max(recovery.after_sequence)),
            (false, Followed::ToItsEnd) => None,
        };
        endpoint.recovery = reached.map(|after_sequence| Recovery { after_sequence, ..recovery });
        let (id, merchant_id) = (endpoint.id, endpoint.merchant_id);
        changes.update(endpoint);
        self.lease.fence(&mut changes);
        match app.commit(changes).await {
            Ok(_) => {
                app.caches.forget_webhook_endpoints(merchant_id);
                app.bell.ring([id]);
                Ok(())
            }
            Err(CommitError::Conflict { key, .. }) if self.lease.is_key(key) => {
                anyhow::bail!("another process took over fan-out")
            }
            // The endpoint or a delivery changed meanwhile: the next step reads them again.
            Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn recoverable(
        &self,
        app: &App,
        endpoint: &WebhookEndpoint,
        recovery: Recovery,
    ) -> anyhow::Result<Vec<Entry>> {
        let wanted = endpoint.selection();
        let selection = Selection::of(|kind| {
            wanted.contains(kind) && kind != EventType::TestPing && !kind.is_for_payor_only()
        });
        let filter = EventFilter {
            selection,
            environment: endpoint.environment,
            created_from: Some(recovery.from),
            ..EventFilter::of(endpoint.merchant_id)
        };
        let walk = Walk::Forth { after: recovery.after_sequence, up_to: Some(self.sequence()) };
        Ok(app.store.events(&filter, walk, EVENTS_MAX).await?)
    }

    async fn plan_again(
        &self,
        app: &App,
        endpoint: &WebhookEndpoint,
        entries: &[Entry],
        changes: &mut Changes,
    ) -> anyhow::Result<()> {
        let now = app.now();
        let keys: Vec<RowKey> =
            entries.iter().map(|entry| place(entry).delivery_key(endpoint.number)).collect();
        let known = app.store.get_many::<Delivery>(keys).await?;
        for (entry, known) in entries.iter().zip(known) {
            let Some(kind) = entry.entry.kind.public() else { continue };
            match known {
                None => {
                    let what = (kind, entry.entry.environment);
                    changes.insert(Delivery::plan(place(entry), what, endpoint, now));
                }
                Some(delivery) => match delivery.status {
                    DeliveryStatus::Failed => {
                        // One that was tried too often stays as it is.
                        if let Ok(delivery) = delivery.resend(now) {
                            changes.update(delivery);
                        }
                    }
                    DeliveryStatus::Pending | DeliveryStatus::Delivered => {}
                },
            }
        }
        Ok(())
    }
}

fn place(entry: &Entry) -> EventPlace {
    EventPlace { created_at: entry.entry.created_at, lane: entry.lane, sequence: entry.sequence }
}
