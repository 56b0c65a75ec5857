//! An address money can be sent to, checked in full for one network and environment.
//!
//! A mistyped destination loses a merchant's money for ever, so text becomes an `Address` only
//! after every checksum its network offers has been verified.
//!
//! Invariant: one account has exactly one spelling here, so equal text means equal account.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32, Hrp};
use blake2::Blake2b;
use blake2::digest::consts::U32;
use serde::Serialize;
use sha3::{Digest, Keccak256};
use thiserror::Error;
use utoipa::ToSchema;

use crate::environment::Environment;
use crate::network::{Family, Network};

/// An address in its network's canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Address(String);

/// Why a text is no address to pay to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("this is not written like an address of the network")]
    Malformed,
    #[error("the address checksum does not match; a character is mistyped")]
    WrongChecksum,
    #[error("the address belongs to the other environment")]
    WrongEnvironment,
    #[error("this kind of address cannot receive payments")]
    NotPayable,
}

impl Address {
    /// Validates the text in full and brings it to the canonical spelling.
    pub fn parse(
        network: Network,
        environment: Environment,
        text: &str,
    ) -> Result<Address, AddressError> {
        match network.family() {
            Family::Evm => parse_evm(text),
            Family::Solana => parse_solana(text),
            Family::Ton => parse_ton(environment, text),
            Family::Cardano => parse_cardano(environment, text),
            Family::Sui => parse_sui(text),
        }
    }

