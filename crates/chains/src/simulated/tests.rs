//! The simulated chain seen from outside: acts, reads and scans on rows held in memory.
//!
//! `Bench` is what the server's adapter does, without a store. The last test runs random lives and
//! holds what a faithful follower knows against what is canonical.

mod acts;
mod follower;
mod scans;

use domain::address::Address;
use domain::chain::{AssetRef, ChainTransfer};
use domain::environment::Environment;
use domain::ids::Fresh;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::simulated::{FaultKind, SimulatedChain, SimulatedTransaction};
use domain::time::Timestamp;

use super::*;
use crate::chain::{ChainError, Scan};

const START: Timestamp = Timestamp(1_766_000_000_000);

/// A chain, its transactions and a clock.
struct Bench {
    chain: SimulatedChain,
    rows: Vec<SimulatedTransaction>,
    now: Timestamp,
    seed: u8,
}

impl Bench {
    fn new(network: Network) -> Bench {
        Bench { chain: genesis(network, START), rows: Vec::new(), now: START, seed: 0 }
    }

    fn to(&self) -> Address {
        Address::from_payload(self.chain.network.family(), Environment::Devnet, &[9; 32])
    }

    fn ask(&self) -> TransferAsk {
        let amount = Some(TokenAmount(1_500_000));
        TransferAsk { to: self.to(), asset: AssetRef::Native, amount, from: None, is_failed: false }
    }

    /// A transaction that was decided, but whose row is not committed yet.
    fn decide(&mut self, ask: TransferAsk) -> SimulatedTransaction {
        self.seed = self.seed.wrapping_add(1);
        let mut seed = [self.seed; 16];
        seed[..8].copy_from_slice(&(self.rows.len() as u64).to_be_bytes());
        submit(&self.chain, ask, &mut Fresh::new(self.now, seed))
    }

    fn pay(&mut self) -> String {
        let row = self.decide(self.ask());
        let hash = row.tx_hash.clone();
        self.rows.push(row);
        hash
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    fn mine(&mut self, count: u64) {
        self.chain = mine(self.chain.clone(), count, self.now).unwrap();
    }

    fn fault(&mut self, kind: FaultKind, seconds: i64) {
        self.chain = fault(self.chain.clone(), kind, seconds, self.now).unwrap();
    }

    fn reorg(&mut self, depth: u64, drop: &[String]) -> Result<(), SimulationRefusal> {
        let range = reorg_range(&self.chain, depth, self.now)?;
        let rows = self.rows.iter().filter(|row| range.contains(&row.block_number));
        let rows = rows.cloned().collect();
        let made = reorg(self.chain.clone(), depth, drop, rows, self.now)?;
        for changed in made.changed {
            let row = self.rows.iter_mut().find(|row| row.id == changed.id).unwrap();
            *row = changed;
        }
        self.chain = made.chain;
        Ok(())
    }

    fn head(&self) -> u64 {
        head_number(&self.chain, self.now)
    }

    fn scan(&self, from: Option<&str>) -> Result<Scan, ChainError> {
        let plan = plan_scan(&self.chain, from, self.now)?;
        let blocks = plan.blocks();
        let rows = self.rows.iter().filter(|row| blocks.contains(&row.block_number));
        Ok(plan.answer(&self.chain, &rows.cloned().collect::<Vec<_>>()))
    }

    /// What is canonical now.
    fn truth(&self) -> Vec<ChainTransfer> {
        let calm = SimulatedChain { fault: None, ..self.chain.clone() };
        transfers_to(&calm, &self.rows, Timestamp(0), self.now).unwrap()
    }
}

fn hashes(transfers: &[ChainTransfer]) -> Vec<&str> {
    transfers.iter().map(|transfer| transfer.tx_hash.as_str()).collect()
}
