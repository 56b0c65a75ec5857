//! Sending on EVM networks: coins and ERC-20 tokens, from deposit addresses and the gas wallet.
//!
//! What is asked of the nodes is in `send/nodes`, how they refuse in `send/refusals`, what a
//! transaction offers for gas in `send/offer`; here an order becomes a transaction.
//!
//! Invariant: at most one of all the transactions signed with one nonce is ever included, so one
//! intent is one nonce. `Gone` is only said of a transaction whose nonce is used so deep in the
//! chain that it stays so, by every node that answers, while none of them has the transaction.

mod nodes;
mod offer;
mod refusals;

use std::sync::Arc;

use domain::address::Address;
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;

use self::nodes::SendingNodes;
use self::offer::Aim;
use super::account;
use super::transaction::{Price, Transaction};
use super::wire::{Account, Hash};
use crate::addresses::NoAddress;
use crate::chain::{Answer, ChainError, NodeHealth};
use crate::keys::signing::{KeyRef, Signers};
use crate::rpc::Nodes;
use crate::send::{
    AccountState, Broadcast, EvmFacts, EvmOffer, Facts, Fees, Order, Outcome, Place, Prepared,
    SendError, Sender, Spend, Told,
};

pub use self::offer::FeeCaps;

/// `transfer(address,uint256)`.
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// A payment of coins to somebody who is no contract costs exactly this much gas.
const GAS_OF_COINS: u64 = 21_000;
/// Full nodes remember the nonces after this many blocks.
const FINAL_DEPTH_MAX: u64 = 120;
/// The leanest of the usual nodes, pruned reth, keeps 10,064.
const RECEIPTS_KEPT_BLOCKS: u64 = 8_000;

/// What is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvmSendSettings {
    pub network: Network,
    pub environment: Environment,
    pub chain_id: u64,
    pub caps: FeeCaps,
    /// Blocks on top of a used nonce, itself included, after which it is taken for used for ever.
    pub final_depth_blocks: u64,
    /// Blocks for which every node keeps receipts: of what is older, none is no proof.
    pub receipts_kept_blocks: u64,
}

/// One EVM network and our keys on it.
pub struct EvmSender {
    settings: EvmSendSettings,
    nodes: SendingNodes,
    keys: Arc<Signers>,
}

impl EvmSendSettings {
    /// A network with its own chain id, the usual caps and its deepest confirmation depth.
    pub fn new(network: Network, environment: Environment) -> EvmSendSettings {
        let profile = network.profile(environment);
        EvmSendSettings {
            network,
            environment,
            chain_id: profile.chain_id,
            caps: FeeCaps::usual(network),
            final_depth_blocks: profile.confirmations.large.min(FINAL_DEPTH_MAX),
            receipts_kept_blocks: RECEIPTS_KEPT_BLOCKS,
        }
    }
}

/// What an order comes to on chain.
struct Call {
    to: Account,
    /// None for all there is.
    value: Option<u128>,
    data: Vec<u8>,
}

impl EvmSender {
    pub fn new(settings: EvmSendSettings, nodes: Nodes, keys: Arc<Signers>) -> EvmSender {
        let nodes = SendingNodes::new(nodes, &settings);
        EvmSender { settings, nodes, keys }
    }

    fn own_account(&self, key: KeyRef) -> Result<Account, SendError> {
        account(&self.address(key)?).map_err(SendError::Chain)
    }

