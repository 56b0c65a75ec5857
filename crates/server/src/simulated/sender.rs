//! Sending on a simulated network of this house: rows of the store, in one commit with the claim
//! that makes a nonce be used once.
//!
//! A transaction of ours stands beside everybody else's: watchers see it, reorgs move or drop it.

use std::sync::Arc;

use chains::addresses::{AddressBook as _, SimulatedAddresses};
use chains::chain::{Answer, ChainError, NodeHealth};
use chains::send::{
    AccountState, Broadcast, EvmFees, Facts, Fees, KeyRef, Nonces, Order, Outcome, Prepared,
    SendError, Sender, Spend, Told,
};
use chains::simulated as machine;
use chains::simulated::send as sending;
use chains::simulated::send::{GAS_WALLET_COIN, Magic, Taking};
use domain::address::Address;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::simulated::SimulatedTransaction;
use store::CommitError;

use super::{SimulatedNode, unavailable};
use crate::networks::{Books, Simulated};

const TRIES_MAX: usize = 16;
/// Nobody's deposit address: indexes are given out from below and never come here.
const GAS_WALLET_INDEX: u32 = u32::MAX;
const GAS_WALLET_SEED: [u8; 32] = *b"pepay simulated wallet for gas!!";

pub struct SimulatedSender {
    node: Arc<SimulatedNode>,
    books: Arc<Books>,
}

impl SimulatedSender {
    pub fn new(node: Arc<SimulatedNode>, books: Arc<Books>) -> SimulatedSender {
        SimulatedSender { node, books }
    }

    fn place(&self) -> (Environment, Network) {
        (Environment::Devnet, self.node.network)
    }

    fn own(&self, key: KeyRef) -> Result<Address, SendError> {
        let (environment, network) = self.place();
        let address = match key {
            KeyRef::Deposit(_) if self.books.is_watched_only(self.place()) => {
                return Err(SendError::NoKey);
            }
            KeyRef::Deposit(index) => self.books.address(self.place(), index, Simulated::Yes),
            KeyRef::Gas => {
                let wallet = SimulatedAddresses::new(GAS_WALLET_SEED);
                wallet.address(network, environment, GAS_WALLET_INDEX)
            }
        };
        address.map_err(|_| SendError::NoKey)
    }

    async fn account(
        &self,
        address: &Address,
        token: Option<&str>,
    ) -> Result<sending::Account, ChainError> {
        let node = &self.node;
        let chain = node.chain().await.map_err(unavailable)?;
        machine::head(&chain, node.clock.now())?;
        let to = node.store.simulated_transactions_to(node.network, address.as_str()).await;
        let from = node.store.simulated_transactions_from(node.network, address.as_str()).await;
        let (to, from) = (to.map_err(unavailable)?, from.map_err(unavailable)?);
        let mut account = sending::account((&chain, node.clock.now()), token, (&to, &from));
        if self.own(KeyRef::Gas).is_ok_and(|wallet| wallet == *address) {
            account.coin = GAS_WALLET_COIN;
            account.token = account.token.map(|_| GAS_WALLET_COIN);
        }
        Ok(account)
    }

    async fn facts_of(&self, order: &Order) -> Result<Facts, SendError> {
        let token = match &order.spend {
            Spend::Token { contract, .. } => Some(contract.as_str()),
            Spend::Coin(_) | Spend::AllCoin => None,
        };
        let account = self.account(&self.own(order.from)?, token).await?;
        sending::facts(self.node.network, order, account)
    }

    /// Whoever has a nonce, and the claim that says so.
    async fn holder(
        &self,
        signed: &sending::Signed,
    ) -> Result<(Option<Claim>, Option<SimulatedTransaction>), ChainError> {
        let store = &self.node.store;
        let claim = store.get::<Claim>(signed.place()).await.map_err(unavailable)?;
        let Some(claim) = claim else { return Ok((None, None)) };
        let row = store.get::<SimulatedTransaction>(claim.target).await.map_err(unavailable)?;
        Ok((Some(claim), row))
    }

