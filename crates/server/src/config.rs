//! Configuration: a TOML file, then `PEPAY_*` environment variables, each key with a sane default.

mod chains;
mod commerce;
mod faults;
mod ramp_providers;
mod ramps;
mod rates;
mod retailers;
mod settlement;
mod smtp;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use domain::environment::Environment;
use domain::network::Network;
use domain::retention::{EVENT_DAYS_DEFAULT, EVENT_DAYS_MAX, EVENT_DAYS_MIN};
use domain::secret::Secret;
use domain::subnet::Subnet;
use domain::token::AddedToken;
use domain::webhook_endpoint::{Loopback, Reach};
use serde::Deserialize;

pub use self::chains::{ChainConfig, ChainConfigs};
pub use self::commerce::CommerceConfig;
pub use self::ramp_providers::{RampProviderConfig, RampProviderConfigs, RampProviderKind};
pub use self::ramps::RampsConfig;
pub use self::rates::{RateSourceConfig, RateSourceKind, RatesConfig};
pub use self::retailers::{RetailerConfig, RetailerConfigs};
pub use self::settlement::SettlementConfig;
pub use self::smtp::{SmtpConfig, SmtpTls};
use crate::outbound::{Patience, Resolve};

/// Each delivery on its way holds a connection and up to 16 KiB of an answer.
const WEBHOOK_CONCURRENCY_MAX: usize = 16_384;
/// Sections whose keys are names of headers: a value there is text, whatever it looks like.
const HEADER_SECTIONS: [&str; 2] = ["rpc_headers", "headers"];

