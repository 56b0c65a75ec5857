//! What is wrong with a configuration: where, and of what kind.
//!
//! Values may be secrets, such as a URL with a provider's key in it, and what is printed ends up
//! in logs and tickets. So nothing that stands on the right of a `=` is ever repeated.

/// How serde says that a value does not fit: the value itself, then what was expected.
const MISFITS: [&str; 4] =
    ["invalid type: ", "invalid value: ", "invalid length: ", "unknown variant `"];
/// What names keys only.
const ABOUT_KEYS: [&str; 2] = ["unknown field `", "missing field `"];

/// Of a text that is not TOML.
pub fn of_text(text: &str, error: &toml::de::Error) -> String {
    let message = misfit(error.message()).unwrap_or_else(|| error.message().to_owned());
    let Some(span) = error.span() else { return message };
    let before = &text[..text.floor_char_boundary(span.start)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&letter| letter != '\n').count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// Of a table that is not a configuration.
pub fn of_table(error: &toml::de::Error) -> String {
    let message = error.message();
    let is_about_keys = ABOUT_KEYS.iter().any(|prefix| message.starts_with(prefix));
    let what = match misfit(message) {
        Some(what) => what,
        None if is_about_keys => message.to_owned(),
        None => "not a value that fits here".to_owned(),
    };
    match path(error) {
        Some(path) => format!("{path}: {what}"),
        None => what,
    }
}

/// What was expected, without what was found instead.
fn misfit(message: &str) -> Option<String> {
    MISFITS.iter().find(|prefix| message.starts_with(**prefix))?;
    // A found text may say "expected" too: the last one is serde's.
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    Some(expected.map_or("does not fit".to_owned(), |expected| format!("expected {expected}")))
}

/// The keys from the outermost one: all that follows the message where there is no text to show.
fn path(error: &toml::de::Error) -> Option<String> {
    let shown = error.to_string();
    let rest = shown.strip_prefix(error.message())?.trim();
    rest.strip_prefix("in `")?.strip_suffix('`').map(str::to_owned)
}
