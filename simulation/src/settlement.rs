//! Money leaves in a life: to the merchant's wallets by itself, back to payors when it is asked
//! for.
//!
//! What leaves is counted on the chains at the end: more than the books say would be money that
//! was sent twice, less would be money that was lost.

use anyhow::{Context as _, Result};
use domain::address::Address;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::network::Network;
use domain::settlement_rule::{SettlementPreference, SettlementRule};
use domain::settlement_wallet::SettlementWallet;
use serde_json::{Value, json};

use crate::acts::{NETWORKS, decimal};
use crate::life::Life;
use crate::ramps::insist;

const DEVNET: Environment = Environment::Devnet;
/// Where the merchant wants his money; on the third network he has no wallet, and it waits.
const WALLETS: [(Network, &str); 3] = [
    (Network::Base, "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"),
    (Network::Bsc, "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"),
    (Network::Solana, "4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T"),
];
const PAYORS: [(&str, &str); 2] = [
    ("base", "0x742d35Cc6634C0532925a3b844Bc454e4438f44e"),
    ("solana", "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin"),
];

/// The merchant names his wallets, and in half of all lives wants every token as it came.
pub async fn settle_in(life: &mut Life) -> Result<()> {
    let (store, merchant_id) = (&life.world.app.store, life.world.merchant_id);
    let now = life.world.clock.now();
    let mut changes = Changes::of(merchant_id);
    // Where there is no wallet, what comes in stays: it can be given to users, and back to payors.
    let keeps = usize::try_from(life.dice.below(6)).unwrap_or(0);
    for (network, address) in WALLETS.into_iter().skip(keeps) {
        let address = Address::parse(network, DEVNET, address)?;
        let place = (merchant_id, DEVNET, network);
        changes.insert(SettlementWallet::name(None, place, &address, (now, 0)));
    }
    if life.dice.once_in(2) {
        let rule = SettlementRule::default_of(merchant_id, DEVNET);
        changes.insert(SettlementRule { preference: SettlementPreference::Tokens, ..rule });
    }
    store.commit(changes).await?;
    Ok(())
}

pub async fn act(life: &mut Life) -> Result<String> {
    match life.dice.below(4) {
        0..3 => refund(life).await,
        _ => cancel(life).await,
    }
}

/// All that may go back, or a part of it, to where the payor says.
async fn refund(life: &mut Life) -> Result<String> {
    let count = life.known.invoices.len() as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let Some(invoice) = life.known.invoices.get(at).cloned() else {
        return Ok("nothing to refund".to_owned());
    };
    let network = invoice.address.as_ref().map_or(0, |(network, _)| *network);
    let Some((_, payor)) = PAYORS.iter().find(|(name, _)| *name == NETWORKS[network].0) else {
        return Ok("nobody to refund".to_owned());
    };
    let mut body = json!({ "destination": { "network": NETWORKS[network].0, "address": payor } });
    if life.dice.once_in(2) {
        body["amount"] = json!(decimal(life.dice.between(1, invoice.cents)).to_string());
    }
    let path = format!("/api/v1/invoices/{}/refunds", invoice.id);
    let made = insist(life, &path, &body).await?;
    let id = made.as_ref().and_then(|refund| refund["id"].as_str());
    if let Some(id) = id {
        life.known.refunds.push(id.to_owned());
    }
    Ok(format!("refund of {}: {id:?}", invoice.id))
}

async fn cancel(life: &mut Life) -> Result<String> {
    let count = life.known.refunds.len() as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let Some(id) = life.known.refunds.get(at).cloned() else {
        return Ok("no refund to cancel".to_owned());
    };
    let path = format!("/api/v1/refunds/{id}/cancel");
    let reply = life.world.post(&path, &Value::Object(Default::default())).await?;
    Ok(format!("refund {id} canceled: {}", reply.status))
}

/// Every refund and settlement ended, or says what it waits for.
pub async fn check(life: &Life) -> Result<()> {
    for id in &life.known.refunds {
        let refund = life.world.get(&format!("/api/v1/refunds/{id}")).await?.body;
        let status = refund["status"].as_str().context("a status")?;
        let is_over = matches!(status, "sent" | "failed" | "canceled");
        anyhow::ensure!(is_over, "refund {id} is {status} when all is quiet: {refund}");
    }
    for settlement in life.world.list("/api/v1/merchant/settlements").await? {
        let status = settlement["status"].as_str().context("a status")?;
        let is_over = !matches!(status, "processing" | "in_review");
        anyhow::ensure!(is_over, "a settlement never ended: {settlement}");
    }
    Ok(())
}
