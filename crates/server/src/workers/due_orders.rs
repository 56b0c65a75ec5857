//! What orders wait for by themselves: refunds that are owed, and retailers that have to be asked.
//!
//! A refund is made in the commit that writes its id into the order, so it is made once. A retailer
//! is asked only after that was written down, under the order's own id: a crash between the two
//! asks once more and orders nothing twice. An answer that did not come leaves the order as it is.

use domain::audit::{Actor, AuditEntry};
use domain::changes::Changes;
use domain::event::Origin;
use domain::ids::{AuditId, Fresh, OrderId};
use domain::money::Usd;
use domain::order::{Answered, Asking, Order, OrderStatus, Owed};
use domain::refusal::Refusal;
use futures_util::stream::{self, StreamExt as _};
use store::CommitError;

use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code};
use crate::ordering::Standing;
use crate::refunding::{self, Asker, Wanted, Way};
use crate::workers::lease::{Kept, Lease};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 64;
const AT_ONCE: usize = 16;
const REST_MS: u64 = 100;
/// How often a refund is decided again after somebody else wrote one of its rows.
const DECISIONS_MAX: usize = 8;

pub struct DueOrders {
    lease: Lease,
}

impl Default for DueOrders {
    fn default() -> Self {
        DueOrders { lease: Lease::new("due_orders", 0) }
    }
}

impl Worker for DueOrders {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.orders_due(app.now(), BATCH_MAX).await?;
        let is_full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH_MAX);
        let kept = self.lease.keep();
        let looks = stream::iter(due).map(|order| look(app, &kept, order));
        let all: Vec<anyhow::Result<()>> =
            match kept.during(app, looks.buffer_unordered(AT_ONCE).collect()).await {
                Ok(all) => all,
                Err(error) => {
                    self.lease.lose();
                    return Err(error);
                }
            };
        if let Err(error) = all.into_iter().collect::<anyhow::Result<()>>() {
            self.lease.lose();
            return Err(error);
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }

    fn rest_ms(&self) -> u64 {
        REST_MS
    }
}

async fn look(app: &App, lease: &Kept<'_>, order: Order) -> anyhow::Result<()> {
    if order.owes_a_refund() {
        return refund(app, lease, order.id).await;
    }
    ask_retailer(app, lease, order).await
}