    async fn facts_of(&self, order: &Order) -> Result<EvmFacts, SendError> {
        let from = self.own_account(order.from)?;
        let call = call(order)?;
        let token = contract(order)?.map(|contract| (contract, from));
        let state = self.nodes.state(from, token).await?;
        let (at_block, fees) = self.nodes.head_and_fees().await?;
        let coin = state.coin;
        if let (Spend::Token { amount, .. }, Some(has)) = (&order.spend, state.token)
            && has < *amount
        {
            return Err(SendError::NotEnoughToken { needed: *amount, has });
        }
        let value = call.value.unwrap_or(coin.0);
        if value > coin.0 {
            return Err(SendError::NotEnoughToken { needed: TokenAmount(value), has: coin });
        }
        if call.value.is_none() && value == 0 {
            let needed = TokenAmount(1);
            return Err(SendError::NotEnoughCoin { needed, has: coin, fee: needed });
        }
        let gas = self.nodes.gas(from, call.to, value, &call.data).await?;
        if contract(order)?.is_some() {
            self.nodes.check_transfer(from, call.to, &call.data).await?;
        }
        let nonce = state.nonces.map_or(0, |nonces| nonces.latest);
        let mut facts = EvmFacts {
            at_block,
            nonce,
            gas: if gas == GAS_OF_COINS { gas } else { gas.saturating_add(gas / 4) },
            fees,
            coin,
            token: state.token,
            data_fee: TokenAmount::ZERO,
        };
        if let Network::Base | Network::Optimism = self.settings.network {
            let sample = self.transaction(
                &call,
                value,
                &facts,
                Price::Dynamic { most: u128::from(u64::MAX), tip: u128::from(u64::MAX) },
            );
            facts.data_fee = self.nodes.data_fee(&sample.unsigned()).await?;
        }
        Ok(facts)
    }

    fn transaction(&self, call: &Call, value: u128, facts: &EvmFacts, price: Price) -> Transaction {
        Transaction {
            chain_id: self.settings.chain_id,
            nonce: facts.nonce,
            gas: facts.gas,
            price,
            to: call.to,
            value,
            data: call.data.clone(),
        }
    }

    fn sign(
        &self,
        order: &Order,
        facts: &EvmFacts,
        offer: EvmOffer,
    ) -> Result<Prepared, SendError> {
        let call = call(order)?;
        let gas_cost = u128::from(facts.gas).saturating_mul(offer.most.0);
        let max_cost = gas_cost.saturating_add(facts.data_fee.0);
        let has = facts.coin;
        let value = match call.value {
            Some(value) => value,
            // One more than the fee: sending nothing would only cost.
            None => {
                let needed = TokenAmount(max_cost.saturating_add(1));
                let left = has.0.checked_sub(max_cost).filter(|left| *left > 0);
                left.ok_or(SendError::NotEnoughCoin { needed, has, fee: needed })?
            }
        };
        if value > has.0 {
            return Err(SendError::NotEnoughToken { needed: TokenAmount(value), has });
        }
        let needed = TokenAmount(value.saturating_add(max_cost));
        if needed > has {
            let fee = TokenAmount(max_cost);
            return Err(SendError::NotEnoughCoin { needed, has, fee });
        }
        let price = match offer.tip {
            Some(tip) => Price::Dynamic { most: offer.most.0, tip: tip.0 },
            None => Price::One(offer.most.0),
        };
        let signer = self.keys.evm(order.from).map_err(no_key)?;
        let signed = self.transaction(&call, value, facts, price).signed(&signer);
        let amount = match &order.spend {
            Spend::Coin(_) | Spend::AllCoin => TokenAmount(value),
            Spend::Token { amount, .. } => *amount,
        };
        let account = self.address(order.from)?.as_str().to_owned();
        Ok(Prepared {
            raw: signed.raw,
            tx_hash: signed.hash.to_string(),
            place: Place::Nonce {
                account,
                nonce: facts.nonce,
                fees: offer,
                since_block: facts.at_block,
            },
            amount,
            max_cost: TokenAmount(max_cost),
        })
    }
}

