//! A payout as its route and its events show it.

use serde::Serialize;

use super::{Payout, PayoutStatus};
use crate::corridor::PayoutMethod;
use crate::country::Country;
use crate::environment::Environment;
use crate::ids::{BankAccountId, PayoutId, RampDepositId, RampQuoteId, RampUserId};
use crate::ledger::{Asset, whole};
use crate::money::TokenAmount;
use crate::provider::{FxRate, PaidOut, RampFailure};
use crate::ramp_quote::{SourceView, TargetView};
use crate::time::Timestamp;

/// What a user had in his balance on its way to a bank account.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampPayout)]
pub struct PayoutView {
    /// Always `ramp_payout`.
    pub object: &'static str,
    pub id: PayoutId,
    pub status: PayoutStatus,
    pub environment: Environment,
    pub user_id: RampUserId,
    pub bank_account_id: BankAccountId,
    pub quote_id: RampQuoteId,
    /// The deposit to a liquidation address it follows from.
    pub deposit_id: Option<RampDepositId>,
    pub country: Country,
    pub method: PayoutMethod,
    /// What leaves the balance, the fee included.
    pub source: SourceView,
    /// In whole units of the source.
    pub fee: String,
    pub fee_base: String,
    /// What the bank account gets.
    pub target: TargetView,
    /// Units of the currency for one whole unit of the source.
    pub rate: String,
    /// What was really paid, as far as the bank's side told; null before.
    pub settled: Option<SettledView>,
    /// Why it failed or came back.
    pub failure_reason: Option<RampFailure>,
    pub paid_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// What came of a payout in the end.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampPayoutSettled)]
pub struct SettledView {
    /// What the bank account got, in whole units of the target's currency.
    pub amount: Option<String>,
    pub amount_base: Option<String>,
    /// How much more than the target it got; below zero: how much less.
    pub difference: Option<String>,
    /// Units of the currency for one unit of what was given for it.
    pub rate: Option<String>,
    /// What moving it cost the house, in whole units of what was given for it.
    pub provider_fee: Option<String>,
}

impl Payout {
    fn settled_view(&self) -> Option<SettledView> {
        let PaidOut { received, fee_micros, rate } = self.settled;
        let currency = self.currency;
        let difference = received.map(|got| got.0 as i128 - self.target.0 as i128);
        (self.settled != PaidOut::default()).then(|| SettledView {
            amount: received.map(|got| got.decimal(currency.decimals())),
            amount_base: received.map(|got| got.0.to_string()),
            difference: difference.map(|by| whole(Asset::Currency(currency), by)),
            rate: rate.map(FxRate::decimal),
            provider_fee: fee_micros.map(|fee: TokenAmount| fee.decimal(6)),
        })
    }

    pub fn view(&self) -> PayoutView {
        let decimals = self.asset.decimals().unwrap_or(0);
        PayoutView {
            object: "ramp_payout",
            id: self.id,
            status: self.status,
            environment: self.environment,
            user_id: self.user_id,
            bank_account_id: self.bank_account_id,
            quote_id: self.quote_id,
            deposit_id: self.deposit_id,
            country: self.country,
            method: self.method,
            source: SourceView::new(self.asset, self.source),
            fee: self.fee.decimal(decimals),
            fee_base: self.fee.0.to_string(),
            target: TargetView::new(self.currency, self.target),
            rate: self.rate.clone(),
            settled: self.settled_view(),
            failure_reason: self.failure,
            paid_at: self.paid_at.map(Timestamp::seconds),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}
