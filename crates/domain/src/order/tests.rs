//! Moves of an order: whatever is asked of it, in whatever order, its pieces are taken once and
//! given back once, and money that was paid is never forgotten.

use proptest::prelude::*;

use super::*;
use crate::address::Address;
use crate::estimate::{Estimate, HELD_MS};
use crate::ids::{Fresh, OfferId, ShippingAddressId};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::merchant::Merchant;
use crate::refusal::Refusal;
use crate::shipping_address::ShippingAddress;

const START: Timestamp = Timestamp(1_766_320_496_000);
const PIECES: i64 = 3;

/// An order of three counted pieces, or of an outside offer, and its invoice.
fn made(outside: Option<&str>) -> (Order, Invoice) {
    let mut fresh = Fresh::new(START, [5; 16]);
    let merchant = Merchant::new(MerchantId(1), "Shop", "a@example.com", START);
    let shopper = Shopper::Customer("c".into());
    let environment = Environment::Mainnet;
    let address = ShippingAddress {
        id: ShippingAddressId::fresh(&mut fresh),
        merchant_id: merchant.id,
        environment,
        shopper: shopper.clone(),
        postal: PostalAddress::default(),
        validated_at: None,
        removed_at: None,
        created_at: START,
        version: 1,
    };
    let offer_id = OfferId::fresh(&mut fresh);
    let offer = match outside {
        Some(number) => Chosen::Outside { offer_id: number.into() },
        None => Chosen::Own { offer_id, is_counted: true },
    };
    let line = EstimateLine {
        product_id: "cup".into(),
        retailer: Retailer::Other,
        title: "Cup".into(),
        image: None,
        quantity: u32::try_from(PIECES).expect("few"),
        price: Usd::from_dollars(5),
        shipping: Usd::ZERO,
        seller_name: "Shop".into(),
        offer,
    };
    let total = line.total();
    let estimate = Estimate {
        id: EstimateId::fresh(&mut fresh),
        merchant_id: merchant.id,
        environment,
        shopper,
        valid: vec![line],
        invalid: Vec::new(),
        pricing: Pricing { subtotal: total, total, ..Pricing::default() },
        address_id: Some(address.id),
        shipping_option: None,
        order_id: None,
        created_at: START,
        expires_at: START.plus_ms(HELD_MS),
        version: 1,
    };
    let product = crate::product::Product {
        merchant_id: merchant.id,
        environment,
        retailer: Retailer::Other,
        product_id: "cup".into(),
        title: "Cup".into(),
        description: None,
        brand: None,
        categories: Vec::new(),
        images: Vec::new(),
        url: None,
        bullets: Vec::new(),
        attributes: std::collections::BTreeMap::new(),
        rating: None,
        review_count: 0,
        parent_id: None,
        specifics: Vec::new(),
        variants: Vec::new(),
        offers: vec![crate::product::Offer {
            id: offer_id,
            seller_id: None,
            seller_name: "Shop".into(),
            price: Usd::from_dollars(5),
            shipping: Usd::ZERO,
            condition: crate::product::Condition::New,
            handling_days: crate::product::HandlingDays { min: 1, max: 2 },
            is_international: false,
            is_counted: true,
            declared: None,
        }],
        created_at: START,
        updated_at: START,
        removed_at: None,
        version: 1,
    };
    let ask = OrderAsk {
        estimate: &estimate,
        address: &address,
        merchant: &merchant,
        products: &[product],
        outside: Vec::new(),
        refund_destination: None,
        origin: Origin::default(),
    };
    let made = create(ask, &mut fresh).expect("a valid ask");
    assert_eq!(stock_moved(&made.changes), if outside.is_some() { 0 } else { -PIECES });
    (made.order, made.invoice)
}

/// By how much the stock moved.
fn stock_moved(changes: &Changes) -> i64 {
    let stock = changes.counters.iter().filter(|one| one.floor == Some(0));
    stock.map(|one| one.by).sum()
}

fn destination() -> RefundDestination {
    let address = Address::from_payload(Network::Bsc.family(), Environment::Mainnet, &[9; 32]);
    RefundDestination { network: Network::Bsc, address: address.as_str().to_owned() }
}

/// Everything that can be asked of an order.
const ACTS: u8 = 16;

