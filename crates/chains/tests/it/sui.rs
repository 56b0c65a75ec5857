//! Sui against the double of its nodes, paid by Mysten's own wallet library.
//!
//! What a payment is, which node is believed, and what is told after a restart. `double` says what
//! about it is real: the interface, the wallet's bytes and their signatures.

mod double;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chains::chain::{Answer, Chain, ChainError, Ours, Scan};
use chains::rpc::{Endpoint, EndpointError, Limits};
use chains::sui::{ChainId, Range, Sui, SuiNodes, SuiSettings};
use domain::address::Address;
use domain::chain::{AssetRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use double::{Keeps, Ledger, Node, SUI, Success};
use serde_json::{Value, json};
use sui_rpc::proto::sui::rpc::v2 as proto;

use crate::nodes::script;

const DEVNET: Environment = Environment::Devnet;
const OURS: &str = "0xc88ef07b9b8b2fc3b7daad9478f4e1337f01792e2eab9c3794494e610636026e";
const STRANGER: &str = "0x5555555555555555555555555555555555555555555555555555555555555555";
const USDC: &str = "0xa1ec7fc00a6f40db9693ad1415d0c193ad3906494428cf252621037bd7117e29::usdc::USDC";
/// Differs from USDC in one digit of its package.
const FAKE: &str = "0xa1ec7fc00a6f40db9693ad1415d0c193ad3906494428cf252621037bd7117e28::usdc::USDC";
/// The first 31 bits of the SHA-256 of our account and each coin.
const OURS_NATIVE: u32 = 1_030_785_898;
const OURS_USDC: u32 = 1_366_886_939;
const OURS_FAKE: u32 = 1_792_996_963;

struct Known(BTreeSet<String>);

impl Ours for Known {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        let answer = addresses.iter().map(|one| self.0.contains(one)).collect();
        Box::pin(async move { Ok(answer) })
    }
}

fn ours() -> Known {
    Known(BTreeSet::from([OURS.to_owned()]))
}

fn sui_with(urls: &[&str], change: impl FnOnce(&mut SuiSettings)) -> Sui {
    let endpoint = |url: &&str| Endpoint { url: (*url).to_owned(), headers: Vec::new() };
    let endpoints = urls.iter().map(endpoint).collect();
    let nodes = SuiNodes::new(endpoints, Limits::default()).expect("nodes");
    let range = Range { checkpoints_per_scan_max: 1_000, start_depth: 1_000 };
    let mut settings = SuiSettings { environment: DEVNET, chain_id: None, range };
    change(&mut settings);
    Sui::new(settings, nodes)
}

fn sui_of(nodes: &[&Node]) -> Sui {
    let urls: Vec<&str> = nodes.iter().map(|node| node.url.as_str()).collect();
    sui_with(&urls, |_| {})
}

/// A URL nobody listens at.
async fn dead_url() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}

async fn scan(sui: &Sui, from: Option<&str>) -> Scan {
    sui.scan(from, &ours()).await.expect("a scan")
}

/// What is told until nothing is left.
async fn all(sui: &Sui, mut from: Option<String>) -> Vec<ChainTransfer> {
    let mut told = Vec::new();
    loop {
        let scan = scan(sui, from.as_deref()).await;
        assert_eq!(scan.reverted_from, None);
        told.extend(scan.transfers);
        if scan.is_caught_up {
            return told;
        }
        from = Some(scan.next);
    }
}

fn amounts(transfers: &[ChainTransfer]) -> Vec<u128> {
    let amount = |transfer: &ChainTransfer| transfer.amount.expect("fits").0;
    transfers.iter().map(amount).collect()
}

fn complaints(sui: &Sui) -> Vec<Option<String>> {
    sui.health().into_iter().map(|node| node.complaint).collect()
}

fn coin(byte: u8) -> Value {
    let object = format!("0x{}", format!("{byte:02x}").repeat(32));
    json!({ "objectId": object, "version": "1", "digest": bs58::encode([byte; 32]).into_string() })
}

