//! What a watcher does at the operator's word: record one transaction it missed, or begin anew.
//!
//! A transaction is the same decision as the watcher's: what it recorded already changes nothing,
//! and what is not deep enough yet is pending until the watcher confirms it. A restart is written
//! beside the cursor and followed by whoever watches.

use anyhow::{Context as _, bail};
use chains::chain::parted;
use chains::hashes::parse_transaction_hash;
use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::environment::Environment;
use domain::ids::{InvoiceId, MerchantId, RampAddressId, RowKey};
use domain::network::Network;
use domain::slot::Slot;
use domain::watch::{Begin, Restart, WatchCursor, restart};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::error::{ApiError, Code};
use crate::networks::Place;
use crate::workers::lease::Lease;
use crate::workers::observe::{Recorded, record_transfer};

/// A transfer of the transaction to an address of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Watched {
    /// The invoice it is for; null where the address is a ramp user's.
    pub invoice_id: Option<InvoiceId>,
    /// The ramp user's address it is for.
    pub ramp_address_id: Option<RampAddressId>,
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
        let Watched { to_address, ordinal, block_number, .. } = self;
        let invoice = self.invoice_id.map(|id| format!("invoice {id}"));
        let user = self.ramp_address_id.map(|id| format!("a user's address {id}"));
        let owner = invoice.or(user).unwrap_or_default();
        let amount = self.amount_base.as_deref().unwrap_or("more than 128 bits");
        let news = if self.is_new { "recorded now" } else { "known already" };
        format!("{news}: {amount} to {to_address} for {owner} (#{ordinal}, {block_number})")
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
    let (found, lacking) = parted(chain.look_up(&hash).await);
    for transfer in found {
        let key = DepositAddress::row_key(environment, network, &transfer.to);
        let Some(address) = app.store.get::<DepositAddress>(key).await? else { continue };
        let recorded = record_transfer(app, place, &transfer, None).await?;
        watched.push(Watched {
            invoice_id: match address.owner {
                AddressOwner::Invoice(id) => Some(id),
                AddressOwner::Ramp(_) => None,
            },
            ramp_address_id: match address.owner {
                AddressOwner::Ramp(id) => Some(id),
                AddressOwner::Invoice(_) => None,
            },
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
    // What was found is recorded; who asked is told that there may be more.
    lacking.map_or(Ok(watched), |error| Err(error.into()))
}

/// A watcher that begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restarted {
    pub environment: Environment,
    pub network: Network,
    /// The last block it had looked at.
    pub was_at: u64,
    /// `head`, or the first block that is looked at now.
    pub from: String,
    /// The network's newest block.
    pub head: u64,
}

impl Restarted {
    /// What it means, for whoever asked.
    pub fn text(&self) -> String {
        let Restarted { environment, network, was_at, from, head } = self;
        let place = format!("{} ({})", network.as_str(), environment.as_str());
        let between = match from.as_str() {
            "head" => format!(
                "What was paid between block {was_at} and the newest one, {head}, is not looked \
                 at: credit it with `pepay watch --tx`."
            ),
            first => format!(
                "What was paid below block {first} and is not recorded yet is not looked at: \
                 credit it with `pepay watch --tx`."
            ),
        };
        format!(
            "{place} is watched anew from {from}; it had been looked at up to block {was_at}.\n\
             {between}\n\
             Every payment recorded before is looked for in the chain again. One that vanished is \
             taken back: its invoice and its events tell, and so does the server's log."
        )
    }
}

/// Has the watcher of a network begin anew, whichever process it runs in.
pub async fn restart_watcher(app: &App, place: Place, begin: Begin) -> Result<Restarted, ApiError> {
    let (environment, network) = place;
    let Some(chain) = app.networks.chain(environment, network) else {
        return Err(ApiError::invalid("network", "is not served here"));
    };
    let head = chain.head().await.map_err(|error| {
        tracing::warn!(%error, network = network.as_str(), "a network does not tell its head");
        let message = "The network does not answer; try again";
        ApiError::new(Code::ServiceUnavailable, message).retry_after(5)
    })?;
    let slot_key: RowKey = Lease::for_place(place).key();
    let was_at = app
        .decide(async || {
            let key = WatchCursor::row_key(environment, network);
            let Some(cursor) = app.store.get::<WatchCursor>(key).await? else {
                let message = "has never been watched: it begins at its head by itself";
                return Err(ApiError::invalid("network", message));
            };
            let was_at = cursor.scanned_number;
            let lease = app.store.get::<Slot>(slot_key).await?;
            let ask = Restart { cursor, lease, begin, head: head.number };
            let changes = restart(ask, slot_key, &mut app.fresh())?;
            Ok((changes, was_at))
        })
        .await?;
    // Here at once; elsewhere as soon as the old cursor cannot be saved.
    app.networks.forget(place);
    Ok(Restarted { environment, network, was_at, from: begin.to_string(), head: head.number })
}
