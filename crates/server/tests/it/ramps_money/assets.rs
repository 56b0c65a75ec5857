//! Every way out: euro coins, bank money, tokens without a peg, and dust.
//!
//! What nobody carries to a bank may still trap nobody.

use domain::changes::Changes;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::RampUserId;
use domain::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use domain::money::TokenAmount;
use domain::token::{Token, TokenId};
use serde_json::{Value, json};

use super::{Customer, available, check_books, customer, read, request_payout, text};
use crate::house::{House, Reply, token_id};

const DAY_MS: i64 = 86_400_000;

fn on_base(symbol: &str) -> Asset {
    let id = TokenId(token_id("base", symbol));
    Asset::of_token(Token::by_id(id).expect("is listed"))
}

fn account(house: &House, kind: AccountKind, asset: Asset, owner: Option<&str>) -> Account {
    let owner = owner.map(|id| RampUserId::parse(id).expect("an id").key());
    let environment = Environment::Devnet;
    Account { merchant_id: house.merchant_id, environment, kind, asset, owner }
}

/// So much of something is in the user's balance.
async fn give(house: &House, customer: &Customer, asset: Asset, amount: u128) {
    let credit = account(house, AccountKind::User, asset, Some(&customer.id));
    let debit = account(house, AccountKind::Rail, asset, None);
    let (amount, object) = (TokenAmount(amount), credit.key());
    let reason = TransferReason::FiatReceived;
    let movement = Movement { debit, credit, amount, reason, object };
    let mut changes = Changes::of(house.merchant_id);
    changes.transfer(Transfer::posted(movement, &mut house.app.fresh()));
    house.app.commit(changes).await.expect("commits");
}

async fn quote(house: &House, customer: &Customer, source: Value) -> Reply {
    let body = json!({
        "user_id": customer.id, "bank_account_id": customer.account_id, "source": source,
    });
    house.post("/api/v1/ramps/quotes", body).await
}

