//! Time-based one-time passwords (RFC 6238): six digits, thirty seconds, SHA-1.
//!
//! A code is accepted one step early or late, and each step only once.

use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::time::Timestamp;

const STEP_SECONDS: i64 = 30;
const DIGITS_MODULUS: u32 = 1_000_000;
pub const SEED_BYTES: usize = 20;

/// The step whose code was given, if it is current and later than the last one used.
pub fn verify(seed: &[u8], code: &str, last_step: i64, now: Timestamp) -> Option<i64> {
    let current = now.seconds().div_euclid(STEP_SECONDS);
    let fits = |step: &i64| {
        let expected = format!("{:06}", code_at(seed, *step));
        *step > last_step && crate::secret::equal(expected.as_bytes(), code.as_bytes())
    };
    (current - 1..=current + 1).find(fits)
}

/// The code of a step, as an authenticator app shows it.
pub fn code_at(seed: &[u8], step: i64) -> u32 {
    let mut mac = <Hmac<Sha1> as Mac>::new_from_slice(seed).expect("any length is a key");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 15);
    let word = digest[offset..offset + 4].try_into().expect("four bytes");
    (u32::from_be_bytes(word) & 0x7fff_ffff) % DIGITS_MODULUS
}

pub fn step_of(now: Timestamp) -> i64 {
    now.seconds().div_euclid(STEP_SECONDS)
}

/// The seed in base32, as it is typed into an app.
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut word = [0; 8];
        word[3..3 + chunk.len()].copy_from_slice(chunk);
        let word = u64::from_be_bytes(word);
        let digits = (chunk.len() * 8).div_ceil(5);
        text.extend((0..digits).map(|at| ALPHABET[(word >> (35 - 5 * at)) as usize & 31] as char));
    }
    text
}

/// The link an authenticator app reads.
pub fn enrolment_uri(seed: &[u8], email: &str) -> String {
    let label: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/Pepay:{label}?secret={}&issuer=Pepay", base32(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_6238() {
        for (seconds, code) in [(59, 287_082), (1_111_111_109, 81_804), (20_000_000_000, 353_130)] {
            assert_eq!(code_at(SEED, seconds / 30), code);
        }
    }

    #[test]
    fn a_code_works_once_and_one_step_around() {
        let now = Timestamp::from_seconds(1_111_111_109);
        let step = verify(SEED, "081804", 0, now).expect("current");
        assert_eq!(verify(SEED, "081804", step, now), None);
        assert!(verify(SEED, "081804", 0, now.plus_ms(30_000)).is_some());
        assert!(verify(SEED, "081804", 0, now.plus_ms(90_000)).is_none());
        assert!(verify(SEED, "81804", 0, now).is_none());
    }

    #[test]
    fn seeds_are_written_in_base32() {
        assert_eq!(base32(SEED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(base32(b"f"), "MY");
    }
}
