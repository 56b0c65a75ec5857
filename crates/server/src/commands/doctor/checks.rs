//! The checks of `pepay doctor`, one function each.
//!
//! The order is that of dependence: without a database nothing inside it is looked at.

use std::process::Command;

use domain::secret::KeyRing;
use store::{Severity, Store, StoreError};

use super::{Finding, networks};
use crate::clock::Clock;
use crate::commands::file_lock;
use crate::commands::master_key::{self, Known};
use crate::commands::place::{self, shown, sqlite_path};
use crate::commands::production::{self, Obstacle};
use crate::config::Config;

/// Beyond this, leases and expiry of several processes would disagree.
const SKEW_MS_MAX: i64 = 1_000;
const WATCHER_AGE_SECONDS_MAX: i64 = 600;
const FREE_KIB_LOW: u64 = 1024 * 1024;
const FREE_KIB_MIN: u64 = 64 * 1024;

pub async fn all(config: &Config) -> Vec<Finding> {
    let database = shown(&config.database_url());
    let mut findings = vec![Finding::ok("config", format!("reads well; database {database}"))];
    findings.extend(production_findings(production::of_config(config)));
    findings.push(disk(config));
    findings.extend(networks::all(config).await);
    let keys = keys_of(config, &mut findings);
    let Some(store) = open(config, &mut findings).await else { return findings };
    findings.push(clock_skew(&store).await);
    if let Some(keys) = keys {
        findings.push(master_key_fits(&store, &keys).await);
    }
    findings.extend(production_findings(production::of_database(config, &store).await));
    findings.extend(data(&store).await);
    findings.push(watchers(&store).await);
    store.close().await;
    findings
}

fn production_findings(obstacles: anyhow::Result<Vec<Obstacle>>) -> Vec<Finding> {
    match obstacles {
        Ok(obstacles) => {
            let finding = |one: Obstacle| Finding::fail("mainnet", one.what, one.what_to_do);
            obstacles.into_iter().map(finding).collect()
        }
        Err(error) => {
            vec![Finding::fail("mainnet", format!("{error:#}"), "correct the configuration")]
        }
    }
}

/// Free space where the database grows, as `df` tells it.
fn disk(config: &Config) -> Finding {
    let directory = config.data_dir.as_path();
    let directory = if directory.exists() { directory } else { std::path::Path::new(".") };
    let output = Command::new("df").arg("-Pk").arg(directory).output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let free_kib = text.as_deref().and_then(free_kib);
    let Some(free_kib) = free_kib else {
        let to_do = "look yourself: the program df did not tell";
        return Finding::warn("disk", "free space is not known", to_do);
    };
    let what = format!("{} MiB free at {}", free_kib / 1024, directory.display());
    match free_kib {
        kib if kib < FREE_KIB_MIN => {
            Finding::fail("disk", what, "make room: writes will fail soon")
        }
        kib if kib < FREE_KIB_LOW => Finding::warn("disk", what, "make room before it runs out"),
        _ => Finding::ok("disk", what),
    }
}

/// The fourth column of the last line of `df -Pk`.
fn free_kib(text: &str) -> Option<u64> {
    text.lines().last()?.split_whitespace().nth(3)?.parse().ok()
}

fn keys_of(config: &Config, findings: &mut Vec<Finding>) -> Option<KeyRing> {
    let found = match master_key::configured(config) {
        Ok(None) => master_key::from_file(config),
        configured => configured,
    };
    match found {
        Ok(Some(keys)) => Some(keys),
        Ok(None) => {
            let what = format!("none configured, and none in {}", config.data_dir.display());
            let to_do = "set PEPAY_MASTER_KEY, or name the data directory of `pepay dev`";
            findings.push(Finding::warn("master key", what, to_do));
            None
        }
        Err(error) => {
            let to_do = "a master key is 32 bytes in base64 or hex (openssl rand -base64 32)";
            findings.push(Finding::fail("master key", format!("{error:#}"), to_do));
            None
        }
    }
}

