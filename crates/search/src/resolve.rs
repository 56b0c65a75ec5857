//! From typed words to terms that exist: as typed, half typed, joined or apart, misspelt.
//!
//! A word is looked up in every segment's dictionary before it is taken for another, since whether
//! it is misspelt is a question about all of them; and of products that are there, see `ways`.
//! Invariant: a word stands for at most `EXPANSIONS_MAX` terms a kind, scope and segment.

use std::sync::Arc;

use tantivy::postings::TermInfo;
use tantivy::{InvertedIndexReader, SegmentReader};

use crate::automaton::{Distant, Extent, ScopedWord, edits, near};
use crate::query::{QUERY_WORDS_MAX, Query};
use crate::terms::{ScopeTerms, Text};
use crate::ways::{Met, Way, Ways, all_of, is_nowhere};
use crate::words::{BEGINNING_CHARS_MAX, Compound, Script, compounds, ends_in_word};

/// Terms a half-typed or misspelt word stands for.
pub const EXPANSIONS_MAX: usize = 32;
/// Terms that are looked at to find the most frequent of them.
const LOOKED_AT_MAX: usize = 8_192;

/// Hundredths of a word's worth, by how it was met.
const AS_TYPED: u32 = 100;
const APART: u32 = 95;
const HALF_TYPED: u32 = 80;
const RUN_TOGETHER: u32 = 60;
const ONE_EDIT: u32 = 50;
const TWO_EDITS: u32 = 35;

/// What a highlight marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Term(String),
    Beginning(String),
}

/// How freely words are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Only a word that nobody has is taken for others, those nearest to it.
    Literal,
    /// Every word may be meant as one near it.
    Wide,
}

/// Where words are looked for that are near what was typed.
#[derive(Clone, Copy)]
struct Step {
    text: Text,
    extent: Extent,
    distant: Distant,
}

/// What is misspelt is what a product is called, before it is what is said of it.
const NEAREST: Step = step(Text::Names, Extent::Whole, Distant::OneEdit);
const FURTHER: [Step; 5] = [
    step(Text::Names, Extent::Beginning, Distant::OneEdit),
    step(Text::Names, Extent::Whole, Distant::TwoEdits),
    step(Text::Names, Extent::Beginning, Distant::TwoEdits),
    step(Text::Description, Extent::Whole, Distant::OneEdit),
    step(Text::Description, Extent::Whole, Distant::TwoEdits),
];

const fn step(text: Text, extent: Extent, distant: Distant) -> Step {
    Step { text, extent, distant }
}

pub(crate) struct Resolved {
    pub(crate) words: Vec<Ways>,
    pub(crate) filters: Vec<Ways>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) left_out: Vec<String>,
}

/// The dictionaries of all segments, and the scopes that are searched in them.
pub(crate) struct Dictionaries<'a> {
    pub(crate) segments: &'a [SegmentReader],
    pub(crate) readers: Vec<Arc<InvertedIndexReader>>,
    pub(crate) scopes: Vec<ScopeTerms>,
}

/// The words of a query; a compound counts as one.
pub(crate) struct Wanted {
    words: Vec<Compound>,
    /// Whether the last word may be the beginning of one.
    last: Extent,
}

