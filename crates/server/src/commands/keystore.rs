//! `pepay keystore`: makes, takes over, shows and saves the keys deposit addresses come from.
//!
//! Words go in through standard input and out only when asked for; the passphrase comes from
//! `PEPAY_KEYSTORE_PASSPHRASE` or a prompt. Neither is ever an argument, which others can read.
//!
//! Invariant: no act overwrites a file, and only `create` ever prints a secret.

mod passphrase;

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chains::addresses::AddressBook as _;
use chains::keys::Keystore;
use chains::keys::file::{Cost, FreshBytes, KeystoreFile, path_in};
use chains::keys::words::Words;
use clap::{Args, Subcommand};
use domain::environment::Environment;
use domain::network::{Family, Network};
use zeroize::Zeroizing;

use crate::clock::{Clock, entropy};
use crate::commands::place::Place;
use crate::commands::private_files::make_directory;
use crate::commands::say;
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  pepay keystore create --environment mainnet
  pepay keystore import --environment devnet < words.txt
  pepay keystore show-xpubs
  pepay keystore address --network base --environment devnet --index 0
  pepay keystore backup --out /mnt/usb/keystore-devnet.json

The passphrase comes from PEPAY_KEYSTORE_PASSPHRASE, or is asked for. A new one has at least 12
bytes.";

/// Twenty-four words, and room for untidy spacing.
const WORDS_BYTES_MAX: u64 = 4096;

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct KeystoreOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Makes new words and a keystore of them
    #[command(after_help = "Example:\n  pepay keystore create --environment mainnet")]
    Create {
        #[command(flatten)]
        whose: Whose,
        /// Prints the words even if the output is no terminal
        #[arg(long)]
        show_words: bool,
    },
    /// Makes a keystore of words that are read from standard input
    #[command(after_help = "Example:\n  pepay keystore import --environment devnet < words.txt")]
    Import {
        #[command(flatten)]
        whose: Whose,
    },
    /// Prints the public keys of the accounts, for servers that only watch
    #[command(after_help = "Example:\n  pepay keystore show-xpubs --environment mainnet")]
    ShowXpubs {
        #[command(flatten)]
        whose: Whose,
    },
    /// Prints the address of an index and nothing else
    #[command(after_help = "Example:\n  pepay keystore address --network base --index 0")]
    Address {
        #[command(flatten)]
        whose: Whose,
        /// ethereum, base, solana, avalanche, ton, bsc, arbitrum, optimism, cardano or sui
        #[arg(long, value_parser = network)]
        network: Network,
        /// The derivation index, from 0
        #[arg(long)]
        index: u32,
    },
    /// Copies the encrypted keystore into a new file, once the passphrase opened it
    #[command(after_help = "Example:\n  pepay keystore backup --out /mnt/usb/keystore.json")]
    Backup {
        #[command(flatten)]
        whose: Whose,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Clone, Debug, Args)]
struct Whose {
    #[command(flatten)]
    place: Place,
    /// devnet or mainnet
    #[arg(long, default_value = "devnet", value_parser = environment)]
    environment: Environment,
}

fn network(text: &str) -> Result<Network, &'static str> {
    Network::parse(text).ok_or("no such network")
}

fn environment(text: &str) -> Result<Environment, &'static str> {
    Environment::parse(text).ok_or("devnet or mainnet")
}

pub fn run(options: KeystoreOptions) -> anyhow::Result<ExitCode> {
    match options.act {
        Act::Create { whose, show_words } => {
            let shown = if show_words || std::io::stdout().is_terminal() {
                Shown::Once
            } else {
                Shown::Never
            };
            create(&whose, shown)
        }
        Act::Import { whose } => import(&whose),
        Act::ShowXpubs { whose } => show_xpubs(&whose),
        Act::Address { whose, network, index } => address(&whose, network, index),
        Act::Backup { whose, out } => backup(&whose, &out),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Once,
    Never,
}

fn create(whose: &Whose, shown: Shown) -> anyhow::Result<()> {
    let config = whose.place.load()?;
    let words = Words::fresh(&entropy());
    let path = write(&config, whose.environment, &words)?;
    eprintln!("wrote {}", path.display());
    match shown {
        Shown::Once => {
            eprintln!("write these words down; they are not shown again, and whoever has them has");
            eprintln!("the money:");
            say(words.text().expose());
        }
        Shown::Never => {
            eprintln!("the words were not shown, so this file is all there is: copy it elsewhere");
            eprintln!("with `pepay keystore backup --out FILE`, and keep its passphrase");
        }
    }
    Ok(())
}

fn import(whose: &Whose) -> anyhow::Result<()> {
    let config = whose.place.load()?;
    check_is_new(&path_in(&config.data_dir, whose.environment))?;
    let mut text = Zeroizing::new(String::with_capacity(WORDS_BYTES_MAX as usize + 1));
    let read = std::io::stdin().take(WORDS_BYTES_MAX + 1).read_to_string(&mut text);
    read.context("reading the words from standard input")?;
    let words = Words::parse(&text).context("standard input")?;
    let path = write(&config, whose.environment, &words)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// Seals the words into the file of their environment.
fn write(config: &Config, environment: Environment, words: &Words) -> anyhow::Result<PathBuf> {
    let path = path_in(&config.data_dir, environment);
    check_is_new(&path)?;
    let passphrase = passphrase::chosen(config)?;
    let fresh = FreshBytes {
        salt: *entropy().0.first_chunk().context("32 bytes hold 16")?,
        nonce: entropy().nonce(),
    };
    let now = Clock::System.now();
    let file = KeystoreFile::seal(words, environment, &passphrase, Cost::STANDARD, now, &fresh)?;
    make_directory(&config.data_dir)?;
    file.create(&path)?;
    Ok(path)
}

/// Tells what stands in the way before anybody is asked for words or a passphrase.
fn check_is_new(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        bail!("{} exists; a keystore is never overwritten", path.display());
    }
    Ok(())
}

fn show_xpubs(whose: &Whose) -> anyhow::Result<()> {
    for key in open(whose)?.account_keys() {
        let family = match key.family {
            Family::Evm => "evm",
            Family::Solana => "solana",
            Family::Ton => "ton",
            Family::Cardano => "cardano",
            Family::Sui => "sui",
        };
        say(&format!("{family}\t{}\t{}", key.path, key.text));
    }
    eprintln!("solana, sui and ton have no such keys; a server that only watches takes a list of");
    eprintln!("addresses there (`pepay keystore address`)");
    Ok(())
}

fn address(whose: &Whose, network: Network, index: u32) -> anyhow::Result<()> {
    let address = open(whose)?.address(network, whose.environment, index)?;
    say(address.as_str());
    Ok(())
}

fn backup(whose: &Whose, out: &Path) -> anyhow::Result<()> {
    check_is_new(out)?;
    let (file, _) = unlock(whose)?;
    file.create(out)?;
    eprintln!("wrote {}; it opens with the same passphrase", out.display());
    Ok(())
}

fn open(whose: &Whose) -> anyhow::Result<Keystore> {
    let (_, words) = unlock(whose)?;
    Ok(Keystore::new(&words, whose.environment)?)
}

fn unlock(whose: &Whose) -> anyhow::Result<(KeystoreFile, Words)> {
    let config = whose.place.load()?;
    let path = path_in(&config.data_dir, whose.environment);
    let file = KeystoreFile::read(&path)?;
    let passphrase = passphrase::known(&config)?;
    let words = file
        .open(whose.environment, &passphrase)
        .with_context(|| format!("opening {}", path.display()))?;
    Ok((file, words))
}
