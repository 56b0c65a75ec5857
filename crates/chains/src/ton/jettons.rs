//! Whose jetton wallet it is, and of which jetton: asked of the master, for anybody can claim it.
//!
//! A contract may call itself a wallet of any owner and jetton and send any notification. Only the
//! jetton's master computes the one address its wallet for an owner has.
//!
//! Invariant: a jetton is named only after its master named the very wallet the jettons reached.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::account::Account;
use super::client::{Client, Silence};
use crate::chain::ChainError;

const KNOWN_MAX: usize = 50_000;

pub(super) struct Jettons {
    listed: Vec<Account>,
    /// Wallets by master and owner. Only a match is believed: a master whose code is replaced has
    /// other wallets from then on.
    known: Mutex<HashMap<(Account, Account), Account>>,
}

impl Jettons {
    pub(super) fn new(listed: Vec<Account>) -> Jettons {
        Jettons { listed, known: Mutex::default() }
    }

    pub(super) fn listed(&self) -> &[Account] {
        &self.listed
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
            match self.wallet_address(client, master, owner).await {
                Ok(address) if address == *wallet => return Ok(Some(*master)),
                Ok(_) => {}
                Err(Silence::OfContract) => silent.push(*master),
                Err(Silence::OfNodes) => return Err(silent_nodes(master)),
            }
        }
        self.unlisted_master(client, owner, wallet, &silent).await
    }

    /// Goes by what the wallet claims, if its master agrees. It is a stranger's contract, so
    /// whatever goes wrong here must not hold up the scan.
    async fn unlisted_master(
        &self,
        client: &Client,
        owner: &Account,
        wallet: &Account,
        silent: &[Account],
    ) -> Result<Option<Account>, ChainError> {
        let Ok(claim) = client.wallet_claim(wallet).await else { return Ok(None) };
        if claim.owner != *owner {
            return Ok(None);
        }
        if silent.contains(&claim.master) {
            return Err(silent_nodes(&claim.master));
        }
        // Listed masters have answered already, and named another wallet.
        if self.listed.contains(&claim.master) {
            return Ok(None);
        }
        let address = self.wallet_address(client, &claim.master, owner).await;
        Ok((address == Ok(*wallet)).then_some(claim.master))
    }

    /// Asks a master which wallet an owner has.
    pub(super) async fn wallet_address(
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
        for wallet in wallets {
            if owners.contains_key(wallet) {
                continue;
            }
            match client.wallet_claim(wallet).await {
                Ok(claim) => {
                    owners.insert(*wallet, claim.owner);
                }
                Err(Silence::OfContract) => {}
                Err(Silence::OfNodes) => self.check_nodes(client, wallet).await?,
            }
        }
        Ok(owners)
    }

    /// A stranger's contract can make a node fail. If a listed master is answered for, it was the
    /// contract; if not, the nodes have no get-methods now and the wallet may be one of ours.
    async fn check_nodes(&self, client: &Client, wallet: &Account) -> Result<(), ChainError> {
        let Some(master) = self.listed.first() else { return Ok(()) };
        match client.wallet_address(master, wallet).await {
            Ok(_) | Err(Silence::OfContract) => Ok(()),
            Err(Silence::OfNodes) => Err(silent_nodes(master)),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(Account, Account), Account>> {
        // Every insertion is whole, so a panic elsewhere leaves nothing half done.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn silent_nodes(master: &Account) -> ChainError {
    ChainError::Unavailable(format!("no node runs get_wallet_address of {master}"))
}
