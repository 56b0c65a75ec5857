//! A quote of a ramp: what leaves a user's balance and what a bank account gets for it, held still
//! for five minutes and good for one payout.
//!
//! The source is whatever a user has: a token or bank money. The fee is the corridor's, of what is
//! sent, and is taken from the source. A source that is asked for rounds the target down, a target
//! rounds the source up; what rounding leaves is part of the fee, so that the sums of a quote are
//! exact. Who asks for all he has may have less than the corridor's least: nothing is trapped.
//!
//! Invariant: whoever uses a quote writes its row, so that of two users of one quote one meets a
//! conflict and finds it used.

use serde::{Deserialize, Serialize};

use crate::corridor::{Corridor, PayoutMethod};
use crate::country::Country;
use crate::currency::Currency;
use crate::environment::Environment;
use crate::ids::{
    BankAccountId, Fresh, MerchantId, PayoutId, RampQuoteId, RampUserId, RowKey, Version,
};
use crate::kyc::KycLevel;
use crate::ledger::Asset;
use crate::money::{TokenAmount, Usd, mul_div_ceil, mul_div_floor, power_of_ten};
use crate::network::Network;
use crate::provider::{FX_SCALE, FxRate};
use crate::refusal::Refusal;
use crate::time::{SECOND_MS, Timestamp};
use crate::token::TokenId;

pub const LOCKED_MS: i64 = 300 * SECOND_MS;
/// Of a fee's share.
const BPS_WHOLE: u128 = 10_000;
/// More than any real token has, and little enough that no sum of them passes 128 bits.
const AMOUNT_MAX: u128 = 1 << 100;
/// With more places a price would not fit; no token that is listed comes near.
const DECIMALS_MAX: u8 = 24;
const MICROS_PER_DOLLAR: u128 = 1_000_000;

/// Which side of the trade is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Source(TokenAmount),
    /// All the user has of it, which may be less than the corridor's least.
    Whole(TokenAmount),
    Target(TokenAmount),
}

/// What one whole unit of the source is worth as the quote is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pricing {
    /// In whole units of the target's currency.
    pub rate: FxRate,
    /// In dollars: what the user's limits are counted in.
    pub dollars: FxRate,
}

