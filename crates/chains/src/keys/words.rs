//! The words everything is derived from: BIP-39, English, 12 to 24 of them.
//!
//! The optional passphrase of BIP-39 stays empty: the keystore's own passphrase protects the words
//! and can be changed, while that one would silently give other addresses when mistyped.
//!
//! Invariant: words that are in this type have the right checksum; they are wiped when dropped.

use bip39::{Error, Language, Mnemonic};
use domain::secret::{Entropy, Secret};
use thiserror::Error;
use zeroize::Zeroizing;

/// Twenty-four words of at most eight letters, and room for untidy spacing.
const TEXT_BYTES_MAX: usize = 1024;

pub struct Words(Mnemonic);

/// Why a text is no list of words. A word itself is never repeated: it is a part of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WordsError {
    #[error("a list has 12, 15, 18, 21 or 24 words")]
    WrongCount,
    #[error("word {0} is not in the English list of BIP-39")]
    UnknownWord(usize),
    #[error("the checksum of the words does not match: one is wrong, or their order")]
    WrongChecksum,
}

impl Words {
    /// Reads words in any letter case and spacing.
    pub fn parse(text: &str) -> Result<Words, WordsError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(WordsError::WrongCount);
        }
        let text = Zeroizing::new(text.to_ascii_lowercase());
        Mnemonic::parse_in_normalized(Language::English, &text).map(Words).map_err(|error| {
            match error {
                Error::UnknownWord(at) => WordsError::UnknownWord(at + 1),
                Error::InvalidChecksum => WordsError::WrongChecksum,
                Error::BadWordCount(_)
                | Error::BadEntropyBitCount(_)
                | Error::AmbiguousLanguages(_) => WordsError::WrongCount,
            }
        })
    }

    /// Twenty-four words nobody else has.
    pub fn fresh(entropy: &Entropy) -> Words {
        Words::from_entropy(entropy.0.as_slice()).expect("32 bytes are 24 words")
    }

    /// The words of 16 to 32 bytes; none if there are no words of that many.
    pub fn from_entropy(entropy: &[u8]) -> Option<Words> {
        Mnemonic::from_entropy_in(Language::English, entropy).ok().map(Words)
    }

    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        let (bytes, length) = self.0.to_entropy_array();
        let bytes = Zeroizing::new(bytes);
        Zeroizing::new(bytes[..length].to_vec())
    }

    /// The words as people write them down: in lower case, one space between two.
    pub fn text(&self) -> Secret {
        let mut text = String::with_capacity(TEXT_BYTES_MAX);
        for (at, word) in self.0.words().enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        Secret::new(text)
    }

    pub(super) fn seed(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.to_seed_normalized(""))
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<words>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNK: &str = "test test test test test test test test test test test junk";

    #[test]
    fn spacing_and_letter_case_do_not_matter() {
        for text in
            [JUNK.to_owned(), format!("\n {}\r\n", JUNK.to_uppercase()), JUNK.replace(' ', "\n")]
        {
            assert_eq!(Words::parse(&text).unwrap().text().expose(), JUNK);
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_repeating_a_word() {
        let check = |text: &str, why: WordsError| assert_eq!(Words::parse(text).unwrap_err(), why);
        check("", WordsError::WrongCount);
        check("test test test", WordsError::WrongCount);
        check(&JUNK.replace("junk", "test"), WordsError::WrongChecksum);
        check(&JUNK.replacen("test", "tset", 1), WordsError::UnknownWord(1));
        check(&JUNK.replace("junk", "jünk"), WordsError::UnknownWord(12));
        check(&"test ".repeat(10_000), WordsError::WrongCount);
        assert_eq!(format!("{:?}", Words::parse(JUNK).unwrap()), "<words>");
    }

    #[test]
    fn fresh_words_are_twenty_four_and_come_back_from_their_entropy() {
        let words = Words::fresh(&Entropy::new([7; 32]));
        assert_eq!(words.text().expose().split(' ').count(), 24);
        let again = Words::from_entropy(&words.entropy()).unwrap();
        assert_eq!(again.text().expose(), words.text().expose());
        assert!(Words::from_entropy(&[7; 31]).is_none());
    }
}
