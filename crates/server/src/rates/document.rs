//! Finds a price in a JSON document by its pointer (RFC 6901), as the text it was written in.
//!
//! A number never passes through a float: every step keeps the raw text of what is below it. What
//! is neither a number nor a string is no price.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// The text of the number or string that a pointer leads to.
pub fn price_text(document: &RawValue, pointer: &str) -> Option<String> {
    let mut here = document;
    for step in pointer.split('/').skip(1) {
        here = below(here, &step.replace("~1", "/").replace("~0", "~"))?;
    }
    match here.get().as_bytes().first()? {
        b'"' => serde_json::from_str(here.get()).ok(),
        b'-' | b'0'..=b'9' => Some(here.get().to_owned()),
        _ => None,
    }
}

fn below<'a>(here: &'a RawValue, step: &str) -> Option<&'a RawValue> {
    match here.get().as_bytes().first()? {
        b'{' => {
            let mut fields: HashMap<String, &RawValue> = serde_json::from_str(here.get()).ok()?;
            fields.remove(step)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(here.get()).ok()?;
            items.get(index(step)?).copied()
        }
        _ => None,
    }
}

/// An index has no sign and no leading zero.
fn index(step: &str) -> Option<usize> {
    let is_plain = step == "0" || !step.starts_with('0');
    let is_number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain && is_number { step.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, pointer: &str, expected: Option<&str>) {
        let document: &RawValue = serde_json::from_str(json).expect("JSON");
        assert_eq!(price_text(document, pointer).as_deref(), expected, "{pointer} in {json}");
    }

    #[test]
    fn a_pointer_leads_to_the_text_as_it_was_written() {
        check(
            r#" {"a": {"usd": 67187.335893656600001 }}"#,
            "/a/usd",
            Some("67187.335893656600001"),
        );
        check(r#"{"r":{"X":{"c":["30303.20000","1"]}}}"#, "/r/X/c/0", Some("30303.20000"));
        check(r#"[{"p": 1e-7}]"#, "/0/p", Some("1e-7"));
        check("3000", "", Some("3000"));
        check(r#"{"a/b": {"~": "\u0031.5"}}"#, "/a~1b/~0", Some("1.5"));
        check(r#"{"": {"": -1}}"#, "//", Some("-1"));
    }

    #[test]
    fn what_is_not_there_is_no_price() {
        for pointer in ["/b", "/a/b", "/l", "/l/2", "/l/00", "/l/-", "/l/+0", "/n", "/t", ""] {
            check(r#"{"a": 1, "l": [1, 2], "n": null, "t": true}"#, pointer, None);
        }
    }
}
