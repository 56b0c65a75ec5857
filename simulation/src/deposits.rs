//! Coins that reach a user's own addresses: to his balance, or through it to his bank.
//!
//! Chains take some of them back, for a while or for good, and some come from a sender whom a
//! screening list names. A deposit makes one payout at most, whatever becomes of its block.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::acts::{NETWORKS, decimal, token_id};
use crate::life::Life;
use crate::ramps::insist;

/// What a user has of them in one life.
const ADDRESSES_MAX: usize = 6;
/// Senders, by network, that are on a list.
pub const LISTED: [&str; 2] =
    ["0x90F79bf6EB2c4f870365E785982E1f101E93b906", "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV"];

#[derive(Clone)]
pub struct Address {
    network: usize,
    address: String,
}

#[derive(Clone)]
pub struct Sent {
    network: usize,
    tx_hash: String,
}

pub async fn act(life: &mut Life) -> Result<String> {
    match life.dice.below(8) {
        0 | 1 => give(life).await,
        2 => vanish(life).await,
        _ => deposit(life).await,
    }
}

/// The user gets an address: half of them pay out by themselves what arrives.
async fn give(life: &mut Life) -> Result<String> {
    if life.ramps.addresses.len() >= ADDRESSES_MAX {
        return deposit(life).await;
    }
    let network = usize::try_from(life.dice.below(NETWORKS.len() as u64))?;
    let mut body = json!({ "network": NETWORKS[network].0, "token": token_id(network) });
    let kind = match life.dice.once_in(2) {
        true => "deposit_addresses",
        false => {
            body["bank_account_id"] = json!(life.ramps.bank_account);
            "liquidation_addresses"
        }
    };
    let path = format!("/api/v1/ramps/users/{}/{kind}", life.ramps.user);
    let given = insist(life, &path, &body).await?;
    let Some(address) = given.as_ref().and_then(|given| given["address"].as_str()) else {
        return Ok(format!("no {kind}"));
    };
    life.ramps.addresses.push(Address { network, address: address.to_owned() });
    Ok(format!("{kind} {address}"))
}

async fn deposit(life: &mut Life) -> Result<String> {
    let count = life.ramps.addresses.len() as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let Some(Address { network, address }) = life.ramps.addresses.get(at).cloned() else {
        return Box::pin(give(life)).await;
    };
    let most = if life.dice.once_in(4) { 500 } else { 60_000 };
    let amount = decimal(life.dice.between(1, most)).to_string();
    let mut body = json!({ "to": address, "amount": amount, "token_id": token_id(network) });
    if life.dice.once_in(8) {
        body["fail"] = json!(true);
    }
    if life.dice.once_in(6)
        && let Some(listed) = LISTED.get(network)
    {
        body["from"] = json!(listed);
    }
    let path = format!("/api/v1/devnet/chain/{}/transfers", NETWORKS[network].0);
    let reply = life.world.post(&path, &body).await?;
    ensure!(reply.is_ok() || life.world.is_dead(), "{amount} were not sent: {}", reply.body);
    if let Some(tx_hash) = hash(&reply.body) {
        life.ramps.sent.push(Sent { network, tx_hash });
    }
    Ok(format!("{body} on {}", NETWORKS[network].0))
}

fn hash(sent: &Value) -> Option<String> {
    sent["data"]["tx_hash"].as_str().map(str::to_owned)
}

/// A reorg loses the newest deposit for good, if it is not too deep.
async fn vanish(life: &mut Life) -> Result<String> {
    let Some(Sent { network, tx_hash }) = life.ramps.sent.pop() else {
        return deposit(life).await;
    };
    let depth = life.dice.between(1, 12);
    let body = json!({ "depth": depth, "drop": [tx_hash] });
    let path = format!("/api/v1/devnet/chain/{}/reorgs", NETWORKS[network].0);
    let reply = life.world.post(&path, &body).await?;
    Ok(format!("{tx_hash} is lost with {depth} blocks: {}", reply.status))
}
