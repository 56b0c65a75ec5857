//! How lists are asked for: pages by key, and statements composed of the active fragments only.
//!
//! Every value is bound; placeholders are numbered as they are written, so that one text serves
//! both engines. Keys of paged lists are UUIDv7, so key order is order of creation.

use std::fmt::Write as _;
use std::marker::PhantomData;

use domain::ids::RowKey;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::row::{Cells, Kind, Row, Value};
use crate::rows::table_of;
use crate::store::Store;

/// Which part of a list; the answer is newest first in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    First,
    /// Those right after this key: older.
    After(RowKey),
    /// Those right before this key: newer.
    Before(RowKey),
}

/// The orders of the lists' indexes. They name the place of nulls, though keys are never null:
/// no primary key has these orders on PostgreSQL, so its planner cannot walk one for a page and
/// hope to meet the rows that are asked for. SQLite takes them for its own order.
pub(crate) const OLDEST_FIRST: &str = " ORDER BY key NULLS FIRST";
pub(crate) const NEWEST_FIRST: &str = " ORDER BY key DESC NULLS LAST";

/// A statement that answers rows of one table.
#[derive(Debug)]
pub(crate) struct List<R> {
    text: String,
    params: Vec<Value>,
    /// The text is a whole statement, not only what follows `SELECT … FROM table`.
    is_whole: bool,
    /// The statement runs oldest first, and the answer is turned around.
    is_reversed: bool,
    /// How many rows a list of branches answers; the others are dropped.
    rows_max: usize,
    row: PhantomData<fn() -> R>,
}

impl<R> List<R> {
    /// A list that starts with `text` after `SELECT … FROM table`.
    pub fn new(text: &str) -> List<R> {
        List {
            text: text.to_owned(),
            params: Vec::new(),
            is_whole: false,
            is_reversed: false,
            rows_max: usize::MAX,
            row: PhantomData,
        }
    }

    /// What a worker has to look at by now, the longest due first, out of a table whose `due_at` is
    /// null where nothing is left to do.
    pub fn due(now: Timestamp) -> List<R> {
        let list = List::new(" WHERE due_at IS NOT NULL").bind(" AND due_at <= ", now);
        list.push(" ORDER BY due_at")
    }

    pub fn push(mut self, text: &str) -> List<R> {
        self.text.push_str(text);
        self
    }

    /// Appends `text` and the placeholder of `value`.
    pub fn bind(mut self, text: &str, value: impl Into<Value>) -> List<R> {
        self.params.push(value.into());
        write!(self.text, "{text}${}", self.params.len()).expect("strings take text");
        self
    }

    /// Appends `text` and the value only if there is one.
    pub fn bind_some(self, text: &str, value: Option<impl Into<Value>>) -> List<R> {
        match value {
            Some(value) => self.bind(text, value),
            None => self,
        }
    }

    /// Appends `text` and `($1, $2, …)`.
    pub fn bind_all(mut self, text: &str, values: impl IntoIterator<Item = i64>) -> List<R> {
        self.text.push_str(text);
        let mut separator = "(";
        for value in values {
            self = self.bind(separator, value);
            separator = ", ";
        }
        self.push(")")
    }

    pub fn limit(self, limit: i64) -> List<R> {
        self.bind(" LIMIT ", limit.max(0))
    }

    /// Keeps the keys of `range`.
    pub fn within(self, range: KeyRange) -> List<R> {
        let lower = (range.from > 0).then(|| key_of(range.from));
        let upper = range.until.map(key_of);
        self.bind_some(" AND key >= ", lower).bind_some(" AND key < ", upper)
    }

    /// Ends a list that is paged by key.
    pub fn page(mut self, page: Page, limit: i64) -> List<R> {
        self.is_reversed = matches!(page, Page::Before(_));
        let order = if self.is_reversed { OLDEST_FIRST } else { NEWEST_FIRST };
        self.push(order).limit(limit)
    }

    /// Whether the statement runs oldest first, so that its answer is to be turned around.
    pub fn is_reversed(&self) -> bool {
        self.is_reversed
    }

    /// The text as it stands, and its values.
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.params)
    }
}

impl<R: Row> List<R> {
    /// The rows of several lists of this table, each of which must end with a limit.
    ///
    /// What is read is bounded by those limits. The branches are merged here and not by the
    /// database: SQLite takes milliseconds to merge forty that are read in microseconds.
    pub fn of_branches<B>(
        branches: impl IntoIterator<Item = B>,
        branch: impl Fn(List<R>, B) -> List<R>,
    ) -> List<R> {
        let mut list = List { is_whole: true, ..List::new("") };
        for (at, of) in branches.into_iter().enumerate() {
            let union = if at == 0 { "" } else { " UNION ALL " };
            list = list.push(&format!("{union}SELECT * FROM ({}", Self::select()));
            list = branch(list, of).push(&format!(") AS branch_{at}"));
        }
        list
    }

    /// Ends a list of branches: the first rows of the page out of all of them.
    pub fn merge(self, page: Page, limit: i64) -> List<R> {
        let rows_max = usize::try_from(limit).unwrap_or(0);
        List { is_reversed: matches!(page, Page::Before(_)), rows_max, ..self }
    }

