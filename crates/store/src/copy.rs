//! Moving house: every table of a SQLite file into an empty PostgreSQL database.
//!
//! Both are brought to the same schema first; the source is locked meanwhile. Rows go in pages, by
//! declaration, and are counted on the other side. The lanes come last: before them the target is
//! of no use to a server, so that half a copy is never taken for a whole one.

use crate::error::StoreError;
use crate::postgres::Importer;
use crate::relation::{Relation, catalog};
use crate::row::{Kind, Value};
use crate::store::{Store, StoreConfig};

const PAGE: i64 = 1_000;

/// What `copy` wrote: rows per table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub tables: Vec<(String, u64)>,
}

/// Copies everything; tells `progress` of every table how many rows are there.
pub async fn copy(
    from: &StoreConfig,
    to: &StoreConfig,
    mut progress: impl FnMut(&str, u64),
) -> Result<Copied, StoreError> {
    if !from.url.starts_with("sqlite:") || !to.url.starts_with("postgres") {
        let text = "a copy goes from sqlite:PATH to postgres://…";
        return Err(StoreError::Misconfigured(text.to_owned()));
    }
    let source = Store::open(StoreConfig { lanes: from.lanes, ..from.clone() }).await?;
    let copied = copy_all(&source, to, &mut progress).await;
    source.close().await;
    copied
}

async fn copy_all(
    source: &Store,
    to: &StoreConfig,
    progress: &mut impl FnMut(&str, u64),
) -> Result<Copied, StoreError> {
    let mut target = Importer::open(&StoreConfig { lanes: source.lanes(), ..to.clone() }).await?;
    for relation in &catalog().relations {
        if target.count(relation).await? != 0 {
            let text = format!("the target is not empty: {} has rows", relation.name);
            return Err(StoreError::Misconfigured(text));
        }
    }
    let mut copied = Copied::default();
    for relation in &catalog().relations {
        let count = copy_relation(source, &mut target, relation, progress).await?;
        let found = target.count(relation).await?;
        if found != count {
            let text = format!("{found} of {count} rows of {} arrived", relation.name);
            return Err(StoreError::Unavailable(text));
        }
        copied.tables.push((relation.name.to_owned(), count));
    }
    let kinds = [Kind::Int, Kind::Int, Kind::Int];
    let sql = "SELECT lane, sequence, ledger_position FROM lanes";
    for lane in source.select_cells(sql, &kinds, Vec::new()).await? {
        target.set_lane(&lane).await?;
    }
    Ok(copied)
}

async fn copy_relation(
    source: &Store,
    target: &mut Importer,
    relation: &'static Relation,
    progress: &mut impl FnMut(&str, u64),
) -> Result<u64, StoreError> {
    let mut count = 0;
    let mut last: Option<Vec<Value>> = None;
    loop {
        let page = page(source, relation, last.as_deref()).await?;
        let Some(end) = page.last().cloned() else { break };
        count += page.len() as u64;
        target.insert(relation, page).await?;
        progress(relation.name, count);
        last = Some(end);
    }
    Ok(count)
}

/// The rows after `last`, by key; the log's by lane and sequence.
async fn page(
    source: &Store,
    relation: &'static Relation,
    last: Option<&[Value]>,
) -> Result<Vec<Vec<Value>>, StoreError> {
    let is_log = relation.id == catalog().log().id;
    let (columns, name) = (relation.column_list(), relation.name);
    let order = if is_log { "lane, sequence" } else { "key" };
    let (condition, mut params) = match last {
        None => ("", Vec::new()),
        Some([lane, sequence, ..]) if is_log => {
            ("WHERE (lane, sequence) > ($1, $2)", vec![lane.clone(), sequence.clone()])
        }
        Some(cells) => ("WHERE key > $1", cells.iter().take(1).cloned().collect()),
    };
    params.push(Value::Int(PAGE));
    let limit = params.len();
    let sql = format!("SELECT {columns} FROM {name} {condition} ORDER BY {order} LIMIT ${limit}");
    source.select_cells(&sql, &relation.kinds(), params).await
}
