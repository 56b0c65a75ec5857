//! Whether what waits is settled now, and to where: the policy, as one pure question.
//!
//! A batch goes when it is worth enough or has waited long enough, and never while the network
//! would take more of it than the operator allows. What waits says why.

use serde::Serialize;

use super::{Delivery, ReviewReason};
use crate::address::Address;
use crate::environment::Environment;
use crate::ids::MerchantId;
use crate::money::Usd;
use crate::network::Network;
use crate::payment::Payment;
use crate::send::Limits;
use crate::settlement_rule::{SettlementPreference, SettlementRule};
use crate::settlement_wallet::SettlementWallet;
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// Payments that may travel together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pool {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub token_id: TokenId,
    /// Empty: the merchant's wallet.
    pub receiver: String,
}

impl Pool {
    pub fn of(payment: &Payment) -> Option<Pool> {
        Some(Pool {
            merchant_id: payment.merchant_id,
            environment: payment.environment,
            network: payment.network,
            token_id: payment.token_id?,
            receiver: payment.receiver.clone(),
        })
    }
}

/// What the operator chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A batch worth less waits until its oldest payment is `age_ms_max` old.
    pub minimum: Usd,
    pub age_ms_max: i64,
    /// How much of a batch's value its network fees may be.
    pub fee_bps_max: i64,
}

/// A way from a token to the token and network a merchant is settled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where the tokens are sent on their own network.
    pub entry: String,
    pub delivery: Delivery,
}

/// What the question depends on.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    pub pool: &'a Pool,
    pub payments: &'a [Payment],
    /// The wallet on a network.
    pub wallets: &'a [SettlementWallet],
    pub rule: &'a SettlementRule,
    /// The way to the settlement token, if there is one; its destination is filled in here.
    pub route: Option<&'a Route>,
    /// What the network would take for all of it; none: it does not say.
    pub fee: Option<Usd>,
    pub policy: &'a Policy,
    pub now: Timestamp,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub destination: String,
    pub delivery: Option<Delivery>,
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// The merchant has no settlement wallet on this network.
    NoSettlementWallet,
    /// The wallet was changed lately and is not used yet.
    WalletNotUsableYet,
    /// There is no way from this token to the one the merchant is settled in.
    NoRoute,
    BelowMinimum,
    /// The network asks for too large a part of it.
    FeeTooHigh,
    /// Sending on this network is paused.
    NetworkPaused,
    /// The balance it would come out of was given away otherwise.
    BalanceUsedElsewhere,
    /// The address its invoices name is not among the merchant's allowed destinations, or not yet.
    ReceiverNotAllowed,
    /// It is taken up with the next step.
    Due,
}

impl Wait {
    pub fn as_str(self) -> &'static str {
        match self {
            Wait::NoSettlementWallet => "no_settlement_wallet",
            Wait::WalletNotUsableYet => "wallet_not_usable_yet",
            Wait::NoRoute => "no_route",
            Wait::BelowMinimum => "below_minimum",
            Wait::FeeTooHigh => "fee_too_high",
            Wait::NetworkPaused => "network_paused",
            Wait::BalanceUsedElsewhere => "balance_used_elsewhere",
            Wait::ReceiverNotAllowed => "receiver_not_allowed",
            Wait::Due => "due",
        }
    }
}

/// Whether these payments go now, and to where.
pub fn plan(terms: &Terms<'_>) -> Result<Plan, Wait> {
    let plan = way(terms)?;
    let value = value_of(terms.payments);
    if terms.fee.is_some_and(|fee| fee > value.share(terms.policy.fee_bps_max)) {
        return Err(Wait::FeeTooHigh);
    }
    let oldest = terms.payments.iter().filter_map(|payment| payment.confirmed_at).min();
    let is_old = oldest.is_some_and(|at| at.plus_ms(terms.policy.age_ms_max) <= terms.now);
    if value < terms.policy.minimum && !is_old {
        return Err(Wait::BelowMinimum);
    }
    Ok(plan)
}

/// What is free of these payments, by what it was worth when it came.
pub fn value_of(payments: &[Payment]) -> Usd {
    payments.iter().map(|one| one.worth(one.free())).fold(Usd::ZERO, Usd::plus)
}

/// Straight where token and network are right or nothing better is asked for, else by the route.
fn way(terms: &Terms<'_>) -> Result<Plan, Wait> {
    let (pool, wanted) = (terms.pool, terms.rule.token());
    let is_stable = Token::by_id(pool.token_id).is_some_and(|token| token.stable.is_some());
    let may_go_straight = match terms.rule.preference {
        SettlementPreference::Tokens | SettlementPreference::StablesPreferred => true,
        SettlementPreference::StablesOnly => is_stable,
    };
    let is_wanted = pool.token_id == wanted.id;
    let wants_route = terms.rule.preference != SettlementPreference::Tokens && !is_wanted;
    if !pool.receiver.is_empty() {
        // The receiver lives on the network of the settlement token and on no other.
        let lives_on = |network| Address::parse(network, pool.environment, &pool.receiver).is_ok();
        if pool.network == wanted.network && may_go_straight && lives_on(pool.network) {
            return Ok(Plan { destination: pool.receiver.clone(), delivery: None });
        }
        return match terms.route {
            Some(route) if lives_on(wanted.network) => Ok(over(route, &pool.receiver)),
            Some(_) | None => Err(Wait::NoRoute),
        };
    }
    let wallet = |network| {
        let found = terms.wallets.iter().find(|wallet| wallet.network == network);
        match found {
            Some(wallet) if wallet.address.is_some() => {
                wallet.usable(terms.now).ok_or(Wait::WalletNotUsableYet)
            }
            Some(_) | None => Err(Wait::NoSettlementWallet),
        }
    };
    if wants_route
        && let Some(route) = terms.route
        && let Ok(address) = wallet(wanted.network)
    {
        return Ok(over(route, address));
    }
    if !may_go_straight {
        return Err(Wait::NoRoute);
    }
    Ok(Plan { destination: wallet(pool.network)?.to_owned(), delivery: None })
}

fn over(route: &Route, destination: &str) -> Plan {
    let delivery = Delivery { destination: destination.to_owned(), ..route.delivery.clone() };
    Plan { destination: route.entry.clone(), delivery: Some(delivery) }
}

/// Whether somebody has to look at an amount before it goes.
pub fn review_of(value: Usd, limits: &Limits) -> Option<ReviewReason> {
    let is_above = limits.approval_above.is_some_and(|most| value > most);
    is_above.then_some(ReviewReason::AboveApprovalAmount)
}
