//! What counts as paid, and as a ramp user's, when some of it goes back.
//!
//! Invariant: nobody is credited what went back to a payor, and nothing that went back pays.

use super::*;

#[test]
fn who_is_about_to_be_forgotten_is_credited_and_the_erase_meets_a_conflict() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    for _ in 0..REQUIRED {
        world.mine();
    }
    let paid = world.payments.values().next().expect("a payment").clone();
    assert_eq!(paid.posting, Posting::Merchant);
    let open = crate::onramp::tests::user();
    let closed = open.clone().close(START).expect("closes");
    let erased = closed.clone().erase(START);
    // Whether he is credited, how often his row is written, and how often it is only guarded.
    let cases = [(open, true, 0, 2), (closed, true, 1, 0), (erased, false, 0, 0)];
    for (user, is_credited, written, guarded) in cases {
        let crediting = Crediting { user, deposits: Vec::new() };
        let (mut fresh, mut changes) = (world.fresh(), Changes::of(MerchantId(1)));
        for mut payment in [paid.clone(), paid.clone()] {
            crediting.give(&mut payment, &mut changes, &mut fresh);
            assert_eq!(payment.posting == Posting::User, is_credited);
        }
        let is_user = |row: &&Record| matches!(row, Record::RampUser(_));
        let users = changes.updates.iter().filter(is_user).count();
        assert_eq!((users, changes.guards.len()), (written, guarded));
    }
}

/// Asks for all of one payment back, and writes the invoice and its payments as that leaves them.
fn refund_all_of(world: &mut World, number: u8) -> Refund {
    use crate::refund::{Passage, RefundAsk, Share, create, draw_from, give_back};
    let payment = world.payment(number).clone();
    let invoice = world.invoice.clone();
    let ask = RefundAsk {
        invoice: &invoice,
        token_id: None,
        payment_id: Some(payment.id),
        amount: None,
        network: NETWORK,
        destination: "0x0000000000000000000000000000000000000001",
        share: Share::Arrived,
        by: Actor::Operator,
        origin: Origin::default(),
    };
    let all = [payment.clone()];
    let given = give_back(&ask, &all).expect("something to give back");
    let drawn = draw_from(given.amount, &all, &|_| Some(0)).expect("it stands there");
    let mut touched = Touched::default();
    touched.add(payment, invoice.clone());
    let looked = (touched, Passage::Open(Vec::new()), world.head);
    let (refund, changes) = create(ask, given, drawn, looked, &mut world.fresh());
    take_rows(world, changes);
    refund
}

fn take_rows(world: &mut World, changes: Changes) {
    for record in changes.inserts.into_iter().chain(changes.updates) {
        match record {
            Record::Invoice(invoice) => world.invoice = *invoice,
            Record::Payment(payment) => drop(world.payments.insert(payment.id, *payment)),
            _ => {}
        }
    }
}

#[test]
fn what_goes_back_before_the_invoice_is_paid_pays_for_nothing() {
    let mut world = World::new(0);
    world.pay_dollars(1, 40);
    world.mine();
    let refund = refund_all_of(&mut world, 1);
    assert_eq!(world.invoice.amount_paid, Usd::ZERO);
    world.pay_dollars(2, 60);
    world.mine();
    assert_eq!(world.invoice.status, InvoiceStatus::Underpaid, "40 of it went back");
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(60));
    let mut touched = Touched::default();
    touched.add(world.payment(1).clone(), world.invoice.clone());
    let mut changes = Changes::of(world.invoice.merchant_id);
    let now = world.now;
    refund.cancel(Some(&world.invoice), &mut touched, &mut changes, now);
    touched.save(world.head, &mut changes, now);
    take_rows(&mut world, changes);
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(100), "it stays after all");
    assert_eq!(world.payment(1).outflow.refunded, TokenAmount::ZERO);
}

#[test]
fn a_refund_of_a_paid_invoice_leaves_it_paid() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.mine();
    refund_all_of(&mut world, 1);
    assert_eq!(world.invoice.status, InvoiceStatus::Paid);
    assert_eq!(world.invoice.amount_paid, Usd::from_dollars(100));
}

#[test]
fn a_ramp_user_is_credited_only_what_did_not_go_back() {
    let mut world = World::new(0);
    world.pay_dollars(1, 100);
    world.mine();
    let mut payment = world.payment(1).clone();
    payment.outflow.refunded = TokenAmount(40_000_000);
    let user = crate::payout::tests::user();
    let crediting = Crediting { user, deposits: Vec::new() };
    let mut changes = Changes::of(payment.merchant_id);
    crediting.give(&mut payment, &mut changes, &mut world.fresh());
    assert_eq!(payment.posting, Posting::User);
    let moved: Vec<_> = changes.transfers.iter().map(|transfer| transfer.amount.0).collect();
    assert_eq!(moved, [60_000_000]);
    let mut wholly = world.payment(1).clone();
    wholly.outflow.refunded = wholly.amount;
    crediting.give(&mut wholly, &mut changes, &mut world.fresh());
    assert_eq!(wholly.posting, Posting::Merchant, "nothing is left to give");
}