async fn open(config: &Config, findings: &mut Vec<Finding>) -> Option<Store> {
    let url = config.database_url();
    if let Some(path) = sqlite_path(&url).filter(|path| !path.exists()) {
        let what = format!("there is none at {}", path.display());
        let to_do = "name it with --data-dir or --database-url, or make it: pepay migrate";
        findings.push(Finding::fail("database", what, to_do));
        return None;
    }
    if sqlite_path(&url).is_some_and(|path| file_lock::is_taken(&path)) {
        let to_do = "stop it to look inside, or ask its /readyz and /metrics";
        findings.push(Finding::warn("database", "a running server has it open", to_do));
        return None;
    }
    match Store::open(place::store_config(config)).await {
        Ok(store) => {
            let what = format!("{} answers, its schema is this version's", store.engine_name());
            findings.push(Finding::ok("database", what));
            Some(store)
        }
        Err(error) => {
            let to_do = match &error {
                StoreError::Unavailable(_) => "start the database, or correct database_url",
                StoreError::Misconfigured(_) => "do what it says",
                StoreError::TooNew { .. } => "install the version of pepay that wrote it, or later",
                StoreError::Corrupt { .. } | StoreError::Rejected(_) => "restore a backup",
            };
            findings.push(Finding::fail("database", error.to_string(), to_do));
            None
        }
    }
}

async fn clock_skew(store: &Store) -> Finding {
    let before = Clock::System.now();
    let database = match store.database_time_ms().await {
        Ok(time) => time,
        Err(error) => return Finding::fail("clock", error.to_string(), "start the database"),
    };
    let after = Clock::System.now();
    // The answer was made between the two readings.
    let skew_ms =
        if database < before.0 { before.0 - database } else { (database - after.0).max(0) };
    if skew_ms > SKEW_MS_MAX {
        let what = format!("this machine and the database are {skew_ms} ms apart");
        return Finding::fail("clock", what, "synchronize both clocks (NTP)");
    }
    Finding::ok("clock", format!("within {skew_ms} ms of the database's"))
}

async fn master_key_fits(store: &Store, keys: &KeyRing) -> Finding {
    match master_key::known(store, keys).await {
        Ok(Known::Yes) => Finding::ok("master key", "is one this database was used with"),
        Ok(Known::FirstKey) => Finding::ok("master key", "nothing was sealed under any key yet"),
        Ok(Known::OtherKeys) => {
            let what = "this database was used with other keys; what they sealed does not open";
            let to_do = "configure the old key, or add it to previous_master_keys";
            Finding::fail("master key", what, to_do)
        }
        Err(error) => Finding::fail("master key", format!("{error:#}"), "start the database"),
    }
}

/// Ledger, log, counters and references.
async fn data(store: &Store) -> Vec<Finding> {
    let findings = match store.check().await {
        Ok(findings) => findings,
        Err(error) => {
            let to_do = "start the database; if a row does not decode, restore a backup";
            return vec![Finding::fail("data", error.to_string(), to_do)];
        }
    };
    if findings.is_empty() {
        return vec![Finding::ok("data", "ledger, log and counters agree")];
    }
    let finding = |one: store::CheckFinding| match one.severity {
        Severity::Error => Finding::fail("data", one.what, one.what_to_do),
        Severity::Warning => Finding::warn("data", one.what, one.what_to_do),
    };
    findings.into_iter().map(finding).collect()
}

/// How long ago each watched chain last answered.
async fn watchers(store: &Store) -> Finding {
    let cursors = match store.watch_cursors().await {
        Ok(cursors) => cursors,
        Err(error) => return Finding::fail("watchers", error.to_string(), "start the database"),
    };
    let now = Clock::System.now();
    let age_seconds = |at: domain::time::Timestamp| at.ms_until(now) / 1_000;
    let stale: Vec<String> = cursors
        .iter()
        .filter(|cursor| age_seconds(cursor.answered_at) > WATCHER_AGE_SECONDS_MAX)
        .map(|cursor| {
            let seconds = age_seconds(cursor.answered_at);
            let (environment, network) = (cursor.environment.as_str(), cursor.network.as_str());
            format!("{environment} {network} {seconds} s")
        })
        .collect();
    if stale.is_empty() {
        let what = format!("{} networks, none that waits for an answer", cursors.len());
        return Finding::ok("watchers", what);
    }
    let to_do = "start the server; if it runs, see its log for what the network's RPC says";
    Finding::warn("watchers", format!("silent for long: {}", stale.join(", ")), to_do)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_df() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                    /dev/vda1 100 40 60 40% /\n";
        assert_eq!(free_kib(text), Some(60));
        assert_eq!(free_kib(""), None);
    }
}
