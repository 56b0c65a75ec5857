//! What a purchase comes to: goods, shipping, tax and fees, exactly, in whole cents.
//!
//! Nothing here is a float and nothing is rounded twice: the parts are whole cents, so that basis
//! points of them are whole micro-dollars, and each part is rounded half-even once.
//!
//! Invariant: `total` is the sum of the parts.

use serde::{Deserialize, Serialize};

use super::{CommerceRates, ShippingRate, TaxRate};
use crate::money::Usd;

/// What a purchase costs, part by part. `total` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    pub subtotal: Usd,
    pub shipping: Usd,
    pub tax: Usd,
    pub fee_fixed: Usd,
    /// The share of the subtotal that is a fee, and what it comes to.
    pub fee_bps: i64,
    pub fee_share: Usd,
    pub total: Usd,
}

/// A line of a purchase, as far as its price goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bought {
    /// Of one piece.
    pub price: Usd,
    pub quantity: u32,
    /// What the seller takes for sending the line.
    pub shipping: Usd,
}

/// Where it goes. Letters in upper case, as addresses and rates have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    pub country: &'a str,
    pub state: Option<&'a str>,
}

/// A way to ship a purchase, at what all of its shipping comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippingChoice {
    pub id: String,
    pub name: String,
    pub price: Usd,
    pub estimated_days: u16,
}

impl Pricing {
    pub fn fees(&self) -> Usd {
        self.fee_fixed.plus(self.fee_share)
    }
}

impl Bought {
    fn goods(self) -> Usd {
        Usd(self.price.to_cents().0.saturating_mul(self.quantity.into()))
    }
}

impl CommerceRates {
    /// The ways to ship to a place; the first is the one taken unless another is asked for. Where
    /// it goes is not known at first: then it is the merchant's first way.
    pub fn options(&self, to: Option<Destination<'_>>) -> impl Iterator<Item = &ShippingRate> {
        self.shipping.iter().filter(move |rate| to.is_none_or(|to| rate.serves(to)))
    }

    pub fn choices(&self, lines: &[Bought], to: Destination<'_>) -> Vec<ShippingChoice> {
        let choice = |rate: &ShippingRate| ShippingChoice {
            id: rate.id.clone(),
            name: rate.name.clone(),
            price: shipping(lines, Some(rate)),
            estimated_days: rate.estimated_days,
        };
        self.options(Some(to)).map(choice).collect()
    }

    /// What these lines come to, shipped one way to a place. Nothing costs nothing.
    pub fn price(
        &self,
        lines: &[Bought],
        option: Option<&ShippingRate>,
        to: Option<Destination<'_>>,
    ) -> Pricing {
        if lines.is_empty() {
            return Pricing { fee_bps: self.fee_bps, ..Pricing::default() };
        }
        let (subtotal, shipping) = (goods(lines), shipping(lines, option));
        let tax = match to.and_then(|to| self.tax_of(to)) {
            Some(rate) if rate.taxes_shipping => share(subtotal.plus(shipping), rate.bps),
            Some(rate) => share(subtotal, rate.bps),
            None => Usd::ZERO,
        };
        let fee_share = share(subtotal, self.fee_bps);
        let parts = [subtotal, shipping, tax, self.fee_fixed, fee_share];
        Pricing {
            subtotal,
            shipping,
            tax,
            fee_fixed: self.fee_fixed,
            fee_bps: self.fee_bps,
            fee_share,
            total: parts.into_iter().fold(Usd::ZERO, Usd::plus),
        }
    }

    /// The rate of the state, else that of its country.
    fn tax_of(&self, to: Destination<'_>) -> Option<&TaxRate> {
        let of = |state: Option<&str>| {
            let is_it =
                |rate: &&TaxRate| rate.country == to.country && rate.state.as_deref() == state;
            self.tax.iter().find(is_it)
        };
        to.state.and_then(|state| of(Some(state))).or_else(|| of(None))
    }
}

impl ShippingRate {
    fn serves(&self, to: Destination<'_>) -> bool {
        let is_country =
            self.countries.is_empty() || self.countries.iter().any(|one| one == to.country);
        let is_state = self.states.is_empty()
            || to.state.is_some_and(|state| self.states.iter().any(|one| one == state));
        is_country && is_state
    }
}

fn goods(lines: &[Bought]) -> Usd {
    lines.iter().fold(Usd::ZERO, |sum, line| sum.plus(line.goods()))
}

/// What the sellers take, and what the merchant does.
fn shipping(lines: &[Bought], option: Option<&ShippingRate>) -> Usd {
    let sellers = lines.iter().fold(Usd::ZERO, |sum, line| sum.plus(line.shipping.to_cents()));
    let subtotal = goods(lines);
    let own = option.map_or(Usd::ZERO, |rate| match rate.free_from {
        Some(from) if subtotal >= from => Usd::ZERO,
        Some(_) | None => rate.price,
    });
    sellers.plus(own)
}

