//! The sandbox's prices, as data: how many units of each currency one dollar is.
//!
//! They stand still, so that a test can compute what it is answered.

use domain::currency::Currency;
use domain::money::mul_div_floor;
use domain::provider::{FX_SCALE, FxRate};

use crate::ramp::Pair;

/// By code; every currency there is has a line.
const RATES: &[(&str, &str)] = &[
    ("aed", "3.6725"),
    ("ars", "1012.5"),
    ("aud", "1.52"),
    ("bdt", "119.5"),
    ("bgn", "1.8"),
    ("brl", "5.45"),
    ("cad", "1.37"),
    ("chf", "0.8"),
    ("clp", "950"),
    ("cny", "7.1"),
    ("cop", "4100"),
    ("crc", "505"),
    ("czk", "21.2"),
    ("dkk", "6.45"),
    ("dop", "60.5"),
    ("egp", "48.5"),
    ("eur", "0.92"),
    ("gbp", "0.79"),
    ("ghs", "12.4"),
    ("gtq", "7.68"),
    ("hkd", "7.8"),
    ("huf", "340"),
    ("idr", "16250"),
    ("ils", "3.35"),
    ("inr", "85.5"),
    ("jpy", "148"),
    ("kes", "129.25"),
    ("krw", "1385"),
    ("lkr", "300"),
    ("mad", "9.2"),
    ("mxn", "18.75"),
    ("myr", "4.25"),
    ("ngn", "1535"),
    ("nok", "10.1"),
    ("npr", "136.8"),
    ("nzd", "1.68"),
    ("pen", "3.55"),
    ("php", "57.25"),
    ("pkr", "282"),
    ("pln", "3.65"),
    ("ron", "4.35"),
    ("rwf", "1440"),
    ("sar", "3.75"),
    ("sek", "9.55"),
    ("sgd", "1.29"),
    ("thb", "32.5"),
    ("try", "40.5"),
    ("tzs", "2600"),
    ("ugx", "3570"),
    ("usd", "1"),
    ("vnd", "26100"),
    ("xaf", "560"),
    ("xof", "560"),
    ("zar", "17.75"),
    ("zmw", "23.5"),
];

pub fn rate(Pair { from, to }: Pair) -> Option<FxRate> {
    let (from, to) = (of_a_dollar(from)?, of_a_dollar(to)?);
    mul_div_floor(to.0, FX_SCALE, from.0).filter(|rate| *rate > 0).map(FxRate)
}

fn of_a_dollar(currency: Currency) -> Option<FxRate> {
    let row = RATES.iter().find(|(code, _)| *code == currency.as_str());
    row.and_then(|(_, rate)| FxRate::parse(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_has_a_rate() {
        for currency in Currency::all() {
            assert_eq!(rate(Pair::dollars_in(currency)), of_a_dollar(currency), "{currency:?}");
            assert_eq!(rate(Pair { from: currency, to: currency }), Some(FxRate::PAR));
        }
        let back = rate(Pair { from: Currency::EUR, to: Currency::USD });
        assert_eq!(back, FxRate::parse("1.086956521739"));
    }
}
