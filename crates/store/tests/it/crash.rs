//! Killed in the middle of its groups: what was acknowledged is there, and nothing is half there.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use domain::changes::counter_key;
use domain::claim::Claim;
use domain::ids::RowKey;
use domain::invoice::Invoice;
use domain::session::Session;

use crate::engines::for_each_engine;
use crate::given::{SHOP, claim, invoice, key};

const URL: &str = "STORE_TEST_CHILD_URL";
const FIRST: &str = "STORE_TEST_CHILD_FIRST";
const CALLERS: u64 = 32;
const NUMBERS_PER_LIFE: u64 = 1_000_000;

/// The process that is killed. As a test of its own it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let first: u64 = std::env::var(FIRST).expect("set with the URL").parse().expect("a number");
    let store = store::Store::open(store::StoreConfig::new(url)).await.expect("opens");
    let callers = (0..CALLERS).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in (first + caller..first + NUMBERS_PER_LIFE).step_by(32) {
                let mut changes = invoice(number).changes;
                changes.insert(claim(&number.to_string()));
                store.commit(changes).await.expect("commits");
                writeln!(std::io::stdout(), "acknowledged {number}").expect("somebody listens");
            }
        })
    });
    futures_util::future::join_all(callers).await;
}

/// Runs a child until it has acknowledged enough, kills it, and answers what it acknowledged.
fn one_life(url: &str, first: u64) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "crash::child", "--nocapture"])
        .env(URL, url)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let number = |line: String| line.strip_prefix("acknowledged ")?.parse::<u64>().ok();
    let mut acknowledged = Vec::new();
    for line in lines {
        acknowledged.extend(number(line.expect("text")));
        if acknowledged.len() == 500 {
            child.kill().expect("SIGKILL");
        }
    }
    child.wait().expect("ends");
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_and_nothing_is_half_there() {
    for_each_engine(async |database| {
        let mut acknowledged = HashSet::new();
        for life in 0..3 {
            let url = database.url.clone();
            let first = life * NUMBERS_PER_LIFE;
            let lived = tokio::task::spawn_blocking(move || one_life(&url, first)).await;
            acknowledged.extend(lived.expect("no panic"));
        }
        assert!(acknowledged.len() >= 1_500, "{}", acknowledged.len());
        let store = database.open().await;
        let mut found = HashSet::new();
        let mut cursor = 0;
        loop {
            let page = store.log_after(0, cursor, 500).await.expect("reads");
            let Some(last) = page.last() else { break };
            cursor = last.sequence;
            found.extend(page.iter().filter_map(|entry| entry.entry.subject.invoice_id));
        }
        for life in 0..3_u64 {
            for number in (0..20_000).map(|number| life * NUMBERS_PER_LIFE + number) {
                let created = invoice(number);
                let is_told = found.contains(&created.invoice.key());
                if !is_told {
                    assert!(!acknowledged.contains(&number), "{number} was acknowledged");
                }
                if is_told || number % 100 == 0 {
                    assert_eq!(is_whole(&store, number).await, is_told, "{number}");
                }
            }
        }
        let gauge = store.counter(counter_key(SHOP, "invoices.devnet.unpaid")).await;
        assert_eq!(gauge, Ok(i64::try_from(found.len()).expect("few")));
        assert_eq!(store.log_head(0).await, Ok(cursor));
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}

/// Whether every row of a change is there; all of them must agree.
async fn is_whole(store: &store::Store, number: u64) -> bool {
    let created = invoice(number);
    let invoice: Option<Invoice> = store.get(created.invoice.key()).await.expect("reads");
    let session: Option<Session> = store.get(created.session.key()).await.expect("reads");
    let name: RowKey = key(&number.to_string());
    let claim: Option<Claim> = store.get(name).await.expect("reads");
    assert_eq!(invoice.is_some(), session.is_some(), "{number}");
    assert_eq!(invoice.is_some(), claim.is_some(), "{number}");
    invoice.is_some()
}
