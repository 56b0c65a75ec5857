//! Sending on the network's real programs: what is signed, what web3.js reads of it, what becomes
//! of it, and how its blockhash's age decides whether it can be sent anew.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chains::keys::signing::{KeyRef, Signers};
use chains::keys::words::Words;
use chains::rpc::{Endpoint, Limits, Nodes};
use chains::send::{
    Broadcast, Facts, Inclusion, Order, Outcome, Place, Prepared, Refusal, SendError, Sender as _,
    Spend,
};
use chains::solana::{
    SolanaSendSettings, SolanaSender, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, associated_token_account,
};
use domain::address::Address;
use domain::environment::Environment;
use domain::money::TokenAmount;
use serde_json::{Value, json};

use super::node::{Net, parse, somebody};
use crate::fault::{Fault, Faulty};

const SOL: u128 = 1_000_000_000;
const DEPOSIT: KeyRef = KeyRef::Deposit(4);
/// A blockhash is good for 150 blocks, and 31 more make the last of them final.
const BLOCKS_OF_A_LIFE: u64 = 190;

struct Purse {
    net: Net,
    sender: SolanaSender,
}

fn sender(nodes: Nodes, genesis_hash: Option<String>) -> SolanaSender {
    let words = Words::from_entropy(&[7; 32]).expect("words");
    let keys = Signers::new(&words, Environment::Devnet).expect("keys");
    let settings = SolanaSendSettings::new(Environment::Devnet);
    SolanaSender::new(SolanaSendSettings { genesis_hash, ..settings }, nodes, Arc::new(keys))
}

impl Purse {
    /// The gas wallet has a SOL, nobody else anything.
    async fn start() -> Purse {
        let net = Net::start();
        // A validator tells of what is confirmed to whoever asks for that.
        net.faults("a", json!({ "showsUnfinal": true })).await;
        let sender = sender(net.nodes(&["a"]), Some(net.genesis.clone()));
        let purse = Purse { net, sender };
        purse.gets(KeyRef::Gas, "native", SOL).await;
        purse
    }

    fn address(&self, key: KeyRef) -> Address {
        self.sender.address(key).expect("a key")
    }

    async fn gets(&self, key: KeyRef, asset: &str, amount: u128) {
        let to = self.address(key);
        let step = json!({ "asset": asset, "to": to.as_str(), "amount": amount.to_string() });
        self.net.pay(json!({ "steps": [step] })).await;
    }

    fn of_tokens(&self, token: &str, to: &Address, amount: u128) -> Order {
        let contract = self.net.mint(token);
        let spend = Spend::Token { contract, amount: TokenAmount(amount) };
        Order { from: DEPOSIT, to: to.clone(), spend }
    }

    async fn coins(&self, address: &Address) -> u128 {
        self.sender.state(address, None).await.expect("an answer").coin.0
    }

    async fn tokens(&self, token: &str, address: &Address) -> u128 {
        let mint = self.net.mint(token);
        let state = self.sender.state(address, Some(&mint)).await.expect("an answer");
        assert_eq!(state.nonces, None);
        state.token.expect("a balance").0
    }

    async fn facts(&self, order: &Order) -> Facts {
        self.sender.facts(order).await.expect("facts")
    }

    async fn prepared(&self, order: &Order) -> Prepared {
        self.sender.prepare(order, &self.facts(order).await).expect("signed")
    }

    async fn refused(&self, order: &Order) -> SendError {
        match self.sender.facts(order).await {
            Ok(facts) => self.sender.prepare(order, &facts).expect_err("nothing is signed"),
            Err(error) => error,
        }
    }

    /// Sends, and waits until a block has it.
    async fn sent(&self, prepared: &Prepared) -> Inclusion {
        assert_eq!(self.sender.broadcast(prepared).await, Broadcast::Sent);
        included(&self.sender, prepared).await
    }

    async fn parsed(&self, prepared: &Prepared, owner: &Address) -> Value {
        let raw = STANDARD.encode(&prepared.raw);
        self.net.command("parsed", json!({ "raw": raw, "owner": owner.as_str() })).await
    }
}

/// Asks until the transaction is included: a node answers before it has executed it.
async fn included(sender: &SolanaSender, prepared: &Prepared) -> Inclusion {
    let mut last = Outcome::Pending;
    for _ in 0..5_000 {
        last = sender.outcome(prepared).await;
        if let Outcome::Included(inclusion) = last {
            return inclusion;
        }
    }
    panic!("{last:?}");
}

fn coins(from: KeyRef, to: &Address, lamports: u128) -> Order {
    Order { from, to: to.clone(), spend: Spend::Coin(TokenAmount(lamports)) }
}

