//! Which words of a scope are one or two edits from what was typed.
//!
//! A dictionary is walked together with an automaton that leaves every branch as soon as no word in
//! it can be near enough. A swap of two neighbours is one edit, as it is one slip of the fingers.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

/// Letters from which on a word is read with one edit.
const ONE_EDIT_CHARS_MIN: usize = 4;
/// Letters from which on a word is read with two edits.
const TWO_EDITS_CHARS_MIN: usize = 8;

static ONE_EDIT: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static TWO_EDITS: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

/// Whether the whole word is meant or what it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    Beginning,
}

/// How far from what was typed a word may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distant {
    OneEdit,
    TwoEdits,
}

impl Distant {
    /// As far as a word of so many letters may be.
    pub(crate) fn most(word: &str) -> Distant {
        match word.chars().count() {
            TWO_EDITS_CHARS_MIN.. => Distant::TwoEdits,
            _ => Distant::OneEdit,
        }
    }
}

/// The automaton of a word; none if it is too short, or a number, to be read as another.
pub(crate) fn near(word: &str, extent: Extent, distant: Distant) -> Option<DFA> {
    let (builder, chars_min) = match distant {
        Distant::OneEdit => (&ONE_EDIT, ONE_EDIT_CHARS_MIN),
        Distant::TwoEdits => (&TWO_EDITS, TWO_EDITS_CHARS_MIN),
    };
    if word.chars().count() < chars_min || word.chars().all(char::is_numeric) {
        return None;
    }
    Some(match extent {
        Extent::Whole => builder.build_dfa(word),
        Extent::Beginning => builder.build_prefix_dfa(word),
    })
}

/// How many edits a term is from the word; none if too many.
pub(crate) fn edits(dfa: &DFA, term: &str) -> Option<u8> {
    match dfa.eval(term) {
        Distance::Exact(edits) => Some(edits),
        Distance::AtLeast(_) => None,
    }
}

/// A word behind the exact beginning that every word of a scope has.
pub(crate) struct ScopedWord<'a> {
    pub(crate) scope: &'a [u8],
    pub(crate) dfa: &'a DFA,
}

#[derive(Clone, Copy)]
pub(crate) enum Walk {
    /// So many bytes of the scope have been met.
    Scope(usize),
    Word(u32),
    Lost,
}

impl Automaton for ScopedWord<'_> {
    type State = Walk;

    fn start(&self) -> Walk {
        Walk::Scope(0)
    }

    fn is_match(&self, state: &Walk) -> bool {
        match state {
            Walk::Word(state) => matches!(self.dfa.distance(*state), Distance::Exact(_)),
            Walk::Scope(_) | Walk::Lost => false,
        }
    }

    fn can_match(&self, state: &Walk) -> bool {
        match state {
            Walk::Scope(_) => true,
            Walk::Word(state) => *state != SINK_STATE,
            Walk::Lost => false,
        }
    }

    fn accept(&self, state: &Walk, byte: u8) -> Walk {
        match *state {
            Walk::Scope(met) if self.scope.get(met) != Some(&byte) => Walk::Lost,
            Walk::Scope(met) if met + 1 == self.scope.len() => Walk::Word(self.dfa.initial_state()),
            Walk::Scope(met) => Walk::Scope(met + 1),
            Walk::Word(state) => Walk::Word(self.dfa.transition(state, byte)),
            Walk::Lost => Walk::Lost,
        }
    }
}
