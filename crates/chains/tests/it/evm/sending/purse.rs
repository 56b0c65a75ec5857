//! A node with our keys on it: money for them, and the sender under test.

use std::sync::Arc;

use chains::evm::{EvmSendSettings, EvmSender};
use chains::keys::signing::{KeyRef, Signers};
use chains::keys::words::Words;
use chains::rpc::Nodes;
use chains::send::{
    Broadcast, Facts, Inclusion, Order, Outcome, Prepared, SendError, Sender as _, Spend,
};
use domain::address::Address;
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use serde_json::{Value, json};

use crate::evm::testnet::{ALICE, Testnet, address, nodes};

pub const ETHER: u128 = 1_000_000_000_000_000_000;
/// Blocks after which a used nonce is taken for used for ever.
pub const FINAL_DEPTH: u64 = 3;
pub const DEPOSIT: KeyRef = KeyRef::Deposit(4);

pub struct Purse {
    pub testnet: Testnet,
    pub sender: EvmSender,
}

impl Purse {
    pub fn start(network: Network) -> Purse {
        let testnet = Testnet::start(network);
        let sender = sender(network, nodes(&[&testnet.url]));
        Purse { testnet, sender }
    }

    pub fn sender_through(&self, urls: &[&str]) -> EvmSender {
        sender(self.testnet.network, nodes(urls))
    }

    pub async fn has_coins(&self, key: KeyRef, wei: u128) {
        let address = self.sender.address(key).expect("a key");
        self.testnet.rpc("anvil_setBalance", json!([address.as_str(), format!("{wei:#x}")])).await;
    }

    pub fn has_tokens(&mut self, token: &str, key: KeyRef, amount: &str) {
        let address = self.sender.address(key).expect("a key");
        self.testnet.pay(json!(["mint", token, address.as_str(), amount]));
    }

    pub async fn coins(&self, address: &Address) -> u128 {
        self.sender.state(address, None).await.expect("an answer").coin.0
    }

    pub async fn tokens(&self, address: &Address) -> u128 {
        let contract = self.testnet.contract("Dollar");
        let state = self.sender.state(address, Some(&contract)).await.expect("an answer");
        state.token.expect("a balance").0
    }

    pub fn of_tokens(&self, token: &str, amount: u128) -> Order {
        let contract = self.testnet.contract(token);
        order(DEPOSIT, Spend::Token { contract, amount: TokenAmount(amount) })
    }

    pub async fn prepared(&self, order: &Order) -> Prepared {
        let facts = self.facts(order).await;
        self.sender.prepare(order, &facts).expect("signed")
    }

    pub async fn prepared_at(&self, order: &Order, nonce: u64) -> Prepared {
        let facts = self.facts(order).await.at_nonce(nonce);
        self.sender.prepare(order, &facts).expect("signed")
    }

    pub async fn facts(&self, order: &Order) -> Facts {
        self.sender.facts(order).await.expect("facts")
    }

    pub async fn refused(&self, order: &Order) -> SendError {
        match self.sender.facts(order).await {
            Ok(facts) => self.sender.prepare(order, &facts).expect_err("nothing is signed"),
            Err(error) => error,
        }
    }

    pub async fn sent(&self, prepared: &Prepared) {
        assert_eq!(self.sender.broadcast(prepared).await, Broadcast::Sent);
    }

    pub async fn included(&self, prepared: &Prepared) -> Inclusion {
        match self.sender.outcome(prepared).await {
            Outcome::Included(inclusion) => inclusion,
            other => panic!("{other:?}"),
        }
    }

    /// Blocks come only when a test says so.
    pub async fn hold_blocks(&self) {
        self.testnet.rpc("evm_setAutomine", json!([false])).await;
    }

    pub fn parsed(&mut self, prepared: &Prepared) -> Value {
        let digits: String = prepared.raw.iter().map(|byte| format!("{byte:02x}")).collect();
        self.testnet.ask(json!(["parsed", format!("0x{digits}")]))
    }
}

pub fn sender(network: Network, nodes: Nodes) -> EvmSender {
    let words = Words::from_entropy(&[7; 32]).expect("words");
    let keys = Signers::new(&words, Environment::Mainnet).expect("keys");
    let settings = EvmSendSettings {
        final_depth_blocks: FINAL_DEPTH,
        ..EvmSendSettings::new(network, Environment::Mainnet)
    };
    EvmSender::new(settings, nodes, Arc::new(keys))
}

pub fn order(from: KeyRef, spend: Spend) -> Order {
    Order { from, to: address(ALICE), spend }
}

pub fn of_coins(wei: u128) -> Order {
    order(DEPOSIT, Spend::Coin(TokenAmount(wei)))
}
