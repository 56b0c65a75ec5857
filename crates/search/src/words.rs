//! Texts as words: where one begins, what belongs together, and every way it may be written.
//!
//! A compound is what is written without a space: `WH-1000XM5` is one of the atoms wh, 1000, xm, 5.
//! A product is found under every run of them joined; a query asks for the whole run or, where
//! products write it with spaces, for its atoms.
//! Invariant: products and queries are cut into words by this one file.

use std::ops::Range;

use crate::fold::{Kind, fold_into, kind};

/// Letters a term has at most; what differs later is found together.
const TERM_CHARS_MAX: usize = 40;
/// Atoms of one compound; a longer one goes on as another.
const ATOMS_MAX: usize = 12;
/// Atoms that are joined to one term, unless it is the whole compound.
const JOINED_MAX: usize = 6;
/// Letters of a beginning that is a term of its own; longer ones are looked up in the dictionary.
pub(crate) const BEGINNING_CHARS_MAX: usize = 4;

/// A run of letters or of digits, or one character of a script without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) text: String,
    /// Where it stands in the text it was read from.
    pub(crate) place: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Spaced,
    /// Searched by pairs of characters.
    Dense,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compound {
    pub(crate) script: Script,
    /// Never empty.
    pub(crate) atoms: Vec<Atom>,
}

/// A run of a compound's atoms under the term it is found by.
pub(crate) struct Joined {
    pub(crate) term: String,
    pub(crate) atoms: Range<usize>,
}

impl Compound {
    /// Every term a product with this compound is found by.
    pub(crate) fn terms(&self) -> Vec<Joined> {
        match self.script {
            Script::Spaced => self.joins(),
            Script::Dense => self.pairs(),
        }
    }

    fn joins(&self) -> Vec<Joined> {
        let count = self.atoms.len();
        let mut joins = Vec::new();
        for start in 0..count {
            for end in start + 1..=count.min(start + JOINED_MAX) {
                joins.push(self.joined(start..end));
            }
        }
        if count > JOINED_MAX {
            joins.push(self.joined(0..count));
        }
        joins
    }

    /// Each two neighbours, and the last alone: with its pair, every character begins some term.
    fn pairs(&self) -> Vec<Joined> {
        let count = self.atoms.len();
        (0..count).map(|start| self.joined(start..count.min(start + 2))).collect()
    }

    fn joined(&self, atoms: Range<usize>) -> Joined {
        let mut term = String::new();
        for atom in &self.atoms[atoms.clone()] {
            term.push_str(&atom.text);
        }
        shorten(&mut term);
        Joined { term, atoms }
    }

    /// The whole compound as one term.
    pub(crate) fn whole(&self) -> String {
        self.joined(0..self.atoms.len()).term
    }

    /// What stands in the text, from the first atom to the last.
    pub(crate) fn place(&self) -> Range<usize> {
        let last = self.atoms.last().expect("a compound has an atom");
        self.atoms[0].place.start..last.place.end
    }
}

fn shorten(term: &mut String) {
    if let Some((place, _)) = term.char_indices().nth(TERM_CHARS_MAX) {
        term.truncate(place);
    }
}

/// The first letters of a term, as many as are asked for; nothing if it has fewer.
pub(crate) fn beginning(term: &str, chars: usize) -> Option<&str> {
    let mut places = term.char_indices().map(|(place, _)| place).chain(Some(term.len()));
    places.nth(chars).map(|end| &term[..end])
}

/// Cuts a text into its compounds.
pub(crate) fn compounds(text: &str) -> Vec<Compound> {
    let mut reading = Reading::default();
    for (place, character) in text.char_indices() {
        reading.take(place..place + character.len_utf8(), character);
    }
    reading.end_compound();
    reading.compounds
}

#[derive(Default)]
struct Reading {
    compounds: Vec<Compound>,
    atoms: Vec<Atom>,
    /// What the character before was; nothing at the start and after a gap.
    before: Option<Kind>,
}

impl Reading {
    fn take(&mut self, place: Range<usize>, character: char) {
        let now = kind(character);
        match now {
            Kind::Letter | Kind::Digit => {
                if self.before == Some(Kind::Dense) {
                    self.end_compound();
                }
                if self.before == Some(now) {
                    self.lengthen(place, character);
                } else {
                    self.begin(place, character);
                }
            }
            Kind::Dense => {
                if !matches!(self.before, Some(Kind::Dense) | None) {
                    self.end_compound();
                }
                self.begin(place, character);
            }
            Kind::Accent => {
                // The accent's letter goes on: nothing begins and nothing ends.
                if let Some(atom) = self.atoms.last_mut()
                    && atom.place.end == place.start
                {
                    atom.place.end = place.end;
                }
                return;
            }
            Kind::Joiner => {
                // Two joiners in a row are a dash or dots, and part words.
                if matches!(self.before, Some(Kind::Joiner | Kind::Dense) | None) {
                    self.end_compound();
                    return;
                }
            }
            Kind::Gap => {
                self.end_compound();
                return;
            }
        }
        self.before = Some(now);
    }

    fn begin(&mut self, place: Range<usize>, character: char) {
        if self.atoms.len() == ATOMS_MAX && kind(character) != Kind::Dense {
            self.end_compound();
        }
        let mut text = String::new();
        fold_into(character, &mut text);
        self.atoms.push(Atom { text, place });
    }

    fn lengthen(&mut self, place: Range<usize>, character: char) {
        if let Some(atom) = self.atoms.last_mut() {
            fold_into(character, &mut atom.text);
            atom.place.end = place.end;
        }
    }

    fn end_compound(&mut self) {
        let script = if self.before == Some(Kind::Dense) { Script::Dense } else { Script::Spaced };
        self.before = None;
        let atoms: Vec<Atom> = self.atoms.drain(..).filter(|atom| !atom.text.is_empty()).collect();
        if !atoms.is_empty() {
            self.compounds.push(Compound { script, atoms });
        }
    }
}

/// Whether the last word of a text may be half typed: it is, unless a gap follows it.
pub(crate) fn ends_in_word(text: &str, last: &Compound) -> bool {
    text[last.place().end..].chars().all(|character| kind(character) == Kind::Joiner)
}
