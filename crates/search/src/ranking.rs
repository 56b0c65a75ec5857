//! In which order found products are answered, and the first of them.
//!
//! Ranks are whole numbers made of columns, the higher the better; among equals the key decides.
//! Invariant: the order depends on products and query alone, never on how segments were merged.

use std::sync::Arc;

use domain::money::Usd;
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, SegmentReader};

use crate::document::Retailer;
use crate::found::PriceRange;
use crate::matching::Match;
use crate::query::{Query, Sort, Stock};
use crate::schema::{FACTS, Facts, PRICE, TIE, UPDATED, positive};

/// Products whose columns are read at once.
const CHUNK: usize = 512;

/// How much a point of words' worth outweighs a point of quality.
const WORDS_FACTOR: u64 = 8;
/// What a product has too little that cannot be bought now.
const OUT_OF_STOCK: u64 = 60;

/// One that may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) rank: u64,
    tie: u64,
    pub(crate) segment: u32,
    pub(crate) doc: DocId,
}

impl Ranked {
    fn order(&self) -> (std::cmp::Reverse<u64>, u64, u32, DocId) {
        (std::cmp::Reverse(self.rank), self.tie, self.segment, self.doc)
    }
}

/// The best so far; never more than twice as many as are asked for.
pub(crate) struct Best {
    asked: usize,
    held: Vec<Ranked>,
    /// The rank below which nobody gets in any more.
    rank_min: u64,
}

impl Best {
    pub(crate) fn new(asked: usize) -> Best {
        Best { asked, held: Vec::with_capacity(asked * 2), rank_min: 0 }
    }

    fn offer(&mut self, rank: u64, ranked: impl FnOnce() -> Ranked) {
        if self.asked == 0 || rank < self.rank_min {
            return;
        }
        self.held.push(ranked());
        if self.held.len() >= self.asked * 2 {
            self.held.select_nth_unstable_by_key(self.asked - 1, Ranked::order);
            self.held.truncate(self.asked);
            self.rank_min = self.held[self.asked - 1].rank;
        }
    }

    /// In order, from an offset on.
    pub(crate) fn from(mut self, offset: usize) -> Vec<Ranked> {
        self.held.sort_unstable_by_key(Ranked::order);
        self.held.truncate(self.asked);
        self.held.split_off(offset.min(self.held.len()))
    }
}

/// What is counted of everything found, while it is ranked.
#[derive(Default)]
pub(crate) struct Counted {
    pub(crate) retailers: [usize; Retailer::ALL.len() + 2],
    pub(crate) prices: [usize; PriceRange::COUNT * 2],
}

/// Filters that are read from columns.
struct Bounds {
    price: Option<(u64, u64)>,
    rating_min: u64,
    stock: Stock,
}

impl Bounds {
    fn of(query: &Query) -> Bounds {
        let price = (query.price_min.is_some() || query.price_max.is_some()).then(|| {
            let max = query.price_max.unwrap_or(Usd(i64::MAX));
            // A highest price below nothing is passed by nobody, not by what is free.
            let min =
                if max.0 < 0 { u64::MAX } else { positive(query.price_min.unwrap_or(Usd(0))) };
            (min, positive(max))
        });
        let rating_min = query.rating_min_hundredths.map_or(0, |rating| rating.clamp(0, 500) + 1);
        Bounds { price, rating_min: rating_min.cast_unsigned(), stock: query.stock }
    }

    fn passed_by(&self, facts: Facts) -> bool {
        let in_stock = match self.stock {
            Stock::Any => true,
            Stock::InStockOnly => facts.is_in_stock(),
        };
        in_stock && facts.rating() >= self.rating_min
    }

    fn are_none(&self) -> bool {
        self.price.is_none() && self.rating_min == 0 && self.stock == Stock::Any
    }
}

/// The columns of a segment.
struct Columns {
    facts: Arc<dyn ColumnValues<u64>>,
    price: Arc<dyn ColumnValues<u64>>,
    updated: Arc<dyn ColumnValues<u64>>,
    tie: Arc<dyn ColumnValues<u64>>,
}

impl Columns {
    fn of(segment: &SegmentReader) -> tantivy::Result<Columns> {
        let column = |name| segment.fast_fields().column_first_or_default::<u64>(name);
        Ok(Columns {
            facts: column(FACTS)?,
            price: column(PRICE)?,
            updated: column(UPDATED)?,
            tie: column(TIE)?,
        })
    }
}

