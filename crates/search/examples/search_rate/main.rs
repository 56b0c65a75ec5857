//! How fast a large index is built and searched, and what it takes in memory and on disk.
//!
//! `cargo run --release -p search --example search_rate -- 1000000 10` makes a catalogue of that
//! many products of one merchant, and ten of each of a thousand others; searches for that many
//! seconds with two threads, nine in ten as written or half typed, one in ten misspelt, facets and
//! highlighting on; then at 750 queries a second, each counted from when it was due. The bars:
//! 1,500 queries/s, 15 ms for 99 in 100 at half of that, 300 MiB. Beside the clock's time there is
//! the processor's, which a machine with other work to do does not lengthen.

#![allow(clippy::float_arithmetic, reason = "a bench computes rates and shares, never money")]

mod catalogue;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use search::{Change, Cursor, FacetWish, HighlightWish, Index, Query, State};

use crate::catalogue::{Catalogue, Dice, MERCHANT, scope};

/// Products of one commit while the index is built.
const BATCH: u64 = 10_000;
const THREADS: u64 = 2;
const PACED_PER_SECOND: u64 = 750;
const SMALL_MERCHANTS: u64 = 1_000;
const SMALL_PRODUCTS: u64 = 10;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(products)), Some(Ok(seconds))) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: search_rate PRODUCTS SECONDS");
        std::process::exit(2);
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    println!("{products} products, {SMALL_MERCHANTS} merchants of {SMALL_PRODUCTS} beside them");
    build(directory.path(), products);
    measure(directory.path(), products, Duration::from_secs(seconds));
}

#[expect(clippy::disallowed_methods, reason = "a duration is measured, nothing else")]
fn now() -> Instant {
    Instant::now()
}

