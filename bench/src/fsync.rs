//! What one durable write costs here, measured in the same run as everything else.
//!
//! Nobody can commit faster than the disk says yes, so the latency bar at one connection is
//! this plus a constant. 4 KiB written over space that is already allocated, as a database does
//! with its log, then fdatasync; the median of 200.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Result;

use crate::fresh;

const BLOCK: [u8; 4096] = [7; 4096];
const BLOCKS: u64 = 256;
const WRITES: u64 = 200;

pub fn median_ms(directory: &Path) -> Result<f64> {
    let path = directory.join("fsync.probe");
    let file = File::create(&path)?;
    for block in 0..BLOCKS {
        file.write_all_at(&BLOCK, block * BLOCK.len() as u64)?;
    }
    file.sync_all()?;
    let mut latencies = Vec::new();
    for write in 0..WRITES {
        let started = fresh::now();
        file.write_all_at(&BLOCK, write % BLOCKS * BLOCK.len() as u64)?;
        file.sync_data()?;
        latencies.push(fresh::now() - started);
    }
    std::fs::remove_file(&path)?;
    latencies.sort();
    Ok(latencies[latencies.len() / 2].as_secs_f64() * 1e3)
}