/// Everything an operator can set.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// The base of links that are given to payors, as they see this server.
    pub public_url: String,
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; default: SQLite in the data directory.
    pub database_url: Option<String>,
    /// Which environments this deployment serves.
    pub environments: Vec<Environment>,
    /// Base64 or hex of 32 bytes; default: a file in the data directory (devnet only).
    pub master_key: Option<String>,
    /// Keys that still open what they sealed.
    pub previous_master_keys: Vec<String>,
    /// Opens `/metrics` and the admin routes.
    pub metrics_token: Option<String>,
    pub operator_token: Option<String>,
    /// Lets a merchant activate mainnet by himself.
    pub mainnet_access_key: Option<String>,
    pub log_format: LogFormat,
    /// Proxies whose `x-forwarded-for` is believed: addresses or subnets.
    pub trusted_proxies: Vec<String>,
    pub rate_limits: RateLimitConfig,
    pub request_timeout_ms: u64,
    pub body_bytes_max: usize,
    /// Milliseconds between blocks of simulated networks.
    pub simulated_block_ms: i64,
    /// Lanes of the log; fixed once a database has entries.
    pub lanes: i64,
    /// How long events can be asked for again, and how long what became of their webhooks.
    pub event_retention_days: u32,
    /// Webhooks to this very machine, and over HTTP there; default: unless mainnet is served.
    pub allow_insecure_webhooks: Option<bool>,
    /// Private addresses that webhooks may reach nevertheless: addresses or subnets.
    pub webhook_allowed_subnets: Vec<String>,
    /// More authorities that receivers' certificates may come from: a PEM file.
    pub webhook_ca_file: Option<PathBuf>,
    /// Deliveries on their way at once: to one endpoint, and to all of them.
    pub webhook_concurrency_per_endpoint: usize,
    pub webhook_concurrency: usize,
    /// Who says which addresses a receiver's name has.
    #[serde(skip)]
    pub resolve: Resolve,
    #[serde(skip)]
    pub webhook_patience: Patience,
    /// Websockets that may be open: of one merchant (his payors' are counted apart), and in all.
    pub ws_connections_per_merchant: usize,
    pub ws_connections: usize,
    /// How often a stream says that it is alive.
    pub ws_heartbeat_ms: u64,
    /// How long a websocket's client may leave a frame unread.
    pub ws_stall_ms: u64,
    /// The networks that have nodes, and what else is known of them.
    pub chains: ChainConfigs,
    /// Where prices come from.
    pub rates: RatesConfig,
    /// Users, screening and what else the ramps need.
    pub ramps: RampsConfig,
    /// Who moves bank money, by environment.
    pub ramp_providers: RampProviderConfigs,
    /// When money is settled, and how much may leave.
    pub settlement: SettlementConfig,
    /// Orders and who places them.
    pub commerce: CommerceConfig,
    /// Outside retailers, by environment and shop.
    pub retailers: RetailerConfigs,
    /// Bytes of one file of products that is imported.
    pub import_bytes_max: u64,
    /// How long an import waits for the next bytes of its file.
    pub import_stall_ms: u64,
    /// The relay that takes mail; none: files in the data directory.
    pub smtp: Option<SmtpConfig>,
    /// Tokens beside those that ship.
    pub tokens: Vec<AddedToken>,
    /// Opens the keystores of this deployment: `PEPAY_KEYSTORE_PASSPHRASE`, never the file.
    #[serde(skip)]
    pub keystore_passphrase: Option<Secret>,
    /// Made by `pepay dev`: demo merchant, demo keys, simulated networks.
    #[serde(skip)]
    pub is_dev: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Human,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitConfig {
    pub enabled: bool,
    pub key_per_second: u32,
    pub key_burst: u32,
    pub payor_ip_per_second: u32,
    pub payor_ip_burst: u32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        RateLimitConfig {
            enabled: true,
            key_per_second: 100,
            key_burst: 200,
            payor_ip_per_second: 20,
            payor_ip_burst: 40,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: "http://localhost:3000".to_owned(),
            data_dir: PathBuf::from(".pepay"),
            database_url: None,
            environments: vec![Environment::Devnet],
            master_key: None,
            previous_master_keys: Vec::new(),
            metrics_token: None,
            operator_token: None,
            mainnet_access_key: None,
            log_format: LogFormat::Human,
            trusted_proxies: Vec::new(),
            rate_limits: RateLimitConfig::default(),
            request_timeout_ms: 30_000,
            body_bytes_max: 64 * 1024,
            simulated_block_ms: 1_000,
            lanes: 1,
            event_retention_days: EVENT_DAYS_DEFAULT,
            allow_insecure_webhooks: None,
            webhook_allowed_subnets: Vec::new(),
            webhook_ca_file: None,
            webhook_concurrency_per_endpoint: 32,
            webhook_concurrency: 512,
            resolve: Resolve::System,
            webhook_patience: Patience::default(),
            ws_connections_per_merchant: 1_000,
            ws_connections: 20_000,
            ws_heartbeat_ms: 25_000,
            ws_stall_ms: 10_000,
            chains: ChainConfigs::new(),
            rates: RatesConfig::default(),
            ramps: RampsConfig::default(),
            ramp_providers: RampProviderConfigs::default(),
            settlement: SettlementConfig::default(),
            commerce: CommerceConfig::default(),
            retailers: RetailerConfigs::new(),
            import_bytes_max: 1 << 30,
            import_stall_ms: 30_000,
            smtp: None,
            tokens: Vec::new(),
            keystore_passphrase: None,
            is_dev: false,
        }
    }
}

