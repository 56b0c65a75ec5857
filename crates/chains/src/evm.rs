//! Ethereum, Base, BNB Smart Chain, Avalanche, Arbitrum and Optimism through JSON-RPC nodes.
//!
//! Tokens are seen by their contracts' logs, coins by the transactions that carry them. Coins that
//! a contract passes on leave neither: `transfers_to`, `unseen_transfers` and `find_internal` find
//! them by an account's balance and a trace, before an invoice expires or when somebody asks. That
//! needs a node that remembers balances and traces (`debug_traceBlockByNumber` with `callTracer`,
//! or `trace_block`); without one the rest is told and health says what is lacking.
//!
//! Invariant: a transfer's place in its transaction is the same wherever it is told (`decode`).

mod answers;
mod arrived;
mod bloom;
mod client;
mod cursor;
mod decode;
mod fork;
mod history;
mod inside;
mod payments;
mod range;
mod scan;
mod send;
mod traces;
mod transaction;
mod width;
mod wire;

use domain::address::{Address, AddressError};
use domain::chain::ChainTransfer;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use self::client::Client;
use self::decode::{Arrival, Spelling};
use self::history::Looked;
use self::range::Contracts;
use self::width::Width;
use self::wire::{Account, Hash};
use crate::chain::{Answer, Chain, ChainError, Head, KnownCoins, NodeHealth, Ours, Scan};
use crate::rpc::Nodes;

pub use self::send::{EvmSendSettings, EvmSender, FeeCaps};

const RANGE_BLOCKS_MAX: u64 = 2_000;
const LOOKBACK_BLOCKS_MAX: u64 = 50_000;

/// How a network is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmSettings {
    pub network: Network,
    pub environment: Environment,
    /// What every node must say its chain is.
    pub chain_id: u64,
    pub contracts: Vec<TokenContract>,
    /// The widest range one scan asks for.
    pub range_blocks_max: u64,
    /// How far below the head a watcher without a cursor begins.
    pub start_depth_blocks: u64,
    /// How far `transfers_to` looks back for tokens; coins are found from any block on.
    pub lookback_blocks_max: u64,
}

/// A token contract whose transfers are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenContract {
    account: Account,
    arrived_by: ArrivedBy,
}

/// What says how much a transfer brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrivedBy {
    /// The contract's log.
    Event,
    /// What the receiver has more after the block than before: of tokens that charge a fee on
    /// transfer, or whose balances move by themselves.
    Balance,
}

/// One EVM network.
pub struct Evm {
    settings: EvmSettings,
    client: Client,
    contracts: Contracts,
    width: Width,
}

impl EvmSettings {
    /// A network with its own chain id and the usual bounds.
    pub fn new(
        network: Network,
        environment: Environment,
        contracts: Vec<TokenContract>,
    ) -> EvmSettings {
        EvmSettings {
            network,
            environment,
            chain_id: network.profile(environment).chain_id,
            contracts,
            range_blocks_max: RANGE_BLOCKS_MAX,
            start_depth_blocks: 0,
            lookback_blocks_max: LOOKBACK_BLOCKS_MAX,
        }
    }
}

impl TokenContract {
    pub fn parse(text: &str, arrived_by: ArrivedBy) -> Result<TokenContract, AddressError> {
        // All EVM networks write accounts alike, so which one is asked makes no difference.
        let address = Address::parse(Network::Ethereum, Environment::Mainnet, text)?;
        let account = Account::parse(address.as_str()).ok_or(AddressError::Malformed)?;
        Ok(TokenContract { account, arrived_by })
    }
}

impl Evm {
    pub fn new(settings: EvmSettings, nodes: Nodes) -> Evm {
        Evm {
            client: Client::new(nodes, settings.chain_id),
            contracts: Contracts::new(settings.contracts.iter().map(|listed| listed.account)),
            width: Width::new(settings.range_blocks_max),
            settings,
        }
    }

    /// The coins an account has now; the largest number if 128 bits do not hold them.
    pub async fn native_balance(&self, address: &Address) -> Result<u128, ChainError> {
        self.client.check_chain_once().await?;
        let balance = self.client.balance(account(address)?).await?;
        Ok(balance.0.unwrap_or(u128::MAX))
    }

    /// The coins an account received in blocks from `since_block` on, those passed on by contracts
    /// included, if it has more than the transfers that are known add up to.
    pub async fn find_internal(
        &self,
        address: &Address,
        since_block: u64,
        known_total: u128,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        if self.native_balance(address).await? <= known_total {
            return Ok(Vec::new());
        }
        let heads = self.client.heads().await?;
        let low = since_block.saturating_sub(1);
        let coins = inside::coins_to(&self.client, account(address)?, low, heads.number).await?;
        if coins.cut.is_some_and(|cut| cut.balance > known_total) {
            self.client.note_lacking(Some(inside::NO_MEMORY));
        }
        self.all_of(Looked { found: coins.found, failed: coins.failed })
    }

    fn spelling(&self) -> Spelling {
        Spelling::new(self.settings.network, self.settings.environment)
    }

    /// What was found, if there can be no more.
    fn all_of(&self, looked: Looked) -> Result<Vec<ChainTransfer>, ChainError> {
        let found = self.told(looked.found);
        match looked.failed {
            None => Ok(found),
            Some(error) if found.is_empty() => Err(error),
            Some(error) => Err(ChainError::Incomplete { found, why: error.to_string() }),
        }
    }

    fn told(&self, mut arrivals: Vec<Arrival>) -> Vec<ChainTransfer> {
        decode::order(&mut arrivals);
        arrivals.dedup_by_key(|arrival| (arrival.transaction, arrival.ordinal));
        let mut spelling = self.spelling();
        arrivals.iter().map(|arrival| spelling.transfer(arrival)).collect()
    }
}

/// An account of an address, which the caller may have taken from another network by mistake.
fn account(address: &Address) -> Result<Account, ChainError> {
    Account::parse(address.as_str())
        .ok_or_else(|| ChainError::Unavailable("this is no address of an EVM network".to_owned()))
}

impl Chain for Evm {
    fn network(&self) -> Network {
        self.settings.network
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(async { Ok(scan::head(&self.client.heads().await?)) })
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::scan(self, from, ours))
    }

    fn scan_anew<'a>(&'a self, first: u64, _: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::scan_anew(self, first))
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async {
            let Some(hash) = Hash::parse(tx_hash) else { return Ok(Vec::new()) };
            self.all_of(history::of_transaction(self, hash).await?)
        })
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(
            async move { self.all_of(history::to_account(self, account(address)?, since).await?) },
        )
    }

    fn unseen_transfers<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
        known: &'a [KnownCoins],
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async move {
            let account = account(address)?;
            self.all_of(history::coins_to_account(self, account, since, known).await?)
        })
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            let header = history::canonical(self, block_number).await?;
            Ok(header.map(|header| header.hash.to_string()))
        })
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.client.health()
    }
}
