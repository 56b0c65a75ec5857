//! Which products of a segment have every word and pass every filter of terms.
//!
//! The rarest word proposes, the others dispose: its products are read in order and each further
//! word strikes out those it is not in, by jumping through its lists if they are long and by one
//! pass over them if they are short. The cost is that of the rarest word, not of the commonest.

use std::cell::RefCell;

use tantivy::{DocId, InvertedIndexReader};

use crate::postings::{Postings, place};
use crate::terms::{IN_TITLE, Place};
use crate::ways::Way;

/// A product that has every word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub(crate) doc: DocId,
    /// What its words are worth together, each 0 to 100.
    pub(crate) words_worth: u16,
    /// How many of the words are in its title.
    pub(crate) words_in_title: u16,
}

/// What a word is worth at most.
pub(crate) const WORTH_MAX: usize = 100;

/// What a word in each place is worth, in hundredths.
const PLACE_WORTH: [u32; 5] = [0, 20, 50, 80, 100];

/// Jumping to one product costs about as much as reading so many in a row.
const JUMP_COST: u64 = 6;

/// What a word is worth in a product, below 128, and in the lowest bit whether it is in the title:
/// the better of two is the greater number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth(u8);

impl Worth {
    const NOTHING: Worth = Worth(0);

    fn of(place: Place, worth: u32) -> Worth {
        let hundredths = PLACE_WORTH[usize::from(place.min(IN_TITLE))] * worth / 100;
        let title = u8::from(place >= IN_TITLE);
        // At least one: a product without any worth would be one that does not match.
        Worth((hundredths.clamp(1, WORTH_MAX as u32) as u8) << 1 | title)
    }

    /// By place, of a word that is worth so much.
    fn by_place(worth: u32) -> WorthByPlace {
        let mut by_place = [Worth::NOTHING; PLACE_WORTH.len()];
        for (place, its) in (0..).zip(&mut by_place) {
            *its = Worth::of(place, worth);
        }
        by_place
    }

    fn number(self) -> u8 {
        self.0 >> 1
    }

    fn is_in_title(self) -> bool {
        self.0 & 1 != 0
    }
}

type WorthByPlace = [Worth; PLACE_WORTH.len()];

/// Whether a group of terms is a word, which has a worth, or a filter, which has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Word,
    Filter,
}

/// The products of one way to meet a word.
enum Source {
    Listed(Box<Postings>, WorthByPlace),
    /// Those that have all of several terms, read already.
    Read {
        products: Vec<(DocId, Worth)>,
        at: usize,
    },
}

impl Source {
    fn open(reader: &InvertedIndexReader, way: &Way) -> std::io::Result<Source> {
        match way.terms.as_slice() {
            [term] => {
                let postings = Box::new(Postings::open(reader, term)?);
                Ok(Source::Listed(postings, Worth::by_place(way.worth)))
            }
            _ => Ok(Source::Read { products: all_of(reader, way)?, at: 0 }),
        }
    }

    fn worth_in(&mut self, doc: DocId) -> Worth {
        match self {
            Source::Listed(postings, worth) => {
                let place = postings.place_in(doc);
                place.map_or(Worth::NOTHING, |place| worth[usize::from(place)])
            }
            Source::Read { products, at } => {
                *at += products[*at..].partition_point(|(other, _)| *other < doc);
                match products.get(*at) {
                    Some((other, worth)) if *other == doc => *worth,
                    Some(_) | None => Worth::NOTHING,
                }
            }
        }
    }
}

/// The products with all of the terms; each counts where its worst placed term stands.
fn all_of(reader: &InvertedIndexReader, way: &Way) -> std::io::Result<Vec<(DocId, Worth)>> {
    let mut products = Vec::new();
    way.products(reader, |doc, worst| {
        products.push((doc, Worth::of(worst, way.worth)));
        false
    })?;
    Ok(products)
}

/// All ways to meet one word.
struct Group {
    purpose: Purpose,
    sources: Vec<Source>,
    /// Products in all its lists together.
    size: u64,
}

impl Group {
    fn open(
        reader: &InvertedIndexReader,
        ways: &[Way],
        purpose: Purpose,
    ) -> std::io::Result<Group> {
        let mut sources = Vec::with_capacity(ways.len());
        let mut size = 0;
        for way in ways {
            let source = Source::open(reader, way)?;
            size += match &source {
                Source::Listed(..) => u64::from(way.terms[0].doc_freq),
                Source::Read { products, .. } => products.len() as u64,
            };
            sources.push(source);
        }
        Ok(Group { purpose, sources, size })
    }

    fn counted(&self, worth: Worth) -> (u16, u16) {
        match self.purpose {
            Purpose::Word => (u16::from(worth.number()), u16::from(worth.is_in_title())),
            Purpose::Filter => (0, 0),
        }
    }

    fn a_match(&self, doc: DocId, worth: Worth) -> Match {
        let (words_worth, words_in_title) = self.counted(worth);
        Match { doc, words_worth, words_in_title }
    }