/// Signs payments as a payor's wallet does.
fn signed(payments: Value) -> Value {
    let asked = json!([{ "key": "07".repeat(32), "gas": coin(1), "payments": payments }]);
    let output = script("sui-wallet.mjs").arg(asked.to_string()).output().expect("Node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    told[0].take()
}

async fn execute(
    node: &Node,
    transaction: &[u8],
    signature: &[u8],
) -> Result<String, tonic::Status> {
    let bcs = |bytes: &[u8]| proto::Bcs::default().with_value(bytes.to_vec());
    let signature = proto::UserSignature::default().with_bcs(bcs(signature));
    let request = proto::ExecuteTransactionRequest::default()
        .with_transaction(proto::Transaction::default().with_bcs(bcs(transaction)))
        .with_signatures(vec![signature]);
    let mut client = sui_rpc::Client::new(node.url.as_str()).expect("a URL");
    let answer = client.execution_client().execute_transaction(request).await?;
    Ok(answer.get_ref().transaction().digest().to_owned())
}

async fn pay(node: &Node, signed: &Value) -> String {
    let bytes = |name: &str| STANDARD.decode(signed[name].as_str().expect("text")).expect("base64");
    let (transaction, signature) = (bytes("transaction"), bytes("signature"));
    let mut forged = signature.clone();
    forged[20] ^= 1;
    let refused = execute(node, &transaction, &forged).await.expect_err("a forged signature");
    assert_eq!(refused.message(), "the signature does not verify");
    let digest = execute(node, &transaction, &signature).await.expect("a good signature");
    assert_eq!(Some(digest.as_str()), signed["digest"].as_str());
    digest
}

fn invent(ledger: &Arc<Mutex<Ledger>>, name: &str, amount: &str) {
    let mut ledger = ledger.lock().expect("not poisoned");
    ledger.invent(name, &[(OURS, SUI, amount)], Success::Yes);
    ledger.certify();
}

#[tokio::test]
async fn a_wallet_s_payment_is_told_alike_by_every_question() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    let usdc = coin(2);
    let object = usdc["objectId"].as_str().expect("text");
    ledger.lock().expect("not poisoned").mint(object, USDC);
    let payments = json!([
        { "to": OURS, "amount": "12340000", "coin": usdc },
        { "to": STRANGER, "amount": "1" },
        { "to": OURS, "amount": "5000000000" },
    ]);
    let signed = signed(payments);
    let digest = pay(&node, &signed).await;
    let sui = sui_of(&[&node]);
    assert_eq!(sui.look_up(&digest).await, Ok(Vec::new()), "no checkpoint includes it yet");
    ledger.lock().expect("not poisoned").certify_many(3);

    let scan = scan(&sui, None).await;
    let told = scan.transfers;
    assert!(scan.is_caught_up);
    assert_eq!((scan.head.number, scan.head.finalized, scan.scanned.number), (3, Some(3), 3));
    let [native, token] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (&native.asset, native.amount),
        (&AssetRef::Native, Some(TokenAmount(5_000_000_000)))
    );
    assert_eq!(token.asset, AssetRef::Contract(USDC.to_owned()));
    assert_eq!(token.amount, Some(TokenAmount(12_340_000)));
    assert_eq!(signed["sender"].as_str(), native.from.as_deref());
    assert_eq!((native.ordinal, token.ordinal), (OURS_NATIVE, OURS_USDC));
    for transfer in &told {
        assert_eq!((transfer.tx_hash.as_str(), transfer.to.as_str()), (digest.as_str(), OURS));
        assert_eq!((transfer.block.number, transfer.log_index), (1, None));
        assert_eq!(transfer.block.time, Timestamp::from_seconds(1_790_000_001));
    }

    let mut looked_up = sui.look_up(&digest).await.expect("an answer");
    looked_up.retain(|transfer| transfer.to == OURS);
    assert_eq!(looked_up, told);
    let address = Address::parse(Network::Sui, DEVNET, OURS).expect("an address");
    for keeps in [Keeps::History, Keeps::CoinsOnly] {
        node.behave(|manners| manners.keeps_history = keeps);
        assert_eq!(sui.transfers_to(&address, Timestamp(0)).await, Ok(told.clone()));
        let later = told[0].block.time.plus_ms(1);
        assert_eq!(sui.transfers_to(&address, later).await, Ok(Vec::new()));
    }
    assert_eq!(sui.canonical(1).await, Ok(Some(told[0].block.hash.clone())));
    assert_eq!(sui.canonical(4).await, Ok(None));
    assert_eq!(sui.look_up(&double::digest(b"unknown")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn histories_of_several_pages_are_read_to_their_end() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    for amount in ["1", "2", "3", "4", "5"] {
        invent(&ledger, amount, amount);
    }
    let sui = sui_of(&[&node]);
    let address = Address::parse(Network::Sui, DEVNET, OURS).expect("an address");
    let told = sui.transfers_to(&address, Timestamp(0)).await.expect("an answer");
    assert_eq!(amounts(&told), [1, 2, 3, 4, 5]);
    let told = sui.transfers_to(&address, told[2].block.time).await.expect("an answer");
    assert_eq!(amounts(&told), [3, 4, 5]);
}

#[tokio::test]
async fn only_what_really_moved_is_told_and_under_its_own_name() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    {
        let mut ledger = ledger.lock().expect("not poisoned");
        ledger.invent("failed", &[(OURS, USDC, "1000000")], Success::No);
        ledger.invent("fake", &[(OURS, FAKE, "2000000")], Success::Yes);
        ledger.invent("away", &[(OURS, USDC, "-3000000")], Success::Yes);
        let long = format!("0x{:0>64}::sui::SUI", "2");
        ledger.invent("both", &[(OURS, USDC, "4"), (OURS, &long, "5")], Success::Yes);
        ledger.certify();
    }
    let sui = sui_of(&[&node]);
    let told = scan(&sui, None).await.transfers;
    let named: Vec<_> = told.iter().map(|one| (one.ordinal, one.asset.clone())).collect();
    let contract = |name: &str| AssetRef::Contract(name.to_owned());
    let expected =
        [(OURS_FAKE, contract(FAKE)), (OURS_NATIVE, AssetRef::Native), (OURS_USDC, contract(USDC))];
    assert_eq!(named, expected);
    assert_eq!(amounts(&told), [2_000_000, 5, 4]);
    assert_eq!(sui.look_up(&double::digest(b"failed")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_restart_tells_nothing_twice_and_loses_nothing() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    invent(&ledger, "first", "1");
    let before = scan(&sui_of(&[&node]), None).await;
    assert_eq!(amounts(&before.transfers), [1]);
    ledger.lock().expect("not poisoned").certify_many(25);
    invent(&ledger, "second", "2");
    ledger.lock().expect("not poisoned").certify_many(25);
    invent(&ledger, "third", "3");

    let restarted = sui_with(&[&node.url], |settings| settings.range.checkpoints_per_scan_max = 10);
    let one = scan(&restarted, Some(&before.next)).await;
    assert_eq!((one.scanned.number, one.is_caught_up, one.transfers.len()), (11, false, 0));
    let again = scan(&restarted, Some(&before.next)).await;
    assert_eq!(again, one, "a cursor used again gives the same answer");
    assert_eq!(amounts(&all(&restarted, Some(before.next)).await), [2, 3]);
}

#[tokio::test]
async fn without_a_cursor_a_watcher_begins_near_the_head() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    invent(&ledger, "early", "1");
    ledger.lock().expect("not poisoned").certify_many(5);
    invent(&ledger, "late", "2");
    let sui = sui_with(&[&node.url], |settings| settings.range.start_depth = 2);
    let begun = scan(&sui, None).await;
    assert_eq!(amounts(&begun.transfers), [2]);
    let idle = scan(&sui, Some(&begun.next)).await;
    assert_eq!((idle.transfers.len(), idle.is_caught_up), (0, true));
    assert_eq!(idle.next, begun.next);
}

#[tokio::test]
async fn a_dead_and_a_lagging_node_cost_nothing_but_time() {
    let ledger = Ledger::new();
    let (lagging, well) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let as_well = Node::start(&ledger).await;
    ledger.lock().expect("not poisoned").certify_many(100);
    invent(&ledger, "paid", "7");
    lagging.behave(|manners| manners.head_max = 3);
    let dead = dead_url().await;
    let sui = sui_with(&[&dead, &lagging.url, &well.url, &as_well.url], |_| {});
    let told = scan(&sui, None).await;
    assert_eq!((told.head.number, amounts(&told.transfers)), (101, vec![7]));
    let health = sui.health();
    assert_eq!(health[0].name, dead.trim_start_matches("http://"));
    assert!(!health[0].is_usable && health[1].is_usable && health[2].is_usable);
    assert_eq!(health[0].complaint.as_deref(), Some("it does not answer"));
    assert_eq!(health[1].complaint.as_deref(), Some("it lags behind the other nodes"));
    assert_eq!((health[1].head, health[2].head), (Some(3), Some(101)));
    assert_eq!(health[2].complaint, None);

    // The good nodes die, and what is left lags behind the cursor: nothing new, nothing reverted.
    drop((well, as_well));
    let sui = sui_with(&[&dead, &lagging.url], |_| {});
    let idle = scan(&sui, Some(&told.next)).await;
    assert_eq!((idle.head.number, idle.reverted_from, idle.is_caught_up), (3, None, true));
    assert_eq!((idle.scanned, idle.next, idle.transfers.len()), (told.scanned, told.next, 0));
}

#[tokio::test]
async fn a_forgotten_checkpoint_is_asked_of_others_and_never_stepped_over() {
    let ledger = Ledger::new();
    let (pruned, archive) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let begin = scan(&sui_of(&[&archive]), None).await.next;
    invent(&ledger, "old", "1");
    ledger.lock().expect("not poisoned").certify_many(10);
    pruned.behave(|manners| manners.lowest = 5);
    assert_eq!(amounts(&all(&sui_of(&[&pruned, &archive]), Some(begin.clone())).await), [1]);

    let sui = sui_of(&[&pruned]);
    let Err(ChainError::Unavailable(message)) = sui.scan(Some(&begin), &ours()).await else {
        panic!("a pruned node cannot tell");
    };
    assert_eq!(message, "no node has checkpoint 1");
    assert_eq!(complaints(&sui), [Some("it has no checkpoint 1".to_owned())]);
}

#[tokio::test]
async fn one_url_that_is_several_nodes_is_late_but_loses_nothing() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    let sui = sui_of(&[&node]);
    let begin = scan(&sui, None).await;
    invent(&ledger, "paid", "1");
    // It tells the head of one, and answers the next request as another that is behind.
    node.behave(|manners| (manners.head_told, manners.head_max) = (Some(1), 0));
    let early = scan(&sui, Some(&begin.next)).await;
    assert_eq!((early.transfers.len(), early.is_caught_up, early.head.number), (0, true, 0));
    assert_eq!(early.next, begin.next);
    node.behave(|manners| manners.head_max = 1);
    assert_eq!(amounts(&all(&sui, Some(early.next)).await), [1]);
}

