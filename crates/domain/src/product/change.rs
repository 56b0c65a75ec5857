//! What becomes of a product: put in, changed, put on sale in another number, taken out.
//!
//! How many pieces an offer has is moved relative to what was said or read before: what shoppers
//! bought since, or reserve between the reading and the commit, stays theirs. Whoever follows the
//! log hears of a change of the catalog by one notice for each commit, with the keys of what
//! changed.
//!
//! Invariant: an offer keeps its id as long as it is the same seller's in the same condition, so
//! that a catalog that is imported again leaves carts, estimates and stock as they are.

use std::collections::HashMap;

use super::draft::{OfferDraft, ProductDraft, STOCK_MAX, StockAsk, check_product_id, check_stock};
use super::{Offer, Product, stock_name};
use crate::changes::{Changes, CounterMove};
use crate::environment::Environment;
use crate::event::{NewEntry, Notice, Subject};
use crate::ids::{Fresh, MerchantId, OfferId, RowKey};
use crate::merchant::notice;
use crate::refusal::Refusal;
use crate::retailer::Retailer;
use crate::time::Timestamp;

/// How many pieces each offer has, as it was read.
pub type Stocks = HashMap<OfferId, i64>;

/// A product as asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub whose: (MerchantId, Environment),
    pub product_id: &'a str,
    pub draft: &'a ProductDraft,
}

/// What a product was before.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    pub product: Option<&'a Product>,
    pub stocks: &'a Stocks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    /// It was like that already: nothing is written.
    Unchanged,
}

/// What a put comes to.
#[derive(Debug)]
pub struct Put {
    pub product: Product,
    pub stocks: Stocks,
    pub outcome: Outcome,
    /// Without the notice, so that many can be told of together.
    pub changes: Changes,
}

impl Product {
    /// Makes a product what is asked, whether it was there or not.
    pub fn put(wanted: Wanted<'_>, before: Before<'_>, fresh: &mut Fresh) -> Result<Put, Refusal> {
        let Wanted { whose: (merchant_id, environment), product_id, draft } = wanted;
        check_product_id("productId", product_id)?;
        let draft = draft.clone().check()?;
        let mut changes = Changes::of(merchant_id);
        let there = before.product.filter(|product| !product.is_removed());
        let mut stocks = Stocks::new();
        let mut left: Vec<&Offer> = there.map_or(Vec::new(), |there| there.offers.iter().collect());
        // Those that are named come first, lest an unnamed one takes their place.
        let mut named: Vec<Option<&Offer>> = Vec::with_capacity(draft.offers.len());
        for offer in &draft.offers {
            named.push(offer.id.map(|id| take(&mut left, |one| one.id == id)).transpose()?);
        }
        let mut offers = Vec::with_capacity(draft.offers.len());
        for (asked, named) in draft.offers.into_iter().zip(named) {
            let known = named.or_else(|| take(&mut left, |one| asked.is_same(one)).ok());
            let id = known.map_or_else(|| OfferId::fresh(fresh), |known| known.id);
            let read = known.map_or(0, |_| before.stocks.get(&id).copied().unwrap_or(0));
            let said = known.and_then(|known| known.declared);
            let (is_counted, declared, by) = match asked.stock {
                StockAsk::Unsaid => (known.is_some_and(|known| known.is_counted), said, 0),
                StockAsk::Uncounted => (false, said, 0),
                StockAsk::Pieces(pieces) => {
                    let by = restocked_by(known, pieces, read);
                    (true, Some(pieces), by)
                }
            };
            move_stock(&mut changes, id, by);
            if is_counted {
                stocks.insert(id, read + by);
            }
            offers.push(asked.into_offer(id, (is_counted, declared)));
        }
        let now = fresh.now();
        let mut product = Product {
            merchant_id,
            environment,
            retailer: Retailer::Other,
            product_id: product_id.to_owned(),
            title: draft.title,
            description: draft.description,
            brand: draft.brand,
            categories: draft.categories,
            images: draft.images,
            url: draft.url,
            bullets: draft.bullets,
            attributes: draft.attributes,
            rating: draft.rating,
            review_count: draft.review_count,
            parent_id: draft.parent_id,
            specifics: draft.specifics,
            variants: draft.variants,
            offers,
            created_at: there.map_or(now, |there| there.created_at),
            updated_at: there.map_or(now, |there| there.updated_at),
            removed_at: None,
            version: before.product.map_or(0, |before| before.version),
        };
        let outcome = match there {
            None => Outcome::Created,
            Some(there) if *there == product => match changes.is_empty() {
                true => Outcome::Unchanged,
                false => Outcome::Updated,
            },
            Some(_) => Outcome::Updated,
        };
        // Written for its stock too: two who set a number at once would both move by all of it.
        if outcome != Outcome::Unchanged {
            product.updated_at = now;
            match before.product {
                None => changes.insert(product.clone()),
                Some(_) => changes.update(product.clone()),
            }
        }
        Ok(Put { product, stocks, outcome, changes })
    }

