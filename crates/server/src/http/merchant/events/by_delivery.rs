//! Events by what became of their webhooks: found from the deliveries, whose keys are in the
//! order of the events.
//!
//! Where indexes of the log name few events (of one invoice or order, of commerce), their
//! deliveries are looked up instead. What one request looks at is bounded either way; a filter that
//! matches next to nothing of a long history is told so instead of being answered with a page that
//! wrongly ends it.

use std::collections::{HashMap, HashSet};

use domain::delivery::{Delivery, DeliveryStatus, EventPlace};
use domain::event::Entry;
use domain::ids::RowKey;
use domain::time::Timestamp;
use domain::webhook_endpoint::WebhookEndpoint;
use store::{DeliveryFilter, EventFilter, Page, Walk};

use super::{Cursor, Found, Wanted, place_of, walk};
use crate::app::App;
use crate::http::error::ApiError;

/// Deliveries read at once, and how often within one request; their events are read with them.
const READ_ROWS: i64 = 500;
const ROW_READS_MAX: usize = 20;
/// Events read at once, and how often within one request; their deliveries are read with them.
const READ_EVENTS: i64 = 100;
const EVENT_READS_MAX: usize = 50;

/// The events of a page, in the order of the walk.
pub async fn with_status(
    app: &App,
    wanted: &Wanted,
    status: DeliveryStatus,
) -> Result<Found, ApiError> {
    let merchant_id = wanted.filter.merchant_id;
    let endpoints = app.store.webhook_endpoints_of_merchant(merchant_id).await?;
    let EventFilter { invoice_id, order_id, is_commerce_only, .. } = wanted.filter;
    if is_commerce_only || invoice_id.is_some() || order_id.is_some() {
        return from_events(app, wanted, status, &endpoints).await;
    }
    from_deliveries(app, wanted, status, &endpoints).await
}

/// The bound of one request was met: right only if the page says where it goes on.
fn cut_short(entries: Vec<Entry>) -> Result<Found, ApiError> {
    if entries.is_empty() {
        let message =
            "matches too little of so long a history; narrow created[gte] and created[lte]";
        return Err(ApiError::invalid("delivery_status", message));
    }
    Ok(Found { entries, has_more: true })
}

async fn from_deliveries(
    app: &App,
    wanted: &Wanted,
    status: DeliveryStatus,
    endpoints: &[WebhookEndpoint],
) -> Result<Found, ApiError> {
    let deliveries = DeliveryFilter {
        endpoints: endpoints.iter().map(|endpoint| endpoint.id).collect(),
        status: Some(status),
        environment: wanted.filter.environment,
        event: None,
    };
    let mut found = Vec::new();
    let mut page = first_page(wanted);
    let mut last = None;
    for _ in 0..ROW_READS_MAX {
        let mut rows = app.store.deliveries(&deliveries, page, READ_ROWS).await?;
        if matches!(page, Page::Before(_)) {
            rows.reverse();
        }
        let within = rows.iter().take_while(|row| !is_beyond(row.event().created_at, wanted));
        let within = within.count();
        let mut places: Vec<i64> = Vec::new();
        for delivery in &rows[..within] {
            let place = delivery.event();
            if last.replace(place) != Some(place) && is_wanted(delivery, &wanted.filter) {
                places.push(place.sequence);
            }
        }
        // No more than what is missing: of what retention took the deliveries may be left.
        let mut places = places.into_iter();
        while let missing @ 1.. = wanted.limit + 1 - found.len() as i64 {
            let next: Vec<i64> = places.by_ref().take(missing as usize).collect();
            if next.is_empty() {
                break;
            }
            found.extend(in_order(app, wanted, &next).await?);
        }
        let is_over = within < rows.len() || found.len() as i64 > wanted.limit;
        let Some(end) = rows.last().filter(|_| !is_over && is_full_read(&rows)) else {
            return Ok(Found::of(found, wanted));
        };
        page = match page {
            Page::First | Page::After(_) => Page::After(end.key()),
            Page::Before(_) => Page::Before(end.key()),
        };
    }
    cut_short(found)
}

