//! Lists of names and addresses an operator does not deal with, and whether one of them is meant.
//!
//! A list is text: one name or address a line, `#` starts a comment. Names are compared as sets of
//! words without case, accents, order and punctuation, and exactly so: no guessing, so that what
//! is on the list is found and a human can say why.
//!
//! Invariant: the same name written in another order or with other accents is the same name.

use std::collections::{BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// More than any list there is.
pub const ENTRIES_MAX: usize = 2_000_000;

/// What is on the lists.
#[derive(Clone, Default)]
pub struct ScreeningLists {
    /// By the words of a name, sorted: where it stands.
    names: HashMap<String, String>,
    addresses: HashMap<String, String>,
}

impl std::fmt::Debug for ScreeningLists {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ScreeningLists({} entries)", self.addresses.len())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("screening lists hold at most {ENTRIES_MAX} entries")]
pub struct TooManyEntries;

impl ScreeningLists {
    /// Adds a list under the name its hits are told by.
    pub fn add(&mut self, list: &str, text: &str) -> Result<(), TooManyEntries> {
        for (at, line) in text.lines().enumerate() {
            let entry = line.split('#').next().unwrap_or("").trim();
            if entry.is_empty() {
                continue;
            }
            let place = format!("{list}:{}", at + 1);
            let words = normal_name(entry);
            if !words.is_empty() {
                self.names.entry(words).or_insert_with(|| place.clone());
            }
            self.addresses.entry(normal_address(entry)).or_insert(place);
            if self.addresses.len() > ENTRIES_MAX {
                return Err(TooManyEntries);
            }
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    pub fn len(&self) -> usize {
        self.addresses.len()
    }

    /// Where a list has this name.
    pub fn hits_name(&self, name: &str) -> Option<String> {
        self.names.get(&normal_name(name)).filter(|_| !name.trim().is_empty()).cloned()
    }

    /// Where a list has this address of a network.
    pub fn hits_address(&self, address: &str) -> Option<String> {
        self.addresses.get(&normal_address(address)).cloned()
    }
}

/// The words of a name in their order by letters, each once.
fn normal_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            // Within a word: O'Neil and ONeil are one.
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{2bc}' => {}
            letter => push_plain(&mut plain, letter),
        }
    }
    let is_mark = |letter: char| !letter.is_alphanumeric();
    let words: BTreeSet<&str> = plain.split(is_mark).filter(|word| !word.is_empty()).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Letters that are not taken apart by Unicode, as they are written without them.
fn push_plain(out: &mut String, letter: char) {
    for lower in letter.to_lowercase() {
        match lower {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            lower if is_combining_mark(lower) => {}
            lower => out.push(lower),
        }
    }
}

/// Hex is written in either case; other alphabets mean their cases.
fn normal_address(address: &str) -> String {
    let address = address.trim();
    let is_hex = address.starts_with("0x") || address.starts_with("0X");
    if is_hex { address.to_lowercase() } else { address.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
# Names
José Ángel Pérez-Núñez   # known as Pepe
Al-Rashid, Omar
O'Neil Ship
Łukasz Straße

0x00000000000000000000000000000000DeaDBeef
So11111111111111111111111111111111111111112
";

    #[track_caller]
    fn check(name: &str, place: Option<&str>) {
        let mut lists = ScreeningLists::default();
        lists.add("list", LIST).expect("few");
        assert_eq!(lists.hits_name(name).as_deref(), place, "{name}");
    }

    #[test]
    fn names_are_found_in_any_order_case_and_spelling() {
        check("Jose Angel Perez Nunez", Some("list:2"));
        check("PÉREZ NÚÑEZ, José-Ángel", Some("list:2"));
        check("Jose\u{301} A\u{301}ngel Pe\u{301}rez Nun\u{303}ez", Some("list:2"));
        check("omar al rashid", Some("list:3"));
        check("ship oneil", Some("list:4"));
        check("Lukasz STRASSE", Some("list:5"));
    }

    #[test]
    fn other_names_are_not() {
        for name in ["", " ", "Omar", "Omar Al Rashid Jr", "Jose Perez", "Names", "Pepe", "-"] {
            check(name, None);
        }
    }

    #[test]
    fn addresses_are_compared_as_their_networks_write_them() {
        let mut lists = ScreeningLists::default();
        lists.add("list", LIST).expect("few");
        let hit = |address| lists.hits_address(address);
        assert!(hit("0X00000000000000000000000000000000deadbeef").is_some());
        assert!(hit("So11111111111111111111111111111111111111112").is_some());
        assert_eq!(hit("so11111111111111111111111111111111111111112"), None);
        assert_eq!(hit("0x00000000000000000000000000000000deadbeee"), None);
    }
}