/// Quoted, requested and, after a while, as it ended.
async fn pay_out(house: &House, customer: &Customer, source: Value) -> (Value, Value) {
    let quoted = quote(house, customer, source).await.ok();
    let made = request_payout(house, customer, &quoted, &text(&quoted, "id")).await.ok();
    house.settle().await;
    house.settle().await;
    (quoted, read(house, &made).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_user_has_pays_out() {
    let house = House::start().await;
    let customer = customer(&house, "enhanced").await;
    let dollars = Currency::USD;
    give(&house, &customer, Asset::Currency(Currency::EUR), 10_000).await;
    give(&house, &customer, Asset::Currency(dollars), 10_000).await;
    give(&house, &customer, on_base("EURC"), 100_000_000).await;
    give(&house, &customer, on_base("ETH"), 1_000_000_000_000_000_000).await;
    // The same bank money is not converted; a euro coin is a euro; dollars are what they are.
    for (source, rate, target) in [
        (json!({ "currency": "eur", "amount": "50" }), "1", "49.75"),
        (json!({ "token_id": token_id("base", "EURC"), "amount": "50" }), "1", "49.75"),
        (json!({ "currency": "usd", "amount": "50" }), "0.92", "45.75"),
    ] {
        let (quoted, paid) = pay_out(&house, &customer, source).await;
        assert_eq!((&quoted["rate"], &quoted["target"]["amount"]), (&json!(rate), &json!(target)));
        assert_eq!((&paid["status"], &paid["target"]), (&json!("paid"), &quoted["target"]));
        check_books(&house).await;
    }
    let source = json!({ "token_id": token_id("base", "ETH"), "amount": "0.1" });
    let (quoted, paid) = pay_out(&house, &customer, source).await;
    assert_eq!((&paid["status"], &paid["source"]["symbol"]), (&json!("paid"), &json!("ETH")));
    assert_ne!(quoted["rate"], "0.92");
    for (symbol, left) in [("eur", "50"), ("usd", "50"), ("EURC", "50"), ("ETH", "0.9")] {
        assert_eq!(available(&house, &customer.id, symbol).await, left, "{symbol}");
    }
    let bank_money = quote(&house, &customer, json!({ "currency": "eur", "amount": "1.5" })).await;
    let bank_money = bank_money.ok()["source"].clone();
    assert_eq!((&bank_money["network"], &bank_money["symbol"]), (&Value::Null, &json!("eur")));
    // Bank money that came back is bank money again.
    let (_, paid) =
        pay_out(&house, &customer, json!({ "currency": "eur", "amount": "20.02" })).await;
    assert_eq!(paid["status"], "paid");
    house.advance(8 * DAY_MS);
    house.step().await;
    assert_eq!(read(&house, &paid).await["status"], "returned");
    assert_eq!(available(&house, &customer.id, "eur").await, "50");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_there_is_goes_and_nothing_stays_behind() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let usdc = token_id("base", "USDC");
    let nothing = quote(&house, &customer, json!({ "token_id": usdc, "amount": "all" })).await;
    assert_eq!(nothing.error(), (409, "INSUFFICIENT_FUNDS"));
    give(&house, &customer, on_base("USDC"), 12_345_678).await;
    let all = json!({ "token_id": usdc, "amount": "all" });
    let (quoted, paid) = pay_out(&house, &customer, all.clone()).await;
    assert_eq!(
        (&paid["status"], &quoted["source"]["amount"]),
        (&json!("paid"), &json!("12.345678"))
    );
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    // Below the corridor's least, which is a euro: only all of it goes, at half of it at most.
    give(&house, &customer, on_base("USDC"), 300_000).await;
    let some = quote(&house, &customer, json!({ "token_id": usdc, "amount": "0.3" })).await;
    assert_eq!((some.error(), some.param()), ((400, "VALIDATION_ERROR"), "source.amount"));
    let (quoted, paid) = pay_out(&house, &customer, all.clone()).await;
    assert_eq!((&paid["status"], &quoted["target"]["amount"]), (&json!("paid"), &json!("0.14")));
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    // Not even a cent.
    give(&house, &customer, on_base("USDC"), 3_000).await;
    let dust = quote(&house, &customer, all.clone()).await;
    assert_eq!((dust.error(), dust.param()), ((400, "VALIDATION_ERROR"), "source.amount"));
    for (body, param) in [
        (json!({ "source": all, "country": "DE", "currency": "eur", "method": "sepa" }), "user_id"),
        (
            json!({ "bank_account_id": customer.account_id,
                "source": { "token_id": usdc, "currency": "eur", "amount": "1" } }),
            "source.currency",
        ),
        (
            json!({ "bank_account_id": customer.account_id, "source": { "amount": "1" } }),
            "source.token_id",
        ),
        (
            json!({ "bank_account_id": customer.account_id, "user_id": customer.id,
                "source": { "token_id": usdc, "amount": "all" }, "target": { "amount": "1" } }),
            "target.amount",
        ),
    ] {
        let refused = house.post("/api/v1/ramps/quotes", body.clone()).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{body}"
        );
    }
    check_books(&house).await;
}

/// The whole of a balance is promised to one of two payouts that ask for it.
#[tokio::test(flavor = "multi_thread")]
async fn all_there_is_is_had_once() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    give(&house, &customer, Asset::Currency(Currency::EUR), 5_000).await;
    let all = json!({ "currency": "eur", "amount": "all" });
    let one = quote(&house, &customer, all.clone()).await.ok();
    let other = quote(&house, &customer, all).await.ok();
    let (one, other) = tokio::join!(
        request_payout(&house, &customer, &one, "one"),
        request_payout(&house, &customer, &other, "other"),
    );
    let mut ends = [one.error(), other.error()];
    ends.sort_unstable();
    assert_eq!(ends, [(200, "(no code)"), (409, "INSUFFICIENT_FUNDS")]);
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dust_is_left_to_the_merchant_and_no_more_than_dust() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    give(&house, &customer, on_base("USDC"), 1_000_000).await;
    give(&house, &customer, Asset::Currency(Currency::EUR), 3).await;
    let erase = format!("/api/v1/ramps/users/{}/erase", customer.id);
    let forfeit = json!({ "forfeit_dust": true });
    // A dollar is money.
    assert_eq!(house.post(&erase, forfeit.clone()).await.error(), (409, "USER_HAS_BALANCE"));
    let all = json!({ "token_id": token_id("base", "USDC"), "amount": "all" });
    pay_out(&house, &customer, all).await;
    give(&house, &customer, on_base("USDC"), 3_000).await;
    // The payout may come back for 45 days.
    house.advance(46 * DAY_MS);
    house.step().await;
    assert_eq!(house.post(&erase, json!({})).await.error(), (409, "USER_HAS_BALANCE"));
    let erased = house.post(&erase, forfeit).await.ok();
    assert_eq!((&erased["status"], &erased["name"]), (&json!("closed"), &json!("(erased)")));
    for (asset, left) in [(on_base("USDC"), 3_000), (Asset::Currency(Currency::EUR), 3)] {
        let merchants = account(&house, AccountKind::Merchant, asset, None);
        let balance = house.app.store.balance(merchants).await.expect("reads");
        assert_eq!(balance.balance, left);
    }
    check_books(&house).await;
}
