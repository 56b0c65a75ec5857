//! Keys that only receive: they give what the words give, and nothing hostile becomes one.
//!
//! Wrong texts are made out of right ones, so that exactly one thing is wrong with each.

use chains::addresses::{AddressBook as _, NoAddress};
use chains::keys::watch_only::{ListError, WatchOnly, XpubError};
use domain::address::AddressError;
use domain::network::{Family, Network};

use super::{DEVNET, MAINNET, keystore, known, text, vectors};

fn evm_xpub() -> String {
    text(&vectors()["networks"]["ethereum"]["account_xpub"]["xpub"]).to_owned()
}

#[test]
fn an_extended_public_key_gives_what_the_words_give() {
    let networks = &vectors()["networks"];
    let xvk = &networks["cardano"]["account_xvk"];
    let [_, exported] = keystore(DEVNET).account_keys();
    let cardano = [
        text(&xvk["acct_xvk_hex"]).to_owned(),
        text(&xvk["acct_xvk_hex"]).to_uppercase(),
        text(&xvk["acct_xvk_bech32_csl"]).to_owned(),
        exported.text,
    ];
    for environment in [MAINNET, DEVNET] {
        let keystore = keystore(environment);
        for network in Network::ALL {
            let texts = match network.family() {
                Family::Evm => vec![evm_xpub(), format!(" {}\n", evm_xpub())],
                Family::Cardano => cardano.to_vec(),
                Family::Solana | Family::Ton | Family::Sui => continue,
            };
            for text in texts {
                let watch = WatchOnly::from_xpub(network, environment, &text).expect("a key");
                for index in [0, 1, 2, 1000, (1 << 31) - 1] {
                    let expected = keystore.address(network, environment, index);
                    assert_eq!(watch.address(network, environment, index), expected);
                }
                let beyond = watch.address(network, environment, u32::MAX);
                assert_eq!(beyond, Err(NoAddress::NoSuchIndex));
            }
        }
    }
}

#[test]
fn a_watched_account_answers_for_its_own_network_and_environment() {
    let watch = WatchOnly::from_xpub(Network::Base, MAINNET, &evm_xpub()).expect("a key");
    assert!(watch.address(Network::Base, MAINNET, 0).is_ok());
    assert_eq!(watch.address(Network::Base, DEVNET, 0), Err(NoAddress::NoKeys));
    assert_eq!(watch.address(Network::Bsc, MAINNET, 0), Err(NoAddress::NoKeys));
}

#[track_caller]
fn check_refused(network: Network, text: &str, why: XpubError) {
    let outcome = WatchOnly::from_xpub(network, MAINNET, text);
    assert_eq!(outcome.err(), Some(why), "{text:?}");
}

/// The vectors' key with some of its 78 bytes changed and a checksum that fits.
fn altered(change: impl FnOnce(&mut [u8])) -> String {
    let mut bytes = bs58::decode(evm_xpub()).with_check(None).into_vec().expect("Base58");
    change(&mut bytes);
    bs58::encode(bytes).with_check().into_string()
}

#[test]
fn a_hostile_evm_key_is_refused() {
    let network = Network::Ethereum;
    let xpub = evm_xpub();
    assert!(WatchOnly::from_xpub(network, MAINNET, &altered(|_| {})).is_ok());
    for text in ["", "xpub", &xpub[..110], &xpub.replacen("6C", "6D", 1), &"x".repeat(1 << 20)] {
        check_refused(network, text, XpubError::Malformed);
    }
    let xprv = [&[0x04, 0x88, 0xad, 0xe4], &[0; 78 - 4][..]].concat();
    let xprv = bs58::encode(xprv).with_check().into_string();
    check_refused(network, &xprv, XpubError::PrivateKey);
    let of_testnet = altered(|bytes| bytes[..4].copy_from_slice(&[0x04, 0x35, 0x87, 0xcf]));
    check_refused(network, &of_testnet, XpubError::WrongPrefix("xpub"));
    for depth in [0, 2, 4, 255] {
        check_refused(network, &altered(|bytes| bytes[4] = depth), XpubError::NotAnAccount);
    }
    check_refused(network, &altered(|bytes| bytes[9] = 0), XpubError::NotAnAccount);
    for point in [[0; 33], [0xff; 33], [2; 33].map(|_| 0x02)] {
        let text = altered(|bytes| bytes[45..].copy_from_slice(&point));
        let outcome = WatchOnly::from_xpub(network, MAINNET, &text);
        // The last is a point of the curve or not, but never a panic.
        assert!(point[0] == 2 || outcome.is_err(), "{point:?}");
    }
}

