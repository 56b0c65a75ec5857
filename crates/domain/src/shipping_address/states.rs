//! The states of the US and the provinces of Canada, and which postcodes lie in which.
//!
//! A ZIP's first three digits are a sorting centre of one state; a few ZIPs serve a neighbour's
//! doorsteps too, and islands share centres, so those are named one by one.

/// Names and letters, territories and the armed forces' places included.
const US_STATES: &[(&str, &str)] = &[
    ("AL", "ALABAMA"),
    ("AK", "ALASKA"),
    ("AZ", "ARIZONA"),
    ("AR", "ARKANSAS"),
    ("CA", "CALIFORNIA"),
    ("CO", "COLORADO"),
    ("CT", "CONNECTICUT"),
    ("DE", "DELAWARE"),
    ("DC", "DISTRICT OF COLUMBIA"),
    ("FL", "FLORIDA"),
    ("GA", "GEORGIA"),
    ("HI", "HAWAII"),
    ("ID", "IDAHO"),
    ("IL", "ILLINOIS"),
    ("IN", "INDIANA"),
    ("IA", "IOWA"),
    ("KS", "KANSAS"),
    ("KY", "KENTUCKY"),
    ("LA", "LOUISIANA"),
    ("ME", "MAINE"),
    ("MD", "MARYLAND"),
    ("MA", "MASSACHUSETTS"),
    ("MI", "MICHIGAN"),
    ("MN", "MINNESOTA"),
    ("MS", "MISSISSIPPI"),
    ("MO", "MISSOURI"),
    ("MT", "MONTANA"),
    ("NE", "NEBRASKA"),
    ("NV", "NEVADA"),
    ("NH", "NEW HAMPSHIRE"),
    ("NJ", "NEW JERSEY"),
    ("NM", "NEW MEXICO"),
    ("NY", "NEW YORK"),
    ("NC", "NORTH CAROLINA"),
    ("ND", "NORTH DAKOTA"),
    ("OH", "OHIO"),
    ("OK", "OKLAHOMA"),
    ("OR", "OREGON"),
    ("PA", "PENNSYLVANIA"),
    ("RI", "RHODE ISLAND"),
    ("SC", "SOUTH CAROLINA"),
    ("SD", "SOUTH DAKOTA"),
    ("TN", "TENNESSEE"),
    ("TX", "TEXAS"),
    ("UT", "UTAH"),
    ("VT", "VERMONT"),
    ("VA", "VIRGINIA"),
    ("WA", "WASHINGTON"),
    ("WV", "WEST VIRGINIA"),
    ("WI", "WISCONSIN"),
    ("WY", "WYOMING"),
    ("AS", "AMERICAN SAMOA"),
    ("GU", "GUAM"),
    ("MP", "NORTHERN MARIANA ISLANDS"),
    ("PR", "PUERTO RICO"),
    ("VI", "VIRGIN ISLANDS"),
    ("FM", "MICRONESIA"),
    ("MH", "MARSHALL ISLANDS"),
    ("PW", "PALAU"),
    ("AA", "ARMED FORCES AMERICAS"),
    ("AE", "ARMED FORCES EUROPE"),
    ("AP", "ARMED FORCES PACIFIC"),
];

/// From one prefix of three digits to another, in order.
const ZIP_PREFIXES: &[(u16, u16, &str)] = &[
    (5, 5, "NY"),
    (6, 7, "PR"),
    (8, 8, "VI"),
    (9, 9, "PR"),
    (10, 27, "MA"),
    (28, 29, "RI"),
    (30, 38, "NH"),
    (39, 49, "ME"),
    (50, 54, "VT"),
    (55, 55, "MA"),
    (56, 59, "VT"),
    (60, 69, "CT"),
    (70, 89, "NJ"),
    (90, 98, "AE"),
    (100, 149, "NY"),
    (150, 196, "PA"),
    (197, 199, "DE"),
    (200, 200, "DC"),
    (201, 201, "VA"),
    (202, 205, "DC"),
    (206, 219, "MD"),
    (220, 246, "VA"),
    (247, 268, "WV"),
    (270, 289, "NC"),
    (290, 299, "SC"),
    (300, 319, "GA"),
    (320, 339, "FL"),
    (340, 340, "AA"),
    (341, 349, "FL"),
    (350, 369, "AL"),
    (370, 385, "TN"),
    (386, 397, "MS"),
    (398, 399, "GA"),
    (400, 427, "KY"),
    (430, 459, "OH"),
    (460, 479, "IN"),
    (480, 499, "MI"),
    (500, 528, "IA"),
    (530, 549, "WI"),
    (550, 567, "MN"),
    (569, 569, "DC"),
    (570, 577, "SD"),
    (580, 588, "ND"),
    (590, 599, "MT"),
    (600, 629, "IL"),
    (630, 658, "MO"),
    (660, 679, "KS"),
    (680, 693, "NE"),
    (700, 714, "LA"),
    (716, 729, "AR"),
    (730, 732, "OK"),
    (733, 733, "TX"),
    (734, 749, "OK"),
    (750, 799, "TX"),
    (800, 816, "CO"),
    (820, 831, "WY"),
    (832, 838, "ID"),
    (840, 847, "UT"),
    (850, 865, "AZ"),
    (870, 884, "NM"),
    (885, 885, "TX"),
    (889, 898, "NV"),
    (900, 908, "CA"),
    (910, 928, "CA"),
    (930, 961, "CA"),
    (962, 966, "AP"),
    (967, 968, "HI"),
    (970, 979, "OR"),
    (980, 986, "WA"),
    (988, 994, "WA"),
    (995, 999, "AK"),
    // Not of the sequence: the Pacific, whose ZIPs are told apart below.
    (969, 969, "GU"),
];

