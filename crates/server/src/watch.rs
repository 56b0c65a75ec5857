//! Looking one transaction up at the operator's word, and recording what the watcher missed.
//!
//! The same decision as the watcher's: what it recorded already changes nothing, and what is not
//! deep enough yet is pending until the watcher confirms it.

use anyhow::{Context as _, bail};
use chains::hashes::parse_transaction_hash;
use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::deposit_address::DepositAddress;
use domain::ids::MerchantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::networks::Place;
use crate::workers::observe::{Recorded, record_transfer};

/// A transfer of the transaction to an address of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Watched {
    /// The invoice or the ramp user's address it is for.
    #[schema(value_type = String)]
    pub owner_id: uuid::Uuid,
    pub to_address: String,
    /// The transfer's place in its transaction.
    pub ordinal: u32,
    /// In base units; null if it does not fit 128 bits.
    pub amount_base: Option<String>,
    pub block_number: u64,
    /// False if it had been recorded before.
    pub is_new: bool,
}

impl Watched {
    pub fn line(&self) -> String {
        let Watched { owner_id, to_address, ordinal, block_number, .. } = self;
        let amount = self.amount_base.as_deref().unwrap_or("more than 128 bits");
        let news = if self.is_new { "recorded now" } else { "known already" };
        format!("{news}: {amount} to {to_address} for {owner_id} (#{ordinal}, {block_number})")
    }
}

/// Records every transfer of a transaction to an address of ours, and tells of each.
pub async fn watch_transaction(
    app: &App,
    place: Place,
    tx_hash: &str,
) -> anyhow::Result<Vec<Watched>> {
    let (environment, network) = place;
    let chain = app.networks.chain(environment, network);
    let Some(chain) = chain else {
        bail!("{} is not served here ({})", network.as_str(), environment.as_str());
    };
    let hash = parse_transaction_hash(network, tx_hash)
        .with_context(|| format!("{} has no such transaction hashes", network.as_str()))?;
    let mut watched = Vec::new();
    for transfer in chain.look_up(&hash).await? {
        let key = DepositAddress::row_key(environment, network, &transfer.to);
        let Some(address) = app.store.get::<DepositAddress>(key).await? else { continue };
        let recorded = record_transfer(app, place, &transfer, None).await?;
        watched.push(Watched {
            owner_id: address.owner.key().uuid(),
            to_address: transfer.to,
            ordinal: transfer.ordinal,
            amount_base: transfer.amount.map(|amount| amount.0.to_string()),
            block_number: transfer.block.number,
            is_new: recorded == Recorded::New,
        });
    }
    if watched.iter().any(|one| one.is_new) {
        let mut changes = Changes::of(MerchantId::HOUSE);
        let act = AuditEntry::of_operator(
            MerchantId::HOUSE,
            "transaction.watched",
            &hash,
            &mut app.fresh(),
        );
        changes.insert(act);
        app.commit(changes).await?;
    }
    Ok(watched)
}