#[tokio::test]
async fn solana_sends_tokens_of_both_programs_and_makes_the_account_that_is_missing() {
    let purse = Purse::start().await;
    let (deposit, gas_wallet) = (purse.address(DEPOSIT), purse.address(KeyRef::Gas));
    for (seed, token, program) in [(1, "usdc", TOKEN_PROGRAM), (2, "taxed", TOKEN_2022_PROGRAM)] {
        let merchant = somebody(seed);
        purse.gets(DEPOSIT, token, 10_000_000).await;
        let has = purse.tokens(token, &deposit).await;
        assert_eq!(purse.coins(&deposit).await, 0, "the deposit address has no SOL");
        let before = purse.coins(&gas_wallet).await;

        let order = purse.of_tokens(token, &merchant, 1_000_000);
        let Facts::Solana(facts) = purse.facts(&order).await else { panic!() };
        let told = facts.token.clone().expect("tokens");
        assert_eq!((told.program.as_str(), told.decimals, told.balance.0), (program, 6, has));
        assert!(told.rent_of_new_account.is_some());
        let prepared = purse.sender.prepare(&order, &Facts::Solana(facts)).expect("signed");
        check_parsed(&purse, &prepared, token, &merchant).await;
        let first = purse.sent(&prepared).await;
        assert!(first.is_success && first.fee_paid <= prepared.max_cost, "{first:?}");

        // The rest goes into the account that is there now.
        let order = purse.of_tokens(token, &merchant, has - 1_000_000);
        let Facts::Solana(facts) = purse.facts(&order).await else { panic!() };
        assert_eq!(facts.token.as_ref().expect("tokens").rent_of_new_account, None);
        let prepared = purse.sender.prepare(&order, &Facts::Solana(facts)).expect("signed");
        let second = purse.sent(&prepared).await;
        assert!(second.is_success && second.fee_paid < first.fee_paid, "{second:?}");
        assert_eq!(second.fee_paid, prepared.max_cost, "without rent the cost is exact");

        assert_eq!(purse.tokens(token, &deposit).await, 0);
        // The taxed mint keeps one per cent of each transfer.
        let arrived = if token == "taxed" { has * 99 / 100 } else { has };
        assert_eq!(purse.tokens(token, &merchant).await, arrived);
        let left = before - first.fee_paid.0 - second.fee_paid.0;
        assert_eq!(purse.coins(&gas_wallet).await, left, "costs are told to the last lamport");
    }
}

