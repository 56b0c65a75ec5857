//! Reports: what was paid, settled, refunded, charged and paid out, by day and asset.
//!
//! A report is made of days of the ledger and of nothing else, so its totals are the ledger's. Only
//! that of invoices is made of their own counters, as the ledger knows nothing of unpaid ones.

mod invoices;

pub use invoices::{InvoiceReport, InvoiceReportLine, invoice_report};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ledger::{Asset, LedgerDay, Phase, TransferReason};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::token::TokenId;

/// The longest span of one report, in days.
pub const REPORT_DAYS_MAX: i64 = 366;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Payments,
    Settlements,
    Refunds,
    Fees,
    Deposits,
    Payouts,
    Onramps,
}

impl ReportKind {
    pub const ALL: [ReportKind; 7] = [
        ReportKind::Payments,
        ReportKind::Settlements,
        ReportKind::Refunds,
        ReportKind::Fees,
        ReportKind::Deposits,
        ReportKind::Payouts,
        ReportKind::Onramps,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ReportKind::Payments => "payments",
            ReportKind::Settlements => "settlements",
            ReportKind::Refunds => "refunds",
            ReportKind::Fees => "fees",
            ReportKind::Deposits => "deposits",
            ReportKind::Payouts => "payouts",
            ReportKind::Onramps => "onramps",
        }
    }

    pub fn parse(text: &str) -> Option<ReportKind> {
        ReportKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Which report tells of a transfer; conversions are inside of the ones around them.
    pub fn of(reason: TransferReason) -> Option<ReportKind> {
        match reason {
            TransferReason::PaymentConfirmed
            | TransferReason::PaymentHeld
            | TransferReason::PaymentReverted
            | TransferReason::PaymentAccepted
            | TransferReason::PaymentRestored => Some(ReportKind::Payments),
            TransferReason::Settlement | TransferReason::SettlementReverted => {
                Some(ReportKind::Settlements)
            }
            TransferReason::Refund | TransferReason::RefundReverted => Some(ReportKind::Refunds),
            TransferReason::SettlementFee
            | TransferReason::NetworkFee
            | TransferReason::NetworkFeeReverted
            | TransferReason::PayoutFee
            | TransferReason::OnrampFee
            | TransferReason::PayoutDifference => Some(ReportKind::Fees),
            TransferReason::Deposit
            | TransferReason::DepositReverted
            | TransferReason::UserCredit
            | TransferReason::DustForfeited => Some(ReportKind::Deposits),
            TransferReason::Payout | TransferReason::PayoutReturned => Some(ReportKind::Payouts),
            TransferReason::FiatReceived
            | TransferReason::FiatRefunded
            | TransferReason::Onramp => Some(ReportKind::Onramps),
            TransferReason::Conversion | TransferReason::Escrow => None,
        }
    }
}

/// How far what a line counts has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    /// Money was promised on this day.
    Started,
    /// Money moved on this day.
    Completed,
    /// A promise was taken back on this day.
    Released,
}

impl LineStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            LineStatus::Started => "started",
            LineStatus::Completed => "completed",
            LineStatus::Released => "released",
        }
    }

    fn of(phase: Phase) -> LineStatus {
        match phase {
            Phase::Reserved => LineStatus::Started,
            Phase::Posted | Phase::Captured => LineStatus::Completed,
            Phase::Released => LineStatus::Released,
        }
    }
}

/// One day, asset, type and status.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ReportLine {
    /// A day of UTC, `2026-11-21`; null in a total.
    pub date: Option<String>,
    #[serde(rename = "type")]
    pub kind: TransferReason,
    pub status: LineStatus,
    /// Null for bank money.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    pub symbol: Option<&'static str>,
    pub count: i64,
    /// In whole units.
    pub amount: String,
    pub amount_base: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Report {
    pub object: &'static str,
    pub report: ReportKind,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    pub lines: Vec<ReportLine>,
    /// The same without days.
    pub totals: Vec<ReportLine>,
}

type LineKey = (Option<i64>, i64, LineStatus, Asset);

/// Makes the report of one kind out of the days it spans, in the order of days.
pub fn report(kind: ReportKind, days: &[LedgerDay]) -> (Vec<ReportLine>, Vec<ReportLine>) {
    let of_kind = || days.iter().filter(|day| ReportKind::of(day.reason) == Some(kind));
    let lines = lines(of_kind().map(|day| (Some(day.day.0), day)));
    let totals = self::lines(of_kind().map(|day| (None, day)));
    (lines, totals)
}

fn lines<'a>(days: impl Iterator<Item = (Option<i64>, &'a LedgerDay)>) -> Vec<ReportLine> {
    let mut sums: BTreeMap<LineKey, (TransferReason, i64, u128)> = BTreeMap::new();
    for (date, day) in days {
        let key = (date, day.reason.code(), LineStatus::of(day.phase), day.asset);
        let (_, count, amount) = sums.entry(key).or_insert((day.reason, 0, 0));
        *count += day.count;
        *amount = amount.saturating_add(day.amount.0);
    }
    let line = |((date, _, status, asset), (kind, count, amount)): (LineKey, _)| ReportLine {
        date: date.map(|day| crate::ledger::Day(day).date()),
        kind,
        status,
        network: asset.network(),
        token_id: match asset {
            Asset::Token { token_id, .. } => Some(token_id),
            Asset::Currency(_) => None,
        },
        symbol: asset.symbol(),
        count,
        amount: TokenAmount(amount).decimal(asset.decimals().unwrap_or(0)),
        amount_base: amount.to_string(),
    };
    sums.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Currency;
    use crate::environment::Environment;
    use crate::ids::MerchantId;
    use crate::ledger::Day;

    fn day(day: i64, reason: TransferReason, phase: Phase, amount: u128) -> LedgerDay {
        LedgerDay {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            day: Day(day),
            asset: Asset::Currency(Currency::EUR),
            reason,
            phase,
            count: 2,
            amount: TokenAmount(amount),
            version: 1,
        }
    }

    #[test]
    fn lines_are_by_day_and_totals_are_their_sums() {
        use TransferReason::{Conversion, Payout, Refund};
        let days = [
            day(0, Payout, Phase::Reserved, 100),
            day(0, Payout, Phase::Captured, 70),
            day(1, Payout, Phase::Posted, 5),
            day(1, Payout, Phase::Captured, 25),
            day(1, Refund, Phase::Posted, 9),
            day(1, Conversion, Phase::Posted, 9),
        ];
        let (lines, totals) = report(ReportKind::Payouts, &days);
        let told = |line: &ReportLine| (line.date.clone(), line.status, line.amount.clone());
        let date = |text: &str| Some(text.to_owned());
        let lines: Vec<_> = lines.iter().map(told).collect();
        let expected = [
            (date("1970-01-01"), LineStatus::Started, "1".to_owned()),
            (date("1970-01-01"), LineStatus::Completed, "0.7".to_owned()),
            (date("1970-01-02"), LineStatus::Completed, "0.3".to_owned()),
        ];
        assert_eq!(lines, expected);
        let totals: Vec<_> = totals.iter().map(|line| (line.status, line.count)).collect();
        assert_eq!(totals, [(LineStatus::Started, 2), (LineStatus::Completed, 6)]);
    }

    #[test]
    fn every_kind_has_its_own_word() {
        for kind in ReportKind::ALL {
            assert_eq!(ReportKind::parse(kind.as_str()), Some(kind));
            assert!(TransferReason::ALL.iter().any(|&reason| ReportKind::of(reason) == Some(kind)));
        }
    }
}
