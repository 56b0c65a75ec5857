//! A country by its two letters of ISO 3166-1, in upper case.
//!
//! Users live in any country there is; which of them money can be sent to is the corridors' matter.
//!
//! Invariant: a `Country` is one of the list below.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Every assigned code, by letters.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL \
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE \
    DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ \
    GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN \
    PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY \
    SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF \
    WS XK YE YT ZA ZM ZW";

/// One country.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(&'static str);

impl Country {
    /// Of its two letters, in either case.
    pub fn parse(text: &str) -> Option<Country> {
        let is_it = |code: &&str| code.eq_ignore_ascii_case(text);
        CODES.split_ascii_whitespace().find(is_it).map(Country)
    }

    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Debug for Country {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Country, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(input)?;
        let refuse = || serde::de::Error::custom("expected two letters of ISO 3166-1");
        Country::parse(&text).ok_or_else(refuse)
    }
}

impl utoipa::PartialSchema for Country {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Two letters of ISO 3166-1"))
            .examples(["DE"])
            .build()
            .into()
    }
}

impl utoipa::ToSchema for Country {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_read_in_either_case_and_nothing_else_is_one() {
        assert_eq!(Country::parse("de").map(Country::as_str), Some("DE"));
        assert_eq!(CODES.split_ascii_whitespace().count(), 250);
        assert!(CODES.split_ascii_whitespace().is_sorted_by(|one, other| one < other));
        for text in ["", "D", "DEU", "ZZ", "AD AE", " "] {
            assert_eq!(Country::parse(text), None, "{text}");
        }
    }
}
