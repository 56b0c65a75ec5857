//! A simulated network in this house: the pure machine of `chains`, its rows kept by the store.
//!
//! Rows survive restarts and are shared by processes. Acting on the chain (a transfer, a reorg)
//! is read → decide → commit like everything else.

mod sender;

pub use self::sender::SimulatedSender;

use chains::chain::{Answer, Chain, ChainError, Head, NodeHealth, Ours, Scan};
use chains::simulated as machine;
use chains::simulated::{ScanPlan, SimulationRefusal, TransferAsk};
use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::network::Network;
use domain::simulated::{FaultKind, SimulatedChain, SimulatedTransaction};
use domain::time::Timestamp;
use store::{CommitError, Store, StoreError};

use crate::clock::Clock;
use crate::http::error::ApiError;

/// Most transactions one scan reads; a fuller range is cut shorter.
const ROWS_MAX: i64 = 2_000;
const TRIES_MAX: usize = 32;
/// Every row of a few blocks.
const ROWS_ALL: i64 = i64::MAX;

pub struct SimulatedNode {
    network: Network,
    block_ms: i64,
    store: Store,
    clock: Clock,
}

/// What `GET /api/v1/devnet/chain/{network}` tells.
#[derive(Clone, Debug)]
pub struct ChainView {
    pub head_number: u64,
    pub head_time: Timestamp,
    pub block_ms: i64,
    pub fault: FaultKind,
}

/// What a reorg did.
#[derive(Clone, Debug)]
pub struct ReorgReport {
    pub from_number: u64,
    pub head_number: u64,
    pub dropped: Vec<String>,
    /// Transactions that wait for the next block again.
    pub moved: Vec<String>,
}

/// The chain's new row, the transactions that changed with it, and what to tell.
type Act<T> = (SimulatedChain, Vec<SimulatedTransaction>, T);

impl SimulatedNode {
    pub fn new(network: Network, block_ms: i64, store: Store, clock: Clock) -> SimulatedNode {
        SimulatedNode { network, block_ms, store, clock }
    }

    /// Sends a transfer: it is included in the next block.
    pub async fn submit(&self, ask: TransferAsk) -> Result<SimulatedTransaction, ApiError> {
        let chain = self.chain().await?;
        let transaction = machine::submit(&chain, ask, &mut self.clock.fresh());
        let mut changes = Changes::of(MerchantId::HOUSE);
        changes.insert(transaction.clone());
        self.store.commit(changes).await?;
        Ok(transaction)
    }

    /// Mines blocks now.
    pub async fn mine(&self, count: u64) -> Result<ChainView, ApiError> {
        self.act(move |chain, now| async move {
            let chain = machine::mine(chain, count, now).map_err(refused)?;
            Ok((chain, Vec::new(), ()))
        })
        .await?;
        self.show().await
    }

    /// Replaces the newest blocks; what was in them waits again, but for what is dropped.
    pub async fn reorg(&self, depth: u64, drop: Vec<String>) -> Result<ReorgReport, ApiError> {
        let drop = &drop;
        self.act(move |chain, now| async move {
            let range = machine::reorg_range(&chain, depth, now).map_err(refused)?;
            let (from, head) = (*range.start(), *range.end());
            let rows = self.rows(from, head, ROWS_ALL).await?;
            let reorg = machine::reorg(chain, depth, drop, rows, now).map_err(refused)?;
            let (gone, moved): (Vec<_>, Vec<_>) =
                reorg.changed.iter().partition(|row| row.is_dropped);
            let hashes = |rows: Vec<&SimulatedTransaction>| {
                rows.into_iter().map(|row| row.tx_hash.clone()).collect()
            };
            let report = ReorgReport {
                from_number: from,
                head_number: head,
                dropped: hashes(gone),
                moved: hashes(moved),
            };
            Ok((reorg.chain, reorg.changed, report))
        })
        .await
    }

    /// Makes the node misbehave for a while, or behave again.
    pub async fn fault(&self, kind: FaultKind, for_seconds: i64) -> Result<ChainView, ApiError> {
        self.act(move |chain, now| async move {
            let chain = machine::fault(chain, kind, for_seconds, now).map_err(refused)?;
            Ok((chain, Vec::new(), ()))
        })
        .await?;
        self.show().await
    }

    pub async fn show(&self) -> Result<ChainView, ApiError> {
        let chain = self.chain().await?;
        let now = self.clock.now();
        let head_number = machine::head_number(&chain, now);
        let fault = chain.fault.filter(|fault| now < fault.until);
        Ok(ChainView {
            head_number,
            head_time: machine::time_of(&chain, head_number),
            block_ms: chain.block_ms,
            fault: fault.map_or(FaultKind::Ok, |fault| fault.kind),
        })
    }

