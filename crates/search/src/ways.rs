//! How a word, or a filter, may be met in a segment.
//!
//! A dictionary also holds terms of products that are gone, until their segment is merged. Whether
//! a word is known must not depend on when that happens, so it is asked of products that are there.

use tantivy::fastfield::AliveBitSet;
use tantivy::postings::TermInfo;
use tantivy::{DocId, InvertedIndexReader, SegmentReader};

use crate::postings::Postings;
use crate::terms::Place;

/// One way to meet a word in a segment: all of these terms.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) terms: Vec<TermInfo>,
    pub(crate) worth: u32,
}

/// For each segment, the ways to meet one word, or to pass one filter.
pub(crate) type Ways = Vec<Vec<Way>>;

impl Way {
    /// Each product with all of the terms, and where its worst placed one stands, until the taker
    /// has enough; answers whether he had.
    pub(crate) fn products(
        &self,
        reader: &InvertedIndexReader,
        mut is_enough: impl FnMut(DocId, Place) -> bool,
    ) -> std::io::Result<bool> {
        let mut terms: Vec<&TermInfo> = self.terms.iter().collect();
        terms.sort_by_key(|term| term.doc_freq);
        let Some((rarest, others)) = terms.split_first() else { return Ok(false) };
        let others = others.iter().map(|term| Postings::open(reader, term));
        let mut others: Vec<Postings> = others.collect::<std::io::Result<_>>()?;
        Ok(Postings::open(reader, rarest)?.any(|doc, place| {
            let worst = others.iter_mut().try_fold(place, |worst, postings| {
                postings.place_in(doc).map(|place| place.min(worst))
            });
            worst.is_some_and(|worst| is_enough(doc, worst))
        }))
    }

    /// More products have it than are gone.
    fn is_surely_met(&self, segment: &SegmentReader) -> bool {
        matches!(self.terms.as_slice(), [term] if term.doc_freq > segment.num_deleted_docs())
    }

    fn is_met(
        &self,
        segment: &SegmentReader,
        reader: &InvertedIndexReader,
    ) -> std::io::Result<bool> {
        let alive: Option<&AliveBitSet> = segment.alive_bitset();
        self.products(reader, |doc, _| alive.is_none_or(|alive| alive.is_alive(doc)))
    }
}

/// Whether no product that is there is met.
pub(crate) fn is_nowhere(
    ways: &Ways,
    segments: &[SegmentReader],
    readers: &[impl AsRef<InvertedIndexReader>],
) -> std::io::Result<bool> {
    let mut each = segments
        .iter()
        .zip(ways)
        .flat_map(|(segment, ways)| ways.iter().map(move |way| way.is_surely_met(segment)));
    if each.any(|is_met| is_met) {
        return Ok(false);
    }
    for ((segment, reader), ways) in segments.iter().zip(readers).zip(ways) {
        for way in ways {
            if way.is_met(segment, reader.as_ref())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
