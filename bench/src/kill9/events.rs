//! `bench kill9 --events`: no event is lost, none comes as two.
//!
//! A sink hears every event while the server is killed again and again. At the end history is
//! read whole: each acknowledged invoice has its `invoice.created` there exactly once, each event
//! arrived at the sink, and whatever arrived, however often, is byte for byte what history has.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{Acknowledged, Target, describe};
use crate::connection::Connection;
use crate::endpoints::Endpoint;
use crate::fresh;
use crate::request::{Uuid36, get};
use crate::sink::{Keep, Manner, Sink, digest_of};

/// An attempt that a kill cut off may wait for the schedule's second and third.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// A round ends by then even if deliveries come slowly.
const ROUND_MAX: Duration = Duration::from_secs(10);
const TYPES: &str = "invoice.*";
const CREATED: &str = "invoice.created";
const PAGE: u64 = 100;

/// What the sink must have heard in the end: all that comes after it began to listen.
pub struct Witness {
    sink: Sink,
    before: HashSet<String>,
}

/// What came of it, for the report.
pub struct Testimony {
    pub events: u64,
    pub repeated: u64,
}

impl Witness {
    pub async fn begin(target: &Target) -> Result<Self> {
        let sink = Sink::start(Manner::Fast, Keep::Digests).await?;
        Endpoint::create(target, &sink.url(), &[TYPES]).await?;
        let before = history(target).await?.events.into_keys().collect();
        Ok(Self { sink, before })
    }

    /// Returns in the middle of the deliveries: once so many more have arrived.
    pub async fn after_deliveries(&self, more: u64) {
        let wanted = self.sink.arrived() + more;
        let began = fresh::now();
        while self.sink.arrived() < wanted && began.elapsed() < ROUND_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits for the last delivery and holds the three accounts against each other.
    pub async fn verify(self, target: &Target, all: &[Acknowledged]) -> Result<Testimony> {
        let mut history = history(target).await?;
        history.events.retain(|id, _digest| !self.before.contains(id));
        for one in all {
            let times = history.created.get(&one.invoice_id).copied().unwrap_or(0);
            let id = String::from_utf8_lossy(&one.invoice_id);
            ensure!(times == 1, "history has {times} {CREATED} of invoice {id}");
        }
        let events = history.events.len() as u64;
        self.sink.expect(events, PATIENCE).await.context("events of history are missing")?;
        let heard = self.sink.take();
        ensure!(heard.wrong == 0, "{} events came again with other bytes", heard.wrong);
        for (id, digest) in &history.events {
            match heard.digests.get(id) {
                Some(arrived) if arrived == digest => {}
                Some(_) => bail!("{id} arrived with other bytes than history has"),
                None => bail!("{id} is in history and never arrived"),
            }
        }
        let is_foreign = |id: &&String| !history.events.contains_key(*id);
        if let Some(foreign) = heard.digests.keys().find(is_foreign) {
            bail!("{foreign} arrived and is not in history");
        }
        Ok(Testimony { events, repeated: heard.repeated })
    }
}

struct History {
    /// The digest of each event's envelope, by id.
    events: HashMap<String, u64>,
    /// How many `invoice.created` each invoice has.
    created: HashMap<Uuid36, u32>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: PageData<'a>,
}

#[derive(Deserialize)]
struct PageData<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    data: EventData<'a>,
}

#[derive(Deserialize)]
struct EventData<'a> {
    #[serde(borrow)]
    object: Object<'a>,
}

#[derive(Deserialize)]
struct Object<'a> {
    id: &'a str,
}

/// Every event of invoices that the server tells of, newest first.
async fn history(target: &Target) -> Result<History> {
    let mut all = History { events: HashMap::new(), created: HashMap::new() };
    let mut connection = Connection::open(target.address).await?;
    let first = format!("/api/v1/events?type={TYPES}&limit={PAGE}");
    let mut path = first.clone();
    loop {
        let answer = connection.exchange(get(target, &path).as_bytes()).await?;
        ensure!(answer.status == 200, "events: {}", describe(&answer));
        let page: Page<'_> = serde_json::from_slice(answer.body)?;
        let mut last = None;
        for text in &page.data.data {
            let event: Event<'_> = serde_json::from_str(text.get())?;
            let known = all.events.insert(event.id.to_owned(), digest_of(text.get().as_bytes()));
            ensure!(known.is_none(), "history has {} twice", event.id);
            if event.kind == CREATED {
                let id = event.data.object.id.as_bytes().try_into();
                *all.created.entry(id.context("an invoice's id is no UUID")?).or_insert(0) += 1;
            }
            last = Some(event.id);
        }
        match last {
            Some(last) if page.data.has_more => path = format!("{first}&starting_after={last}"),
            Some(_) | None => return Ok(all),
        }
    }
}