    async fn hand_over(&self, prepared: &Prepared) -> Result<Broadcast, ChainError> {
        let node = &self.node;
        let Some(signed) = sending::read(prepared) else {
            return Err(unavailable("bytes of another network"));
        };
        if signed.is_stuck() {
            return Ok(Broadcast::Unknown("no answer".to_owned()));
        }
        for _ in 0..TRIES_MAX {
            let chain = node.chain().await.map_err(unavailable)?;
            machine::head(&chain, node.clock.now())?;
            let (claim, holder) = self.holder(&signed).await?;
            let taking =
                sending::take(&chain, (prepared, &signed), holder, &mut node.clock.fresh());
            let mut changes = Changes::of(MerchantId::HOUSE);
            match taking {
                Taking::Nothing(answer) => return Ok(answer),
                Taking::Again(row) => changes.update(row),
                Taking::New { row, instead_of } => {
                    if let Some(older) = instead_of {
                        changes.update(older);
                    }
                    match claim {
                        None => changes.insert(Claim::new(signed.place(), row.key())),
                        Some(claim) => changes.update(Claim { target: row.key(), ..claim }),
                    }
                    changes.insert(row);
                }
            }
            match node.store.commit(changes).await {
                Ok(_) if Magic::of(signed.amount) == Some(Magic::AnswerLost) => {
                    return Ok(Broadcast::Unknown("the answer was lost".to_owned()));
                }
                Ok(_) => return Ok(Broadcast::Sent),
                Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Err(unavailable("too many changes at once"))
    }

    async fn look(&self, prepared: &Prepared) -> Result<Outcome, ChainError> {
        let node = &self.node;
        let Some(signed) = sending::read(prepared) else {
            return Err(unavailable("bytes of another network"));
        };
        let chain = node.chain().await.map_err(unavailable)?;
        machine::head(&chain, node.clock.now())?;
        let own = node.store.simulated_transaction(node.network, &prepared.tx_hash).await;
        let (own, (_, holder)) = (own.map_err(unavailable)?, self.holder(&signed).await?);
        Ok(sending::outcome((&chain, node.clock.now()), own.as_ref(), holder.as_ref()))
    }
}

impl Sender for SimulatedSender {
    fn network(&self) -> Network {
        self.node.network
    }

    fn environment(&self) -> Environment {
        Environment::Devnet
    }

    fn address(&self, key: KeyRef) -> Result<Address, SendError> {
        self.own(key)
    }

    fn state<'a>(
        &'a self,
        address: &'a Address,
        token: Option<&'a str>,
    ) -> Answer<'a, AccountState> {
        Box::pin(async move {
            let account = self.account(address, token).await?;
            let nonces = Nonces { latest: account.nonce, pending: account.nonce };
            let (coin, token) = (account.coin, account.token);
            Ok(AccountState { nonces: Some(nonces), coin, token })
        })
    }

    fn fees(&self) -> Answer<'_, Fees> {
        let tip = sending::usual_fee(self.node.network);
        Box::pin(async move { Ok(Fees::Evm(EvmFees { base: None, tip })) })
    }

    fn facts<'a>(&'a self, order: &'a Order) -> Told<'a, Result<Facts, SendError>> {
        Box::pin(self.facts_of(order))
    }

    fn prepare(&self, order: &Order, facts: &Facts) -> Result<Prepared, SendError> {
        let network = self.node.network;
        let from = self.own(order.from)?;
        sending::prepare((network, &from), order, facts, sending::usual_fee(network))
    }

    fn replace(
        &self,
        order: &Order,
        facts: &Facts,
        stuck: &Prepared,
    ) -> Result<Prepared, SendError> {
        let old = sending::read(stuck).ok_or(SendError::Malformed("bytes of another network"))?;
        let fee = TokenAmount(old.fee.0 + old.fee.0.div_ceil(8));
        let most = TokenAmount(sending::usual_fee(self.node.network).0 * 10);
        if fee > most {
            return Err(SendError::FeesAboveCap { asked: fee, cap: most });
        }
        let from = self.own(order.from)?;
        let facts = facts.clone().at_nonce(old.nonce);
        sending::prepare((self.node.network, &from), order, &facts, fee)
    }

    fn broadcast<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Broadcast> {
        Box::pin(async move {
            let answer = self.hand_over(prepared).await;
            answer.unwrap_or_else(|error| Broadcast::Unknown(error.to_string()))
        })
    }

    fn outcome<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Outcome> {
        Box::pin(async move {
            let found = self.look(prepared).await;
            found.unwrap_or_else(|error| Outcome::Unknown(error.to_string()))
        })
    }

    fn health(&self) -> Vec<NodeHealth> {
        Vec::new()
    }
}