#[derive(Clone, Debug)]
pub struct RampQuoteAsk {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub user_id: Option<RampUserId>,
    pub bank_account_id: Option<BankAccountId>,
    pub asset: Asset,
    pub side: Side,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampQuote {
    pub id: RampQuoteId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub user_id: Option<RampUserId>,
    pub bank_account_id: Option<BankAccountId>,
    pub country: Country,
    pub method: PayoutMethod,
    pub level: KycLevel,
    pub asset: Asset,
    /// All that leaves the balance, the fee included.
    pub source: TokenAmount,
    pub fee: TokenAmount,
    pub currency: Currency,
    pub target: TokenAmount,
    pub rate: FxRate,
    /// What it counts against a user's limits.
    pub value: Usd,
    pub used_by: Option<PayoutId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl RampQuote {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn new(
        ask: RampQuoteAsk,
        corridor: &Corridor,
        Pricing { rate, dollars }: Pricing,
        fresh: &mut Fresh,
    ) -> Result<RampQuote, Refusal> {
        let RampQuoteAsk { asset, side, .. } = ask;
        let is_here = asset.token().is_none_or(|token| token.environment == ask.environment);
        let decimals = asset.decimals().filter(|places| is_here && *places <= DECIMALS_MAX);
        let unknown = || Refusal::invalid("source.token_id", "is not a token of this environment");
        let trade = Trade { decimals: decimals.ok_or_else(unknown)?, corridor, rate };
        let (sums, is_taken) = match side {
            Side::Source(source) => {
                let sums = trade.of_source(source, side.param())?;
                (sums, corridor.takes(sums.target))
            }
            Side::Whole(source) => {
                let sums = trade.of_whole(source)?;
                (sums, sums.target <= corridor.amount_max)
            }
            Side::Target(target) => {
                let sums = trade.of_target(target)?;
                (sums, corridor.takes(sums.target))
            }
        };
        let param = side.param();
        if !is_taken {
            let whole = |amount: TokenAmount| amount.decimal(corridor.currency.decimals());
            let (least, most) = (whole(corridor.amount_min), whole(corridor.amount_max));
            let currency = corridor.currency.as_str();
            let message = format!("must come to between {least} and {most} {currency} there");
            return Err(Refusal::invalid(param, message));
        }
        let now = fresh.now();
        Ok(RampQuote {
            id: RampQuoteId::fresh(fresh),
            merchant_id: ask.merchant_id,
            environment: ask.environment,
            user_id: ask.user_id,
            bank_account_id: ask.bank_account_id,
            country: corridor.country,
            method: corridor.method,
            level: corridor.kyc_level,
            asset,
            source: sums.source,
            fee: sums.fee,
            currency: corridor.currency,
            target: sums.target,
            rate,
            value: worth(sums.source, trade.decimals, dollars),
            used_by: None,
            created_at: now,
            expires_at: now.plus_ms(LOCKED_MS),
            version: 0,
        })
    }

    pub fn is_of(&self, merchant_id: MerchantId, environment: Environment) -> bool {
        self.merchant_id == merchant_id && self.environment == environment
    }

    /// The quote in the hands of a payout, or why it is not to be had.
    pub fn take(&self, payout: PayoutId, now: Timestamp) -> Result<RampQuote, Refusal> {
        match self.used_by {
            Some(_) => Err(Refusal::QuoteUsed),
            None if self.expires_at <= now => Err(Refusal::QuoteExpired),
            None => Ok(RampQuote { used_by: Some(payout), ..self.clone() }),
        }
    }

    pub fn view(&self, now: Timestamp) -> RampQuoteView {
        let decimals = self.asset.decimals().unwrap_or(0);
        RampQuoteView {
            object: "ramp_quote",
            id: self.id,
            status: match self.used_by {
                Some(_) => RampQuoteStatus::Used,
                None if self.expires_at <= now => RampQuoteStatus::Expired,
                None => RampQuoteStatus::Available,
            },
            environment: self.environment,
            user_id: self.user_id,
            bank_account_id: self.bank_account_id,
            country: self.country,
            method: self.method,
            source: SourceView::new(self.asset, self.source),
            fee: self.fee.decimal(decimals),
            fee_base: self.fee.0.to_string(),
            target: TargetView::new(self.currency, self.target),
            rate: self.rate.decimal(),
            payout_id: self.used_by,
            created_at: self.created_at.seconds(),
            expires_at: self.expires_at.seconds(),
        }
    }
}

impl Side {
    fn param(self) -> &'static str {
        match self {
            Side::Source(_) | Side::Whole(_) => "source.amount",
            Side::Target(_) => "target.amount",
        }
    }
}

/// An amount in micro-dollars, rounded up: no limit is passed by pieces.
pub fn worth(amount: TokenAmount, decimals: u8, dollars: FxRate) -> Usd {
    let base = FX_SCALE.checked_mul(power_of_ten(decimals.min(DECIMALS_MAX).into()));
    let micros = dollars.0.checked_mul(MICROS_PER_DOLLAR).zip(base);
    let micros = micros.and_then(|(price, base)| mul_div_ceil(amount.0, price, base));
    Usd(micros.and_then(|micros| i64::try_from(micros).ok()).unwrap_or(i64::MAX))
}

/// What the two sides of a trade follow from.
struct Trade<'a> {
    decimals: u8,
    corridor: &'a Corridor,
    rate: FxRate,
}

#[derive(Clone, Copy)]
struct Sums {
    source: TokenAmount,
    fee: TokenAmount,
    target: TokenAmount,
}

