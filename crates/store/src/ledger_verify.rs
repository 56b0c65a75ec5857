//! The proof of the ledger: every transfer hashed again, and the days added up again.
//!
//! It walks as far as the follower of the ledger has come, and goes on while that moves. What does
//! not agree was changed by something that is not this program.

use std::collections::HashMap;

use domain::changes::Noun;
use domain::follow::FollowCursor;
use domain::ids::{MerchantId, RowKey};
use domain::ledger::{Account, ChainHead, ChainLink, LedgerDay, PlacedTransfer};

use crate::check::{CheckFinding, Severity};
use crate::error::StoreError;
use crate::lists::List;
use crate::row::Row;
use crate::store::Store;

const PAGE: i64 = 1_000;
/// How often a ledger that grows meanwhile is followed to its end.
const ROUNDS_MAX: u32 = 20;
/// One altered row breaks everything after it: the first findings tell where.
const FINDINGS_MAX: usize = 100;

const CHANGED: &str =
    "Somebody changed the ledger by hand: keep a copy of the database and compare it with a backup";

/// What the proof found.
#[derive(Debug, Default)]
pub struct LedgerReport {
    /// Transfers that were hashed again.
    pub verified: u64,
    /// Where each merchant's chain ends: note it elsewhere, and nobody can begin another.
    pub heads: Vec<ChainHead>,
    pub findings: Vec<CheckFinding>,
}

/// A length and hash that a chain had at some time, as it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotedHead {
    pub merchant_id: MerchantId,
    pub length: i64,
    pub hash: [u8; 32],
}

#[derive(Default)]
struct Proof {
    positions: HashMap<i64, i64>,
    chains: HashMap<MerchantId, ChainHead>,
    days: HashMap<RowKey, LedgerDay>,
    accounts: HashMap<RowKey, Account>,
    report: LedgerReport,
}

impl Store {
    /// Proves the ledger from its first transfer; tells `progress` how many are done.
    pub async fn verify_ledger(
        &self,
        noted: &[NotedHead],
        mut progress: impl FnMut(u64),
    ) -> Result<LedgerReport, StoreError> {
        let mut proof = Proof::default();
        for round in 1..=ROUNDS_MAX {
            for lane in 0..self.lanes() {
                self.prove_lane(lane, noted, &mut proof, &mut progress).await?;
            }
            let differences = self.compare_proof(&proof).await?;
            if !self.has_moved(&proof).await? {
                proof.report.findings.extend(differences);
                break;
            }
            if round == ROUNDS_MAX {
                proof.report.findings.push(CheckFinding {
                    severity: Severity::Warning,
                    what: "the ledger grew all the while: its days were not compared".to_owned(),
                    what_to_do: "Ask again when less is going on".to_owned(),
                });
            }
        }
        for head in noted {
            let reached = proof.chains.get(&head.merchant_id).map_or(0, |chain| chain.length);
            if reached < head.length {
                let what = format!(
                    "merchant {} had {} transfers when it was noted, and has {reached}",
                    head.merchant_id, head.length
                );
                proof.add(what);
            }
        }
        proof.report.heads = proof.chains.into_values().collect();
        proof.report.heads.sort_unstable_by_key(|head| head.merchant_id);
        Ok(proof.report)
    }

    async fn followed_until(&self, lane: i64) -> Result<i64, StoreError> {
        let cursor = self.get::<FollowCursor>(FollowCursor::of_ledger(lane)).await?;
        Ok(cursor.map_or(0, |cursor| cursor.sequence))
    }

