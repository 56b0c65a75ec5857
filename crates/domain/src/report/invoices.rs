//! The report of invoices: how many came to be in each state, by day, network and token.
//!
//! It is made of counters that are written with the invoices themselves, so it is never behind.
//! What was paid is what the ledger's payments brought on the same days.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::invoice::{InvoiceDay, InvoiceDayKey, InvoiceStatus, line_of};
use crate::ledger::{Asset, Day, whole};
use crate::money::Usd;
use crate::network::Network;
use crate::token::TokenId;

const MICROS_PER_MILLI: i64 = 1_000;

/// One day, state, network and token.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InvoiceReportLine {
    /// A day of UTC, `2026-11-21`; null in a total.
    pub date: Option<String>,
    /// What the invoices came to be on that day.
    pub status: InvoiceStatus,
    /// What they were paid in or are bound to; null while that is open.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    pub symbol: Option<&'static str>,
    pub count: i64,
    /// What those invoices ask for, in dollars.
    pub amount_usd: String,
    /// What was paid on that day to invoices that were in this state right after, in whole tokens,
    /// less what reorgs took back; null without a token.
    pub amount_paid: Option<String>,
    pub amount_paid_base: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InvoiceReport {
    pub object: &'static str,
    /// Always `invoices`.
    pub report: &'static str,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    pub lines: Vec<InvoiceReportLine>,
    /// The same without days.
    pub totals: Vec<InvoiceReportLine>,
}

type Lines = BTreeMap<(Option<Day>, i64, Option<Asset>), InvoiceDay>;

/// Makes the report out of the counters of the days it spans, in the order of days.
pub fn invoice_report(first: Day, last: Day, counters: &[(String, i64)]) -> InvoiceReport {
    let (mut lines, mut totals) = (Lines::new(), Lines::new());
    for (key, counted) in counters.iter().filter_map(|(name, value)| line_of(name, *value)) {
        let InvoiceDayKey { day, asset, .. } = key;
        let status = key.status().code();
        lines.entry((Some(day), status, asset)).or_default().add(counted);
        totals.entry((None, status, asset)).or_default().add(counted);
    }
    InvoiceReport {
        object: "report",
        report: "invoices",
        from: first.date(),
        to: last.date(),
        lines: told(lines),
        totals: told(totals),
    }
}

fn told(lines: Lines) -> Vec<InvoiceReportLine> {
    let is_something = |counted: &InvoiceDay| *counted != InvoiceDay::default();
    lines
        .into_iter()
        .filter(|(_, counted)| is_something(counted))
        .filter_map(|((day, status, asset), counted)| {
            Some(InvoiceReportLine {
                date: day.map(Day::date),
                status: InvoiceStatus::from_code(status)?,
                network: asset.and_then(Asset::network),
                token_id: asset.map(|asset| TokenId(asset.code())),
                symbol: asset.and_then(Asset::symbol),
                count: counted.count,
                amount_usd: Usd(counted.asked_millis.saturating_mul(MICROS_PER_MILLI)).decimal(),
                amount_paid: asset.map(|asset| whole(asset, counted.paid)),
                amount_paid_base: asset.map(|_| counted.paid.to_string()),
            })
        })
        .collect()
}
