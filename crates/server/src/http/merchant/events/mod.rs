//! History over HTTP: every event a merchant may hear of, filtered and paged, newest first.
//!
//! What is answered are the events' own texts, the same bytes that sockets and webhooks carry.
//! Internal entries and what only the payor hears of are in no answer; a commerce key sees what
//! concerns commerce.

mod by_delivery;
mod filter;

use axum::extract::State;
use axum::http::StatusCode;
use domain::delivery::EventPlace;
use domain::environment::Environment;
use domain::event::{Entry, PepayEvent};
use serde::Serialize;
use store::{EventFilter, Walk};
use utoipa::ToSchema;

use self::filter::EventQuery;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

/// A page of events, wrapped.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventList {
    /// Always true.
    pub success: bool,
    pub data: EventPage,
}

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<PepayEvent>,
    pub has_more: bool,
}

/// One event, wrapped.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventFound {
    /// Always true.
    pub success: bool,
    pub data: PepayEvent,
}

/// List events
///
/// Newest first, by cursor, narrowed by any combination of the filters. Events are kept for 30
/// days unless the operator says otherwise.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "Events",
    operation_id = "listEvents",
    params(EventQuery),
    responses(
        (status = 200, description = "A page of events", body = EventList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EventQuery>,
) -> Result<Answer, ApiError> {
    let limit = query.limit()?;
    let environment = caller.environment(&app, query.environment).await?;
    let filter = query.filter(&caller, environment)?;
    let cursor = cursor(&app, &caller, environment, &query).await?;
    let wanted = Wanted { filter, cursor, limit };
    let found = match query.delivery_status {
        None => from_history(&app, &wanted).await?,
        Some(status) => by_delivery::with_status(&app, &wanted, status).await?,
    };
    Ok(page_of(found, wanted.cursor))
}

/// Retrieve an event
#[utoipa::path(
    get,
    path = "/api/v1/events/{event_id}",
    tag = "Events",
    operation_id = "getEvent",
    params(
        ("event_id" = String, Path, description = "`evt_<ms>-<seq>`"),
        EnvironmentQuery,
    ),
    responses(
        (status = 200, description = "The event", body = EventFound),
        (status = 400, description = "No such environment", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such event here, or no longer", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let found = visible(&app, &caller, Some(environment), &id).await?;
    let text = found.and_then(|entry| entry.envelope());
    let text = text.ok_or_else(|| ApiError::not_found("event"))?;
    Ok(text_answer(format!("{{\"success\":true,\"data\":{text}}}")))
}

/// The event of that id, if this caller may see it; no environment: of any.
pub async fn visible(
    app: &App,
    caller: &Caller,
    environment: Option<Environment>,
    id: &str,
) -> Result<Option<Entry>, ApiError> {
    let Some(place) = EventPlace::parse(id) else { return Ok(None) };
    let found = app.store.entry(place.lane, place.sequence).await?;
    Ok(found.filter(|found| {
        let entry = &found.entry;
        entry.merchant_id == caller.merchant_id
            && environment.is_none_or(|environment| entry.environment == environment)
            && entry.created_at == place.created_at
            && entry.kind.public().is_some()
            && (!caller.is_commerce_only() || entry.subject.is_commerce)
    }))
}

/// Where a page begins: beside an event.
#[derive(Clone, Copy, Debug)]
enum Cursor {
    Newest,
    OlderThan(EventPlace),
    NewerThan(EventPlace),
}

/// What a list is asked for.
struct Wanted {
    filter: EventFilter,
    cursor: Cursor,
    limit: i64,
}

/// Events of one page in the order of the walk, and whether the walk goes on.
struct Found {
    entries: Vec<Entry>,
    has_more: bool,
}

impl Found {
    /// Of one entry more than asked for: it only tells whether there is more.
    fn of(mut entries: Vec<Entry>, wanted: &Wanted) -> Found {
        let limit = usize::try_from(wanted.limit).unwrap_or(0);
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        Found { entries, has_more }
    }
}

async fn cursor(
    app: &App,
    caller: &Caller,
    environment: Environment,
    query: &EventQuery,
) -> Result<Cursor, ApiError> {
    let (param, id) = match (&query.starting_after, &query.ending_before) {
        (None, None) => return Ok(Cursor::Newest),
        (Some(id), None) => ("starting_after", id),
        (None, Some(id)) => ("ending_before", id),
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("ending_before", "excludes starting_after"));
        }
    };
    let Some(found) = visible(app, caller, Some(environment), id).await? else {
        return Err(ApiError::invalid(param, "must be the id of an event that is still kept"));
    };
    let place = place_of(&found);
    Ok(if param == "starting_after" { Cursor::OlderThan(place) } else { Cursor::NewerThan(place) })
}

fn place_of(entry: &Entry) -> EventPlace {
    let Entry { lane, sequence, ref entry } = *entry;
    EventPlace { created_at: entry.created_at, lane, sequence }
}

/// The events of a page out of the log itself.
async fn from_history(app: &App, wanted: &Wanted) -> Result<Found, ApiError> {
    let walk = walk(app, wanted).await?;
    let entries = app.store.events(&wanted.filter, walk, wanted.limit + 1).await?;
    Ok(Found::of(entries, wanted))
}

/// The part of the log a list is about: between its bounds of time, from its cursor on.
async fn walk(app: &App, wanted: &Wanted) -> Result<Walk, ApiError> {
    let lane = app.store.lane_of(wanted.filter.merchant_id);
    let first = match wanted.filter.created_from {
        Some(from) => app.store.place_of(lane, from).await?,
        None => 0,
    };
    let end = match wanted.filter.created_to {
        Some(to) => Some(app.store.place_past(lane, to).await?),
        None => None,
    };
    Ok(match wanted.cursor {
        Cursor::Newest => Walk::Back { before: end, not_before: first },
        Cursor::OlderThan(place) => {
            let before = end.map_or(place.sequence, |end| end.min(place.sequence));
            Walk::Back { before: Some(before), not_before: first }
        }
        Cursor::NewerThan(place) => {
            let after = place.sequence.max(first.saturating_sub(1));
            Walk::Forth { after, up_to: end.map(|end| end.saturating_sub(1)) }
        }
    })
}

/// The answer: newest first, whichever way the page was walked.
fn page_of(Found { mut entries, has_more }: Found, cursor: Cursor) -> Answer {
    match cursor {
        Cursor::Newest | Cursor::OlderThan(_) => {}
        Cursor::NewerThan(_) => entries.reverse(),
    }
    let texts: Vec<String> = entries.iter().filter_map(Entry::envelope).collect();
    let data = texts.join(",");
    text_answer(format!(
        "{{\"success\":true,\"data\":{{\"object\":\"list\",\"data\":[{data}],\
         \"has_more\":{has_more}}}}}"
    ))
}

/// An envelope is text already: read and written anew it would cost, and might differ.
fn text_answer(text: String) -> Answer {
    Answer { status: StatusCode::OK, body: text.into_bytes() }
}
