//! Whose jetton wallet it is, and of which jetton: asked of the master, for anybody can claim it.
//!
//! A contract may call itself a wallet of any owner and jetton and send any notification. Only the
//! jetton's master computes the one address its wallet for an owner has.
//!
//! A listed master that cannot be asked holds a scan up where a wallet may be of its jetton, so
//! that no payment is lost: as long as it takes if it has answered before, and for a while if it
//! never did. Then it is dead or was never there, and a stranger's wallet that names it must not
//! stop everybody's payments; it is asked again all the same whenever a wallet may be of it.
//!
//! Invariant: a jetton is named only after its master named the very wallet the jettons reached.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::account::Account;
use super::client::{Client, Silence};
use crate::chain::ChainError;

const KNOWN_MAX: usize = 50_000;
/// Jetton wallets that are asked for their owners at the same time.
const CONCURRENT_CLAIMS: usize = 8;

pub(super) struct Jettons {
    listed: Vec<Account>,
    /// How long a listed master that never answered is waited for.
    silence_max: Duration,
    /// Wallets by master and owner. Only a match is believed: a master whose code is replaced has
    /// other wallets from then on.
    known: Mutex<HashMap<(Account, Account), Account>>,
    /// Listed masters that answered in this process, or should have.
    asked: Mutex<HashMap<Account, Experience>>,
}

/// What is known of a listed master from asking it in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Experience {
    HasAnswered,
    /// It never answered, and a wallet may be of its jetton: the scan waits.
    WaitedForSince(Instant),
    /// It never answered for as long as anybody waits; the operator was told.
    PassedOver,
}

impl Jettons {
    pub(super) fn new(listed: Vec<Account>, silence_max: Duration) -> Jettons {
        Jettons { listed, silence_max, known: Mutex::default(), asked: Mutex::default() }
    }

    /// What the operator should know of, if there is anything.
    pub(super) fn complaint(&self) -> Option<String> {
        let asked = self.asked();
        let is_silent = |master: &&Account| asked.get(*master) == Some(&Experience::PassedOver);
        let master = self.listed.iter().find(is_silent)?;
        Some(format!("the listed jetton {master} does not answer: it is not seen"))
    }

    /// The wallets an owner has of the listed jettons.
    pub(super) async fn listed_wallets(
        &self,
        client: &Client,
        owner: &Account,
    ) -> Result<Vec<Account>, ChainError> {
        let mut wallets = Vec::with_capacity(self.listed.len());
        for master in &self.listed {
            wallets.extend(self.ask_listed(client, master, owner).await?);
        }
        Ok(wallets)
    }

    /// The master whose wallet for this owner this is; none if no master says so.
    pub(super) async fn master(
        &self,
        client: &Client,
        owner: &Account,
        wallet: &Account,
    ) -> Result<Option<Account>, ChainError> {
        for master in &self.listed {
            if self.known().get(&(*master, *owner)) == Some(wallet) {
                return Ok(Some(*master));
            }
        }
        let mut silent = Vec::new();
        for master in &self.listed {
            match self.ask_listed(client, master, owner).await? {
                Some(address) if address == *wallet => return Ok(Some(*master)),
                Some(_) => {}
                None => silent.push(*master),
            }
        }
        self.unlisted_master(client, owner, wallet, &silent).await
    }

    /// Asks a listed master; none if it says nothing. It is an error only if the answer may be had
    /// later: the master has answered before, or the nodes run no get-method of anybody's now.
    async fn ask_listed(
        &self,
        client: &Client,
        master: &Account,
        owner: &Account,
    ) -> Result<Option<Account>, ChainError> {
        let mut answer = self.wallet_address(client, master, owner).await;
        if answer == Err(Silence::OfNodes) {
            if self.asked().get(master) == Some(&Experience::HasAnswered) {
                return Err(silent_nodes(master));
            }
            check_nodes(client).await?;
            // They may have begun to answer again only now.
            answer = self.wallet_address(client, master, owner).await;
        }
        if answer.is_ok() {
            self.asked().insert(*master, Experience::HasAnswered);
        }
        Ok(answer.ok())
    }

