//! In which order found products are answered, and the first of them.
//!
//! Ranks are whole numbers made of columns, the higher the better; among equals the key decides.
//! Invariant: the order depends on products and query alone, never on how segments were merged.

use domain::money::Usd;
use tantivy::{DocId, SegmentReader};

use crate::document::Retailer;
use crate::matching::{Match, WORTH_MAX};
use crate::query::{QUERY_WORDS_MAX, Query, Sort, Stock};
use crate::schema::{Facts, SHELVES, TITLE_WORDS_MAX, positive};
use crate::snapshot::Products;

/// How much a point of words' worth outweighs a point of quality.
const WORDS_FACTOR: usize = 8;
/// What the share of a title that was asked for counts at most.
const OF_TITLE_MAX: u64 = 100;
/// What a product has too little that cannot be bought now.
const OUT_OF_STOCK: u64 = 60;
/// A later time ranks as this one.
const UPDATED_MAX: u64 = (1 << 48) - 1;

/// One that may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) rank: u64,
    tie: u32,
    pub(crate) segment: u32,
    pub(crate) doc: DocId,
}

impl Ranked {
    fn order(&self) -> (std::cmp::Reverse<u64>, u32, u32, DocId) {
        (std::cmp::Reverse(self.rank), self.tie, self.segment, self.doc)
    }
}

/// The best so far; never more than twice as many as are asked for.
pub(crate) struct Best {
    asked: usize,
    held: Vec<Ranked>,
    /// The rank below which nobody gets in any more, and the place among those who have it.
    worst: (u64, u32),
}

impl Best {
    pub(crate) fn new(asked: usize) -> Best {
        Best { asked, held: Vec::with_capacity(asked * 2), worst: (0, u32::MAX) }
    }

    fn offer(&mut self, ranked: Ranked) {
        let (rank, tie) = self.worst;
        if self.asked == 0 || ranked.rank < rank || (ranked.rank == rank && ranked.tie > tie) {
            return;
        }
        self.held.push(ranked);
        if self.held.len() >= self.asked * 2 {
            self.held.select_nth_unstable_by_key(self.asked - 1, Ranked::order);
            self.held.truncate(self.asked);
            let worst = self.held[self.asked - 1];
            self.worst = (worst.rank, worst.tie);
        }
    }

    /// In order, from an offset on.
    pub(crate) fn from(mut self, offset: usize) -> Vec<Ranked> {
        self.held.sort_unstable_by_key(Ranked::order);
        self.held.truncate(self.asked);
        self.held.split_off(offset.min(self.held.len()))
    }
}

/// What is counted of everything found, while it is ranked: so many of each shelf.
///
/// In two halves: neighbours often stand on one shelf, and adding to one number waits for the last
/// to be added.
pub(crate) struct Counted([[u32; SHELVES]; 2]);

impl Counted {
    fn add(&mut self, products: impl IntoIterator<Item = Facts>) {
        for (half, facts) in products.into_iter().enumerate() {
            self.0[half & 1][facts.shelf()] += 1;
        }
    }

    pub(crate) fn retailer(&self, retailer: Retailer) -> usize {
        let is_its = |shelf: &usize| Facts::retailer_of(*shelf) == retailer.code();
        self.sum(is_its)
    }

    pub(crate) fn price_range(&self, range: u64) -> usize {
        self.sum(|shelf: &usize| Facts::price_range_of(*shelf) == range)
    }

    fn sum(&self, is_meant: impl Fn(&usize) -> bool) -> usize {
        let meant = (0..SHELVES).filter(is_meant);
        meant.map(|shelf| self.0.iter().map(|half| half[shelf] as usize).sum::<usize>()).sum()
    }
}

/// How much of a title, in hundredths, so many of its words are. Dividing once for each found
/// product would be what a search spends its time on.
static OF_TITLE: [[u8; QUERY_WORDS_MAX + 1]; TITLE_WORDS_MAX + 1] = {
    let mut table = [[0; QUERY_WORDS_MAX + 1]; TITLE_WORDS_MAX + 1];
    let mut of = 1;
    while of <= TITLE_WORDS_MAX {
        let mut words = 0;
        while words <= QUERY_WORDS_MAX {
            let there = if words < of { words } else { of };
            table[of][words] = (there * 100 / of) as u8;
            words += 1;
        }
        of += 1;
    }
    table
};

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

    fn passed_by(&self, facts: Facts, price: impl FnOnce() -> u64) -> bool {
        let in_stock = match self.stock {
            Stock::Any => true,
            Stock::InStockOnly => facts.is_in_stock(),
        };
        let is_so = in_stock && facts.rating() >= self.rating_min;
        is_so && self.price.is_none_or(|(min, max)| (min..=max).contains(&price()))
    }

    fn are_none(&self) -> bool {
        self.price.is_none() && self.rating_min == 0 && self.stock == Stock::Any
    }
}

