//! The ramps' people over HTTP: users, KYC, bank accounts, money given to them, their data.

mod accounts;
mod balances;
mod credits;
mod hosted_kyc;
mod invoices;
mod personal_data;
mod screening;
mod sessions;
mod users;

use serde_json::{Value, json};

use crate::house::{House, Reply};

/// What a test asks of a user, without what it does not care for.
pub fn person(name: &str) -> Value {
    json!({ "type": "individual", "name": name, "country": "DE" })
}

impl House {
    pub async fn ramp_user(&self, name: &str) -> Value {
        self.post("/api/v1/ramps/users", person(name)).await.ok()
    }

    /// A user who is approved for a level.
    pub async fn approved_user(&self, name: &str, level: &str) -> Value {
        let user = self.ramp_user(name).await;
        let case = self.post(&path(&user, "/kyc"), json!({ "level": level })).await.ok();
        self.decide(&case, "approved").await.ok();
        self.get(&path(&user, "")).await.ok()
    }

    pub async fn decide(&self, case: &Value, outcome: &str) -> Reply {
        let id = case["id"].as_str().expect("a case");
        let path = format!("/api/v1/devnet/ramps/kyc/{id}/simulate");
        self.post(&path, json!({ "outcome": outcome })).await
    }

    /// Pays an invoice of so many dollars, so that the merchant has them on Base in USDC.
    pub async fn earn(&self, dollars: f64) {
        let created = self.invoice(dollars).await;
        self.pay(&created, &dollars.to_string()).await;
    }

    pub async fn pay(&self, created: &Value, amount: &str) {
        let allocation = self.allocate(created, "base", "USDC").await;
        let to = allocation["temp_address"].as_str().expect("an address");
        self.transfer("base", "USDC", to, amount).await;
        self.settle().await;
    }

    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = self.request("POST", path).header("x-api-key", &self.key);
        self.send(request.header("idempotency-key", key).json(&body)).await
    }

    pub async fn balance_of(&self, user: &Value) -> Value {
        let balances = self.get(&path(user, "/balances")).await.ok();
        balances["data"][0].clone()
    }

    /// As the operator.
    pub async fn operate(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = self.request(method, path).bearer_auth("operator-token");
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// Types and objects of the events of the ramps, oldest first.
    pub async fn ramp_events(&self) -> Vec<(String, Value)> {
        let events = self.get("/api/v1/events?limit=100").await.ok();
        let told = events["data"]["data"].as_array().expect("a list").iter().rev();
        let of_ramps = told.filter_map(|event| {
            let kind = event["type"].as_str().expect("a type").to_owned();
            kind.starts_with("ramp.").then(|| (kind, event["data"].clone()))
        });
        of_ramps.collect()
    }
}

pub fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

pub fn path(user: &Value, rest: &str) -> String {
    format!("/api/v1/ramps/users/{}{rest}", id(user))
}
