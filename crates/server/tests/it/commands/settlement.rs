//! `pepay settlement`: stopping a network, and saying what the operator sent, beside a server that
//! has the database to itself and without one.

use chains::keys::Keystore;
use chains::keys::words::Words;
use domain::environment::Environment;
use domain::network::Network;
use domain::secret::KeyRing;
use domain::settlement::{Settlement, SettlementState};
use serde_json::{Value, json};
use server::config::ChainConfig;
use store::{Store, StoreConfig};

use super::{Dev, complaint_of, directory, pepay, said, said_by, text, used_directory};
use crate::house::token_id;
use crate::settlement::{WALLET, house_with, paid, payment, run};

const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

#[tokio::test]
async fn a_network_is_paused_and_resumed_without_a_server() {
    let (_home, data_dir, _) = used_directory().await;
    let directory = text(&data_dir);
    let act = |act: &str| said(&["settlement", act, "--data-dir", &directory, "--network", "base"]);
    for _ in 0..2 {
        assert_eq!(act("pause"), "sending on base (devnet) is paused\n");
    }
    for _ in 0..2 {
        assert_eq!(act("resume"), "sending on base (devnet) is resumed\n");
    }
    assert_eq!(act("plan").trim(), "[]");
    let unknown = ["settlement", "confirm", "--data-dir", &directory, "--tx", "0x12", "--id"];
    let id = "0198f0c2-7c1e-7abc-8def-0123456789ab";
    let refused = complaint_of(&mut pepay(&[&unknown[..], &[id]].concat()));
    assert!(refused.contains("no such send"), "{refused}");
    let nonsense = pepay(&[&unknown[..], &["7"]].concat()).output().expect("runs");
    assert_eq!(nonsense.status.code(), Some(2), "{nonsense:?}");
}

#[tokio::test]
async fn there_is_no_settlement_where_there_is_no_database() {
    let home = directory();
    let nowhere = text(&home.path().join("nowhere"));
    for act in ["plan", "pause", "resume"] {
        let arguments = ["settlement", act, "--data-dir", &nowhere, "--network", "base"];
        let refused = complaint_of(&mut pepay(&arguments));
        assert!(refused.contains("there is no database"), "{act}: {refused}");
    }
    assert!(!home.path().join("nowhere").exists(), "nothing was made");
}

#[tokio::test]
async fn beside_a_server_it_is_the_server_that_is_asked() {
    let home = directory();
    let data_dir = home.path().join("data");
    let dev = Dev::start_with(&data_dir, &[]);
    let directory = text(&data_dir);
    let pause = ["settlement", "pause", "--data-dir", &directory, "--network", "base"];
    let without = complaint_of(&mut pepay(&pause));
    assert!(without.contains("set operator_token"), "{without}");
    let wrong = complaint_of(dev.operator(&pause).env("PEPAY_OPERATOR_TOKEN", "another"));
    assert!(wrong.contains("AUTHENTICATION_REQUIRED"), "{wrong}");
    assert!(said_by(&mut dev.operator(&pause)).contains("is paused"));
    let resume = ["settlement", "resume", "--data-dir", &directory, "--network", "base"];
    assert!(said_by(&mut dev.operator(&resume)).contains("is resumed"));
    let plan = ["settlement", "plan", "--data-dir", &directory, "--network", "ton"];
    assert_eq!(said_by(&mut dev.operator(&plan)).trim(), "[]");
    let id = "0198f0c2-7c1e-7abc-8def-0123456789ab";
    let confirm = ["settlement", "confirm", "--data-dir", &directory, "--id", id, "--tx", "0x12"];
    let refused = complaint_of(&mut dev.operator(&confirm));
    assert!(refused.contains("No such send"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_sent_is_looked_up_and_settles() {
    let words = Words::parse(WORDS).expect("are words");
    let keys = Keystore::new(&words, Environment::Devnet).expect("usable words").account_keys();
    let xpub = keys[0].text.clone();
    let watched = ChainConfig { xpub: Some(xpub.clone()), ..ChainConfig::default() };
    let house = house_with(|config| {
        config.chains.entry(Environment::Devnet).or_default().insert(Network::Ethereum, watched);
    })
    .await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let payment = payment(&house, &created).await;
    let number = payment["settlement"]["merchant_settlement_id"].as_i64().expect("a number");
    let from = payment["to_address"].clone();
    let transfer = async |amount: &str| {
        let id = token_id("ethereum", "USDC");
        let body = json!({ "to": WALLET, "from": from, "amount": amount, "token_id": id });
        let sent = house.post("/api/v1/devnet/chain/ethereum/transfers", body).await.ok();
        sent["data"]["tx_hash"].as_str().expect("a hash").to_owned()
    };
    let (wrong, right) = (transfer("9").await, transfer("10").await);
    // The commands live now, which is long after.
    house.app.store.close().await;

    let (directory, url) = (text(house.data_dir.path()), house.app.config.database_url());
    let act = |arguments: &[&str]| {
        let place = ["--data-dir", &directory, "--database-url", &url];
        let mut command = pepay(&[&["settlement"][..], arguments, &place].concat());
        command.env("PEPAY_MASTER_KEY", KeyRing::key_text(&[7; 32]));
        command.env("PEPAY_CHAINS__DEVNET__ETHEREUM__XPUB", &xpub);
        command
    };
    let plan: Value =
        serde_json::from_str(&said_by(&mut act(&["plan", "--network", "ethereum"]))).expect("JSON");
    assert_eq!(plan.as_array().map(Vec::len), Some(1), "{plan}");
    assert_eq!((&plan[0]["destination"], &plan[0]["amount"]), (&json!(WALLET), &json!("10")));
    let id = plan[0]["id"].as_str().expect("an id");
    let refused = complaint_of(&mut act(&["confirm", "--id", id, "--tx", &wrong]));
    assert!(refused.contains("pays another amount"), "{refused}");
    let confirm = ["confirm", "--id", id, "--tx", &right];
    assert_eq!(said_by(&mut act(&confirm)), "confirmed\n");
    let again = complaint_of(&mut act(&confirm));
    assert!(again.contains("does not wait for the operator"), "{again}");
    assert_eq!(said_by(&mut act(&["plan", "--network", "ethereum"])).trim(), "[]");

    let store = Store::open(StoreConfig::new(url)).await.expect("opens");
    let key = domain::ids::SettlementId(number).key();
    let settlement = store.get::<Settlement>(key).await.expect("reads").expect("is there");
    assert_eq!(settlement.state, SettlementState::Settled);
    assert_eq!(settlement.tx_hashes, [right]);
    assert_eq!(store.check().await.expect("reads"), vec![]);
    store.close().await;
}
