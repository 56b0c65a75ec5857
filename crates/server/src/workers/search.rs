//! Follows the catalogs: what changed of a product is read anew and told to the search index.
//!
//! Every process keeps an index of its own, with the place in the log it has heard up to. An index
//! that is new, damaged, or behind what the log still has is fed every product once, a page at a
//! time; products are replaced by key, so feeding twice changes nothing.
//!
//! Invariant: the index never says it heard of an entry before what it says is in the index.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use anyhow::Context as _;
use domain::event::{EntryKind, Notice};
use domain::ids::{MerchantId, OfferId, RowKey};
use domain::product::change::named_keys;
use domain::product::{Product, stock_key};
use domain::time::{MINUTE_MS, Timestamp};
use search::{Change, Cursor, State};
use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::app::{App, Shared};
use crate::catalog::Listed;
use crate::catalog::demo::{self, DEMO};
use crate::catalog::index::{Open, change_of};
use crate::workers::{Progress, Worker};

const NOTICES_MAX: i64 = 500;
/// Products told of at once; an import's notice names hundreds. What is written at once is searched
/// at once and merged less often.
const PRODUCTS_MAX: usize = 10_000;
const FEED_PAGE: i64 = 10_000;
/// What an index says that is not whole yet.
const UNFINISHED: Cursor = Cursor(-1);
/// What this process commits itself wakes it too; each batch is a write to disk.
const REST_MS: u64 = 100;

/// How often a place is saved that moved over nothing but what is no product's.
const IDLE_SAVE_MS: i64 = 60_000;

/// How often searches are let read what was merged meanwhile.
const REFRESH_MS: i64 = 1_000;

/// How often the index's files are looked through, so that silent damage does not last.
const CHECK_MS: i64 = 10 * MINUTE_MS;

#[derive(Default)]
pub struct Indexer {
    /// The index that the work below is about. It is not held between two steps: one that failed
    /// is opened anew only when nobody has it.
    open: Weak<Open>,
    work: Work,
    saved_at: Timestamp,
    refreshed_at: Timestamp,
    checked_at: Timestamp,
}

#[derive(Clone, Default)]
enum Work {
    #[default]
    Unknown,
    /// Everything is fed; afterwards the log is followed from where it stood before.
    Feeding {
        after: RowKey,
        places: Vec<i64>,
    },
    Following {
        places: Vec<i64>,
    },
}

impl Worker for Indexer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        let open = app.catalog.index.get().await?;
        if !Weak::ptr_eq(&self.open, &Arc::downgrade(&open)) {
            // A search or the last step let go of the other one. Opening has looked at every byte.
            (self.open, self.work) = (Arc::downgrade(&open), Work::Unknown);
            self.checked_at = app.now();
        }
        if self.checked_at.plus_ms(CHECK_MS) <= app.now() {
            self.checked_at = app.now();
            if let Err(error) = app.catalog.index.run(open.clone(), |index| index.check()).await {
                let error = format!("{error:#}");
                tracing::warn!(error, "the search index is damaged and is made anew");
                return Ok(Progress::More);
            }
        }
        match self.work.clone() {
            Work::Unknown => self.begin(app, open).await,
            Work::Feeding { after, places } => self.feed(app, &open, (after, places)).await,
            Work::Following { places } => self.follow(app, &open, places).await,
        }
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }

    fn rest_ms(&self) -> u64 {
        REST_MS
    }
}

impl Indexer {
    async fn begin(&mut self, app: &App, open: Arc<Open>) -> anyhow::Result<Progress> {
        let cursor = match open.found {
            State::Sound(cursor) => cursor,
            State::MadeNew => UNFINISHED,
        };
        let known = match cursor {
            UNFINISHED => None,
            cursor => known_places(app, &open.directory, cursor).await?,
        };
        if known.is_none() && cursor != UNFINISHED {
            tracing::info!("the search index is of another database and is made anew");
            app.catalog.index.discard(open).await?;
            return Ok(Progress::More);
        }
        let demo = DEMO.all().iter().map(|listed| demo_change(app, listed)).collect();
        apply(app, &open, demo, cursor).await?;
        self.work = match known {
            Some(places) => {
                open.set_whole();
                Work::Following { places }
            }
            None => {
                tracing::info!("the search index is fed every product");
                let mut places = Vec::new();
                for lane in 0..app.store.lanes() {
                    places.push(app.store.log_head(lane).await?);
                }
                Work::Feeding { after: RowKey([0; 16]), places }
            }
        };
        Ok(Progress::More)
    }

