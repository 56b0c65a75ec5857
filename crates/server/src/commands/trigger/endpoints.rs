//! Events of webhook endpoints: a ping of those there are, and one that is switched off.
//!
//! To be switched off an endpoint must say that it is gone (410). A throw-away receiver on this
//! machine says so to the one delivery it gets; its endpoint is taken away again, whatever happens.

use anyhow::{Context as _, bail};
use axum::Router;
use axum::http::StatusCode;
use domain::event::EventType;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{await_events, print};
use crate::commands::events::webhook_endpoints;
use crate::commands::remote::{Event, Remote, note};

/// Pings every endpoint that is switched on.
pub async fn ping(remote: &Remote) -> anyhow::Result<()> {
    let mut pinged = 0;
    for endpoint in webhook_endpoints(remote).await? {
        if endpoint["status"] != "enabled" {
            continue;
        }
        print(&Event::of(&test(remote, &endpoint).await?)?);
        pinged += 1;
    }
    if pinged == 0 {
        bail!("there is no enabled webhook endpoint to ping; make one by POST /api/v1/webhooks");
    }
    Ok(())
}

async fn test(remote: &Remote, endpoint: &Value) -> anyhow::Result<Value> {
    let id = endpoint["id"].as_str().context("an endpoint without an id")?;
    remote.post(&format!("/api/v1/webhooks/{id}/test"), &json!({})).await
}

/// Makes an endpoint that is gone, and waits until the server has found out.
pub async fn disable(remote: &Remote) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the receiver")?;
    let url = format!("http://{}/gone", listener.local_addr()?);
    let receiver = Router::new().fallback(async || StatusCode::GONE);
    // It ends with the command.
    tokio::spawn(async move { axum::serve(listener, receiver).await });
    let body = json!({
        "url": url,
        "enabled_events": ["test.ping"],
        "description": "pepay trigger: taken away again at once",
    });
    let endpoint = remote.post("/api/v1/webhooks", &body).await;
    let endpoint = endpoint.context("the server must be on this machine and allow http to it")?;
    let happened = until_disabled(remote, &endpoint).await;
    let id = endpoint["id"].as_str().unwrap_or_default();
    if let Err(error) = remote.delete(&format!("/api/v1/webhooks/{id}")).await {
        note(&format!("the endpoint {id} is left over: {error:#}"));
    }
    happened
}

async fn until_disabled(remote: &Remote, endpoint: &Value) -> anyhow::Result<()> {
    let kind = EventType::WebhookEndpointDisabled.as_str();
    let id = endpoint["id"].as_str().context("an endpoint without an id")?;
    print(&Event::of(&test(remote, endpoint).await?)?);
    let is_it = |event: &&Event| event.object_id == id;
    let query = format!("type={kind}&limit=100");
    let events = await_events(remote, &query, |events| events.iter().any(|one| is_it(&one)));
    events.await?.iter().filter(is_it).for_each(print);
    Ok(())
}
