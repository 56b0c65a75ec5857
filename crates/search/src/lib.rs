//! The product index of commerce: what a shopper types, answered by the products he meant.
//!
//! It exists because a database finds rows and not words: here are typing errors, half-typed last
//! words, ranking, facets and highlighting. It follows: whoever owns products feeds every change
//! with [`Index::apply`] and the cursor he has read to, and the index keeps both in one commit.
//! Invariant: nothing is true because the index says so. It may be thrown away at any time, is
//! rebuilt from the rows, and an answer names rows by their keys.
//!
//! # What a search finds
//!
//! A product is found if it has **every** word of the text, in any order, in its title, brand,
//! categories, description or id. Case, accents and width are folded. A compound is found in every
//! way people write it: `wh-1000xm5`, `wh1000xm5`, `wh 1000 xm5`. The last word may be half typed.
//! Chinese, Japanese, Korean, Thai and their neighbours are searched by pairs of characters.
//!
//! A half-typed word is looked for in everything but descriptions. A word no product has is read
//! as its neighbours: those at one edit from 4 letters on, or, if there are none, those at two from
//! 8; or as two words written together; and as words of descriptions only if there are no others.
//! If every word is known and no product has them all, every word is read so, in every way. What
//! nobody can read is left out and named in [`Found::left_out`], as long as one word stays. There
//! is no query syntax: quotes, colons, minus signs and stars are punctuation.
//!
//! # The order
//!
//! Relevance is a whole number: where each word stands (title over brand over category over
//! description), how it was met (as typed, half typed, misspelt), how much of the title was asked
//! for; then how well the product is rated by how many, and whether it is in stock. Equal numbers
//! are ordered by key, so that pages never overlap while nothing changes.
//!
//! # What is exact and what is a bound
//!
//! * `total`, the hits and their order, retailers and price ranges: exact.
//! * Facets count what passes every filter, that of their own kind included.
//! * Brands and categories: exact up to [`FACET_SAMPLE_MAX`] found products; beyond, counted over
//!   an even sample and scaled, and `facets.estimated` says so. The [`FACET_VALUES_MAX`] most
//!   frequent are answered.
//! * A half-typed word of five letters and more, and a misspelt one, stand for the
//!   [`EXPANSIONS_MAX`] most frequent words they may mean, in each segment of the index. Up to
//!   four letters stand for every word that begins so.
//! * Text is cut: [`QUERY_BYTES_MAX`], [`QUERY_WORDS_MAX`], and for products the bounds in
//!   [`Document`]. A page reaches down to [`OFFSET_MAX`] + [`LIMIT_MAX`] hits.
//!
//! # Many merchants in one index
//!
//! A scope is the beginning of every term. A merchant's words are a range of their own in the
//! dictionary, with posting lists of their own, so ten products beside a million cost what ten
//! products cost, and no filter has to be trusted to keep merchants apart.

mod automaton;
mod document;
mod error;
mod facets;
mod fold;
mod found;
mod highlight;
mod index;
mod matching;
mod postings;
mod query;
mod ranking;
mod resolve;
mod schema;
mod snapshot;
mod terms;
mod ways;
mod words;

pub use document::{Change, Document, Retailer, Scope};
pub use error::{OpenError, SearchError};
pub use facets::{FACET_SAMPLE_MAX, FACET_VALUES_MAX};
pub use found::{FacetCount, Facets, Found, Highlight, Hit, PriceRange};
pub use index::{Cursor, Index, Opened, State};
pub use query::{
    FacetWish, HighlightWish, LIMIT_MAX, OFFSET_MAX, QUERY_BYTES_MAX, QUERY_WORDS_MAX, Query,
    SCOPES_MAX, Sort, Stock,
};
pub use resolve::EXPANSIONS_MAX;
