//! The keystore file: what goes in comes out, and whatever was done to it is noticed.
//!
//! Files are made with next to no effort for a guess, which only tests can ask for; one is made as
//! an operator's is.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chains::keys::file::{Cost, FreshBytes, KeystoreError, KeystoreFile, path_in};
use chains::keys::words::Words;
use domain::environment::Environment;
use domain::secret::Secret;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::{DEVNET, MAINNET, words};

const CHEAP: Cost = Cost::negligible_for_tests();

fn passphrase() -> Secret {
    Secret::new("correct horse battery staple")
}

fn sealed(words: &Words, environment: Environment, cost: Cost) -> KeystoreFile {
    let fresh = FreshBytes { salt: [3; 16], nonce: [5; 24] };
    let created_at = Timestamp(1_700_000_000_000);
    KeystoreFile::seal(words, environment, &passphrase(), cost, created_at, &fresh).expect("seals")
}

fn written(directory: &Path) -> (std::path::PathBuf, Value) {
    let path = path_in(directory, DEVNET);
    sealed(&words(), DEVNET, CHEAP).create(&path).expect("is written");
    let json = serde_json::from_slice(&std::fs::read(&path).expect("reads")).expect("JSON");
    (path, json)
}

fn parse(json: &Value) -> Result<KeystoreFile, KeystoreError> {
    KeystoreFile::parse(json.to_string().as_bytes())
}

#[test]
fn words_of_every_length_come_back() {
    for bytes in [16, 20, 24, 28, 32] {
        let words = Words::from_entropy(&vec![9; bytes]).expect("words");
        for environment in Environment::ALL {
            let file = sealed(&words, environment, CHEAP);
            let opened = file.open(environment, &passphrase()).expect("opens");
            assert_eq!(opened.text(), words.text());
        }
    }
}

#[test]
fn a_file_is_as_dear_to_guess_at_as_it_says() {
    let file = sealed(&words(), MAINNET, Cost::STANDARD);
    let json = serde_json::to_value(&file).expect("JSON");
    assert_eq!(json["kdf"]["algorithm"], "argon2id");
    assert_eq!((&json["kdf"]["memory_kib"], &json["kdf"]["passes"]), (&json!(65536), &json!(3)));
    assert!(file.open(MAINNET, &passphrase()).is_ok());
}

#[test]
fn a_file_is_private_whole_and_never_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, json) = written(directory.path());
    assert_eq!(path.file_name().unwrap(), "keystore-devnet.json");
    let mode = std::fs::metadata(&path).expect("exists").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(json["version"], 1);
    assert_eq!(json["environment"], "devnet");
    assert!(!json.to_string().contains("test test"), "{json}");
    let other = Words::from_entropy(&[1; 32]).expect("words");
    let again = sealed(&other, DEVNET, CHEAP).create(&path);
    assert!(matches!(again, Err(KeystoreError::AlreadyExists(_))), "{again:?}");
    let opened = KeystoreFile::read(&path).expect("reads").open(DEVNET, &passphrase());
    assert_eq!(opened.expect("opens").text(), words().text());
    // No draft stays behind.
    assert_eq!(std::fs::read_dir(directory.path()).expect("reads").count(), 1);
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_file() {
    let file = sealed(&words(), DEVNET, CHEAP);
    for wrong in ["correct horse battery stapl", "Correct horse battery staple", "x"] {
        let outcome = file.open(DEVNET, &Secret::new(wrong));
        assert!(matches!(outcome, Err(KeystoreError::WrongPassphrase)), "{outcome:?}");
    }
    for unusable in [String::new(), "x".repeat(1025)] {
        let outcome = file.open(DEVNET, &Secret::new(unusable));
        assert!(matches!(outcome, Err(KeystoreError::UnusablePassphrase)), "{outcome:?}");
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, json) = written(directory.path());
    let whole = std::fs::read(&path).expect("reads");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let outcome = KeystoreFile::parse(&bytes);
        let opened = outcome.and_then(|file| file.open(DEVNET, &passphrase()));
        // White space between the fields says nothing.
        let is_space = whole[at].is_ascii_whitespace();
        assert!(opened.is_err() || is_space, "byte {at}");
        assert!(!matches!(opened, Err(KeystoreError::WrongPassphrase)), "byte {at}");
    }
    for length in (0..whole.len() - 2).step_by(7) {
        let outcome = KeystoreFile::parse(&whole[..length]);
        assert!(matches!(outcome, Err(KeystoreError::Damaged(_))), "{length}: {outcome:?}");
    }
    let mut hostile = json;
    hostile["comment"] = json!("");
    assert!(matches!(parse(&hostile), Err(KeystoreError::Damaged(_))));
    hostile["version"] = json!(2);
    assert!(matches!(parse(&hostile), Err(KeystoreError::UnknownVersion(2))));
}

