//! The index's fields, and a product as what is written into them.
//!
//! One field holds every term, cut and encoded by us; the engine's own analysis and query language
//! are not used. Columns hold what ranking and facets read of each found product; titles, ids and
//! names are kept for the few that are answered.
//! Invariant: the columns' bits, the terms and the stored fields are the format. Whoever changes
//! any of them raises [`FORMAT`], and every index is made anew.

use std::collections::BTreeMap;

use domain::money::Usd;
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{IndexSettings, IndexSortByField, Order, TantivyDocument};

use crate::document::{
    CATEGORIES_MAX, DESCRIPTION_BYTES_MAX, Document, NAME_BYTES_MAX, TITLE_BYTES_MAX, cut,
};
use crate::facets::name_code;
use crate::found::PriceRange;
use crate::terms::{IN_BRAND, IN_CATEGORY, IN_DESCRIPTION, IN_TITLE, Place, ScopeTerms, Text};
use crate::words::{BEGINNING_CHARS_MAX, Compound, Script, beginning, compounds};

/// Raised with every change of what is written.
pub(crate) const FORMAT: u32 = 2;

pub(crate) const TOKENIZER: &str = "terms";
pub(crate) const FACTS: &str = "facts";
pub(crate) const PRICE: &str = "price";
pub(crate) const UPDATED: &str = "updated";
pub(crate) const TIE: &str = "tie";
pub(crate) const BRAND_CODE: &str = "brand_code";
pub(crate) const CATEGORY_CODES: &str = "category_codes";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) terms: Field,
    pub(crate) key: Field,
    pub(crate) product_id: Field,
    pub(crate) title: Field,
    pub(crate) brand: Field,
    pub(crate) category: Field,
    facts: Field,
    price: Field,
    updated: Field,
    tie: Field,
    brand_code: Field,
    category_codes: Field,
}

pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let terms = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqs);
    let stored = || TextOptions::default().set_stored();
    let column = || NumericOptions::default().set_fast();
    let fields = Fields {
        terms: builder.add_text_field("terms", TextOptions::default().set_indexing_options(terms)),
        key: builder.add_bytes_field("key", BytesOptions::default().set_indexed().set_stored()),
        product_id: builder.add_text_field("product_id", stored()),
        title: builder.add_text_field("title", stored()),
        brand: builder.add_text_field("brand", stored()),
        category: builder.add_text_field("category", stored()),
        facts: builder.add_u64_field(FACTS, column()),
        price: builder.add_u64_field(PRICE, column()),
        updated: builder.add_u64_field(UPDATED, column()),
        tie: builder.add_u64_field(TIE, column()),
        brand_code: builder.add_u64_field(BRAND_CODE, column()),
        category_codes: builder.add_u64_field(CATEGORY_CODES, column()),
    };
    (builder.build(), fields)
}

/// Products lie scope by scope, the best of each scope first: neighbours are read together.
pub(crate) fn settings() -> IndexSettings {
    let by_facts = IndexSortByField { field: FACTS.to_owned(), order: Order::Desc };
    IndexSettings {
        sort_by_field: Some(by_facts),
        docstore_compress_dedicated_thread: false,
        docstore_blocksize: 4_096,
        ..IndexSettings::default()
    }
}

/// What is read of every found product.
///
/// From the lowest bit: rating in hundredths + 1 or 0 (9 bits), in stock (1), retailer (3), price
/// range (4), words of the title (6); from bit 24 the quality (8).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts(u32);

const QUALITY_SHIFT: u32 = 24;
/// In the column, which products are sorted by, quality and scope come first.
const COLUMN_QUALITY_SHIFT: u32 = 32;
const COLUMN_SCOPE_SHIFT: u32 = 40;

pub(crate) const TITLE_WORDS_MAX: usize = 63;
/// Retailers and price ranges together: what is counted of found products.
pub(crate) const SHELVES: usize = 128;
const RATING_MAX: i64 = 500;

