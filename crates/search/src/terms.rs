//! Terms as they stand in the dictionary: a scope, what kind of term it is, the term.
//!
//! The scope comes first, so that a scope's terms are one range of the dictionary and a walk of
//! one merchant's words never meets another's. No beginning is the beginning of another: a scope
//! ends in a colon, and nothing before it is one.

use domain::environment::Environment;

use crate::document::Scope;
use crate::fold::fold_name;

/// Where in a product a word stands, the best place if there are several. Kept as the frequency
/// of the term in the product, which a posting list holds anyway.
pub(crate) type Place = u8;
pub(crate) const IN_DESCRIPTION: Place = 1;
pub(crate) const IN_CATEGORY: Place = 2;
pub(crate) const IN_BRAND: Place = 3;
pub(crate) const IN_TITLE: Place = 4;

/// Where a word is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// Titles, brands, categories, ids.
    Names,
    /// Descriptions of products that have it in no name.
    Description,
}

impl Text {
    fn code(self) -> char {
        match self {
            Text::Names => 'w',
            Text::Description => 'd',
        }
    }
}

/// The beginning of every term of a scope.
#[derive(Clone, Debug)]
pub(crate) struct ScopeTerms(String);

impl ScopeTerms {
    pub(crate) fn of(scope: Scope) -> ScopeTerms {
        let environment = match scope.environment {
            Environment::Devnet => 'd',
            Environment::Mainnet => 'm',
        };
        ScopeTerms(format!("{:x}{environment}:", scope.merchant_id))
    }

    fn with(&self, kind: char, rest: &str) -> String {
        let mut term = String::with_capacity(self.0.len() + 1 + rest.len());
        term.push_str(&self.0);
        term.push(kind);
        term.push_str(rest);
        term
    }

    /// Products with the word in such texts.
    pub(crate) fn word_in(&self, text: Text, word: &str) -> String {
        self.with(text.code(), word)
    }

    /// Those with it anywhere: a product is in one of these lists at most.
    pub(crate) fn word(&self, word: &str) -> [String; 2] {
        [Text::Names, Text::Description].map(|text| self.word_in(text, word))
    }

    /// Products named with a word that begins with these letters, `BEGINNING_CHARS_MAX` of them at
    /// most.
    pub(crate) fn beginning(&self, letters: &str) -> String {
        self.with('p', letters)
    }

    pub(crate) fn brand(&self, brand: &str) -> String {
        self.with('b', &fold_name(brand))
    }

    pub(crate) fn category(&self, category: &str) -> String {
        self.with('c', &fold_name(category))
    }

    pub(crate) fn retailer(&self, retailer: &str) -> String {
        self.with('r', retailer)
    }

    /// Every product of the scope.
    pub(crate) fn all(&self) -> String {
        self.with('*', "")
    }

    /// The word of a term of this scope's words.
    pub(crate) fn word_of<'a>(&self, term: &'a [u8]) -> Option<&'a str> {
        let (_, word) = term.strip_prefix(self.0.as_bytes())?.split_first()?;
        std::str::from_utf8(word).ok()
    }
}
