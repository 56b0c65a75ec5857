//! A transfer somebody wants on a simulated chain, and how its text becomes one.
//!
//! It may be anything a real chain would carry: unknown tokens, failed transactions, and amounts
//! above 128 bits, which nobody can be credited with.

use chains::simulated::TransferAsk;
use domain::address::Address;
use domain::chain::AssetRef;
use domain::environment::Environment;
use domain::money::{AmountError, TokenAmount};
use domain::network::Network;
use domain::token::{Token, TokenId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::error::ApiError;

const DEVNET: Environment = Environment::Devnet;
/// More than any real token supply has; enough to pass 128 bits in every way.
const AMOUNT_DIGITS_MAX: usize = 78;
/// How the amount of a token we do not know is read, unless the request says.
const UNKNOWN_DECIMALS: u8 = 18;
const DECIMALS_MAX: u8 = 38;
const CONTRACT_BYTES_MAX: usize = 255;

#[derive(Debug, Deserialize, ToSchema)]
pub struct TransferRequest {
    pub to: String,
    /// Whole tokens as a decimal string, of up to 78 digits.
    pub amount: String,
    /// The token to pay with; without it and without `token_address`, the native coin.
    pub token_id: Option<i64>,
    /// The contract to pay with instead; it need not be a known one.
    pub token_address: Option<String>,
    /// How many decimals an unknown token has; 18 if not given.
    #[schema(maximum = 38)]
    pub decimals: Option<u8>,
    /// Who pays; default: one fixed payer.
    pub from: Option<String>,
    /// Includes the transaction in a block, but lets it fail.
    pub fail: Option<bool>,
}

impl TransferRequest {
    pub fn parse(&self, network: Network) -> Result<TransferAsk, ApiError> {
        let (asset, decimals) = parse_asset(network, self)?;
        let address = |param, text: &str| parse_address(network, param, text);
        Ok(TransferAsk {
            to: address("to", &self.to)?,
            amount: parse_amount(&self.amount, decimals)?,
            from: self.from.as_deref().map(|text| address("from", text)).transpose()?,
            is_failed: self.fail.unwrap_or(false),
            asset,
        })
    }
}

fn parse_address(network: Network, param: &'static str, text: &str) -> Result<Address, ApiError> {
    Address::parse(network, DEVNET, text).map_err(|error| {
        let message = format!("must be an address on {}: {error}", network.as_str());
        ApiError::invalid(param, message)
    })
}

fn parse_asset(network: Network, body: &TransferRequest) -> Result<(AssetRef, u8), ApiError> {
    let unknown_decimals = match body.decimals {
        Some(decimals) if decimals > DECIMALS_MAX => {
            return Err(ApiError::invalid("decimals", format!("must not pass {DECIMALS_MAX}")));
        }
        decimals => decimals.unwrap_or(UNKNOWN_DECIMALS),
    };
    let token = match (body.token_id, &body.token_address) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("token_address", "excludes token_id"));
        }
        (Some(id), None) => {
            let token = Token::by_id(TokenId(id))
                .filter(|token| (token.network, token.environment) == (network, DEVNET));
            let refusal =
                || ApiError::invalid("token_id", "must be a devnet token of this network");
            Some(token.ok_or_else(refusal)?)
        }
        (None, Some(contract)) => {
            let is_plain = contract.bytes().all(|byte| byte.is_ascii_graphic());
            if contract.is_empty() || contract.len() > CONTRACT_BYTES_MAX || !is_plain {
                return Err(ApiError::invalid("token_address", "must name a contract"));
            }
            let Some(token) = Token::find(network, DEVNET, Some(contract)) else {
                return Ok((AssetRef::Contract(contract.clone()), unknown_decimals));
            };
            Some(token)
        }
        (None, None) => Token::find(network, DEVNET, None),
    };
    let contract = token.and_then(|token| token.address);
    let asset = contract.map_or(AssetRef::Native, |text| AssetRef::Contract(text.to_owned()));
    Ok((asset, token.map_or(unknown_decimals, |token| token.decimals)))
}

/// None: an amount that 128 bits do not hold, as a chain could carry it.
fn parse_amount(text: &str, decimals: u8) -> Result<Option<TokenAmount>, ApiError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !is_plain || digits > AMOUNT_DIGITS_MAX {
        let message = format!("must be a decimal string of up to {AMOUNT_DIGITS_MAX} digits");
        return Err(ApiError::invalid("amount", message));
    }
    match TokenAmount::parse(text, decimals) {
        Ok(amount) => Ok(Some(amount)),
        Err(AmountError::TooLarge) => Ok(None),
        Err(error @ (AmountError::NotANumber | AmountError::TooPrecise)) => {
            Err(ApiError::invalid("amount", error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, decimals: u8, amount: Result<Option<u128>, ()>) {
        let parsed = parse_amount(text, decimals).map_err(|_| ());
        assert_eq!(parsed.map(|amount| amount.map(|amount| amount.0)), amount, "{text}");
    }

    #[test]
    fn amounts_are_plain_decimals_and_may_pass_128_bits() {
        check("1.5", 6, Ok(Some(1_500_000)));
        check("0", 6, Ok(Some(0)));
        check(&"9".repeat(78), 0, Ok(None));
        check(&"9".repeat(30), 18, Ok(None));
        check(&"9".repeat(79), 0, Err(()));
        check("1.0000001", 6, Err(()));
        for text in ["", ".", "1.", ".5", "-1", "1e3", "1.2.3", "0x1", " 1"] {
            check(text, 6, Err(()));
        }
    }
}
