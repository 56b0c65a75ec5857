//! `pepay keystore`: the vectors' words go in, the vectors' addresses come out, and no secret does.
//!
//! The passphrase is given in the environment; the prompt needs a terminal, which tests have not.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;

use super::{complaint, directory, pepay, text};

const PASSPHRASE: &str = "correct horse battery staple";

fn vectors() -> Value {
    let text = include_str!("../../../../chains/tests/data/addresses.json");
    serde_json::from_str(text).expect("JSON")
}

fn mnemonic() -> String {
    vectors()["mnemonic"].as_str().expect("words").to_owned()
}

/// Runs an act of the command with words at its standard input.
fn act(data_dir: &Path, passphrase: &str, arguments: &[&str], input: &str) -> Output {
    let directory = text(data_dir);
    let (name, more) = arguments.split_first().expect("an act");
    let mut command = pepay(&[&["keystore", name, "--data-dir", &directory], more].concat());
    command.env("PEPAY_KEYSTORE_PASSPHRASE", passphrase);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    // A command that refuses before it reads leaves nobody to write to.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("ends")
}

/// What an act that succeeds prints; nothing it says anywhere is a secret.
#[track_caller]
fn done(data_dir: &Path, arguments: &[&str], input: &str) -> String {
    let output = act(data_dir, PASSPHRASE, arguments, input);
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{arguments:?}: {told}");
    let printed = String::from_utf8(output.stdout).expect("text");
    check_holds_no_secret(&told);
    check_holds_no_secret(&printed);
    printed
}

#[track_caller]
fn check_holds_no_secret(said: &str) {
    for secret in ["test test", "junk", PASSPHRASE, "df9bf37e", "9dfc3c64"] {
        assert!(!said.contains(secret), "{said}");
    }
}

fn imported(environment: &str) -> tempfile::TempDir {
    let home = directory();
    let words = format!("{}\n", mnemonic());
    let printed = done(home.path(), &["import", "--environment", environment], &words);
    assert_eq!(printed, "");
    home
}

#[test]
fn imported_words_give_the_addresses_every_wallet_gives() {
    let vectors = vectors();
    for environment in ["devnet", "mainnet"] {
        let home = imported(environment);
        for (network, known) in vectors["networks"].as_object().expect("networks") {
            let entry = &known["addresses"][1];
            let address = match (network.as_str(), environment) {
                ("ton", "mainnet") => &entry["v5r1_mainnet"]["non_bounceable"],
                ("ton", _) => &entry["v5r1_testnet"]["testnet_non_bounceable"],
                ("cardano", "devnet") => &entry["base_testnet"],
                (_, _) => &entry["address"],
            };
            let arguments =
                ["address", "--network", network, "--environment", environment, "--index", "1"];
            let output = act(home.path(), PASSPHRASE, &arguments, "");
            assert!(output.status.success(), "{output:?}");
            let printed = String::from_utf8(output.stdout).expect("text");
            assert_eq!(printed, format!("{}\n", address.as_str().expect("an address")));
            assert!(output.stderr.is_empty(), "{network}");
        }
    }
}

#[test]
fn extended_public_keys_are_shown_and_nothing_secret() {
    let home = imported("devnet");
    let printed = done(home.path(), &["show-xpubs"], "");
    let xpub = &vectors()["networks"]["ethereum"]["account_xpub"]["xpub"];
    let mut lines = printed.lines();
    let evm = format!("evm\tm/44'/60'/0'\t{}", xpub.as_str().expect("a key"));
    assert_eq!(lines.next(), Some(evm.as_str()));
    let cardano = lines.next().expect("a line");
    assert!(cardano.starts_with("cardano\tm/1852'/1815'/0'\tacct_xvk1"), "{cardano}");
    assert_eq!(lines.next(), None);
}

