//! Statements: signed amounts that add up, in pages.

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{RampUserId, RowKey};
use domain::ledger::{Account, AccountKind, Asset, Hold, HoldAsk, Movement, TransferReason};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::token::TokenId;
use serde_json::{Value, json};

use super::{id, path};
use crate::house::{House, token_id};

#[tokio::test]
async fn amounts_have_the_sign_they_have_for_the_user_and_add_up() {
    let house = House::start().await;
    house.earn(100.0).await;
    let user = house.approved_user("Zoe", "basic").await;
    for (at, amount) in ["10", "5.5", "0.000001"].iter().enumerate() {
        let body = json!({ "amount": amount, "token_id": token_id("base", "USDC") });
        house.post_once(&path(&user, "/credits"), &at.to_string(), body).await.ok();
        house.advance(1_000);
    }
    // Something leaves, the way a payout does: promised first, a part of it taken.
    let owner = RampUserId::parse(id(&user)).expect("an id").key();
    let asset =
        Asset::Token { network: Network::Base, token_id: TokenId(token_id("base", "USDC")) };
    let account = |kind, owner: Option<RowKey>| Account {
        merchant_id: house.merchant_id,
        environment: Environment::Devnet,
        kind,
        asset,
        owner,
    };
    let movement = Movement {
        debit: account(AccountKind::User, Some(owner)),
        credit: account(AccountKind::Exchange, None),
        amount: TokenAmount(4_000_000),
        reason: TransferReason::Payout,
        object: RowKey([9; 16]),
    };
    let mut changes = Changes::of(house.merchant_id);
    let hold =
        Hold::place(HoldAsk { movement, expires_at: None }, &mut changes, &mut house.app.fresh());
    house.app.store.commit(changes).await.expect("covered");
    let balance = house.balance_of(&user).await;
    assert_eq!(
        (&balance["balance"], &balance["reserved"], &balance["available"]),
        (&json!("15.500001"), &json!("4"), &json!("11.500001"))
    );
    house.advance(1_000);
    let mut changes = Changes::of(house.merchant_id);
    let hold = house.app.store.get::<Hold>(hold.key()).await.expect("reads").expect("is there");
    hold.capture(TokenAmount(3_000_000), &mut changes, &mut house.app.fresh()).expect("open");
    house.app.store.commit(changes).await.expect("captures");

    let mut lines: Vec<Value> = Vec::new();
    let mut route = path(&user, "/transactions?limit=2");
    loop {
        let page = house.get(&route).await.ok();
        lines.extend(page["data"].as_array().expect("a list").clone());
        if page["has_more"] == json!(false) {
            break;
        }
        let last = lines.last().expect("a page").clone();
        route = path(&user, &format!("/transactions?limit=2&starting_after={}", id(&last)));
    }
    assert_eq!(lines.len(), 6);
    let base = |line: &Value| {
        line["amount_base"].as_str().expect("text").parse::<i128>().expect("a number")
    };
    assert_eq!(lines.iter().map(base).sum::<i128>(), 12_500_001);
    let phases: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |field: &str| line[field].as_str().expect("text").to_owned();
            (text("phase"), text("amount"), text("reserved_amount"))
        })
        .collect();
    let of = |phase: &str, amount: &str, reserved: &str| {
        (phase.to_owned(), amount.to_owned(), reserved.to_owned())
    };
    assert!(phases.contains(&of("reserved", "0", "4")), "{phases:?}");
    assert!(phases.contains(&of("captured", "-3", "-3")), "{phases:?}");
    assert!(phases.contains(&of("released", "0", "-1")), "{phases:?}");
    assert_eq!(house.balance_of(&user).await["balance"], "12.500001");
}
