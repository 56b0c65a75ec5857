//! What searches read: the segments of one commit, and what ranking needs of their products.
//!
//! A search for a common word asks for the facts of a third of the catalogue. Out of the engine's
//! column each takes longer than everything else that is done with it, so they are read once for
//! each segment and kept: eight bytes a product.
//! Invariant: segments never change, so what was read of one is good for as long as it is there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::columnar::{Column, ColumnValues};
use tantivy::index::SegmentId;
use tantivy::schema::Field;
use tantivy::{DocId, Searcher, SegmentReader};

use crate::schema::{BRAND_CODE, CATEGORY_CODES, FACTS, Facts, PRICE, TIE, UPDATED};

/// Names that are kept at hand; none is longer than 128 bytes.
const NAMES_MAX: usize = 16_384;

pub(crate) struct Snapshot {
    pub(crate) searcher: Searcher,
    segments: Vec<Arc<Products>>,
    /// Reading a name takes as long as counting hundreds of it.
    pub(crate) names: Names,
}

impl Snapshot {
    pub(crate) fn of(searcher: Searcher) -> tantivy::Result<Snapshot> {
        Snapshot::read(searcher, &HashMap::new())
    }

    /// A later one; what they share is not read again.
    pub(crate) fn followed_by(&self, searcher: Searcher) -> tantivy::Result<Snapshot> {
        let segments = self.searcher.segment_readers().iter().map(SegmentReader::segment_id);
        let known = segments.zip(self.segments.iter().cloned()).collect();
        Snapshot::read(searcher, &known)
    }

    fn read(
        searcher: Searcher,
        known: &HashMap<SegmentId, Arc<Products>>,
    ) -> tantivy::Result<Snapshot> {
        let segments = searcher.segment_readers().iter().map(|segment| {
            let known = known.get(&segment.segment_id()).cloned();
            known.map_or_else(|| Products::of(segment).map(Arc::new), Ok)
        });
        let segments = segments.collect::<tantivy::Result<_>>()?;
        Ok(Snapshot { searcher, segments, names: Names::default() })
    }

    pub(crate) fn products(&self, segment: usize) -> &Products {
        &self.segments[segment]
    }
}

/// What brands and categories are called that were counted before.
#[derive(Default)]
pub(crate) struct Names(Mutex<HashMap<(Field, u64), String>>);

impl Names {
    pub(crate) fn get(&self, field: Field, code: u64) -> Option<String> {
        self.known().get(&(field, code)).cloned()
    }

    pub(crate) fn keep(&self, field: Field, code: u64, name: String) {
        let mut known = self.known();
        if known.len() < NAMES_MAX {
            known.insert((field, code), name);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Field, u64), String>> {
        // A map is whole between any two of its calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of a segment, by number of the document.
pub(crate) struct Products {
    facts: Vec<Facts>,
    /// Decides among equals.
    ties: Vec<u32>,
    /// Where one is rated better than the one before it: there begin the products of a scope.
    begins: Vec<DocId>,
    pub(crate) price: Arc<dyn ColumnValues<u64>>,
    pub(crate) updated: Arc<dyn ColumnValues<u64>>,
    pub(crate) brand: Column<u64>,
    pub(crate) categories: Option<Column<u64>>,
}

impl Products {
    fn of(segment: &SegmentReader) -> tantivy::Result<Products> {
        let columns = segment.fast_fields();
        let column = |name| columns.column_first_or_default::<u64>(name);
        let (column_of_facts, column_of_ties) = (column(FACTS)?, column(TIE)?);
        let docs = 0..segment.max_doc();
        let facts: Vec<Facts> =
            docs.clone().map(|doc| Facts::at_hand(column_of_facts.get_val(doc))).collect();
        let pairs = (1..).zip(facts.windows(2));
        let is_begin = |pair: &[Facts]| pair[1].quality() > pair[0].quality();
        let begins = pairs.filter(|(_, pair)| is_begin(pair)).map(|(doc, _)| doc).collect();
        Ok(Products {
            facts,
            ties: docs.map(|doc| (column_of_ties.get_val(doc) >> 32) as u32).collect(),
            begins,
            price: column(PRICE)?,
            updated: column(UPDATED)?,
            brand: columns.u64(BRAND_CODE)?,
            categories: columns.column_opt(CATEGORY_CODES)?,
        })
    }

    pub(crate) fn facts(&self, doc: DocId) -> Facts {
        self.facts[doc as usize]
    }

    pub(crate) fn tie(&self, doc: DocId) -> u32 {
        self.ties[doc as usize]
    }

    /// Up to where no product is rated better than this one.
    pub(crate) fn rated_no_better_until(&self, doc: DocId) -> DocId {
        let next = self.begins.partition_point(|begin| *begin <= doc);
        self.begins.get(next).copied().unwrap_or(DocId::MAX)
    }
}