/// ZIPs, from one to another, that lie elsewhere than their prefix says, or elsewhere too.
const ZIP_PLACES: &[(u32, u32, &str)] = &[
    (6390, 6390, "NY"),
    (42223, 42223, "TN"),
    (59221, 59221, "ND"),
    (63673, 63673, "IL"),
    (71749, 71749, "LA"),
    (73949, 73949, "TX"),
    (81137, 81137, "NM"),
    (82082, 82082, "NE"),
    (83414, 83414, "WY"),
    (84536, 84536, "AZ"),
    (86044, 86044, "UT"),
    (86515, 86515, "NM"),
    (88063, 88063, "TX"),
    (89439, 89439, "CA"),
    (96799, 96799, "AS"),
    (96939, 96940, "PW"),
    (96941, 96944, "FM"),
    (96950, 96952, "MP"),
    (96960, 96960, "MH"),
    (96970, 96970, "MH"),
    (97635, 97635, "CA"),
    (38852, 38852, "AL"),
];

/// Names and letters, and the first letters of the postal codes of each.
const PROVINCES: &[(&str, &str, &str)] = &[
    ("AB", "ALBERTA", "T"),
    ("BC", "BRITISH COLUMBIA", "V"),
    ("MB", "MANITOBA", "R"),
    ("NB", "NEW BRUNSWICK", "E"),
    ("NL", "NEWFOUNDLAND AND LABRADOR", "A"),
    ("NS", "NOVA SCOTIA", "B"),
    ("NT", "NORTHWEST TERRITORIES", "X"),
    ("NU", "NUNAVUT", "X"),
    ("ON", "ONTARIO", "KLMNP"),
    ("PE", "PRINCE EDWARD ISLAND", "C"),
    ("QC", "QUEBEC", "GHJK"),
    ("SK", "SASKATCHEWAN", "S"),
    ("YT", "YUKON", "Y"),
];

const ZIP_DIGITS: usize = 5;
const ZIP_PLUS_DIGITS: usize = 9;

/// A ZIP code, of five digits or nine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zip(String);

impl Zip {
    pub fn parse(text: &str) -> Option<Zip> {
        let digits: String = text.chars().filter(|&letter| !" -".contains(letter)).collect();
        let is_long = digits.len() == ZIP_DIGITS || digits.len() == ZIP_PLUS_DIGITS;
        (is_long && digits.bytes().all(|digit| digit.is_ascii_digit())).then_some(Zip(digits))
    }

    fn number(&self) -> u32 {
        self.0[..ZIP_DIGITS].parse().expect("five digits")
    }

    /// Where it lies, or nothing if no place has it.
    pub fn state(&self) -> Option<&'static str> {
        let prefix = u16::try_from(self.number() / 100).expect("three digits");
        let by_prefix = ZIP_PREFIXES.iter().find(|(from, to, _)| (*from..=*to).contains(&prefix));
        // Islands are no second place of a ZIP but the only one.
        let island = self.elsewhere().find(|_| matches!(prefix, 967 | 969));
        island.or(by_prefix.map(|(_, _, state)| *state))
    }

    pub fn is_in(&self, state: &str) -> bool {
        self.state() == Some(state) || self.elsewhere().any(|other| other == state)
    }

    fn elsewhere(&self) -> impl Iterator<Item = &'static str> {
        let number = self.number();
        let is_there = move |place: &&(u32, u32, &str)| (place.0..=place.1).contains(&number);
        ZIP_PLACES.iter().filter(is_there).map(|(_, _, state)| *state)
    }
}

impl std::fmt::Display for Zip {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.split_at(ZIP_DIGITS) {
            (five, "") => out.write_str(five),
            (five, four) => write!(out, "{five}-{four}"),
        }
    }
}

/// The state a ZIP code lies in. None: it is no ZIP code there is.
pub fn us_state_of(zip_code: &str) -> Option<&'static str> {
    Zip::parse(zip_code.trim())?.state()
}

/// A state by its letters or its name.
pub(super) fn us_state(text: &str) -> Option<&'static str> {
    let text = letters(text);
    let is_it = |(code, name): &&(&str, &str)| *code == text || *name == text;
    US_STATES.iter().find(is_it).map(|(code, _)| *code)
}

/// A province by its letters or its name.
pub(super) fn province(text: &str) -> Option<&'static str> {
    let text = letters(text).replace('É', "E");
    let is_it = |(code, name, _): &&(&str, &str, &str)| *code == text || *name == text;
    PROVINCES.iter().find(is_it).map(|(code, _, _)| *code)
}

/// Whether a postal code begins as those of a province do.
pub(super) fn is_in_province(postal_code: &str, province: &str) -> bool {
    let Some(first) = postal_code.chars().next() else { return false };
    let is_it =
        |(code, _, firsts): &(&str, &str, &str)| *code == province && firsts.contains(first);
    PROVINCES.iter().any(is_it)
}

/// In upper case, without the points of `D.C.`.
fn letters(text: &str) -> String {
    text.trim().replace('.', "").to_uppercase()
}
