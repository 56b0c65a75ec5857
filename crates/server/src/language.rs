//! The languages that payors are spoken to in, on pages and by mail, and their words.
//!
//! English is always complete, and the other languages have the same keys with the same `{names}`
//! in them: a test reads them all. A language is one file, so that a speaker can correct it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
    Portuguese,
    French,
    German,
    Chinese,
    Arabic,
    Turkish,
}

pub type Words = BTreeMap<String, String>;

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let read = |language: Language| {
        serde_json::from_str(language.file()).expect("a file of this program, read by a test")
    };
    Language::ALL.into_iter().map(read).collect()
});

impl Language {
    pub const ALL: [Language; 8] = [
        Language::English,
        Language::Spanish,
        Language::Portuguese,
        Language::French,
        Language::German,
        Language::Chinese,
        Language::Arabic,
        Language::Turkish,
    ];

    /// What a payor said that he reads, as near as there is one.
    pub fn named(name: Option<&str>) -> Language {
        name.and_then(Language::parse).unwrap_or(Language::English)
    }

    /// `pt`, `pt-BR` and ` pt;q=0.8` are one language.
    pub fn parse(text: &str) -> Option<Language> {
        let primary = text.trim().split(['-', '_', ';']).next().unwrap_or_default();
        let is_it = |language: &Language| primary.eq_ignore_ascii_case(language.tag());
        Language::ALL.into_iter().find(is_it)
    }

    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
            Language::Portuguese => "pt",
            Language::French => "fr",
            Language::German => "de",
            Language::Chinese => "zh",
            Language::Arabic => "ar",
            Language::Turkish => "tr",
        }
    }

    /// What its speakers call it.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Spanish => "Español",
            Language::Portuguese => "Português",
            Language::French => "Français",
            Language::German => "Deutsch",
            Language::Chinese => "中文",
            Language::Arabic => "العربية",
            Language::Turkish => "Türkçe",
        }
    }

    pub fn direction(self) -> &'static str {
        match self {
            Language::Arabic => "rtl",
            Language::English
            | Language::Spanish
            | Language::Portuguese
            | Language::French
            | Language::German
            | Language::Chinese
            | Language::Turkish => "ltr",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Language::English => include_str!("../assets/pay/words/en.json"),
            Language::Spanish => include_str!("../assets/pay/words/es.json"),
            Language::Portuguese => include_str!("../assets/pay/words/pt.json"),
            Language::French => include_str!("../assets/pay/words/fr.json"),
            Language::German => include_str!("../assets/pay/words/de.json"),
            Language::Chinese => include_str!("../assets/pay/words/zh.json"),
            Language::Arabic => include_str!("../assets/pay/words/ar.json"),
            Language::Turkish => include_str!("../assets/pay/words/tr.json"),
        }
    }

    pub fn words(self) -> &'static Words {
        let place = Language::ALL.iter().position(|language| *language == self);
        &WORDS[place.expect("all languages are there")]
    }

    /// The words that scripts may need: those of mail and of the plain page stay here.
    pub fn page_words(self) -> impl Iterator<Item = (&'static String, &'static String)> {
        let is_kept = |key: &str| key.starts_with("mail_") || key.starts_with("plain_");
        self.words().iter().filter(move |(key, _)| !is_kept(key))
    }

    /// The text of a key with its `{names}` filled in.
    pub fn plain(self, key: &str, fill: &[(&str, &str)]) -> String {
        let Some(word) = self.words().get(key) else { return key.to_owned() };
        let mut out = String::new();
        let mut rest = word.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            out.push_str(before);
            if let Some((_, text)) = fill.iter().find(|(slot, _)| *slot == name) {
                push_apart(&mut out, text);
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// What is filled in may run the other way, or mean to turn what follows it: it is set apart.
fn push_apart(out: &mut String, text: &str) {
    const APART: char = '\u{2068}';
    const END: char = '\u{2069}';
    match text.is_ascii() {
        true => out.push_str(text),
        false => {
            out.push(APART);
            out.push_str(text);
            out.push(END);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<&str> {
        let mut names: Vec<_> =
            word.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_says_everything() {
        let english = Language::English.words();
        for language in Language::ALL {
            let words = language.words();
            assert!(words.keys().eq(english.keys()), "{language:?}");
            for (key, word) in words {
                assert_eq!(names(word), names(&english[key]), "{language:?} {key}");
            }
        }
    }

    #[test]
    fn names_are_filled_in_once() {
        let said = Language::English.plain("return_to", &[("merchant", "{merchant} & Co")]);
        assert_eq!(said, "Return to {merchant} & Co");
    }
}
