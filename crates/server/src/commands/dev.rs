//! `pepay dev`: a server for a first try, with everything it needs made on the spot.
//!
//! It listens on this machine only, serves devnet only, and simulates all ten networks.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use domain::environment::Environment;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::commands::demo::{self, Demo};
use crate::commands::dev_env::{self, Found};
use crate::commands::private_files::make_directory;
use crate::commands::start::{self, Workers};
use crate::commands::{fresh, master_key, place, say};
use crate::config::{Config, LogFormat};

const EXAMPLES: &str = "\
Examples:
  pepay dev
  pepay dev --port 3100 --data-dir /tmp/pepay --fresh
  pepay dev --database-url postgres://pepay:secret@localhost/pepay";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DevOptions {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// Where the database, keys and mail are
    #[arg(long, value_name = "DIRECTORY", default_value = ".pepay")]
    pub data_dir: PathBuf,
    /// sqlite:PATH, postgres://… or roof: (nothing is kept) [default: SQLite in the data directory]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Starts over: removes Pepay's own files in the data directory first
    #[arg(long)]
    pub fresh: bool,
    /// Limits requests as production does
    #[arg(long)]
    pub rate_limits: bool,
    /// Watchers, expiry and the other workers
    #[arg(long, value_enum, value_name = "ON_OFF", default_value_t = Workers::On)]
    pub workers: Workers,
}

pub fn run(options: DevOptions) -> anyhow::Result<ExitCode> {
    start::log_to_stderr(LogFormat::Human);
    start::block_on(serve(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(options: DevOptions) -> anyhow::Result<()> {
    // The port comes first: who finds it taken has not touched anything yet.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("port {} cannot be used; choose another with --port", options.port)
    })?;
    let mut config = configure(&options, listener.local_addr()?)?;
    if options.fresh {
        fresh::clear(&config).await?;
    }
    make_directory(&config.data_dir)?;
    let keys = master_key::for_devnet(&config)?;
    let store = place::open(&config).await?;
    let found = Found::read(&config.data_dir)?;
    let clock = Clock::System;
    let api_url = format!("http://{}", listener.local_addr()?);
    let demo = demo::prepare(&store, &clock, found, api_url).await?;
    demo.env.write(&config.data_dir)?;
    config.metrics_token = Some(demo.env.metrics_token.expose().to_owned());
    print_welcome(&demo, &config);
    let app = start::application(config, clock, store, keys).await?;
    start::run_until_signal(app, listener, options.workers).await
}

/// `PEPAY_*` variables apply where they do not contradict what dev is.
fn configure(options: &DevOptions, address: SocketAddr) -> anyhow::Result<Config> {
    let mut config = Config::load(None, std::env::vars())?;
    let default = Config::default();
    if config.public_url == default.public_url {
        config.public_url = format!("http://{address}");
    }
    config.listen = address;
    config.data_dir = options.data_dir.clone();
    config.database_url = options.database_url.clone().or(config.database_url);
    config.environments = vec![Environment::Devnet];
    config.rate_limits.enabled = options.rate_limits;
    config.is_dev = true;
    Ok(config)
}

fn print_welcome(demo: &Demo, config: &Config) {
    let env = &demo.env;
    let (url, key) = (&env.api_url, env.api_key.expose());
    let file = dev_env::file_in(&config.data_dir);
    if !demo.renewed.is_empty() {
        let renewed = demo.renewed.join(", ");
        say(&format!("Made anew, because it was lost or no longer known: {renewed}\n"));
    }
    say(&format!(
        "Pepay is running: devnet, all ten networks simulated\n\n\
         \x20 API           {url}\n\
         \x20 Merchant key  {key}\n\
         \x20 Commerce key  {commerce}\n\
         \x20 Owner         {email}, password {password}\n\
         \x20 All of it in  {file}\n\n\
         Create an invoice:\n\n\
         \x20 curl -s {url}/api/v1/invoices \\\n\
         \x20   -H 'x-api-key: {key}' -H 'content-type: application/json' \\\n\
         \x20   -d '{{\"amount_usd\": 13.99, \"description\": \"A first invoice\"}}'\n",
        commerce = env.commerce_api_key.expose(),
        email = env.email,
        password = env.password.expose(),
        file = file.display(),
    ));
}
