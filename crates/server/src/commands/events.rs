//! `pepay events`: what happened, what happens, and sending an event to its endpoints once more.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::commands::remote::{
    Event, Following, Heard, Remote, RemoteOptions, event_types, note, place, until_told_to_end,
};
use crate::commands::start;

const EXAMPLES: &str = "\
Examples:
  pepay events tail --events 'invoice.*'
  pepay events list --limit 50
  pepay events resend evt_1766320496123-4100";

const TAIL_EXAMPLES: &str = "\
Examples:
  pepay events tail
  pepay events tail --json --since 2026-01-31T00:00:00Z";

const RESEND_EXAMPLES: &str = "\
Examples:
  pepay events resend evt_1766320496123-4100
  pepay events resend evt_1766320496123-4100 --endpoint we_0192f0c1b1d27c3ab3a1f3c1a2b3c4d5";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct EventsOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Prints events as they happen
    #[command(after_help = TAIL_EXAMPLES)]
    Tail {
        #[command(flatten)]
        remote: RemoteOptions,
        #[command(flatten)]
        shown: Shown,
        /// After this event, or from this time on [default: now]
        #[arg(long, value_name = "PLACE", value_parser = place)]
        since: Option<String>,
    },
    /// Prints the newest events, the newest first
    #[command(after_help = "Example:\n  pepay events list --events 'invoice.*' --limit 50")]
    List {
        #[command(flatten)]
        remote: RemoteOptions,
        #[command(flatten)]
        shown: Shown,
        /// How many
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
        limit: u8,
        /// Those of one invoice only
        #[arg(long, value_name = "ID")]
        invoice: Option<String>,
    },
    /// Sends an event once more to each webhook endpoint that it was for
    #[command(after_help = RESEND_EXAMPLES)]
    Resend {
        #[command(flatten)]
        remote: RemoteOptions,
        /// The event's id
        id: String,
        /// To this endpoint only
        #[arg(long, value_name = "ID")]
        endpoint: Option<String>,
    },
}

/// Which events are printed, and how.
#[derive(Clone, Debug, Args)]
struct Shown {
    /// Types with commas between them; `invoice.*` stands for all that begin so [default: all]
    #[arg(long, value_name = "TYPES", value_parser = event_types)]
    events: Option<String>,
    /// Prints each event's whole JSON on a line
    #[arg(long)]
    json: bool,
}

pub fn run(options: EventsOptions) -> anyhow::Result<ExitCode> {
    start::block_on(until_told_to_end(async {
        match options.act {
            Act::Tail { remote, shown, since } => tail(&remote.open()?, &shown, since).await,
            Act::List { remote, shown, limit, invoice } => {
                list(&remote.open()?, &shown, limit, invoice).await
            }
            Act::Resend { remote, id, endpoint } => {
                resend(&remote.open()?, &id, endpoint.as_deref()).await
            }
        }
    }))?;
    Ok(ExitCode::SUCCESS)
}

async fn tail(remote: &Remote, shown: &Shown, since: Option<String>) -> anyhow::Result<()> {
    let mut following = Following::new(remote, shown.events.clone(), since);
    loop {
        match following.next().await? {
            Heard::Event(event) => {
                if !shown.print(&event) {
                    return Ok(());
                }
            }
            Heard::Place(_) => {}
            Heard::Resync => {
                note("that place is not known any more: the newest objects' latest events follow");
            }
        }
    }
}

async fn list(
    remote: &Remote,
    shown: &Shown,
    limit: u8,
    invoice: Option<String>,
) -> anyhow::Result<()> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string());
    if let Some(types) = &shown.events {
        query.append_pair("type", types);
    }
    if let Some(invoice) = &invoice {
        query.append_pair("invoice_id", invoice);
    }
    for event in page_of_events(remote, &query.finish()).await? {
        if !shown.print(&event) {
            break;
        }
    }
    Ok(())
}

/// Events of history, newest first.
pub async fn page_of_events(remote: &Remote, query: &str) -> anyhow::Result<Vec<Event>> {
    let page = remote.get(&format!("/api/v1/events?{query}")).await?;
    let events = page["data"]["data"].as_array().context("the server answered no events")?;
    events.iter().map(Event::of).collect()
}

impl Shown {
    /// False: nobody reads any more.
    fn print(&self, event: &Event) -> bool {
        let Event { id, kind, object_id, status, text, .. } = event;
        let mut out = std::io::stdout().lock();
        let written = if self.json {
            writeln!(out, "{text}")
        } else {
            let at = event.created.rfc3339();
            writeln!(out, "{at}  {kind}  {id}  {object_id}  {status}")
        };
        written.and_then(|()| out.flush()).is_ok()
    }
}

async fn resend(remote: &Remote, id: &str, endpoint: Option<&str>) -> anyhow::Result<()> {
    let encoded: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    remote.get(&format!("/api/v1/events/{encoded}")).await?;
    let mut sent = 0;
    for known in webhook_endpoints(remote).await? {
        let known = known["id"].as_str().context("an endpoint without an id")?;
        if endpoint.is_some_and(|wanted| wanted != known) {
            continue;
        }
        let path = format!("/api/v1/webhooks/{known}/deliveries?event_id={encoded}");
        let deliveries = remote.get(&path).await?;
        for delivery in deliveries["data"].as_array().into_iter().flatten() {
            let delivery = delivery["id"].as_str().context("a delivery without an id")?;
            let path = format!("/api/v1/webhooks/deliveries/{delivery}/resend");
            match remote.post(&path, &json!({})).await {
                Ok(_) => {
                    sent += 1;
                    println!("{delivery}  {id}  is sent to {known} again");
                }
                // The others are sent nevertheless.
                Err(error) => note(&format!("{delivery} to {known}: {error:#}")),
            }
        }
    }
    if sent == 0 {
        bail!("no delivery of {id} was sent again");
    }
    Ok(())
}

/// All endpoints that hear of what this key is about.
pub async fn webhook_endpoints(remote: &Remote) -> anyhow::Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let mut path = "/api/v1/webhooks?limit=100".to_owned();
        if let Some(last) = all.last().and_then(|last| last["id"].as_str()) {
            path = format!("{path}&starting_after={last}");
        }
        let mut page = remote.get(&path).await?;
        let found = page["data"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let has_more = page["has_more"].as_bool() == Some(true) && !found.is_empty();
        all.extend(found);
        if !has_more {
            return Ok(all);
        }
    }
}
