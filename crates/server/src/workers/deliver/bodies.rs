//! What deliveries carry: the envelopes of their events, read from the log a batch at a time.
//!
//! New deliveries lie close together in the log, so one range of it holds them; where a merchant's
//! events are far apart, his own index leads from one to the next. What is left, such as retries of
//! different days, is read by its places. What retention took is in no answer.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use domain::delivery::Delivery;
use domain::event::{Entry, Selection};
use store::{EventFilter, StoreError, Walk};

use crate::app::App;

/// How many entries may be read for each one that is wanted.
const READ_PER_WANTED: i64 = 4;

/// The envelopes of these deliveries' events, by their places in the log; all of one endpoint.
pub(super) async fn bodies(
    app: &App,
    deliveries: &[Delivery],
) -> Result<HashMap<i64, Bytes>, StoreError> {
    let places = deliveries.iter().map(|delivery| delivery.event().sequence);
    let wanted: HashSet<i64> = places.collect();
    let (Some(&first), Some(&last), Some(sample)) =
        (wanted.iter().min(), wanted.iter().max(), deliveries.first())
    else {
        return Ok(HashMap::new());
    };
    let lane = sample.event().lane;
    let count = i64::try_from(wanted.len()).expect("a batch is bounded");
    let span = last - first + 1;
    let entries = if span <= count * READ_PER_WANTED {
        app.store.log_after(lane, first - 1, span).await?
    } else {
        let kinds: HashSet<_> = deliveries.iter().map(|delivery| delivery.kind).collect();
        let filter = EventFilter {
            selection: Selection::of(|kind| kinds.contains(&kind)),
            ..EventFilter::of(sample.merchant_id)
        };
        let walk = Walk::Forth { after: first - 1, up_to: Some(last) };
        app.store.events(&filter, walk, count * 2).await?
    };
    let mut found = HashMap::with_capacity(wanted.len());
    keep(&mut found, &wanted, entries);
    let missing: Vec<i64> = wanted.iter().copied().filter(|at| !found.contains_key(at)).collect();
    keep(&mut found, &wanted, app.store.entries(lane, &missing).await?);
    Ok(found)
}

fn keep(
    found: &mut HashMap<i64, Bytes>,
    wanted: &HashSet<i64>,
    entries: impl IntoIterator<Item = Entry>,
) {
    for entry in entries {
        if wanted.contains(&entry.sequence)
            && let Some(envelope) = entry.envelope()
        {
            found.insert(entry.sequence, Bytes::from(envelope));
        }
    }
}
