//! Postcodes: how each country writes them, as data, and one spelling for every way to type them.
//!
//! In a pattern `9` is a digit, `A` a letter and `*` either; everything else is written by us and
//! need not be typed. A country that is not here has rules of its own that nobody checked.

use crate::country::Country;

/// The EU, what belongs to its post, and the countries most parcels go to besides.
const PATTERNS: &[(&str, &[&str])] = &[
    ("AT", &["9999"]),
    ("AU", &["9999"]),
    ("BE", &["9999"]),
    ("BG", &["9999"]),
    ("BR", &["99999-999"]),
    ("CH", &["9999"]),
    ("CY", &["9999"]),
    ("CZ", &["999 99"]),
    ("DE", &["99999"]),
    ("DK", &["9999"]),
    ("EE", &["99999"]),
    ("ES", &["99999"]),
    ("FI", &["99999"]),
    ("FR", &["99999"]),
    ("GB", &["A9 9AA", "A99 9AA", "A9A 9AA", "AA9 9AA", "AA99 9AA", "AA9A 9AA", "AAA 9AA"]),
    ("GR", &["999 99"]),
    ("HR", &["99999"]),
    ("HU", &["9999"]),
    ("IE", &["A9* ****"]),
    ("IL", &["9999999", "99999"]),
    ("IN", &["999999"]),
    ("IS", &["999"]),
    ("IT", &["99999"]),
    ("JP", &["999-9999"]),
    ("KR", &["99999"]),
    ("LI", &["9999"]),
    ("LT", &["LT-99999"]),
    ("LU", &["9999"]),
    ("LV", &["LV-9999"]),
    ("MC", &["99999"]),
    ("MT", &["AAA 9999"]),
    ("MX", &["99999"]),
    ("MY", &["99999"]),
    ("NL", &["9999 AA"]),
    ("NO", &["9999"]),
    ("NZ", &["9999"]),
    ("PH", &["9999"]),
    ("PL", &["99-999"]),
    ("PR", &["99999", "99999-9999"]),
    ("PT", &["9999-999"]),
    ("RO", &["999999"]),
    ("RS", &["99999"]),
    ("SE", &["999 99"]),
    ("SG", &["999999"]),
    ("SI", &["9999"]),
    ("SK", &["999 99"]),
    ("TH", &["99999"]),
    ("TR", &["99999"]),
    ("UA", &["99999"]),
    ("VN", &["99999"]),
    ("ZA", &["9999"]),
];

const CANADIAN: &str = "A9A 9A9";
/// No Canadian code has these letters, and none begins with W or Z.
const NOT_CANADIAN: &str = "DFIOQU";
/// The only code of Britain that is made of its letters alone.
const GIROBANK: &str = "GIR 0AA";
/// No second half of a British code has these letters.
const NOT_BRITISH: &str = "CIKMOV";

/// What became of a postcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Postcode {
    Fits(String),
    Wrong {
        example: String,
    },
    /// The country's codes are not known here.
    Unknown,
}

pub(super) fn checked(country: Country, text: &str) -> Postcode {
    let code = country.as_str();
    let Some((_, patterns)) = PATTERNS.iter().find(|(of, _)| *of == code) else {
        return Postcode::Unknown;
    };
    let Some(typed) = compact(text) else { return wrong(patterns) };
    // `D-10115` and `LV1050` are typed as often as not.
    let without_country = prefixes(code).find_map(|prefix| typed.strip_prefix(prefix));
    let ways = [Some(&*typed), without_country].into_iter().flatten();
    let mut fits = ways.flat_map(|typed| patterns.iter().filter_map(|pattern| fit(pattern, typed)));
    match fits.find(|written| code != "GB" || is_british(written)) {
        Some(written) => Postcode::Fits(written),
        None => wrong(patterns),
    }
}

/// A postal code of Canada in its one spelling.
pub(super) fn canadian(text: &str) -> Option<String> {
    let written = fit(CANADIAN, &compact(text)?)?;
    let is_one = !written.starts_with(['W', 'Z'])
        && !written.chars().any(|letter| NOT_CANADIAN.contains(letter));
    is_one.then_some(written)
}

fn is_british(written: &str) -> bool {
    let inward = written.rsplit(' ').next().unwrap_or("");
    let is_all_letters = written.chars().take(3).all(|letter| letter.is_ascii_alphabetic());
    match is_all_letters {
        true => written == GIROBANK,
        false => !inward.chars().any(|letter| NOT_BRITISH.contains(letter)),
    }
}

/// Letters that are written before codes abroad: the country's, or its plate's.
fn prefixes(country: &str) -> impl Iterator<Item = &str> {
    let plate = match country {
        "AT" => "A",
        "BE" => "B",
        "DE" => "D",
        "ES" => "E",
        "FR" => "F",
        "IT" => "I",
        "LU" => "L",
        "SE" => "S",
        _ => country,
    };
    [country, plate].into_iter()
}

/// Letters and digits in upper case; none where there is anything else but spaces and hyphens.
fn compact(text: &str) -> Option<String> {
    let is_of_one = |letter: char| letter.is_ascii_alphanumeric() || letter == ' ' || letter == '-';
    let kept = || text.chars().filter(char::is_ascii_alphanumeric);
    text.chars().all(is_of_one).then(|| kept().collect::<String>().to_ascii_uppercase())
}

/// What was typed in the way of a pattern, if it has its form.
fn fit(pattern: &str, typed: &str) -> Option<String> {
    let mut typed = typed.chars();
    let mut written = String::with_capacity(pattern.len());
    for sign in pattern.chars() {
        written.push(match sign {
            '9' => typed.next().filter(char::is_ascii_digit)?,
            'A' => typed.next().filter(char::is_ascii_alphabetic)?,
            '*' => typed.next()?,
            ours => ours,
        });
    }
    typed.next().is_none().then_some(written)
}

fn wrong(patterns: &[&str]) -> Postcode {
    let digits = patterns.first().copied().unwrap_or_default();
    let example = digits.replace(['9', '*'], "1").replace('A', "B");
    Postcode::Wrong { example }
}