    async fn has_moved(&self, proof: &Proof) -> Result<bool, StoreError> {
        for lane in 0..self.lanes() {
            let proven = proof.positions.get(&lane).copied().unwrap_or_default();
            if self.followed_until(lane).await? != proven {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn prove_lane(
        &self,
        lane: i64,
        noted: &[NotedHead],
        proof: &mut Proof,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), StoreError> {
        let until = self.followed_until(lane).await?;
        loop {
            let from = *proof.positions.entry(lane).or_default();
            let limit = PAGE.min(until - from);
            if limit <= 0 {
                return Ok(());
            }
            let page = self.ledger_after(lane, from, limit).await?;
            let in_range = page.iter().take_while(|transfer| transfer.position <= until);
            let page: Vec<&PlacedTransfer> = in_range.collect();
            if page.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
                let missing = usize::try_from(limit).unwrap_or_default() - page.len();
                let what = format!("lane {lane} of the ledger lacks {missing} after {from}");
                proof.add(what);
            }
            let keys = page.iter().map(|transfer| transfer.id.key()).collect();
            let links = self.get_many::<ChainLink>(keys).await?;
            for (&transfer, link) in page.iter().zip(links) {
                self.learn_account(transfer, proof).await?;
                proof.add_transfer(transfer, link, noted);
            }
            proof.positions.insert(lane, from + limit);
            progress(proof.report.verified);
        }
    }

    async fn learn_account(
        &self,
        transfer: &PlacedTransfer,
        proof: &mut Proof,
    ) -> Result<(), StoreError> {
        if !proof.accounts.contains_key(&transfer.debit) {
            match self.accounts_of(std::slice::from_ref(transfer)).await {
                Ok(accounts) => proof.accounts.extend(accounts),
                // The check of the sums tells of an account that is not there.
                Err(StoreError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Heads and days as they are kept, against those that were made anew.
    async fn compare_proof(&self, proof: &Proof) -> Result<Vec<CheckFinding>, StoreError> {
        let mut findings = Vec::new();
        let merchants: Vec<&ChainHead> = proof.chains.values().collect();
        for page in merchants.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            let keys = page.iter().map(|head| head.key()).collect();
            let kept = self.get_many::<ChainHead>(keys).await?;
            for (made, kept) in page.iter().zip(kept) {
                let is_same =
                    |kept: &ChainHead| (kept.length, kept.hash) == (made.length, made.hash);
                if !kept.as_ref().is_some_and(is_same) {
                    let what =
                        format!("the chain of merchant {} does not end as kept", made.merchant_id);
                    findings.push(CheckFinding::error(what, CHANGED));
                }
            }
        }
        let mut count = 0;
        let mut last = RowKey([0; 16]);
        loop {
            let page = days_after(last).limit(PAGE).read(self).await?;
            let Some(end) = page.last() else { break };
            last = end.key();
            count += page.len();
            for kept in page {
                let made = proof.days.get(&kept.key());
                let numbers = made.map(|made| (made.count, made.amount));
                if numbers != Some((kept.count, kept.amount)) {
                    let what = format!(
                        "{} of {:?} ({:?}) of merchant {} is not what its transfers make",
                        kept.day.date(),
                        kept.asset,
                        kept.reason,
                        kept.merchant_id
                    );
                    findings.push(CheckFinding::error(what, CHANGED));
                }
            }
        }
        if count < proof.days.len() {
            let missing = proof.days.len() - count;
            let what = format!("{missing} rows of {} are missing", LedgerDay::TABLE.name);
            findings.push(CheckFinding::error(what, CHANGED));
        }
        findings.truncate(FINDINGS_MAX);
        Ok(findings)
    }
}

/// Every day, in the order of keys.
pub(crate) fn days_after(last: RowKey) -> List<LedgerDay> {
    debug_assert_eq!(LedgerDay::TABLE.noun, Noun::LedgerDay);
    List::new("").bind(" WHERE key > ", last).push(" ORDER BY key")
}

impl Proof {
    fn add(&mut self, what: String) {
        if self.report.findings.len() < FINDINGS_MAX {
            self.report.findings.push(CheckFinding::error(what, CHANGED));
        }
    }

    fn add_transfer(
        &mut self,
        transfer: &PlacedTransfer,
        kept: Option<ChainLink>,
        noted: &[NotedHead],
    ) {
        let merchant_id = transfer.merchant_id;
        let chain = self.chains.entry(merchant_id).or_insert_with(|| ChainHead::start(merchant_id));
        let made = chain.link(transfer);
        let is_same = |kept: &ChainLink| {
            (kept.merchant_id, kept.place, kept.hash) == (made.merchant_id, made.place, made.hash)
        };
        if !kept.as_ref().is_some_and(is_same) {
            let (id, place) = (transfer.id, made.place);
            self.add(format!(
                "transfer {id} (number {place} of merchant {merchant_id}) was changed"
            ));
        }
        let is_noted =
            |head: &&NotedHead| (head.merchant_id, head.length) == (merchant_id, made.place);
        if noted.iter().find(is_noted).is_some_and(|head| head.hash != made.hash) {
            let place = made.place;
            self.add(format!("merchant {merchant_id}'s chain was another at {place} transfers"));
        }
        if let Some(debit) = self.accounts.get(&transfer.debit) {
            let row = LedgerDay::of(transfer, debit);
            self.days.entry(row.key()).or_insert(row).add(transfer.amount);
        }
        self.report.verified += 1;
    }
}
