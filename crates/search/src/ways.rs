//! How a word, or a filter, may be met in a segment.
//!
//! A dictionary also holds terms of products that are gone, until their segment is merged. Whether
//! a word is known must not depend on when that happens, so it is asked of products that are there.

use tantivy::fastfield::AliveBitSet;
use tantivy::postings::TermInfo;
use tantivy::{DocId, InvertedIndexReader, SegmentReader};

use crate::postings::Postings;
use crate::terms::Place;

/// One way to meet a word in a segment.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) met: Met,
    /// Hundredths.
    pub(crate) worth: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum Met {
    /// In the products of this list.
    Listed(TermInfo),
    /// In these that are there, each with its worst placed part: they were read already, in order.
    Read(Vec<(DocId, Place)>),
}

/// For each segment, the ways to meet one word, or to pass one filter.
pub(crate) type Ways = Vec<Vec<Way>>;

impl Met {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Met::Listed(list) => u64::from(list.doc_freq),
            Met::Read(products) => products.len() as u64,
        }
    }

    /// Whether a product that is there is among them.
    pub(crate) fn is_in_any(
        &self,
        segment: &SegmentReader,
        reader: &InvertedIndexReader,
    ) -> std::io::Result<bool> {
        let Some(alive) = segment.alive_bitset() else { return Ok(self.size() > 0) };
        Ok(match self {
            // More have it than are gone.
            Met::Listed(list) if list.doc_freq > segment.num_deleted_docs() => true,
            Met::Listed(list) => Postings::open(reader, list)?.any(|doc| alive.is_alive(doc)),
            Met::Read(products) => !products.is_empty(),
        })
    }
}

/// Whether no product that is there is met.
pub(crate) fn is_nowhere(
    ways: &Ways,
    segments: &[SegmentReader],
    readers: &[impl AsRef<InvertedIndexReader>],
) -> std::io::Result<bool> {
    for ((segment, reader), ways) in segments.iter().zip(readers).zip(ways) {
        for way in ways {
            if way.met.is_in_any(segment, reader.as_ref())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The products that are there and have all of some words, of which each has these lists; none is
/// in two of one word.
pub(crate) fn all_of(
    reader: &InvertedIndexReader,
    alive: Option<&AliveBitSet>,
    words: &[Vec<TermInfo>],
) -> std::io::Result<Vec<(DocId, Place)>> {
    let mut words: Vec<&[TermInfo]> = words.iter().map(Vec::as_slice).collect();
    words.sort_by_key(|lists| lists.iter().map(|list| list.doc_freq).sum::<u32>());
    let Some((rarest, others)) = words.split_first() else { return Ok(Vec::new()) };
    let mut products: Vec<(DocId, Place)> = Vec::new();
    for list in *rarest {
        Postings::open(reader, list)?.each(|doc, place| {
            if alive.is_none_or(|alive| alive.is_alive(doc)) {
                products.push((doc, place));
            }
        });
    }
    products.sort_unstable();
    for lists in others {
        let lists = lists.iter().map(|list| Postings::open(reader, list));
        let mut lists: Vec<Postings> = lists.collect::<std::io::Result<_>>()?;
        products.retain_mut(|(doc, worst)| {
            let place = lists.iter_mut().find_map(|list| list.place_in(*doc));
            place.map(|place| *worst = place.min(*worst)).is_some()
        });
    }
    Ok(products)
}