#[test]
fn a_hostile_cardano_key_is_refused() {
    let network = Network::Cardano;
    let xvk = &vectors()["networks"]["cardano"]["account_xvk"];
    let digits = text(&xvk["acct_xvk_hex"]);
    let bech32 = text(&xvk["acct_xvk_bech32_csl"]);
    for text in ["", &digits[..126], &digits.replace('f', "g"), &bech32.replace('z', "x")] {
        check_refused(network, text, XpubError::Malformed);
    }
    let prefixed = |prefix: &str, bytes: &[u8]| {
        let prefix = bech32::Hrp::parse(prefix).expect("a prefix");
        bech32::encode::<bech32::Bech32>(prefix, bytes).expect("short")
    };
    check_refused(network, &prefixed("acct_xsk", &[1; 96]), XpubError::PrivateKey);
    check_refused(network, &prefixed("addr", &[1; 64]), XpubError::WrongPrefix("acct_xvk"));
    check_refused(network, &prefixed("acct_xvk", &[1; 63]), XpubError::Malformed);
    // Points that are none, and points everybody knows the key of.
    for first in ["02", "00", "01"] {
        let hostile = format!("{first}{}{}", "00".repeat(31), &digits[64..]);
        check_refused(network, &hostile, XpubError::NotOnCurve);
    }
}

#[test]
fn networks_that_derive_from_secrets_take_lists_only() {
    for network in [Network::Solana, Network::Ton, Network::Sui] {
        check_refused(network, &evm_xpub(), XpubError::NotOnThisNetwork);
    }
}

#[test]
fn a_list_gives_its_lines_in_their_order() {
    for network in Network::ALL {
        for environment in [MAINNET, DEVNET] {
            let pick = |(_, mainnet, devnet): (u32, String, String)| {
                if environment.is_live() { mainnet } else { devnet }
            };
            let lines: Vec<String> = known(network).into_iter().map(pick).collect();
            let list = format!("{}\r\n\n", lines.join("\r\n"));
            let watch = WatchOnly::from_list(network, environment, &list).expect("a list");
            for (index, line) in (0..).zip(&lines) {
                let address = watch.address(network, environment, index).expect("an address");
                assert_eq!(address.as_str(), line);
            }
            let beyond = u32::try_from(lines.len()).expect("a short list");
            let outcome = watch.address(network, environment, beyond);
            assert_eq!(outcome, Err(NoAddress::ListIsUsedUp));
        }
    }
}

#[test]
fn a_bad_list_is_refused_with_its_line() {
    let network = Network::Ethereum;
    let [first, second, ..] = &known(network)[..] else { panic!("three addresses") };
    let (first, second) = (&first.1, &second.1);
    let check = |list: String, why: ListError| {
        assert_eq!(WatchOnly::from_list(network, MAINNET, &list).err(), Some(why), "{list:?}");
    };
    check(String::new(), ListError::Empty);
    check(" \n\n".to_owned(), ListError::Empty);
    let malformed = |line| ListError::BadAddress { line, why: AddressError::Malformed };
    check(format!("{first}\n\n{second}"), malformed(2));
    check(format!("{first}\nabout\n"), malformed(2));
    let mistyped = ListError::BadAddress { line: 1, why: AddressError::WrongChecksum };
    check(first.replacen("f39F", "f39f", 1), mistyped);
    // Another spelling of the same account is the same address.
    let again = format!("{first}\n{second}\n{}", first.to_lowercase());
    check(again, ListError::Duplicate { line: 3, first: 1 });
    let (_, mainnet, _) = &known(Network::Cardano)[0];
    let other = WatchOnly::from_list(Network::Cardano, DEVNET, mainnet).err();
    let why = AddressError::WrongEnvironment;
    assert_eq!(other, Some(ListError::BadAddress { line: 1, why }));
}
