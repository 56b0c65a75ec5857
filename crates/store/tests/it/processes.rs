//! Several server processes on one PostgreSQL database: here several stores, which share nothing.

use std::time::Duration;

use domain::ids::{MerchantId, RowKey};
use domain::sequence::Sequence;
use domain::slot::Slot;
use futures_util::future::join_all;
use store::{CommitError, Store, StoreConfig};

use crate::engines::{Database, client, on_postgres};
use crate::given::{claiming, inserting_slot, invoice, invoice_of, key, updating_slot};

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_write_one_log_without_gaps() {
    on_postgres(async |database| {
        let stores = [database.open().await, database.open().await];
        let tasks = (0..40).map(|writer| {
            let store = stores[usize::from(writer % 2 == 0)].clone();
            tokio::spawn(async move {
                for number in 0..20 {
                    store.commit(invoice(writer * 100 + number).changes).await.expect("commits");
                }
            })
        });
        join_all(tasks).await.into_iter().for_each(|done| done.expect("no panic"));
        let mut cursor = 0;
        while cursor < 800 {
            for entry in stores[0].log_after(0, cursor, 100).await.expect("reads") {
                assert_eq!(entry.sequence, cursor + 1);
                cursor = entry.sequence;
            }
        }
        assert_eq!(stores[1].log_head(0).await, Ok(800));
        assert_eq!(stores[0].check().await, Ok(Vec::new()));
        join_all(stores.iter().map(Store::close)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_contend_for_keys_versions_and_numbers() {
    on_postgres(async |database| {
        let stores = [database.open().await, database.open().await];
        stores[0].commit(inserting_slot("slot")).await.expect("a new slot");
        for round in 0..20 {
            let both = stores.iter().map(|store| store.commit(claiming(&format!("{round}"))));
            let won = join_all(both).await.iter().filter(|result| result.is_ok()).count();
            assert_eq!(won, 1);
            let both = stores.iter().map(|store| store.commit(updating_slot("slot", 0, round + 1)));
            let won = join_all(both).await.iter().filter(|result| result.is_ok()).count();
            assert_eq!(won, 1);
        }
        let slot: Slot = stores[1].get(key("slot")).await.expect("reads").expect("is there");
        assert_eq!(slot.version, 21);

        let tasks = (0..20_usize).map(|caller| {
            let store = stores[caller % 2].clone();
            tokio::spawn(async move { take_numbers(&store).await })
        });
        let mut taken: Vec<i64> = Vec::new();
        for done in join_all(tasks).await {
            taken.extend(done.expect("no panic"));
        }
        taken.sort_unstable();
        let expected: Vec<i64> = (0..i64::try_from(taken.len()).expect("few")).collect();
        assert_eq!(taken, expected);
        join_all(stores.iter().map(Store::close)).await;
    })
    .await;
}

async fn take_numbers(store: &Store) -> Vec<i64> {
    let mut taken = Vec::new();
    for _ in 0..5 {
        let number: Result<i64, CommitError> = store
            .decide(async || {
                let known = store.get::<Sequence>(key("numbers")).await?;
                let (first, changes) = Sequence::take(known, key("numbers"), 0, 1);
                Ok((changes, first))
            })
            .await;
        match number {
            Ok(number) => taken.push(number),
            // Tries are bounded: who loses too often gets no number, and no number is lost.
            Err(CommitError::AlreadyExists { .. } | CommitError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_of_two_processes_commit_beside_each_other() {
    on_postgres(async |database| {
        let config = StoreConfig { lanes: 4, ..database.config() };
        let stores = [
            Store::open(config.clone()).await.expect("opens"),
            Store::open(config).await.expect("opens"),
        ];
        let tasks = (0..40).map(|writer| {
            let store = stores[usize::from(writer % 2 == 0)].clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let merchant = MerchantId(1 + i64::try_from(number).expect("few"));
                    let created = invoice_of(merchant, writer * 100 + number);
                    store.commit(created.changes).await.expect("commits");
                    // One row that changes of every lane write.
                    let mut changes = claiming(&format!("{writer} {number}"));
                    changes.merchant_id = merchant;
                    changes.count("shared".to_owned(), 1);
                    changes.counters[0].merchant_id = MerchantId(0);
                    store.commit(changes).await.expect("commits");
                }
            })
        });
        join_all(tasks).await.into_iter().for_each(|done| done.expect("no panic"));
        let shared = domain::changes::counter_key(MerchantId(0), "shared");
        assert_eq!(stores[0].counter(shared).await, Ok(400));
        assert_eq!(stores[0].check().await, Ok(Vec::new()));
        join_all(stores.iter().map(Store::close)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_one_process_wakes_the_followers_of_another() {
    on_postgres(async |database| {
        let (writer, reader) = (database.open().await, database.open().await);
        let mut bell = reader.committed();
        let mut is_woken = false;
        // The first may come before the reader listens.
        for number in 0..20 {
            bell.mark_unchanged();
            writer.commit(invoice(number).changes).await.expect("commits");
            let waiting = tokio::time::timeout(Duration::from_millis(500), bell.changed());
            is_woken |= waiting.await.is_ok();
        }
        assert!(is_woken);
        writer.close().await;
        reader.close().await;
    })
    .await;
}

/// Plans made while the tables were empty must still seek when they are full.
#[tokio::test(flavor = "multi_thread")]
async fn a_committer_seeks_however_small_the_table_was_when_it_planned() {
    on_postgres(async |database| {
        let early = database.open().await;
        early.commit(inserting_slot("slot")).await.expect("a new slot");
        let mut version = 1;
        for _ in 0..10 {
            early.commit(updating_slot("slot", 1, version)).await.expect("an update");
            version += 1;
        }
        let admin = client(&database.url).await;
        let fill = "INSERT INTO slots SELECT gen_random_uuid(), 1, gen_random_uuid(), 0 \
                    FROM generate_series(1, 50000)";
        admin.batch_execute(fill).await.expect("fills");
        for _ in 0..50 {
            early.commit(updating_slot("slot", 2, version)).await.expect("an update");
            version += 1;
        }
        early.close().await;
        let read = reads_of_slots(&admin, 60).await;
        // Each update looks its row up and then finds it again; dead versions cost a little more.
        assert!(read < 60 * 200, "{read} index entries and rows were read");
    })
    .await;
}

/// How many index entries and rows were read, once so many updates are counted too: the counts of
/// a session arrive some time after its transactions.
async fn reads_of_slots(admin: &tokio_postgres::Client, updates: i64) -> i64 {
    let sql = "SELECT n_tup_upd, COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) + \
               (SELECT SUM(idx_tup_read)::bigint FROM pg_stat_user_indexes \
               WHERE relname = 'slots') FROM pg_stat_user_tables WHERE relname = 'slots'";
    for _ in 0..500 {
        let row = admin.query_one(sql, &[]).await.expect("runs");
        if row.get::<_, i64>(0) >= updates {
            return row.get(1);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the counts never arrived");
}

/// Asks until the answer is `expected`; it is read anew once a second.
async fn sees(store: &Store, expected: &[RowKey]) {
    let mut live = Vec::new();
    for _ in 0..500 {
        live = store.live_processes().await.expect("reads");
        if live == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{live:?} are alive, not {expected:?}");
}

fn name(number: u8) -> RowKey {
    let mut bytes = [0xff; 16];
    // Names begin with the time: those of processes that start together have much in common.
    bytes[15] = number;
    RowKey(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_know_of_each_other_while_they_live() {
    on_postgres(async |database| {
        let [first, second, nameless] =
            [database.open().await, database.open().await, database.open().await];
        first.announce(name(1));
        sees(&first, &[name(1)]).await;
        second.announce(name(2));
        for store in [&first, &second, &nameless] {
            sees(store, &[name(1), name(2)]).await;
        }
        first.close().await;
        for store in [&second, &nameless] {
            sees(store, &[name(2)]).await;
        }
        second.close().await;
        sees(&nameless, &[]).await;
        nameless.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_had_to_connect_anew_is_known_again() {
    on_postgres(async |database| {
        let [first, second] = [database.open().await, database.open().await];
        first.announce(name(1));
        second.announce(name(2));
        sees(&second, &[name(1), name(2)]).await;
        let admin = client(&database.url).await;
        let holder = session_of_first(&admin).await.expect("holds the locks");
        admin.execute("SELECT pg_terminate_backend($1)", &[&holder]).await.expect("ends it");
        for _ in 0..500 {
            if session_of_first(&admin).await.is_some_and(|session| session != holder) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_ne!(session_of_first(&admin).await, Some(holder));
        sees(&second, &[name(1), name(2)]).await;
        first.close().await;
        second.close().await;
    })
    .await;
}

/// The session that holds the last four bytes of `name(1)`: ff ff ff 01.
async fn session_of_first(admin: &tokio_postgres::Client) -> Option<i32> {
    let sql = "SELECT pid FROM pg_locks JOIN pg_database ON oid = database \
               WHERE datname = current_database() AND locktype = 'advisory' \
               AND objsubid = 2 AND objid = 4294967041";
    admin.query_opt(sql, &[]).await.expect("reads").map(|row| row.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_database_has_one_process() {
    let database = Database::sqlite();
    let store = database.open().await;
    assert_eq!(store.live_processes().await, Ok(vec![]));
    store.announce(name(1));
    assert_eq!(store.live_processes().await, Ok(vec![name(1)]));
    store.close().await;
}