/// What a page is taken from: an order, and where in the segments it is applied.
pub(crate) struct Ranking<'a> {
    query: &'a Query,
    words: usize,
    /// What a sum of words' worth counts for.
    of_words: Vec<u16>,
    bounds: Bounds,
    pub(crate) best: Best,
    pub(crate) counted: Counted,
}

impl<'a> Ranking<'a> {
    pub(crate) fn new(query: &'a Query, words: usize) -> Ranking<'a> {
        Ranking {
            query,
            words,
            of_words: (0..=words * WORTH_MAX)
                .map(|worth| (worth * WORDS_FACTOR / words.max(1)) as u16)
                .collect(),
            bounds: Bounds::of(query),
            best: Best::new(query.offset() + query.limit()),
            counted: Counted([[0; SHELVES]; 2]),
        }
    }

    /// Ranks what was matched in a segment and leaves in it what passes the filters.
    pub(crate) fn take(
        &mut self,
        (ordinal, segment): (usize, &SegmentReader),
        products: &Products,
        matches: &mut Vec<Match>,
    ) {
        if let Some(alive) = segment.alive_bitset() {
            matches.retain(|a_match| alive.is_alive(a_match.doc));
        }
        if !self.bounds.are_none() {
            matches.retain(|a_match| {
                let price = || products.price.get_val(a_match.doc);
                self.bounds.passed_by(products.facts(a_match.doc), price)
            });
        }
        let mut left = matches.as_slice();
        while let [a_match, others @ ..] = left {
            let (facts, doc) = (products.facts(a_match.doc), a_match.doc);
            if self.ceiling(facts) < self.best.worst.0 {
                // Nobody gets in who is rated no better, up to where the next scope begins.
                let until = products.rated_no_better_until(doc);
                let passed = left.partition_point(|one| one.doc < until);
                self.counted.add(left[..passed].iter().map(|one| products.facts(one.doc)));
                left = &left[passed..];
                continue;
            }
            left = others;
            self.counted.add([facts]);
            let rank_max = self.rank_max(*a_match, facts);
            if rank_max >= self.best.worst.0 {
                let (rank, tie) = (self.rank(rank_max, doc, products), products.tie(doc));
                self.best.offer(Ranked { rank, tie, segment: ordinal as u32, doc });
            }
        }
    }

    /// The highest rank that any product can have that is rated like this one.
    fn ceiling(&self, facts: Facts) -> u64 {
        match self.query.sort {
            Sort::PriceAsc | Sort::PriceDesc | Sort::Newest | Sort::Rating => u64::MAX,
            Sort::Relevance if self.words == 0 => facts.quality() << 48 | UPDATED_MAX,
            Sort::Relevance => {
                (WORTH_MAX * WORDS_FACTOR) as u64 + OF_TITLE_MAX + OUT_OF_STOCK + facts.quality()
            }
        }
    }

    /// The highest rank it can have, without a look at the columns.
    fn rank_max(&self, a_match: Match, facts: Facts) -> u64 {
        match self.query.sort {
            Sort::PriceAsc | Sort::PriceDesc | Sort::Newest => u64::MAX,
            Sort::Rating => facts.rating() << 8 | facts.quality(),
            // The newest of what is rated alike: a time in milliseconds has 41 bits.
            Sort::Relevance if self.words == 0 => facts.quality() << 48 | UPDATED_MAX,
            Sort::Relevance => {
                let of_words = self.of_words[usize::from(a_match.words_worth)];
                let in_title = usize::from(a_match.words_in_title);
                let of_title = OF_TITLE[facts.title_words()][in_title];
                let stock = if facts.is_in_stock() { OUT_OF_STOCK } else { 0 };
                u64::from(of_words) + u64::from(of_title) + facts.quality() + stock
            }
        }
    }

    fn rank(&self, rank_max: u64, doc: DocId, products: &Products) -> u64 {
        match self.query.sort {
            Sort::PriceAsc => u64::MAX - products.price.get_val(doc),
            Sort::PriceDesc => products.price.get_val(doc),
            Sort::Newest => products.updated.get_val(doc),
            Sort::Relevance if self.words == 0 => {
                rank_max - UPDATED_MAX + products.updated.get_val(doc).min(UPDATED_MAX)
            }
            Sort::Relevance | Sort::Rating => rank_max,
        }
    }
}
