//! An on-ramp as REST and events show it: amounts in whole units, and never what the provider
//! calls it.

use serde::Serialize;

use super::{Onramp, OnrampStatus};
use crate::environment::Environment;
use crate::ids::{OnrampId, RampUserId};
use crate::money::TokenAmount;
use crate::provider::{FiatInstructions, RampFailure};
use crate::ramp_quote::{SourceView, TargetView};
use crate::token::Token;

/// Bank money in, stablecoin to a wallet.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Onramp)]
pub struct OnrampView {
    /// Always `onramp`.
    pub object: &'static str,
    pub id: OnrampId,
    pub status: OnrampStatus,
    pub environment: Environment,
    pub user_id: RampUserId,
    /// What is to come in.
    pub source: TargetView,
    /// What did, in whole units.
    pub received: Option<String>,
    /// What goes to the wallet.
    pub target: SourceView,
    pub wallet: String,
    /// In whole tokens.
    pub fee: String,
    /// Units of the currency for one whole token.
    pub rate: String,
    /// Where to send the bank money; null while that is being found out.
    pub instructions: Option<FiatInstructions>,
    pub tx_hash: Option<String>,
    pub failure_reason: Option<RampFailure>,
    pub expires_at: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Onramp {
    pub fn view(&self) -> OnrampView {
        let decimals = Token::by_id(self.token_id).map_or(0, |token| token.decimals);
        let received = |amount: TokenAmount| amount.decimal(self.currency.decimals());
        OnrampView {
            object: "onramp",
            id: self.id,
            status: self.status,
            environment: self.environment,
            user_id: self.user_id,
            source: TargetView::new(self.currency, self.amount),
            received: self.received.map(received),
            target: SourceView::new(self.token(), self.target),
            wallet: self.wallet.clone(),
            fee: self.fee.decimal(decimals),
            rate: self.rate.decimal(),
            instructions: self.instructions.clone(),
            tx_hash: self.tx_hash.clone(),
            failure_reason: self.failure,
            expires_at: self.expires_at.seconds(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}
