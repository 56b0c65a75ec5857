//! Judging without a database: what a group sees of itself, and what a refused change leaves.

use domain::changes::{Changes, CounterMove, Noun};
use domain::claim::Claim;
use domain::environment::Environment;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::slot::Slot;
use domain::time::Timestamp;
use domain::token::TokenId;

use super::*;
use crate::commit::view::{LookUp, Wanted};
use crate::write::CellRef;

const SHOP: MerchantId = MerchantId(7);

fn key(text: &str) -> RowKey {
    RowKey::of("test", &[text.as_bytes()])
}

fn slot(until: i64, version: i64) -> Slot {
    Slot { key: key("slot"), owner: key("owner"), until: Timestamp(until), version }
}

fn change(fill: impl FnOnce(&mut Changes)) -> Prepared {
    let mut changes = Changes::of(SHOP);
    fill(&mut changes);
    Prepared::new(changes, 0)
}

fn counting(by: i64) -> CounterMove {
    let name = "stock".to_owned();
    CounterMove { merchant_id: SHOP, name, by, floor: Some(0), ceiling: Some(10) }
}

fn transfer(amount: u128) -> Transfer {
    let account = |kind| Account {
        merchant_id: SHOP,
        environment: Environment::Devnet,
        kind,
        asset: Asset::Token { network: Network::Base, token_id: TokenId(1_001) },
        owner: None,
    };
    let movement = Movement {
        debit: account(AccountKind::Clearing),
        credit: account(AccountKind::Merchant),
        amount: TokenAmount(amount),
        reason: TransferReason::PaymentConfirmed,
        object: key("object"),
    };
    Transfer::posted(movement, &mut Fresh::new(Timestamp(0), [9; 16]))
}

fn batch<'j>(judged: &'j Judged<'_>, name: &str, way: Way) -> Option<&'j Batch<'j>> {
    judged.batches.iter().find(|batch| batch.relation.name == name && batch.way == way)
}

/// Version and `leased_until` of the one slot that is written.
fn slot_written(judged: &Judged<'_>, way: Way) -> (CellRef<'static>, CellRef<'static>, i64) {
    let batch = batch(judged, "slots", way).expect("a slot is written");
    assert_eq!(batch.len(), 1);
    let int = |column| match batch.cell(0, column) {
        CellRef::Int(value) => CellRef::Int(value),
        other => panic!("{other:?}"),
    };
    (int(1), int(3), batch.expected(0))
}

#[test]
fn a_row_is_written_once_in_its_final_state() {
    let group = [
        change(|changes| changes.insert(slot(1, 0))),
        change(|changes| changes.update(slot(2, 1))),
        change(|changes| changes.update(slot(3, 2))),
    ];
    let judged = judge(&group, View::default());
    assert!(judged.verdicts.iter().all(Result::is_ok));
    assert_eq!(slot_written(&judged, Way::Insert), (CellRef::Int(3), CellRef::Int(3), 0));

    let mut view = View::default();
    view.found(group[0].inserts[0].relation, key("slot"), 1);
    let judged = judge(&group[1..], view);
    assert!(judged.verdicts.iter().all(Result::is_ok));
    assert_eq!(slot_written(&judged, Way::Update), (CellRef::Int(3), CellRef::Int(3), 1));
    assert!(batch(&judged, "slots", Way::Insert).is_none());
}

#[test]
fn what_is_refused_is_undone_to_the_last_part() {
    let group = [
        change(|changes| {
            changes.insert(slot(1, 0));
            changes.counters.push(counting(4));
            changes.transfer(transfer(5));
        }),
        change(|changes| {
            changes.insert(Claim::new(key("claim"), key("target")));
            changes.update(slot(2, 1));
            changes.counters.push(counting(3));
            changes.transfer(transfer(5));
            // One more than fits: the last thing that is judged refuses all of it.
            changes.transfer(transfer(u128::MAX));
        }),
        change(|changes| {
            changes.counters.push(counting(3));
            changes.counters.push(counting(4));
        }),
        change(|changes| changes.update(slot(9, 1))),
    ];
    let judged = judge(&group, View::default());
    let is_ok: Vec<bool> = judged.verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(is_ok, [true, false, false, true]);
    assert_eq!(slot_written(&judged, Way::Insert), (CellRef::Int(2), CellRef::Int(9), 0));
    assert!(batch(&judged, "claims", Way::Insert).is_none());
    let counters = batch(&judged, "counters", Way::Insert).expect("one counter");
    assert_eq!((counters.len(), counters.cell(0, 5)), (1, CellRef::Int(4)));
    let transfers = batch(&judged, "transfers", Way::Insert).expect("one transfer");
    assert_eq!((transfers.len(), transfers.cell(0, 3)), (1, CellRef::Int(1)));
    assert_eq!(judged.lanes, [(0, LaneState { sequence: 0, ledger_position: 1 })]);
}

#[test]
fn a_guard_sees_what_the_group_did_before_it() {
    let guarded = |version| {
        change(|changes| {
            changes.guard(Noun::Slot, key("slot"), version);
            changes.insert(Claim::new(key(&version.to_string()), key("target")));
        })
    };
    let group = [
        guarded(0),
        change(|changes| changes.insert(slot(1, 0))),
        guarded(0),
        guarded(1),
        change(|changes| changes.update(slot(2, 1))),
        guarded(1),
    ];
    let judged = judge(&group, View::default());
    let is_ok: Vec<bool> = judged.verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(is_ok, [true, true, false, true, true, false]);
}

#[test]
fn only_what_may_exist_is_looked_up_and_each_once() {
    let invoice = |text: &str| {
        change(|changes| {
            changes.insert(Claim::new(key(text), key("target")));
            changes.counters.push(counting(1));
            changes.transfer(transfer(1));
            changes.guard(Noun::Slot, key("slot"), 1);
        })
    };
    let group = [invoice("one"), invoice("two"), invoice("one")];
    let wanted = Wanted::of(&group, LookUp::WhatMayExist);
    let count = |rows: &[(&Relation, Vec<RowKey>)]| -> Vec<(&'static str, usize)> {
        rows.iter().map(|(relation, keys)| (relation.name, keys.len())).collect()
    };
    assert_eq!(count(&wanted.rows), [("claims", 2)]);
    assert_eq!(count(&wanted.guards), [("slots", 1)]);
    assert_eq!((wanted.counters.len(), wanted.accounts.len()), (1, 2));
    assert_eq!(wanted.lanes, [0]);
}
