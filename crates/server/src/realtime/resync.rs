//! The snapshot for a client whose `since` is not known any more: the newest objects of its stream.
//!
//! Each object by the latest event that tells of it, in the order of the log, so that the client
//! may go on from any of them. Bounded in objects and in how far it looks back for them.

use std::collections::HashSet;

use axum::extract::ws::Utf8Bytes;
use store::{Store, StoreError, Walk};

use crate::realtime::filter::Plan;

const OBJECTS_MAX: usize = 100;
const PAGE: i64 = 100;
const PAGES_MAX: usize = 20;

/// The newest objects up to a place, oldest first.
pub async fn snapshot(
    store: &Store,
    plan: &Plan,
    up_to: i64,
) -> Result<Vec<Utf8Bytes>, StoreError> {
    let mut newest = Vec::new();
    let mut seen = HashSet::new();
    let mut before = up_to + 1;
    for _ in 0..PAGES_MAX {
        let walk = Walk::Back { before: Some(before), not_before: 0 };
        let page = store.events(&plan.events, walk, PAGE).await?;
        let is_last = (page.len() as i64) < PAGE;
        for entry in page {
            before = entry.sequence;
            let object = entry.entry.subject.object_id;
            if newest.len() == OBJECTS_MAX || !plan.wants(&entry) {
                continue;
            }
            if object.is_some_and(|object| seen.contains(&object)) {
                continue;
            }
            if let Some(text) = plan.scope.envelope(&entry) {
                seen.extend(object);
                newest.push(text.into());
            }
        }
        if is_last || newest.len() == OBJECTS_MAX {
            break;
        }
    }
    newest.reverse();
    Ok(newest)
}
