//! A term's products in a segment, read in order, forward only.
//!
//! The engine keeps them in blocks of 128; this reads whole blocks and jumps over those in which
//! what is looked for cannot be.

use tantivy::postings::BlockSegmentPostings;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, InvertedIndexReader};

use crate::terms::Place;

/// So many are looked at one after the other before a place further on is looked for.
const NEAR: usize = 8;

pub(crate) struct Postings {
    block: BlockSegmentPostings,
    /// The next to be read within the block.
    at: usize,
    /// The block's last document; the largest number when there is no more.
    last: DocId,
}

impl Postings {
    pub(crate) fn open(reader: &InvertedIndexReader, term: &TermInfo) -> std::io::Result<Postings> {
        let option = IndexRecordOption::WithFreqs;
        let block = reader.read_block_postings_from_terminfo(term, option)?;
        let mut postings = Postings { block, at: 0, last: 0 };
        postings.note_last();
        Ok(postings)
    }

    fn note_last(&mut self) {
        self.last = self.block.docs().last().copied().unwrap_or(DocId::MAX);
    }

    /// Where the word stands in that document, if it does. Documents are asked for in order.
    pub(crate) fn place_in(&mut self, doc: DocId) -> Option<Place> {
        if self.last < doc {
            self.at = self.block.seek(doc);
            self.note_last();
        } else {
            let ahead = &self.block.docs()[self.at..];
            let near = ahead.iter().take(NEAR).take_while(|other| **other < doc).count();
            self.at += near;
            if near == NEAR {
                self.at += ahead[near..].partition_point(|other| *other < doc);
            }
        }
        match self.block.docs().get(self.at) {
            Some(other) if *other == doc => Some(place(self.block.freq(self.at))),
            Some(_) | None => None,
        }
    }

    /// Every document, from the first to the last.
    pub(crate) fn each(mut self, mut take: impl FnMut(DocId, Place)) {
        self.each_block(|docs, frequencies| {
            for (doc, frequency) in docs.iter().zip(frequencies) {
                take(*doc, place(*frequency));
            }
        });
    }

    /// Whether some document is it; no more are read than that takes.
    pub(crate) fn any(mut self, mut is_it: impl FnMut(DocId) -> bool) -> bool {
        while !self.block.docs().is_empty() {
            if self.block.docs().iter().any(|doc| is_it(*doc)) {
                return true;
            }
            self.block.advance();
        }
        false
    }

    /// Every document, many at a time, and of each how often the term is written, which [`place`]
    /// reads.
    pub(crate) fn each_block(&mut self, mut take: impl FnMut(&[DocId], &[u32])) {
        while !self.block.docs().is_empty() {
            take(self.block.docs(), self.block.freqs());
            self.block.advance();
        }
    }
}

pub(crate) fn place(frequency: u32) -> Place {
    // It is written as 1 to 4; a bound keeps what is read from the disk out of tables' ends.
    frequency.min(u32::from(crate::terms::IN_TITLE)) as Place
}
