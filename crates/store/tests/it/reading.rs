//! Reading: rows by key, and the database's clock.

use domain::claim::Claim;
use domain::invoice::Invoice;
use futures_util::future::join_all;

use crate::engines::for_each_engine;
use crate::given::{claiming, invoice, key};

#[tokio::test(flavor = "multi_thread")]
async fn many_are_found_in_the_order_of_their_keys() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let keys: Vec<_> = (0..40).map(|number| invoice(number).invoice.key()).collect();
        for number in (0..40).step_by(2) {
            store.commit(invoice(number).changes).await.expect("commits");
        }
        let found = store.get_many::<Invoice>(keys.clone()).await.expect("reads");
        for (at, (found, key)) in found.iter().zip(&keys).enumerate() {
            assert_eq!(found.as_ref().map(Invoice::key), (at % 2 == 0).then_some(*key));
        }
        assert_eq!(store.get_many::<Invoice>(Vec::new()).await, Ok(Vec::new()));
        let reads = keys.iter().map(|&key| store.get::<Invoice>(key));
        let alone: Result<Vec<_>, _> = join_all(reads).await.into_iter().collect();
        assert_eq!(alone, Ok(found));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_sees_every_commit_that_was_acknowledged() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let tasks = (0..50).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let name = format!("claim {number}");
                store.commit(claiming(&name)).await.expect("commits");
                store.get::<Claim>(key(&name)).await.expect("reads").expect("is there")
            })
        });
        for done in join_all(tasks).await {
            assert_eq!(done.expect("no panic").version, 1);
        }
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_databases_clock_is_close_to_ours() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let told = store.database_time_ms().await.expect("reads");
        let file = database.directory.path().join("now");
        std::fs::write(&file, "now").expect("writes");
        let written = std::fs::metadata(&file).and_then(|found| found.modified()).expect("a time");
        let ours = written.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
        let skew = i64::try_from(ours).expect("small") - told;
        assert!(skew.abs() < 5_000, "{skew}");
        store.close().await;
    })
    .await;
}

/// The benchmark's engine: enough of a store for a server to start and to find its merchant.
#[tokio::test]
async fn the_roof_answers_what_was_committed_last_and_keeps_nothing() {
    let store = store::Store::open(store::StoreConfig::new("roof:")).await.expect("opens");
    let one = store.commit(invoice(1).changes).await.expect("commits");
    let two = store.commit(invoice(2).changes).await.expect("commits");
    assert_eq!((one.last_sequence, two.last_sequence), (1, 2));
    let found = store.get::<Invoice>(invoice(1).invoice.key()).await.expect("reads");
    assert_eq!(found.map(|invoice| invoice.version), Some(1));
    store.commit(claiming("name")).await.expect("commits");
    assert!(store.get::<Claim>(key("name")).await.expect("reads").is_some());
    assert_eq!(store.log_after(0, 0, 10).await, Ok(Vec::new()));
    assert_eq!(store.engine_name(), "roof");
    store.close().await;
}
