//! The ramps in a life: a user is credited and pays out to his bank.
//!
//! The fraction of an amount chooses what the sandbox does with it: fail, time out, come back a
//! week later, answer out of order. The last digits of what people ask for are theirs to choose.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::acts::{decimal, token_id};
use crate::bank_money;
use crate::deposits;
use crate::life::Life;
use crate::world::text;

/// The network whose coins users have.
pub const NETWORK: usize = 0;
const NOTHING_HELD: &str = "nothing is held";

/// What is known of the ramps' people in this life.
#[derive(Default)]
pub struct Known {
    pub user: String,
    pub bank_account: String,
    pub addresses: Vec<deposits::Address>,
    /// Transactions to them, the newest last.
    pub sent: Vec<deposits::Sent>,
    pub payouts: Vec<String>,
    pub onramps: Vec<String>,
    pub virtual_accounts: Vec<String>,
    keys: u64,
}

/// One user who may do everything, and his bank account.
pub async fn settle_in(life: &mut Life) -> Result<()> {
    let world = &life.world;
    let user = json!({ "type": "individual", "name": "Ada Byron", "country": "DE" });
    let user = world.post("/api/v1/ramps/users", &user).await?.text("id")?;
    let path = format!("/api/v1/ramps/users/{user}");
    let case = world.post(&format!("{path}/kyc"), &json!({ "level": "enhanced" })).await?;
    let verdict = format!("/api/v1/devnet/ramps/kyc/{}/simulate", case.text("id")?);
    world.post(&verdict, &json!({ "outcome": "approved" })).await?;
    let account = json!({
        "country": "DE",
        "currency": "eur",
        "method": "sepa",
        "holder_name": "Ada Byron",
        "account": { "iban": "DE89370400440532013000" },
    });
    let account = world.post(&format!("{path}/bank_accounts"), &account).await?;
    let bank_account = account.text("id").with_context(|| account.body.to_string())?;
    life.ramps = Known { user, bank_account, ..Known::default() };
    Ok(())
}

pub async fn act(life: &mut Life) -> Result<String> {
    match life.dice.below(16) {
        0 => credit(life).await,
        1..5 => deposits::act(life).await,
        5..9 => bank_money::act(life).await,
        9..13 => pay_out(life).await,
        13 => cancel(life).await,
        14 => decide(life).await,
        _ => review(life).await,
    }
}

fn key(life: &mut Life) -> String {
    life.ramps.keys += 1;
    format!("ramp-{}", life.ramps.keys)
}

/// Asks up to three times with one key, as whoever hears nothing does.
pub async fn insist(life: &mut Life, path: &str, body: &Value) -> Result<Option<Value>> {
    let key = key(life);
    let mut answers: Vec<Value> = Vec::new();
    for _ in 0..=life.dice.below(3) {
        let headers = [("idempotency-key", key.as_str())];
        let reply = life.world.request("POST", path, body, &headers).await?;
        if reply.is_ok() {
            answers.push(reply.body);
        } else if life.world.is_dead() {
            life.world.rise_again().await?;
        } else {
            life.tell(&format!("  {}: {}", reply.status, reply.body["error"]["code"]));
        }
    }
    ensure!(answers.iter().all(|one| *one == answers[0]), "{key} did two things: {answers:?}");
    Ok(answers.into_iter().next())
}

async fn credit(life: &mut Life) -> Result<String> {
    let amount = decimal(life.dice.between(1, 40_000)).to_string();
    let path = format!("/api/v1/ramps/users/{}/credits", life.ramps.user);
    let body = json!({ "amount": amount, "token_id": token_id(NETWORK) });
    let made = insist(life, &path, &body).await?.is_some();
    Ok(format!("credit of {amount}: {made}"))
}