impl Trade<'_> {
    /// Minor units of the currency for base units of the token, as a fraction.
    fn fraction(&self) -> (u128, u128) {
        let minor = power_of_ten(self.corridor.currency.decimals().into());
        (self.rate.0 * minor, FX_SCALE * power_of_ten(self.decimals.into()))
    }

    /// The least of the token that is worth this much of the currency.
    fn covering(&self, minor_units: u128) -> Option<u128> {
        let (minor, base) = self.fraction();
        mul_div_ceil(minor_units, base, minor)
    }

    fn of_source(&self, source: TokenAmount, param: &'static str) -> Result<Sums, Refusal> {
        let small = || Refusal::invalid(param, "does not cover the fee");
        let large = || Refusal::invalid(param, "is too large");
        if source.0 > AMOUNT_MAX {
            return Err(large());
        }
        let (minor, base) = self.fraction();
        let whole = mul_div_floor(source.0, minor, base).ok_or_else(large)?;
        let left = whole.checked_sub(self.corridor.fee_fixed.0).ok_or_else(small)?;
        let bps = BPS_WHOLE + u128::from(self.corridor.fee_bps);
        let target = mul_div_floor(left, BPS_WHOLE, bps).ok_or_else(large)?;
        if target == 0 {
            return Err(small());
        }
        self.sums(source, TokenAmount(target)).ok_or_else(large)
    }

    /// As any source; but what is below the corridor's least goes too, and then no more than half
    /// of it for the fee.
    fn of_whole(&self, source: TokenAmount) -> Result<Sums, Refusal> {
        let param = Side::Whole(source).param();
        let usual = self.of_source(source, param);
        if let Ok(sums) = usual
            && sums.target >= self.corridor.amount_min
        {
            return usual;
        }
        let (minor, base) = self.fraction();
        let large = || Refusal::invalid(param, "is too large");
        let whole = mul_div_floor(source.0, minor, base).filter(|_| source.0 <= AMOUNT_MAX);
        let whole = whole.ok_or_else(large)?;
        if whole == 0 {
            let message = "all there is comes to less than the currency's smallest unit";
            return Err(Refusal::invalid(param, message));
        }
        let least = whole - whole / 2;
        let target = usual.map_or(least, |sums| sums.target.0.max(least));
        self.sums(source, TokenAmount(target)).ok_or_else(large)
    }

    fn of_target(&self, target: TokenAmount) -> Result<Sums, Refusal> {
        let param = Side::Target(target).param();
        let large = || Refusal::invalid(param, "is too large");
        if target == TokenAmount::ZERO {
            return Err(Refusal::invalid(param, "must be above zero"));
        }
        if target.0 > AMOUNT_MAX {
            return Err(large());
        }
        let whole = target.0.checked_add(self.corridor.fee(target).0).ok_or_else(large)?;
        let source = self.covering(whole).filter(|source| *source <= AMOUNT_MAX);
        let source = TokenAmount(source.ok_or_else(large)?);
        self.sums(source, target).ok_or_else(large)
    }

    /// The fee is what the target leaves of the source.
    fn sums(&self, source: TokenAmount, target: TokenAmount) -> Option<Sums> {
        let fee = source.0.checked_sub(self.covering(target.0)?)?;
        Some(Sums { source, fee: TokenAmount(fee), target })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RampQuoteStatus {
    Available,
    Used,
    Expired,
}

/// What leaves a balance.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampSource)]
pub struct SourceView {
    /// Null for bank money.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    /// The token's symbol, or the currency's three letters.
    pub symbol: Option<&'static str>,
    /// In whole units.
    pub amount: String,
    pub amount_base: String,
}

impl SourceView {
    pub fn new(asset: Asset, amount: TokenAmount) -> SourceView {
        SourceView {
            network: asset.network(),
            token_id: match asset {
                Asset::Token { token_id, .. } => Some(token_id),
                Asset::Currency(_) => None,
            },
            symbol: asset.symbol(),
            amount: amount.decimal(asset.decimals().unwrap_or(0)),
            amount_base: amount.0.to_string(),
        }
    }
}

/// What a bank account gets, or gave.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampTarget)]
pub struct TargetView {
    pub currency: Currency,
    /// In whole units.
    pub amount: String,
    pub amount_base: String,
}

impl TargetView {
    pub fn new(currency: Currency, amount: TokenAmount) -> TargetView {
        TargetView {
            currency,
            amount: amount.decimal(currency.decimals()),
            amount_base: amount.0.to_string(),
        }
    }
}

/// A price for a payout, held still for five minutes.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampQuote)]
pub struct RampQuoteView {
    /// Always `ramp_quote`.
    pub object: &'static str,
    pub id: RampQuoteId,
    pub status: RampQuoteStatus,
    pub environment: Environment,
    pub user_id: Option<RampUserId>,
    pub bank_account_id: Option<BankAccountId>,
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
    /// The payout that used it.
    pub payout_id: Option<PayoutId>,
    pub created_at: i64,
    pub expires_at: i64,
}

#[cfg(test)]
mod tests;