fn share(amount: Usd, basis_points: i64) -> Usd {
    amount.share(basis_points).to_cents()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::ids::MerchantId;
    use proptest::prelude::*;

    fn cents(cents: i64) -> Usd {
        Usd(cents * 10_000)
    }

    fn option(price: i64, free_from: Option<i64>, countries: &[&str]) -> ShippingRate {
        ShippingRate {
            id: format!("{price}"),
            name: "Post".to_owned(),
            price: cents(price),
            free_from: free_from.map(cents),
            estimated_days: 3,
            countries: countries.iter().map(|&one| one.to_owned()).collect(),
            states: Vec::new(),
        }
    }

    fn tax(country: &str, state: Option<&str>, bps: i64, taxes_shipping: bool) -> TaxRate {
        let state = state.map(str::to_owned);
        TaxRate { country: country.to_owned(), state, bps, taxes_shipping }
    }

    fn rates() -> CommerceRates {
        CommerceRates {
            shipping: vec![option(100, None, &["US"]), option(500, Some(5_000), &[])],
            tax: vec![
                tax("US", Some("CA"), 725, false),
                tax("US", None, 0, false),
                tax("DE", None, 1_900, true),
            ],
            fee_fixed: cents(300),
            ..CommerceRates::default_of(MerchantId(1), Environment::Devnet)
        }
    }

    fn line(price: i64, quantity: u32, shipping: i64) -> Bought {
        Bought { price: cents(price), quantity, shipping: cents(shipping) }
    }

    const CALIFORNIA: Destination<'_> = Destination { country: "US", state: Some("CA") };
    const NEVADA: Destination<'_> = Destination { country: "US", state: Some("NV") };
    const GERMANY: Destination<'_> = Destination { country: "DE", state: None };

    #[track_caller]
    fn check(lines: &[Bought], to: Option<Destination<'_>>, parts: [i64; 5]) {
        let rates = rates();
        let priced = rates.price(lines, rates.options(to).next(), to);
        let found = [priced.subtotal, priced.shipping, priced.tax, priced.fees(), priced.total];
        assert_eq!(found, parts.map(cents));
    }

    #[test]
    fn the_example_everybody_knows() {
        check(&[line(999, 1, 0)], None, [999, 100, 0, 300, 1_399]);
    }

    #[test]
    fn a_place_has_its_tax_and_its_shipping() {
        let lines = [line(1_000, 2, 250), line(10, 1, 0)];
        check(&lines, Some(CALIFORNIA), [2_010, 350, 146, 300, 2_806]);
        check(&lines, Some(NEVADA), [2_010, 350, 0, 300, 2_660]);
        // 19 % of goods and shipping: 27.60 makes 5.244.
        check(&lines, Some(GERMANY), [2_010, 750, 524, 300, 3_584]);
        check(&[line(5_000, 1, 0)], Some(GERMANY), [5_000, 0, 950, 300, 6_250]);
        check(&[], Some(GERMANY), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn halves_of_a_cent_go_to_the_even_one() {
        let half = |cents_of: i64, bps: i64| share(cents(cents_of), bps);
        assert_eq!(half(10, 500), cents(0));
        assert_eq!(half(30, 500), cents(2));
        assert_eq!(half(50, 500), cents(2));
        assert_eq!(half(31, 500), cents(2));
    }

    #[test]
    fn each_option_says_what_all_of_the_shipping_comes_to() {
        let choices = rates().choices(&[line(1_000, 1, 250)], CALIFORNIA);
        let prices: Vec<Usd> = choices.iter().map(|choice| choice.price).collect();
        assert_eq!(prices, [cents(350), cents(750)]);
        assert_eq!(rates().choices(&[], GERMANY).len(), 1);
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_its_parts_in_whole_cents(
            lines in prop::collection::vec((1_i64..100_000_000, 1_u32..100, 0_i64..100_000), 1..40),
            fee_bps in 0_i64..=10_000,
            tax_bps in 0_i64..=10_000,
            taxes_shipping: bool,
        ) {
            let bought = |(price, quantity, post)| line(price, quantity, post);
            let lines: Vec<Bought> = lines.into_iter().map(bought).collect();
            let tax = vec![tax("DE", None, tax_bps, taxes_shipping)];
            let rates = CommerceRates { fee_bps, tax, ..rates() };
            let priced = rates.price(&lines, rates.options(None).next(), Some(GERMANY));
            let parts = [priced.subtotal, priced.shipping, priced.tax, priced.fees()];
            prop_assert_eq!(priced.total.0, parts.iter().map(|part| part.0).sum::<i64>());
            prop_assert!(parts.iter().all(|part| part.0 >= 0 && part.0 % 10_000 == 0));
            // Each share is within half a cent of what it is exactly.
            let base = priced.subtotal.0 + if taxes_shipping { priced.shipping.0 } else { 0 };
            let exact = i128::from(base) * i128::from(tax_bps);
            prop_assert!((i128::from(priced.tax.0) * 10_000 - exact).abs() <= 5_000 * 10_000);
            let exact = i128::from(priced.subtotal.0) * i128::from(fee_bps);
            prop_assert!((i128::from(priced.fee_share.0) * 10_000 - exact).abs() <= 5_000 * 10_000);
        }
    }
}
