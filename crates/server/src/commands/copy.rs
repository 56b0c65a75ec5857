//! `pepay copy`: moves a deployment from the embedded database to PostgreSQL.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use store::StoreConfig;

use crate::commands::place::{shown, sqlite_path};
use crate::commands::start;

const EXAMPLES: &str = "\
Example:
  pepay copy --from sqlite:.pepay/pepay.db --to postgres://pepay@db/pepay

Stop the server first. The target must be empty; the source stays as it is. The master key is
not in the database: the new server needs the same one.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CopyOptions {
    /// The database to read: sqlite:PATH
    #[arg(long, value_name = "URL")]
    from: String,
    /// The empty database to fill: postgres://…
    #[arg(long, value_name = "URL")]
    to: String,
}

pub fn run(options: CopyOptions) -> anyhow::Result<ExitCode> {
    let Some(path) = sqlite_path(&options.from) else { bail!("--from must be sqlite:PATH") };
    if !path.exists() {
        bail!("there is no database at {}", path.display());
    }
    if !options.to.starts_with("postgres") {
        bail!("--to must be postgres://…");
    }
    let (from, to) = (StoreConfig::new(&options.from), StoreConfig::new(&options.to));
    let copied = start::block_on(async {
        let progress = |table: &str, rows: u64| eprintln!("  {table}: {rows}");
        Ok(store::copy(&from, &to, progress).await?)
    })?;
    let rows: u64 = copied.tables.iter().map(|(_, rows)| rows).sum();
    let tables = copied.tables.len();
    println!("copied {rows} rows of {tables} tables to {}", shown(&options.to));
    println!("next: pepay doctor --database-url {}", shown(&options.to));
    Ok(ExitCode::SUCCESS)
}