/// Seconds of processor time, of this thread or of all.
fn processor(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn build(directory: &Path, products: u64) {
    let catalogue = Catalogue::new();
    let opened = Index::open(directory).expect("a new index");
    assert_eq!(opened.state, State::MadeNew);
    let index = opened.index;
    let started = now();
    let before = processor(ClockId::ProcessCPUTime);
    let mut peak = 0;
    let mut from = 0;
    while from < products {
        let until = products.min(from + BATCH);
        let batch: Vec<Change> =
            (from..until).map(|number| Change::Put(catalogue.product(MERCHANT, number))).collect();
        index.apply(&batch, Cursor(until as i64)).expect("a batch");
        peak = peak.max(memory().anonymous);
        from = until;
    }
    let seconds = started.elapsed().as_secs_f64();
    let processor_seconds = processor(ClockId::ProcessCPUTime) - before;
    for merchants in (1..=SMALL_MERCHANTS).collect::<Vec<_>>().chunks(100) {
        let batch: Vec<Change> = merchants
            .iter()
            .flat_map(|merchant| (0..SMALL_PRODUCTS).map(move |number| (*merchant, number)))
            .map(|(merchant, number)| Change::Put(catalogue.product(MERCHANT + merchant, number)))
            .collect();
        index.apply(&batch, Cursor(products as i64)).expect("a batch");
    }
    println!(
        "build: {:.0} products/s, {seconds:.1} s, {:.0} us of processor a product, anonymous \
         memory at most {peak} MiB",
        products as f64 / seconds,
        processor_seconds * 1e6 / products as f64
    );
    let started = now();
    drop(index);
    println!("closing: {:.1} s", started.elapsed().as_secs_f64());
    update(directory, &catalogue, products);
}

/// Small batches after the large ones, as a follower brings them.
fn update(directory: &Path, catalogue: &Catalogue, products: u64) {
    let index = Index::open(directory).expect("the index").index;
    let mut dice = Dice::new(5);
    let mut took: Vec<f64> = Vec::new();
    for step in 0..50 {
        let batch: Vec<Change> = (0..10)
            .map(|_| Change::Put(catalogue.product(MERCHANT, dice.below(products))))
            .collect();
        let started = now();
        index.apply(&batch, Cursor(products as i64 + step)).expect("a batch");
        took.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("batches of 10 changes: {}", percentiles(took));
}

fn measure(directory: &Path, products: u64, duration: Duration) {
    let catalogue = Catalogue::new();
    let before = memory();
    let started = now();
    let opened = Index::open(directory).expect("the index");
    println!("open, every byte checked: {:.2} s", started.elapsed().as_secs_f64());
    let index = opened.index;
    assert!(matches!(opened.state, State::Sound(_)));
    println!(
        "{} products in {} segments, {} MiB on disk",
        index.len(),
        index.segments(),
        index.bytes().expect("files") >> 20
    );

    let before_mix = processor(ClockId::ProcessCPUTime);
    let (answered, rate) = flat_out(&index, &catalogue, products, duration);
    let each = (processor(ClockId::ProcessCPUTime) - before_mix) / answered as f64;
    println!("mix, {THREADS} threads: {rate:.0} queries/s, {:.0} us of processor each", each * 1e6);
    let took = paced(&index, &catalogue, products, duration);
    println!("mix at {PACED_PER_SECOND}/s: {}", percentiles(took));
    for kind in Kind::ALL {
        let mut dice = Dice::new(11);
        let mut took = Vec::new();
        for _ in 0..500 {
            let query = kind.query(&catalogue, products, &mut dice);
            let started = processor(ClockId::ThreadCPUTime);
            std::hint::black_box(index.search(&query).expect("an answer"));
            took.push((processor(ClockId::ThreadCPUTime) - started) * 1_000.0);
        }
        println!("{kind:?}, processor time: {}", percentiles(took));
    }
    let after = memory();
    println!(
        "memory: anonymous {} MiB more than before, files mapped {} MiB more",
        after.anonymous.saturating_sub(before.anonymous),
        after.files.saturating_sub(before.files)
    );
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
                        let query = mixed(catalogue, products, &mut dice);
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
                        let query = mixed(catalogue, products, &mut dice);
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

/// The mix of the bar.
fn mixed(catalogue: &Catalogue, products: u64, dice: &mut Dice) -> Query {
    let kind = match dice.below(100) {
        0..45 => Kind::Exact,
        45..90 => Kind::HalfTyped,
        _ => Kind::Misspelt,
    };
    kind.query(catalogue, products, dice)
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Exact,
    HalfTyped,
    Misspelt,
    TwoLetters,
    SmallMerchant,
    Browse,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Exact,
        Kind::HalfTyped,
        Kind::Misspelt,
        Kind::TwoLetters,
        Kind::SmallMerchant,
        Kind::Browse,
    ];

    fn query(self, catalogue: &Catalogue, products: u64, dice: &mut Dice) -> Query {
        let mut merchant = MERCHANT;
        let text = match self {
            Kind::Exact => catalogue.words_of(MERCHANT, dice.below(products), dice).join(" ") + " ",
            Kind::HalfTyped => {
                let mut words = catalogue.words_of(MERCHANT, dice.below(products), dice);
                let last = words.pop().expect("a word");
                let kept = 2 + dice.below(last.len().max(3) as u64 - 2) as usize;
                words.push(last.chars().take(kept).collect());
                words.join(" ")
            }
            Kind::Misspelt => {
                let mut words = catalogue.words_of(MERCHANT, dice.below(products), dice);
                let longest = words.iter_mut().max_by_key(|word| word.len()).expect("a word");
                *longest = dice.misspell(longest);
                words.join(" ") + " "
            }
            Kind::TwoLetters => {
                let words = catalogue.words_of(MERCHANT, dice.below(products), dice);
                words[0].chars().take(2).collect()
            }
            Kind::SmallMerchant => {
                merchant += 1 + dice.below(SMALL_MERCHANTS);
                catalogue.words_of(merchant, dice.below(SMALL_PRODUCTS), dice).join(" ")
            }
            Kind::Browse => String::new(),
        };
        let mut query = Query::new(scope(merchant), text);
        query.facets = FacetWish::Wanted;
        query.highlight = HighlightWish::Wanted;
        query
    }
}

fn percentiles(mut took: Vec<f64>) -> String {
    took.sort_by(f64::total_cmp);
    let at = |share: usize| took[(took.len() * share / 1_000).min(took.len() - 1)];
    format!(
        "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms of {}",
        at(500),
        at(900),
        at(990),
        at(999),
        took.len()
    )
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
