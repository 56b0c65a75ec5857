//! Which parts of a title were asked for.
//!
//! The title is cut into words as when it was indexed, and a word is marked if it is one of the
//! terms the search really looked for; so a misspelt word marks what it found.

use std::collections::HashSet;
use std::ops::Range;

use crate::found::Highlight;
use crate::resolve::Mark;
use crate::words::compounds;

/// What a search marks, ready to be asked of many titles.
pub(crate) struct Marker<'a> {
    terms: HashSet<&'a str>,
    beginnings: Vec<&'a str>,
}

impl<'a> Marker<'a> {
    pub(crate) fn new(marks: &'a [Mark]) -> Marker<'a> {
        let mut marker = Marker { terms: HashSet::new(), beginnings: Vec::new() };
        for mark in marks {
            match mark {
                Mark::Term(term) => {
                    marker.terms.insert(term);
                }
                Mark::Beginning(letters) => marker.beginnings.push(letters),
            }
        }
        marker
    }

    fn marks(&self, term: &str) -> bool {
        self.terms.contains(term) || self.beginnings.iter().any(|letters| term.starts_with(letters))
    }

    pub(crate) fn highlight(&self, title: String) -> Highlight {
        let mut places: Vec<Range<usize>> = Vec::new();
        for compound in compounds(&title) {
            for joined in compound.terms() {
                if self.marks(&joined.term) {
                    let atoms = &compound.atoms[joined.atoms];
                    let (first, last) = (&atoms[0].place, &atoms[atoms.len() - 1].place);
                    places.push(first.start..last.end);
                }
            }
        }
        places.sort_by_key(|place| (place.start, place.end));
        let mut marks: Vec<Range<usize>> = Vec::new();
        for place in places {
            match marks.last_mut() {
                Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
                Some(_) | None => marks.push(place),
            }
        }
        Highlight { title, marks }
    }
}
