//! `pepay trigger`: makes an event happen on a devnet server by doing what it tells of.
//!
//! An invoice is created, paid on the simulated chain, expired; an endpoint is pinged. Nothing is
//! made up: what follows is what production would see. A key that could move real money is refused
//! before anything is asked.

mod endpoints;
mod invoices;
mod overrides;
mod price;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::Args;
use domain::event::EventType;

use crate::clock::steady;
use crate::commands::events::page_of_events;
use crate::commands::remote::{Event, KeyKind, Remote, RemoteOptions, until_told_to_end};
use crate::commands::{say, start};
use overrides::Overrides;

const EXAMPLES: &str = "\
Examples:
  pepay trigger invoice.created --override amount_usd=13.99
  pepay trigger invoice.updated --override scenario=under --override network=base
  pepay trigger test.ping

Overrides:
  amount_usd, description, customer_id        of the invoice
  network, token (symbol or id), amount       of its payment
  scenario = exact, under, over, late, expire, reorg or cancel";

/// Blocks of simulated chains come every few seconds, and some events need several.
const WAIT_MAX: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TriggerOptions {
    #[command(flatten)]
    remote: RemoteOptions,
    /// The type of the event
    event: String,
    /// What the object shall be like
    #[arg(long = "override", value_name = "NAME=VALUE")]
    overrides: Vec<String>,
}

pub fn run(options: TriggerOptions) -> anyhow::Result<ExitCode> {
    let Some(way) = way_to(&options.event)? else { bail!("{}", possible(&options.event)) };
    let overrides = Overrides::parse(&options.overrides, way.overrides())?;
    let remote = options.remote.open()?;
    ensure!(
        remote.key_kind() == KeyKind::Devnet,
        "only a devnet key (sk_test_…) may trigger events: they are made by real invoices"
    );
    start::block_on(until_told_to_end(async {
        match way {
            Way::Invoice(kind) => invoices::trigger(&remote, kind, &overrides).await,
            Way::Price => price::trigger(&remote, &overrides).await,
            Way::Ping => endpoints::ping(&remote).await,
            Way::Disable => endpoints::disable(&remote).await,
        }
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// How an event is made to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Invoice(EventType),
    Price,
    Ping,
    Disable,
}

impl Way {
    fn overrides(self) -> &'static [&'static str] {
        match self {
            Way::Invoice(EventType::InvoiceCreated) => {
                &["amount_usd", "description", "customer_id"]
            }
            Way::Invoice(_) => &[
                "amount_usd",
                "description",
                "customer_id",
                "network",
                "token",
                "amount",
                "scenario",
            ],
            Way::Price => &["amount_usd", "description", "customer_id", "network", "token"],
            Way::Ping | Way::Disable => &[],
        }
    }
}

/// None: nothing in this version makes it happen.
fn way_to(name: &str) -> anyhow::Result<Option<Way>> {
    let known = EventType::ALL.into_iter().find(|kind| kind.as_str() == name);
    let Some(kind) = known else { bail!("there is no event {name:?}; {}", list()) };
    Ok(way(kind))
}

fn way(kind: EventType) -> Option<Way> {
    match kind {
        EventType::InvoiceCreated
        | EventType::InvoiceUpdated
        | EventType::InvoicePaymentCreated
        | EventType::InvoicePaymentUpdated => Some(Way::Invoice(kind)),
        EventType::PaymentQuoteUpdated => Some(Way::Price),
        EventType::TestPing => Some(Way::Ping),
        EventType::WebhookEndpointDisabled => Some(Way::Disable),
        EventType::CommerceOrderCreated
        | EventType::CommerceOrderUpdated
        | EventType::RefundCreated
        | EventType::RefundUpdated
        | EventType::RampUserCreated
        | EventType::RampUserUpdated
        | EventType::RampBankAccountCreated
        | EventType::RampBankAccountUpdated
        | EventType::RampDepositCreated
        | EventType::RampDepositUpdated
        | EventType::RampOnrampCreated
        | EventType::RampOnrampUpdated
        | EventType::RampPayoutCreated
        | EventType::RampPayoutUpdated => None,
    }
}

fn possible(name: &str) -> String {
    format!("nothing in this version makes {name} happen; {}", list())
}

fn list() -> String {
    let possible = EventType::ALL.into_iter().filter(|kind| way(*kind).is_some());
    let names: Vec<&str> = possible.map(EventType::as_str).collect();
    format!("what can be triggered: {}", names.join(", "))
}

/// Looks into history until `is_complete` holds of what it found, oldest first, and prints that.
async fn await_events(
    remote: &Remote,
    query: &str,
    is_complete: impl Fn(&[Event]) -> bool,
) -> anyhow::Result<Vec<Event>> {
    let began = steady();
    loop {
        let mut events = page_of_events(remote, query).await?;
        events.reverse();
        if is_complete(&events) {
            return Ok(events);
        }
        ensure!(
            began.elapsed() < WAIT_MAX,
            "it was done, but its event did not come within {} seconds; do the server's workers \
             run?",
            WAIT_MAX.as_secs()
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn print(event: &Event) {
    let Event { id, kind, object_id, status, .. } = event;
    say(&format!("{id}  {kind}  {object_id}  {status}"));
}