async fn pay_out(life: &mut Life) -> Result<String> {
    let whole = life.dice.between(5, 300) * 100;
    let cents = whole + i64::try_from(life.dice.below(10)).unwrap_or(0);
    let amount = decimal(cents).to_string();
    let source = json!({ "token_id": token_id(NETWORK), "amount": amount });
    let (user, account) = (life.ramps.user.clone(), life.ramps.bank_account.clone());
    let body = json!({ "user_id": user, "source": source, "bank_account_id": account });
    let quote = life.world.post("/api/v1/ramps/quotes", &body).await?;
    let Ok(quote) = quote.text("id") else {
        return Ok(format!("no quote for {amount}: {}", quote.body));
    };
    let body = json!({ "quote_id": quote, "user_id": user, "bank_account_id": account });
    let Some(payout) = insist(life, "/api/v1/ramps/payouts", &body).await? else {
        return Ok(format!("no payout of {amount}"));
    };
    let id = payout["id"].as_str().context("an id")?.to_owned();
    life.ramps.payouts.push(id.clone());
    // A quote is good for one payout.
    let again = life.world.request(
        "POST",
        "/api/v1/ramps/payouts",
        &body,
        &[("idempotency-key", "another")],
    );
    ensure!(!again.await?.is_ok(), "quote {quote} was used twice");
    Ok(format!("payout {id} of {amount}"))
}

fn pick_payout(life: &mut Life) -> Option<String> {
    let count = life.ramps.payouts.len() as u64;
    let at = usize::try_from(life.dice.below(count)).ok()?;
    life.ramps.payouts.get(at).cloned()
}

async fn cancel(life: &mut Life) -> Result<String> {
    let Some(id) = pick_payout(life) else { return credit(life).await };
    let path = format!("/api/v1/ramps/payouts/{id}/cancel");
    let canceled = insist(life, &path, &json!({})).await?.is_some();
    Ok(format!("{id} canceled: {canceled}"))
}

/// The simulator decides what becomes of a payout, once in a while against all sense.
async fn decide(life: &mut Life) -> Result<String> {
    let Some(id) = pick_payout(life) else { return deposits::act(life).await };
    let words = ["paid", "failed", "returned"];
    let outcome = words[usize::try_from(life.dice.below(3)).unwrap_or(0)];
    let path = format!("/api/v1/devnet/ramps/payouts/{id}/simulate");
    let reply = life.world.post(&path, &json!({ "outcome": outcome })).await?;
    Ok(format!("{id} shall be {outcome}: {}", reply.status))
}

/// The operator lets go what was held, or refuses it.
async fn review(life: &mut Life) -> Result<String> {
    let held = life.world.operate("GET", "/api/admin/ramps/reviews?limit=100").await?.body;
    let count = held["data"].as_array().map_or(0, Vec::len) as u64;
    let at = usize::try_from(life.dice.below(count))?;
    let verdict = if life.dice.once_in(3) { "reject" } else { "approve" };
    let Some(id) = held["data"][at]["id"].as_str() else {
        return Ok(NOTHING_HELD.to_owned());
    };
    let path = format!("/api/admin/ramps/reviews/{id}/{verdict}");
    let reply = life.world.operate("POST", &path).await?;
    Ok(format!("review {id}, {verdict}: {}", reply.status))
}

/// What still waits for a human at the end gets one.
pub async fn conclude(life: &mut Life) -> Result<()> {
    loop {
        let told = review(life).await?;
        life.tell(&told);
        if told == NOTHING_HELD {
            break;
        }
    }
    for payout in life.world.list("/api/v1/ramps/payouts").await? {
        let id = text(&payout, "id")?;
        if payout["status"] == "in_review" {
            let path = format!("/api/v1/devnet/ramps/payouts/{id}/simulate");
            life.world.post(&path, &json!({ "outcome": "paid" })).await?;
        }
        if payout["status"] == "funds_reserved" {
            // Sent, never known, and too old to be sent again: else it is refused.
            let path = format!("/api/admin/ramps/payouts/{id}/give-up");
            let reply = life.world.operate("POST", &path).await?;
            life.tell(&format!("payout {id} given up: {}", reply.status));
        }
    }
    Ok(())
}
