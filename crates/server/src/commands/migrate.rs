//! `pepay migrate`: brings the schema up to this version without starting a server.

use std::process::ExitCode;

use clap::Args;
use store::Store;

use crate::commands::place::{Place, shown, store_config};
use crate::commands::private_files::make_directory;
use crate::commands::start;

const EXAMPLES: &str = "\
Example:
  pepay migrate --database-url postgres://pepay@db/pepay

Servers migrate by themselves when they start. Run this first to see that it works.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateOptions {
    #[command(flatten)]
    place: Place,
}

pub fn run(options: MigrateOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    make_directory(&config.data_dir)?;
    let report = start::block_on(async { Ok(Store::migrate(&store_config(&config)).await?) })?;
    let database = shown(&config.database_url());
    if report.from == report.to {
        println!("{database} is at schema {} already", report.to);
    } else {
        println!("{database} went from schema {} to {}", report.from, report.to);
    }
    Ok(ExitCode::SUCCESS)
}
