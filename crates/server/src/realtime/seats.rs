//! How many sockets may be open: in all, per merchant, and per invoice for its payors.
//!
//! Payors have seats of their own, so that whoever knows a payment link cannot keep the merchant
//! himself out. A seat is given back when its socket ends, however it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::ids::{InvoiceId, MerchantId};

use crate::config::Config;
use crate::http::error::{ApiError, Code};
use crate::realtime::filter::{Scope, StreamKind};

/// Enough for a payor's devices and for tabs that have not noticed yet that they are closed.
const PER_INVOICE_MAX: usize = 16;
const RETRY_SECONDS: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Row {
    All,
    Merchant(MerchantId),
    PayorsOf(MerchantId),
    Invoice(InvoiceId),
}

pub struct Seats {
    taken: Arc<Mutex<HashMap<Row, usize>>>,
    per_merchant_max: usize,
    max: usize,
}

/// One socket's place; given back on drop.
pub struct Seat {
    rows: [Row; 3],
    taken: Arc<Mutex<HashMap<Row, usize>>>,
}

impl Seats {
    pub fn new(config: &Config) -> Seats {
        Seats {
            taken: Arc::default(),
            per_merchant_max: config.ws_connections_per_merchant,
            max: config.ws_connections,
        }
    }

    /// A place for one more socket, if there is one.
    pub fn take(&self, scope: &Scope) -> Result<Seat, ApiError> {
        let id = scope.merchant_id;
        let rows = match scope.kind {
            StreamKind::Merchant | StreamKind::Commerce => {
                [Row::All, Row::Merchant(id), Row::Merchant(id)]
            }
            StreamKind::Payor(invoice) => [Row::All, Row::PayorsOf(id), Row::Invoice(invoice)],
        };
        let mut taken = self.taken.lock().expect("no panic holds this lock");
        let count = |row: &Row| taken.get(row).copied().unwrap_or(0);
        if rows.iter().any(|row| count(row) >= self.max_of(*row)) {
            let message = "Too many streams are open; close some first";
            let error = ApiError::new(Code::RateLimitExceeded, message);
            return Err(error.retry_after(RETRY_SECONDS));
        }
        for row in distinct(&rows) {
            *taken.entry(row).or_default() += 1;
        }
        drop(taken);
        Ok(Seat { rows, taken: self.taken.clone() })
    }

    fn max_of(&self, row: Row) -> usize {
        match row {
            Row::All => self.max,
            Row::Merchant(_) | Row::PayorsOf(_) => self.per_merchant_max,
            Row::Invoice(_) => PER_INVOICE_MAX,
        }
    }

    /// How many sockets are open.
    pub fn taken(&self) -> usize {
        let taken = self.taken.lock().expect("no panic holds this lock");
        taken.get(&Row::All).copied().unwrap_or(0)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Ok(mut taken) = self.taken.lock() else { return };
        for row in distinct(&self.rows) {
            match taken.get_mut(&row) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => drop(taken.remove(&row)),
            }
        }
    }
}

/// A merchant's socket fills two rows, a payor's three.
fn distinct(rows: &[Row; 3]) -> impl Iterator<Item = Row> + use<> {
    let [all, one, other] = *rows;
    [Some(all), Some(one), Some(other).filter(|other| *other != one)].into_iter().flatten()
}