    /// Changes the chain's row, and transactions with it; again if somebody else was faster.
    async fn act<T, Deciding>(
        &self,
        decide: impl Fn(SimulatedChain, Timestamp) -> Deciding,
    ) -> Result<T, ApiError>
    where
        Deciding: Future<Output = Result<Act<T>, ApiError>> + Send,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            let (chain, moved, told) = decide(self.chain().await?, self.clock.now()).await?;
            let mut changes = Changes::of(MerchantId::HOUSE);
            changes.update(chain);
            moved.into_iter().for_each(|row| changes.update(row));
            match self.store.commit(changes).await {
                Ok(_) => return Ok(told),
                Err(CommitError::Conflict { .. }) if tries < TRIES_MAX => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The chain's row; the first look begins the chain.
    async fn chain(&self) -> Result<SimulatedChain, CommitError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let known = self.store.get(SimulatedChain::row_key(self.network)).await?;
            if let Some(chain) = known {
                return Ok(chain);
            }
            let mut chain = machine::genesis(self.network, self.clock.now());
            chain.block_ms = self.block_ms;
            let mut changes = Changes::of(MerchantId::HOUSE);
            changes.insert(chain);
            match self.store.commit(changes).await {
                Ok(_) | Err(CommitError::AlreadyExists { .. }) if tries < TRIES_MAX => {}
                Ok(_) => return Err(StoreError::Unavailable("chain not found".to_owned()).into()),
                Err(error) => return Err(error),
            }
        }
    }

    async fn rows(
        &self,
        from: u64,
        to: u64,
        limit: i64,
    ) -> Result<Vec<SimulatedTransaction>, StoreError> {
        if from > to {
            return Ok(Vec::new());
        }
        self.store.simulated_transactions(self.network, from, to, limit).await
    }

    async fn scan_from(&self, cursor: Option<&str>) -> Result<Scan, ChainError> {
        let chain = self.chain().await.map_err(unavailable)?;
        let plan = machine::plan_scan(&chain, cursor, self.clock.now())?;
        self.carry_out(&chain, plan).await
    }

    async fn scan_from_block(&self, first: u64) -> Result<Scan, ChainError> {
        let chain = self.chain().await.map_err(unavailable)?;
        let plan = machine::plan_scan_anew(&chain, first, self.clock.now())?;
        self.carry_out(&chain, plan).await
    }

    async fn carry_out(
        &self,
        chain: &SimulatedChain,
        mut plan: ScanPlan,
    ) -> Result<Scan, ChainError> {
        let blocks = plan.blocks();
        let rows = self.rows(*blocks.start(), *blocks.end(), ROWS_MAX).await;
        let mut rows = rows.map_err(unavailable)?;
        if rows.len() as i64 >= ROWS_MAX {
            // The last block read may be cut in the middle: end before it.
            let last = rows.last().map_or(0, |row| row.block_number);
            plan = plan.until(last.saturating_sub(1));
            let blocks = plan.blocks();
            let all = self.rows(*blocks.start(), *blocks.end(), ROWS_ALL).await;
            rows = all.map_err(unavailable)?;
        }
        Ok(plan.answer(chain, &rows))
    }
}

fn refused(refusal: SimulationRefusal) -> ApiError {
    let param = match &refusal {
        SimulationRefusal::CountOutOfRange => "count",
        SimulationRefusal::DepthOutOfRange => "depth",
        SimulationRefusal::SecondsOutOfRange => "for_seconds",
        SimulationRefusal::NotInReorg(_) => "drop",
    };
    let text = refusal.to_string();
    let text = text.strip_prefix(param).unwrap_or(&text).trim_start();
    ApiError::invalid(param, text)
}

fn unavailable(error: impl ToString) -> ChainError {
    ChainError::Unavailable(error.to_string())
}

impl Chain for SimulatedNode {
    fn network(&self) -> Network {
        self.network
    }

    fn environment(&self) -> Environment {
        Environment::Devnet
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(async {
            let chain = self.chain().await.map_err(unavailable)?;
            machine::head(&chain, self.clock.now())
        })
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, _: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(self.scan_from(from))
    }

    fn scan_anew<'a>(&'a self, first: u64, _: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(self.scan_from_block(first))
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async move {
            let chain = self.chain().await.map_err(unavailable)?;
            let row = self.store.simulated_transaction(self.network, tx_hash).await;
            let rows: Vec<_> = row.map_err(unavailable)?.into_iter().collect();
            machine::look_up(&chain, &rows, self.clock.now())
        })
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async move {
            let chain = self.chain().await.map_err(unavailable)?;
            let rows = self.store.simulated_transactions_to(self.network, address.as_str()).await;
            let rows = rows.map_err(unavailable)?;
            machine::transfers_to(&chain, &rows, since, self.clock.now())
        })
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let chain = self.chain().await.map_err(unavailable)?;
            machine::canonical(&chain, block_number, self.clock.now())
        })
    }

    /// Its faults are acts of the simulation, not of a node.
    fn health(&self) -> Vec<NodeHealth> {
        Vec::new()
    }
}