#[test]
fn new_words_are_shown_once_and_only_when_asked_for() {
    let home = directory();
    let silent = act(home.path(), PASSPHRASE, &["create"], "");
    assert!(silent.status.success(), "{silent:?}");
    assert!(silent.stdout.is_empty());
    let told = String::from_utf8(silent.stderr).expect("text");
    assert!(told.contains("keystore backup"), "{told}");
    let shown =
        act(home.path(), PASSPHRASE, &["create", "--environment", "mainnet", "--show-words"], "");
    let words = String::from_utf8(shown.stdout).expect("text");
    assert_eq!(words.trim_end().split(' ').count(), 24);
    // The words shown are the words kept.
    let other = directory();
    done(other.path(), &["import", "--environment", "mainnet"], &words);
    let first = ["address", "--network", "sui", "--environment", "mainnet", "--index", "0"];
    assert_eq!(done(home.path(), &first, ""), done(other.path(), &first, ""));
}

#[test]
fn a_backup_is_proven_to_open_and_overwrites_nothing() {
    let home = imported("devnet");
    let file = home.path().join("keystore-devnet.json");
    let out = home.path().join("copy.json");
    let arguments = ["backup", "--out", &text(&out)];
    let wrong = complaint(act(home.path(), "wrong", &arguments, ""));
    assert!(wrong.contains("passphrase"), "{wrong}");
    assert!(!out.exists());
    done(home.path(), &arguments, "");
    assert_eq!(std::fs::read(&out).expect("reads"), std::fs::read(&file).expect("reads"));
    let mode = |path: &Path| std::fs::metadata(path).expect("exists").permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&out)), (0o600, 0o600));
    let again = complaint(act(home.path(), PASSPHRASE, &arguments, ""));
    assert!(again.contains("exists"), "{again}");
    // Put back, it opens.
    std::fs::rename(&out, &file).expect("moves");
    let address = done(home.path(), &["address", "--network", "bsc", "--index", "0"], "");
    assert_eq!(address, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n");
}

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    let home = directory();
    let first = ["address", "--network", "base", "--index", "0"];
    let missing = complaint(act(home.path(), PASSPHRASE, &first, ""));
    assert!(missing.contains("there is no keystore"), "{missing}");
    for (words, why) in [
        (String::new(), "12, 15"),
        (mnemonic().replace("junk", "test"), "checksum"),
        (mnemonic().replacen("test", "tset", 1), "word 1"),
        ("test ".repeat(100_000), "12, 15"),
    ] {
        let refused = complaint(act(home.path(), PASSPHRASE, &["import"], &words));
        assert!(refused.contains(why), "{refused}");
        assert!(!refused.contains("test"), "{refused}");
    }
    for short in ["", "elevenbytes"] {
        for arguments in [&["import"][..], &["create", "--show-words"]] {
            let refused = complaint(act(home.path(), short, arguments, &mnemonic()));
            assert!(refused.contains("at least 12 bytes"), "{refused}");
        }
    }
    assert!(!home.path().join("keystore-devnet.json").exists());

    let home = imported("devnet");
    let again = complaint(act(home.path(), PASSPHRASE, &["import"], &mnemonic()));
    assert!(again.contains("exists"), "{again}");
    let wrong = complaint(act(home.path(), "wrong", &first, ""));
    assert!(wrong.contains("passphrase"), "{wrong}");
    let other = [&first[..], &["--environment", "mainnet"]].concat();
    let other = complaint(act(home.path(), PASSPHRASE, &other, ""));
    assert!(other.contains("there is no keystore"), "{other}");
    let beyond = ["address", "--network", "base", "--index", "2147483648"];
    let beyond = complaint(act(home.path(), PASSPHRASE, &beyond, ""));
    assert!(beyond.contains("index"), "{beyond}");
    // The keystore of one environment does not become the other's by a new name.
    let (from, to) = ("keystore-devnet.json", "keystore-mainnet.json");
    std::fs::rename(home.path().join(from), home.path().join(to)).expect("moves");
    let moved = [&first[..], &["--environment", "mainnet"]].concat();
    let moved = complaint(act(home.path(), PASSPHRASE, &moved, ""));
    assert!(moved.contains("of devnet"), "{moved}");
    std::fs::write(home.path().join(from), "{\"version\":1").expect("is written");
    let damaged = complaint(act(home.path(), PASSPHRASE, &first, ""));
    assert!(damaged.contains("damaged"), "{damaged}");
}