    async fn feed(
        &mut self,
        app: &App,
        open: &Arc<Open>,
        (after, places): (RowKey, Vec<i64>),
    ) -> anyhow::Result<Progress> {
        let page = app.store.products_after(after, FEED_PAGE).await?;
        let last = page.last().map(Product::key);
        let changes = changes_of(app, page.into_iter().map(|row| (row.key(), Some(row)))).await?;
        if let Some(last) = last {
            apply(app, open, changes, UNFINISHED).await?;
            self.work = Work::Feeding { after: last, places };
            return Ok(Progress::More);
        }
        write_places(app, open, Vec::new(), &places).await?;
        open.set_whole();
        self.work = Work::Following { places };
        Ok(Progress::More)
    }

    async fn follow(
        &mut self,
        app: &App,
        open: &Arc<Open>,
        places: Vec<i64>,
    ) -> anyhow::Result<Progress> {
        let (mut changed, mut taken) = (Vec::new(), Vec::new());
        let (mut next, mut is_cut) = (places.clone(), false);
        for (lane, place) in (0_i64..).zip(&mut next) {
            let notices = app.store.notices_after(lane, *place, NOTICES_MAX).await?;
            let count = i64::try_from(notices.entries.len()).unwrap_or(i64::MAX);
            is_cut |= count == NOTICES_MAX;
            let mut read_to = notices.read_to;
            for entry in notices.entries {
                match entry.entry.kind {
                    EntryKind::Notice(Notice::ProductChanged) => {
                        changed.extend(named_keys(&entry.entry));
                    }
                    EntryKind::Notice(Notice::StockTaken) => {
                        taken.extend(named_keys(&entry.entry));
                    }
                    EntryKind::Notice(_) | EntryKind::Event(_) => {}
                }
                if changed.len() + taken.len() >= PRODUCTS_MAX {
                    (read_to, is_cut) = (entry.sequence, true);
                    break;
                }
            }
            *place = read_to;
        }
        let mut rows = rows_of(app, changed).await?;
        rows.extend(sold_out(app, rows_of(app, taken).await?).await?);
        let is_save_due = next != places && self.saved_at.plus_ms(IDLE_SAVE_MS) <= app.now();
        if !rows.is_empty() || is_save_due {
            let changes = changes_of(app, rows.into_iter()).await?;
            write_places(app, open, changes, &next).await?;
            self.saved_at = app.now();
        }
        self.work = Work::Following { places: next };
        if is_cut {
            return Ok(Progress::More);
        }
        if self.refreshed_at.plus_ms(REFRESH_MS) <= app.now() {
            self.refreshed_at = app.now();
            app.catalog.index.run(open.clone(), |index| index.refresh()).await?;
        }
        Ok(Progress::Idle)
    }
}

/// A demo shop is found unless an outside retailer has its place.
fn demo_change(app: &App, listed: &Listed) -> Change {
    match app.catalog.outside.source(demo::WHOSE.1, listed.product.retailer) {
        Some(_) => Change::Delete(listed.product.key().0),
        None => change_of(listed),
    }
}

async fn rows_of(
    app: &App,
    mut keys: Vec<RowKey>,
) -> Result<Vec<(RowKey, Option<Product>)>, StoreError> {
    keys.sort_unstable();
    keys.dedup();
    let rows = app.store.get_many::<Product>(keys.clone()).await?;
    Ok(keys.into_iter().zip(rows).collect())
}

/// Those of which an offer has nothing left. Others look to a shopper as they did before an order
/// took of them, and an order is no reason to write the index.
async fn sold_out(
    app: &App,
    rows: Vec<(RowKey, Option<Product>)>,
) -> Result<Vec<(RowKey, Option<Product>)>, StoreError> {
    let counted = rows.iter().filter_map(|(_, row)| row.as_ref()).flat_map(|product| {
        let counted = product.offers.iter().filter(|offer| offer.is_counted);
        counted.map(|offer| stock_key(product.merchant_id, offer.id))
    });
    let keys: Vec<RowKey> = counted.collect();
    let left: HashMap<RowKey, i64> =
        keys.iter().copied().zip(app.store.counter_values(&keys).await?).collect();
    let is_sold_out = |product: &Product| {
        let of = |offer: OfferId| left.get(&stock_key(product.merchant_id, offer));
        product
            .offers
            .iter()
            .any(|offer| offer.is_counted && of(offer.id).is_none_or(|left| *left <= 0))
    };
    Ok(rows.into_iter().filter(|(_, row)| row.as_ref().is_none_or(is_sold_out)).collect())
}