impl Facts {
    /// The column of a product.
    fn column(document: &Document, title_words: usize) -> u64 {
        let rating = document
            .rating_hundredths
            .map_or(0, |rating| u64::try_from(rating.clamp(0, RATING_MAX)).unwrap_or(0) + 1);
        let scope = document.scope.merchant_id.cast_unsigned() << 1
            | u64::from(document.scope.environment.is_live());
        rating
            | u64::from(document.in_stock) << 9
            | document.retailer.code() << 10
            | PriceRange::code(document.price) << 13
            | (title_words.min(TITLE_WORDS_MAX) as u64) << 17
            | quality(document) << COLUMN_QUALITY_SHIFT
            | (scope & 0xFF_FFFF) << COLUMN_SCOPE_SHIFT
    }

    pub(crate) fn at_hand(column: u64) -> Facts {
        let quality = (column >> COLUMN_QUALITY_SHIFT & 0xFF) as u32;
        Facts(column as u32 & ((1 << QUALITY_SHIFT) - 1) | quality << QUALITY_SHIFT)
    }

    /// Hundredths of a star and one; nothing if nobody rated it.
    pub(crate) fn rating(self) -> u64 {
        u64::from(self.0 & 0x1FF)
    }

    pub(crate) fn is_in_stock(self) -> bool {
        self.0 >> 9 & 1 == 1
    }

    /// Where it stands, by its retailer and its price range.
    pub(crate) fn shelf(self) -> usize {
        self.0 as usize >> 10 & (SHELVES - 1)
    }

    pub(crate) fn retailer_of(shelf: usize) -> u64 {
        shelf as u64 & 0x7
    }

    pub(crate) fn price_range_of(shelf: usize) -> u64 {
        shelf as u64 >> 3
    }

    pub(crate) fn title_words(self) -> usize {
        self.0 as usize >> 17 & TITLE_WORDS_MAX
    }

    /// How well it is rated by how many, 0 to 255.
    pub(crate) fn quality(self) -> u64 {
        u64::from(self.0 >> QUALITY_SHIFT)
    }
}

/// The rating, held towards 3.5 stars as if twenty people more had given that, and how many rated
/// it: each doubling counts the same.
fn quality(document: &Document) -> u64 {
    const DOUBTERS: u64 = 20;
    const THEIR_RATING: u64 = 350;
    let rating = document.rating_hundredths.unwrap_or(0).clamp(0, RATING_MAX).cast_unsigned();
    let reviews = match document.rating_hundredths {
        Some(_) => document.review_count.clamp(0, 1 << 24).cast_unsigned(),
        None => 0,
    };
    let held = (rating * reviews + THEIR_RATING * DOUBTERS) / (reviews + DOUBTERS);
    held / 4 + u64::from((reviews + 1).ilog2() * 8).min(130)
}

