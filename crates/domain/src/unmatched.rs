//! Transfers to our addresses that no invoice can take: kept in an inbox, never credited.

use serde::{Deserialize, Serialize};

use crate::chain::{AssetRef, ChainTransfer};
use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, RowKey, UnmatchedId, Version};
use crate::network::Network;
use crate::time::Timestamp;

/// Why a transfer matched nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnmatchedReason {
    /// The address is ours, but was never given out on this network.
    WrongNetwork,
    /// The amount does not fit 128 bits.
    AmountTooLarge,
    /// A token that is not listed here, on a ramp user's address.
    UnknownToken,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    pub id: UnmatchedId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub reason: UnmatchedReason,
    /// The invoice the address was made for; none if it is a ramp user's.
    pub invoice_id: Option<InvoiceId>,
    pub transfer: ChainTransfer,
    pub seen_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl Unmatched {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }
}

/// A transfer of the inbox, as REST shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct UnmatchedView {
    pub object: &'static str,
    pub id: UnmatchedId,
    pub merchant_id: MerchantId,
    pub status: &'static str,
    pub reason: UnmatchedReason,
    pub environment: Environment,
    pub network: Network,
    /// Null if the address is a ramp user's.
    pub invoice_id: Option<InvoiceId>,
    pub tx_hash: String,
    pub from_address: Option<String>,
    pub to_address: String,
    /// The contract of the token; null for the native coin.
    pub token_address: Option<String>,
    /// Base units; null if the amount does not fit 128 bits.
    pub token_amount_base: Option<String>,
    pub block_number: u64,
    pub created_at: i64,
}

impl Unmatched {
    pub fn view(&self) -> UnmatchedView {
        let transfer = &self.transfer;
        UnmatchedView {
            object: "unmatched_transfer",
            id: self.id,
            merchant_id: self.merchant_id,
            status: "unmatched",
            reason: self.reason,
            environment: self.environment,
            network: self.network,
            invoice_id: self.invoice_id,
            tx_hash: transfer.tx_hash.clone(),
            from_address: transfer.from.clone(),
            to_address: transfer.to.clone(),
            token_address: match &transfer.asset {
                AssetRef::Native => None,
                AssetRef::Contract(address) => Some(address.clone()),
            },
            token_amount_base: transfer.amount.map(|amount| amount.0.to_string()),
            block_number: transfer.block.number,
            created_at: self.seen_at.seconds(),
        }
    }
}
