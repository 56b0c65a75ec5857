//! Holds every row of the token tables to the rules of its network.
//!
//! A mistyped contract must fail here and not when a customer has paid to it.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::*;

fn places() -> impl Iterator<Item = (Network, Environment)> {
    Environment::ALL
        .into_iter()
        .flat_map(|environment| Network::ALL.into_iter().map(move |network| (network, environment)))
}

fn listed(network: Network, environment: Environment) -> Vec<&'static Token> {
    let is_here = |token: &&Token| (token.network, token.environment) == (network, environment);
    TOKENS.iter().filter(is_here).collect()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[test]
fn ids_are_unique_positive_and_found() {
    let mut seen = HashSet::new();
    for token in TOKENS {
        assert!(token.id.0 > 0 && seen.insert(token.id), "{token:?}");
        assert_eq!(Token::by_id(token.id), Some(token));
        assert_eq!(token.id.0 > 1000, token.environment == Environment::Devnet, "{token:?}");
    }
    assert_eq!(Token::by_id(TokenId(0)), None);
    assert_eq!(Token::by_id(TokenId(1000)), None);
}

#[test]
fn contracts_are_well_formed() {
    for token in TOKENS {
        let Some(contract) = token.address else { continue };
        let parsed = Address::parse(token.network, token.environment, contract);
        match token.network.family() {
            // The tables carry the canonical spelling, and with it the checksum of the issuer.
            Family::Evm | Family::Solana => {
                assert_eq!(parsed.expect(contract).as_str(), contract, "{token:?}");
            }
            Family::Ton => assert!(parsed.is_ok(), "{token:?}"),
            Family::Cardano => {
                let (policy, asset) = contract.split_at(56);
                assert!(is_lower_hex(policy) && is_lower_hex(asset), "{token:?}");
                assert!(asset.len() % 2 == 0 && asset.len() <= 64, "{token:?}");
            }
            Family::Sui => {
                let parts = contract.split("::").collect::<Vec<_>>();
                assert_eq!(parts.len(), 3, "{token:?}");
                let package = Address::parse(token.network, token.environment, parts[0]);
                assert_eq!(package.expect(contract).as_str(), parts[0], "{token:?}");
            }
        }
    }
}

#[test]
fn every_network_has_its_coin_and_a_dollar() {
    for (network, environment) in places() {
        let tokens = listed(network, environment);
        let natives = tokens.iter().filter(|token| token.address.is_none()).count();
        assert_eq!(natives, 1, "{network:?} {environment:?}");
        assert!(tokens.iter().any(|token| token.is_usd_stable()), "{network:?} {environment:?}");
        let symbols = tokens.iter().map(|token| token.symbol).collect::<HashSet<_>>();
        assert_eq!(symbols.len(), tokens.len(), "{network:?} {environment:?}: a symbol twice");
        if environment == Environment::Devnet {
            assert!(symbols.contains("USDC") && symbols.contains("USDT"), "{network:?}");
        }
    }
    let solana = listed(Network::Solana, Environment::Devnet);
    assert!(solana.iter().any(|token| token.symbol == "DUSDC" && token.name == "Devnet USDC"));
}

#[test]
fn rows_agree_with_themselves() {
    for token in TOKENS {
        assert!(token.decimals <= 18, "{token:?}");
        assert!(!token.requires_memo());
        let is_native = token.token_type == TokenType::Native;
        assert_eq!(is_native, token.address.is_none(), "{token:?}");
        assert_eq!(is_native, token.stable.is_none(), "{token:?}");
        let rate_symbol = match token.stable {
            None => token.symbol,
            Some(StableOf::Usd) => "USD",
            Some(StableOf::Eur) => "EUR",
        };
        assert_eq!(token.rate_symbol, rate_symbol, "{token:?}");
    }
}

#[test]
fn each_environment_settles_in_bsc_usdc_by_default() {
    for environment in Environment::ALL {
        let defaults =
            Token::of(environment).filter(|token| token.default_settlement).collect::<Vec<_>>();
        assert_eq!(defaults.len(), 1, "{environment:?}");
        assert_eq!((defaults[0].network, defaults[0].symbol), (Network::Bsc, "USDC"));
        assert!(defaults[0].is_usd_stable());
    }
}

#[test]
fn contracts_are_found_in_any_spelling_of_their_network() {
    for token in TOKENS {
        let found = Token::find(token.network, token.environment, token.address);
        assert_eq!(found, Some(token));
    }
    let find = |network, contract: &str| {
        Token::find(network, Environment::Mainnet, Some(contract)).map(|token| token.symbol)
    };
    let lower_case = "0x55d398326f99059ff775485246999027b3197955";
    assert_eq!(find(Network::Bsc, lower_case), Some("USDT"));
    assert_eq!(find(Network::Base, lower_case), None);
    let raw = "0:b113a994b5024a16719f69139328eb759596c38a25f59028b146fecdc3621dfe";
    assert_eq!(find(Network::Ton, raw), Some("USDT"));
    assert_eq!(find(Network::Ton, "not an address"), None);
    assert_eq!(find(Network::Solana, "epjfwdd5aufqssqem2qn1xzybapc8g4weggkzwytdt1v"), None);
}

#[test]
fn stand_ins_are_the_hashes_they_are_said_to_be() {
    let hash = |token: &Token| -> [u8; 32] {
        let text = format!("pepay devnet {} {}", token.network.as_str(), token.symbol);
        Sha256::digest(text).into()
    };
    let ids = TOKENS.iter().filter(|token| token.origin == Origin::StandIn).map(|token| token.id.0);
    let ids: Vec<i64> = ids.collect();
    assert_eq!(ids, [1009, 1012, 1019, 1022, 1029, 1033, 1035, 1036, 1040]);
    for id in ids {
        let token = Token::by_id(TokenId(id)).expect("the id is in the devnet table");
        let contract = token.address.expect("a stand-in has a contract");
        let hash = hash(token);
        let hex = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let family = token.network.family();
        match family {
            Family::Evm | Family::Solana | Family::Ton => {
                let built = Address::from_payload(family, token.environment, &hash);
                let parsed = Address::parse(token.network, token.environment, contract);
                assert_eq!(parsed, Ok(built), "{token:?}");
            }
            Family::Cardano => assert!(contract.starts_with(&hex[..56]), "{token:?}"),
            Family::Sui => assert!(contract.starts_with(&format!("0x{hex}::")), "{token:?}"),
        }
    }
}

#[test]
fn names_read_back() {
    for token_type in TokenType::ALL {
        assert_eq!(TokenType::parse(token_type.as_str()), Some(token_type));
        let json = serde_json::to_value(token_type).expect("a plain enum serialises");
        assert_eq!(json, token_type.as_str());
    }
    for policy in AcceptancePolicy::ALL {
        assert_eq!(AcceptancePolicy::parse(policy.as_str()), Some(policy));
        assert_eq!(AcceptancePolicy::from_code(policy.code()), Some(policy));
        let json = serde_json::to_value(policy).expect("a plain enum serialises");
        assert_eq!(json, policy.as_str());
    }
    assert_eq!(AcceptancePolicy::from_code(3), None);
}
