//! Which products of a segment have every word and pass every filter of terms.
//!
//! The rarest word proposes, the others dispose: its products are read in order and each further
//! word strikes out those it is not in, by jumping through its lists if they are long and by one
//! pass over them if they are short. The cost is that of the rarest word, not of the commonest.

use std::cell::RefCell;

use tantivy::{DocId, InvertedIndexReader};

use crate::postings::{Postings, place};
use crate::terms::{IN_TITLE, Place};
use crate::ways::{Met, Way};

/// A product that has every word.
#[derive(Clone, Copy, Debug, Default)]
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

/// Where fewer than one in so many documents is in a list, there is no table of them all.
const SPARSE: u64 = 64;

/// Documents that are looked at together.
const CHUNK: usize = 64;

/// Jumping to one product costs about as much as reading so many in a row.
const JUMP_COST: u64 = 20;

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
    Read { products: Vec<(DocId, Worth)>, at: usize },
}

impl Source {
    fn open(reader: &InvertedIndexReader, way: &Way) -> std::io::Result<Source> {
        let by_place = Worth::by_place(way.worth);
        Ok(match &way.met {
            Met::Listed(list) => Source::Listed(Box::new(Postings::open(reader, list)?), by_place),
            Met::Read(products) => {
                let worth = |(doc, place): &(DocId, Place)| (*doc, by_place[usize::from(*place)]);
                Source::Read { products: products.iter().map(worth).collect(), at: 0 }
            }
        })
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
            size += way.met.size();
            sources.push(Source::open(reader, way)?);
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
        if self.size * SPARSE < u64::from(doc_count) {
            return self.gathered(sources);
        }
        let worths = table.filled(sources, doc_count);
        for (chunk, first) in worths.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            if chunk.iter().all(|worth| *worth == 0) {
                continue;
            }
            // Each is written: nobody could guess which ones are there.
            let (mut there, mut count) = ([Match::default(); CHUNK], 0);
            for (doc, worth) in (first..).zip(chunk) {
                there[count] = self.a_match(doc, Worth(*worth));
                count += usize::from(*worth != 0);
            }
            matches.extend_from_slice(&there[..count]);
        }
        matches
    }

    /// The products of few lists, or of short ones: sorting them is less work than a table.
    fn gathered(&self, sources: Vec<Source>) -> Vec<Match> {
        let mut products: Vec<(DocId, Worth)> = Vec::with_capacity(self.size as usize);
        for source in sources {
            match source {
                Source::Listed(postings, by_place) => postings.each(|doc, place| {
                    products.push((doc, by_place[usize::from(place)]));
                }),
                Source::Read { products: read, .. } => products.extend(read),
            }
        }
        // Of one in several lists the best comes first and stays.
        products.sort_unstable_by_key(|(doc, worth)| (*doc, std::cmp::Reverse(*worth)));
        products.dedup_by_key(|(doc, _)| *doc);
        products.into_iter().map(|(doc, worth)| self.a_match(doc, worth)).collect()
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