/// Makes the refund, or writes down why there is none.
async fn refund(app: &App, lease: &Kept<'_>, id: OrderId) -> anyhow::Result<()> {
    for _ in 0..DECISIONS_MAX {
        let order = app.store.get::<Order>(id.key()).await?;
        let Some(order) = order.filter(Order::owes_a_refund) else { return Ok(()) };
        let changes = match refunded(app, &order).await? {
            Ok(changes) => changes,
            Err(refusal) => not_refunded(app, &order, refusal),
        };
        match lease.commit(app, changes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
                anyhow::bail!("another process took over what orders wait for")
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Insufficient { key })
                if refunding::is_limit(app, (order.merchant_id, order.environment), key) => {}
            Err(CommitError::Insufficient { .. }) => {
                let changes = not_refunded(app, &order, Refusal::InsufficientFunds.into());
                match lease.commit(app, changes).await {
                    Ok(()) | Err(CommitError::Conflict { .. }) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The refund and the order that has it, in one change; or why there can be none.
async fn refunded(app: &App, order: &Order) -> anyhow::Result<Result<Changes, ApiError>> {
    let Some(standing) = Standing::of(app, order).await? else {
        return Ok(Err(ApiError::not_found("invoice")));
    };
    let Some(destination) = order.refund.destination.clone() else {
        return Ok(Err(ApiError::invalid("destination", "is not known")));
    };
    let fits = |owed: &Owed| owed.network == destination.network && owed.value > Usd::ZERO;
    let owed = Owed::of(&standing.invoice, &standing.payments);
    let Some(owed) = owed.filter(fits) else {
        return Ok(Err(nothing_to_refund(owed)));
    };
    let by = order.refund.asked_by.clone().unwrap_or(Actor::Operator);
    let wanted = Wanted {
        payment_id: None,
        // What strangers sent in another token is left to whoever resolves the invoice.
        token_id: Some(owed.token_id),
        amount: None,
        network: Some(destination.network),
        address: destination.address,
        way: Way::Refund,
    };
    let asker = Asker { by: by.clone(), origin: Origin::default() };
    match refunding::decided(app, &standing.invoice, &wanted, asker).await {
        Ok((refund, mut changes)) => {
            let mut fresh = app.fresh();
            changes.insert(audit(order, by, refund.id, &mut fresh));
            let after = order.clone().refund_made(refund.id, refund.value, fresh.now());
            after.record(order, &mut changes, Origin::default());
            Ok(Ok(changes))
        }
        Err(refusal) => match refusal.code {
            Code::ServiceUnavailable | Code::InternalServerError => {
                anyhow::bail!("a refund could not be decided: {}", refusal.message)
            }
            _ => Ok(Err(refusal)),
        },
    }
}

fn nothing_to_refund(owed: Option<Owed>) -> ApiError {
    let is_there = owed.filter(|owed| owed.value > Usd::ZERO);
    let message = match is_there {
        Some(owed) => format!("what was paid can go back on {} only", owed.network.as_str()),
        None => "nothing of what was paid is there now".to_owned(),
    };
    ApiError::new(Code::NothingToRefund, message)
}

fn audit(order: &Order, actor: Actor, refund: impl ToString, fresh: &mut Fresh) -> AuditEntry {
    AuditEntry {
        id: AuditId::fresh(fresh),
        merchant_id: order.merchant_id,
        actor,
        action: "refund.created".to_owned(),
        object: refund.to_string(),
        request_id: None,
        ip: None,
        created_at: fresh.now(),
        version: 0,
    }
}

/// What is only lacking now is tried again; what does not fit waits for another destination.
fn not_refunded(app: &App, order: &Order, refusal: ApiError) -> Changes {
    let (now, next) = (app.now(), order.clone());
    let after = match refusal.code {
        Code::InsufficientFunds | Code::RefundFeeTooHigh | Code::Busy => {
            next.refund_delayed(&refusal.message, now)
        }
        _ => next.refund_not_possible(&refusal.message, now),
    };
    let mut changes = Changes::of(order.merchant_id);
    after.record(order, &mut changes, Origin::default());
    changes
}

/// Writes down what is about to be asked, asks, and writes down what came of it.
async fn ask_retailer(app: &App, lease: &Kept<'_>, order: Order) -> anyhow::Result<()> {
    let retailer = app.retailer.as_ref().filter(|_| order.environment.is_live());
    let asking = order.asking(app.now());
    let Some((retailer, (asking, intent))) = retailer.zip(asking) else {
        // Nobody places orders for this house: the merchant does, or gives it up.
        let waiting = Order { due_at: None, ..order.clone() };
        return tolerant(lease.commit(app, written(&order, waiting)).await, lease);
    };
    if intent.is_left_to_a_human() {
        tracing::error!(order.id = %order.id, ?asking, "a retailer was asked in vain for days");
    }
    match lease.commit(app, written(&order, intent)).await {
        Ok(()) => {}
        other => return tolerant(other, lease),
    }
    let answered = match asking {
        Asking::Place => retailer.place(&order.purchase()).await,
        Asking::Track => retailer.track(order.id).await,
        Asking::Cancel => retailer.cancel(order.id).await,
    };
    if answered == Answered::Unknown {
        return Ok(());
    }
    heard(app, lease, order.id, (asking, answered)).await
}

fn written(before: &Order, after: Order) -> Changes {
    let mut changes = Changes::of(before.merchant_id);
    after.record(before, &mut changes, Origin::default());
    changes
}

/// Somebody else wrote the order first: it is still due, or not any more.
fn tolerant(committed: Result<(), CommitError>, lease: &Kept<'_>) -> anyhow::Result<()> {
    match committed {
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            anyhow::bail!("another process took over what orders wait for")
        }
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whatever happened to the order meanwhile, the retailer's word is taken as it stands now.
async fn heard(
    app: &App,
    lease: &Kept<'_>,
    id: OrderId,
    (asking, answered): (Asking, Answered),
) -> anyhow::Result<()> {
    for _ in 0..DECISIONS_MAX {
        let Some(order) = app.store.get::<Order>(id.key()).await? else { return Ok(()) };
        let mut changes = Changes::of(order.merchant_id);
        let mut fresh = app.fresh();
        let after = order.answered(asking, answered.clone(), &mut changes, &mut fresh);
        if after == order {
            return Ok(());
        }
        if order.is_followed() && !after.is_followed() && after.status == OrderStatus::Shipped {
            tracing::error!(order.id = %id, "a retailer canceled what he had sent; not asked on");
        }
        changes.update(after);
        match lease.commit(app, changes).await {
            Err(CommitError::Conflict { key, .. }) if !lease.is_key(key) => {}
            other => return tolerant(other, lease),
        }
    }
    Ok(())
}