#[tokio::test]
async fn nodes_of_another_chain_are_not_believed() {
    let (ledger, other) = (Ledger::new(), Ledger::new());
    let (right, wrong) = (Node::start(&ledger).await, Node::start(&other).await);
    wrong.behave(|manners| manners.chain = 2);
    invent(&ledger, "right", "1");
    other.lock().expect("not poisoned").certify_many(500);
    invent(&other, "wrong", "2");
    let urls = [wrong.url.as_str(), right.url.as_str()];
    let on = |chain: u8| sui_with(&urls, |settings| settings.chain_id = Some(ChainId([chain; 4])));
    let sui = on(1);
    assert_eq!(sui.look_up(&double::digest(b"wrong")).await, Ok(Vec::new()));
    let told = scan(&sui, None).await;
    assert_eq!((told.head.number, amounts(&told.transfers)), (1, vec![1]));
    assert_eq!(complaints(&sui)[0].as_deref(), Some("it is on another chain"));
    assert!(!sui.health()[0].is_usable);

    // Without a setting the cursor says which chain it is, and no other is gone on with.
    let cursor = Some(told.next.as_str());
    assert_eq!(scan(&sui_with(&urls, |_| {}), cursor).await.head.number, 1);
    let disputed = on(2).scan(cursor, &ours()).await;
    assert!(matches!(disputed, Err(ChainError::Disputed(_))), "{disputed:?}");
    let none = on(3).head().await;
    assert!(matches!(none, Err(ChainError::Unavailable(_))), "{none:?}");
}

