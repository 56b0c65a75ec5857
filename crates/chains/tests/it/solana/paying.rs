//! What a payor's wallet is asked to sign: read, signed and sent by the network's own libraries,
//! carried out by its real programs, and found again where it was paid to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chains::chain::Chain as _;
use chains::send::SendError;
use chains::solana::{PaymentOrder, SolanaPayments, SolanaSettings, UnsignedPayment};
use domain::money::TokenAmount;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::node::{Net, Watched, follow, parse, somebody};

const ASSOCIATED_TOKEN_PROGRAM: &str = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";

fn payments(net: &Net) -> SolanaPayments {
    SolanaPayments::new(Some(net.genesis.clone()), net.nodes(&["a"]))
}

async fn composed(net: &Net, mint: Option<&str>, amount: u128) -> UnsignedPayment {
    let (payer, to) = (parse(&net.wallet), somebody(3));
    let order = PaymentOrder { payer: &payer, to: &to, mint, amount: TokenAmount(amount) };
    payments(net).compose(order).await.expect("a transaction")
}

/// Signs and sends it; its signature and what web3.js reads of it.
async fn signed(net: &Net, payment: &UnsignedPayment) -> (String, Value) {
    let signed = net.command("sign", json!({ "raw": STANDARD.encode(&payment.raw) })).await;
    assert_eq!(signed["error"], Value::Null);
    let raw = &signed["signed"];
    let parsed = json!({ "raw": raw, "owner": somebody(3).as_str() });
    let parsed = net.command("parsed", parsed).await;
    (signed["signature"].as_str().expect("one").to_owned(), parsed)
}

fn kinds(parsed: &Value) -> Vec<&str> {
    let instructions = parsed["instructions"].as_array().expect("a list");
    instructions.iter().map(|one| one["is"].as_str().expect("a kind")).collect()
}

#[tokio::test]
async fn solana_a_payors_wallet_signs_and_sends_what_was_composed() {
    let net = Net::start();
    let chain = net.chain(&["a"]);
    let to = somebody(3);
    let watched = Watched::only(&[&to]);
    let (_, start) = follow(&chain, None, &watched).await;
    let usdc = net.mint("usdc");

    let (first, parsed) = signed(&net, &composed(&net, Some(&usdc), 41).await).await;
    assert_eq!(parsed["isVerified"], true);
    assert_eq!(parsed["signers"], json!([net.wallet]), "only the payor's signature is asked for");
    assert_eq!(kinds(&parsed), [ASSOCIATED_TOKEN_PROGRAM, "tokens"]);
    let transfer = &parsed["instructions"][1];
    assert_eq!(transfer["to"], parsed["tokenAccounts"]["usdc"]);
    assert_eq!((&transfer["amount"], &transfer["decimals"]), (&json!("41"), &json!(6)));

    // The account is there now, and nobody pays its rent again.
    let (second, parsed) = signed(&net, &composed(&net, Some(&usdc), 42).await).await;
    assert_eq!(kinds(&parsed), ["tokens"]);
    let (third, parsed) = signed(&net, &composed(&net, None, 5_000_000).await).await;
    assert_eq!(kinds(&parsed), ["coins"]);
    assert_eq!(parsed["instructions"][0]["to"], to.as_str());
    net.finalize().await;

    let (told, _) = follow(&chain, Some(start.next), &watched).await;
    let told: Vec<_> = told.iter().map(|one| (&one.tx_hash, one.amount.map(|is| is.0))).collect();
    let all = [(&first, Some(41)), (&second, Some(42)), (&third, Some(5_000_000))];
    assert_eq!(told, all);
    // Whoever knows the receiver alone finds them, though tokens go to another account.
    let unlisted = net.chain_with(&["a"], |settings| SolanaSettings { tokens: vec![], ..settings });
    let by_reference = unlisted.transfers_to(&to, Timestamp(0)).await.expect("answers");
    for hash in [&first, &second, &third] {
        assert!(by_reference.iter().any(|one| one.tx_hash == *hash), "{hash} {by_reference:?}");
    }
}

#[tokio::test]
async fn solana_tokens_of_the_newer_program_are_paid_as_well() {
    let net = Net::start();
    let taxed = net.mint("taxed");
    let (_, parsed) = signed(&net, &composed(&net, Some(&taxed), 1_000_000).await).await;
    assert_eq!(parsed["instructions"][1]["to"], parsed["tokenAccounts"]["taxed"]);
}

#[tokio::test]
async fn solana_composes_nothing_out_of_what_is_not_there() {
    let net = Net::start();
    let (payer, to) = (parse(&net.wallet), somebody(3));
    let refused = async |mint: Option<&str>, amount: u128, payments: &SolanaPayments| {
        let order = PaymentOrder { payer: &payer, to: &to, mint, amount: TokenAmount(amount) };
        payments.compose(order).await.expect_err("nothing is composed")
    };
    let malformed = |error| matches!(error, SendError::Malformed(_));
    let ours = payments(&net);
    assert!(malformed(refused(Some(somebody(9).as_str()), 1, &ours).await));
    assert!(malformed(refused(Some("0"), 1, &ours).await));
    assert!(malformed(refused(Some(&net.wallet), 1, &ours).await));
    assert!(malformed(refused(None, u128::from(u64::MAX) + 1, &ours).await));
    let foreign = SolanaPayments::new(Some("another".to_owned()), net.nodes(&["a"]));
    assert!(matches!(refused(None, 1, &foreign).await, SendError::Chain(_)));
}
