//! The numbers and byte strings of Ethereum's JSON, read strictly and written back.
//!
//! What a node says is hostile: a hash that is one digit short, a number beyond its type or a text
//! that is no hex makes the whole answer unreadable, which is the node's fault and never a panic.
//!
//! Invariant: nothing here allocates while it reads, since blocks have thousands of these.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A byte string of a length that is known, `0x` and two digits a byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed<const BYTES: usize>(pub [u8; BYTES]);

/// Who pays, who is paid, and contracts.
pub type Account = Fixed<20>;
/// Names a block, a transaction or a kind of event.
pub type Hash = Fixed<32>;

/// A number such as a block's, without leading zeros in writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(pub u64);

/// A number of up to 256 bits; none where 128 do not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Option<u128>);

/// A log's data, or a call's answer, if it is one word of 32 bytes; everything else is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub Option<[u8; 32]>);

impl<const BYTES: usize> Fixed<BYTES> {
    pub fn parse(text: &str) -> Option<Fixed<BYTES>> {
        let digits = text.strip_prefix("0x")?.as_bytes();
        let mut bytes = [0; BYTES];
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != BYTES || !rest.is_empty() {
            return None;
        }
        // What is no digit leaves a mark above the four bits of a digit.
        let mut marks = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
            *byte = high << 4 | low & 0xf;
            marks |= high | low;
        }
        (marks < 16).then_some(Fixed(bytes))
    }
}

impl Account {
    /// The account as topics and call data hold it: padded to a word.
    pub fn padded(self) -> Hash {
        let mut word = [0; 32];
        word[12..].copy_from_slice(&self.0);
        Fixed(word)
    }

    /// The account of a padded word, if the padding is empty.
    pub fn unpadded(word: Hash) -> Option<Account> {
        let (padding, account) = word.0.split_last_chunk::<20>()?;
        padding.iter().all(|&byte| byte == 0).then_some(Fixed(*account))
    }
}

impl Amount {
    pub const ZERO: Amount = Amount(Some(0));

    pub fn parse(text: &str) -> Option<Amount> {
        let digits = text.strip_prefix("0x")?;
        if digits.is_empty() || digits.len() > 64 {
            return None;
        }
        let digits = digits.trim_start_matches('0').as_bytes();
        let mut value = Some(0u128);
        for &byte in digits {
            let digit = u128::from(digit(byte)?);
            value = value.and_then(|value| value.checked_mul(16)).map(|value| value | digit);
        }
        Some(Amount(value))
    }

    pub fn of_word(word: [u8; 32]) -> Amount {
        let (high, low) = word.split_last_chunk::<16>().expect("32 bytes hold 16");
        let fits = high.iter().all(|&byte| byte == 0);
        Amount(fits.then(|| u128::from_be_bytes(*low)))
    }
}

/// What every byte is as a digit; `NO_DIGIT` where it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < digits.len() {
        if let Some(digit) = digit(byte as u8) {
            digits[byte] = digit;
        }
        byte += 1;
    }
    digits
};
const NO_DIGIT: u8 = 0xf0;

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn quantity(text: &str) -> Option<Quantity> {
    let digits = text.strip_prefix("0x")?;
    // The standard library would take a sign.
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, 16).ok().map(Quantity)
}

fn word(text: &str) -> Option<Word> {
    Some(Word(Fixed::<32>::parse(text).map(|word| word.0)))
}

/// Reads a text where it lies, without a copy of it.
struct Text<T>(&'static str, fn(&str) -> Option<T>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.1(text).ok_or_else(|| E::custom(format_args!("this is not {}", self.0)))
    }
}

impl<'de, const BYTES: usize> Deserialize<'de> for Fixed<BYTES> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(Text("a hex byte string of the right length", Fixed::parse))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(Text("a hex number of 64 bits", quantity))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(Text("a hex number of 256 bits", Amount::parse))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(Text("a hex byte string", word))
    }
}

impl<const BYTES: usize> fmt::Display for Fixed<BYTES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WRITTEN: &[u8; 16] = b"0123456789abcdef";
        formatter.write_str("0x")?;
        for bytes in self.0.chunks(32) {
            let mut digits = [0; 64];
            for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
                *pair = [byte >> 4, byte & 0xf].map(|digit| WRITTEN[usize::from(digit)]);
            }
            let digits = digits.get(..bytes.len() * 2).unwrap_or_default();
            formatter.write_str(std::str::from_utf8(digits).unwrap_or_default())?;
        }
        Ok(())
    }
}

impl<const BYTES: usize> fmt::Debug for Fixed<BYTES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl<const BYTES: usize> Serialize for Fixed<BYTES> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{:#x}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn amount(text: &str, expected: Option<Option<u128>>) {
        assert_eq!(Amount::parse(text), expected.map(Amount), "{text}");
    }

    #[test]
    fn amounts_of_256_bits_are_read_and_those_above_128_are_no_number() {
        amount("0x0", Some(Some(0)));
        amount("0x00ff", Some(Some(255)));
        amount(&format!("0x{}", "f".repeat(32)), Some(Some(u128::MAX)));
        amount(&format!("0x1{}", "0".repeat(32)), Some(None));
        amount(&format!("0x{}", "f".repeat(64)), Some(None));
        amount(&format!("0x{}1", "0".repeat(63)), Some(Some(1)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "0x", "1", "0xg", "0x-1", "0x+1", "0x 1", &format!("0x{:065}", 1)] {
            amount(text, None);
        }
    }

    #[test]
    fn a_word_of_data_is_an_amount_likewise() {
        let mut word = [0; 32];
        word[31] = 7;
        assert_eq!(Amount::of_word(word), Amount(Some(7)));
        word[15] = 1;
        assert_eq!(Amount::of_word(word), Amount(None));
    }

    #[test]
    fn numbers_and_hashes_are_read_strictly() {
        let read = |text: &str| serde_json::from_str::<Quantity>(text).map(|number| number.0).ok();
        assert_eq!(read("\"0x10\""), Some(16));
        for text in ["16", "\"16\"", "\"0x\"", "\"0x+1\"", "\"0x10000000000000000\"", "null"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Fixed::<2>::parse("0xAb0f"), Some(Fixed([0xab, 0x0f])));
        for text in ["0xab0", "0xab0f0", "ab0f", "0xab0g", "0x", "0xäb"] {
            assert_eq!(Fixed::<2>::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_survives_its_padding_and_a_dirty_one_is_no_account() {
        let account = Fixed([7; 20]);
        assert_eq!(Account::unpadded(account.padded()), Some(account));
        let mut dirty = account.padded();
        dirty.0[0] = 1;
        assert_eq!(Account::unpadded(dirty), None);
    }

    #[test]
    fn numbers_are_written_without_leading_zeros() {
        assert_eq!(
            serde_json::to_string(&[Quantity(0), Quantity(255)]).unwrap(),
            r#"["0x0","0xff"]"#
        );
    }
}