#[tokio::test]
async fn garbage_is_an_error_of_its_node_and_another_is_asked() {
    type Spoil = fn(&mut proto::Checkpoint);
    let spoils: [(&str, Spoil); 6] = [
        ("it answers with another checkpoint", |told| told.sequence_number = Some(77)),
        ("a checkpoint has no digest", |told| told.digest = Some("0xabc".to_owned())),
        ("a checkpoint does not link to the one before", |told| {
            told.summary_mut().previous_digest = Some(double::digest(b"another past"));
        }),
        ("a checkpoint is told without some of its transactions", |told| {
            told.transactions.pop();
        }),
        ("a transaction has no status", |told| told.transactions[0].effects = None),
        ("a balance change has no amount", |told| {
            let change = proto::BalanceChange::default().with_address("0x1");
            told.transactions[0].balance_changes = vec![change.with_coin_type(SUI)];
        }),
    ];
    let ledger = Ledger::new();
    let (bad, good) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let begin = scan(&sui_of(&[&good]), None).await.next;
    invent(&ledger, "paid", "1");
    invent(&ledger, "more", "2");
    for (why, spoil) in spoils {
        bad.behave(|manners| manners.spoil = spoil);
        let alone = sui_of(&[&bad]);
        let refused = alone.scan(Some(&begin), &ours()).await.expect_err(why);
        assert!(refused.to_string().contains(why), "{refused} but not {why}");
        let both = sui_of(&[&bad, &good]);
        assert_eq!(amounts(&all(&both, Some(begin.clone())).await), [1, 2], "{why}");
        assert_eq!(complaints(&both), [Some(why.to_owned()), None]);
    }
    let node = sui_of(&[&good]);
    for cursor in ["", "{}", "[]", r#"{"chain":"x"}"#] {
        let refused = node.scan(Some(cursor), &ours()).await;
        assert!(matches!(refused, Err(ChainError::UnreadableCursor(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_node_that_leaves_balances_out_of_quiet_checkpoints_is_not_believed() {
    let ledger = Ledger::new();
    let (bad, good) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let begin = scan(&sui_of(&[&good]), None).await.next;
    for name in 0..12 {
        let mut ledger = ledger.lock().expect("not poisoned");
        ledger.invent(&format!("{name}"), &[(STRANGER, SUI, "-5")], Success::Yes);
        ledger.certify();
    }
    invent(&ledger, "paid", "1");
    let pays = |told: &mut proto::Checkpoint| {
        for transaction in told.transactions.iter_mut().skip(1) {
            let gas = proto::GasCostSummary::default().with_computation_cost(5);
            transaction.effects_mut().set_gas_used(gas);
        }
    };
    good.behave(|manners| manners.spoil = pays);
    bad.behave(|manners| {
        manners.spoil = |told| {
            for transaction in told.transactions.iter_mut().skip(1) {
                let gas = proto::GasCostSummary::default().with_computation_cost(5);
                transaction.effects_mut().set_gas_used(gas);
                transaction.balance_changes.clear();
            }
        }
    });
    let refused = sui_of(&[&bad]).scan(Some(&begin), &ours()).await;
    assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{refused:?}");
    let both = sui_of(&[&bad, &good]);
    assert!(both.scan(Some(&begin), &ours()).await.is_err());
    assert_eq!(complaints(&both)[0].as_deref(), Some("it does not tell balance changes"));
    assert_eq!(amounts(&all(&both, Some(begin)).await), [1]);
}

#[tokio::test]
async fn a_head_that_cannot_be_stops_nobody() {
    let ledger = Ledger::new();
    let (liar, good) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let begin = scan(&sui_of(&[&good]), None).await.next;
    invent(&ledger, "paid", "1");
    liar.behave(|manners| manners.head_told = Some(u64::MAX));
    let alone = sui_of(&[&liar]);
    let told = scan(&alone, Some(&begin)).await;
    assert_eq!((amounts(&told.transfers), told.scanned.number), (vec![1], 1));
    let beyond = alone.scan(Some(&told.next), &ours()).await;
    assert!(matches!(beyond, Err(ChainError::Unavailable(_))), "{beyond:?}");
    assert!(matches!(alone.scan(None, &ours()).await, Err(ChainError::Unavailable(_))));
    // One that tells the truth is enough where the other is far above it.
    for nodes in [[&liar, &good], [&good, &liar]] {
        let sui = sui_of(&nodes);
        let told = scan(&sui, Some(&begin)).await;
        assert_eq!((told.head.number, amounts(&told.transfers)), (1, vec![1]));
        assert!(told.is_caught_up);
        let complaint = complaints(&sui).into_iter().flatten().next();
        assert_eq!(complaint.as_deref(), Some("it is far ahead of all other nodes"));
    }
    // Two that tell the truth outvote it.
    let third = Node::start(&ledger).await;
    let told = scan(&sui_of(&[&liar, &good, &third]), Some(&begin)).await;
    assert_eq!((told.head.number, told.is_caught_up), (1, true));
}

#[tokio::test]
async fn nobody_leads_because_another_node_is_silent() {
    let ledger = Ledger::new();
    let (liar, good) = (Node::start(&ledger).await, Node::start(&ledger).await);
    let begin = scan(&sui_of(&[&good]), None).await.next;
    invent(&ledger, "paid", "1");
    liar.behave(|manners| manners.head_told = Some(250));
    let sui = sui_with(&[&liar.url, &dead_url().await, &good.url], |_| {});
    let told = scan(&sui, Some(&begin)).await;
    assert_eq!((told.head.number, amounts(&told.transfers), told.is_caught_up), (1, vec![1], true));
}

#[tokio::test]
async fn answers_beyond_the_bound_and_no_grpc_at_all_are_refused() {
    let ledger = Ledger::new();
    let node = Node::start(&ledger).await;
    let name = "a".repeat(1_000);
    ledger.lock().expect("not poisoned").invent(
        "big",
        &[(OURS, name.as_str(), "1"); 90],
        Success::Yes,
    );
    ledger.lock().expect("not poisoned").certify();
    let endpoint = Endpoint { url: node.url.clone(), headers: Vec::new() };
    let limits = Limits { body_bytes_max: 64 * 1024, ..Limits::default() };
    let nodes = SuiNodes::new(vec![endpoint], limits).expect("a node");
    let range = Range { checkpoints_per_scan_max: 1, start_depth: 0 };
    let settings = SuiSettings { environment: DEVNET, chain_id: None, range };
    let refused = Sui::new(settings, nodes).scan(None, &ours()).await.expect_err("too big");
    assert!(refused.to_string().ends_with("its answer is too big"), "{refused}");

    let http = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let place = http.local_addr().expect("bound");
    let server = speak_http_1(http);
    let refused = sui_with(&[&format!("http://{place}")], |_| {}).head().await;
    assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{refused:?}");
    // No TLS there either, which is found out by trying: TLS itself is in order.
    let refused = sui_with(&[&format!("https://{place}")], |_| {}).head().await;
    let expected = format!("{place}: it does not answer");
    assert_eq!(refused, Err(ChainError::Unavailable(expected)));
    server.abort();
}

/// Answers every connection with words that are no HTTP/2.
fn speak_http_1(listener: tokio::net::TcpListener) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt as _;
            let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
            // The other side may have hung up already.
            let _ = stream.write_all(text).await;
        }
    })
}

#[test]
fn urls_that_would_lose_a_part_are_refused() {
    let nodes = |url: &str, headers: Vec<(String, String)>| {
        SuiNodes::new(vec![Endpoint { url: url.to_owned(), headers }], Limits::default()).err()
    };
    for url in ["", "h:1", "ftp://h", "https://h/key", "https://h/?key=k"] {
        assert_eq!(nodes(url, Vec::new()), Some(EndpointError::BadUrl), "{url}");
    }
    let header = |name: &str| vec![(name.to_owned(), "key".to_owned())];
    assert_eq!(nodes("https://h", header("x token")), Some(EndpointError::BadHeader));
    assert_eq!(nodes("https://h:9000", header("X-Token")), None);
    assert_eq!(SuiNodes::new(Vec::new(), Limits::default()).err(), Some(EndpointError::None));
}
