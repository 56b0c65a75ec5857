//! A settlement: a batch of one merchant's payments in one token, on its way to one destination.
//!
//! `in_review → processing → settled | partially_settled | failed`, or `canceled` out of review.
//! Each address the payments stand on is a send of its own; the promise of the money, the payments
//! and the sends are one commit, so that nothing is promised twice and nothing forgotten.

mod plan;
mod view;

pub use plan::{Plan, Policy, Pool, Route, Terms, Wait, plan, review_of, value_of};
pub use view::{PendingPoolView, SettlementObjectView};

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RowKey, SettlementId, Version};
use crate::ledger::{
    Account, AccountKind, Asset, Hold, HoldAsk, Movement, Transfer, TransferReason,
};
use crate::money::{TokenAmount, Usd, mul_div_floor, power_of_ten};
use crate::network::Network;
use crate::send::{
    Counted, Ending, Limits, Part, Purpose, Send, SendAsk, SendStatus, Source, SpeedLimit, Touched,
    count_against,
};
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementState {
    /// A human has to approve it.
    InReview,
    Processing,
    Settled,
    /// Some of its transactions went, and some certainly did not.
    PartiallySettled,
    Failed,
    Canceled,
}

/// Why a human has to look at something before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewReason {
    AboveApprovalAmount,
    LimitReached,
}

/// Where a settlement's tokens go in the end, if that is not where they are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub network: Network,
    pub token_id: TokenId,
    pub destination: String,
    /// The address of ours on that network that pays it out.
    pub exit: String,
    /// What the route keeps: a fixed part, and a share.
    pub cost_fixed: Usd,
    pub cost_bps: i64,
    /// The price of a whole token there, in pico-dollars.
    pub rate: TokenAmount,
}

impl Delivery {
    /// What a value becomes on the way, in tokens of where it arrives.
    pub fn carried(&self, value: Usd) -> Option<Carried> {
        let kept = value.share(self.cost_bps).plus(self.cost_fixed);
        let arriving = value.minus_floor(kept);
        let whole = self.tokens_for(value)?;
        let amount = self.tokens_for(arriving)?;
        let fee = TokenAmount(whole.0.saturating_sub(amount.0));
        Some(Carried { whole, fee, amount, value: arriving })
    }

    fn tokens_for(&self, value: Usd) -> Option<TokenAmount> {
        let token = Token::by_id(self.token_id)?;
        let picos = u128::try_from(value.0).ok()?.checked_mul(1_000_000)?;
        let unit = power_of_ten(token.decimals.into());
        mul_div_floor(picos, unit, self.rate.0.max(1)).map(TokenAmount)
    }
}

/// What a route makes of what it is given: the whole is the fee and what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    pub whole: TokenAmount,
    pub fee: TokenAmount,
    pub amount: TokenAmount,
    /// Of what arrives.
    pub value: Usd,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub id: SettlementId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub token_id: TokenId,
    /// Where the transactions pay to.
    pub destination: String,
    /// Over a route to another network or token.
    #[serde(default)]
    pub delivery: Option<Delivery>,
    pub amount: TokenAmount,
    pub value: Usd,
    pub state: SettlementState,
    pub review: Option<ReviewReason>,
    pub approved_by: Option<Actor>,
    pub payments: usize,
    pub sends: usize,
    pub sends_confirmed: usize,
    pub sends_failed: usize,
    pub amount_settled: TokenAmount,
    /// What it holds of the velocity limits, until it has gone or never will.
    #[serde(default)]
    pub counted: Vec<Counted>,
    pub tx_hashes: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// What is to be settled, all of it decided.
#[derive(Clone, Debug)]
pub struct Batch {
    pub id: SettlementId,
    pub pool: Pool,
    pub plan: Plan,
    pub review: Option<ReviewReason>,
    /// What it counts against, unless somebody looks at it first.
    pub limits: Limits,
    /// The payments, and the derivation index of each one's address.
    pub payments: Touched,
    pub sources: Vec<(String, u32)>,
    pub head: u64,
}

