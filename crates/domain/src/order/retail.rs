//! An order at an outside retailer: asked for, placed, tracked, taken back.
//!
//! That the retailer is about to be asked is written before he is, and he is asked under the
//! order's own id, so that asking again does it once. An answer that did not come is a state of
//! its own: neither placed nor refused, and asked for again.

use super::{Cancellation, Order, OrderStatus, Placement, Reason, Substatus, Tracking};
use crate::changes::Changes;
use crate::estimate::Chosen;
use crate::event::Origin;
use crate::ids::{Fresh, OrderId};
use crate::money::Usd;
use crate::retailer::Retailer;
use crate::shipping_address::PostalAddress;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// How often a retailer is asked how far it is.
const TRACK_EVERY_MS: i64 = 15 * MINUTE_MS;
/// What has not arrived by then is not asked for any more.
const TRACKED_MS_MAX: i64 = 90 * DAY_MS;
const PAUSE_MS_MAX: i64 = 6 * HOUR_MS;
/// Asked so often in vain, over about three days, it is left to a human.
pub const ATTEMPTS_MAX: u32 = 20;

/// What a retailer is asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub order_id: OrderId,
    pub lines: Vec<PurchaseLine>,
    pub address: PostalAddress,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseLine {
    pub retailer: Retailer,
    pub product_id: String,
    pub offer_id: String,
    pub quantity: u32,
    /// Of one piece; more is not to be paid.
    pub price_max: Usd,
}

/// What has to be asked of the retailer next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    Place,
    Track,
    Cancel,
}

/// What came of asking. No answer is none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Report(Report),
    /// He will not have it, now or later, in whatever words.
    Refused,
    /// Whether it was heard is not known.
    Unknown,
}

/// How the retailer's own order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub retailer_order_id: String,
    pub state: ReportState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportState {
    Placed,
    Shipped(Tracking),
    Delivered(Tracking),
    Canceled,
}

impl Order {
    /// What has to be asked now, and the order as it stands while that is under way.
    pub fn asking(&self, now: Timestamp) -> Option<(Asking, Order)> {
        if self.waits_for_its_payment() {
            return None;
        }
        let mut order = self.clone();
        let (asking, attempts) = match &mut order.placement {
            Placement::Waiting if order.status == OrderStatus::Processing => {
                order.placement = Placement::Submitted { attempts: 1 };
                (Asking::Place, 1)
            }
            Placement::Submitted { attempts } => {
                *attempts += 1;
                (Asking::Place, *attempts)
            }
            Placement::Placed { attempts, .. } => {
                *attempts += 1;
                (Asking::Track, *attempts)
            }
            Placement::Canceling { attempts, .. } => {
                *attempts += 1;
                (Asking::Cancel, *attempts)
            }
            Placement::Own | Placement::Waiting | Placement::Ended => return None,
        };
        order.due_at = (attempts < ATTEMPTS_MAX).then(|| now.plus_ms(pause_ms(attempts)));
        Some((asking, order))
    }

    /// Whether it would be placed now, but for a payment that the network has taken back.
    fn waits_for_its_payment(&self) -> bool {
        let would_be_placed = match self.placement {
            Placement::Waiting | Placement::Submitted { .. } => true,
            Placement::Own
            | Placement::Placed { .. }
            | Placement::Canceling { .. }
            | Placement::Ended => false,
        };
        would_be_placed && self.payment.taken_back_at.is_some()
    }

    /// When a retailer is asked for it whose payment is back.
    pub(super) fn due_again(&self, now: Timestamp) -> Option<Timestamp> {
        match self.placement {
            Placement::Submitted { .. } => Some(now),
            Placement::Waiting if self.payment.settled_at.is_some() => {
                self.environment.is_live().then_some(now)
            }
            Placement::Own
            | Placement::Waiting
            | Placement::Placed { .. }
            | Placement::Canceling { .. }
            | Placement::Ended => self.due_at,
        }
    }

    /// Whether nobody asks the retailer any more, though it is not known what became of it.
    pub fn is_left_to_a_human(&self) -> bool {
        let attempts = match self.placement {
            Placement::Submitted { attempts }
            | Placement::Placed { attempts, .. }
            | Placement::Canceling { attempts, .. } => attempts,
            Placement::Own | Placement::Waiting | Placement::Ended => 0,
        };
        attempts >= ATTEMPTS_MAX
    }

    /// Whether the retailer is asked how far it is.
    pub fn is_followed(&self) -> bool {
        matches!(self.placement, Placement::Placed { .. })
    }

    pub fn purchase(&self) -> Purchase {
        let lines = self.lines.iter().filter_map(|line| match &line.offer {
            Chosen::Own { .. } => None,
            Chosen::Outside { offer_id } => Some(PurchaseLine {
                retailer: line.retailer,
                product_id: line.product_id.clone(),
                offer_id: offer_id.clone(),
                quantity: line.quantity,
                price_max: line.price,
            }),
        });
        Purchase { order_id: self.id, lines: lines.collect(), address: self.address.clone() }
    }

