//! Exact money: USD in micro-dollars, token amounts in base units, rates in pico-dollars.
//!
//! Nothing here is a float. A JSON number is read from its decimal text; received value rounds
//! down, required tokens round up, and every product is taken in 256 bits.

use serde::{Deserialize, Serialize, Serializer};

pub const MICROS_PER_USD: i64 = 1_000_000;
const MICROS_PER_MILLI: i64 = 1_000;
const MICROS_PER_CENT: i64 = 10_000;

/// An amount of USD in micro-dollars.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Usd(pub i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("is not a decimal number")]
    NotANumber,
    #[error("has too many decimals")]
    TooPrecise,
    #[error("is too large")]
    TooLarge,
}

impl Usd {
    pub const ZERO: Usd = Usd(0);

    pub fn from_dollars(dollars: i64) -> Usd {
        Usd(dollars.saturating_mul(MICROS_PER_USD))
    }

    /// Whole thousandths of a dollar, rounded down: the public unit `usd_millis`.
    pub fn millis(self) -> i64 {
        self.0.div_euclid(MICROS_PER_MILLI)
    }

    /// Three decimal places, rounded down: `"49.990"`.
    pub fn decimal(self) -> String {
        let millis = self.millis();
        let sign = if millis < 0 { "-" } else { "" };
        let size = millis.unsigned_abs();
        format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
    }

    /// A non-negative JSON number, of its decimal text, with at most `places` decimals.
    pub fn parse(text: &str, places: u32) -> Result<Usd, AmountError> {
        let micros = parse_decimal(text, 6, places)?;
        i64::try_from(micros).map(Usd).map_err(|_| AmountError::TooLarge)
    }

    pub fn plus(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }

    /// The difference, never below zero.
    pub fn minus_floor(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0).max(0))
    }

    /// `basis_points` of this amount, rounded down.
    pub fn share(self, basis_points: i64) -> Usd {
        Usd(((self.0 as i128 * basis_points as i128) / 10_000) as i64)
    }

    /// To whole cents, halves to the even one: how commerce rounds.
    pub fn to_cents(self) -> Usd {
        let (cents, rest) =
            (self.0.div_euclid(MICROS_PER_CENT), self.0.rem_euclid(MICROS_PER_CENT));
        let half = MICROS_PER_CENT / 2;
        let is_up = rest > half || (rest == half && cents % 2 != 0);
        Usd((cents + i64::from(is_up)) * MICROS_PER_CENT)
    }

    /// As people write it: `$1,234.50`; a third decimal only where there is one.
    pub fn shown(self) -> String {
        let (sign, text) = (if self.0 < 0 { "-" } else { "" }, self.decimal());
        let (whole, decimals) = text.trim_start_matches('-').split_once('.').unwrap_or_default();
        let decimals = decimals.strip_suffix('0').filter(|two| two.len() == 2).unwrap_or(decimals);
        let mut grouped = String::new();
        for (at, digit) in whole.char_indices() {
            if at > 0 && (whole.len() - at) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}${grouped}.{decimals}")
    }

    /// Two decimal places, rounded as commerce does: `"10.00"`.
    pub fn cents_decimal(self) -> String {
        let cents = self.to_cents().0 / MICROS_PER_CENT;
        let sign = if cents < 0 { "-" } else { "" };
        let size = cents.unsigned_abs();
        format!("{sign}{}.{:02}", size / 100, size % 100)
    }

    /// This amount as a JSON number: `49.99`.
    pub fn number(self) -> UsdNumber {
        UsdNumber(self)
    }
}

/// Serializes an amount as a JSON number of its shortest decimal text, without a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = f64)] // float: the schema's word for a JSON number
pub struct UsdNumber(pub Usd);

impl Serialize for UsdNumber {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let micros = self.0.0;
        if micros % MICROS_PER_USD == 0 {
            return out.serialize_i64(micros / MICROS_PER_USD);
        }
        let text = plain_decimal(micros.unsigned_abs().into(), 6, micros < 0);
        let raw = serde_json::value::RawValue::from_string(text).expect("a decimal is JSON");
        raw.serialize(out)
    }
}

/// An amount of a token in its smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenAmount(pub u128);

impl TokenAmount {
    pub const ZERO: TokenAmount = TokenAmount(0);

    /// A decimal string in whole tokens, with at most as many decimals as the token has.
    pub fn parse(text: &str, decimals: u8) -> Result<TokenAmount, AmountError> {
        parse_decimal(text, decimals.into(), decimals.into()).map(TokenAmount)
    }

    /// The amount in whole tokens, shortest form: `"1.5"`.
    pub fn decimal(self, decimals: u8) -> String {
        plain_decimal(self.0, decimals.into(), false)
    }
}

impl Serialize for TokenAmount {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TokenAmount {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<TokenAmount, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map(TokenAmount).map_err(serde::de::Error::custom)
    }
}

/// The price of one whole token in pico-dollars (10⁻¹² USD).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub u128);

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Rate, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map(Rate).map_err(serde::de::Error::custom)
    }
}

