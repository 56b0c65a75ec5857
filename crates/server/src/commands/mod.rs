//! The command line: what an operator types, and which file answers it.
//!
//! `pepay` alone is `pepay dev`. Every command says in its `--help` what it does, with an example.

mod backup;
mod connections;
mod copy;
mod demo;
mod dev;
mod dev_env;
mod doctor;
mod events;
mod file_lock;
mod fresh;
mod keys;
mod keystore;
mod ledger;
mod listen;
mod master_key;
mod merchants;
mod migrate;
mod open_files;
mod place;
pub mod private_files;
mod production;
mod ramps;
mod remote;
mod serve;
pub mod settlement;
pub mod start;
mod trigger;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  pepay                                     a first try: devnet on http://127.0.0.1:3000
  pepay --port 3100                         the same on another port
  pepay serve --config /etc/pepay.toml      production
  pepay merchants create --name Shop --email owner@shop.example
  pepay listen --forward-to http://127.0.0.1:4242/hook
                                            events of a server, as webhooks to this machine
  pepay doctor                              what is wrong, and what to do about it";

/// A self-hosted stablecoin payments server.
#[derive(Debug, Parser)]
#[command(name = "pepay", version, about, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    dev: dev::DevOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a server for a first try: devnet, simulated networks, a demo merchant
    Dev(dev::DevOptions),
    /// Runs a server for production
    Serve(serve::ServeOptions),
    /// Brings the database's schema up to this version
    Migrate(migrate::MigrateOptions),
    /// Creates and lists merchants, and opens mainnet for them
    Merchants(merchants::MerchantsOptions),
    /// Creates, lists and revokes API keys
    Keys(keys::KeysOptions),
    /// Makes, takes over, shows and saves the keys of deposit addresses
    Keystore(keystore::KeystoreOptions),
    /// Proves that the ledger is what was written
    Ledger(ledger::LedgerOptions),
    /// Writes a copy of the database into one file
    Backup(backup::BackupOptions),
    /// Puts a backup in the place of the database
    Restore(backup::RestoreOptions),
    /// Copies a SQLite database into an empty PostgreSQL database
    Copy(copy::CopyOptions),
    /// Checks configuration, database and data, and says what to do
    Doctor(doctor::DoctorOptions),
    /// Posts a server's events to a URL on this machine, signed as webhooks are
    Listen(listen::ListenOptions),
    /// Makes an event happen on a devnet server
    Trigger(trigger::TriggerOptions),
    /// Prints events, and sends them to their webhook endpoints again
    Events(events::EventsOptions),
    /// Decides what the screening of ramp users held back
    Ramps(ramps::RampsOptions),
    /// Looks one transaction up and credits what the watcher missed
    Watch(watch::WatchOptions),
    /// Shows what the operator is to sign, and pauses what is sent
    Settlement(settlement::SettlementOptions),
    /// Prints the description of the API (OpenAPI, JSON)
    Openapi,
}

/// The whole program: parses the command line, runs what it says, and tells how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let ended = match cli.command.unwrap_or(Command::Dev(cli.dev)) {
        Command::Dev(options) => dev::run(options),
        Command::Serve(options) => serve::run(options),
        Command::Migrate(options) => migrate::run(options),
        Command::Merchants(options) => merchants::run(options),
        Command::Keys(options) => keys::run(options),
        Command::Keystore(options) => keystore::run(options),
        Command::Ledger(options) => ledger::run(options),
        Command::Backup(options) => backup::run(options),
        Command::Restore(options) => backup::run_restore(options),
        Command::Copy(options) => copy::run(options),
        Command::Doctor(options) => doctor::run(options),
        Command::Listen(options) => listen::run(options),
        Command::Trigger(options) => trigger::run(options),
        Command::Events(options) => events::run(options),
        Command::Ramps(options) => ramps::run(options),
        Command::Watch(options) => watch::run(options),
        Command::Settlement(options) => settlement::run(options),
        Command::Openapi => {
            say(&crate::http::openapi::json());
            Ok(ExitCode::SUCCESS)
        }
    };
    ended.unwrap_or_else(|error| {
        eprintln!("pepay: {error:#}");
        ExitCode::FAILURE
    })
}

/// Prints a line. A reader that has left (`| head`) is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_of_dev_work_without_naming_it() {
        let cli = Cli::try_parse_from(["pepay", "--port", "3100", "--fresh"]).expect("parses");
        assert!(cli.command.is_none());
        assert_eq!(cli.dev.port, 3100);
        assert!(Cli::try_parse_from(["pepay", "--port", "3100", "serve"]).is_err());
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Cli::command().get_subcommands().filter(|one| one.get_name() != "openapi") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{}", command.get_name());
        }
    }
}
