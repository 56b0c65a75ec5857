//! What Linux knows of a process: resident memory and processor time.
//!
//! Read from `/proc`, so that a server needs no instrumentation and all are measured alike. The
//! time of a process with workers (PostgreSQL) is that of its whole tree, the ended included.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// Resident memory in KiB.
pub fn resident_kib(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
        .with_context(|| format!("{path} has no VmRSS"))
}

/// Processor seconds, user and system, of a process and all its descendants.
pub fn tree_cpu_seconds(pid: u32) -> Result<f64> {
    let stats = fs::read_dir("/proc")?.flatten().filter_map(|entry| Stat::read(entry.path()));
    let stats: Vec<Stat> = stats.collect();
    let mut members = vec![pid];
    let mut ticks = 0;
    while let Some(member) = members.pop() {
        ticks += stats.iter().filter(|stat| stat.pid == member).map(|stat| stat.ticks).sum::<u64>();
        members.extend(stats.iter().filter(|stat| stat.parent == member).map(|stat| stat.pid));
    }
    anyhow::ensure!(stats.iter().any(|stat| stat.pid == pid), "process {pid} is gone");
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// USER_HZ, which Linux fixes at 100 on every architecture Pepay is built for.
const TICKS_PER_SECOND: f64 = 100.0;

struct Stat {
    pid: u32,
    parent: u32,
    /// Own time and that of children which have ended and were waited for.
    ticks: u64,
}

impl Stat {
    fn read(directory: PathBuf) -> Option<Self> {
        let pid = directory.file_name()?.to_str()?.parse().ok()?;
        let text = fs::read_to_string(directory.join("stat")).ok()?;
        // The name is in parentheses and may hold anything; the fields follow the last one.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let times = fields.get(11..15)?.iter().map(|field| field.parse::<u64>());
        let ticks = times.sum::<Result<u64, _>>().ok()?;
        Some(Self { pid, parent: fields.get(1)?.parse().ok()?, ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_process_is_readable() {
        let pid = std::process::id();
        assert!(resident_kib(pid).unwrap() > 100);
        assert!(tree_cpu_seconds(pid).unwrap() >= 0.0);
    }
}
