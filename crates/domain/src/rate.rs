//! What a market price is, out of what several sources said: median, jumps, pegs.
//!
//! A single source never moves a price far by itself: not while another one contradicts it, and
//! not away from what was true minutes ago. In doubt there is no price, and nothing is quoted; for
//! a stablecoin the lower price counts in doubt, and never more than par.

use crate::money::{AmountError, Rate, mul_div_floor};
use crate::time::{MINUTE_MS, Timestamp};

/// No coin is worth more; whoever says so means something else.
pub const RATE_USD_MAX: u128 = 1_000_000_000;
/// More letters are no price.
pub const PRICE_TEXT_MAX: usize = 64;
/// Against what was true longer ago nothing is a jump: markets move, and after an outage even a
/// single source must find its way back.
pub const JUMP_MEMORY_MS: i64 = 10 * MINUTE_MS;

/// What one source said last of one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    pub rate: Rate,
    pub at: Timestamp,
}

/// What an operator can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRules {
    /// An older observation does not count.
    pub stale_after_ms: i64,
    /// So many sources make a price.
    pub quorum: usize,
    /// Whatever is further away than this is another opinion.
    pub jump_percent: u32,
    /// How far from par a stablecoin may trade.
    pub depeg_bps: u32,
}

/// The price that the sources agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketPrice {
    pub rate: Rate,
    /// The newest observation that counted.
    pub confirmed_at: Timestamp,
    /// From then on fewer than a quorum of what counted is fresh.
    pub valid_until: Timestamp,
}

/// The price, if there is one, and which observations jumped alone and were not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    pub price: Option<MarketPrice>,
    pub jumped: Vec<usize>,
}

/// Whether a stablecoin is worth the currency it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peg {
    Holds,
    Broken {
        /// What a transfer without a quote is worth meanwhile: never above par.
        worth: Rate,
    },
}

/// A price as a source wrote it; nothing absurd.
pub fn parse_price(text: &str) -> Result<Rate, AmountError> {
    if text.len() > PRICE_TEXT_MAX {
        return Err(AmountError::TooPrecise);
    }
    let rate = Rate::parse_cut(text)?;
    if rate.0 > Rate::PAR.0 * RATE_USD_MAX { Err(AmountError::TooLarge) } else { Ok(rate) }
}

/// The median of what counts.
///
/// `reference` is the last price that was agreed on: what is far from it counts only if another
/// source jumped to about the same place. Where several sources count, the middle needs a second
/// one close to it; two that contradict each other are no price.
pub fn judge(
    observed: &[Observation],
    reference: Option<Observation>,
    rules: &RateRules,
    now: Timestamp,
) -> Judgement {
    let reference = reference.filter(|known| known.at.ms_until(now) <= JUMP_MEMORY_MS);
    let is_near = |one: Rate, other: Rate| rules.is_near(one, other);
    let fresh: Vec<(usize, Observation)> = observed
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, seen)| rules.is_fresh(*seen, now))
        .collect();
    let (near, far): (Vec<_>, Vec<_>) = fresh
        .into_iter()
        .partition(|(_, seen)| reference.is_none_or(|known| is_near(known.rate, seen.rate)));
    let (seconded, jumped): (Vec<_>, Vec<_>) = far.iter().copied().partition(|(at, seen)| {
        far.iter().any(|(other, second)| at != other && is_near(seen.rate, second.rate))
    });
    let counted: Vec<Observation> =
        near.into_iter().chain(seconded).map(|(_, seen)| seen).collect();
    let jumped = jumped.into_iter().map(|(at, _)| at).collect();
    let rates = sorted(&counted);
    let median = middle(&rates).filter(|at| is_agreed(&rates, *at, rules)).map(|at| rates[at]);
    // Of an even number both middles agree, and the price lies between them.
    let rate = median.map(|low| if rates.len() % 2 == 1 { low } else { between(&rates) });
    Judgement { price: rate.and_then(|rate| agreed(rate, &counted, rules)), jumped }
}

