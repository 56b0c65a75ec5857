//! `payment_quote.updated`: a payor chooses a token, and a price is locked for him.
//!
//! Only the payor's own stream tells of it, so that stream is listened to, opened before the
//! choice is made.

use anyhow::{Context as _, ensure};
use domain::event::EventType;
use serde_json::json;
use tokio::time::timeout;

use super::overrides::Overrides;
use super::{WAIT_MAX, print};
use crate::commands::remote::{Frame, Remote, Stream};

pub async fn trigger(remote: &Remote, overrides: &Overrides) -> anyhow::Result<()> {
    let token = overrides.token_or_dollar()?;
    let created = remote.post("/api/v1/invoices", &overrides.invoice()?).await?;
    let details = remote.get_as_payor("/api/v1/payments/session-details", &created).await?;
    let connection = [&details["ws_connection"], &details["data"]["ws_connection"]];
    let access = connection.into_iter().find_map(|connection| connection["token"].as_str());
    let access = access.context("no ws_connection was answered")?;
    let access: String = url::form_urlencoded::byte_serialize(access.as_bytes()).collect();
    let stream = remote.open_stream_by_token(&format!("/ws/payment?token={access}")).await;
    let mut stream =
        stream.map_err(|trouble| trouble.into_error().context("the payor's stream"))?;
    let body = json!({ "network": overrides.network(), "tokenId": token.id.0 });
    timeout(WAIT_MAX, async {
        until_ready(&mut stream).await?;
        remote.post_as_payor("/api/v1/payments/payment-addresses", &created, &body).await?;
        until_told(&mut stream).await
    })
    .await
    .context("the payor's stream did not tell of it in time")?
}

async fn until_ready(stream: &mut Stream) -> anyhow::Result<()> {
    match stream.next().await {
        Ok(Frame::Control { kind, .. }) => {
            ensure!(kind == "ready", "the payor's stream began with {kind}");
            Ok(())
        }
        Ok(Frame::Event(event)) => anyhow::bail!("the payor's stream began with {}", event.kind),
        Err(trouble) => Err(trouble.into_error().context("the payor's stream")),
    }
}

async fn until_told(stream: &mut Stream) -> anyhow::Result<()> {
    loop {
        let frame = stream.next().await;
        match frame.map_err(|trouble| trouble.into_error().context("the payor's stream"))? {
            Frame::Event(event) => {
                print(&event);
                if event.kind == EventType::PaymentQuoteUpdated.as_str() {
                    return Ok(());
                }
            }
            Frame::Control { .. } => {}
        }
    }
}