/// What the index is told of rows as they are now.
async fn changes_of(
    app: &App,
    rows: impl Iterator<Item = (RowKey, Option<Product>)>,
) -> anyhow::Result<Vec<Change>> {
    let (mut changes, mut products) = (Vec::new(), Vec::new());
    for (key, row) in rows {
        match row {
            Some(product) if !product.is_removed() => products.push(product),
            Some(_) | None => changes.push(Change::Delete(key.0)),
        }
    }
    // Counters are a merchant's: the rows of one are read together.
    products.sort_by_key(|product: &Product| product.merchant_id);
    for of_one in products.chunk_by(|one, other| one.merchant_id == other.merchant_id) {
        let merchant_id: MerchantId = of_one[0].merchant_id;
        let stocks = app.stocks(merchant_id, of_one).await?;
        let listed = of_one.iter().map(|product| Listed::own(product.clone(), &stocks));
        changes.extend(listed.map(|listed| change_of(&listed)));
    }
    Ok(changes)
}

async fn apply(
    app: &App,
    open: &Arc<Open>,
    changes: Vec<Change>,
    cursor: Cursor,
) -> anyhow::Result<()> {
    let applied = app.catalog.index.run(open.clone(), move |index| index.apply(&changes, cursor));
    applied.await.context("writing the search index")
}

/// Writes a batch, then where the log was read to. A crash between the two repeats the batch.
async fn write_places(
    app: &App,
    open: &Arc<Open>,
    changes: Vec<Change>,
    places: &[i64],
) -> anyhow::Result<()> {
    let mut kept = Vec::with_capacity(places.len());
    for (lane, sequence) in (0_i64..).zip(places.iter().copied()) {
        kept.push(Place { sequence, mark: mark_at(app, lane, sequence).await? });
    }
    apply(app, open, changes, sum(places)).await?;
    let path = places_file(&open.directory);
    let new = path.with_extension("new");
    tokio::fs::write(&new, serde_json::to_vec(&kept)?).await?;
    tokio::fs::rename(&new, &path).await?;
    Ok(())
}

/// A place in a lane of the log, and what stands there: so that another database, or this one out
/// of a backup, is not taken for the one that was read.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    sequence: i64,
    mark: String,
}

/// What tells the entry at a place from any other; empty: it is not there.
async fn mark_at(app: &App, lane: i64, sequence: i64) -> anyhow::Result<String> {
    let entries = app.store.log_after(lane, sequence - 1, 1).await?;
    let entry = entries.into_iter().find(|entry| entry.sequence == sequence);
    Ok(entry.map_or(String::new(), |entry| {
        format!("{} {:?}", entry.entry.created_at.0, entry.entry.subject.object_id)
    }))
}

/// What the index itself keeps of the places.
fn sum(places: &[i64]) -> Cursor {
    Cursor(places.iter().sum())
}

fn places_file(directory: &Path) -> PathBuf {
    directory.join("places.json")
}

/// Where the log was read to, if that can be told for certain and the log still goes on from there.
async fn known_places(
    app: &App,
    directory: &Path,
    cursor: Cursor,
) -> anyhow::Result<Option<Vec<i64>>> {
    let Ok(text) = tokio::fs::read(places_file(directory)).await else { return Ok(None) };
    let Ok(kept) = serde_json::from_slice::<Vec<Place>>(&text) else { return Ok(None) };
    let places: Vec<i64> = kept.iter().map(|place| place.sequence).collect();
    let is_of_this_log = i64::try_from(places.len()).is_ok_and(|count| count == app.store.lanes());
    // Further than the index itself would leave out what came between.
    if !is_of_this_log || sum(&places) > cursor {
        return Ok(None);
    }
    for (lane, place) in (0_i64..).zip(&kept) {
        let is_begin = place.sequence == 0 && place.mark.is_empty();
        let is_there =
            !place.mark.is_empty() && mark_at(app, lane, place.sequence).await? == place.mark;
        if !(is_begin || is_there) {
            return Ok(None);
        }
    }
    Ok(Some(places))
}
