//! The index by itself, without HTTP around it: how fast it is built and searched, and what it
//! takes in memory and on disk.
//!
//! A catalogue of so many products of one merchant, and ten of each of a thousand others; searches
//! with two threads, nine in ten as written or half typed, one in ten misspelt, facets and
//! highlighting on; then at half of the bar's load, each counted from when it was due. Beside the
//! clock's time there is the processor's, which a machine with other work to do does not lengthen.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use search::{Change, Cursor, FacetWish, HighlightWish, Index, Query, State};

use super::catalogue::{Catalogue, Dice, MERCHANT, Words, scope};
use super::{INDEX_MIB_MAX, PACED_MS_MAX, PACED_PER_SECOND, SEARCHES_PER_SECOND_MIN};
use crate::fresh::now;
use crate::report::Bar;

/// Products of one commit while the index is built.
const BATCH: u64 = 10_000;
const THREADS: u64 = 2;
const SMALL_MERCHANTS: u64 = 1_000;
const SMALL_PRODUCTS: u64 = 10;

/// Measures one, and says how it compares to the bars.
pub fn run(products: u64, duration: Duration) -> Result<Vec<Bar>> {
    let directory = tempfile::tempdir()?;
    println!("{products} products, {SMALL_MERCHANTS} merchants of {SMALL_PRODUCTS} beside them");
    build(directory.path(), products)?;
    measure(directory.path(), products, duration)
}

/// Seconds of processor time, of this thread or of all.
fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn build(directory: &Path, products: u64) -> Result<()> {
    let catalogue = Catalogue::new();
    let opened = Index::open(directory)?;
    ensure!(opened.state == State::MadeNew, "the directory was not empty");
    let index = opened.index;
    let started = now();
    let before = processor(ClockId::ProcessCPUTime);
    let mut peak = 0;
    let mut from = 0;
    while from < products {
        let until = products.min(from + BATCH);
        let batch: Vec<Change> =
            (from..until).map(|number| Change::Put(catalogue.document(MERCHANT, number))).collect();
        index.apply(&batch, Cursor(until as i64))?;
        peak = peak.max(memory().anonymous);
        from = until;
    }
    index.wait_for_merges()?;
    let seconds = started.elapsed().as_secs_f64();
    let processor_seconds = processor(ClockId::ProcessCPUTime) - before;
    for merchants in (1..=SMALL_MERCHANTS).collect::<Vec<_>>().chunks(100) {
        let batch: Vec<Change> = merchants
            .iter()
            .flat_map(|merchant| (0..SMALL_PRODUCTS).map(move |number| (*merchant, number)))
            .map(|(merchant, number)| Change::Put(catalogue.document(MERCHANT + merchant, number)))
            .collect();
        index.apply(&batch, Cursor(products as i64))?;
    }
    println!(
        "build: {:.0} products/s, {seconds:.1} s, {:.0} us of processor a product, anonymous \
         memory at most {peak} MiB",
        products as f64 / seconds,
        processor_seconds * 1e6 / products as f64
    );
    drop(index);
    update(directory, &catalogue, products)
}