/// The merchant's events at these places, in that order; those that are still kept.
async fn in_order(app: &App, wanted: &Wanted, places: &[i64]) -> Result<Vec<Entry>, ApiError> {
    let lane = app.store.lane_of(wanted.filter.merchant_id);
    let found = app.store.entries(lane, places).await?;
    let mut found: HashMap<i64, Entry> =
        found.into_iter().map(|entry| (entry.sequence, entry)).collect();
    Ok(places.iter().filter_map(|place| found.remove(place)).collect())
}

fn is_full_read(rows: &[Delivery]) -> bool {
    rows.len() as i64 == READ_ROWS
}

/// Where the deliveries begin that belong to the wanted events.
fn first_page(wanted: &Wanted) -> Page {
    let EventFilter { created_from, created_to, .. } = wanted.filter;
    // The keys of a moment's first events begin with the moment itself.
    let first_of = |moment: Timestamp| {
        EventPlace { created_at: moment, lane: 0, sequence: 0 }.delivery_keys().0
    };
    let past = created_to.map(|to| first_of(clamped(to.plus_ms(1))));
    match wanted.cursor {
        Cursor::Newest => past.map_or(Page::First, Page::After),
        Cursor::OlderThan(place) => {
            let (first, _) = place.delivery_keys();
            Page::After(past.map_or(first, |past| past.min(first)))
        }
        Cursor::NewerThan(place) => {
            let (_, last) = place.delivery_keys();
            let from = created_from.map(|from| first_of(clamped(from)));
            Page::Before(from.map_or(last, |from| from.max(last)))
        }
    }
}

/// Keys hold 48 bits of a time.
fn clamped(moment: Timestamp) -> Timestamp {
    Timestamp(moment.0.clamp(0, (1 << 48) - 1))
}

/// Whether the walk has left the bounds of time, so that nothing more can match.
fn is_beyond(created_at: Timestamp, wanted: &Wanted) -> bool {
    let EventFilter { created_from, created_to, .. } = wanted.filter;
    match wanted.cursor {
        Cursor::Newest | Cursor::OlderThan(_) => created_from.is_some_and(|from| created_at < from),
        Cursor::NewerThan(_) => created_to.is_some_and(|to| created_at > to),
    }
}

fn is_wanted(delivery: &Delivery, filter: &EventFilter) -> bool {
    let created_at = delivery.event().created_at;
    filter.selection.contains(delivery.kind)
        && filter.created_from.is_none_or(|from| created_at >= from)
        && filter.created_to.is_none_or(|to| created_at <= to)
}

async fn from_events(
    app: &App,
    wanted: &Wanted,
    status: DeliveryStatus,
    endpoints: &[WebhookEndpoint],
) -> Result<Found, ApiError> {
    let mut found = Vec::new();
    let mut walk = walk(app, wanted).await?;
    for _ in 0..EVENT_READS_MAX {
        let entries = app.store.events(&wanted.filter, walk, READ_EVENTS).await?;
        let is_last = (entries.len() as i64) < READ_EVENTS;
        let Some(end) = entries.last().map(|entry| entry.sequence) else {
            return Ok(Found::of(found, wanted));
        };
        let matching = with_delivery(app, &entries, status, endpoints).await?;
        for entry in entries {
            if matching.contains(&entry.sequence) {
                found.push(entry);
            }
            if found.len() as i64 > wanted.limit {
                return Ok(Found::of(found, wanted));
            }
        }
        if is_last {
            return Ok(Found::of(found, wanted));
        }
        walk = match walk {
            Walk::Back { not_before, .. } => Walk::Back { before: Some(end), not_before },
            Walk::Forth { up_to, .. } => Walk::Forth { after: end, up_to },
        };
    }
    cut_short(found)
}

/// The places of those events of which one of these endpoints has a delivery in that state.
async fn with_delivery(
    app: &App,
    entries: &[Entry],
    status: DeliveryStatus,
    endpoints: &[WebhookEndpoint],
) -> Result<HashSet<i64>, ApiError> {
    let numbers = || endpoints.iter().map(|endpoint| endpoint.number);
    let keys = |entry: &Entry| {
        let place = place_of(entry);
        numbers().map(move |number| place.delivery_key(number)).collect::<Vec<RowKey>>()
    };
    let keys: Vec<RowKey> = entries.iter().flat_map(keys).collect();
    let deliveries = app.store.get_many::<Delivery>(keys).await?;
    let matching = deliveries.into_iter().flatten().filter(|found| found.status == status);
    Ok(matching.map(|delivery| delivery.event().sequence).collect())
}
