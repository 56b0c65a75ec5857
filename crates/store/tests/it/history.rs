//! History: events filtered and paged, on both engines, against the same filter in plain Rust.

use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::{Entry, EntryKind, EventType, NewEntry, Notice, Origin, Selection, Subject};
use domain::ids::{InvoiceId, MerchantId, RowKey};
use domain::time::{MINUTE_MS, Timestamp};
use store::{EventFilter, Store, Walk};

use crate::engines::for_each_engine;
use crate::given::{SHOP, START, key};

const ENTRIES: i64 = 240;
const BACK: Walk = Walk::Back { before: None, not_before: 0 };

fn kind(number: i64) -> EntryKind {
    match number % 5 {
        0 => EntryKind::Event(EventType::InvoiceCreated),
        1 => EntryKind::Event(EventType::InvoiceUpdated),
        2 => EntryKind::Event(EventType::PaymentQuoteUpdated),
        3 => EntryKind::Event(EventType::CommerceOrderUpdated),
        _ => EntryKind::Notice(Notice::KeyChanged),
    }
}

fn entry(number: i64) -> NewEntry {
    let of = |step: i64, name: &str| (number % step == 0).then(|| key(name));
    NewEntry {
        merchant_id: if number % 7 == 0 { MerchantId(SHOP.0 + 1) } else { SHOP },
        environment: Environment::ALL[usize::from(number % 3 == 0)],
        kind: kind(number),
        created_at: START.plus_ms(number * MINUTE_MS),
        subject: Subject {
            invoice_id: of(4, "invoice"),
            order_id: of(6, "order"),
            is_commerce: number % 10 == 3,
            ..Subject::default()
        },
        data: format!("{{\"object\":{number}}}"),
        origin: Origin::default(),
        pending_webhooks: 0,
    }
}

async fn fill(store: &Store) -> Vec<Entry> {
    for number in 0..ENTRIES {
        let mut changes = Changes::of(SHOP);
        changes.tell(entry(number));
        store.commit(changes).await.expect("commits");
    }
    store.log_after(0, 0, ENTRIES).await.expect("reads")
}

fn is_wanted(filter: &EventFilter, entry: &Entry) -> bool {
    let of = &entry.entry;
    let Some(kind) = of.kind.public() else { return false };
    let is = |wanted: Option<RowKey>, found| wanted.is_none_or(|wanted| found == Some(wanted));
    of.merchant_id == filter.merchant_id
        && filter.environment.is_none_or(|one| one == of.environment)
        && filter.selection.contains(kind)
        && (!filter.is_commerce_only || of.subject.is_commerce)
        && is(filter.invoice_id.map(InvoiceId::key), of.subject.invoice_id)
        && is(filter.order_id, of.subject.order_id)
        && filter.created_from.is_none_or(|from| of.created_at >= from)
        && filter.created_to.is_none_or(|to| of.created_at <= to)
}

fn filters() -> Vec<EventFilter> {
    let all = EventFilter::of(SHOP);
    let orders = Selection::of(|kind| kind == EventType::CommerceOrderUpdated);
    let (from, to) = (START.plus_ms(31 * MINUTE_MS), START.plus_ms(170 * MINUTE_MS));
    let invoice_id = Some(InvoiceId::from(key("invoice")));
    vec![
        all.clone(),
        EventFilter { environment: Some(Environment::Mainnet), ..all.clone() },
        EventFilter { selection: orders, ..all.clone() },
        EventFilter { is_commerce_only: true, ..all.clone() },
        EventFilter { is_commerce_only: true, selection: orders, ..all.clone() },
        EventFilter { invoice_id, ..all.clone() },
        EventFilter { order_id: Some(key("order")), ..all.clone() },
        EventFilter { invoice_id, order_id: Some(key("order")), ..all.clone() },
        EventFilter { created_from: Some(from), created_to: Some(to), ..all.clone() },
        EventFilter { invoice_id, created_from: Some(from), selection: orders, ..all.clone() },
        EventFilter { selection: Selection::of(|_| false), ..all },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_answers_what_it_says_in_pages_of_any_direction() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let all = fill(&store).await;
        for filter in filters() {
            let wanted: Vec<i64> = all
                .iter()
                .filter(|entry| is_wanted(&filter, entry))
                .map(|entry| entry.sequence)
                .collect();
            let mut found = Vec::new();
            let mut walk = BACK;
            loop {
                let page = store.events(&filter, walk, 7).await.expect("reads");
                found.extend(page.iter().map(|entry| entry.sequence));
                let Some(last) = page.last().filter(|_| page.len() == 7) else { break };
                walk = Walk::Back { before: Some(last.sequence), not_before: 0 };
            }
            found.reverse();
            assert_eq!(found, wanted, "{filter:?}");
            let mut found = Vec::new();
            let mut after = 20;
            loop {
                let walk = Walk::Forth { after, up_to: Some(200) };
                let page = store.events(&filter, walk, 9).await.expect("reads");
                found.extend(page.iter().map(|entry| entry.sequence));
                let Some(last) = page.last().filter(|_| page.len() == 9) else { break };
                after = last.sequence;
            }
            let within: Vec<i64> =
                wanted.into_iter().filter(|sequence| (21..=200).contains(sequence)).collect();
            assert_eq!(found, within, "{filter:?}");
        }
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_becomes_a_place_with_nothing_of_it_before() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let empty = store.place_of(0, START).await.expect("reads");
        assert_eq!(empty, 1);
        let all = fill(&store).await;
        for time in [0, START.0 - 1, START.0, START.0 + 77 * MINUTE_MS, i64::MAX] {
            let time = Timestamp(time);
            let place = store.place_of(0, time).await.expect("reads");
            let is_before = |entry: &&Entry| entry.sequence < place;
            let mut skipped = all.iter().filter(is_before);
            assert!(skipped.all(|entry| entry.entry.created_at < time), "{time:?} {place}");
            let close = all.iter().filter(|entry| entry.entry.created_at < time).count();
            let place = usize::try_from(place).expect("positive");
            assert!(close <= place + 2, "{time:?}: {place} is far before {close}");
        }
        assert_eq!(store.log_tail(0).await, Ok(1));
        let one = store.entry(0, 17).await.expect("reads");
        assert_eq!(one.as_ref(), all.get(16));
        assert_eq!(store.entry(0, ENTRIES + 1).await, Ok(None));
        let headings = store.headings_after(0, 3, 5).await.expect("reads");
        for (heading, entry) in headings.iter().zip(&all[3..8]) {
            let of = &entry.entry;
            assert_eq!((heading.sequence, heading.kind), (entry.sequence, of.kind));
            assert_eq!(heading.merchant_id, of.merchant_id);
            assert_eq!((heading.environment, heading.created_at), (of.environment, of.created_at));
            assert_eq!(heading.object_id, of.subject.object_id);
        }
        assert_eq!(headings.len(), 5);
        store.close().await;
    })
    .await;
}
