//! What a merchant adds to the price of things: shipping, tax, fees. A table the merchant sets.
//!
//! One row per merchant and environment; without it nothing is added.
//!
//! Invariant: what is kept was checked here, so that pricing cannot overflow or go below zero.

mod price;
mod view;

pub use price::{Bought, Destination, Pricing, ShippingChoice};
pub use view::{FeeRatesView, FeesView, RatesView, ShippingRateView, TaxRateView};

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, Noun};
use crate::country::Country;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::money::Usd;
use crate::refusal::Refusal;
use crate::time::Timestamp;

const OPTIONS_MAX: usize = 50;
const TAXES_MAX: usize = 500;
const COUNTRIES_MAX: usize = 250;
const STATES_MAX: usize = 100;
const STATE_CHARS_MAX: usize = 10;
const ID_MAX: usize = 64;
const NAME_MAX: usize = 100;
const DAYS_MAX: u16 = 365;
const BPS_MAX: i64 = 10_000;
const PRICE_MAX: Usd = Usd(10_000_000_000);
const FREE_FROM_MAX: Usd = Usd(1_000_000_000_000);
const FEE_MAX: Usd = Usd(1_000_000_000);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommerceRates {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// The first that serves an address is the one taken unless another is asked for.
    pub shipping: Vec<ShippingRate>,
    pub tax: Vec<TaxRate>,
    pub fee_fixed: Usd,
    pub fee_bps: i64,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// One way to ship, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingRate {
    pub id: String,
    pub name: String,
    pub price: Usd,
    /// Nothing is charged from this subtotal on.
    pub free_from: Option<Usd>,
    pub estimated_days: u16,
    /// Alpha-2 codes; none: everywhere.
    pub countries: Vec<String>,
    pub states: Vec<String>,
}

/// What a country, or one state of it, takes of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    pub country: String,
    pub state: Option<String>,
    pub bps: i64,
    pub taxes_shipping: bool,
}

/// What a merchant changes of his rates; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RatesAsk {
    pub shipping: Option<Vec<ShippingRate>>,
    pub tax: Option<Vec<TaxRate>>,
    pub fee_fixed: Option<Usd>,
    pub fee_bps: Option<i64>,
}

impl CommerceRates {
    /// What holds for a merchant who set nothing.
    pub fn default_of(merchant_id: MerchantId, environment: Environment) -> CommerceRates {
        CommerceRates {
            merchant_id,
            environment,
            shipping: vec![ShippingRate {
                id: "standard".to_owned(),
                name: "Standard".to_owned(),
                price: Usd::ZERO,
                free_from: None,
                estimated_days: 5,
                countries: Vec::new(),
                states: Vec::new(),
            }],
            tax: Vec::new(),
            fee_fixed: Usd::ZERO,
            fee_bps: 0,
            updated_at: Timestamp(0),
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        CommerceRates::row_key(self.merchant_id, self.environment)
    }

    pub fn row_key(merchant_id: MerchantId, environment: Environment) -> RowKey {
        let place = [merchant_id.0, environment.code()].map(i64::to_be_bytes);
        RowKey::of("commerce_rates", &[place.as_flattened()])
    }

    pub fn change(mut self, ask: RatesAsk, now: Timestamp) -> Result<CommerceRates, Refusal> {
        if let Some(shipping) = ask.shipping {
            self.shipping = checked_shipping(shipping)?;
        }
        if let Some(tax) = ask.tax {
            self.tax = checked_tax(tax)?;
        }
        if let Some(fixed) = ask.fee_fixed {
            if fixed > FEE_MAX {
                return Err(Refusal::invalid("fees.fixed", "must not pass 1000"));
            }
            self.fee_fixed = fixed.to_cents();
        }
        if let Some(bps) = ask.fee_bps {
            self.fee_bps = checked_bps("fees.bps", bps)?;
        }
        self.updated_at = now;
        Ok(self)
    }

    /// Writes the row; two first ones at once are a Conflict, so that the second decides again.
    pub fn save(&self) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        if self.version == 0 {
            changes.guard(Noun::CommerceRates, self.key(), 0);
            changes.insert(self.clone());
        } else {
            changes.update(self.clone());
        }
        changes
    }
}