    /// Builds a well-formed address out of 32 bytes, which is all a simulated network needs.
    ///
    /// Nobody holds a key to it, so it must never be shown as a destination of real money.
    pub fn from_payload(family: Family, environment: Environment, payload: &[u8; 32]) -> Address {
        match family {
            Family::Evm => {
                let (_, account) = payload.split_last_chunk().expect("32 bytes hold 20");
                evm(account)
            }
            Family::Solana => Address(bs58::encode(payload).into_string()),
            Family::Ton => ton(environment, 0, payload),
            Family::Cardano => {
                let payment = blake2b_256(payload);
                let stake = blake2b_256(&payment);
                let mut bytes = vec![cardano_network_id(environment)];
                bytes.extend_from_slice(&payment[..CARDANO_HASH_BYTES]);
                bytes.extend_from_slice(&stake[..CARDANO_HASH_BYTES]);
                cardano(environment, &bytes)
            }
            Family::Sui => Address(format!("0x{}", hex(payload))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether everybody knows that nobody holds a key to it: what is sent there is gone.
    pub fn is_nobodys(&self, network: Network) -> bool {
        let is_one_of = |known: &[&str]| known.iter().any(|one| self.0.eq_ignore_ascii_case(one));
        match network.family() {
            Family::Evm => is_one_of(&EVM_NOBODYS),
            // Base58 tells its letters' cases apart.
            Family::Solana => SOLANA_NOBODYS.contains(&self.0.as_str()),
            Family::Ton => [Environment::Mainnet, Environment::Devnet]
                .into_iter()
                .flat_map(|environment| [0, -1].map(|chain| ton(environment, chain, &[0; 32])))
                .any(|empty| empty == *self),
            Family::Cardano => false,
            Family::Sui => is_one_of(&SUI_NOBODYS),
        }
    }
}

/// The zero address, and the two ends that people burn tokens at.
const EVM_NOBODYS: [&str; 3] = [
    "0x0000000000000000000000000000000000000000",
    "0x000000000000000000000000000000000000dEaD",
    "0xdEaD000000000000000042069420694206942069",
];

/// The system program, the incinerator, and the programs that tokens are kept by.
const SOLANA_NOBODYS: [&str; 4] = [
    "11111111111111111111111111111111",
    "1nc1nerator11111111111111111111111111111111",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
];

const SUI_NOBODYS: [&str; 2] = [
    "0x0000000000000000000000000000000000000000000000000000000000000000",
    "0x000000000000000000000000000000000000000000000000000000000000dead",
];

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn parse_evm(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Malformed)?;
    let account = unhex::<20>(digits)?;
    let canonical = evm(&account);
    // One letter case throughout carries no checksum (EIP-55), so only mixed case can be wrong.
    let is_mixed = digits.bytes().any(|byte| byte.is_ascii_lowercase())
        && digits.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_mixed && canonical.0 != text {
        return Err(AddressError::WrongChecksum);
    }
    Ok(canonical)
}

/// Writes an account with the EIP-55 checksum: a letter is upper-case where the hash's nibble ≥ 8.
fn evm(account: &[u8; 20]) -> Address {
    let digits = hex(account);
    let hash = Keccak256::digest(digits.as_bytes());
    let checksummed = digits.char_indices().map(|(at, digit)| {
        let nibble = if at % 2 == 0 { hash[at / 2] >> 4 } else { hash[at / 2] & 0x0f };
        if nibble >= 8 { digit.to_ascii_uppercase() } else { digit }
    });
    Address("0x".chars().chain(checksummed).collect())
}

fn parse_solana(text: &str) -> Result<Address, AddressError> {
    let mut account = [0u8; 32];
    match bs58::decode(text).onto(&mut account) {
        Ok(32) => Ok(Address(bs58::encode(account).into_string())),
        Ok(_) | Err(_) => Err(AddressError::Malformed),
    }
}

fn parse_sui(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Malformed)?;
    let account = unhex::<32>(digits)?;
    Ok(Address(format!("0x{}", hex(&account))))
}

const TON_TAG_BOUNCEABLE: u8 = 0x11;
const TON_TAG_NON_BOUNCEABLE: u8 = 0x51;
const TON_FLAG_TESTNET: u8 = 0x80;

fn parse_ton(environment: Environment, text: &str) -> Result<Address, AddressError> {
    if let Some((workchain, digits)) = text.split_once(':') {
        let workchain = match workchain {
            "0" => 0,
            "-1" => -1,
            _ => return Err(AddressError::Malformed),
        };
        return Ok(ton(environment, workchain, &unhex::<32>(digits)?));
    }
    let is_url_safe = text.contains(['-', '_']);
    let alphabet = if is_url_safe { &URL_SAFE_NO_PAD } else { &STANDARD_NO_PAD };
    let decoded = alphabet.decode(text).map_err(|_| AddressError::Malformed)?;
    let bytes: [u8; 36] = decoded.try_into().map_err(|_| AddressError::Malformed)?;
    let (body, checksum) = bytes.split_last_chunk::<2>().expect("36 bytes hold 2");
    if crc16_xmodem(body) != u16::from_be_bytes(*checksum) {
        return Err(AddressError::WrongChecksum);
    }
    let tag = body[0] & !TON_FLAG_TESTNET;
    if tag != TON_TAG_BOUNCEABLE && tag != TON_TAG_NON_BOUNCEABLE {
        return Err(AddressError::Malformed);
    }
    // The flag says «not for real money»; a text without it is good on both networks.
    if body[0] & TON_FLAG_TESTNET != 0 && environment.is_live() {
        return Err(AddressError::WrongEnvironment);
    }
    let workchain = i8::from_be_bytes([body[1]]);
    if workchain != 0 && workchain != -1 {
        return Err(AddressError::Malformed);
    }
    let (_, account) = body.split_last_chunk::<32>().expect("34 bytes hold 32");
    Ok(ton(environment, workchain, account))
}

/// Writes the non-bounceable form: a payment to a wallet not yet deployed must not bounce.
fn ton(environment: Environment, workchain: i8, account: &[u8; 32]) -> Address {
    let flag = if environment.is_live() { 0 } else { TON_FLAG_TESTNET };
    let mut bytes = vec![TON_TAG_NON_BOUNCEABLE | flag];
    bytes.extend_from_slice(&workchain.to_be_bytes());
    bytes.extend_from_slice(account);
    let checksum = crc16_xmodem(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    Address(URL_SAFE_NO_PAD.encode(bytes))
}

fn crc16_xmodem(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

const CARDANO_HASH_BYTES: usize = 28;

fn parse_cardano(environment: Environment, text: &str) -> Result<Address, AddressError> {
    let checked = CheckedHrpstring::new::<Bech32>(text).map_err(|error| {
        use bech32::primitives::decode::CheckedHrpstringError;
        match error {
            CheckedHrpstringError::Checksum(_) => AddressError::WrongChecksum,
            _ => AddressError::Malformed,
        }
    })?;
    let bytes: Vec<u8> = checked.byte_iter().collect();
    let (&header, rest) = bytes.split_first().ok_or(AddressError::Malformed)?;
    match checked.hrp().to_lowercase().as_str() {
        "addr" | "addr_test" => {}
        "stake" | "stake_test" => return Err(AddressError::NotPayable),
        _ => return Err(AddressError::Malformed),
    }
    match header >> 4 {
        0..=3 if rest.len() == 2 * CARDANO_HASH_BYTES => {}
        4 | 5 if is_cardano_pointer(rest) => {}
        6 | 7 if rest.len() == CARDANO_HASH_BYTES => {}
        14 | 15 => return Err(AddressError::NotPayable),
        _ => return Err(AddressError::Malformed),
    }
    let expected = cardano_network_id(environment);
    let other = 1 - expected;
    if header & 0x0f == other {
        return Err(AddressError::WrongEnvironment);
    }
    let canonical = cardano(environment, &bytes);
    // Also refuses a prefix at odds with the header, and bits set in the padding.
    if header & 0x0f != expected || !canonical.0.eq_ignore_ascii_case(text) {
        return Err(AddressError::Malformed);
    }
    Ok(canonical)
}

fn cardano_network_id(environment: Environment) -> u8 {
    match environment {
        Environment::Mainnet => 1,
        Environment::Devnet => 0,
    }
}

/// A payment hash, then where the stake key was registered: slot, transaction and certificate
/// index, each in base 128 with the top bit on all but the last byte.
fn is_cardano_pointer(bytes: &[u8]) -> bool {
    let Some((_, pointer)) = bytes.split_at_checked(CARDANO_HASH_BYTES) else { return false };
    let numbers = pointer.iter().filter(|&&byte| byte & 0x80 == 0).count();
    let ends_whole = pointer.last().is_some_and(|&byte| byte & 0x80 == 0);
    // A number that starts with a zero digit would be a second spelling of one address.
    let is_padded = pointer.split_inclusive(|&byte| byte & 0x80 == 0).any(|one| one[0] == 0x80);
    numbers == 3 && ends_whole && !is_padded
}

fn cardano(environment: Environment, bytes: &[u8]) -> Address {
    let prefix = match environment {
        Environment::Mainnet => "addr",
        Environment::Devnet => "addr_test",
    };
    let prefix = Hrp::parse(prefix).expect("lower-case letters are a valid prefix");
    let text = bech32::encode::<Bech32>(prefix, bytes).expect("an address is far below 1023");
    Address(text)
}

fn blake2b_256(bytes: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::digest(bytes).into()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

fn unhex<const BYTES: usize>(digits: &str) -> Result<[u8; BYTES], AddressError> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(AddressError::Malformed),
    };
    if digits.len() != 2 * BYTES {
        return Err(AddressError::Malformed);
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text must be accepted and come back in this spelling.
    fn check(network: Network, environment: Environment, text: &str, canonical: &str) {
        let address = Address::parse(network, environment, text).expect(text);
        assert_eq!(address.as_str(), canonical, "{network:?} {environment:?} {text}");
        let again = Address::parse(network, environment, canonical).expect(canonical);
        assert_eq!(again, address);
    }

    fn check_refused(network: Network, environment: Environment, text: &str, why: AddressError) {
        let outcome = Address::parse(network, environment, text);
        assert_eq!(outcome, Err(why), "{network:?} {environment:?} {text}");
    }

    const EVM: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    const TON: &str = "UQB8hW5TCLiyFnUo1zS42WN09dmyXePhtMkJRFq4jn_e55v2";
    const TON_TESTNET: &str = "0QB8hW5TCLiyFnUo1zS42WN09dmyXePhtMkJRFq4jn_e5yB8";
    const CARDANO: &str = "addr1qy4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84ny\
        cnn3zz9lvqj7vs95tej896xkekzkufhpuk64ja7pga2g8kswl6kh2";
    const CARDANO_TESTNET: &str = "addr_test1qq4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84ny\
        cnn3zz9lvqj7vs95tej896xkekzkufhpuk64ja7pga2g8ksdf8km4";
    const SUI: &str = "0xc88ef07b9b8b2fc3b7daad9478f4e1337f01792e2eab9c3794494e610636026e";

    #[test]
    fn evm_addresses_carry_the_eip_55_checksum() {
        let (mainnet, network) = (Environment::Mainnet, Network::Bsc);
        check(network, mainnet, EVM, EVM);
        check(network, mainnet, &EVM.to_lowercase(), EVM);
        check(network, mainnet, &format!("0x{}", EVM[2..].to_uppercase()), EVM);
        for other in [
            "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        ] {
            check(network, Environment::Devnet, other, other);
        }
        let mistyped = EVM.replace("F6F4", "f6F4");
        check_refused(network, mainnet, &mistyped, AddressError::WrongChecksum);
        for text in ["", "0x", &EVM[2..], &EVM[..41], &EVM.replace("f39F", "g39F")] {
            check_refused(network, mainnet, text, AddressError::Malformed);
        }
    }

    #[test]
    fn solana_addresses_are_32_bytes() {
        let (network, devnet) = (Network::Solana, Environment::Devnet);
        for text in [
            "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96",
            "AqynRZwvVqUPRwRJXvm6odUb3t93fDjnWe3p6BeuUFxD",
            "8XXncUd6hJ6JUbVm124sDVwRwNKKZK1A4Yb4Wp7uCTyC",
            "11111111111111111111111111111111",
        ] {
            check(network, devnet, text, text);
        }
        for text in [
            "",
            "1111111111111111111111111111111",
            "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq9l",
            "AqynRZwvVqUPRwRJXvm6odUb3t93fDjnWe3p6BeuUFxDD",
        ] {
            check_refused(network, devnet, text, AddressError::Malformed);
        }
    }

    #[test]
    fn ton_addresses_become_non_bounceable() {
        let (network, mainnet, devnet) = (Network::Ton, Environment::Mainnet, Environment::Devnet);
        let raw = "0:7c856e5308b8b2167528d734b8d96374f5d9b25de3e1b4c909445ab88e7fdee7";
        let bounceable = "EQB8hW5TCLiyFnUo1zS42WN09dmyXePhtMkJRFq4jn_e58Yz";
        for text in [TON, bounceable, raw, &TON.replace('_', "/")] {
            check(network, mainnet, text, TON);
            check(network, devnet, text, TON_TESTNET);
        }
        check(network, devnet, TON_TESTNET, TON_TESTNET);
        check_refused(network, mainnet, TON_TESTNET, AddressError::WrongEnvironment);
        let mistyped = TON.replace("hW5T", "hW6T");
        check_refused(network, mainnet, &mistyped, AddressError::WrongChecksum);
        for text in ["", "0:", &raw[..65], &raw.replacen('0', "1", 1), &TON[..47]] {
            check_refused(network, mainnet, text, AddressError::Malformed);
        }
    }

    #[test]
    fn cardano_addresses_fit_their_environment() {
        let network = Network::Cardano;
        let (mainnet, devnet) = (Environment::Mainnet, Environment::Devnet);
        let pointer = "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k";
        let enterprise = "addr1vy4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84nycshapjt6";
        for text in [CARDANO, pointer, enterprise] {
            check(network, mainnet, text, text);
            check(network, mainnet, &text.to_uppercase(), text);
            check_refused(network, devnet, text, AddressError::WrongEnvironment);
        }
        let enterprise = "addr_test1vq4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84nycsv44wyl";
        for text in [CARDANO_TESTNET, enterprise] {
            check(network, devnet, text, text);
            check_refused(network, mainnet, text, AddressError::WrongEnvironment);
        }
        let mistyped = CARDANO.replace("y4jr", "y5jr");
        check_refused(network, mainnet, &mistyped, AddressError::WrongChecksum);
        let stake = "stake1u9ec3pzlkqf0xgz69uerjartvmptwyms7td2ewlq5w4yrmgt9207g";
        check_refused(network, mainnet, stake, AddressError::NotPayable);
        let cut = [0x01].into_iter().chain([7; 40]).collect::<Vec<u8>>();
        check_refused(network, mainnet, cardano(mainnet, &cut).as_str(), AddressError::Malformed);
        let lying = [&[0x61][..], &[7; 28]].concat();
        let lying = cardano(devnet, &lying);
        check_refused(network, mainnet, lying.as_str(), AddressError::Malformed);
        check_refused(network, mainnet, "", AddressError::Malformed);
    }

    #[test]
    fn sui_addresses_are_lower_case() {
        let (network, mainnet) = (Network::Sui, Environment::Mainnet);
        check(network, mainnet, SUI, SUI);
        check(network, mainnet, &format!("0x{}", SUI[2..].to_uppercase()), SUI);
        for text in ["0x2", &SUI[2..], &SUI[..65]] {
            check_refused(network, mainnet, text, AddressError::Malformed);
        }
    }

    #[test]
    fn payloads_become_addresses_their_networks_accept() {
        for network in Network::ALL {
            for environment in Environment::ALL {
                for seed in [0x00, 0x5a, 0xff] {
                    let payload = std::array::from_fn(|at| seed ^ at as u8);
                    let built = Address::from_payload(network.family(), environment, &payload);
                    check(network, environment, built.as_str(), built.as_str());
                }
            }
        }
    }

    #[test]
    fn another_network_refuses_the_text() {
        for (family, text) in
            [(Family::Evm, EVM), (Family::Ton, TON), (Family::Cardano, CARDANO), (Family::Sui, SUI)]
        {
            for network in Network::ALL {
                let outcome = Address::parse(network, Environment::Mainnet, text);
                assert_eq!(outcome.is_ok(), network.family() == family, "{network:?} {text}");
            }
        }
    }

    #[test]
    fn what_is_sent_to_nobody_is_known() {
        let parse = |network, text: &str| {
            Address::parse(network, Environment::Mainnet, text).expect("an address")
        };
        for (network, text) in [
            (Network::Bsc, "0x0000000000000000000000000000000000000000"),
            (Network::Ethereum, "0x000000000000000000000000000000000000dead"),
            (Network::Solana, "11111111111111111111111111111111"),
            (Network::Solana, "1nc1nerator11111111111111111111111111111111"),
            (Network::Ton, "EQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAM9c"),
            (Network::Sui, &format!("0x{}", "0".repeat(64))),
        ] {
            assert!(parse(network, text).is_nobodys(network), "{text}");
        }
        let one = "0x0000000000000000000000000000000000000001";
        assert!(!parse(Network::Bsc, one).is_nobodys(Network::Bsc));
    }
}
