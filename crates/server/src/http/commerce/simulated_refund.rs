//! The simulator's last step: the money of an order that was given up goes back.
//!
//! It goes back on the simulated chain, by the refund that the house makes for any such order, and
//! the request waits until that is final. Only where none can be made, because the money is not
//! on BSC or has left, is the order told so by hand, under a hash that no chain has.

use std::time::Duration;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{MerchantId, OrderId};
use domain::money::Usd;
use domain::network::Network;
use domain::order::{Order, OrderRefundStatus, Owed, RefundDestination};
use domain::refund::RefundStatus;
use tokio::time::Instant;

use super::simulate::{Patience, mine_deep, simulated_hash};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::ordering;

/// What is signed may not have been sent when the blocks came: they come again.
const MINE_EVERY: Duration = Duration::from_secs(1);

/// What a look at the order found.
enum Found {
    /// It has its money back.
    Done(Order),
    /// The refund is on its way; once it is signed, blocks on this network make it final.
    OnItsWay(Option<Network>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    NotYet,
    Already,
}

pub async fn refunded(
    app: &App,
    caller: &Caller,
    place: ((MerchantId, Environment), OrderId),
) -> Result<Order, ApiError> {
    let (mut patience, mut mined) = (Patience::begin(app), None::<Instant>);
    let mut asked = Asked::NotYet;
    loop {
        match app.decide(async || look(app, caller, place, asked).await).await? {
            Found::Done(order) => return Ok(order),
            Found::OnItsWay(signed) => {
                asked = Asked::Already;
                let is_time = mined.is_none_or(|at| at.elapsed() >= MINE_EVERY);
                if let Some(network) = signed.filter(|_| is_time) {
                    mine_deep(app, network).await?;
                    mined = Some(Instant::now());
                }
            }
        }
        let message = "The refund is on its way and not final yet; look at the order again";
        patience.pause(message).await?;
    }
}

/// One look at it, and what has to be done so that its money goes.
async fn look(
    app: &App,
    caller: &Caller,
    (whose, id): ((MerchantId, Environment), OrderId),
    asked: Asked,
) -> Result<(Changes, Found), ApiError> {
    let order = ordering::visible(app, whose, id).await?;
    let now = app.now();
    let mut changes = Changes::of(order.merchant_id);
    let standing = ordering::standing(app, &order).await?;
    let current = standing.bring_up_to_date(&order, &mut changes, now);
    let (after, is_done) = match current.refund.status {
        OrderRefundStatus::Sent => (current.clone(), true),
        OrderRefundStatus::None => (current.clone().refund_sent(None, now)?, true),
        OrderRefundStatus::Quoted | OrderRefundStatus::Pending | OrderRefundStatus::Failed => {
            let destination = on_bsc(&current)?;
            let can_go =
                |owed: &Owed| owed.network == destination.network && owed.value > Usd::ZERO;
            let owed = Owed::of(&standing.invoice, &standing.payments).filter(can_go);
            let waits = current.waits_for_destination();
            let is_made = !waits && current.refund.refund_id.is_some();
            let is_hopeful = owed.is_some() && current.refund.attempts == 0;
            if is_made || (!waits && is_hopeful) {
                (current.clone(), false)
            } else if waits && owed.is_some() && asked == Asked::NotYet {
                (current.clone().refund_to(destination, caller.actor(), now)?, false)
            } else {
                let named = match waits {
                    true => current.clone().refund_to(destination, caller.actor(), now)?,
                    false => current.clone(),
                };
                let hash = simulated_hash(&current, "refund");
                (named.refund_sent(Some(hash), now)?, true)
            }
        }
    };
    if after != order {
        after.clone().record(&current, &mut changes, caller.origin(None));
    }
    let is_signed = standing.refund.filter(|one| one.status == RefundStatus::Submitted);
    let found = match is_done {
        true => Found::Done(after),
        false => Found::OnItsWay(is_signed.map(|refund| refund.network)),
    };
    Ok((changes, found))
}

/// The BSC address it needs, from the checkout or from the simulated payment.
fn on_bsc(order: &Order) -> Result<RefundDestination, ApiError> {
    let chosen = order.refund.destination.clone().filter(|one| one.network == Network::Bsc);
    let of_payment = match (order.payment.network, order.payment.from_address.clone()) {
        (Some(Network::Bsc), Some(address)) => {
            Some(RefundDestination { network: Network::Bsc, address })
        }
        (Some(_) | None, _) => None,
    };
    chosen.or(of_payment).ok_or_else(|| {
        let message = "is needed, from the checkout or from a payment with walletNetwork bsc";
        ApiError::invalid("refundDestinationWalletAddressBsc", message)
    })
}