impl Wanted {
    pub(crate) fn of(text: &str) -> Wanted {
        let mut words = compounds(text);
        let last = match words.last() {
            Some(word) if ends_in_word(text, word) => Extent::Beginning,
            Some(_) | None => Extent::Whole,
        };
        if words.len() > QUERY_WORDS_MAX {
            words.truncate(QUERY_WORDS_MAX);
            return Wanted { words, last: Extent::Whole };
        }
        Wanted { words, last }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl Dictionaries<'_> {
    /// None if not a single word is known.
    pub(crate) fn resolve(
        &self,
        query: &Query,
        wanted: &Wanted,
        reading: Reading,
    ) -> std::io::Result<Option<Resolved>> {
        let mut resolved = Resolved {
            words: Vec::new(),
            filters: self.filters(query, wanted)?,
            marks: Vec::new(),
            left_out: Vec::new(),
        };
        for (index, word) in wanted.words.iter().enumerate() {
            let is_last = index + 1 == wanted.words.len();
            let extent = if is_last { wanted.last } else { Extent::Whole };
            let mut ways = self.literal(word, extent, &mut resolved.marks)?;
            if reading == Reading::Wide || self.is_nowhere(&ways)? {
                self.widen(word, (extent, reading), &mut ways, &mut resolved.marks)?;
            }
            if self.is_nowhere(&ways)? {
                resolved.left_out.push(word.whole());
            } else {
                resolved.words.push(ways);
            }
        }
        let nothing_known = resolved.words.is_empty() && !wanted.is_empty();
        Ok((!nothing_known).then_some(resolved))
    }

    fn nowhere(&self) -> Ways {
        vec![Vec::new(); self.readers.len()]
    }

    fn is_nowhere(&self, ways: &Ways) -> std::io::Result<bool> {
        is_nowhere(ways, self.segments, &self.readers)
    }

    /// What must be so beside the words. Without any of both, all of the scopes' products.
    fn filters(&self, query: &Query, wanted: &Wanted) -> std::io::Result<Vec<Ways>> {
        let mut filters = Vec::new();
        if let Some(retailer) = query.retailer {
            filters.push(self.one_term(|scope| scope.retailer(retailer.as_str()))?);
        }
        if let Some(brand) = query.brand() {
            filters.push(self.one_term(|scope| scope.brand(brand))?);
        }
        if let Some(category) = query.category() {
            filters.push(self.one_term(|scope| scope.category(category))?);
        }
        if filters.is_empty() && wanted.is_empty() {
            filters.push(self.one_term(ScopeTerms::all)?);
        }
        Ok(filters)
    }

    fn one_term(&self, term: impl Fn(&ScopeTerms) -> String) -> std::io::Result<Ways> {
        let mut ways = self.nowhere();
        for scope in &self.scopes {
            self.add_lists(&[term(scope)], AS_TYPED, &mut ways)?;
        }
        Ok(ways)
    }

    /// Adds the ways of meeting any of these terms.
    fn add_lists(&self, terms: &[String], worth: u32, ways: &mut Ways) -> std::io::Result<()> {
        for (reader, ways) in self.readers.iter().zip(ways) {
            let lists = lists(reader, terms)?.into_iter();
            ways.extend(lists.map(|list| Way { met: Met::Listed(list), worth }));
        }
        Ok(())
    }

    /// Adds the way of meeting all these words, in each segment that has some product with them.
    fn add_all_of(
        &self,
        words: &[[String; 2]],
        worth: u32,
        ways: &mut Ways,
    ) -> std::io::Result<()> {
        if let [word] = words {
            return self.add_lists(word, worth, ways);
        }
        for ((segment, reader), ways) in self.segments.iter().zip(&self.readers).zip(ways) {
            let mut found = Vec::with_capacity(words.len());
            for word in words {
                match lists(reader, word)? {
                    lists if lists.is_empty() => break,
                    lists => found.push(lists),
                }
            }
            if found.len() == words.len() {
                let products = all_of(reader, segment.alive_bitset(), &found)?;
                if !products.is_empty() {
                    ways.push(Way { met: Met::Read(products), worth });
                }
            }
        }
        Ok(())
    }

    /// The word as it stands, with what it may be the beginning of.
    fn literal(
        &self,
        word: &Compound,
        extent: Extent,
        marks: &mut Vec<Mark>,
    ) -> std::io::Result<Ways> {
        let mut ways = self.nowhere();
        match word.script {
            Script::Spaced => self.literal_spaced(word, extent, &mut ways, marks)?,
            Script::Dense => self.literal_dense(word, &mut ways, marks)?,
        }
        Ok(ways)
    }

    fn literal_dense(
        &self,
        word: &Compound,
        ways: &mut Ways,
        marks: &mut Vec<Mark>,
    ) -> std::io::Result<()> {
        let mut pairs: Vec<String> = word.terms().into_iter().map(|pair| pair.term).collect();
        if pairs.len() == 1 {
            // A single character is the beginning of some pair wherever it stands.
            marks.push(Mark::Beginning(pairs[0].clone()));
            for scope in &self.scopes {
                self.add_all_of(&[scope.word(&pairs[0])], AS_TYPED, ways)?;
                self.add_lists(&[scope.beginning(&pairs[0])], AS_TYPED, ways)?;
            }
            return Ok(());
        }
        // The last character alone stands in a product only where its text ends, too.
        pairs.pop();
        marks.extend(pairs.iter().cloned().map(Mark::Term));
        for scope in &self.scopes {
            let words: Vec<[String; 2]> = pairs.iter().map(|pair| scope.word(pair)).collect();
            self.add_all_of(&words, AS_TYPED, ways)?;
        }
        Ok(())
    }

    fn literal_spaced(
        &self,
        word: &Compound,
        extent: Extent,
        ways: &mut Ways,
        marks: &mut Vec<Mark>,
    ) -> std::io::Result<()> {
        let whole = word.whole();
        let is_short = whole.chars().count() <= BEGINNING_CHARS_MAX;
        marks.push(Mark::Term(whole.clone()));
        if word.atoms.len() > 1 {
            marks.extend(word.atoms.iter().map(|atom| Mark::Term(atom.text.clone())));
        }
        if extent == Extent::Beginning {
            marks.push(Mark::Beginning(whole.clone()));
        }
        for scope in &self.scopes {
            self.add_all_of(&[scope.word(&whole)], AS_TYPED, ways)?;
            if word.atoms.len() > 1 {
                let words = word.atoms.iter().map(|atom| scope.word(&atom.text));
                self.add_all_of(&words.collect::<Vec<_>>(), APART, ways)?;
            }
            if extent == Extent::Beginning && is_short {
                self.add_lists(&[scope.beginning(&whole)], HALF_TYPED, ways)?;
            } else if extent == Extent::Beginning {
                self.add_beginnings(scope, &whole, ways)?;
            }
        }
        Ok(())
    }

    /// A word of a description that begins so says nothing of what the product is.
    fn add_beginnings(
        &self,
        scope: &ScopeTerms,
        letters: &str,
        ways: &mut Ways,
    ) -> std::io::Result<()> {
        let from = scope.word_in(Text::Names, letters);
        let mut below = from.clone().into_bytes();
        below.push(0xFF);
        for ((segment, reader), ways) in self.segments.iter().zip(&self.readers).zip(ways) {
            let range = reader.terms().range().gt(&from).lt(&below);
            let mut stream = range.without_keys().into_stream()?;
            let mut found: Vec<TermInfo> = Vec::new();
            while found.len() < LOOKED_AT_MAX && stream.advance() {
                found.push(stream.value().clone());
            }
            // Of equally frequent ones the first in the alphabet: the sort is stable.
            found.sort_by_key(|info| std::cmp::Reverse(info.doc_freq));
            let before = ways.len();
            for info in found {
                if ways.len() - before == EXPANSIONS_MAX {
                    break;
                }
                let met = Met::Listed(info);
                if met.is_in_any(segment, reader)? {
                    ways.push(Way { met, worth: HALF_TYPED });
                }
            }
        }
        Ok(())
    }

    /// The word as one near it, as two run together, or as the beginning of one near it.
    fn widen(
        &self,
        word: &Compound,
        (extent, reading): (Extent, Reading),
        ways: &mut Ways,
        marks: &mut Vec<Mark>,
    ) -> std::io::Result<()> {
        if word.script == Script::Dense {
            return Ok(());
        }
        let whole = word.whole();
        match reading {
            Reading::Literal => {
                self.add_near(&whole, NEAREST, ways, marks)?;
                self.add_split(&whole, ways, marks)?;
                for step in FURTHER {
                    let is_asked = step.extent == Extent::Whole || extent == Extent::Beginning;
                    if is_asked && self.is_nowhere(ways)? {
                        self.add_near(&whole, step, ways, marks)?;
                    }
                }
            }
            Reading::Wide => {
                let distant = Distant::most(&whole);
                self.add_near(&whole, step(Text::Names, Extent::Whole, distant), ways, marks)?;
                self.add_split(&whole, ways, marks)?;
                if extent == Extent::Beginning && self.is_nowhere(ways)? {
                    self.add_near(&whole, step(Text::Names, extent, distant), ways, marks)?;
                }
                let described = step(Text::Description, Extent::Whole, distant);
                self.add_near(&whole, described, ways, marks)?;
            }
        }
        Ok(())
    }

    fn add_near(
        &self,
        word: &str,
        step: Step,
        ways: &mut Ways,
        marks: &mut Vec<Mark>,
    ) -> std::io::Result<()> {
        let Some(dfa) = near(word, step.extent, step.distant) else { return Ok(()) };
        for scope in &self.scopes {
            let beginning = scope.word_in(step.text, "");
            for ((segment, reader), ways) in self.segments.iter().zip(&self.readers).zip(&mut *ways)
            {
                let automaton = ScopedWord { scope: beginning.as_bytes(), dfa: &dfa };
                let mut stream = reader.terms().search(automaton).into_stream()?;
                let mut found: Vec<(u8, TermInfo, String)> = Vec::new();
                while found.len() < LOOKED_AT_MAX && stream.advance() {
                    let Some(term) = scope.word_of(stream.key()) else { continue };
                    // The word itself was met as typed.
                    if let Some(edits) = edits(&dfa, term)
                        && term != word
                    {
                        found.push((edits, stream.value().clone(), term.to_owned()));
                    }
                }
                found.sort_by_key(|(edits, info, _)| (*edits, std::cmp::Reverse(info.doc_freq)));
                let before = ways.len();
                for (edits, info, term) in found {
                    if ways.len() - before == EXPANSIONS_MAX {
                        break;
                    }
                    let worth = if edits <= 1 { ONE_EDIT } else { TWO_EDITS };
                    let met = Met::Listed(info);
                    if met.is_in_any(segment, reader)? {
                        ways.push(Way { met, worth });
                        marks.push(Mark::Term(term));
                    }
                }
            }
        }
        Ok(())
    }

    /// `bluetoothspeaker` as a bluetooth speaker.
    fn add_split(&self, word: &str, ways: &mut Ways, marks: &mut Vec<Mark>) -> std::io::Result<()> {
        const PART_CHARS_MIN: usize = 3;
        let places: Vec<usize> = word.char_indices().map(|(place, _)| place).collect();
        let splits = places.len().saturating_sub(2 * PART_CHARS_MIN - 1);
        for place in places.into_iter().skip(PART_CHARS_MIN).take(splits) {
            let (front, back) = word.split_at(place);
            let before: usize = ways.iter().map(Vec::len).sum();
            for scope in &self.scopes {
                self.add_all_of(&[scope.word(front), scope.word(back)], RUN_TOGETHER, ways)?;
            }
            if ways.iter().map(Vec::len).sum::<usize>() > before {
                marks.push(Mark::Term(front.to_owned()));
                marks.push(Mark::Term(back.to_owned()));
            }
        }
        Ok(())
    }
}

/// The lists of those of the terms that are there.
fn lists(reader: &InvertedIndexReader, terms: &[String]) -> std::io::Result<Vec<TermInfo>> {
    let mut lists = Vec::with_capacity(terms.len());
    for term in terms {
        lists.extend(reader.terms().get(term)?);
    }
    Ok(lists)
}
