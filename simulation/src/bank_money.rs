//! Bank money that comes in: on-ramps to a wallet, virtual accounts to the user's balance.
//!
//! What the sandbox does with an on-ramp follows from the hundredths of its amount until the
//! simulator decides otherwise. What passes a limit of the user's is held for the operator.

use anyhow::Result;
use serde_json::json;

use crate::acts::{decimal, token_id};
use crate::life::Life;
use crate::ramps::{NETWORK, insist};
use crate::world::text;

const ACCOUNTS_MAX: usize = 2;
const CURRENCIES: [&str; 2] = ["eur", "gbp"];
const WALLET: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

pub async fn act(life: &mut Life) -> Result<String> {
    match life.dice.below(8) {
        0..3 => start(life).await,
        3..6 => decide(life).await,
        6 => open(life).await,
        _ => receive(life).await,
    }
}

async fn start(life: &mut Life) -> Result<String> {
    let whole = if life.dice.once_in(6) { 60_000 } else { life.dice.between(1, 900) };
    let cents = whole * 100 + i64::try_from(life.dice.below(10))?;
    let amount = decimal(cents).to_string();
    let at = usize::try_from(life.dice.below(CURRENCIES.len() as u64))?;
    let body = json!({
        "user_id": life.ramps.user,
        "currency": CURRENCIES[at],
        "amount": amount,
        "token_id": token_id(NETWORK),
        "wallet_address": WALLET,
    });
    let Some(made) = insist(life, "/api/v1/ramps/onramps", &body).await? else {
        return Ok(format!("no on-ramp of {amount}"));
    };
    let id = text(&made, "id")?;
    life.ramps.onramps.push(id.clone());
    Ok(format!("on-ramp {id} of {amount} {}", CURRENCIES[at]))
}

/// The bank money comes, goes back, or fails on its way.
async fn decide(life: &mut Life) -> Result<String> {
    let count = life.ramps.onramps.len() as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let Some(id) = life.ramps.onramps.get(at).cloned() else { return start(life).await };
    let words = ["fiat_received", "fiat_received", "fiat_received", "failed", "refunded"];
    let outcome = words[usize::try_from(life.dice.below(5))?];
    let path = format!("/api/v1/devnet/ramps/onramps/{id}/simulate");
    let reply = life.world.post(&path, &json!({ "outcome": outcome })).await?;
    Ok(format!("on-ramp {id} shall be {outcome}: {}", reply.status))
}

async fn open(life: &mut Life) -> Result<String> {
    let at = life.ramps.virtual_accounts.len();
    if at >= ACCOUNTS_MAX {
        return receive(life).await;
    }
    let path = format!("/api/v1/ramps/users/{}/virtual_accounts", life.ramps.user);
    let body = json!({ "currency": CURRENCIES[at], "token_id": token_id(NETWORK) });
    let Some(made) = insist(life, &path, &body).await? else {
        return Ok("no virtual account".to_owned());
    };
    let id = text(&made, "id")?;
    life.ramps.virtual_accounts.push(id.clone());
    Ok(format!("virtual account {id}"))
}

async fn receive(life: &mut Life) -> Result<String> {
    let count = life.ramps.virtual_accounts.len() as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let Some(id) = life.ramps.virtual_accounts.get(at).cloned() else {
        return Box::pin(open(life)).await;
    };
    let most = if life.dice.once_in(3) { 9_000_000 } else { 50_000 };
    let amount = decimal(life.dice.between(1, most)).to_string();
    let path = format!("/api/v1/devnet/ramps/virtual_accounts/{id}/simulate");
    let body = json!({ "outcome": "fiat_received", "amount": amount });
    let reply = life.world.post(&path, &body).await?;
    Ok(format!("{amount} to virtual account {id}: {}", reply.status))
}

/// Some pay although their on-ramp has expired, and some on-ramps get their money at last.
pub async fn pay_late(life: &mut Life) -> Result<()> {
    for onramp in life.world.list("/api/v1/ramps/onramps").await? {
        if onramp["status"] == "expired" && life.dice.once_in(2) {
            let id = text(&onramp, "id")?;
            let path = format!("/api/v1/devnet/ramps/onramps/{id}/simulate");
            let reply = life.world.post(&path, &json!({ "outcome": "fiat_received" })).await?;
            life.tell(&format!("on-ramp {id} is paid late: {}", reply.status));
        }
    }
    Ok(())
}