/// Promises the batch to the merchant: the settlement, its sends, their holds, the payments.
///
/// Payments that were drawn from or reverted meanwhile are left out; none if nothing is left.
pub fn start(batch: Batch, fresh: &mut Fresh) -> Option<(Settlement, Changes)> {
    let Batch { id, pool, plan, review, limits, mut payments, sources, head } = batch;
    let now = fresh.now();
    let mut changes = Changes::of(pool.merchant_id);
    let status = match review {
        Some(_) => SendStatus::Held,
        None => SendStatus::Planned,
    };
    let mut settlement = Settlement {
        id,
        merchant_id: pool.merchant_id,
        environment: pool.environment,
        network: pool.network,
        token_id: pool.token_id,
        destination: plan.destination.clone(),
        delivery: plan.delivery.clone(),
        amount: TokenAmount::ZERO,
        value: Usd::ZERO,
        state: match review {
            Some(_) => SettlementState::InReview,
            None => SettlementState::Processing,
        },
        review,
        approved_by: None,
        payments: 0,
        sends: 0,
        sends_confirmed: 0,
        sends_failed: 0,
        amount_settled: TokenAmount::ZERO,
        counted: Vec::new(),
        tx_hashes: Vec::new(),
        created_at: now,
        updated_at: now,
        settled_at: None,
        version: 0,
    };
    // What goes over a route is given for something else, and leaves once it is on its way.
    let moved = match plan.delivery {
        Some(_) => (AccountKind::Merchant, AccountKind::Exchange, TransferReason::Conversion),
        None => (AccountKind::Merchant, AccountKind::Clearing, TransferReason::Settlement),
    };
    let shown_on = plan.delivery.as_ref().map_or(pool.network, |delivery| delivery.network);
    for (address, index) in sources {
        let of_address = payments.payments().filter(|payment| payment.to_address == address);
        let settleable = of_address.filter(|payment| payment.is_settleable());
        let of_address: Vec<_> = settleable.map(|payment| payment.id).collect();
        let (mut parts, mut value) = (Vec::new(), Usd::ZERO);
        for payment_id in of_address {
            payments.change(payment_id, |payment| {
                let worth = payment.worth(payment.free());
                let amount = payment.settle(id, shown_on);
                value = value.plus(worth);
                parts.push(Part { payment_id, amount });
            });
        }
        let amount = TokenAmount(parts.iter().map(|part| part.amount.0).sum());
        if amount == TokenAmount::ZERO {
            continue;
        }
        settlement.payments += parts.len();
        settlement.sends += 1;
        settlement.amount.0 += amount.0;
        settlement.value = settlement.value.plus(value);
        let ask = SendAsk {
            merchant_id: pool.merchant_id,
            environment: pool.environment,
            network: pool.network,
            token_id: pool.token_id,
            purpose: Purpose::Settlement(id),
            from: Source { index: Some(index), address },
            to: plan.destination.clone(),
            amount,
            value,
            parts,
            status,
        };
        promise(ask, moved, &mut changes, fresh);
    }
    if settlement.sends == 0 {
        return None;
    }
    if review.is_none() {
        let whose = (pool.merchant_id, pool.environment);
        let counted = (settlement.value, SpeedLimit::Kept);
        settlement.counted = count_against(&limits, whose, counted, &mut changes, now);
    }
    payments.save(head, &mut changes, now);
    changes.insert(settlement.clone());
    Some((settlement, changes))
}

/// A send and the promise of its money: out of one account of the merchant's, into another.
pub(crate) fn promise(
    ask: SendAsk,
    (debit, credit, reason): (AccountKind, AccountKind, TransferReason),
    changes: &mut Changes,
    fresh: &mut Fresh,
) {
    let mut send = Send::plan(ask, fresh);
    let movement = Movement {
        debit: send.account_of(debit),
        credit: send.account_of(credit),
        amount: send.amount,
        reason,
        object: send.parent(),
    };
    let hold = Hold::place(HoldAsk { movement, expires_at: None }, changes, fresh);
    send.hold_id = Some(hold.id);
    changes.insert(send);
}

impl Settlement {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// Where its money is to be in the end.
    pub fn arrives_at(&self) -> (Network, &str) {
        match &self.delivery {
            Some(delivery) => (delivery.network, &delivery.destination),
            None => (self.network, &self.destination),
        }
    }

    /// Somebody looked at it, and it may go.
    pub fn approve(mut self, (by, counted): (Actor, Vec<Counted>), now: Timestamp) -> Settlement {
        self.state = SettlementState::Processing;
        self.counted = counted;
        (self.approved_by, self.updated_at) = (Some(by), now);
        self
    }

