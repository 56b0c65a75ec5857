//! A quote: how many tokens an amount of USD is, locked for five minutes.
//!
//! A payor's quote belongs to an invoice; a merchant's stands alone. The price of a quote is the
//! ratio of its two amounts, so that paying exactly the estimate is worth exactly the amount.

pub mod payor;

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::{Fresh, InvoiceId, MerchantId, QuoteId, RowKey, Version};
use crate::money::{Rate, TokenAmount, Usd, UsdNumber, mul_div_floor};
use crate::network::Network;
use crate::time::{MINUTE_MS, SECOND_MS, Timestamp};
use crate::token::{Token, TokenId};

pub const LOCKED_MS: i64 = 5 * MINUTE_MS;
/// A rate older than this is stale.
pub const RATE_STALE_MS: i64 = 5 * MINUTE_MS;
/// Covers a moving price; USD stablecoins need none.
const BUFFER_BPS: u32 = 50;
/// A block's clock may be a little behind ours.
const BLOCK_CLOCK_SLACK_MS: i64 = 30 * SECOND_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub id: QuoteId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub invoice_id: Option<InvoiceId>,
    pub network: Network,
    pub token_id: TokenId,
    pub amount_usd: Usd,
    pub token_amount: TokenAmount,
    /// Tokens per dollar.
    pub exchange_rate: String,
    pub created_at: Timestamp,
    pub valid_until: Timestamp,
    pub version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuoteStatus {
    Available,
    Unavailable,
    Expired,
}

/// What a quote is asked for.
#[derive(Clone, Copy, Debug)]
pub struct QuoteAsk {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub invoice_id: Option<InvoiceId>,
    pub amount_usd: Usd,
}

impl Quote {
    /// Nothing if the amount of tokens does not fit, or is none at all.
    pub fn new(ask: QuoteAsk, token: &Token, rate: Rate, fresh: &mut Fresh) -> Option<Quote> {
        let buffer_bps = if token.is_usd_stable() { 0 } else { BUFFER_BPS };
        let token_amount = rate.tokens_for(ask.amount_usd, token.decimals, buffer_bps)?;
        if token_amount == TokenAmount::ZERO {
            return None;
        }
        let now = fresh.now();
        Some(Quote {
            id: QuoteId::fresh(fresh),
            merchant_id: ask.merchant_id,
            environment: ask.environment,
            invoice_id: ask.invoice_id,
            network: token.network,
            token_id: token.id,
            amount_usd: ask.amount_usd,
            token_amount,
            exchange_rate: rate.tokens_per_usd(),
            created_at: now,
            valid_until: now.plus_ms(LOCKED_MS),
            version: 0,
        })
    }

    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.valid_until
    }

    /// Whether a block of that time fell into this quote's window.
    pub fn holds(&self, block_time: Timestamp) -> bool {
        self.created_at.plus_ms(-BLOCK_CLOCK_SLACK_MS) <= block_time
            && block_time < self.valid_until
    }

    /// What an amount of the quoted token is worth at this quote, rounded down.
    pub fn value_of(&self, amount: TokenAmount) -> Usd {
        let usd = u128::try_from(self.amount_usd.0).unwrap_or(0);
        let micros = mul_div_floor(amount.0, usd, self.token_amount.0).unwrap_or(u128::MAX);
        Usd(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    pub fn view(&self, now: Timestamp) -> QuoteView {
        let status = if self.is_valid(now) { QuoteStatus::Available } else { QuoteStatus::Expired };
        let decimals = Token::by_id(self.token_id).map_or(0, |token| token.decimals);
        QuoteView {
            object: "quote",
            id: Some(self.id),
            environment: self.environment,
            amount_usd: self.amount_usd.number(),
            network: self.network,
            token_id: self.token_id,
            token_amount: Some(self.token_amount.decimal(decimals)),
            exchange_rate: Some(self.exchange_rate.clone()),
            fee_usd: Usd::ZERO.number(),
            status,
            created_at: self.created_at.seconds(),
            valid_until: Some(self.valid_until.seconds()),
        }
    }
}

/// The value of a transfer: the best quote whose window holds its block, else the rate of today.
///
/// A payor may have seen any of the quotes that were open; the one that serves him best counts.
pub fn value_transfer(
    quotes: &[Quote],
    token: &Token,
    (amount, block_time): (TokenAmount, Timestamp),
    rate: Option<Rate>,
) -> Option<Usd> {
    let fitting = quotes.iter().filter(|quote| {
        quote.token_id == token.id && quote.network == token.network && quote.holds(block_time)
    });
    let best = fitting.map(|quote| quote.value_of(amount)).max();
    best.or_else(|| rate.map(|rate| rate.value(amount, token.decimals)))
}

/// A price for an amount of USD in one token, locked until `valid_until`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct QuoteView {
    pub object: &'static str,
    /// Null while no price is available: then nothing is locked.
    pub id: Option<QuoteId>,
    pub environment: Environment,
    pub amount_usd: UsdNumber,
    pub network: Network,
    pub token_id: TokenId,
    /// In whole tokens, as a decimal string.
    pub token_amount: Option<String>,
    /// Tokens per dollar.
    pub exchange_rate: Option<String>,
    pub fee_usd: UsdNumber,
    pub status: QuoteStatus,
    pub created_at: i64,
    pub valid_until: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(symbol: &str, usd: i64, rate: &str) -> (Quote, &'static Token) {
        let token = Token::of(Environment::Devnet)
            .find(|token| token.symbol == symbol && token.network == Network::Ethereum)
            .expect("a token");
        let ask = QuoteAsk {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            invoice_id: None,
            amount_usd: Usd(usd),
        };
        let mut fresh = Fresh::new(Timestamp(1_000_000), [1; 16]);
        let rate = Rate::parse(rate).expect("a rate");
        (Quote::new(ask, token, rate, &mut fresh).expect("a quote"), token)
    }

    #[test]
    fn paying_exactly_the_estimate_is_worth_exactly_the_amount() {
        for (symbol, usd, rate) in
            [("USDC", 49_990_000, "1"), ("ETH", 49_990_000, "3333.33"), ("ETH", 10_000, "2999.7")]
        {
            let (quote, _) = quote(symbol, usd, rate);
            assert_eq!(quote.value_of(quote.token_amount), Usd(usd), "{symbol}");
            assert!(quote.value_of(TokenAmount(quote.token_amount.0 - 1)) < Usd(usd));
        }
    }

    #[test]
    fn stablecoins_carry_no_buffer_and_others_half_a_percent() {
        assert_eq!(quote("USDC", 100_000_000, "1").0.token_amount, TokenAmount(100_000_000));
        let (ether, _) = quote("ETH", 100_000_000, "1000");
        assert_eq!(ether.token_amount.decimal(18), "0.1005");
    }

    #[test]
    fn the_window_decides_which_price_counts() {
        let (quote, token) = quote("ETH", 100_000_000, "1000");
        let amount = quote.token_amount;
        let half = Rate::parse("500").expect("a rate");
        let value = |at: i64| {
            let quotes = std::slice::from_ref(&quote);
            value_transfer(quotes, token, (amount, Timestamp(at)), Some(half))
        };
        assert_eq!(value(1_000_000), Some(Usd::from_dollars(100)));
        assert_eq!(value(1_299_999), Some(Usd::from_dollars(100)));
        assert_eq!(value(1_300_000), Some(Usd(50_250_000)));
        assert_eq!(value(900_000), Some(Usd(50_250_000)));
    }
}
