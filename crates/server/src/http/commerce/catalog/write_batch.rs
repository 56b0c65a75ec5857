//! A batch of an import, written as one change: read together, decided one by one, committed once.
//!
//! A product that is refused is left out of the change and named; the others are written. When
//! somebody else changes one of the products at the same time, the batch is decided anew, and in
//! the end each product by itself. Invariant: what is counted is committed.

use std::collections::HashMap;

use domain::changes::Changes;
use domain::ids::RowKey;
use domain::product::change::{Before, Outcome, Wanted, changed};
use domain::product::{Product, product_key};
use domain::retailer::Retailer;
use store::{CommitError, StoreError};

use super::Whose;
use super::import::Row;
use crate::app::App;
use crate::http::error::{ApiError, Code};

/// How often a batch is decided as a whole.
const TOGETHER_MAX: usize = 3;
/// How often one product is decided by itself.
const ALONE_MAX: usize = 32;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

impl Counts {
    pub fn all(self) -> u64 {
        self.created + self.updated + self.unchanged
    }

    pub fn add(&mut self, other: Counts) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.created += 1,
            Outcome::Updated => self.updated += 1,
            Outcome::Unchanged => self.unchanged += 1,
        }
    }
}

/// Refused rows by their place in the batch.
type Refusals = Vec<(usize, ApiError)>;

/// Writes the products; an error says that nothing can be written now.
pub async fn write_batch(
    app: &App,
    whose: Whose,
    rows: &[Row],
) -> Result<(Counts, Refusals), ApiError> {
    if let Some(done) = write_together(app, whose, rows, TOGETHER_MAX).await? {
        return Ok(done);
    }
    let (mut counts, mut refusals) = (Counts::default(), Refusals::new());
    for (at, row) in rows.iter().enumerate() {
        let alone = std::slice::from_ref(row);
        match write_together(app, whose, alone, ALONE_MAX).await? {
            Some((one, refused)) => {
                counts.add(one);
                refusals.extend(refused.into_iter().map(|(_, error)| (at, error)));
            }
            None => {
                let message = "Too many others change this product at once";
                refusals.push((at, ApiError::new(Code::Busy, message)));
            }
        }
    }
    Ok((counts, refusals))
}

/// None: others changed the same products every time.
async fn write_together(
    app: &App,
    whose: Whose,
    rows: &[Row],
    rounds_max: usize,
) -> Result<Option<(Counts, Refusals)>, ApiError> {
    for _ in 0..rounds_max {
        let (changes, counts, refusals) = decided(app, whose, rows).await?;
        if changes.is_empty() {
            return Ok(Some((counts, refusals)));
        }
        match app.store.commit(changes).await {
            Ok(_) => return Ok(Some((counts, refusals))),
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(
                CommitError::Conflict { .. }
                | CommitError::AlreadyExists { .. }
                | CommitError::Insufficient { .. },
            ) => {}
        }
    }
    Ok(None)
}

async fn decided(
    app: &App,
    whose: Whose,
    rows: &[Row],
) -> Result<(Changes, Counts, Refusals), StoreError> {
    let key = |row: &Row| product_key(whose, Retailer::Other, &row.product_id);
    let keys: Vec<RowKey> = rows.iter().map(key).collect();
    let known = app.store.get_many::<Product>(keys.clone()).await?;
    let known: HashMap<RowKey, Product> =
        known.into_iter().flatten().map(|product| (product.key(), product)).collect();
    let stocks = app.stocks(whose.0, known.values()).await?;
    let (mut changes, mut fresh) = (Changes::of(whose.0), app.fresh());
    let (mut counts, mut refusals, mut told) = (Counts::default(), Refusals::new(), Vec::new());
    for (at, (row, key)) in rows.iter().zip(keys).enumerate() {
        let wanted = Wanted { whose, product_id: &row.product_id, draft: &row.draft };
        let before = Before { product: known.get(&key), stocks: &stocks };
        match Product::put(wanted, before, &mut fresh) {
            Ok(put) => {
                counts.count(put.outcome);
                if put.outcome != Outcome::Unchanged {
                    told.push(key);
                    changes.append(put.changes);
                }
            }
            Err(refusal) => refusals.push((at, refusal.into())),
        }
    }
    if !told.is_empty() {
        changes.tell(changed(whose, &told, fresh.now()));
    }
    Ok((changes, counts, refusals))
}
