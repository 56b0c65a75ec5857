//! What a quote's sums come to, and that they never make money.

use proptest::prelude::*;

use super::*;
use crate::token::Token;

const NOW: Timestamp = Timestamp(1_766_320_496_000);

fn corridor(fee_bps: u32, fee_fixed: u128) -> Corridor {
    Corridor {
        country: Country::parse("DE").expect("a country"),
        currency: Currency::EUR,
        method: PayoutMethod::Sepa,
        fields: &[],
        amount_min: TokenAmount(1),
        amount_max: TokenAmount(u128::MAX),
        fee_fixed: TokenAmount(fee_fixed),
        fee_bps,
        delivery_seconds: 60,
        kyc_level: KycLevel::Basic,
    }
}

fn quote(side: Side, corridor: &Corridor, rate: &str) -> Result<RampQuote, Refusal> {
    let token = Token::of(Environment::Devnet).find(|token| token.is_usd_stable());
    let ask = RampQuoteAsk {
        merchant_id: MerchantId(1),
        environment: Environment::Devnet,
        user_id: None,
        bank_account_id: None,
        asset: Asset::of_token(token.expect("devnet has one")),
        side,
    };
    let rate = FxRate::parse(rate).expect("a rate");
    let pricing = Pricing { rate, dollars: FxRate::PAR };
    RampQuote::new(ask, corridor, pricing, &mut Fresh::new(NOW, [1; 16]))
}

/// Source, fee, target.
#[track_caller]
fn check(side: Side, (bps, fixed): (u32, u128), rate: &str, sums: (u128, u128, u128)) {
    let quote = quote(side, &corridor(bps, fixed), rate).expect("a quote");
    assert_eq!((quote.source.0, quote.fee.0, quote.target.0), sums);
}

#[test]
fn sums_are_exact_and_round_against_the_asker() {
    let (source, target) =
        (|base| Side::Source(TokenAmount(base)), |minor| Side::Target(TokenAmount(minor)));
    check(source(100_000_000), (0, 0), "0.92", (100_000_000, 0, 9_200));
    check(source(100_000_000), (50, 24), "0.92", (100_000_000, 760_869, 9_130));
    check(target(9_200), (0, 0), "0.92", (100_000_000, 0, 9_200));
    check(target(9_130), (50, 24), "0.92", (100_000_000, 760_869, 9_130));
    check(target(1), (0, 0), "0.3", (33_334, 0, 1));
    check(source(33_334), (0, 0), "0.3", (33_334, 0, 1));
}

#[test]
fn what_cannot_be_is_refused_by_its_field() {
    #[track_caller]
    fn refused(side: Side, corridor: &Corridor, field: &str) {
        match quote(side, corridor, "0.92") {
            Err(Refusal::Invalid { param, .. }) => assert_eq!(param, field),
            other => panic!("{other:?}"),
        }
    }
    let plain = corridor(50, 23);
    refused(Side::Source(TokenAmount(0)), &plain, "source.amount");
    refused(Side::Source(TokenAmount(250_000)), &plain, "source.amount");
    refused(Side::Source(TokenAmount(u128::MAX)), &plain, "source.amount");
    refused(Side::Target(TokenAmount(0)), &plain, "target.amount");
    refused(Side::Target(TokenAmount(u128::MAX)), &plain, "target.amount");
    let narrow = Corridor { amount_min: TokenAmount(100), amount_max: TokenAmount(200), ..plain };
    refused(Side::Target(TokenAmount(99)), &narrow, "target.amount");
    refused(Side::Source(TokenAmount(9_000_000)), &narrow, "source.amount");
}

proptest! {
    #[test]
    fn a_source_always_covers_fee_and_target(
        minor in 1_u64..1_000_000_000_000,
        bps in 0_u32..1_000,
        fixed in 0_u128..10_000,
        rate in 1_u64..100_000_000,
    ) {
        let corridor = corridor(bps, fixed);
        let rate = TokenAmount(rate.into()).decimal(4);
        let given = quote(Side::Target(TokenAmount(minor.into())), &corridor, &rate);
        let given = given.expect("a quote");
        // Asked for as a source, the same source gives at least this target.
        let back = quote(Side::Source(given.source), &corridor, &rate).expect("a quote");
        prop_assert!(given.fee.0 <= given.source.0 && back.fee.0 <= back.source.0);
        prop_assert!(back.target >= given.target);
    }
}

#[test]
fn all_there_is_goes_even_below_the_corridor_s_least() {
    let whole = |base| Side::Whole(TokenAmount(base));
    let plain = (50, 24);
    // As any other source, where that is enough.
    check(whole(100_000_000), plain, "0.92", (100_000_000, 760_869, 9_130));
    let least = Corridor { amount_min: TokenAmount(500), ..corridor(50, 24) };
    let sums =
        |base| quote(whole(base), &least, "0.92").map(|quote| (quote.fee.0, quote.target.0)).ok();
    assert_eq!(sums(1_000_000), Some((271_739, 67)));
    // No more than half of it for the fee, and never less than the smallest unit.
    assert_eq!(sums(400_000), Some((204_347, 18)));
    assert_eq!(sums(11_000), Some((130, 1)));
    assert_eq!(sums(10_000), None);
    assert_eq!(quote(Side::Source(TokenAmount(400_000)), &least, "0.92").ok(), None);
}

#[test]
fn what_counts_against_limits_is_dollars_rounded_up() {
    let ask = RampQuoteAsk {
        merchant_id: MerchantId(1),
        environment: Environment::Devnet,
        user_id: None,
        bank_account_id: None,
        asset: Asset::Currency(Currency::EUR),
        side: Side::Source(TokenAmount(9_200)),
    };
    let dollars = FxRate::parse("1.086956521739").expect("a rate");
    let pricing = Pricing { rate: FxRate::PAR, dollars };
    let quote = RampQuote::new(ask, &corridor(0, 0), pricing, &mut Fresh::new(NOW, [1; 16]));
    let quote = quote.expect("a quote");
    assert_eq!((quote.target.0, quote.fee.0, quote.value), (9_200, 0, Usd(100_000_000)));
}

#[test]
fn a_quote_is_taken_once_and_in_time() {
    let mut fresh = Fresh::new(NOW, [2; 16]);
    let payout = PayoutId::fresh(&mut fresh);
    let side = Side::Source(TokenAmount(10_000_000));
    let quote = quote(side, &corridor(0, 0), "1").expect("a quote");
    let last = NOW.plus_ms(LOCKED_MS - 1);
    let used = quote.take(payout, last).expect("in time");
    assert_eq!(used.take(payout, last).err(), Some(Refusal::QuoteUsed));
    assert_eq!(quote.take(payout, NOW.plus_ms(LOCKED_MS)).err(), Some(Refusal::QuoteExpired));
}