async fn check_parsed(purse: &Purse, prepared: &Prepared, token: &str, merchant: &Address) {
    let parsed = purse.parsed(prepared, merchant).await;
    let (deposit, gas_wallet) = (purse.address(DEPOSIT), purse.address(KeyRef::Gas));
    assert_eq!(parsed["isVerified"], true);
    assert_eq!(parsed["feePayer"], gas_wallet.as_str());
    assert_eq!(parsed["signers"], json!([gas_wallet.as_str(), deposit.as_str()]));
    let Place::Blockhash { blockhash, .. } = &prepared.place else { panic!() };
    assert_eq!(parsed["blockhash"], blockhash.as_str());
    let instructions = parsed["instructions"].as_array().expect("a list");
    let kinds: Vec<&Value> = instructions.iter().map(|one| &one["is"]).collect();
    let associated = json!("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
    let kinds_expected =
        [json!("SetComputeUnitLimit"), json!("SetComputeUnitPrice"), associated, json!("tokens")];
    assert_eq!(kinds, kinds_expected.iter().collect::<Vec<_>>());
    let transfer = &instructions[3];
    assert_eq!(transfer["to"], parsed["tokenAccounts"][token]);
    assert_eq!(transfer["owner"], deposit.as_str());
    assert_eq!(transfer["mint"], purse.net.mint(token));
    assert_eq!((&transfer["amount"], &transfer["decimals"]), (&json!("1000000"), &json!(6)));
}

#[tokio::test]
async fn solana_sends_all_coins_and_leaves_nothing_behind() {
    let purse = Purse::start().await;
    let merchant = somebody(3);
    purse.gets(DEPOSIT, "native", SOL / 2).await;
    let all = |from| Order { from, to: merchant.clone(), spend: Spend::AllCoin };
    let prepared = purse.prepared(&all(DEPOSIT)).await;
    let parsed = purse.parsed(&prepared, &merchant).await;
    let transfer = &parsed["instructions"][2];
    let amount = (SOL / 2).to_string();
    assert_eq!((&transfer["is"], &transfer["amount"]), (&json!("coins"), &json!(amount)));
    assert_eq!(transfer["to"], merchant.as_str());
    assert!(purse.sent(&prepared).await.is_success);
    assert_eq!(purse.coins(&purse.address(DEPOSIT)).await, 0);

    // The gas wallet pays for itself, with one signature.
    let has = purse.coins(&purse.address(KeyRef::Gas)).await;
    let prepared = purse.prepared(&all(KeyRef::Gas)).await;
    let signers = purse.parsed(&prepared, &merchant).await["signers"].clone();
    assert_eq!(signers, json!([purse.address(KeyRef::Gas).as_str()]));
    let inclusion = purse.sent(&prepared).await;
    assert_eq!(inclusion.fee_paid, prepared.max_cost);
    assert_eq!(prepared.amount.0 + inclusion.fee_paid.0, has);
    assert_eq!(purse.coins(&purse.address(KeyRef::Gas)).await, 0);
    assert_eq!(purse.coins(&merchant).await, SOL / 2 + prepared.amount.0);
}

#[tokio::test]
async fn solana_refuses_before_it_signs_what_would_fail() {
    let purse = Purse::start().await;
    purse.gets(DEPOSIT, "usdc", 10).await;
    let merchant = somebody(4);
    let (needed, has) = (TokenAmount(11), TokenAmount(10));
    let refused = purse.refused(&purse.of_tokens("usdc", &merchant, 11)).await;
    assert_eq!(refused, SendError::NotEnoughToken { needed, has });
    let contract = merchant.as_str().to_owned();
    let no_mint = Spend::Token { contract, amount: TokenAmount(1) };
    let order = Order { from: DEPOSIT, to: merchant.clone(), spend: no_mint };
    assert!(matches!(purse.refused(&order).await, SendError::Malformed(_)));
    // Tokens sent to somebody's token account instead of him would be lost.
    let deposit = purse.address(DEPOSIT);
    let mint = purse.net.mint("usdc");
    let account = associated_token_account(deposit.as_str(), &mint, TOKEN_PROGRAM).expect("one");
    let refused = purse.refused(&purse.of_tokens("usdc", &parse(&account), 1)).await;
    assert!(matches!(refused, SendError::Malformed(_)), "{refused:?}");
    let refused = purse.refused(&coins(DEPOSIT, &merchant, 1)).await;
    assert!(matches!(refused, SendError::NotEnoughToken { .. }), "{refused:?}");
    // An account cannot be opened with one lamport.
    let refused = purse.refused(&coins(KeyRef::Gas, &merchant, 1)).await;
    assert!(matches!(refused, SendError::WouldFail(_)), "{refused:?}");
    let gas_wallet = purse.address(KeyRef::Gas);
    let all = Order { from: KeyRef::Gas, to: merchant.clone(), spend: Spend::AllCoin };
    let facts = purse.facts(&all).await;
    let prepared = purse.sender.prepare(&all, &facts).expect("signed");
    let refused = purse.sender.replace(&all, &facts, &prepared);
    assert_eq!(refused, Err(SendError::NotReplaceable));
    purse.sent(&prepared).await;
    assert_eq!(purse.coins(&gas_wallet).await, 0);
    // Nobody is left to pay fees.
    let refused = purse.refused(&purse.of_tokens("usdc", &merchant, 1)).await;
    assert!(matches!(refused, SendError::NotEnoughCoin { .. }), "{refused:?}");
}

#[tokio::test]
async fn solana_sends_the_same_bytes_after_a_restart_and_once_only() {
    let purse = Purse::start().await;
    let merchant = somebody(5);
    let order = coins(KeyRef::Gas, &merchant, SOL / 10);
    let facts = purse.facts(&order).await;
    let prepared = purse.sender.prepare(&order, &facts).expect("signed");
    let kept = serde_json::to_string(&(&facts, &prepared)).expect("JSON");
    assert_eq!(purse.sender.outcome(&prepared).await, Outcome::Pending);

    let restarted = sender(purse.net.nodes(&["a"]), None);
    let (facts, again): (Facts, Prepared) = serde_json::from_str(&kept).expect("the same");
    assert_eq!(restarted.prepare(&order, &facts), Ok(again.clone()));
    assert_eq!(restarted.broadcast(&again).await, Broadcast::Sent);
    let inclusion = included(&restarted, &again).await;
    assert!(inclusion.is_success && !inclusion.is_final, "{inclusion:?}");
    assert_eq!(purse.sender.broadcast(&prepared).await, Broadcast::AlreadyKnown);
    purse.net.finalize().await;
    assert!(included(&restarted, &again).await.is_final);
    assert_eq!(purse.coins(&merchant).await, SOL / 10, "paid once");
}

#[tokio::test]
async fn solana_signs_anew_only_when_the_old_blockhash_is_certain_to_be_dead() {
    let purse = Purse::start().await;
    let merchant = somebody(6);
    let order = coins(KeyRef::Gas, &merchant, SOL / 10);
    let never_sent = purse.prepared(&order).await;
    let sent = purse.prepared(&coins(KeyRef::Gas, &merchant, SOL / 5)).await;
    purse.sent(&sent).await;
    // Too old for a new block, and not yet so old that the last block it could be in is final.
    purse.net.command("blocks", json!({ "count": 155 })).await;
    let refused = purse.sender.broadcast(&never_sent).await;
    let Broadcast::Refused { kind: Refusal::Expired, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(purse.sender.outcome(&never_sent).await, Outcome::Pending);
    purse.net.command("blocks", json!({ "count": BLOCKS_OF_A_LIFE - 155 })).await;
    assert_eq!(purse.sender.outcome(&never_sent).await, Outcome::Gone);
    assert!(matches!(purse.sender.outcome(&sent).await, Outcome::Included(_)));
    assert_eq!(purse.sender.broadcast(&sent).await, Broadcast::AlreadyKnown);

    let anew = purse.prepared(&order).await;
    assert_ne!(anew.tx_hash, never_sent.tx_hash);
    assert!(purse.sent(&anew).await.is_success);
    assert_eq!(purse.coins(&merchant).await, SOL / 5 + SOL / 10, "each paid once");

    // A node whose chain is not so far keeps the question open, and one that forgot leaves it to
    // people.
    for (method, says, expected) in [
        ("getBlockHeight", 1, "Pending"),
        ("isBlockhashValid", 1, "Pending"),
        ("getFirstAvailableBlock", u64::MAX, "Unknown"),
    ] {
        let other = Faulty::in_front_of(&purse.net.url_of("a")).await;
        other.always_for(method, answers(method, says));
        let endpoints = [purse.net.url_of("a"), other.url.clone()];
        let endpoints = endpoints.map(|url| Endpoint { url, headers: vec![] });
        let nodes = Nodes::new(endpoints.to_vec(), Limits::default()).expect("URLs");
        let outcome = format!("{:?}", sender(nodes, None).outcome(&never_sent).await);
        assert!(outcome.starts_with(expected), "{method}: {outcome}");
    }
}

/// A node that says this to one question.
fn answers(method: &str, says: u64) -> Fault {
    let is_valid = method == "isBlockhashValid";
    Fault::Edited(Arc::new(move |_, mut body: Value| {
        if is_valid {
            body["result"]["value"] = json!(true);
        } else {
            body["result"] = json!(says);
        }
        body
    }))
}

#[tokio::test]
async fn solana_finds_what_a_node_took_without_saying_so() {
    let purse = Purse::start().await;
    let merchant = somebody(7);
    let proxy = Faulty::in_front_of(&purse.net.url_of("a")).await;
    let endpoint = Endpoint { url: proxy.url.clone(), headers: vec![] };
    let limits = Limits {
        request_timeout: Duration::from_millis(700),
        requests_per_second_per_node: 100_000,
        ..Limits::default()
    };
    let through_proxy = sender(Nodes::new(vec![endpoint], limits).expect("a URL"), None);
    let faults = [Fault::StatusAfterwards(500), Fault::HangsAfterwards];
    for (amount, fault) in [SOL / 10, SOL / 5].into_iter().zip(faults) {
        let prepared = purse.prepared(&coins(KeyRef::Gas, &merchant, amount)).await;
        proxy.always_for("sendTransaction", fault);
        let told = through_proxy.broadcast(&prepared).await;
        assert!(matches!(told, Broadcast::Unknown(_)), "{told:?}");
        proxy.heal();
        assert!(included(&through_proxy, &prepared).await.is_success);
        assert_eq!(through_proxy.broadcast(&prepared).await, Broadcast::AlreadyKnown);
    }
    assert_eq!(purse.coins(&merchant).await, SOL / 10 + SOL / 5, "each paid once");
}

#[tokio::test]
async fn solana_believes_no_node_of_another_network() {
    let purse = Purse::start().await;
    let order = coins(KeyRef::Gas, &somebody(8), SOL / 10);
    let prepared = purse.prepared(&order).await;
    let other = sender(purse.net.nodes(&["a"]), Some("another".to_owned()));
    assert!(matches!(other.outcome(&prepared).await, Outcome::Unknown(_)));
    assert!(other.facts(&order).await.is_err() && other.fees().await.is_err());
    assert_eq!(purse.sender.outcome(&prepared).await, Outcome::Pending);
}
