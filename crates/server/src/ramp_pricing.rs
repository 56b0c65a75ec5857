//! What anything a ramp user has is worth as a payout is quoted: by the currency it promises to be
//! worth, or by the market.
//!
//! Bank money is itself, a stablecoin is the currency it stands for as long as its price is one
//! that may be locked, and any other token is what the market says. What a currency is in another
//! is the word of whoever moves bank money here.

use domain::currency::Currency;
use domain::environment::Environment;
use domain::ledger::Asset;
use domain::money::{Rate, mul_div_floor};
use domain::provider::{FX_SCALE, FxRate};
use domain::ramp_quote::Pricing;
use domain::token::StableOf;
use providers::ramp::{Pair, ProviderError};

use crate::app::App;

/// Why there is no price now; there may be one later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("the token has no price that may be locked")]
    Token,
}

/// What one whole unit of the source is in a currency, and in dollars; none: it is not served.
pub async fn pricing(
    app: &App,
    environment: Environment,
    (source, to): (Asset, Currency),
) -> Result<Option<Pricing>, Unpriced> {
    let (from, market) = standard(app, source)?;
    let now = app.now();
    let rate = app.ramp_providers.rate((environment, Pair { from, to }), now).await?;
    let dollars = Pair { from, to: Currency::USD };
    let dollars = app.ramp_providers.rate((environment, dollars), now).await?;
    let at_market = |rate: FxRate| match market {
        None => Some(rate),
        Some(price) => {
            let rate = mul_div_floor(rate.0, price.0, FX_SCALE);
            rate.filter(|rate| *rate > 0).map(FxRate)
        }
    };
    let priced = rate.and_then(at_market).zip(dollars.and_then(at_market));
    Ok(priced.map(|(rate, dollars)| Pricing { rate, dollars }))
}

/// The currency a source is counted in, and its price in dollars if it promises none.
fn standard(app: &App, source: Asset) -> Result<(Currency, Option<Rate>), Unpriced> {
    let token = match source {
        Asset::Currency(currency) => return Ok((currency, None)),
        Asset::Token { .. } => source.token().ok_or(Unpriced::Token)?,
    };
    // One that left what it promises is not to be had: nobody quotes a loss.
    let price = app.rates.lockable(token, app.now()).ok_or(Unpriced::Token)?;
    Ok(match token.stable {
        Some(StableOf::Usd) => (Currency::USD, None),
        Some(StableOf::Eur) => (Currency::EUR, None),
        None => (Currency::USD, Some(price.rate)),
    })
}
