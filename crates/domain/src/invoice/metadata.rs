//! The merchant's own JSON object: checked once when it comes in, then passed through untouched.
//!
//! Only white space is taken out: numbers and the order of fields stay as the merchant wrote them.

use serde_json::value::RawValue;

use super::Metadata;
use crate::refusal::Refusal;

pub(super) const BYTES_MAX: usize = 512;
/// Readers of events must be able to parse it with a few objects around it.
const DEPTH_MAX: usize = 64;

impl Metadata {
    /// Takes a JSON object in any spelling.
    pub fn parse(raw: &RawValue) -> Result<Metadata, Refusal> {
        let refuse = |message: &str| Err(Refusal::invalid("metadata", message));
        if !raw.get().starts_with('{') {
            return refuse("must be a JSON object");
        }
        let (compact, depth) = compact(raw.get());
        if compact.len() > BYTES_MAX {
            return refuse("must not pass 512 bytes of compact JSON");
        }
        if depth > DEPTH_MAX {
            return refuse("must not nest deeper than 64 levels");
        }
        // Raw JSON may hold numbers and escapes that no reader of it could make a value of.
        if serde_json::from_str::<serde_json::Value>(&compact).is_err() {
            return refuse("holds a number or a text that cannot be read");
        }
        let raw = RawValue::from_string(compact).expect("JSON without white space is JSON");
        Ok(Metadata(Some(raw)))
    }
}

/// The text without white space outside of strings, and how deep it nests.
fn compact(text: &str) -> (String, usize) {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |character: &char| {
        if in_string {
            let closes = *character == '"' && !is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            in_string = !closes;
            return true;
        }
        match character {
            '"' => in_string = true,
            '{' | '[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            '}' | ']' => depth = depth.saturating_sub(1),
            ' ' | '\n' | '\r' | '\t' => return false,
            _ => {}
        }
        true
    };
    let compact = text.chars().filter(is_kept).collect();
    (compact, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, compact: Option<&str>) {
        let raw = RawValue::from_string(text.to_owned()).expect("JSON");
        let parsed = Metadata::parse(&raw).ok();
        assert_eq!(parsed.as_ref().map(Metadata::text), compact, "{text}");
    }

    #[test]
    fn metadata_is_an_object_and_stays_as_it_was_written() {
        check("{}", Some("{}"));
        check("{ \"b\" : 1.10 ,\n\t\"a\": [ 1, 2 ] }", Some(r#"{"b":1.10,"a":[1,2]}"#));
        check(r#"{"a": " \" } { \\"}"#, Some(r#"{"a":" \" } { \\"}"#));
        for text in ["[]", "1", "\"{}\"", "true"] {
            check(text, None);
        }
    }

    #[test]
    fn nobody_downstream_meets_metadata_he_cannot_read() {
        check(r#"{"a":1e999}"#, None);
        check(r#"{"a":"\ud800"}"#, None);
        let nested = |levels: usize| {
            format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        check(&nested(64), Some(&nested(64)));
        check(&nested(65), None);
    }

    #[test]
    fn the_limit_counts_compact_bytes() {
        let of_bytes = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        check(&of_bytes(512), Some(&of_bytes(512)));
        check(&of_bytes(513), None);
        check(&format!("{{{}}}", " ".repeat(600)), Some("{}"));
    }
}
