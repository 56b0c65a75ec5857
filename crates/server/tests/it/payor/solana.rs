//! Transactions for wallets on Solana, where there is no node: refused by a code of its own, and
//! not offered. With a node they are tested in tests/networks.

use serde_json::{Value, json};

use crate::house::{House, token_id};

const PATH: &str = "/api/v1/payments/solana-transaction";
const PAYER: &str = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";

#[tokio::test]
async fn a_simulated_network_composes_no_transaction_and_offers_none() {
    let house = House::start().await;
    let created = house.invoice(5.0).await;
    let offer = house.allocate(&created, "solana", "USDC").await;
    assert_eq!(offer["wallet_chain"], Value::Null);
    let ask = async |body: Value| house.payor("POST", PATH, &created, body).await;
    let (usdc, base) = (token_id("solana", "USDC"), token_id("base", "USDC"));
    let refused = ask(json!({ "payer": PAYER, "tokenId": usdc })).await;
    assert_eq!(refused.error(), (409, "NETWORK_SIMULATED"));
    for payer in ["", "x", "0x1111111111111111111111111111111111111111", &PAYER.repeat(9)] {
        let refused = ask(json!({ "payer": payer, "tokenId": usdc })).await;
        assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "payer"));
    }
    for id in [base, 0, -1] {
        let refused = ask(json!({ "payer": PAYER, "tokenId": id })).await;
        assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "tokenId"));
    }
}