fn checked_shipping(rates: Vec<ShippingRate>) -> Result<Vec<ShippingRate>, Refusal> {
    let refuse = |message: String| Refusal::invalid("shipping", message);
    if !(1..=OPTIONS_MAX).contains(&rates.len()) {
        return Err(refuse("must hold 1 to 50 options".to_owned()));
    }
    let mut ids = BTreeSet::new();
    let rates = rates.into_iter().map(ShippingRate::checked);
    let rates: Vec<ShippingRate> = rates.collect::<Result<_, _>>().map_err(refuse)?;
    for rate in &rates {
        if !ids.insert(rate.id.as_str()) {
            return Err(refuse(format!("holds the id {} twice", rate.id)));
        }
    }
    Ok(rates)
}

impl ShippingRate {
    fn checked(mut self) -> Result<ShippingRate, String> {
        let is_of_an_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=ID_MAX).contains(&self.id.len()) || !self.id.bytes().all(is_of_an_id) {
            return Err("must have ids of 1 to 64 letters, digits, or any of -_.".to_owned());
        }
        let of = |message: &str| format!("must have {message}: {}", self.id);
        let name = self.name.trim();
        let length = name.chars().count();
        if !(1..=NAME_MAX).contains(&length) || name.chars().any(char::is_control) {
            return Err(of("names of 1 to 100 printable characters"));
        }
        if self.price > PRICE_MAX {
            return Err(of("prices of at most 10000"));
        }
        if self.free_from.is_some_and(|from| from > FREE_FROM_MAX) {
            return Err(of("freeFrom of at most 1000000"));
        }
        if self.estimated_days > DAYS_MAX {
            return Err(of("estimatedDays from 0 to 365"));
        }
        if self.countries.len() > COUNTRIES_MAX || self.states.len() > STATES_MAX {
            return Err(of("at most 250 countries and 100 states"));
        }
        let country = |text: &String| Country::parse(text).map(|country| country.as_str().into());
        let countries: Option<Vec<String>> = self.countries.iter().map(country).collect();
        let countries = countries.ok_or_else(|| of("countries in two letters of ISO 3166-1"))?;
        // A state's letters mean something within one country only.
        if !self.states.is_empty() && countries.len() != 1 {
            return Err(of("exactly one country where it names states"));
        }
        let states: Option<Vec<String>> = self.states.iter().map(|text| state(text)).collect();
        let states = states.ok_or_else(|| of("states of 1 to 10 letters or digits"))?;
        self.name = name.to_owned();
        self.price = self.price.to_cents();
        self.free_from = self.free_from.map(Usd::to_cents);
        (self.countries, self.states) = (countries, states);
        Ok(self)
    }
}

fn checked_tax(rates: Vec<TaxRate>) -> Result<Vec<TaxRate>, Refusal> {
    let refuse = |message: &str| Refusal::invalid("tax", message);
    if rates.len() > TAXES_MAX {
        return Err(refuse("must hold at most 500 rates"));
    }
    let mut places = BTreeSet::new();
    let mut checked = Vec::with_capacity(rates.len());
    for rate in rates {
        let country = Country::parse(&rate.country)
            .ok_or_else(|| refuse("must have countries in two letters of ISO 3166-1"))?;
        let wrong_state = || refuse("must have states of 1 to 10 letters or digits");
        let state = rate.state.as_deref().map(|text| state(text).ok_or_else(wrong_state));
        let state = state.transpose()?;
        if !places.insert((country, state.clone())) {
            return Err(refuse("must hold a country, or a state of one, once"));
        }
        let bps = checked_bps("tax", rate.bps)?;
        checked.push(TaxRate { country: country.as_str().to_owned(), state, bps, ..rate });
    }
    Ok(checked)
}

fn checked_bps(param: &'static str, bps: i64) -> Result<i64, Refusal> {
    if (0..=BPS_MAX).contains(&bps) {
        return Ok(bps);
    }
    Err(Refusal::invalid(param, "must have basis points from 0 to 10000"))
}