/// What a page is taken from: an order, and where in the segments it is applied.
pub(crate) struct Ranking<'a> {
    query: &'a Query,
    words: u64,
    bounds: Bounds,
    pub(crate) best: Best,
    pub(crate) counted: Counted,
}

impl<'a> Ranking<'a> {
    pub(crate) fn new(query: &'a Query, words: usize) -> Ranking<'a> {
        Ranking {
            query,
            words: words as u64,
            bounds: Bounds::of(query),
            best: Best::new(query.offset() + query.limit()),
            counted: Counted::default(),
        }
    }

    /// Ranks what was matched in a segment and leaves in it what passes the filters of columns.
    pub(crate) fn take(
        &mut self,
        ordinal: u32,
        segment: &SegmentReader,
        matches: &mut Vec<Match>,
    ) -> tantivy::Result<()> {
        let columns = Columns::of(segment)?;
        if let Some(alive) = segment.alive_bitset() {
            matches.retain(|a_match| alive.is_alive(a_match.doc));
        }
        let mut kept = 0;
        let mut docs: Vec<DocId> = Vec::with_capacity(CHUNK);
        let (mut facts, mut values) = (vec![0; CHUNK], vec![0; CHUNK]);
        for start in (0..matches.len()).step_by(CHUNK) {
            let end = matches.len().min(start + CHUNK);
            docs.clear();
            docs.extend(matches[start..end].iter().map(|a_match| a_match.doc));
            columns.facts.get_vals(&docs, &mut facts[..docs.len()]);
            if let Some((min, max)) = self.bounds.price {
                columns.price.get_vals(&docs, &mut values[..docs.len()]);
                for (fact, price) in facts.iter_mut().zip(&values[..docs.len()]) {
                    if !(min..=max).contains(price) {
                        *fact = REFUSED;
                    }
                }
            }
            self.read_sorted(&columns, &docs, &mut values);
            for index in 0..docs.len() {
                let a_match = matches[start + index];
                let fact = Facts(facts[index]);
                if fact.0 == REFUSED || (!self.bounds.are_none() && !self.bounds.passed_by(fact)) {
                    continue;
                }
                matches[kept] = a_match;
                kept += 1;
                self.counted.retailers[fact.retailer()] += 1;
                self.counted.prices[fact.price_range()] += 1;
                let rank = self.rank(a_match, fact, values[index]);
                let (doc, tie) = (a_match.doc, &columns.tie);
                let ranked = || Ranked { rank, tie: tie.get_val(doc), segment: ordinal, doc };
                self.best.offer(rank, ranked);
            }
        }
        matches.truncate(kept);
        Ok(())
    }

    /// Reads the column that the order is made of, if there is one beside the facts.
    fn read_sorted(&self, columns: &Columns, docs: &[DocId], values: &mut [u64]) {
        let column = match self.query.sort {
            Sort::PriceAsc | Sort::PriceDesc => &columns.price,
            Sort::Newest => &columns.updated,
            Sort::Relevance if self.words == 0 => &columns.updated,
            Sort::Relevance | Sort::Rating => return,
        };
        column.get_vals(docs, &mut values[..docs.len()]);
    }

    fn rank(&self, a_match: Match, facts: Facts, value: u64) -> u64 {
        match self.query.sort {
            Sort::PriceAsc => u64::MAX - value,
            Sort::PriceDesc | Sort::Newest => value,
            Sort::Rating => facts.rating() << 8 | facts.quality(),
            // The newest of what is rated alike: a time in milliseconds has 41 bits.
            Sort::Relevance if self.words == 0 => facts.quality() << 48 | value.min((1 << 48) - 1),
            Sort::Relevance => {
                let words_worth = u64::from(a_match.words_worth) * WORDS_FACTOR / self.words;
                let in_title = u64::from(a_match.words_in_title).min(facts.title_words());
                let of_title = in_title * 100 / facts.title_words().max(1);
                let stock = if facts.is_in_stock() { OUT_OF_STOCK } else { 0 };
                words_worth + of_title + facts.quality() + stock
            }
        }
    }
}

/// Stands for the facts of what a filter has refused: no product has these bits.
const REFUSED: u64 = u64::MAX;