/// Somebody who can write files can make the checksum fit, but not what is sealed.
#[test]
fn a_file_made_to_fit_does_not_open_elsewhere() {
    let devnet = serde_json::to_value(sealed(&words(), DEVNET, CHEAP)).expect("JSON");
    let file = parse(&devnet).expect("is whole");
    let outcome = file.open(MAINNET, &passphrase());
    let is_other =
        matches!(outcome, Err(KeystoreError::OtherEnvironment { found: DEVNET, wanted: MAINNET }));
    assert!(is_other, "{outcome:?}");
    let mut forged = devnet;
    forged["environment"] = json!("mainnet");
    assert!(matches!(parse(&forged), Err(KeystoreError::Damaged(_))));
    let outcome = refit(forged).open(MAINNET, &passphrase());
    assert!(matches!(outcome, Err(KeystoreError::WrongPassphrase)), "{outcome:?}");
}

#[test]
fn a_hostile_file_takes_neither_memory_nor_time() {
    let whole = serde_json::to_value(sealed(&words(), DEVNET, CHEAP)).expect("JSON");
    for (field, values) in [
        ("memory_kib", [json!(0), json!(u32::MAX)]),
        ("passes", [json!(0), json!(u32::MAX)]),
        ("lanes", [json!(0), json!(1 << 23)]),
        ("salt", [json!(""), json!("é")]),
    ] {
        for value in values {
            let mut hostile = whole.clone();
            hostile["kdf"][field] = value;
            let outcome = refit(hostile).open(DEVNET, &passphrase());
            assert!(matches!(outcome, Err(KeystoreError::Damaged(_))), "{field}: {outcome:?}");
        }
    }
    for (field, value) in [("nonce", ""), ("nonce", "zz"), ("ciphertext", "0"), ("nonce", "é")] {
        let mut hostile = whole.clone();
        hostile["cipher"][field] = json!(value);
        let outcome = refit(hostile).open(DEVNET, &passphrase());
        assert!(matches!(outcome, Err(KeystoreError::Damaged(_))), "{field}: {outcome:?}");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large");
    std::fs::write(&path, vec![b' '; 1 << 20]).expect("is written");
    assert!(matches!(KeystoreFile::read(&path), Err(KeystoreError::Damaged(_))));
    let outcome = KeystoreFile::read(&directory.path().join("none"));
    assert!(matches!(outcome, Err(KeystoreError::Missing(_))));
    let outcome = KeystoreFile::read(directory.path());
    assert!(matches!(outcome, Err(KeystoreError::Unreadable { .. })));
}

/// Gives a changed file the checksum that fits it, as its maker would.
fn refit(mut json: Value) -> KeystoreFile {
    use sha2::{Digest as _, Sha256};
    let (kdf, cipher) = (&json["kdf"], &json["cipher"]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let checked = format!(
        "pepay keystore\n{}\n{}\n{}\nargon2id {} {} {}\n{}\n{}\n{}",
        json["version"],
        text(&json["environment"]),
        text(&json["created_at"]),
        kdf["memory_kib"],
        kdf["passes"],
        kdf["lanes"],
        text(&kdf["salt"]),
        text(&cipher["nonce"]),
        text(&cipher["ciphertext"]),
    );
    let checksum = Sha256::digest(checked);
    let checksum: String = checksum.iter().map(|byte| format!("{byte:02x}")).collect();
    json["checksum"] = json!(checksum);
    parse(&json).expect("the checksum fits")
}
