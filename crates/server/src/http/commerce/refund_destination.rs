//! Where a shopper's money goes back to, as checkouts and cancels name it.
//!
//! An address on BSC by the field that clients know, or one on any network by our own. It is
//! checked before anything is decided, and never one of this server's.

use domain::environment::Environment;
use domain::network::Network;
use domain::order::RefundDestination;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::error::ApiError;
use crate::refunding;

/// Where the money goes, if the order is given up once it is paid.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = CommerceRefundDestinationFields)]
#[serde(rename_all = "camelCase")]
pub struct DestinationFields {
    /// Optional BSC destination address for refunds (0x…).
    #[schema(example = "0x0000000000000000000000000000000000000001")]
    pub refund_destination_wallet_address_bsc: Option<String>,
    /// The same on any network; only what was paid there can go back there.
    pub refund_destination: Option<DestinationField>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = CommerceRefundDestination)]
pub struct DestinationField {
    pub network: Network,
    #[schema(max_length = 128)]
    pub address: String,
}

impl DestinationFields {
    pub async fn parse(
        &self,
        app: &App,
        environment: Environment,
    ) -> Result<Option<RefundDestination>, ApiError> {
        let (param, network, text) =
            match (&self.refund_destination_wallet_address_bsc, &self.refund_destination) {
                (None, None) => return Ok(None),
                (Some(text), None) => ("refundDestinationWalletAddressBsc", Network::Bsc, text),
                (None, Some(named)) => ("refundDestination.address", named.network, &named.address),
                (Some(_), Some(_)) => {
                    let message = "excludes refundDestinationWalletAddressBsc";
                    return Err(ApiError::invalid("refundDestination", message));
                }
            };
        let address = refunding::destination(app, environment, network, text).await;
        let address = address.map_err(|error| match error.param {
            // Said of the field that this request has.
            Some(_) => {
                let why = error.message.trim_start_matches("destination ");
                ApiError::invalid(param, why)
            }
            None => error,
        })?;
        Ok(Some(RefundDestination { network, address: address.as_str().to_owned() }))
    }
}
