//! A process's name as advisory locks: four of a session, each with a quarter of the name.
//!
//! A lock goes with its session, whatever ends it, and everybody may read who holds which. They are
//! shared locks, because names of different processes may have quarters in common.

use std::collections::BTreeMap;

use domain::ids::RowKey;
use tokio_postgres::Error;

use super::connect::Session;
use crate::row::{Kind, Value};

/// The first numbers of the four locks: "Pepa" in ASCII and the three after it.
const FIRST: i32 = 0x5065_7061;
const QUARTERS: usize = 4;

/// Who looks for a lock of ours finds it by the session that holds it, the quarter and its bits.
pub(crate) const LIVE: &str = "SELECT CAST(pid AS BIGINT), \
     CAST(classid AS BIGINT) - 1348825185, CAST(objid AS BIGINT) FROM pg_locks \
     WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
     AND CAST(classid AS BIGINT) BETWEEN 1348825185 AND 1348825188 \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

pub(crate) const LIVE_KINDS: [Kind; 3] = [Kind::Int; 3];

/// Has the database notice within half a minute that this machine is gone.
const NOTICE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
     SET tcp_keepalives_count = 3";

/// Takes the locks; they are held for as long as the session lasts.
pub(super) async fn announce(session: &Session, process: RowKey) -> Result<(), Error> {
    let mut text = format!("{NOTICE}; SELECT pg_advisory_unlock_all()");
    for (class, bits) in (FIRST..).zip(quarters(process)) {
        text.push_str(&format!(", pg_advisory_lock_shared({class}, {bits})"));
    }
    session.client.batch_execute(&text).await
}

/// Gives them back, if there are any.
pub(super) async fn withdraw(session: &Session) -> Result<(), Error> {
    session.client.batch_execute("SELECT pg_advisory_unlock_all()").await
}

fn quarters(process: RowKey) -> [i32; QUARTERS] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = process.0;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]].map(i32::from_be_bytes)
}

/// The names that rows of `LIVE` spell; a session that holds fewer quarters has none yet.
pub(crate) fn processes_of(rows: &[Vec<Value>]) -> Vec<RowKey> {
    let mut names: BTreeMap<i64, [Option<u32>; QUARTERS]> = BTreeMap::new();
    for row in rows {
        if let [Value::Int(session), Value::Int(at), Value::Int(bits)] = row.as_slice()
            && let Some(at) = usize::try_from(*at).ok().filter(|at| *at < QUARTERS)
        {
            names.entry(*session).or_default()[at] = u32::try_from(*bits).ok();
        }
    }
    let mut live: Vec<RowKey> = names.into_values().filter_map(whole).collect();
    live.sort_unstable();
    live.dedup();
    live
}

fn whole(quarters: [Option<u32>; QUARTERS]) -> Option<RowKey> {
    let number = quarters.iter().try_fold(0_u128, |number, quarter| {
        quarter.map(|quarter| (number << u32::BITS) | u128::from(quarter))
    })?;
    Some(RowKey(number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_from_its_quarters() {
        let process = RowKey(*b"\x01\x98\xff\x00\x80\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01");
        let row = |session: i64, (at, bits): (i64, i32)| {
            let bits = i64::from(u32::from_be_bytes(bits.to_be_bytes()));
            vec![Value::Int(session), Value::Int(at), Value::Int(bits)]
        };
        let mut rows: Vec<_> = (0..).zip(quarters(process)).map(|pair| row(7, pair)).collect();
        rows.reverse();
        rows.push(row(8, (0, 5)));
        assert_eq!(processes_of(&rows), vec![process]);
        assert!(LIVE.contains(&FIRST.to_string()));
    }
}