fn act(
    order: &Order,
    invoice: &Invoice,
    number: u8,
    changes: &mut Changes,
    fresh: &mut Fresh,
) -> Result<Order, Refusal> {
    let now = fresh.now();
    let by = Actor::Member("m".into());
    let payment = OrderPayment { paid_at: Some(now), ..OrderPayment::default() };
    let of = |status| Invoice { status, paid_at: Some(now), ..invoice.clone() };
    let mut following = |invoice: Invoice| {
        let seen = Seen { invoice: &invoice, payments: &[], refund: None };
        Ok(order.followed(seen, changes, now))
    };
    match number % ACTS {
        0 => following(of(InvoiceStatus::Paid)),
        1 => following(of(InvoiceStatus::Expired)),
        2 => following(of(InvoiceStatus::Canceled)),
        3 => order.clone().settled(None, None, now),
        4 => order.clone().placed(now),
        5 => order.clone().shipped(None, fresh),
        6 => order.clone().delivered(None, fresh),
        7 => order.clone().failed_by_merchant("failed", by, changes, now),
        8 => order.clone().fulfilled(None, fresh).map(|mut steps| steps.pop().expect("a step")),
        9 => order.clone().accepted(payment, &[], changes, now),
        10 => {
            let ask = CancelAsk { by, destination: None };
            order.clone().cancel(ask, invoice, changes, now).map(|done| done.0)
        }
        11 => {
            let ask = CancelAsk { by, destination: Some(destination()) };
            let short = Invoice { payments_seen: 1, ..invoice.clone() };
            order.clone().cancel(ask, &short, changes, now).map(|done| done.0)
        }
        12 => order.clone().cancelled_by_simulator(by, changes, now),
        13 => order.clone().refund_sent(None, now),
        14 => match order.asking(now) {
            Some((asking, intent)) => {
                let answers = [Answered::Refused, Answered::Unknown];
                let answer = answers[usize::from(number / ACTS) % 2].clone();
                Ok(intent.answered(asking, answer, changes, fresh))
            }
            None => Ok(order.clone()),
        },
        _ => match order.asking(now) {
            Some((asking, intent)) => {
                let states = [
                    ReportState::Placed,
                    ReportState::Shipped(Tracking::default()),
                    ReportState::Delivered(Tracking::default()),
                    ReportState::Canceled,
                ];
                let state = states[usize::from(number / ACTS) % 4].clone();
                let report = Report { retailer_order_id: "r".into(), state };
                Ok(intent.answered(asking, Answered::Report(report), changes, fresh))
            }
            None => Ok(order.clone()),
        },
    }
}

proptest! {
    #[test]
    fn pieces_and_money_stay_whole(
        is_outside: bool,
        acts in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let (mut order, invoice) = made(is_outside.then_some("B0"));
        let whole = if is_outside { 0 } else { PIECES };
        let mut taken = whole;
        for (at, number) in acts.into_iter().enumerate() {
            let now = START.plus_ms(i64::try_from(at).expect("few"));
            let mut fresh = Fresh::new(now, [number; 16]);
            let mut changes = Changes::of(order.merchant_id);
            let before = order.clone();
            if let Ok(after) = act(&before, &invoice, number, &mut changes, &mut fresh) {
                taken -= stock_moved(&changes);
                order = after;
            } else {
                prop_assert_eq!(stock_moved(&changes), 0);
            }
            prop_assert_eq!(taken, if order.holds_stock { whole } else { 0 });
            let is_over = matches!(order.status, OrderStatus::Cancelled | OrderStatus::Failed);
            prop_assert_eq!(order.holds_stock, !is_over);
            let was_paid = order.payment.paid_at.is_some();
            let is_owed = order.refund.status != OrderRefundStatus::None;
            prop_assert_eq!(is_owed, is_over && was_paid);
            prop_assert!(order.timeline.len() <= MOMENTS_MAX);
            prop_assert_eq!(order.timeline.last().map(|moment| moment.status), Some(order.status));
            // Nothing is ever un-sent, and nobody gets money twice.
            if before.refund.status == OrderRefundStatus::Sent {
                prop_assert_eq!(order.refund.status, OrderRefundStatus::Sent);
            }
            if before.status == OrderStatus::Delivered {
                prop_assert_eq!(order.status, OrderStatus::Delivered);
            }
        }
    }
}

#[test]
fn what_is_told_twice_moves_once() {
    let (order, invoice) = made(None);
    let paid = Invoice { status: InvoiceStatus::Paid, paid_at: Some(START), ..invoice };
    let seen = Seen { invoice: &paid, payments: &[], refund: None };
    let mut changes = Changes::of(order.merchant_id);
    let once = order.followed(seen, &mut changes, START);
    assert_eq!((once.status, changes.entries.len()), (OrderStatus::Processing, 1));
    let mut changes = Changes::of(order.merchant_id);
    assert_eq!(once.followed(seen, &mut changes, START.plus_ms(1)), once);
    assert!(changes.is_empty());
}

#[test]
fn an_order_that_is_asked_for_again_and_again_stays_small() {
    let (order, invoice) = made(None);
    let mut changes = Changes::of(order.merchant_id);
    let payment = OrderPayment { paid_at: Some(START), ..OrderPayment::default() };
    let mut order = order.paid(payment, START).expect("is open");
    let ask = || CancelAsk { by: Actor::Operator, destination: Some(destination()) };
    for _ in 0..200 {
        order = order.cancel(ask(), &invoice, &mut changes, START).expect("waits for it").0;
        order = order.refund_not_possible("not there", START);
    }
    assert_eq!(order.timeline.len(), MOMENTS_MAX);
    assert_eq!(order.timeline[0].status, OrderStatus::PendingPayment);
}