    /// Plans the second part of a way over a route, once the first has arrived there, and answers
    /// whether there is one: a route may keep all of it.
    ///
    /// The tokens left our address for the route's, which gives others for them: the whole becomes
    /// the merchant's, the route's fee goes off it, and the rest is promised to its transaction.
    pub(crate) fn deliver(&self, send: &Send, changes: &mut Changes, fresh: &mut Fresh) -> bool {
        let (Some(delivery), Purpose::Settlement(id)) = (&self.delivery, send.purpose) else {
            return false;
        };
        let account = |kind, asset| Account { asset, ..send.account_of(kind) };
        let mut post = |debit, credit, amount, reason| {
            let object = send.parent();
            let movement = Movement { debit, credit, amount, reason, object };
            if amount > TokenAmount::ZERO {
                changes.transfer(Transfer::posted(movement, fresh));
            }
        };
        let [exchange, clearing] =
            [AccountKind::Exchange, AccountKind::Clearing].map(|kind| send.account_of(kind));
        post(exchange, clearing, send.amount, TransferReason::Conversion);
        let Some(carried) = delivery.carried(send.value) else { return false };
        let there = Asset::Token { network: delivery.network, token_id: delivery.token_id };
        let [exchange, merchant, fees] =
            [AccountKind::Exchange, AccountKind::Merchant, AccountKind::Fees]
                .map(|kind| account(kind, there));
        post(exchange, merchant, carried.whole, TransferReason::Conversion);
        post(merchant, fees, carried.fee, TransferReason::SettlementFee);
        if carried.amount == TokenAmount::ZERO {
            return false;
        }
        let ask = SendAsk {
            merchant_id: self.merchant_id,
            environment: self.environment,
            network: delivery.network,
            token_id: delivery.token_id,
            purpose: Purpose::Delivery(id),
            from: Source { index: None, address: delivery.exit.clone() },
            to: delivery.destination.clone(),
            amount: carried.amount,
            value: carried.value,
            parts: send.parts.clone(),
            status: SendStatus::Planned,
        };
        // The route pays it out of what is its own, so our addresses have no part in it.
        let moved = (AccountKind::Merchant, AccountKind::Exchange, TransferReason::Settlement);
        promise(ask, moved, changes, fresh);
        true
    }

    pub(crate) fn send_ended(
        mut self,
        (send, ending): (&Send, &Ending),
        changes: &mut Changes,
        now: Timestamp,
    ) -> Settlement {
        match ending {
            Ending::Confirmed { tx_hash, .. } => {
                self.sends_confirmed += 1;
                self.amount_settled.0 += send.amount.0;
                self.tx_hashes.push(tx_hash.clone());
            }
            Ending::Failed { .. } | Ending::GivenUp { .. } | Ending::Canceled => {
                self.sends_failed += 1;
                self.count_back(send, changes);
            }
        }
        self.updated_at = now;
        if self.sends_confirmed + self.sends_failed >= self.sends {
            self.settled_at = (self.sends_confirmed > 0).then_some(now);
            self.state = match (self.sends_confirmed, self.sends_failed, ending) {
                (_, 0, _) => SettlementState::Settled,
                (0, _, Ending::Canceled) => SettlementState::Canceled,
                (0, _, _) => SettlementState::Failed,
                (_, _, _) => SettlementState::PartiallySettled,
            };
        }
        self
    }

    /// What never left is no longer counted against the limits. What got lost behind a route did.
    fn count_back(&mut self, send: &Send, changes: &mut Changes) {
        match send.purpose {
            Purpose::Settlement(_) => {
                for counted in &mut self.counted {
                    counted.give_back(send.value, changes);
                }
                self.counted.retain(|counted| counted.value > Usd::ZERO);
            }
            Purpose::Delivery(_) | Purpose::Refund(_) | Purpose::Gas { .. } => {}
        }
    }

    /// One of its transactions that was final is on its chain no more.
    pub(crate) fn send_vanished(mut self, send: &Send, now: Timestamp) -> Settlement {
        self.sends_confirmed = self.sends_confirmed.saturating_sub(1);
        self.amount_settled.0 = self.amount_settled.0.saturating_sub(send.amount.0);
        self.tx_hashes.retain(|hash| Some(hash) != send.tx_hash.as_ref());
        (self.state, self.settled_at) = (SettlementState::Processing, None);
        self.updated_at = now;
        self
    }
}