const PICOS_PER_MICRO: u128 = 1_000_000;
const PICOS_PER_USD: u128 = 1_000_000_000_000;

impl Rate {
    pub const PAR: Rate = Rate(PICOS_PER_USD);

    pub fn parse(text: &str) -> Result<Rate, AmountError> {
        let picos = parse_decimal(text, 12, 12)?;
        if picos == 0 { Err(AmountError::NotANumber) } else { Ok(Rate(picos)) }
    }

    /// Like `parse`, but cuts off what is finer than a pico-dollar: markets write what they like.
    pub fn parse_cut(text: &str) -> Result<Rate, AmountError> {
        let Significant { mut digits, mut power } = significant(text)?;
        if let Ok(finer) = usize::try_from(-12 - power)
            && finer > 0
        {
            digits.truncate(digits.len().saturating_sub(finer));
            power = -12;
        }
        match digits.bytes().all(|digit| digit == b'0') {
            true => Err(AmountError::NotANumber),
            false => scaled(&digits, power, 12).map(Rate),
        }
    }

    /// What an amount is worth, rounded down.
    pub fn value(self, amount: TokenAmount, decimals: u8) -> Usd {
        let scale = power_of_ten(decimals.into()) * PICOS_PER_MICRO;
        let micros = mul_div_floor(amount.0, self.0, scale).unwrap_or(u128::MAX);
        Usd(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// How many base units cover an amount of USD plus a buffer, rounded up.
    pub fn tokens_for(self, usd: Usd, decimals: u8, buffer_bps: u32) -> Option<TokenAmount> {
        let micros = u128::try_from(usd.0).ok()?;
        let picos = micros * PICOS_PER_MICRO * u128::from(10_000 + buffer_bps);
        let divisor = self.0.checked_mul(10_000)?;
        mul_div_ceil(picos, power_of_ten(decimals.into()), divisor).map(TokenAmount)
    }

    /// Tokens per dollar as a decimal string of up to twelve places, rounded up.
    pub fn tokens_per_usd(self) -> String {
        let scaled = mul_div_ceil(PICOS_PER_USD, PICOS_PER_USD, self.0).unwrap_or(0);
        plain_decimal(scaled, 12, false)
    }

    pub fn usd_decimal(self) -> String {
        plain_decimal(self.0, 12, false)
    }
}

pub fn power_of_ten(exponent: u32) -> u128 {
    10_u128.checked_pow(exponent).expect("tokens have at most 38 decimals")
}

/// `a * b / c` rounded down, or nothing if it does not fit (or `c` is zero).
pub fn mul_div_floor(a: u128, b: u128, c: u128) -> Option<u128> {
    divide(wide_product(a, b), c).map(|(quotient, _)| quotient)
}

/// `a * b / c` rounded up, or nothing if it does not fit (or `c` is zero).
pub fn mul_div_ceil(a: u128, b: u128, c: u128) -> Option<u128> {
    let (quotient, rest) = divide(wide_product(a, b), c)?;
    if rest == 0 { Some(quotient) } else { quotient.checked_add(1) }
}

fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const MASK: u128 = u64::MAX as u128;
    let (a_high, a_low) = (a >> 64, a & MASK);
    let (b_high, b_low) = (b >> 64, b & MASK);
    let low = a_low * b_low;
    let middle_one = a_high * b_low + (low >> 64);
    let middle_two = a_low * b_high + (middle_one & MASK);
    let high = a_high * b_high + (middle_one >> 64) + (middle_two >> 64);
    (high, (middle_two << 64) | (low & MASK))
}

fn divide((high, low): (u128, u128), by: u128) -> Option<(u128, u128)> {
    if by == 0 || high >= by {
        return None;
    }
    if high == 0 {
        return Some((low / by, low % by));
    }
    let (mut rest, mut quotient) = (high, 0_u128);
    for bit in (0..128).rev() {
        let carry = rest >> 127;
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1;
        }
    }
    Some((quotient, rest))
}

/// Reads a non-negative JSON number (or decimal string) into units of 10^-scale.
fn parse_decimal(text: &str, scale: u32, places: u32) -> Result<u128, AmountError> {
    let Significant { digits, power } = significant(text)?;
    if digits.is_empty() {
        return Ok(0);
    }
    if power < -i64::from(places) {
        return Err(AmountError::TooPrecise);
    }
    scaled(&digits, power, scale)
}

/// A number is `digits` × 10^power; zero has no digits.
struct Significant {
    digits: String,
    power: i64,
}

fn significant(text: &str) -> Result<Significant, AmountError> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling_point = mantissa.ends_with('.');
    if whole.is_empty() || dangling_point || !well_formed(whole) || !well_formed(fraction) {
        return Err(AmountError::NotANumber);
    }
    let mut digits: String = [whole, fraction].concat();
    let written = digits.len();
    digits.truncate(digits.trim_end_matches('0').len());
    let dropped = (written - digits.len()) as i64;
    Ok(Significant { digits, power: exponent - fraction.len() as i64 + dropped })
}