/// What a stablecoin trades at: the median, the lower middle of an even number.
///
/// Here a jump counts at once. To leave par suddenly is what this looks for.
pub fn judge_stablecoin(
    observed: &[Observation],
    rules: &RateRules,
    now: Timestamp,
) -> Option<MarketPrice> {
    let is_fresh = |seen: &Observation| rules.is_fresh(*seen, now);
    let counted: Vec<Observation> = observed.iter().copied().filter(is_fresh).collect();
    let rates = sorted(&counted);
    middle(&rates).and_then(|at| agreed(rates[at], &counted, rules))
}

/// What the market's price of a stablecoin means for its peg; `par` is what the currency that it
/// promises is worth.
pub fn peg(market: Rate, par: Rate, rules: &RateRules) -> Peg {
    let away = market.0.abs_diff(par.0);
    let allowed = mul_div_floor(par.0, rules.depeg_bps.into(), 10_000).unwrap_or(0);
    if away <= allowed { Peg::Holds } else { Peg::Broken { worth: market.min(par) } }
}

impl RateRules {
    fn is_fresh(&self, seen: Observation, now: Timestamp) -> bool {
        seen.at.ms_until(now) < self.stale_after_ms
    }

    /// Whether two prices are one opinion: measured at the lower of them, so that it does not
    /// matter which one is asked about the other.
    fn is_near(&self, one: Rate, other: Rate) -> bool {
        let away = one.0.abs_diff(other.0);
        let allowed = mul_div_floor(one.0.min(other.0), self.jump_percent.into(), 100);
        allowed.is_none_or(|allowed| away <= allowed)
    }
}

fn sorted(counted: &[Observation]) -> Vec<Rate> {
    let mut rates: Vec<Rate> = counted.iter().map(|seen| seen.rate).collect();
    rates.sort_unstable();
    rates
}

/// The middle, or the lower of the two.
fn middle(rates: &[Rate]) -> Option<usize> {
    rates.len().checked_sub(1).map(|last| last / 2)
}

/// Whether somebody seconds the middle, if there is anybody to ask.
fn is_agreed(rates: &[Rate], middle: usize, rules: &RateRules) -> bool {
    let is_near = |at: usize| rates.get(at).is_some_and(|rate| rules.is_near(*rate, rates[middle]));
    match (rates.len(), rates.len() % 2) {
        (1, _) => true,
        (_, 0) => is_near(middle + 1),
        (_, _) => is_near(middle + 1) || is_near(middle - 1),
    }
}

fn between(rates: &[Rate]) -> Rate {
    let (low, high) = (rates[rates.len() / 2 - 1].0, rates[rates.len() / 2].0);
    Rate(low + (high - low) / 2)
}