    /// Takes it out of the catalog. Its row stays, so that its number can be used again.
    pub fn remove(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        let removed =
            Product { offers: Vec::new(), removed_at: Some(now), updated_at: now, ..self };
        let whose = (removed.merchant_id, removed.environment);
        changes.tell(changed(whose, &[removed.key()], now));
        changes.update(removed);
        changes
    }

    /// Gives one offer a number of pieces.
    pub fn set_stock(
        &self,
        offer_id: OfferId,
        (read, ask): (i64, StockChange),
        now: Timestamp,
    ) -> Result<Changes, Refusal> {
        let mut changes = Changes::of(self.merchant_id);
        let mut after = Product { updated_at: now, ..self.clone() };
        let Some(offer) = after.offers.iter_mut().find(|offer| offer.id == offer_id) else {
            return Err(Refusal::OfferGone { product_id: self.product_id.clone() });
        };
        let (by, declared) = match ask {
            StockChange::To(pieces) => {
                check_stock("quantity", pieces)?;
                (pieces - read, pieces)
            }
            StockChange::By(by) => {
                if read.checked_add(by).is_none_or(|sum| sum > STOCK_MAX) {
                    return Err(Refusal::invalid("change", "would make too many pieces"));
                }
                let said = offer.declared.unwrap_or(read);
                (by, said.saturating_add(by).clamp(0, STOCK_MAX))
            }
        };
        if by == 0 && offer.is_counted && offer.declared == Some(declared) {
            return Ok(changes);
        }
        offer.is_counted = true;
        offer.declared = Some(declared);
        move_stock(&mut changes, offer_id, by);
        // Written for its number alone too: two who set one at once would both move by all of it.
        changes.update(after);
        changes.tell(changed((self.merchant_id, self.environment), &[self.key()], now));
        Ok(changes)
    }
}

/// How the pieces of an offer are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockChange {
    To(i64),
    By(i64),
}

impl OfferDraft {
    fn is_same(&self, known: &Offer) -> bool {
        self.seller_id == known.seller_id
            && self.seller_name == known.seller_name
            && self.condition == known.condition
    }

    fn into_offer(self, id: OfferId, (is_counted, declared): (bool, Option<i64>)) -> Offer {
        Offer {
            id,
            seller_id: self.seller_id,
            seller_name: self.seller_name,
            price: self.price,
            shipping: self.shipping,
            condition: self.condition,
            handling_days: self.handling_days,
            is_international: self.is_international,
            is_counted,
            declared,
        }
    }
}

fn take<'a>(
    left: &mut Vec<&'a Offer>,
    is_it: impl Fn(&Offer) -> bool,
) -> Result<&'a Offer, Refusal> {
    let at = left.iter().position(|offer| is_it(offer));
    let missing = || Refusal::invalid("offers.offerId", "must be an offer of this product, once");
    at.map(|at| left.remove(at)).ok_or_else(missing)
}

/// By how much a number that is said again moves what is left.
///
/// A number says how many there were to sell, so it is held against the number said before: what
/// was sold in between is not put back. The number that a shopper reads now is what is left, as the
/// catalog shows it, and is taken for that. Fewer than were sold leave none.
fn restocked_by(known: Option<&Offer>, pieces: i64, read: i64) -> i64 {
    let said = known.filter(|known| known.is_counted).and_then(|known| known.declared);
    match said {
        Some(said) if pieces != read => (pieces - said).max(-read).min(STOCK_MAX - read),
        Some(_) | None => pieces - read,
    }
}

fn move_stock(changes: &mut Changes, offer: OfferId, by: i64) {
    if by != 0 {
        let merchant_id = changes.merchant_id;
        let name = stock_name(offer);
        changes.counters.push(CounterMove { merchant_id, name, by, floor: Some(0), ceiling: None });
    }
}

/// What the search index and whoever else follows the catalog hear of: these products are to be
/// read anew. One entry for each commit, however many products are in it.
pub fn changed(whose: (MerchantId, Environment), keys: &[RowKey], now: Timestamp) -> NewEntry {
    of_products(Notice::ProductChanged, whose, keys, now)
}

/// The same of products that lost pieces to an order: they may be sold out by now.
pub fn stock_taken(whose: (MerchantId, Environment), keys: &[RowKey], now: Timestamp) -> NewEntry {
    of_products(Notice::StockTaken, whose, keys, now)
}

fn of_products(
    what: Notice,
    (merchant_id, environment): (MerchantId, Environment),
    keys: &[RowKey],
    now: Timestamp,
) -> NewEntry {
    let first = keys.first().copied().unwrap_or(RowKey([0; 16]));
    let data = serde_json::to_string(&keys.iter().map(|key| key.uuid()).collect::<Vec<_>>());
    NewEntry {
        environment,
        subject: Subject { object_id: Some(first), ..Subject::default() },
        data: data.expect("ids serialize"),
        ..notice(merchant_id, what, first, now)
    }
}

/// The products such an entry names.
pub fn named_keys(entry: &NewEntry) -> Vec<RowKey> {
    let ids: Vec<uuid::Uuid> = serde_json::from_str(&entry.data).unwrap_or_default();
    ids.into_iter().map(RowKey::from).collect()
}
