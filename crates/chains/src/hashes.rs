//! How each network writes the hash of a block and of a transaction.
//!
//! A transaction's hash is part of a payment's identity, so it has one spelling here: what a
//! client types goes through `parse_transaction_hash`, what a chain reports is written likewise.

use domain::network::{Family, Network};
use sha2::{Digest, Sha256};

const TEXT_BYTES_MAX: usize = 128;

/// Writes a transaction hash the way its network does.
pub(crate) fn transaction_hash(network: Network, seed: &[u8; 32]) -> String {
    match network.family() {
        // A Solana transaction is named by its first signature, which is twice as long.
        Family::Solana => {
            let rest: [u8; 32] = Sha256::digest(seed).into();
            bs58::encode([*seed, rest].concat()).into_string()
        }
        Family::Evm | Family::Ton | Family::Cardano | Family::Sui => block_hash(network, seed),
    }
}

/// Writes a block hash the way its network does.
pub(crate) fn block_hash(network: Network, hash: &[u8; 32]) -> String {
    match network.family() {
        Family::Evm => format!("0x{}", hex(hash)),
        Family::Ton | Family::Cardano => hex(hash),
        Family::Solana | Family::Sui => bs58::encode(hash).into_string(),
    }
}

/// The canonical spelling of a transaction hash, or nothing if the network has no such hashes.
pub fn parse_transaction_hash(network: Network, text: &str) -> Option<String> {
    match network.family() {
        Family::Evm => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
            hex_32(digits).map(|digits| format!("0x{digits}"))
        }
        Family::Ton | Family::Cardano => hex_32(text),
        Family::Solana => base58(text, 64),
        Family::Sui => base58(text, 32),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex_32(digits: &str) -> Option<String> {
    let is_hash = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash.then(|| digits.to_ascii_lowercase())
}

/// Decoding takes quadratic time, so the length is bounded first.
fn base58(text: &str, bytes: usize) -> Option<String> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let decoded = bs58::decode(text).into_vec().ok()?;
    (decoded.len() == bytes).then(|| bs58::encode(decoded).into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: Network, text: &str, spelling: Option<&str>) {
        assert_eq!(parse_transaction_hash(network, text).as_deref(), spelling, "{text}");
    }

    #[test]
    fn every_network_accepts_the_hashes_it_writes() {
        for network in Network::ALL {
            for byte in [0, 1, 0xff] {
                let written = transaction_hash(network, &[byte; 32]);
                check(network, &written, Some(&written));
            }
        }
    }

    #[test]
    fn letter_case_of_hex_is_no_difference() {
        let digits = "ABCDEF0123456789".repeat(4);
        let lower = digits.to_lowercase();
        let prefixed = format!("0x{lower}");
        check(Network::Base, &format!("0x{digits}"), Some(&prefixed));
        check(Network::Ton, &digits, Some(&lower));
        check(Network::Cardano, &digits, Some(&lower));
    }

    #[test]
    fn what_is_no_hash_of_the_network_is_refused() {
        check(Network::Ethereum, &"0".repeat(64), None);
        check(Network::Ethereum, &format!("0x{}", "0".repeat(63)), None);
        check(Network::Ton, &format!("0x{}", "0".repeat(64)), None);
        check(Network::Cardano, &"g".repeat(64), None);
        check(Network::Solana, &bs58::encode([7; 32]).into_string(), None);
        check(Network::Sui, &bs58::encode([7; 64]).into_string(), None);
        check(Network::Sui, &"1".repeat(100_000), None);
        check(Network::Sui, "", None);
    }
}
