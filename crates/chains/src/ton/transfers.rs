//! From arrivals to transfers: what every way of looking tells in the same words.
//!
//! Invariant: a payment's identity comes from one transaction alone, however it was found. Coins
//! are transfer 0 of the transaction on the paid account; jettons are transfer 1 of the
//! transaction on the receiver's jetton wallet, whether or not it notified the owner afterwards.

use std::collections::{BTreeSet, HashMap};

use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Ton;
use super::account::Account;
use super::decode::{Arrival, Jettons};
use crate::chain::{ChainError, Ours};

const COINS_ORDINAL: u32 = 0;
const JETTONS_ORDINAL: u32 = 1;
/// Addresses shown to `ours` at once.
const ASKED_MAX: usize = 4_096;
/// Jetton wallets whose masters are asked at the same time.
const CONCURRENT_WALLETS: usize = 8;

/// Which receivers are worth the requests that prove a transfer.
pub(super) enum Wanted<'a> {
    Everybody,
    Ours(&'a dyn Ours),
}

impl Ton {
    /// The transfers of these arrivals to whoever is wanted, in their order.
    pub(super) async fn transfers(
        &self,
        arrivals: &[(&BlockRef, Arrival)],
        wanted: Wanted<'_>,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let owners = self.owners(arrivals).await?;
        let owner = |arrival: &Arrival, jettons: &Jettons| {
            jettons.notified.or_else(|| owners.get(&arrival.account).copied())
        };
        let mut receivers = BTreeSet::new();
        for (_, arrival) in arrivals {
            receivers.extend(arrival.coins.as_ref().map(|_| arrival.account));
            receivers.extend(arrival.jettons.as_ref().and_then(|it| owner(arrival, it)));
        }
        let receivers = self.wanted(receivers, wanted).await?;
        let mut claimed = BTreeSet::new();
        for (_, arrival) in arrivals {
            let owner = arrival.jettons.as_ref().and_then(|it| owner(arrival, it));
            let owner = owner.filter(|owner| receivers.contains_key(owner));
            claimed.extend(owner.map(|owner| (owner, arrival.account)));
        }
        let masters = self.masters(claimed).await?;
        let mut transfers = Vec::new();
        for (block, arrival) in arrivals {
            if let Some(coins) = &arrival.coins
                && let Some(to) = receivers.get(&arrival.account)
            {
                let from = Some(coins.from);
                let paid = Paid { ordinal: COINS_ORDINAL, from, amount: coins.amount };
                transfers.push(self.transfer(block, arrival, AssetRef::Native, paid, to));
            }
            if let Some(jettons) = &arrival.jettons
                && let Some(owner) = owner(arrival, jettons)
                && let Some(to) = receivers.get(&owner)
                && let Some(master) = masters.get(&(owner, arrival.account))
            {
                let asset = AssetRef::Contract(self.spelled(master));
                let paid =
                    Paid { ordinal: JETTONS_ORDINAL, from: jettons.from, amount: jettons.amount };
                transfers.push(self.transfer(block, arrival, asset, paid, to));
            }
        }
        Ok(transfers)
    }

    /// The owners that no notification names.
    async fn owners(
        &self,
        arrivals: &[(&BlockRef, Arrival)],
    ) -> Result<HashMap<Account, Account>, ChainError> {
        let unnamed = arrivals.iter().filter(|(_, arrival)| {
            arrival.jettons.as_ref().is_some_and(|jettons| jettons.notified.is_none())
        });
        let wallets: BTreeSet<Account> = unnamed.map(|(_, arrival)| arrival.account).collect();
        self.jettons.owners(&self.client, &Vec::from_iter(wallets)).await
    }

    /// The masters of those of these owners' wallets that are what they claim to be. Each is asked
    /// about once, however many transfers a stranger sends it.
    async fn masters(
        &self,
        claimed: BTreeSet<(Account, Account)>,
    ) -> Result<HashMap<(Account, Account), Account>, ChainError> {
        let judged = stream::iter(claimed).map(|(owner, wallet)| async move {
            let master = self.jettons.master(&self.client, &owner, &wallet).await?;
            Ok::<_, ChainError>(((owner, wallet), master))
        });
        let judged: Vec<_> = judged.buffered(CONCURRENT_WALLETS).try_collect().await?;
        let known = judged.into_iter().filter_map(|(claim, master)| Some((claim, master?)));
        Ok(known.collect())
    }

    async fn wanted(
        &self,
        receivers: BTreeSet<Account>,
        wanted: Wanted<'_>,
    ) -> Result<HashMap<Account, String>, ChainError> {
        let receivers: Vec<Account> = receivers.into_iter().collect();
        let mut spelled = HashMap::new();
        for receivers in receivers.chunks(ASKED_MAX) {
            let addresses: Vec<String> = receivers.iter().map(|it| self.spelled(it)).collect();
            let are_wanted = match wanted {
                Wanted::Everybody => vec![true; addresses.len()],
                Wanted::Ours(ours) => ours.among(&addresses).await?,
            };
            let pairs = receivers.iter().copied().zip(addresses).zip(are_wanted);
            spelled.extend(pairs.filter_map(|(pair, is_wanted)| is_wanted.then_some(pair)));
        }
        Ok(spelled)
    }

    fn transfer(
        &self,
        block: &BlockRef,
        arrival: &Arrival,
        asset: AssetRef,
        paid: Paid,
        to: &str,
    ) -> ChainTransfer {
        ChainTransfer {
            tx_hash: arrival.tx_hash.clone(),
            ordinal: paid.ordinal,
            log_index: None,
            asset,
            amount: Some(TokenAmount(paid.amount)),
            from: paid.from.map(|from| self.spelled(&from)),
            to: to.to_owned(),
            block: block.clone(),
        }
    }

    fn spelled(&self, account: &Account) -> String {
        let environment: Environment = self.client.environment;
        account.address(environment).as_str().to_owned()
    }
}

struct Paid {
    ordinal: u32,
    from: Option<Account>,
    amount: u128,
}
