//! What invoices can be narrowed by, read out of a query once.
//!
//! A word that is not known is refused: a filter that was silently dropped would answer too much.

use domain::address::Address;
use domain::environment::Environment;
use domain::invoice::{InvoiceStatus, InvoiceType};
use domain::network::Network;
use serde::Deserialize;
use store::InvoiceFilter;
use utoipa::IntoParams;

use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::page::{end_of_second, moment};

const CUSTOMER_ID_MAX: usize = 255;

/// What narrows a list of invoices, besides the customer.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct NarrowQuery {
    /// Any of `unpaid`, `underpaid`, `paid`, `expired`, `canceled`, with commas.
    pub status: Option<String>,
    /// `standard`, `commerce`, or both with a comma.
    pub invoice_type: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
    /// Epoch seconds or RFC 3339, itself included.
    pub created_gte: Option<String>,
    /// Epoch seconds or RFC 3339, itself included.
    pub created_lte: Option<String>,
}

/// Whose invoices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Your own id of the customer.
    pub customer_id: Option<String>,
}

/// Which payor's invoices, to look up a receipt.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PayerQuery {
    /// The wallet that paid; needs `payer_wallet_network`.
    pub payer_wallet_address: Option<String>,
    #[param(inline)]
    pub payer_wallet_network: Option<Network>,
}

impl NarrowQuery {
    /// Nothing if no invoice that this caller may see can be meant.
    pub fn filter(
        &self,
        caller: &Caller,
        environment: Environment,
    ) -> Result<Option<InvoiceFilter>, ApiError> {
        let statuses = words("status", self.status.as_deref(), InvoiceStatus::parse)?;
        let mut types = words("invoice_type", self.invoice_type.as_deref(), InvoiceType::parse)?;
        let created_from = moment("created_gte", self.created_gte.as_deref())?;
        let created_to = moment("created_lte", self.created_lte.as_deref())?.map(end_of_second);
        if caller.is_commerce_only() {
            if !types.is_empty() && !types.contains(&InvoiceType::Commerce) {
                return Ok(None);
            }
            types = vec![InvoiceType::Commerce];
        }
        Ok(Some(InvoiceFilter {
            environment: Some(environment),
            statuses,
            types,
            created_from,
            created_to,
            ..InvoiceFilter::of(caller.merchant_id)
        }))
    }
}

impl CustomerQuery {
    pub fn check(self) -> Result<Option<String>, ApiError> {
        let Some(id) = self.customer_id else { return Ok(None) };
        let length = id.chars().count();
        if !(1..=CUSTOMER_ID_MAX).contains(&length) || id.contains('\0') {
            return Err(ApiError::invalid("customer_id", "must have 1 to 255 characters"));
        }
        Ok(Some(id))
    }
}

impl PayerQuery {
    pub fn apply(
        &self,
        filter: &mut InvoiceFilter,
        environment: Environment,
    ) -> Result<(), ApiError> {
        filter.payer_network = self.payer_wallet_network;
        let Some(text) = &self.payer_wallet_address else { return Ok(()) };
        let network = self.payer_wallet_network.ok_or_else(|| {
            ApiError::invalid("payer_wallet_network", "is required with payer_wallet_address")
        })?;
        let address = Address::parse(network, environment, text)
            .map_err(|error| ApiError::invalid("payer_wallet_address", format!(": {error}")))?;
        filter.payer_wallet = Some(address.as_str().to_owned());
        Ok(())
    }
}

/// Words of a closed set, with commas between them.
fn words<T>(
    param: &'static str,
    csv: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, ApiError> {
    let words = csv.into_iter().flat_map(|csv| csv.split(','));
    let parse = |word: &str| {
        parse(word.trim())
            .ok_or_else(|| ApiError::invalid(param, format!("does not know {word:?}")))
    };
    words.map(parse).collect()
}
