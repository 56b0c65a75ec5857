//! Derivation against addresses made with each network's own library, and what becomes of wrong,
//! hostile and foreign keys.
//!
//! `tests/data/addresses.json` holds those addresses; every one of the schemes Pepay uses is
//! compared in full.

mod keystore_file;
mod watch_only;

use chains::addresses::{AddressBook as _, NoAddress};
use chains::keys::Keystore;
use chains::keys::words::Words;
use domain::environment::Environment;
use domain::network::{Family, Network};
use serde_json::Value;

const MAINNET: Environment = Environment::Mainnet;
const DEVNET: Environment = Environment::Devnet;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../data/addresses.json")).expect("JSON")
}

fn words() -> Words {
    Words::parse(text(&vectors()["mnemonic"])).expect("the vectors' words are well-formed")
}

fn keystore(environment: Environment) -> Keystore {
    Keystore::new(&words(), environment).expect("the vectors' words give keys")
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// Index, mainnet address and devnet address of every entry of a network.
fn known(network: Network) -> Vec<(u32, String, String)> {
    let vectors = vectors();
    let entries = &vectors["networks"][network.as_str()]["addresses"];
    let known = |entry: &Value| {
        let (mainnet, devnet) = match network.family() {
            Family::Evm | Family::Solana | Family::Sui => (&entry["address"], &entry["address"]),
            Family::Cardano => (&entry["address"], &entry["base_testnet"]),
            Family::Ton => (
                &entry["v5r1_mainnet"]["non_bounceable"],
                &entry["v5r1_testnet"]["testnet_non_bounceable"],
            ),
        };
        let index = entry["index"].as_u64().expect("an index");
        (
            u32::try_from(index).expect("a small index"),
            text(mainnet).to_owned(),
            text(devnet).to_owned(),
        )
    };
    entries.as_array().expect("a list").iter().map(known).collect()
}

#[test]
fn every_address_of_the_vectors_is_derived() {
    let (mainnet, devnet) = (keystore(MAINNET), keystore(DEVNET));
    for network in Network::ALL {
        let known = known(network);
        assert!(known.len() >= 3, "{network:?}");
        for (index, on_mainnet, on_devnet) in known {
            let address = mainnet.address(network, MAINNET, index).expect("an address");
            assert_eq!(address.as_str(), on_mainnet, "{network:?} {index}");
            let address = devnet.address(network, DEVNET, index).expect("an address");
            assert_eq!(address.as_str(), on_devnet, "{network:?} {index}");
        }
    }
}

/// The first addresses were compared with a second and third library each, so they must be all the
/// vectors have of the schemes used here.
#[test]
fn the_vectors_were_checked_with_other_libraries_throughout() {
    let vectors = vectors();
    let checks = vectors["cross_checks"].as_object().expect("checks");
    for (library, outcome) in checks {
        let (equal, of) = text(outcome).strip_suffix(" equal").unwrap().split_once('/').unwrap();
        assert_eq!(equal, of, "{library}");
    }
    for family in ["EVM", "EVM xpub", "Solana", "Sui", "Cardano base", "TON v5r1"] {
        assert!(checks.keys().any(|library| library.starts_with(family)), "{family}");
    }
}

#[test]
fn the_account_keys_are_those_of_the_vectors() {
    let networks = &vectors()["networks"];
    let [evm, cardano] = keystore(MAINNET).account_keys();
    assert_eq!(evm.path, text(&networks["ethereum"]["account_xpub"]["path"]));
    assert_eq!(evm.text, text(&networks["ethereum"]["account_xpub"]["xpub"]));
    assert_eq!(cardano.path, text(&networks["cardano"]["account_xvk"]["path"]));
    assert!(cardano.text.starts_with("acct_xvk1"), "{}", cardano.text);
}

#[test]
fn another_environment_and_an_index_out_of_range_have_no_address() {
    let keystore = keystore(DEVNET);
    for network in Network::ALL {
        assert_eq!(keystore.address(network, MAINNET, 0), Err(NoAddress::NoKeys));
        let last = (1 << 31) - 1;
        assert!(keystore.address(network, DEVNET, last).is_ok());
        assert_eq!(keystore.address(network, DEVNET, last + 1), Err(NoAddress::NoSuchIndex));
    }
    assert_eq!(format!("{keystore:?}"), "<keystore of devnet>");
}

/// The lengths of entropy are handled alike, so each must give keys on every network.
#[test]
fn words_of_every_length_give_distinct_addresses() {
    let mut seen = std::collections::BTreeSet::new();
    for bytes in [16, 20, 24, 28, 32] {
        let words = Words::from_entropy(&vec![7; bytes]).expect("words");
        let keystore = Keystore::new(&words, MAINNET).expect("keys");
        for network in Network::ALL {
            seen.insert(keystore.address(network, MAINNET, 0).expect("an address"));
        }
    }
    assert_eq!(seen.len(), 5 * 5);
}
