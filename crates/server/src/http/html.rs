//! Markup for the pages that are served here. Whatever is not this house's own words is escaped.
//!
//! `Html` is made of templates that are part of the program and of texts that went through
//! `escaped`; there is no other way to make one. So a page cannot forget to escape a name.

use serde::Serialize;

/// Markup that may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Somebody's text, in an element or in a quoted attribute.
    pub fn text(text: &str) -> Html {
        Html(escaped(text))
    }

    /// Markup of this house.
    pub fn own(markup: &'static str) -> Html {
        Html(markup.to_owned())
    }

    /// A template of this house with its `{{slots}}` filled in. A slot that is not named is empty.
    pub fn fill(template: &'static str, slots: &[(&str, &Html)]) -> Html {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else { break };
            out.push_str(before);
            if let Some((_, html)) = slots.iter().find(|(slot, _)| *slot == name) {
                out.push_str(&html.0);
            }
            rest = after;
        }
        out.push_str(rest);
        Html(out)
    }

    /// Data for a script, inside an element of the type `application/json`. Without `<` nothing in
    /// it can end that element.
    pub fn data(data: &impl Serialize) -> Html {
        let json = serde_json::to_string(data).expect("views serialize");
        Html(json.replace('<', "\\u003c"))
    }

    pub fn push(&mut self, other: &Html) {
        self.0.push_str(&other.0);
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<T: IntoIterator<Item = Html>>(parts: T) -> Html {
        Html(parts.into_iter().map(|part| part.0).collect())
    }
}

/// A text as markup that shows it, in an element or in a quoted attribute.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_a_template() {
        let name = Html::text("{{secret}}<b a='\"'>&");
        let filled = Html::fill("<p t=\"{{name}}\">{{none}}</p>", &[("name", &name)]);
        let expected = "<p t=\"{{secret}}&lt;b a=&#39;&quot;&#39;&gt;&amp;\"></p>";
        assert_eq!(filled.into_string(), expected);
    }

    #[test]
    fn data_cannot_end_its_element() {
        let data = Html::data(&"</script><!--").into_string();
        assert_eq!(data, "\"\\u003c/script>\\u003c!--\"");
    }
}
