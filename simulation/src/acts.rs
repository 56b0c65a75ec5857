//! What happens in a life: people pay, chains misbehave, time passes, requests are repeated.
//!
//! An act knows only what its own requests answered. While the process is dead answers mean
//! nothing: then the act ends, and what was asked may or may not have happened.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::life::Life;
use crate::ramps;
use crate::settlement;

pub const NETWORKS: [(&str, &str); 3] = [("base", "USDC"), ("solana", "USDC"), ("ton", "USDT")];
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// What this life's people know.
#[derive(Default)]
pub struct Known {
    pub invoices: Vec<Invoice>,
    pub refunds: Vec<String>,
    /// Whether the next act is about the newest invoice.
    newest: bool,
    keys: u64,
}

#[derive(Clone)]
pub struct Invoice {
    pub id: String,
    pub session_token: String,
    pub signature: String,
    pub cents: i64,
    /// Network, token and address, once it was asked for.
    pub address: Option<(usize, String)>,
}

/// One act; after every other one a little time passes.
pub async fn act(life: &mut Life) -> Result<String> {
    let done = one(life).await?;
    if life.dice.once_in(2) {
        let ms = life.dice.between(1, 4) * SECOND_MS;
        pass(life, ms).await?;
    }
    Ok(done)
}

async fn one(life: &mut Life) -> Result<String> {
    match life.dice.below(32) {
        20..28 => ramps::act(life).await,
        28..32 => settlement::act(life).await,
        0..5 => buy(life).await,
        5 => create_invoice(life).await,
        6..8 => allocate(life).await,
        8..12 => pay(life).await,
        12 => reorg(life).await,
        13 => fault(life).await,
        14 => change_invoice(life).await,
        15 => wait_long(life).await,
        _ => wait(life).await,
    }
}

async fn create_invoice(life: &mut Life) -> Result<String> {
    let cents = life.dice.between(1, 50_000);
    let minutes = life.dice.between(5, 120);
    life.known.keys += 1;
    let key = format!("invoice-{}", life.known.keys);
    let mut body = json!({ "amount_usd": decimal(cents), "expires_in": minutes * MINUTE_MS });
    if life.dice.once_in(4) {
        body["credit_user_id"] = json!(life.ramps.user);
    }
    let mut answers = Vec::new();
    // Whoever hears nothing, or is unsure, asks again with the same key.
    for _ in 0..=life.dice.below(3) {
        let headers = [("idempotency-key", key.as_str())];
        let reply = life.world.request("POST", "/api/v1/invoices", &body, &headers).await?;
        if reply.is_ok() {
            answers.push(reply);
        } else if life.world.is_dead() {
            life.world.rise_again().await?;
        }
    }
    let Some(first) = answers.first() else { return Ok(format!("no answer to {key}")) };
    for other in &answers {
        ensure!(other.body == first.body, "{key} made two invoices");
    }
    let invoice = Invoice {
        id: first.text("invoice_id")?,
        session_token: first.text("session_token")?,
        signature: first.text("signature")?,
        cents,
        address: None,
    };
    let what = format!("invoice {} of {}", invoice.id, decimal(cents));
    life.known.invoices.push(invoice);
    Ok(what)
}

/// From the invoice to a transaction on the chain, without a pause.
async fn buy(life: &mut Life) -> Result<String> {
    create_invoice(life).await?;
    life.known.newest = true;
    let done = match allocate(life).await {
        Ok(_) => pay(life).await,
        Err(error) => Err(error),
    };
    life.known.newest = false;
    done
}

fn pick_invoice(life: &mut Life) -> Option<usize> {
    let count = life.known.invoices.len() as u64;
    if life.known.newest {
        return life.known.invoices.len().checked_sub(1);
    }
    (count > 0).then(|| usize::try_from(life.dice.below(count)).unwrap_or(0))
}

async fn allocate(life: &mut Life) -> Result<String> {
    let Some(at) = pick_invoice(life) else { return create_invoice(life).await };
    // Half of all people pay on the network that users have their coins on.
    let thrown = usize::try_from(life.dice.below(2 * NETWORKS.len() as u64)).unwrap_or(0);
    let network = thrown.saturating_sub(NETWORKS.len());
    let invoice = life.known.invoices[at].clone();
    let body = json!({ "network": NETWORKS[network].0, "tokenId": token_id(network) });
    let reply = payor(life, "/api/v1/payments/payment-addresses", &body, &invoice).await?;
    let Some(address) = reply["temp_address"].as_str() else {
        return Ok(format!("no address for {}", invoice.id));
    };
    life.known.invoices[at].address = Some((network, address.to_owned()));
    Ok(format!("{} on {}", invoice.id, NETWORKS[network].0))
}