fn scaled(digits: &str, power: i64, scale: u32) -> Result<u128, AmountError> {
    let number: u128 = digits.parse().map_err(|_| AmountError::TooLarge)?;
    let shift = power + i64::from(scale);
    let factor = u32::try_from(shift).ok().and_then(|shift| 10_u128.checked_pow(shift));
    factor.and_then(|factor| number.checked_mul(factor)).ok_or(AmountError::TooLarge)
}

fn parse_exponent(text: &str) -> Result<i64, AmountError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    text.parse::<i64>().ok().filter(|size| size.abs() <= 400).ok_or(AmountError::TooLarge)
}

fn plain_decimal(size: u128, scale: u32, negative: bool) -> String {
    let unit = power_of_ten(scale);
    let sign = if negative { "-" } else { "" };
    let fraction = format!("{:0width$}", size % unit, width = scale as usize);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{}", size / unit),
        kept => format!("{sign}{}.{kept}", size / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, micros: Result<i64, AmountError>) {
        assert_eq!(Usd::parse(text, 3).map(|usd| usd.0), micros, "{text}");
    }

    #[test]
    fn reads_json_numbers_exactly() {
        check("49.99", Ok(49_990_000));
        check("0.01", Ok(10_000));
        check("1e2", Ok(100_000_000));
        check("12.5E-1", Ok(1_250_000));
        check("1.1000", Ok(1_100_000));
        check("0", Ok(0));
        check("0.0001", Err(AmountError::TooPrecise));
        check("-1", Err(AmountError::NotANumber));
        check("1.", Err(AmountError::NotANumber));
        check("1e", Err(AmountError::NotANumber));
        check("1e400", Err(AmountError::TooLarge));
        check("99999999999999999999999999999999999999999", Err(AmountError::TooLarge));
    }

    #[test]
    fn writes_numbers_without_a_float() {
        let text = |usd: i64| serde_json::to_string(&Usd(usd).number()).expect("serializes");
        assert_eq!(text(49_990_000), "49.99");
        assert_eq!(text(50_000_000), "50");
        assert_eq!(text(10_000), "0.01");
        assert_eq!(text(-1_500_000), "-1.5");
    }

    #[test]
    fn a_market_s_price_is_cut_at_a_pico_dollar() {
        for (text, picos) in [
            ("1e-7", Ok(100_000)),
            ("67187.3358936566123", Ok(67_187_335_893_656_612)),
            ("0.0000000000019", Ok(1)),
            ("0.0000000000009", Err(AmountError::NotANumber)),
            ("1e-300", Err(AmountError::NotANumber)),
            ("0", Err(AmountError::NotANumber)),
            ("-3", Err(AmountError::NotANumber)),
            ("1e300", Err(AmountError::TooLarge)),
        ] {
            assert_eq!(Rate::parse_cut(text), picos.map(Rate), "{text}");
        }
    }

    #[test]
    fn value_rounds_down_and_required_tokens_round_up() {
        let ether = Rate::parse("3333.33").expect("a rate");
        let needed = ether.tokens_for(Usd::from_dollars(100), 18, 0).expect("fits");
        assert!(ether.value(needed, 18) >= Usd::from_dollars(100));
        assert!(ether.value(TokenAmount(needed.0 - 1), 18) < Usd::from_dollars(100));
        assert_eq!(Rate::PAR.value(TokenAmount(1_999_999), 6), Usd(1_999_999));
        assert_eq!(Rate::PAR.value(TokenAmount(u128::MAX), 0), Usd(i64::MAX));
    }

    proptest! {
        #[test]
        fn wide_division_agrees_with_the_narrow_one(a: u64, b: u64, c in 1_u128..) {
            let product = u128::from(a) * u128::from(b);
            prop_assert_eq!(mul_div_floor(a.into(), b.into(), c), Some(product / c));
        }

        #[test]
        fn multiplying_and_dividing_by_the_same_is_nothing(a: u128, b in 1_u128..) {
            prop_assert_eq!(mul_div_floor(a, b, b), Some(a));
            prop_assert_eq!(mul_div_ceil(a, b, b), Some(a));
        }

        #[test]
        fn token_amounts_survive_their_text(base: u128, decimals in 0_u8..=18) {
            let amount = TokenAmount(base);
            prop_assert_eq!(TokenAmount::parse(&amount.decimal(decimals), decimals), Ok(amount));
        }
    }

    #[test]
    fn dollars_read_as_people_write_them() {
        let check = |micros: i64, expected: &str| assert_eq!(Usd(micros).shown(), expected);
        check(0, "$0.00");
        check(10_000, "$0.01");
        check(13_990_000, "$13.99");
        check(24_995_000, "$24.995");
        check(999_000_000, "$999.00");
        check(1_000_000_000_000, "$1,000,000.00");
        check(-123_450_000, "-$123.45");
    }
}
