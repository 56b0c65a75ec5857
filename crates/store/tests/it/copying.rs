//! Moving from SQLite to PostgreSQL: everything arrives, and only into an empty database.

use domain::changes::counter_key;
use domain::invoice::Invoice;
use store::{StoreError, copy};

use crate::engines::{Database, on_postgres};
use crate::given::{SHOP, claiming, invoice};

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_and_the_log_goes_on() {
    on_postgres(async |target| {
        let source = Database::sqlite();
        let store = source.open().await;
        for number in 0..1_200 {
            store.commit(invoice(number).changes).await.expect("commits");
        }
        let read: Invoice =
            store.get(invoice(17).invoice.key()).await.expect("reads").expect("is there");
        store.close().await;

        let mut seen = Vec::new();
        let progress = |table: &str, count: u64| seen.push((table.to_owned(), count));
        let copied = copy(&source.config(), &target.config(), progress).await.expect("copies");
        let of = |name: &str| copied.tables.iter().find(|(table, _)| table == name);
        assert_eq!(of("invoices").map(|(_, count)| *count), Some(1_200));
        assert_eq!(of("log").map(|(_, count)| *count), Some(1_200));
        assert!(seen.contains(&("invoices".to_owned(), 1_000)), "{seen:?}");

        let store = target.open().await;
        let copied: Invoice =
            store.get(invoice(17).invoice.key()).await.expect("reads").expect("is there");
        assert_eq!(copied, read);
        let gauge = counter_key(SHOP, "invoices.devnet.unpaid");
        assert_eq!(store.counter(gauge).await, Ok(1_200));
        let committed = store.commit(invoice(5_000).changes).await.expect("commits");
        assert_eq!(committed.first_sequence, 1_201);
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;

        let again = copy(&source.config(), &target.config(), |_, _| {}).await;
        let Err(StoreError::Misconfigured(text)) = again else { panic!("{again:?}") };
        assert!(text.contains("not empty"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_from_sqlite_to_postgres() {
    let (one, other) = (Database::sqlite(), Database::sqlite());
    let store = one.open().await;
    store.commit(claiming("x")).await.expect("commits");
    store.close().await;
    let refused = copy(&one.config(), &other.config(), |_, _| {}).await;
    assert!(matches!(refused, Err(StoreError::Misconfigured(_))), "{refused:?}");
}
