//! Random lives of a chain, followed by somebody who dies and starts again.
//!
//! Rule: after the last scan a follower that applies `reverted_from` and keeps one transfer per
//! transaction holds exactly what is canonical, and nothing ever moved without being reverted.

use std::collections::BTreeMap;

use super::*;

/// Small, seeded, and the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

/// What a watcher has durably done, and how far it says it came.
#[derive(Default)]
struct Follower {
    held: BTreeMap<String, ChainTransfer>,
    cursor: Option<String>,
}

impl Follower {
    /// Acts on a scan up to a number of steps, as a process that dies in the middle does.
    fn apply(&mut self, scan: Scan, steps: usize) {
        if let Some(first) = scan.reverted_from {
            self.held.retain(|_, transfer| transfer.block.number < first);
        }
        let is_whole = steps > scan.transfers.len();
        for transfer in scan.transfers.into_iter().take(steps) {
            let hash = transfer.tx_hash.clone();
            let before = self.held.insert(hash, transfer.clone());
            if let Some(before) = before {
                let same = (transfer.block.number, transfer.block.hash);
                assert_eq!((before.block.number, before.block.hash), same, "moved unreverted");
            }
        }
        if is_whole {
            self.cursor = Some(scan.next);
        }
    }
}

struct Life {
    bench: Bench,
    dice: Dice,
    follower: Follower,
    /// Decided, to be committed a little later.
    uncommitted: Vec<SimulatedTransaction>,
}

impl Life {
    fn step(&mut self) {
        match self.dice.below(16) {
            0..=3 => {
                self.bench.pay();
            }
            4 => {
                let row = self.bench.decide(self.bench.ask());
                self.uncommitted.push(row);
            }
            5 => {
                let failed = TransferAsk { is_failed: true, ..self.bench.ask() };
                let row = self.bench.decide(failed);
                self.bench.rows.push(row);
            }
            6 | 7 => self.wait(),
            8 => self.bench.mine(1 + self.dice.below(20)),
            9 | 10 => self.reorg(),
            11 if self.dice.below(3) == 0 => self.fault(),
            _ => self.scan(),
        }
    }

    /// Commits what was decided before it waits: a commit takes seconds at most.
    fn wait(&mut self) {
        self.bench.wait(self.dice.below(5_000) as i64);
        if self.dice.below(2) == 0 {
            self.scan();
        }
        self.bench.rows.append(&mut self.uncommitted);
        if self.dice.below(10) == 0 {
            self.bench.wait(self.dice.below(200_000_000) as i64);
        }
    }

    fn reorg(&mut self) {
        let depth = 1 + self.dice.below(12);
        let range = reorg_range(&self.bench.chain, depth, self.bench.now).unwrap();
        let inside =
            |row: &&SimulatedTransaction| !row.is_dropped && range.contains(&row.block_number);
        let hashes = self.bench.rows.iter().filter(inside).map(|row| row.tx_hash.clone());
        let mut drop: Vec<String> = hashes.collect();
        drop.retain(|_| self.dice.below(4) == 0);
        self.bench.reorg(depth, &drop).unwrap();
    }

    fn fault(&mut self) {
        let kinds = [FaultKind::Ok, FaultKind::Lagging, FaultKind::Failing, FaultKind::Duplicating];
        let kind = kinds[self.dice.below(4) as usize];
        self.bench.fault(kind, 1 + self.dice.below(20) as i64);
    }

    fn scan(&mut self) {
        if let Ok(scan) = self.bench.scan(self.follower.cursor.as_deref()) {
            let dies = self.dice.below(4) == 0;
            let steps = if dies { self.dice.below(4) as usize } else { usize::MAX };
            self.follower.apply(scan, steps);
        }
    }

    fn check(mut self, seed: u64) {
        self.bench.rows.append(&mut self.uncommitted);
        self.bench.fault(FaultKind::Ok, 0);
        self.bench.mine(1);
        loop {
            let scan = self.bench.scan(self.follower.cursor.as_deref()).unwrap();
            let is_caught_up = scan.is_caught_up;
            self.follower.apply(scan, usize::MAX);
            if is_caught_up {
                break;
            }
        }
        let held: Vec<_> = self.follower.held.into_values().map(essence).collect();
        let truth = self.bench.truth().into_iter().map(|told| (told.tx_hash.clone(), told));
        let truth: BTreeMap<_, _> = truth.collect();
        let truth: Vec<_> = truth.into_values().map(essence).collect();
        assert_eq!(held, truth, "life {seed}");
    }
}

/// What must agree. Times are left out: those of blocks older than the kept stretches may shift.
fn essence(transfer: ChainTransfer) -> (String, u64, String) {
    (transfer.tx_hash, transfer.block.number, transfer.block.hash)
}

#[test]
fn a_faithful_follower_holds_exactly_what_is_canonical() {
    for seed in 0_u64..300 {
        let network = Network::ALL[seed as usize % 10];
        let mut bench = Bench::new(network);
        // The watcher is there before the chain is too old to be told from its beginning.
        let cursor = Some(bench.scan(None).unwrap().next);
        bench.wait(500);
        let follower = Follower { cursor, ..Follower::default() };
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut life = Life { bench, dice, follower, uncommitted: Vec::new() };
        for _ in 0..200 {
            life.step();
        }
        life.check(seed);
    }
}
