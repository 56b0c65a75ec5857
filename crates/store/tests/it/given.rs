//! What the tests commit: invoices by the thousand, and small rows to contend for.

use domain::changes::{Changes, CounterMove};
use domain::claim::Claim;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::invoice::{Created, InvoiceAsk, create};
use domain::merchant::Merchant;
use domain::money::Usd;
use domain::slot::Slot;
use domain::time::Timestamp;

pub const START: Timestamp = Timestamp(1_766_320_496_000);
pub const SHOP: MerchantId = MerchantId(7);

pub fn key(text: &str) -> RowKey {
    RowKey::of("test", &[text.as_bytes()])
}

/// Invoice number `number` of a merchant, as the domain makes it.
pub fn invoice_of(merchant_id: MerchantId, number: u64) -> Created {
    let now = START.plus_ms(i64::try_from(number).expect("few"));
    let merchant = Merchant::new(merchant_id, "Shop", "owner@shop.example", now);
    let ask = InvoiceAsk { amount: Usd::from_dollars(25), ..InvoiceAsk::default() };
    let mut seed = [0; 16];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    // A seed's last bit does not count.
    seed[8..].copy_from_slice(&(merchant_id.0 << 1).to_be_bytes());
    let mut fresh = Fresh::new(now, seed);
    let origin = Origin::default();
    let created = create(ask, &merchant, Environment::Devnet, origin, &mut fresh);
    let mut created = created.expect("a valid ask");
    // A row of a second table, so that a change that is torn apart shows.
    created.changes.insert(created.session.clone());
    created
}

pub fn invoice(number: u64) -> Created {
    invoice_of(SHOP, number)
}

pub fn claim(text: &str) -> Claim {
    Claim::new(key(text), key("target"))
}

/// A change that takes a business key and nothing else.
pub fn claiming(text: &str) -> Changes {
    let mut changes = Changes::of(SHOP);
    changes.insert(claim(text));
    changes
}

/// A small mutable row; `until` is what the tests change.
pub fn slot(text: &str, until: i64, version: i64) -> Slot {
    Slot { key: key(text), owner: key("owner"), until: Timestamp(until), version }
}

pub fn inserting_slot(text: &str) -> Changes {
    let mut changes = Changes::of(SHOP);
    changes.insert(slot(text, 0, 0));
    changes
}

pub fn updating_slot(text: &str, until: i64, version: i64) -> Changes {
    let mut changes = Changes::of(SHOP);
    changes.update(slot(text, until, version));
    changes
}

/// Bounds of a counter.
#[derive(Clone, Copy, Default)]
pub struct Bounds {
    pub floor: Option<i64>,
    pub ceiling: Option<i64>,
}

pub fn counting(name: &str, by: i64, bounds: Bounds) -> Changes {
    let mut changes = Changes::of(SHOP);
    let Bounds { floor, ceiling } = bounds;
    changes.counters.push(CounterMove {
        merchant_id: SHOP,
        name: name.to_owned(),
        by,
        floor,
        ceiling,
    });
    changes
}
