//! Orders after their invoices: follows the log of a lane, and makes of each order it speaks of
//! what its invoice, payments and refund make of it.
//!
//! An order whose row cannot be read is left alone, and stops no other.

use domain::changes::Changes;
use domain::event::{EntryKind, EventType};
use domain::follow::Follower;
use domain::ids::{MerchantId, RowKey};
use domain::order::Order;
use store::{CommitError, Heading, StoreError};

use crate::app::App;
use crate::ordering::Standing;
use crate::workers::lane::{Follow, LaneFollower};

/// What this process commits itself wakes it too.
const REST_MS: u64 = 10;

pub type OrderFollower = LaneFollower<Orders>;

pub struct Orders;

impl Follow for Orders {
    const FOLLOWER: Follower = Follower::Orders;
    const NAME: &'static str = "orders";
    const WAKES_AND_RESTS_MS: Option<u64> = Some(REST_MS);

    /// The order an entry may move.
    fn concerned(heading: &Heading) -> Option<RowKey> {
        match heading.kind {
            EntryKind::Event(
                EventType::InvoiceUpdated
                | EventType::InvoicePaymentUpdated
                | EventType::RefundCreated
                | EventType::RefundUpdated,
            ) => heading.order_id,
            EntryKind::Event(_) | EntryKind::Notice(_) => None,
        }
    }

    async fn look(app: &App, key: RowKey) -> anyhow::Result<bool> {
        match app.decide(async || follow(app, key).await).await {
            Ok(is_moved) => Ok(is_moved),
            Err(CommitError::Store(error @ StoreError::Corrupt { .. })) => {
                tracing::error!(order = ?key, %error, "an order cannot follow its invoice");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What brings an order up to date, and whether it was behind.
async fn follow(app: &App, key: RowKey) -> Result<(Changes, bool), CommitError> {
    let nothing = || Ok((Changes::of(MerchantId::HOUSE), false));
    let Some(order) = app.store.get::<Order>(key).await? else { return nothing() };
    let Some(standing) = Standing::of(app, &order).await? else { return nothing() };
    let mut changes = Changes::of(order.merchant_id);
    let after = standing.bring_up_to_date(&order, &mut changes, app.now());
    let is_behind = after != order;
    if is_behind {
        changes.update(after);
    }
    Ok((changes, is_behind))
}
