//! The currencies of bank money, as data: code, number and decimals of ISO 4217.
//!
//! Amounts of bank money are counted in a currency's minor unit, like a token's in its smallest
//! one, so that the ledger knows one kind of number only.
//!
//! Invariant: the number is stored, so a row is never removed.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One currency of bank money.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    /// Its ISO 4217 number.
    number: u16,
}

struct Row {
    code: &'static str,
    number: u16,
    decimals: u8,
}

const fn row(code: &'static str, number: u16, decimals: u8) -> Row {
    Row { code, number, decimals }
}

/// By code.
const ROWS: &[Row] = &[
    row("aed", 784, 2),
    row("ars", 32, 2),
    row("aud", 36, 2),
    row("bdt", 50, 2),
    row("bgn", 975, 2),
    row("brl", 986, 2),
    row("cad", 124, 2),
    row("chf", 756, 2),
    row("clp", 152, 0),
    row("cny", 156, 2),
    row("cop", 170, 2),
    row("crc", 188, 2),
    row("czk", 203, 2),
    row("dkk", 208, 2),
    row("dop", 214, 2),
    row("egp", 818, 2),
    row("eur", 978, 2),
    row("gbp", 826, 2),
    row("ghs", 936, 2),
    row("gtq", 320, 2),
    row("hkd", 344, 2),
    row("huf", 348, 2),
    row("idr", 360, 2),
    row("ils", 376, 2),
    row("inr", 356, 2),
    row("jpy", 392, 0),
    row("kes", 404, 2),
    row("krw", 410, 0),
    row("lkr", 144, 2),
    row("mad", 504, 2),
    row("mxn", 484, 2),
    row("myr", 458, 2),
    row("ngn", 566, 2),
    row("nok", 578, 2),
    row("npr", 524, 2),
    row("nzd", 554, 2),
    row("pen", 604, 2),
    row("php", 608, 2),
    row("pkr", 586, 2),
    row("pln", 985, 2),
    row("ron", 946, 2),
    row("rwf", 646, 0),
    row("sar", 682, 2),
    row("sek", 752, 2),
    row("sgd", 702, 2),
    row("thb", 764, 2),
    row("try", 949, 2),
    row("tzs", 834, 2),
    row("ugx", 800, 0),
    row("usd", 840, 2),
    row("vnd", 704, 0),
    row("xaf", 950, 0),
    row("xof", 952, 0),
    row("zar", 710, 2),
    row("zmw", 967, 2),
];

impl Currency {
    pub const USD: Currency = Currency { number: 840 };
    pub const EUR: Currency = Currency { number: 978 };

    /// Every currency there is, by code.
    pub fn all() -> impl Iterator<Item = Currency> {
        ROWS.iter().map(|row| Currency { number: row.number })
    }

    /// Of its three letters, in either case.
    pub fn parse(text: &str) -> Option<Currency> {
        let is_it = |row: &&Row| row.code.eq_ignore_ascii_case(text);
        ROWS.iter().find(is_it).map(|row| Currency { number: row.number })
    }

    /// Of the number it is stored as.
    pub fn from_code(code: i64) -> Option<Currency> {
        let is_it = |row: &&Row| i64::from(row.number) == code;
        ROWS.iter().find(is_it).map(|row| Currency { number: row.number })
    }

    pub fn code(self) -> i64 {
        self.number.into()
    }

    /// Its three letters in lower case, as the API writes them.
    pub fn as_str(self) -> &'static str {
        self.row().code
    }

    pub fn decimals(self) -> u8 {
        self.row().decimals
    }

    fn row(self) -> &'static Row {
        let row = ROWS.iter().find(|row| row.number == self.number);
        row.expect("a currency is only made of a row")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Currency, D::Error> {
        let text = String::deserialize(input)?;
        Currency::parse(&text).ok_or_else(|| serde::de::Error::custom("not a currency known here"))
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Three letters of ISO 4217, in lower case"))
            .examples(["eur"])
            .build()
            .into()
    }
}

impl utoipa::ToSchema for Currency {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_name_one_currency_each() {
        for currency in Currency::all() {
            assert_eq!(Currency::parse(currency.as_str()), Some(currency));
            assert_eq!(Currency::parse(&currency.as_str().to_uppercase()), Some(currency));
            assert_eq!(Currency::from_code(currency.code()), Some(currency));
        }
        assert!(ROWS.is_sorted_by(|one, other| one.code < other.code));
        assert_eq!(Currency::parse("xyz"), None);
        assert_eq!(Currency::from_code(0), None);
    }
}