/// Small batches after the large ones, as a follower brings them.
fn update(directory: &Path, catalogue: &Catalogue, products: u64) -> Result<()> {
    let index = Index::open(directory)?.index;
    let mut dice = Dice::new(5);
    let mut took: Vec<f64> = Vec::new();
    for step in 0..50 {
        let batch: Vec<Change> = (0..10)
            .map(|_| Change::Put(catalogue.document(MERCHANT, dice.below(products))))
            .collect();
        let started = now();
        index.apply(&batch, Cursor(products as i64 + step))?;
        took.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("batches of 10 changes: {}", percentiles(&mut took));
    Ok(())
}

fn measure(directory: &Path, products: u64, duration: Duration) -> Result<Vec<Bar>> {
    let catalogue = Catalogue::new();
    let before = memory();
    let started = now();
    let opened = Index::open(directory)?;
    println!("open, every byte checked: {:.2} s", started.elapsed().as_secs_f64());
    let index = opened.index;
    ensure!(matches!(opened.state, State::Sound(_)), "what was just built is not sound");
    let (documents, segments, bytes) = (index.len(), index.segments(), index.bytes()?);
    println!("{documents} products in {segments} segments, {} MiB on disk", bytes >> 20);

    let before_mix = processor(ClockId::ProcessCPUTime);
    let (answered, rate) = flat_out(&index, &catalogue, products, duration);
    let each = (processor(ClockId::ProcessCPUTime) - before_mix) / answered as f64;
    println!("mix, {THREADS} threads: {rate:.0} queries/s, {:.0} us of processor each", each * 1e6);
    let mut took = paced(&index, &catalogue, products, duration);
    println!("mix at {PACED_PER_SECOND}/s: {}", percentiles(&mut took));
    for kind in Words::ALL {
        let mut dice = Dice::new(11);
        let mut took = Vec::new();
        for _ in 0..500 {
            let query = query(kind, &catalogue, products, &mut dice);
            let started = processor(ClockId::ThreadCPUTime);
            std::hint::black_box(index.search(&query)?);
            took.push((processor(ClockId::ThreadCPUTime) - started) * 1_000.0);
        }
        println!("{kind:?}, processor time: {}", percentiles(&mut took));
    }
    let after = memory();
    let own = after.anonymous.saturating_sub(before.anonymous);
    let mapped = after.files.saturating_sub(before.files);
    println!("memory: anonymous {own} MiB more than before, files mapped {mapped} MiB more");
    let name = |what: &str| format!("index of {products}: {what}");
    Ok(vec![
        Bar::at_least(name("searches"), Some(rate), SEARCHES_PER_SECOND_MIN).in_unit("/s"),
        Bar::at_most(name("p99 at half of that"), Some(at(&took, 990)), PACED_MS_MAX)
            .in_unit(" ms"),
        Bar::at_most(name("memory"), Some(own as f64), INDEX_MIB_MAX).in_unit(" MiB"),
    ])
}

fn flat_out(index: &Index, catalogue: &Catalogue, products: u64, duration: Duration) -> (u64, f64) {
    let over = AtomicBool::new(false);
    let started = now();
    let answered: u64 = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let over = &over;
                threads.spawn(move || {
                    let mut dice = Dice::new(100 + thread);
                    let mut answered = 0;
                    while !over.load(Ordering::Relaxed) {
                        let query = query(Words::mixed(&mut dice), catalogue, products, &mut dice);
                        std::hint::black_box(index.search(&query).expect("an answer"));
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        std::thread::sleep(duration);
        over.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().expect("a worker")).sum()
    });
    (answered, answered as f64 / started.elapsed().as_secs_f64())
}

/// Milliseconds from when each query was due to its answer.
fn paced(index: &Index, catalogue: &Catalogue, products: u64, duration: Duration) -> Vec<f64> {
    let gap = Duration::from_secs(1) * THREADS as u32 / PACED_PER_SECOND as u32;
    let started = now();
    std::thread::scope(|threads| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                threads.spawn(move || {
                    let mut dice = Dice::new(200 + thread);
                    let mut took = Vec::new();
                    let mut due = started + gap * thread as u32 / THREADS as u32;
                    while due < started + duration {
                        let query = query(Words::mixed(&mut dice), catalogue, products, &mut dice);
                        std::thread::sleep(due.saturating_duration_since(now()));
                        std::hint::black_box(index.search(&query).expect("an answer"));
                        took.push(due.elapsed().as_secs_f64() * 1_000.0);
                        due += gap;
                    }
                    took
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    })
}

fn query(kind: Words, catalogue: &Catalogue, products: u64, dice: &mut Dice) -> Query {
    let (merchant, among) = match kind {
        Words::SmallMerchant => (MERCHANT + 1 + dice.below(SMALL_MERCHANTS), SMALL_PRODUCTS),
        _ => (MERCHANT, products),
    };
    let mut query = Query::new(scope(merchant), kind.text(catalogue, (merchant, among), dice));
    query.facets = FacetWish::Wanted;
    query.highlight = HighlightWish::Wanted;
    query
}

/// Sorts what was taken.
fn percentiles(took: &mut [f64]) -> String {
    took.sort_by(f64::total_cmp);
    format!(
        "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms of {}",
        at(took, 500),
        at(took, 900),
        at(took, 990),
        at(took, 999),
        took.len()
    )
}

/// So many in a thousand are not above it, of what is sorted.
fn at(took: &[f64], share: usize) -> f64 {
    took[(took.len() * share / 1_000).min(took.len() - 1)]
}

/// What this process has in memory, in MiB: its own, and pages of mapped files.
struct Memory {
    anonymous: u64,
    files: u64,
}

fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or(0) / 1_024
    };
    Memory { anonymous: line("RssAnon:"), files: line("RssFile:") }
}