impl Sender for EvmSender {
    fn network(&self) -> Network {
        self.settings.network
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn address(&self, key: KeyRef) -> Result<Address, SendError> {
        if self.keys.environment() != self.settings.environment {
            return Err(SendError::NoKey);
        }
        self.keys.address(self.settings.network, key).map_err(no_key)
    }

    fn state<'a>(
        &'a self,
        address: &'a Address,
        token: Option<&'a str>,
    ) -> Answer<'a, AccountState> {
        Box::pin(async move {
            let owner = account(address)?;
            let no_contract = "this is no address of a contract".to_owned();
            let contract =
                token.map(|text| parse(text).ok_or(ChainError::Unavailable(no_contract)));
            let token = contract.transpose()?.map(|contract| (contract, owner));
            match self.nodes.state(owner, token).await {
                Ok(state) => Ok(state),
                Err(SendError::Chain(error)) => Err(error),
                Err(other) => Err(ChainError::Unavailable(other.to_string())),
            }
        })
    }

    fn fees(&self) -> Answer<'_, Fees> {
        Box::pin(async {
            let (_, fees) = self.nodes.head_and_fees().await?;
            Ok(Fees::Evm(fees))
        })
    }

    fn facts<'a>(&'a self, order: &'a Order) -> Told<'a, Result<Facts, SendError>> {
        Box::pin(async { self.facts_of(order).await.map(Facts::Evm) })
    }

    fn prepare(&self, order: &Order, facts: &Facts) -> Result<Prepared, SendError> {
        let facts = own(facts)?;
        let offer = self.settings.caps.offer(facts.fees, aim(order))?;
        self.sign(order, facts, offer)
    }

    fn replace(
        &self,
        order: &Order,
        facts: &Facts,
        stuck: &Prepared,
    ) -> Result<Prepared, SendError> {
        let Place::Nonce { account, nonce, fees, .. } = &stuck.place else {
            return Err(SendError::Malformed("what is stuck is of another network"));
        };
        if *account != self.address(order.from)?.as_str() {
            return Err(SendError::Malformed("what is stuck is another account's"));
        }
        let facts = EvmFacts { nonce: *nonce, ..own(facts)?.clone() };
        let offer = self.settings.caps.higher_offer(facts.fees, aim(order), *fees)?;
        self.sign(order, &facts, offer)
    }

    fn broadcast<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Broadcast> {
        Box::pin(async {
            match Hash::parse(&prepared.tx_hash) {
                Some(hash) => self.nodes.broadcast(hash, &prepared.raw).await,
                None => Broadcast::Unknown("this is no transaction of the network".to_owned()),
            }
        })
    }

    fn outcome<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Outcome> {
        Box::pin(async {
            let Place::Nonce { account, nonce, since_block, .. } = &prepared.place else {
                return Outcome::Unknown("this is no transaction of the network".to_owned());
            };
            let (Some(hash), Some(account)) = (Hash::parse(&prepared.tx_hash), parse(account))
            else {
                return Outcome::Unknown("this is no transaction of the network".to_owned());
            };
            match self.nodes.outcome(hash, account, *nonce, *since_block).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Unknown(error.to_string()),
            }
        })
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }
}

fn no_key(_: NoAddress) -> SendError {
    SendError::NoKey
}

fn own(facts: &Facts) -> Result<&EvmFacts, SendError> {
    match facts {
        Facts::Evm(facts) => Ok(facts),
        Facts::Solana(_) => Err(SendError::Malformed("the facts are of another network")),
    }
}

fn aim(order: &Order) -> Aim {
    match order.spend {
        Spend::AllCoin => Aim::ExactCost,
        Spend::Coin(_) | Spend::Token { .. } => Aim::SoonIncluded,
    }
}

fn contract(order: &Order) -> Result<Option<Account>, SendError> {
    match &order.spend {
        Spend::Coin(_) | Spend::AllCoin => Ok(None),
        Spend::Token { contract, .. } => parse_contract(contract).map(Some),
    }
}

fn call(order: &Order) -> Result<Call, SendError> {
    let receiver = account(&order.to)
        .map_err(|_| SendError::Malformed("the receiver is no account of the network"))?;
    Ok(match &order.spend {
        Spend::Coin(amount) => Call { to: receiver, value: Some(amount.0), data: vec![] },
        Spend::AllCoin => Call { to: receiver, value: None, data: vec![] },
        Spend::Token { contract, amount } => {
            let mut data = TRANSFER.to_vec();
            data.extend(receiver.padded().0);
            data.extend([0; 16]);
            data.extend(amount.0.to_be_bytes());
            Call { to: parse_contract(contract)?, value: Some(0), data }
        }
    })
}

fn parse_contract(text: &str) -> Result<Account, SendError> {
    parse(text).ok_or(SendError::Malformed("the contract is no account of the network"))
}

/// Reads an account in any letter case, with its checksum if it has one.
fn parse(text: &str) -> Option<Account> {
    let address = Address::parse(Network::Ethereum, Environment::Mainnet, text).ok()?;
    Account::parse(address.as_str())
}