    /// Whether a wallet that may be of this silent master's jetton holds up the scan.
    fn is_waited_for(&self, master: &Account) -> bool {
        let now = Instant::now();
        let mut asked = self.asked();
        let before = asked.get(master).copied();
        let since = match before {
            Some(Experience::HasAnswered) => return true,
            Some(Experience::PassedOver) => return false,
            Some(Experience::WaitedForSince(since)) => since,
            None => now,
        };
        let is_waited_for = now.duration_since(since) < self.silence_max;
        if !is_waited_for {
            tracing::error!(%master, "a listed jetton's master never answers: it is not seen");
            asked.insert(*master, Experience::PassedOver);
        } else if before.is_none() {
            tracing::warn!(%master, "a listed jetton's master does not answer: the scan waits");
            asked.insert(*master, Experience::WaitedForSince(since));
        }
        is_waited_for
    }

    /// Goes by what the wallet claims, if its master agrees. It is a stranger's contract, so
    /// whatever goes wrong here must not hold up the scan, unless a listed master is silent that
    /// is waited for: then the wallet may be that one's.
    async fn unlisted_master(
        &self,
        client: &Client,
        owner: &Account,
        wallet: &Account,
        silent: &[Account],
    ) -> Result<Option<Account>, ChainError> {
        let Ok(claim) = client.wallet_claim(wallet).await else {
            let waited_for = silent.iter().find(|master| self.is_waited_for(master));
            return waited_for.map_or(Ok(None), |master| Err(silent_nodes(master)));
        };
        if claim.owner != *owner {
            return Ok(None);
        }
        if silent.contains(&claim.master) && self.is_waited_for(&claim.master) {
            return Err(silent_nodes(&claim.master));
        }
        // Listed masters have named another wallet already, or never say anything.
        if self.listed.contains(&claim.master) {
            return Ok(None);
        }
        let address = self.wallet_address(client, &claim.master, owner).await;
        Ok((address == Ok(*wallet)).then_some(claim.master))
    }

    /// Asks a master which wallet an owner has.
    async fn wallet_address(
        &self,
        client: &Client,
        master: &Account,
        owner: &Account,
    ) -> Result<Account, Silence> {
        let address = client.wallet_address(master, owner).await?;
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert((*master, *owner), address);
        Ok(address)
    }

    /// Whom these wallets claim as their owners: the indexer's list knows most of them, a wallet
    /// it has not recognized is asked itself. `master` judges the claims.
    pub(super) async fn owners(
        &self,
        client: &Client,
        wallets: &[Account],
    ) -> Result<HashMap<Account, Account>, ChainError> {
        let mut owners = client.owners(wallets).await?;
        let unknown = wallets.iter().copied().filter(|wallet| !owners.contains_key(wallet));
        let unknown: Vec<Account> = unknown.collect();
        let claims = stream::iter(unknown)
            .map(|wallet| async move { (wallet, client.wallet_claim(&wallet).await) });
        let mut claims = std::pin::pin!(claims.buffered(CONCURRENT_CLAIMS));
        let mut are_nodes_silent = false;
        while let Some((wallet, claim)) = claims.next().await {
            match claim {
                Ok(claim) => {
                    owners.insert(wallet, claim.owner);
                }
                Err(Silence::OfContract) => {}
                Err(Silence::OfNodes) => are_nodes_silent = true,
            }
        }
        if are_nodes_silent && !self.listed.is_empty() {
            check_nodes(client).await?;
        }
        Ok(owners)
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<Account, Experience>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Account, Account), Account>> {
        // Every insertion is whole, so a panic elsewhere leaves nothing half done.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stranger's contract can make a node fail. If the network's own is answered for, it was the
/// contract; if not, the nodes have no get-methods now and the wallet may be one of ours.
async fn check_nodes(client: &Client) -> Result<(), ChainError> {
    if client.runs_get_methods().await {
        return Ok(());
    }
    Err(ChainError::Unavailable("no node runs get-methods".to_owned()))
}

fn silent_nodes(master: &Account) -> ChainError {
    ChainError::Unavailable(format!("no node runs get_wallet_address of {master}"))
}