/// An order among equals that depends on the key alone.
pub(crate) fn tie_of(key: &[u8; 16]) -> u64 {
    let number = u128::from_be_bytes(*key);
    let folded = (number >> 64) as u64 ^ (number as u64).rotate_left(32);
    folded.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The product as the engine takes it.
pub(crate) fn written(fields: &Fields, document: &Document) -> TantivyDocument {
    let title = cut(&document.title, TITLE_BYTES_MAX);
    let brand = document.brand.as_deref().map(|brand| cut(brand, NAME_BYTES_MAX));
    let categories = || {
        let first = document.categories.iter().take(CATEGORIES_MAX);
        first.map(|category| cut(category, NAME_BYTES_MAX))
    };
    let scope = ScopeTerms::of(document.scope);
    let title_compounds = compounds(title);

    let mut terms = Terms::default();
    terms.add(&scope, &title_compounds, IN_TITLE);
    terms.add_short_neighbours(&scope, &title_compounds);
    terms.add(&scope, &compounds(cut(&document.product_id, NAME_BYTES_MAX)), IN_TITLE);
    terms.add(&scope, &compounds(brand.unwrap_or_default()), IN_BRAND);
    for category in categories() {
        terms.add(&scope, &compounds(category), IN_CATEGORY);
    }
    let description = compounds(cut(&document.description, DESCRIPTION_BYTES_MAX));
    terms.add(&scope, &description, IN_DESCRIPTION);
    terms.put(scope.all(), 1);
    terms.put(scope.retailer(document.retailer.as_str()), 1);
    if let Some(brand) = brand {
        terms.put(scope.brand(brand), 1);
    }
    for category in categories() {
        terms.put(scope.category(category), 1);
    }

    let mut row = TantivyDocument::default();
    row.add_text(fields.terms, terms.encoded());
    row.add_bytes(fields.key, &document.key);
    row.add_text(fields.product_id, &document.product_id);
    row.add_text(fields.title, title);
    row.add_text(fields.brand, brand.unwrap_or_default());
    row.add_u64(fields.facts, Facts::column(document, title_compounds.len()));
    row.add_u64(fields.price, positive(document.price));
    row.add_u64(fields.updated, document.updated_at_ms.max(0).cast_unsigned());
    row.add_u64(fields.tie, tie_of(&document.key));
    row.add_u64(fields.brand_code, brand.map_or(0, name_code));
    for category in categories() {
        row.add_text(fields.category, category);
        row.add_u64(fields.category_codes, name_code(category));
    }
    row
}

/// A price as its column holds it: none is below nothing.
pub(crate) fn positive(price: Usd) -> u64 {
    price.0.max(0).cast_unsigned()
}

/// A product's terms, each once, with the best place it stands in.
#[derive(Default)]
struct Terms(BTreeMap<String, Place>);

impl Terms {
    fn put(&mut self, term: String, place: Place) {
        let best = self.0.entry(term).or_insert(place);
        *best = place.max(*best);
    }

    fn add(&mut self, scope: &ScopeTerms, compounds: &[Compound], place: Place) {
        for compound in compounds {
            for joined in compound.terms() {
                if place == IN_DESCRIPTION {
                    // A product is in one list of a word, that of its best place.
                    if !self.0.contains_key(&scope.word_in(Text::Names, &joined.term)) {
                        self.put(scope.word_in(Text::Description, &joined.term), place);
                    }
                    continue;
                }
                self.put_named(scope, &joined.term, place);
            }
        }
    }

    /// A word of a name, with what it begins with.
    fn put_named(&mut self, scope: &ScopeTerms, word: &str, place: Place) {
        for chars in 1..=BEGINNING_CHARS_MAX {
            if let Some(letters) = beginning(word, chars) {
                self.put(scope.beginning(letters), place);
            }
        }
        self.put(scope.word_in(Text::Names, word), place);
    }

    /// `USB C` as `usbc`: a word of a letter or two is often written into the one beside it.
    fn add_short_neighbours(&mut self, scope: &ScopeTerms, title: &[Compound]) {
        const SHORT_BYTES_MAX: usize = 2;
        for pair in title.windows(2) {
            let (one, next) = (pair[0].whole(), pair[1].whole());
            let is_short = one.len() <= SHORT_BYTES_MAX || next.len() <= SHORT_BYTES_MAX;
            if is_short && pair.iter().all(|word| word.script == Script::Spaced) {
                self.put_named(scope, &format!("{one}{next}"), IN_TITLE);
            }
        }
    }

    /// A line for each term: its place as a digit, then the term. No term has a line's end in it.
    fn encoded(&self) -> String {
        let mut lines = String::new();
        for (term, place) in &self.0 {
            lines.push(char::from(b'0' + place));
            lines.push_str(term);
            lines.push('\n');
        }
        lines
    }
}

/// Reads the lines back and tells the engine each term as often as its place says.
#[derive(Clone, Default)]
pub(crate) struct TermsTokenizer;

pub(crate) struct TermsStream<'a> {
    lines: std::str::Lines<'a>,
    times_left: u8,
    token: Token,
}

impl Tokenizer for TermsTokenizer {
    type TokenStream<'a> = TermsStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermsStream<'a> {
        TermsStream { lines: text.lines(), times_left: 0, token: Token::default() }
    }
}

impl TokenStream for TermsStream<'_> {
    fn advance(&mut self) -> bool {
        if self.times_left == 0 {
            let Some((place, term)) = self.lines.next().and_then(|line| line.split_at_checked(1))
            else {
                return false;
            };
            self.times_left = place.as_bytes()[0] - b'0';
            self.token.text.clear();
            self.token.text.push_str(term);
        }
        self.times_left -= 1;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