    /// Its products in order, each once.
    fn propose(mut self, table: &mut WorthTable, doc_count: DocId) -> Vec<Match> {
        let mut matches = Vec::with_capacity(self.size.min(u64::from(doc_count)) as usize);
        let mut sources = std::mem::take(&mut self.sources);
        match sources.as_mut_slice() {
            [Source::Listed(postings, worth)] => {
                let by_place = worth.map(|worth| self.counted(worth));
                postings.each_block(|docs, frequencies| {
                    matches.extend(docs.iter().zip(frequencies).map(|(doc, frequency)| {
                        let (words_worth, words_in_title) =
                            by_place[usize::from(place(*frequency))];
                        Match { doc: *doc, words_worth, words_in_title }
                    }));
                });
                return matches;
            }
            [Source::Read { products, .. }] => {
                let products = std::mem::take(products);
                let found = products.into_iter().map(|(doc, worth)| self.a_match(doc, worth));
                matches.extend(found);
                return matches;
            }
            _ => {}
        }
        let worths = table.filled(sources, doc_count);
        for (chunk_index, chunk) in worths.chunks(64).enumerate() {
            if chunk.iter().all(|worth| *worth == 0) {
                continue;
            }
            for (offset, worth) in chunk.iter().enumerate().filter(|(_, worth)| **worth != 0) {
                let doc = (chunk_index * 64 + offset) as DocId;
                matches.push(self.a_match(doc, Worth(*worth)));
            }
        }
        matches
    }

    /// Strikes out the matches that it does not have.
    fn dispose(mut self, matches: &mut Vec<Match>, table: &mut WorthTable, doc_count: DocId) {
        let mut sources = std::mem::take(&mut self.sources);
        let jumps = matches.len() as u64 * sources.len() as u64;
        if jumps.saturating_mul(JUMP_COST) < self.size {
            self.strike_out(matches, |doc| {
                let worths = sources.iter_mut().map(|source| source.worth_in(doc));
                worths.fold(Worth::NOTHING, Worth::max)
            });
            return;
        }
        let worths = table.filled(sources, doc_count);
        self.strike_out(matches, |doc| Worth(worths[doc as usize]));
    }

    fn strike_out(&self, matches: &mut Vec<Match>, mut worth_in: impl FnMut(DocId) -> Worth) {
        let mut kept = 0;
        for at in 0..matches.len() {
            let mut a_match = matches[at];
            let worth = worth_in(a_match.doc);
            let (words_worth, words_in_title) = self.counted(worth);
            a_match.words_worth += words_worth;
            a_match.words_in_title += words_in_title;
            // Written in any case: nobody could guess which ones stay.
            matches[kept] = a_match;
            kept += usize::from(worth != Worth::NOTHING);
        }
        matches.truncate(kept);
    }
}

/// A byte for each document of a segment, kept by each thread from search to search.
#[derive(Default)]
struct WorthTable(Vec<u8>);

impl WorthTable {
    fn filled(&mut self, sources: Vec<Source>, doc_count: DocId) -> &[u8] {
        self.0.clear();
        self.0.resize(doc_count as usize, 0);
        for source in sources {
            match source {
                Source::Listed(mut postings, by_place) => {
                    postings.each_block(|docs, frequencies| {
                        for (doc, frequency) in docs.iter().zip(frequencies) {
                            self.note(*doc, by_place[usize::from(place(*frequency))]);
                        }
                    });
                }
                Source::Read { products, .. } => {
                    products.into_iter().for_each(|(doc, worth)| self.note(doc, worth));
                }
            }
        }
        &self.0
    }

    fn note(&mut self, doc: DocId, worth: Worth) {
        if let Some(best) = self.0.get_mut(doc as usize) {
            *best = worth.0.max(*best);
        }
    }
}

thread_local! {
    static TABLE: RefCell<WorthTable> = RefCell::default();
}

/// The products of a segment with every word that pass every filter, in order.
pub(crate) fn matches(
    reader: &InvertedIndexReader,
    doc_count: DocId,
    words: &[&[Way]],
    filters: &[&[Way]],
) -> std::io::Result<Vec<Match>> {
    let mut groups = Vec::with_capacity(words.len() + filters.len());
    for (ways, purpose) in words
        .iter()
        .map(|ways| (*ways, Purpose::Word))
        .chain(filters.iter().map(|ways| (*ways, Purpose::Filter)))
    {
        if ways.is_empty() {
            return Ok(Vec::new());
        }
        groups.push(Group::open(reader, ways, purpose)?);
    }
    groups.sort_by_key(|group| group.size);
    TABLE.with_borrow_mut(|table| {
        let mut groups = groups.into_iter();
        let Some(rarest) = groups.next() else { return Ok(Vec::new()) };
        let mut matches = rarest.propose(table, doc_count);
        for group in groups {
            group.dispose(&mut matches, table, doc_count);
        }
        Ok(matches)
    })
}