    fn select() -> String {
        let columns: Vec<&str> = R::TABLE.columns.iter().map(|column| column.name).collect();
        format!("SELECT key, version, {} FROM {}", columns.join(", "), R::TABLE.name)
    }

    /// The whole statement and its values.
    pub fn statement(self) -> (String, Vec<Value>) {
        let sql = if self.is_whole { self.text } else { Self::select() + &self.text };
        (sql, self.params)
    }

    pub async fn read(self, store: &Store) -> Result<Vec<R>, StoreError> {
        let is_reversed = self.is_reversed;
        let mut rows = match self.is_whole {
            true => self.read_merged(store).await?,
            false => store.select::<R>(&self.text, self.params).await?,
        };
        if is_reversed {
            rows.reverse();
        }
        Ok(rows)
    }

    async fn read_merged(self, store: &Store) -> Result<Vec<R>, StoreError> {
        let columns = R::TABLE.columns.iter().map(|column| column.kind);
        let kinds: Vec<Kind> = [Kind::Key, Kind::Int].into_iter().chain(columns).collect();
        let rows = store.select_cells(&self.text, &kinds, self.params).await?;
        let keyed = |row: Vec<Value>| match row.first() {
            Some(Value::Key(key)) => Ok((*key, row)),
            Some(_) | None => Err(corrupt::<R>("key")),
        };
        let mut rows: Vec<(RowKey, Vec<Value>)> =
            rows.into_iter().map(keyed).collect::<Result<_, _>>()?;
        rows.sort_unstable_by(|(one, _), (other, _)| match self.is_reversed {
            true => one.cmp(other),
            false => other.cmp(one),
        });
        rows.truncate(self.rows_max);
        rows.into_iter().map(|(_, row)| decode(row)).collect()
    }

    /// At most one row.
    pub async fn read_one(self, store: &Store) -> Result<Option<R>, StoreError> {
        Ok(self.limit(1).read(store).await?.pop())
    }
}

fn decode<R: Row>(mut row: Vec<Value>) -> Result<R, StoreError> {
    match row.as_mut_slice() {
        [Value::Key(key), Value::Int(version), cells @ ..] => {
            R::decode(&mut Cells::new(table_of(R::TABLE.noun), *key, *version, cells))
        }
        _ => Err(corrupt::<R>("key")),
    }
}

/// A row, or a total of rows, that is not what the statement answers.
pub(crate) fn corrupt<R: Row>(column: &'static str) -> StoreError {
    StoreError::Corrupt { table: R::TABLE.name, key: "one of a list".to_owned(), column }
}

/// Keys from `from`, up to but without `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    from: u128,
    until: Option<u128>,
}

impl KeyRange {
    pub fn of_page(page: Page) -> KeyRange {
        let number = |key: RowKey| u128::from_be_bytes(key.0);
        match page {
            Page::First => KeyRange { from: 0, until: None },
            Page::After(key) => KeyRange { from: 0, until: Some(number(key)) },
            Page::Before(key) => KeyRange { from: number(key).saturating_add(1), until: None },
        }
    }

    /// Keeps what was created within both moments, each of them included.
    ///
    /// A UUIDv7 begins with its 48-bit time, so this needs no column and no index of its own.
    pub fn created(self, from: Option<Timestamp>, to: Option<Timestamp>) -> KeyRange {
        let earliest = from.map_or(0, |from| first_of(from.0));
        let beyond = to.map(|to| first_of(to.0.saturating_add(1)));
        let until = match (self.until, beyond) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        KeyRange { from: self.from.max(earliest), until }
    }
}

const UUID_TIME_SHIFT: u32 = 80;
const UUID_TIME_MS_MAX: i64 = (1 << 48) - 1;

/// The least key of a millisecond.
fn first_of(ms: i64) -> u128 {
    let ms = ms.clamp(0, UUID_TIME_MS_MAX);
    u128::try_from(ms).expect("clamped above zero") << UUID_TIME_SHIFT
}

/// Before every key that is drawn at this moment or later.
pub(crate) fn first_key_of(moment: Timestamp) -> RowKey {
    key_of(first_of(moment.0))
}

fn key_of(number: u128) -> RowKey {
    RowKey(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_and_a_span_of_time_become_one_range() {
        let second = KeyRange::of_page(Page::First).created(Some(Timestamp(5)), Some(Timestamp(5)));
        assert_eq!(second, KeyRange { from: 5 << 80, until: Some(6 << 80) });
        let older = KeyRange::of_page(Page::After(key_of(7))).created(None, Some(Timestamp(1)));
        assert_eq!(older, KeyRange { from: 0, until: Some(7) });
        let newer = KeyRange::of_page(Page::Before(key_of(7))).created(Some(Timestamp(-1)), None);
        assert_eq!(newer, KeyRange { from: 8, until: None });
        let ever = KeyRange::of_page(Page::First).created(None, Some(Timestamp(i64::MAX)));
        assert_eq!(ever.until, Some(first_of(i64::MAX)));
    }
}