impl Config {
    /// Reads the file, then lets each `PEPAY_*` variable override its key.
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Config> {
        let mut table = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                text.parse::<toml::Table>().map_err(|error| {
                    let fault = self::faults::of_text(&text, &error);
                    anyhow!("{} is not valid TOML: {fault}", path.display())
                })?
            }
            None => toml::Table::new(),
        };
        let mut keystore_passphrase = None;
        for (name, value) in variables {
            if name == "PEPAY_KEYSTORE_PASSPHRASE" {
                keystore_passphrase = Some(Secret::new(value));
            } else if let Some(key) = setting_of(&name) {
                set(&mut table, &key, &value);
            }
        }
        let mut config: Config = toml::Value::Table(table)
            .try_into()
            .map_err(|error| anyhow!("configuration: {}", self::faults::of_table(&error)))?;
        config.keystore_passphrase = keystore_passphrase;
        config.check()?;
        Ok(config)
    }

    pub fn database_url(&self) -> String {
        let default = || format!("sqlite:{}", self.data_dir.join("pepay.db").display());
        self.database_url.clone().unwrap_or_else(default)
    }

    /// What is said of one network.
    pub fn chain(&self, (environment, network): (Environment, Network)) -> Option<&ChainConfig> {
        self.chains.get(&environment)?.get(&network)
    }

    pub fn serves(&self, environment: Environment) -> bool {
        self.environments.contains(&environment)
    }

    /// How far webhooks may reach from here.
    pub fn webhook_reach(&self) -> Reach {
        let is_local_work = !self.serves(Environment::Mainnet);
        let loopback = match self.allow_insecure_webhooks.unwrap_or(is_local_work) {
            true => Loopback::Open,
            false => Loopback::Closed,
        };
        let nets = self.webhook_allowed_subnets.iter();
        Reach { loopback, allowed: nets.filter_map(|net| Subnet::parse(net)).collect() }
    }

    /// How far prices may be asked for: the operator names the sources, so this machine is open.
    pub fn rate_reach(&self) -> Reach {
        Reach { loopback: Loopback::Open, ..self.webhook_reach() }
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.environments.is_empty() {
            bail!("environments: name devnet, mainnet or both");
        }
        if !(1..=domain::event::LANES_MAX).contains(&self.lanes) {
            bail!("lanes: must be 1 to {}", domain::event::LANES_MAX);
        }
        if !(EVENT_DAYS_MIN..=EVENT_DAYS_MAX).contains(&self.event_retention_days) {
            bail!(
                "event_retention_days: must be {EVENT_DAYS_MIN} to {EVENT_DAYS_MAX}: webhooks are \
                 tried again for more than three days, and each time their event is read"
            );
        }
        self::chains::check(&self.chains)?;
        self.rates.check(&self.rate_reach())?;
        self.ramps.check()?;
        self.ramp_providers.check()?;
        self.settlement.check()?;
        self.commerce.check()?;
        self::retailers::check(&self.retailers)?;
        if let Some(smtp) = &self.smtp {
            smtp.relay()?;
        }
        for token in &self.tokens {
            token.add()?;
        }
        if self.import_bytes_max == 0 || self.import_stall_ms == 0 {
            bail!("import_bytes_max, import_stall_ms: must be at least 1");
        }
        if self.ws_heartbeat_ms == 0 || self.ws_stall_ms == 0 {
            bail!("ws_heartbeat_ms, ws_stall_ms: must be at least 1");
        }
        if self.simulated_block_ms < 10 {
            bail!("simulated_block_ms: must be at least 10");
        }
        if let Some(net) =
            self.webhook_allowed_subnets.iter().find(|net| Subnet::parse(net).is_none())
        {
            bail!("webhook_allowed_subnets: not an address or a subnet: {net}");
        }
        crate::outbound::authorities(self.webhook_ca_file.as_deref())?;
        let (each, all) = (self.webhook_concurrency_per_endpoint, self.webhook_concurrency);
        if !(1..=WEBHOOK_CONCURRENCY_MAX).contains(&all) || !(1..=all).contains(&each) {
            bail!(
                "webhook_concurrency: must be 1 to {WEBHOOK_CONCURRENCY_MAX}, and \
                 webhook_concurrency_per_endpoint 1 to that"
            );
        }
        Ok(())
    }
}