async fn payor(life: &Life, path: &str, body: &Value, invoice: &Invoice) -> Result<Value> {
    let token = ("x-session-token", invoice.session_token.as_str());
    let headers = [token, ("x-signature", invoice.signature.as_str())];
    Ok(life.world.request("POST", path, body, &headers).await?.body)
}

/// The whole, a part, too much, or a pittance; now and then in a transaction that fails.
async fn pay(life: &mut Life) -> Result<String> {
    let Some(at) = pick_invoice(life) else { return create_invoice(life).await };
    let invoice = life.known.invoices[at].clone();
    let Some((network, to)) = &invoice.address else { return allocate(life).await };
    let cents = match life.dice.below(4) {
        0 | 1 => invoice.cents,
        2 => life.dice.between(1, invoice.cents),
        _ => invoice.cents + life.dice.between(0, 1_000),
    };
    let amount = decimal(cents).to_string();
    let mut body = json!({ "to": to, "amount": amount, "token_id": token_id(*network) });
    let fails = life.dice.once_in(8);
    if fails {
        body["fail"] = json!(true);
    }
    let path = format!("/api/v1/devnet/chain/{}/transfers", NETWORKS[*network].0);
    let sent = life.world.post(&path, &body).await?;
    ensure!(sent.is_ok() || life.world.is_dead(), "{amount} were not sent: {}", sent.body);
    Ok(format!("{amount} to {}, fails: {fails}", invoice.id))
}

async fn reorg(life: &mut Life) -> Result<String> {
    let network = NETWORKS[usize::try_from(life.dice.below(3)).unwrap_or(0)].0;
    let depth = life.dice.between(1, 4);
    let path = format!("/api/v1/devnet/chain/{network}/reorgs");
    let reply = life.world.post(&path, &json!({ "depth": depth })).await?;
    Ok(format!("reorg of {depth} on {network}: {}", reply.status))
}

async fn fault(life: &mut Life) -> Result<String> {
    let network = NETWORKS[usize::try_from(life.dice.below(3)).unwrap_or(0)].0;
    let words = ["ok", "lagging", "failing", "duplicating"];
    let rpc = words[usize::try_from(life.dice.below(4)).unwrap_or(0)];
    let seconds = life.dice.between(1, 60);
    let path = format!("/api/v1/devnet/chain/{network}/faults");
    life.world.post(&path, &json!({ "rpc": rpc, "for_seconds": seconds })).await?;
    Ok(format!("{network} is {rpc} for {seconds} s"))
}

/// The merchant cancels, or accepts what came late or short.
async fn change_invoice(life: &mut Life) -> Result<String> {
    let Some(at) = pick_invoice(life) else { return create_invoice(life).await };
    let id = life.known.invoices[at].id.clone();
    let reply = match life.dice.once_in(2) {
        true => life.world.post(&format!("/api/v1/invoices/{id}/cancel"), &json!({})).await?,
        false => {
            let body = json!({ "action": "accept" });
            life.world.post(&format!("/api/v1/invoices/{id}/resolve"), &body).await?
        }
    };
    Ok(format!("{id} canceled or accepted: {}", reply.status))
}

async fn wait(life: &mut Life) -> Result<String> {
    let ms = life.dice.between(1, 20) * SECOND_MS;
    pass(life, ms).await
}

async fn wait_long(life: &mut Life) -> Result<String> {
    let ms = life.dice.between(1, 30) * HOUR_MS / 2;
    pass(life, ms).await
}

async fn pass(life: &mut Life, ms: i64) -> Result<String> {
    life.world.clock.advance(ms);
    life.world.work().await?;
    Ok(format!("{ms} ms pass"))
}

/// Dollars of cents.
pub fn decimal(cents: i64) -> serde_json::Number {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.parse().unwrap_or_else(|_| serde_json::Number::from(0))
}

pub fn token_id(network: usize) -> i64 {
    let (network, symbol) = NETWORKS[network];
    let devnet = domain::environment::Environment::Devnet;
    let mut tokens = domain::token::Token::of(devnet);
    let found = tokens.find(|one| one.network.as_str() == network && one.symbol == symbol);
    found.map_or(0, |token| token.id.0)
}