    /// What an answer makes of it; the steps are told into `changes`, the caller writes the row.
    pub fn answered(
        &self,
        asking: Asking,
        answered: Answered,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Order {
        match (asking, answered) {
            (_, Answered::Unknown) => self.clone(),
            (_, Answered::Report(report)) => self.reported(report, changes, fresh),
            (Asking::Place, Answered::Refused) => self.refused(changes, fresh.now()),
            // It was placed once, so this is no word to go by.
            (Asking::Track, Answered::Refused) => self.clone(),
            (Asking::Cancel, Answered::Refused) => {
                let next = self.kept(fresh.now());
                next.tell_since(self, changes, Origin::default());
                next
            }
        }
    }

    fn refused(&self, changes: &mut Changes, now: Timestamp) -> Order {
        let order = self.clone();
        let message = "The retailer does not take the order";
        let next = order.failed(message, self.refund.asked_by.clone(), changes, now);
        let next = next.unwrap_or_else(|_| self.clone());
        next.tell_since(self, changes, Origin::default());
        next
    }

    /// The retailer sends it all the same.
    fn kept(&self, now: Timestamp) -> Order {
        let mut order = self.clone();
        let Placement::Canceling { retailer_order_id, .. } = order.placement else { return order };
        order.placement = match retailer_order_id {
            Some(retailer_order_id) => Placement::Placed { retailer_order_id, attempts: 0 },
            None => Placement::Submitted { attempts: 0 },
        };
        order.cancellation = Cancellation::Rejected;
        order.substatus = Some(match order.status {
            OrderStatus::Processing => Substatus::ProviderPlacementSubmitted,
            OrderStatus::PendingPayment
            | OrderStatus::Placed
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Cancelled
            | OrderStatus::Failed => Substatus::AwaitingTracking,
        });
        order.due_at = Some(now);
        order.noted("Cancellation refused by the retailer", now)
    }

    /// One reducer for whatever a retailer says, asked or not: each step that lies before it is
    /// taken too.
    fn reported(&self, report: Report, changes: &mut Changes, fresh: &mut Fresh) -> Order {
        let now = fresh.now();
        let mut order = self.heard_of(&report, now);
        let mut step = |next: Order, order: &mut Order| {
            next.tell_since(order, changes, Origin::default());
            *order = next;
        };
        if let ReportState::Canceled = report.state {
            let reason = match order.cancellation {
                Cancellation::Requested => Reason::Requested,
                Cancellation::None | Cancellation::Accepted | Cancellation::Rejected => {
                    Reason::ByRetailer
                }
            };
            if order.status.is_cancelable() {
                let mut released = Changes::of(order.merchant_id);
                let next = order.clone().given_up(reason, &mut released, now);
                step(next, &mut order);
                changes.append(released);
            } else if order.status == OrderStatus::Shipped {
                let next = order.clone().contradicted(now);
                step(next, &mut order);
            }
            return order;
        }
        if let Ok(next) = order.clone().placed(now) {
            step(next, &mut order);
        }
        let (tracking, is_delivered) = match report.state {
            ReportState::Placed | ReportState::Canceled => return order,
            ReportState::Shipped(tracking) => (tracking, false),
            ReportState::Delivered(tracking) => (tracking, true),
        };
        if let Ok(next) = order.clone().shipped(Some(tracking.clone()), fresh) {
            step(next, &mut order);
        }
        if is_delivered && let Ok(next) = order.clone().delivered(Some(tracking), fresh) {
            step(next, &mut order);
        }
        order
    }

    /// Sent, and canceled after that: nobody but a person can tell where it is, so nobody asks on.
    fn contradicted(mut self, now: Timestamp) -> Order {
        self.placement = self.placement.ended();
        self.due_at = None;
        self.noted("The retailer canceled it after it was shipped", now)
    }

    fn heard_of(&self, report: &Report, now: Timestamp) -> Order {
        let mut order = self.clone();
        let retailer_order_id = report.retailer_order_id.clone();
        // What is on its way is not taken back any more.
        let has_left = match report.state {
            ReportState::Shipped(_) | ReportState::Delivered(_) => true,
            ReportState::Placed | ReportState::Canceled => false,
        };
        order.placement = match (order.placement, has_left) {
            (Placement::Submitted { .. } | Placement::Placed { .. }, _)
            | (Placement::Canceling { .. }, true) => {
                let is_young = now < order.created_at.plus_ms(TRACKED_MS_MAX);
                order.due_at = is_young.then(|| now.plus_ms(TRACK_EVERY_MS));
                Placement::Placed { retailer_order_id, attempts: 0 }
            }
            (Placement::Canceling { attempts, .. }, false) => {
                Placement::Canceling { retailer_order_id: Some(retailer_order_id), attempts }
            }
            (other @ (Placement::Own | Placement::Waiting | Placement::Ended), _) => other,
        };
        order
    }
}

/// Longer and longer, but for tracking, which nobody waits for.
fn pause_ms(attempts: u32) -> i64 {
    (MINUTE_MS << attempts.min(16)).min(PAUSE_MS_MAX)
}
