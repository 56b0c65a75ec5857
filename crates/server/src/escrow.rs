//! What a merchant keeps back for orders that are placed with retailers, and whether it is enough.
//!
//! It is what stands on his `commerce_escrow` accounts, in dollars as prices are now; the operator
//! says how much it has to be. Where nothing has to be, nothing is read before an order is made.

use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::ledger::{AccountKind, Balance};
use domain::money::{TokenAmount, Usd};
use store::StoreError;

use crate::app::App;
use crate::http::error::{ApiError, Code};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escrow {
    pub balance: Usd,
    pub minimum: Usd,
}

impl Escrow {
    pub async fn of(
        app: &App,
        (merchant_id, environment): (MerchantId, Environment),
    ) -> Result<Escrow, StoreError> {
        let balances = app.store.balances_of_merchant(merchant_id).await?;
        let is_its = |one: &&Balance| {
            one.account.kind == AccountKind::CommerceEscrow
                && one.account.environment == environment
        };
        let worth = |one: &Balance| worth(app, one);
        let balance = balances.iter().filter(is_its).map(worth).fold(Usd::ZERO, Usd::plus);
        Ok(Escrow { balance, minimum: app.config.commerce.escrow_minimum() })
    }

    pub fn is_enough(&self) -> bool {
        self.balance >= self.minimum
    }
}

fn worth(app: &App, balance: &Balance) -> Usd {
    let token = balance.account.asset.token();
    let rate = token.and_then(|token| app.rates.worth(token, app.now()));
    let amount = u128::try_from(balance.balance).map(TokenAmount).unwrap_or(TokenAmount::ZERO);
    match (token, rate) {
        (Some(token), Some(rate)) => rate.value(amount, token.decimals),
        (None, _) | (_, None) => Usd::ZERO,
    }
}

/// Refuses a new order while too little is kept back.
pub async fn require(app: &App, whose: (MerchantId, Environment)) -> Result<(), ApiError> {
    if app.config.commerce.escrow_minimum() == Usd::ZERO
        || Escrow::of(app, whose).await?.is_enough()
    {
        return Ok(());
    }
    let message = "Orders are not taken now: too little is kept back to place them";
    Err(ApiError::new(Code::CommerceUnavailable, message))
}