/// Paid and settled, on its way to a retailer.
fn settled(order: Order) -> Order {
    let payment = OrderPayment { paid_at: Some(START), ..OrderPayment::default() };
    let order = order.paid(payment, START).expect("is open");
    order.settled(None, None, START).expect("is paid")
}

#[test]
fn what_left_while_it_was_taken_back_is_followed_to_the_door() {
    let (order, invoice) = made(Some("B0"));
    let mut fresh = Fresh::new(START, [7; 16]);
    let mut changes = Changes::of(order.merchant_id);
    let (_, order) = settled(order).asking(START).expect("a retailer is to be asked");
    let ask = CancelAsk { by: Actor::Operator, destination: None };
    let order = order.cancel(ask, &invoice, &mut changes, START).expect("may be").0;
    assert_eq!(order.cancellation, Cancellation::Requested);
    let report =
        Report { retailer_order_id: "r".into(), state: ReportState::Shipped(Tracking::default()) };
    let answered = Answered::Report(report);
    let order = order.answered(Asking::Cancel, answered, &mut changes, &mut fresh);
    assert_eq!(order.status, OrderStatus::Shipped);
    assert_eq!(order.cancellation, Cancellation::Rejected);
    assert!(matches!(order.placement, Placement::Placed { .. }));
    assert_eq!(order.asking(START).map(|asked| asked.0), Some(Asking::Track));
    assert_eq!(stock_moved(&changes), 0);
}

#[test]
fn what_no_retailer_was_asked_for_the_merchant_sends() {
    let (order, _) = made(Some("B0"));
    let mut fresh = Fresh::new(START, [7; 16]);
    let waiting = settled(order);
    let steps = waiting.clone().fulfilled(None, &mut fresh).expect("is his");
    assert_eq!(steps[0].status, OrderStatus::Placed);
    let sent = steps[1].clone();
    assert_eq!((sent.status, sent.due_at), (OrderStatus::Shipped, None));
    assert_eq!(sent.asking(START), None);
    let (_, asked) = waiting.asking(START).expect("a retailer is to be asked");
    let refusal = Refusal::OrderStep { from: "processing", step: "fulfill" };
    assert_eq!(asked.fulfilled(None, &mut fresh), Err(refusal));
}

#[test]
fn nobody_is_asked_for_what_is_not_paid_any_more() {
    let (order, invoice) = made(Some("B0"));
    let mut order = settled(order);
    order.payment.taken_back_at = Some(START);
    assert_eq!(order.asking(START), None);
    // Asked once, but it is not known whether that was heard.
    let mut asked = settled(made(Some("B0")).0).asking(START).expect("is to be asked").1;
    asked.payment.taken_back_at = Some(START);
    assert_eq!(asked.asking(START), None);
    let amount_paid = invoice.amount;
    let paid = Invoice { status: InvoiceStatus::Paid, amount_paid, ..invoice };
    let seen = Seen { invoice: &paid, payments: &[], refund: None };
    for held_up in [order, asked] {
        let waiting = Order { due_at: None, ..held_up };
        let mut changes = Changes::of(waiting.merchant_id);
        let again = waiting.followed(seen, &mut changes, START.plus_ms(1));
        assert_eq!(again.due_at, Some(START.plus_ms(1)));
        assert_eq!(again.asking(START).map(|asked| asked.0), Some(Asking::Place));
    }
}

#[test]
fn to_ask_is_no_news() {
    let waiting = settled(made(Some("B0")).0);
    let later = START.plus_ms(60_000);
    let (_, asked) = waiting.asking(later).expect("is to be asked");
    assert_eq!(asked.view(), waiting.view());
    let (_, again) = asked.asking(later.plus_ms(60_000)).expect("is to be asked again");
    assert_eq!(again.view(), waiting.view());
}

#[test]
fn what_was_to_be_given_up_is_paid_first_and_then_given_up() {
    let (order, invoice) = made(None);
    let mut changes = Changes::of(order.merchant_id);
    let ask = CancelAsk { by: Actor::Operator, destination: None };
    let short = Invoice { payments_seen: 1, ..invoice };
    let order = order.cancel(ask, &short, &mut changes, START).expect("may be").0;
    let paid = Invoice { status: InvoiceStatus::Paid, paid_at: Some(START), ..short };
    let seen = Seen { invoice: &paid, payments: &[], refund: None };
    let mut changes = Changes::of(order.merchant_id);
    let over = order.followed(seen, &mut changes, START);
    let events = changes.entries.iter().filter(|entry| entry.subject.is_commerce);
    assert_eq!(over.status, OrderStatus::Cancelled);
    let orders = EntryKind::Event(EventType::CommerceOrderUpdated);
    assert_eq!(events.filter(|entry| entry.kind == orders).count(), 2);
}