/// A price, if enough sources stand behind it.
fn agreed(rate: Rate, counted: &[Observation], rules: &RateRules) -> Option<MarketPrice> {
    let mut times: Vec<Timestamp> = counted.iter().map(|seen| seen.at).collect();
    times.sort_unstable_by(|one, other| other.cmp(one));
    let last_needed = times.get(rules.quorum.max(1) - 1)?;
    let valid_until = last_needed.plus_ms(rules.stale_after_ms);
    Some(MarketPrice { rate, confirmed_at: times[0], valid_until })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: RateRules =
        RateRules { stale_after_ms: 120_000, quorum: 1, jump_percent: 20, depeg_bps: 200 };
    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn seen(dollars: &str) -> Observation {
        Observation { rate: Rate::parse(dollars).expect("a rate"), at: NOW }
    }

    #[track_caller]
    fn check(sources: &[&str], reference: Option<&str>, expected: Option<&str>) {
        let observed: Vec<Observation> = sources.iter().map(|text| seen(text)).collect();
        let judgement = judge(&observed, reference.map(seen), &RULES, NOW);
        let rate = judgement.price.map(|price| price.rate.usd_decimal());
        assert_eq!(rate.as_deref(), expected, "{sources:?} after {reference:?}");
    }

    #[test]
    fn one_liar_among_three_changes_nothing_and_one_of_two_stops_the_price() {
        check(&["3000", "3010", "30000"], None, Some("3010"));
        check(&["3000", "3010", "30000"], Some("3000"), Some("3005"));
        check(&["3000", "30000"], None, None);
        check(&["3000", "30000"], Some("3000"), Some("3000"));
        check(&["300", "3000", "30000"], None, None);
        check(&["3000"], None, Some("3000"));
        check(&[], Some("3000"), None);
    }

    #[test]
    fn a_jump_counts_when_a_second_source_jumps_too() {
        check(&["4000"], Some("3000"), None);
        check(&["4000", "3000"], Some("3000"), Some("3000"));
        check(&["4000", "4010"], Some("3000"), Some("4005"));
        check(&["4000", "4010", "3000"], Some("3000"), Some("4000"));
        check(&["2000", "4000"], Some("3000"), None);
        check(&["3600"], Some("3000"), Some("3600"));
        let long_ago = Observation { at: NOW.plus_ms(-JUMP_MEMORY_MS - 1), ..seen("3000") };
        assert!(judge(&[seen("4000")], Some(long_ago), &RULES, NOW).price.is_some());
        assert_eq!(judge(&[seen("4000")], Some(seen("3000")), &RULES, NOW).jumped, [0]);
    }

    #[test]
    fn a_price_ends_when_its_quorum_does() {
        let two = RateRules { quorum: 2, ..RULES };
        let older = Observation { at: NOW.plus_ms(-100_000), ..seen("3000") };
        let oldest = Observation { at: NOW.plus_ms(-110_000), ..seen("3000") };
        let price = judge(&[oldest, seen("3000"), older], None, &two, NOW).price.expect("a price");
        assert_eq!(price.valid_until, NOW.plus_ms(20_000));
        assert_eq!(price.confirmed_at, NOW);
        assert_eq!(judge(&[seen("3000")], None, &two, NOW).price, None);
        let stale = Observation { at: NOW.plus_ms(-120_000), ..seen("3000") };
        assert_eq!(judge(&[seen("3000"), stale], None, &two, NOW).price, None);
    }

    #[test]
    fn a_peg_holds_within_its_band_and_is_never_above_par() {
        let peg = |dollars: &str| peg(seen(dollars).rate, Rate::PAR, &RULES);
        for dollars in ["1", "0.98", "1.02", "0.9999"] {
            assert_eq!(peg(dollars), Peg::Holds, "{dollars}");
        }
        assert_eq!(peg("0.97"), Peg::Broken { worth: seen("0.97").rate });
        assert_eq!(peg("1.03"), Peg::Broken { worth: Rate::PAR });
        // A euro coin is measured by the euro.
        let euro = |dollars: &str| super::peg(seen(dollars).rate, seen("1.10").rate, &RULES);
        for dollars in ["1.10", "1.078", "1.122"] {
            assert_eq!(euro(dollars), Peg::Holds, "{dollars}");
        }
        assert_eq!(euro("1"), Peg::Broken { worth: Rate::PAR });
        assert_eq!(euro("1.13"), Peg::Broken { worth: seen("1.10").rate });
        let judge = |sources: &[&str]| {
            let observed: Vec<Observation> = sources.iter().map(|text| seen(text)).collect();
            judge_stablecoin(&observed, &RULES, NOW).map(|price| price.rate.usd_decimal())
        };
        assert_eq!(judge(&["0.5"]).as_deref(), Some("0.5"));
        assert_eq!(judge(&["1", "0.5"]).as_deref(), Some("0.5"));
        assert_eq!(judge(&["1", "0.5", "1.001"]).as_deref(), Some("1"));
        assert_eq!(judge(&[]), None);
    }

    #[test]
    fn absurd_prices_are_none() {
        for text in ["0", "-1", "1000000000.1", "1e10", "", "NaN", "Infinity", "0x10", " 1", "1,5"]
        {
            assert!(parse_price(text).is_err(), "{text}");
        }
        assert!(parse_price(&"1".repeat(65)).is_err());
        assert_eq!(
            parse_price("1000000000").map(|rate| rate.usd_decimal()),
            Ok("1000000000".into())
        );
        assert_eq!(parse_price("1e-7").map(|rate| rate.usd_decimal()), Ok("0.0000001".into()));
    }

    fn sources() -> impl Strategy<Value = Vec<Observation>> {
        let one = (1..=Rate::PAR.0 * RATE_USD_MAX, 0_i64..200_000)
            .prop_map(|(picos, age)| Observation { rate: Rate(picos), at: NOW.plus_ms(-age) });
        proptest::collection::vec(one, 0..8)
    }

    proptest! {
        #[test]
        fn a_price_lies_between_what_was_said(observed in sources(), quorum in 1_usize..4) {
            let rules = RateRules { quorum, ..RULES };
            let Some(price) = judge(&observed, None, &rules, NOW).price else { return Ok(()) };
            let fresh = || observed.iter().filter(|seen| rules.is_fresh(**seen, NOW));
            prop_assert!(fresh().count() >= quorum);
            prop_assert!(fresh().any(|seen| seen.rate <= price.rate));
            prop_assert!(fresh().any(|seen| seen.rate >= price.rate));
            prop_assert!(price.valid_until > NOW && price.confirmed_at <= NOW);
        }

        #[test]
        fn the_order_of_sources_does_not_matter(observed in sources()) {
            let reversed: Vec<Observation> = observed.iter().rev().copied().collect();
            let judge = |all: &[Observation]| judge(all, None, &RULES, NOW).price;
            prop_assert_eq!(judge(&observed), judge(&reversed));
        }

        #[test]
        fn one_liar_never_leaves_what_two_honest_sources_say(
            base in 1_000_000_u128..Rate::PAR.0 * 1_000_000,
            percent in 0_u128..=20,
            lie in 1..=Rate::PAR.0 * RATE_USD_MAX,
            place in 0_usize..3,
            is_known: bool,
        ) {
            let (low, high) = (Rate(base), Rate(base + base * percent / 100));
            let mut rates = vec![low, high];
            rates.insert(place.min(2), Rate(lie));
            let observed: Vec<Observation> =
                rates.into_iter().map(|rate| Observation { rate, at: NOW }).collect();
            let reference = is_known.then_some(Observation { rate: low, at: NOW });
            let price = judge(&observed, reference, &RULES, NOW).price.expect("two agree");
            prop_assert!((low..=high).contains(&price.rate));
            let traded = judge_stablecoin(&observed, &RULES, NOW).expect("a median");
            prop_assert!((low..=high).contains(&traded.rate));
        }

        #[test]
        fn one_source_alone_never_jumps(reference in 1_u128..1 << 70, said in 1_u128..1 << 70) {
            let observe = |picos| Observation { rate: Rate(picos), at: NOW };
            let price = judge(&[observe(said)], Some(observe(reference)), &RULES, NOW).price;
            let (low, high) = (said.min(reference), said.max(reference));
            prop_assert_eq!(price.is_some(), high - low <= low * 20 / 100);
        }

        #[test]
        fn a_stablecoin_is_never_worth_more_than_par(picos in 1_u128..1 << 70) {
            match peg(Rate(picos), Rate::PAR, &RULES) {
                Peg::Holds => prop_assert!(picos.abs_diff(Rate::PAR.0) <= Rate::PAR.0 / 50),
                Peg::Broken { worth } => prop_assert!(worth <= Rate::PAR && worth.0 <= picos),
            }
        }
    }
}
