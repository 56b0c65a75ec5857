//! Schemas: made from nothing, checked as declared, refused when too new; one server per file.

use store::{MigrationReport, Store, StoreConfig, StoreError};

use crate::engines::{Database, for_each_engine};
use crate::given::{claiming, invoice, key};

const KNOWN: i64 = 7;

async fn refusal(config: StoreConfig) -> StoreError {
    match Store::open(config).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_made_from_nothing_and_only_once() {
    for_each_engine(async |database| {
        let report = Store::migrate(&database.config()).await;
        assert_eq!(report, Ok(MigrationReport { from: 0, to: KNOWN }));
        let report = Store::migrate(&database.config()).await;
        assert_eq!(report, Ok(MigrationReport { from: KNOWN, to: KNOWN }));
        let store = database.open().await;
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.ping().await.expect("answers");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused_unless_it_says_that_it_is_compatible() {
    for_each_engine(async |database| {
        database.open().await.close().await;
        database.execute("UPDATE schema SET version = 9, minimum_compatible = 9").await;
        let error = refusal(database.config()).await;
        assert_eq!(error, StoreError::TooNew { found: 9, known: KNOWN });
        database.execute("UPDATE schema SET version = 9, minimum_compatible = 4").await;
        database.execute("ALTER TABLE claims ADD COLUMN later TEXT").await;
        let store = database.open().await;
        store.commit(claiming("name")).await.expect("the new column may be left out");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_as_declared_is_refused_with_the_column() {
    for_each_engine(async |database| {
        database.open().await.close().await;
        database.execute("ALTER TABLE claims RENAME COLUMN target TO goal").await;
        let error = refusal(database.config()).await;
        let StoreError::Misconfigured(text) = error else { panic!("{error:?}") };
        assert!(text.contains("claims.target is missing"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_lanes_is_fixed() {
    for_each_engine(async |database| {
        database.open().await.close().await;
        let error = refusal(StoreConfig { lanes: 2, ..database.config() }).await;
        assert!(matches!(error, StoreError::Misconfigured(_)), "{error:?}");
        let error = refusal(StoreConfig { lanes: 0, ..database.config() }).await;
        assert!(matches!(error, StoreError::Misconfigured(_)), "{error:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_cannot_work_are_refused_in_words() {
    for url in ["mysql://x", "", "sqlite:", "postgres://[bad", "sqlite:/nowhere/at/all.db"] {
        let error = refusal(StoreConfig::new(url)).await;
        assert!(matches!(error, StoreError::Misconfigured(_)), "{url}: {error:?}");
    }
    let database = Database::sqlite();
    std::fs::write(database.sqlite_path(), "this is a text, not a database ".repeat(100))
        .expect("writes");
    let error = refusal(database.config()).await;
    let StoreError::Misconfigured(text) = error else { panic!("{error:?}") };
    assert!(text.contains("is not a SQLite database"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_one_file_is_refused() {
    let database = Database::sqlite();
    let store = database.open().await;
    let error = refusal(database.config()).await;
    let StoreError::Misconfigured(text) = error else { panic!("{error:?}") };
    assert!(text.contains("another server"), "{text}");
    store.close().await;
    database.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_writing_opens_and_is_whole() {
    let database = Database::sqlite();
    let store = database.open().await;
    for number in 0..200 {
        store.commit(invoice(number).changes).await.expect("commits");
    }
    let target = database.directory.path().join("backup.db");
    let writing = async {
        for number in 200..400 {
            store.commit(invoice(number).changes).await.expect("commits");
        }
    };
    let config = database.config();
    let (backup, ()) = tokio::join!(Store::backup(&config, &target), writing);
    backup.expect("a backup");
    let again = Store::backup(&config, &target).await;
    assert!(matches!(again, Err(StoreError::Misconfigured(_))), "{again:?}");
    store.close().await;

    let copy = Store::open(StoreConfig::new(format!("sqlite:{}", target.display()))).await;
    let copy = copy.expect("the backup opens");
    let head = copy.log_head(0).await.expect("reads");
    assert!((200..=400).contains(&head), "{head}");
    assert_eq!(copy.check().await, Ok(Vec::new()));
    copy.commit(claiming("later")).await.expect("it takes changes");
    assert!(copy.get::<domain::claim::Claim>(key("later")).await.expect("reads").is_some());
    copy.close().await;
}
