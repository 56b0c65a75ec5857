//! A payout as its route and its events show it.

use serde::Serialize;

use super::{Payout, PayoutStatus};
use crate::corridor::PayoutMethod;
use crate::country::Country;
use crate::environment::Environment;
use crate::ids::{BankAccountId, PayoutId, RampDepositId, RampQuoteId, RampUserId};
use crate::provider::RampFailure;
use crate::ramp_quote::{SourceView, TargetView};
use crate::time::Timestamp;
use crate::token::Token;

/// Stablecoin of a user's balance on its way to a bank account.
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
    /// In whole tokens of the source.
    pub fee: String,
    pub fee_base: String,
    /// What the bank account gets.
    pub target: TargetView,
    /// Units of the currency for one whole token.
    pub rate: String,
    /// Why it failed or came back.
    pub failure_reason: Option<RampFailure>,
    pub paid_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Payout {
    pub fn view(&self) -> PayoutView {
        let decimals = Token::by_id(self.token_id).map_or(0, |token| token.decimals);
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
            source: SourceView::new(self.network, self.token_id, self.source),
            fee: self.fee.decimal(decimals),
            fee_base: self.fee.0.to_string(),
            target: TargetView::new(self.currency, self.target),
            rate: self.rate.clone(),
            failure_reason: self.failure,
            paid_at: self.paid_at.map(Timestamp::seconds),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}
