//! Events of invoices and their payments: an invoice is created and lives through a scenario.
//!
//! The simulated chain plays the payor, so each change of status comes from a transfer that a
//! watcher saw, and not from here.

use anyhow::{Context as _, bail, ensure};
use domain::event::EventType;
use serde_json::{Value, json};

use super::overrides::Overrides;
use super::{await_events, print};
use crate::commands::remote::{Event, Remote};

/// What an invoice lives through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    Exact,
    Under,
    Over,
    Late,
    Expire,
    Reorg,
    Cancel,
}

impl Scenario {
    const ALL: [Scenario; 7] = [
        Scenario::Exact,
        Scenario::Under,
        Scenario::Over,
        Scenario::Late,
        Scenario::Expire,
        Scenario::Reorg,
        Scenario::Cancel,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Scenario::Exact => "exact",
            Scenario::Under => "under",
            Scenario::Over => "over",
            Scenario::Late => "late",
            Scenario::Expire => "expire",
            Scenario::Reorg => "reorg",
            Scenario::Cancel => "cancel",
        }
    }

    fn parse(text: &str) -> anyhow::Result<Scenario> {
        let known = Scenario::ALL.into_iter().find(|scenario| scenario.as_str() == text);
        let names = || Scenario::ALL.map(Scenario::as_str).join(", ");
        known.with_context(|| format!("there is no scenario {text:?}; there are {}", names()))
    }

    /// The last events of it: all of them have happened when it is over.
    fn ends_with(self) -> &'static [(EventType, &'static str)] {
        match self {
            Scenario::Exact | Scenario::Over => &[(EventType::InvoiceUpdated, "paid")],
            Scenario::Under => &[(EventType::InvoiceUpdated, "underpaid")],
            Scenario::Late => &[
                (EventType::InvoiceUpdated, "expired"),
                (EventType::InvoicePaymentUpdated, "confirmed"),
            ],
            Scenario::Expire => &[(EventType::InvoiceUpdated, "expired")],
            Scenario::Reorg => &[(EventType::InvoicePaymentUpdated, "reverted")],
            Scenario::Cancel => &[(EventType::InvoiceUpdated, "canceled")],
        }
    }

    fn has_payment(self) -> bool {
        match self {
            Scenario::Exact
            | Scenario::Under
            | Scenario::Over
            | Scenario::Late
            | Scenario::Reorg => true,
            Scenario::Expire | Scenario::Cancel => false,
        }
    }
}

/// Makes an event of this type happen, and prints every event of the invoice it took.
pub async fn trigger(
    remote: &Remote,
    kind: EventType,
    overrides: &Overrides,
) -> anyhow::Result<()> {
    let scenario = Scenario::parse(overrides.get("scenario").unwrap_or("exact"))?;
    let is_of_payment =
        matches!(kind, EventType::InvoicePaymentCreated | EventType::InvoicePaymentUpdated);
    let name = scenario.as_str();
    ensure!(
        !is_of_payment || scenario.has_payment(),
        "nothing is paid in the scenario {name}, so {} does not happen",
        kind.as_str()
    );
    overrides.token()?;
    let created = remote.post("/api/v1/invoices", &overrides.invoice()?).await?;
    let id = created["invoice_id"].as_str().context("no invoice_id was answered")?;
    let query = format!("invoice_id={id}&limit=100");
    let mut awaited: Vec<(EventType, Option<&str>)> = vec![(kind, None)];
    if kind != EventType::InvoiceCreated {
        live_through(remote, scenario, overrides, &created, &query).await?;
        if kind == EventType::InvoiceUpdated && scenario == Scenario::Reorg {
            // A reorg leaves the invoice as it was; it changes when it is paid all the same.
            let gone: Vec<_> =
                scenario.ends_with().iter().map(|(kind, is)| (*kind, Some(*is))).collect();
            await_events(remote, &query, |events| has_all(events, &gone)).await?;
            simulate(remote, Scenario::Exact, overrides, &created).await?;
            awaited.push((kind, Some("paid")));
        }
        awaited.extend(scenario.ends_with().iter().map(|(kind, status)| (*kind, Some(*status))));
    }
    let events = await_events(remote, &query, |events| has_all(events, &awaited)).await?;
    events.iter().for_each(print);
    Ok(())
}

async fn live_through(
    remote: &Remote,
    scenario: Scenario,
    overrides: &Overrides,
    created: &Value,
    query: &str,
) -> anyhow::Result<()> {
    match scenario {
        Scenario::Exact | Scenario::Under | Scenario::Over | Scenario::Late | Scenario::Expire => {
            simulate(remote, scenario, overrides, created).await
        }
        Scenario::Reorg => {
            simulate(remote, Scenario::Exact, overrides, created).await?;
            let seen = [(EventType::InvoicePaymentCreated, None)];
            await_events(remote, query, |events| has_all(events, &seen)).await?;
            simulate(remote, scenario, overrides, created).await
        }
        Scenario::Cancel => {
            let Some(id) = created["invoice_id"].as_str() else { bail!("an invoice without id") };
            remote.post(&format!("/api/v1/invoices/{id}/cancel"), &json!({})).await?;
            Ok(())
        }
    }
}

async fn simulate(
    remote: &Remote,
    scenario: Scenario,
    overrides: &Overrides,
    created: &Value,
) -> anyhow::Result<()> {
    let mut body = json!({ "scenario": scenario.as_str(), "network": overrides.network() });
    if let Some(token) = overrides.token()? {
        body["token_id"] = json!(token.id.0);
    }
    if let Some(amount) = overrides.get("amount").filter(|_| scenario != Scenario::Reorg) {
        body["amount"] = json!(amount);
    }
    remote.post_as_payor("/api/v1/payments/simulate", created, &body).await?;
    Ok(())
}

fn has_all(events: &[Event], awaited: &[(EventType, Option<&str>)]) -> bool {
    awaited.iter().all(|(kind, status)| {
        let is_it = |event: &Event| {
            event.kind == kind.as_str() && status.is_none_or(|status| event.status == status)
        };
        events.iter().any(is_it)
    })
}
