//! A page's language, and its words as markup.

use axum::http::{HeaderMap, header};

use crate::http::html::Html;
use crate::language::Language;

impl Language {
    /// What the address asks for, else the first that the browser names and we have.
    pub fn choose(asked: Option<&str>, headers: &HeaderMap) -> Language {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let accepted = accepted.unwrap_or_default().split(',');
        let mut wished = asked.into_iter().chain(accepted);
        wished.find_map(Language::parse).unwrap_or(Language::English)
    }

    /// The word of a key.
    pub fn word(self, key: &str) -> Html {
        self.say(key, &[])
    }

    /// The word of a key with its `{names}` filled in, as markup that shows it.
    pub fn say(self, key: &str, fill: &[(&str, &str)]) -> Html {
        Html::text(&self.plain(key, fill))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_browser() {
        let check = |asked: Option<&str>, accepted: &'static str, expected: Language| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().expect("a header"));
            assert_eq!(Language::choose(asked, &headers), expected, "{asked:?} {accepted}");
        };
        check(Some("ar"), "de", Language::Arabic);
        check(Some("xx"), "de-AT,de;q=0.9", Language::German);
        check(None, "xx, pt-BR;q=0.8, en", Language::Portuguese);
        check(None, "zh_TW", Language::Chinese);
        check(None, "", Language::English);
    }
}
