//! Characters as they are compared: without case, accents and width.
//!
//! One character in, a few out, so that places in the folded text lead back to the text itself.
//! Scripts whose marks carry the word (Indic, Thai, kana, hangul) keep them.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{is_combining_mark, is_public_assigned};

/// What a character is to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Letter,
    Digit,
    /// Written without spaces between words: searched by pairs.
    Dense,
    /// Stands between two parts of one word, as in `usb-c` or `o'neill`.
    Joiner,
    /// An accent that was written apart from its letter: part of the word, and of nothing else.
    Accent,
    Gap,
}

pub(crate) fn kind(character: char) -> Kind {
    if character.is_ascii() {
        return match character {
            'a'..='z' | 'A'..='Z' => Kind::Letter,
            '0'..='9' => Kind::Digit,
            '-' | '_' | '.' | '\'' | '/' | '&' | '+' => Kind::Joiner,
            _ => Kind::Gap,
        };
    }
    match character {
        '\u{2010}'..='\u{2015}' | '’' | '‘' | '´' | '·' | '－' | '．' => Kind::Joiner,
        character if is_dense(character) => Kind::Dense,
        character if is_accent(character) => Kind::Accent,
        character if character.is_numeric() => Kind::Digit,
        character if character.is_alphanumeric() => Kind::Letter,
        character if is_combining_mark(character) && is_public_assigned(character) => Kind::Letter,
        _ => Kind::Gap,
    }
}

/// Han, kana, hangul, and the scripts of South East Asia.
fn is_dense(character: char) -> bool {
    matches!(character,
        '\u{0E00}'..='\u{0EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9D}'
        | '\u{20000}'..='\u{3134F}')
}

/// Marks that may be left out without making another word.
fn is_accent(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036F}'
        | '\u{0591}'..='\u{05BD}'
        | '\u{064B}'..='\u{065F}'
        | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// Appends what the character is compared by.
pub(crate) fn fold_into(character: char, folded: &mut String) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
        return;
    }
    if is_dense(character) {
        folded.extend(std::iter::once(character).nfkc());
        return;
    }
    for part in std::iter::once(character).nfkd().flat_map(char::to_lowercase) {
        // Lower case of one letter may bring an accent of its own, as that of İ does.
        if is_accent(part) {
            continue;
        }
        match part {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'þ' => folded.push_str("th"),
            'ς' => folded.push('σ'),
            part if kind(part) == Kind::Gap => {}
            part => folded.push(part),
        }
    }
}

/// A name as it is compared: folded, and every run of anything else one space.
pub(crate) fn fold_name(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for character in name.chars() {
        match kind(character) {
            Kind::Letter | Kind::Digit | Kind::Dense => fold_into(character, &mut folded),
            Kind::Accent => {}
            Kind::Joiner | Kind::Gap => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}
