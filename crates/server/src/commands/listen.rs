//! `pepay listen`: a server's events on this machine, posted to a URL as webhooks would be.
//!
//! For developers whose machine no webhook can reach. Events come over the websocket, in order, one
//! at a time; the place is kept on disk after each hand-over, so that whichever of the three is
//! restarted (the server, this command, the target), every event arrives, at least once.

mod forward;
mod kept;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use domain::webhook_endpoint::WebhookSecret;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock::entropy;
use crate::commands::private_files::{make_directory, write_private};
use crate::commands::remote::{
    Event, Following, Heard, RemoteOptions, event_types, http_url, note, place, until_told_to_end,
};
use crate::commands::{say, start};

use forward::{Forwarder, HandedOver};
use kept::Kept;

const EXAMPLES: &str = "\
Examples:
  pepay listen --forward-to http://127.0.0.1:4242/webhooks
  pepay listen --forward-to http://127.0.0.1:4242/webhooks --events 'invoice.*' --since 2026-01-31T00:00:00Z
  WEBHOOK_SECRET=$(pepay listen --print-secret)";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenOptions {
    #[command(flatten)]
    remote: RemoteOptions,
    /// Where to post events to
    #[arg(long, value_name = "URL", required_unless_present = "print_secret")]
    forward_to: Option<String>,
    /// Types with commas between them; `invoice.*` stands for all that begin so [default: all]
    #[arg(long, value_name = "TYPES", value_parser = event_types)]
    events: Option<String>,
    /// After this event, or from this time on [default: where the last run ended, else now]
    #[arg(long, value_name = "PLACE", value_parser = place)]
    since: Option<String>,
    /// Prints JSON, one object a line
    #[arg(long)]
    json: bool,
    /// Prints the secret that signs, and ends
    #[arg(long)]
    print_secret: bool,
}

/// What is printed of an event with `--json`.
#[derive(Serialize)]
struct Line<'a> {
    event: &'a RawValue,
    status: u16,
    duration_ms: u64,
}

pub fn run(options: ListenOptions) -> anyhow::Result<ExitCode> {
    let directory = options.remote.data_dir.join("listen");
    let secret = secret_in(&directory)?;
    match &options.forward_to {
        Some(target) if !options.print_secret => {
            start::block_on(until_told_to_end(listen(&options, target, &directory, secret)))?;
        }
        Some(_) | None => say(secret.expose()),
    }
    Ok(ExitCode::SUCCESS)
}

/// One secret for all that is forwarded from this directory, made at the first time.
fn secret_in(directory: &Path) -> anyhow::Result<WebhookSecret> {
    let path: PathBuf = directory.join("secret");
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let secret = WebhookSecret::parse(text.trim());
            secret.with_context(|| format!("{} holds no secret; remove it", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make_directory(directory)?;
            let secret = WebhookSecret::of(&entropy());
            write_private(&path, secret.expose().as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

async fn listen(
    options: &ListenOptions,
    target: &str,
    directory: &Path,
    secret: WebhookSecret,
) -> anyhow::Result<()> {
    let remote = options.remote.open()?;
    let target = http_url(target).context("--forward-to")?;
    let kept = Kept::open(directory, &remote, &target)?;
    let since = match &options.since {
        Some(since) => Some(since.clone()),
        None => kept.read()?,
    };
    note(&format!("events of {} go to {target}", remote.url));
    match &since {
        Some(since) => note(&format!("going on at {since}")),
        None => note("beginning with what happens from now on"),
    }
    note(&format!("signed with {}", secret.expose()));
    let mut forwarder = Forwarder::new(options.remote.dialer()?, target, secret);
    let mut following = Following::new(&remote, options.events.clone(), since);
    loop {
        match following.next().await? {
            Heard::Event(event) => {
                let handed_over = forwarder.hand_over(&event).await?;
                print(options, &event, &handed_over)?;
                kept.write(&event.id)?;
            }
            Heard::Place(place) => kept.write(&place)?,
            Heard::Resync => note(
                "the server does not know the place to go on at any more: the latest events of \
                 the newest objects follow, then what happens",
            ),
        }
    }
}

fn print(options: &ListenOptions, event: &Event, handed_over: &HandedOver) -> anyhow::Result<()> {
    let HandedOver { status, took } = handed_over;
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if options.json {
        let event = serde_json::from_str(&event.text).context("the event is no JSON")?;
        let line = Line { event, status: status.as_u16(), duration_ms };
        say(&serde_json::to_string(&line)?);
        return Ok(());
    }
    let (at, Event { kind, id, .. }) = (event.created.rfc3339(), event);
    say(&format!("{at}  {kind}  {id}  -> {status} ({duration_ms} ms)"));
    Ok(())
}