/// A state's letters, as addresses are compared with them.
fn state(text: &str) -> Option<String> {
    let text = text.trim();
    let is_one = (1..=STATE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_one.then(|| text.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(id: &str) -> ShippingRate {
        let standard = CommerceRates::default_of(MerchantId(1), Environment::Devnet);
        ShippingRate { id: id.to_owned(), ..standard.shipping[0].clone() }
    }

    fn tax(country: &str, state: Option<&str>) -> TaxRate {
        let state = state.map(str::to_owned);
        TaxRate { country: country.to_owned(), state, bps: 725, taxes_shipping: false }
    }

    fn change(ask: RatesAsk) -> Result<CommerceRates, Refusal> {
        CommerceRates::default_of(MerchantId(1), Environment::Devnet).change(ask, Timestamp(7))
    }

    #[track_caller]
    fn refused(ask: RatesAsk, param: &'static str) {
        match change(ask.clone()) {
            Err(Refusal::Invalid { param: named, .. }) => assert_eq!(named, param, "{ask:?}"),
            other => panic!("{ask:?}: {other:?}"),
        }
    }

    #[test]
    fn every_bound_of_the_rates_names_its_part() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        for wrong in [
            vec![],
            vec![rate("a"), rate("a")],
            vec![rate("")],
            vec![rate("a b")],
            vec![rate(&"a".repeat(65))],
            (0..51).map(|number| rate(&number.to_string())).collect(),
            vec![ShippingRate { name: " ".to_owned(), ..rate("a") }],
            vec![ShippingRate { name: "x".repeat(101), ..rate("a") }],
            vec![ShippingRate { price: Usd(10_000_000_001), ..rate("a") }],
            vec![ShippingRate { free_from: Some(Usd(1_000_000_000_001)), ..rate("a") }],
            vec![ShippingRate { estimated_days: 366, ..rate("a") }],
            vec![ShippingRate { countries: words(&["ZZ"]), ..rate("a") }],
            vec![ShippingRate { states: words(&["CA"]), ..rate("a") }],
            vec![ShippingRate {
                countries: words(&["US", "CA"]),
                states: words(&["CA"]),
                ..rate("a")
            }],
            vec![ShippingRate { countries: words(&["US"]), states: words(&["C-"]), ..rate("a") }],
        ] {
            refused(RatesAsk { shipping: Some(wrong), ..RatesAsk::default() }, "shipping");
        }
        for wrong in [
            vec![tax("ZZ", None)],
            vec![tax("US", Some(""))],
            vec![tax("US", Some("ca")), tax("us", Some("CA"))],
            vec![tax("US", None); 2],
            vec![TaxRate { bps: 10_001, ..tax("US", None) }],
            vec![TaxRate { bps: -1, ..tax("US", None) }],
            vec![tax("US", None); 501],
        ] {
            refused(RatesAsk { tax: Some(wrong), ..RatesAsk::default() }, "tax");
        }
        let fixed = Some(Usd(1_000_000_001));
        refused(RatesAsk { fee_fixed: fixed, ..RatesAsk::default() }, "fees.fixed");
        refused(RatesAsk { fee_bps: Some(10_001), ..RatesAsk::default() }, "fees.bps");
        refused(RatesAsk { fee_bps: Some(-1), ..RatesAsk::default() }, "fees.bps");
    }

    #[test]
    fn what_is_left_out_stays_and_letters_are_written_one_way() {
        let countries = vec!["us".to_owned()];
        let states = vec!["ca".to_owned()];
        let shipping = vec![ShippingRate { countries, states, ..rate("west") }];
        let ask = RatesAsk { shipping: Some(shipping), ..RatesAsk::default() };
        let rates = change(ask).expect("in bounds");
        assert_eq!(rates.shipping[0].countries, ["US"]);
        assert_eq!(rates.shipping[0].states, ["CA"]);
        let ask = RatesAsk { tax: Some(vec![tax("de", None)]), ..RatesAsk::default() };
        let rates = rates.change(ask, Timestamp(8)).expect("in bounds");
        assert_eq!((rates.shipping.len(), rates.tax[0].country.as_str()), (1, "DE"));
        assert_eq!(rates.updated_at, Timestamp(8));
    }
}
