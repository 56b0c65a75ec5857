//! Who is paid out: users known well enough, each with a bank account and a balance of his own.
//!
//! All of it over HTTP, as a merchant would: the balance is what the simulated chain brought to a
//! deposit address. Nobody is asked for more than his limit of a day, nor given less than he pays
//! out, so that a refusal is always a fault.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::client::Target;
use crate::fresh;

/// USDC on Base, on devnet.
pub const TOKEN_ID: i64 = 1_008;
/// Its fraction is none the sandbox does something special with.
pub const AMOUNT: &str = "10.5";
const AMOUNT_WHOLE_MAX: u64 = 11;
/// What a user of level standard may move in a day.
const DAY_WHOLE_MAX: u64 = 10_000;
const POLL: Duration = Duration::from_millis(50);
const ARRIVAL: Duration = Duration::from_secs(60);

pub struct Person {
    pub user_id: String,
    pub account_id: String,
}

/// So many people, each with enough for his share of all the payouts.
pub async fn gather(target: &Target, users: usize, payouts: u64) -> Result<Vec<Person>> {
    // Connections take turns, not people, so that one may be asked more often than another.
    let each = (payouts / users as u64 + 1) * 2;
    let whole = each * AMOUNT_WHOLE_MAX;
    ensure!(whole <= DAY_WHOLE_MAX, "too many payouts for {users} users: name more with --users");
    let mut caller = Caller::open(target).await?;
    let mut people = Vec::with_capacity(users);
    for number in 0..users {
        people.push(person(&mut caller, number, whole).await?);
    }
    let give_up = fresh::now() + ARRIVAL;
    for person in &people {
        let path = format!("/api/v1/ramps/users/{}/balances", person.user_id);
        loop {
            let balances = caller.get(&path).await?;
            if balances["data"].as_array().is_some_and(|data| !data.is_empty()) {
                break;
            }
            ensure!(fresh::now() < give_up, "the deposits did not arrive");
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(people)
}

async fn person(caller: &mut Caller, number: usize, whole: u64) -> Result<Person> {
    let name = format!("Person {number}");
    let body = json!({ "type": "individual", "name": name, "country": "DE" });
    let user_id = id(&caller.post("/api/v1/ramps/users", &body).await?)?;
    let path = |rest: &str| format!("/api/v1/ramps/users/{user_id}/{rest}");
    let case = id(&caller.post(&path("kyc"), &json!({ "level": "standard" })).await?)?;
    let decide = format!("/api/v1/devnet/ramps/kyc/{case}/simulate");
    caller.post(&decide, &json!({ "outcome": "approved" })).await?;
    let body = json!({
        "country": "DE", "currency": "eur", "method": "sepa", "holder_name": name,
        "account": { "iban": "DE89370400440532013000" },
    });
    let account_id = id(&caller.post(&path("bank_accounts"), &body).await?)?;
    let body = json!({ "network": "base", "token": "USDC" });
    let address = caller.post(&path("deposit_addresses"), &body).await?;
    let body = json!({
        "to": address["address"], "amount": whole.to_string(), "token_id": TOKEN_ID,
    });
    caller.post("/api/v1/devnet/chain/base/transfers", &body).await?;
    Ok(Person { user_id, account_id })
}

fn id(object: &Value) -> Result<String> {
    Ok(object["id"].as_str().with_context(|| format!("no id: {object}"))?.to_owned())
}
