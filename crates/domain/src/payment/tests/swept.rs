//! What is swept of a payment, and what a reorg makes of it: nothing is swept twice, and nothing
//! that is promised already, or gone from the chain, is promised to the merchant.
//!
//! Only the payment is changed here by hand; the ledger's side is the settlement's own.

use super::*;
use crate::ids::SettlementId;
use crate::send::{Limits, Touched};
use crate::settlement::{Batch, Plan, Pool, start};

/// What is begun to be settled out of the world's one payment.
fn started(world: &mut World) -> Option<Vec<u128>> {
    let payment = world.payment(1).clone();
    let mut payments = Touched::default();
    payments.add(payment.clone(), world.invoice.clone());
    let batch = Batch {
        id: SettlementId(1),
        pool: Pool::of(&payment).expect("a known token"),
        plan: Plan { destination: "0x2".to_owned(), delivery: None },
        review: None,
        limits: Limits::default(),
        payments,
        sources: vec![(payment.to_address.clone(), 0)],
        head: world.head,
    };
    let (_, changes) = start(batch, &mut world.fresh())?;
    let sends = changes.inserts.into_iter().filter_map(|record| match record {
        Record::Send(send) => Some(send.amount.0),
        _ => None,
    });
    Some(sends.collect())
}

#[test]
fn only_what_waits_and_is_free_begins_to_be_settled() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    assert_eq!(started(&mut world), None, "it is not deep enough");
    world.mine();
    assert_eq!(started(&mut world), Some(vec![100_000_000]));
    let id = world.payment(1).id;
    let known = world.payment(1).clone();
    let change = |world: &mut World, change: &dyn Fn(&mut Payment)| {
        let mut payment = known.clone();
        change(&mut payment);
        world.payments.insert(id, payment);
    };
    change(&mut world, &|payment| payment.draw(TokenAmount(40_000_000)));
    assert_eq!(started(&mut world), Some(vec![60_000_000]), "what a refund left of it");
    change(&mut world, &|payment| payment.outflow.drawn = payment.amount);
    assert_eq!(started(&mut world), None, "a refund took all of it");
    change(&mut world, &|payment| payment.settlement_status = SettlementStatus::Processing);
    assert_eq!(started(&mut world), None, "somebody else began to");
    change(&mut world, &|payment| payment.status = PaymentStatus::Reverted);
    assert_eq!(started(&mut world), None, "it is gone from the chain");
}

#[test]
fn what_was_swept_before_a_reorg_is_not_swept_again() {
    let swept = |payment: &mut Payment| {
        payment.settle(SettlementId(1), NETWORK);
    };
    let settled = |payment: &mut Payment| {
        payment.settle(SettlementId(1), NETWORK);
        payment.settled("0x3");
    };
    let released = |payment: &mut Payment| {
        payment.settle(SettlementId(1), NETWORK);
        payment.not_settled(payment.amount, SettlementStatus::Failed);
    };
    let refunded = |payment: &mut Payment| payment.draw(payment.amount);
    type Change<'a> = &'a dyn Fn(&mut Payment);
    let cases: [(Change<'_>, SettlementStatus); 4] = [
        (&swept, SettlementStatus::Processing),
        (&settled, SettlementStatus::Settled),
        (&released, SettlementStatus::Pending),
        (&refunded, SettlementStatus::Manual),
    ];
    for (change, expected) in cases {
        let mut world = World::new(0);
        world.pay_dollars(1, 100);
        world.mine();
        let id = world.payment(1).id;
        change(world.payments.get_mut(&id).expect("it was seen"));
        world.revert(1);
        assert_eq!(world.payment(1).settlement_status, SettlementStatus::Manual);
        world.pay_dollars(1, 100);
        world.mine();
        assert_eq!(world.payment(1).settlement_status, expected);
        let is_free = expected == SettlementStatus::Pending;
        assert_eq!(world.payment(1).free().0 > 0, is_free, "{expected:?}");
    }
}

#[test]
fn a_sweep_that_ends_while_its_payment_is_gone_is_settled_when_it_comes_back() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.mine();
    let id = world.payment(1).id;
    let known = |world: &mut World, change: &dyn Fn(&mut Payment)| {
        change(world.payments.get_mut(&id).expect("it was seen"));
    };
    known(&mut world, &|payment| {
        payment.settle(SettlementId(1), NETWORK);
    });
    world.revert(1);
    known(&mut world, &|payment| payment.settled("0x3"));
    world.pay_dollars(1, 100);
    world.mine();
    assert_eq!(world.payment(1).settlement_status, SettlementStatus::Settled);
}