/// `PEPAY_DATABASE_URL` sets `database_url`; a double underscore enters a section.
fn setting_of(variable: &str) -> Option<String> {
    // These belong to clients and tests, not to the server.
    let foreign = ["API_URL", "API_KEY", "COMMERCE_API_KEY", "EMAIL", "PASSWORD", "CONFIG"];
    let name = variable.strip_prefix("PEPAY_")?;
    let is_foreign = foreign.contains(&name)
        || ["TEST_", "BENCH_", "KEYSTORE_"].iter().any(|prefix| name.starts_with(prefix));
    (!is_foreign).then(|| name.to_lowercase())
}

fn set(table: &mut toml::Table, key: &str, text: &str) {
    if let Some((name, rest)) = key.split_once("__") {
        let section = table
            .entry(name)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut();
        match section {
            Some(section) if HEADER_SECTIONS.contains(&name) => {
                section.insert(rest.to_owned(), text.to_owned().into());
            }
            Some(section) => set(section, rest, text),
            None => {}
        }
        return;
    }
    table.insert(key.to_owned(), value_of(key, text));
}

/// Numbers and booleans as themselves, lists by comma, everything else as text.
fn value_of(key: &str, text: &str) -> toml::Value {
    let lists = [
        "environments",
        "previous_master_keys",
        "trusted_proxies",
        "webhook_allowed_subnets",
        "rpc_urls",
        "screening_lists",
    ];
    if lists.contains(&key) {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return toml::Value::Array(items.map(|item| item.to_owned().into()).collect());
    }
    let texts = [
        "master_key",
        "metrics_token",
        "operator_token",
        "mainnet_access_key",
        "xpub",
        "user",
        "password",
    ];
    if texts.contains(&key) {
        return text.to_owned().into();
    }
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ => text.to_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        let pairs = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Config::load(None, pairs)
    }

    #[test]
    fn variables_override_defaults() {
        let config = load(&[
            ("PEPAY_LISTEN", "0.0.0.0:8080"),
            ("PEPAY_ENVIRONMENTS", "devnet, mainnet"),
            ("PEPAY_RATE_LIMITS__KEY_BURST", "7"),
            ("PEPAY_METRICS_TOKEN", "12345"),
            ("PEPAY_API_KEY", "not ours"),
        ])
        .expect("loads");
        assert_eq!(config.listen.port(), 8080);
        assert_eq!(config.environments, Environment::ALL);
        assert_eq!(config.rate_limits.key_burst, 7);
        assert_eq!(config.metrics_token.as_deref(), Some("12345"));
    }

    #[test]
    fn unknown_and_impossible_settings_are_refused() {
        assert!(load(&[("PEPAY_LISTN", "0.0.0.0:1")]).is_err());
        assert!(load(&[("PEPAY_ENVIRONMENTS", "")]).is_err());
        assert!(load(&[("PEPAY_LANES", "0")]).is_err());
        for days in ["0", "3"] {
            let refused = load(&[("PEPAY_EVENT_RETENTION_DAYS", days)]).err().expect("refused");
            assert!(
                refused.to_string().contains("event_retention_days: must be 4 to"),
                "{refused}"
            );
        }
        assert!(load(&[("PEPAY_EVENT_RETENTION_DAYS", "4")]).is_ok());
        assert!(load(&[("PEPAY_WEBHOOK_CONCURRENCY", "0")]).is_err());
        assert!(load(&[("PEPAY_WEBHOOK_CONCURRENCY_PER_ENDPOINT", "513")]).is_err());
        for net in ["10.0.0.0/33", "10.0.0.0/x", "somewhere", "::/129"] {
            assert!(load(&[("PEPAY_WEBHOOK_ALLOWED_SUBNETS", net)]).is_err(), "{net}");
        }
    }

    /// What is said of a file, which may hold `SECRET` but never show it.
    #[track_caller]
    fn refused(text: &str, variables: &[(&str, &str)]) -> String {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("pepay.toml");
        std::fs::write(&path, text).expect("writes");
        let pairs = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let error = Config::load(Some(&path), pairs).err().expect("refused");
        let shown = format!("{error:#} {error:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("271828"), "{shown}");
        format!("{error:#}")
    }

    #[test]
    fn no_complaint_repeats_a_value() {
        let base = "[chains.devnet.base]\n";
        for (text, said) in [
            ("lanes = 1\nmaster_key = \"SECRET", "line 2, column"),
            ("master_key = SECRET", "line 1, column"),
            ("master_key = 'SECRET' 'SECRET'", "line 1, column"),
            ("master_key = 'a'\nmaster_key = 'SECRET'", "line 2, column"),
            ("master_key = 27182827182827182827182827182827182827182827", "line 1, column"),
            ("master_key = 271828", "master_key: expected a string"),
            ("previous_master_keys = 'SECRET'", "previous_master_keys: expected a sequence"),
            ("previous_master_keys = 'a, expected SECRET'", "expected a sequence"),
            ("listen = 'SECRET'", "listen: "),
            ("log_format = 'SECRET'", "log_format: expected `human` or `json`"),
            ("lanes = ['SECRET']", "lanes: expected i64"),
            ("mastr_key = 'SECRET'", "unknown field `mastr_key`"),
            ("[rates]\nsources = [{ url = 'https://SECRET' }]", "rates.sources: missing field"),
            ("[chains]\ndevnet = 'SECRET'", "chains.devnet: expected a map"),
        ] {
            let shown = refused(text, &[]);
            assert!(shown.contains(said), "{text}: {shown}");
        }
        let shown = refused(&format!("{base}rpc_urls = 'https://h/SECRET'"), &[]);
        assert!(shown.contains("chains.devnet.base.rpc_urls: expected a sequence"), "{shown}");
        let shown = refused(&format!("{base}rpc_headers = {{ x-key = 271828 }}"), &[]);
        assert!(shown.contains("base.rpc_headers.x-key: expected a string"), "{shown}");
        let shown = refused(&format!("{base}confirmations = 'SECRET'"), &[]);
        assert!(shown.contains("base.confirmations: "), "{shown}");
        let shown = refused("", &[("PEPAY_LANES", "SECRET")]);
        assert!(shown.contains("lanes: expected i64"), "{shown}");
    }

    #[test]
    fn headers_from_variables_are_texts() {
        let name = "PEPAY_CHAINS__DEVNET__BASE__RPC_HEADERS__X_KEY";
        for value in ["271828", "true", "-7", "words"] {
            let config = load(&[(name, value)]).expect("loads");
            let chain = config.chain((Environment::Devnet, Network::Base)).expect("named");
            assert_eq!(chain.rpc_headers["x_key"], value);
        }
    }

    #[test]
    fn only_a_devnet_network_has_another_chain_id() {
        let text = "[chains.mainnet.base]\nchain_id = 31337";
        assert!(refused(text, &[]).contains("chains.mainnet.base: chain_id"));
        assert!(load(&[("PEPAY_CHAINS__DEVNET__BASE__CHAIN_ID", "31337")]).is_ok());
    }

    #[test]
    fn webhooks_reach_this_machine_only_where_no_real_money_is() {
        let reach = |variables: &[(&str, &str)]| load(variables).expect("loads").webhook_reach();
        assert_eq!(reach(&[]), Reach::LOOPBACK_TOO);
        assert_eq!(reach(&[("PEPAY_ENVIRONMENTS", "devnet,mainnet")]), Reach::PUBLIC_ONLY);
        assert_eq!(reach(&[("PEPAY_ALLOW_INSECURE_WEBHOOKS", "false")]), Reach::PUBLIC_ONLY);
        let both = [("PEPAY_ENVIRONMENTS", "mainnet"), ("PEPAY_ALLOW_INSECURE_WEBHOOKS", "true")];
        assert_eq!(reach(&both), Reach::LOOPBACK_TOO);
        let subnets = [("PEPAY_WEBHOOK_ALLOWED_SUBNETS", "10.0.0.0/8, fd00::/8,192.168.1.7")];
        assert_eq!(reach(&subnets).allowed.len(), 3);
    }
}
