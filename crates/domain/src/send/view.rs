//! A send as merchants read it within its settlement or refund, and as the operator is to sign it.

use serde::Serialize;

use super::{Purpose, Send, SendStatus};
use crate::environment::Environment;
use crate::ids::SendId;
use crate::network::Network;
use crate::token::TokenId;

/// One outgoing transaction.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Send)]
pub struct SendView {
    pub object: &'static str,
    pub id: SendId,
    pub status: SendStatus,
    pub network: Network,
    pub token_id: TokenId,
    pub token_symbol: Option<&'static str>,
    /// In whole tokens, as a decimal string.
    pub amount: Option<String>,
    pub amount_base: String,
    pub from_address: String,
    pub to_address: String,
    /// The transaction that counts, or the newest that was signed.
    pub tx_hash: Option<String>,
    /// How often it was signed: more than once if fees had to be raised.
    pub attempts: usize,
    /// What the network took, in its own coin's smallest unit.
    pub fee_base: Option<String>,
    /// Why it waits.
    pub reason: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Send {
    pub fn view(&self) -> SendView {
        let token = self.token();
        let newest = self.newest().map(|attempt| attempt.tx_hash.clone());
        SendView {
            object: "send",
            id: self.id,
            status: self.status,
            network: self.network,
            token_id: self.token_id,
            token_symbol: token.map(|token| token.symbol),
            amount: token.map(|token| self.amount.decimal(token.decimals)),
            amount_base: self.amount.0.to_string(),
            from_address: self.from.address.clone(),
            to_address: self.to.clone(),
            tx_hash: self.tx_hash.clone().or(newest),
            attempts: self.attempts.len(),
            fee_base: self.fee_paid.map(|fee| fee.0.to_string()),
            reason: self.complaint.clone().filter(|_| self.status.is_open()),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }

    /// For the operator, who has the keys elsewhere.
    pub fn planned_transfer(&self) -> PlannedTransfer {
        let token = self.token();
        let (settlement_id, refund_id) = match self.purpose {
            Purpose::Settlement(id) | Purpose::Delivery(id) => (Some(id.0), None),
            Purpose::Refund(id) => (None, Some(id.to_string())),
            Purpose::Gas { .. } => (None, None),
        };
        PlannedTransfer {
            id: self.id,
            settlement_id,
            refund_id,
            environment: self.environment,
            network: self.network,
            address: self.from.address.clone(),
            derivation_path: self.from.index.map(|index| derivation_path(self.network, index)),
            token: token.map(|token| token.symbol),
            token_address: token.and_then(|token| token.address),
            amount: token.map(|token| self.amount.decimal(token.decimals)),
            amount_base: self.amount.0.to_string(),
            destination: self.to.clone(),
        }
    }
}

/// A transfer that the operator is to sign.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PlannedTransfer {
    pub id: SendId,
    pub settlement_id: Option<i64>,
    pub refund_id: Option<String>,
    pub environment: Environment,
    pub network: Network,
    pub address: String,
    pub derivation_path: Option<String>,
    pub token: Option<&'static str>,
    pub token_address: Option<&'static str>,
    pub amount: Option<String>,
    pub amount_base: String,
    pub destination: String,
}

/// As wallets write the path of a deposit address's key.
fn derivation_path(network: Network, index: u32) -> String {
    use crate::network::Family;
    match network.family() {
        Family::Evm => format!("m/44'/60'/0'/0/{index}"),
        Family::Solana => format!("m/44'/501'/{index}'/0'"),
        Family::Sui => format!("m/44'/784'/{index}'/0'/0'"),
        Family::Ton => format!("m/44'/607'/{index}'"),
        Family::Cardano => format!("m/1852'/1815'/0'/0/{index}"),
    }
}
