//! Where an owner's tokens lie: the associated token account of each mint.
//!
//! A payment into a token account does not name its owner, so finding payments by owner means
//! asking for each of these. The address is a hash that must not be a point of the curve, so that
//! nobody can hold a key to it; the first bump from 255 down that gives one is the right one.

use curve25519_dalek::edwards::CompressedEdwardsY;
use sha2::{Digest, Sha256};

pub const TOKEN_PROGRAM: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
pub const TOKEN_2022_PROGRAM: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";
pub(super) const ASSOCIATED_TOKEN_PROGRAM: &str = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";

/// The account in which an owner holds a mint of a token program; none if one of the three is not
/// 32 bytes in base58.
pub fn associated_token_account(owner: &str, mint: &str, token_program: &str) -> Option<String> {
    let seeds = [bytes(owner)?, bytes(token_program)?, bytes(mint)?];
    let program = bytes(ASSOCIATED_TOKEN_PROGRAM)?;
    (0..=u8::MAX).rev().find_map(|bump| {
        let mut hash = Sha256::new();
        seeds.iter().for_each(|seed| hash.update(seed));
        hash.update([bump]);
        hash.update(program);
        hash.update(b"ProgramDerivedAddress");
        let address: [u8; 32] = hash.finalize().into();
        let is_on_curve = CompressedEdwardsY(address).decompress().is_some();
        (!is_on_curve).then(|| bs58::encode(address).into_string())
    })
}

fn bytes(address: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    matches!(bs58::decode(address).onto(&mut bytes), Ok(32)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: &str = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";
    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

    #[track_caller]
    fn check(owner: &str, program: &str, account: Option<&str>) {
        assert_eq!(associated_token_account(owner, USDC, program).as_deref(), account);
    }

    /// The expected accounts are what @solana/spl-token answers.
    #[test]
    fn accounts_are_those_of_the_networks_own_library() {
        check(OWNER, TOKEN_PROGRAM, Some("8XXncUd6hJ6JUbVm124sDVwRwNKKZK1A4Yb4Wp7uCTyC"));
        check(OWNER, TOKEN_2022_PROGRAM, Some("HMTMm3Exs6iq2mf9LeP7uz6uZpiUncge13bLaMqcb17y"));
    }

    #[test]
    fn what_is_no_address_has_no_account() {
        check("", TOKEN_PROGRAM, None);
        check(&OWNER[1..], TOKEN_PROGRAM, None);
        check(&"1".repeat(10_000), TOKEN_PROGRAM, None);
        check(OWNER, "0", None);
    }
}
