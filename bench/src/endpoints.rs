//! Webhook endpoints as a merchant has them: made, tested, recovered and taken away over HTTP.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::client::{Target, describe};
use crate::connection::Connection;
use crate::request::{post, without_body};

pub struct Endpoint {
    target: Target,
    id: String,
}

impl Endpoint {
    /// One that hears these types from now on.
    pub async fn create(target: &Target, url: &str, types: &[&str]) -> Result<Self> {
        let body = json!({"url": url, "enabled_events": types}).to_string();
        let answer = answered(target.address, &post(target, "/api/v1/webhooks", &body)).await?;
        let id = answer["id"].as_str().context("an endpoint without an id")?.to_owned();
        Ok(Self { target: target.clone(), id })
    }

    /// Has it sent whatever happened since then, in epoch seconds.
    pub async fn recover(&self, since: i64) -> Result<()> {
        let path = format!("/api/v1/webhooks/{}/recover", self.id);
        let body = json!({"since": since}).to_string();
        answered(self.target.address, &post(&self.target, &path, &body)).await.map(drop)
    }

    pub async fn remove(self) -> Result<()> {
        let path = format!("/api/v1/webhooks/{}", self.id);
        let request = without_body("DELETE", &self.target, &path);
        answered(self.target.address, &request).await.map(drop)
    }

    /// The request for a `test.ping` to this endpoint alone.
    pub fn ping(&self) -> String {
        post(&self.target, &format!("/api/v1/webhooks/{}/test", self.id), "")
    }
}

async fn answered(address: SocketAddr, request: &str) -> Result<Value> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(request.as_bytes()).await?;
    let head = request.lines().next().unwrap_or_default();
    ensure!((200..300).contains(&answer.status), "{head}: {}", describe(&answer));
    Ok(serde_json::from_slice(answer.body)?)
}
