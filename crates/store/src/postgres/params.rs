//! Cells on the wire: whole columns as binary arrays, single values, and rows read back.
//!
//! An array is written straight from where its cells are kept into the message.

use bytes::{BufMut as _, Bytes, BytesMut};
use domain::ids::RowKey;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};

use crate::row::{Kind, Value};
use crate::write::{Batch, CellRef};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// A parameter of a statement.
pub(super) enum Param<'a> {
    Int(i64),
    Key(RowKey),
    Value(&'a Value),
    Keys(&'a [RowKey]),
    /// One column of every row of a batch.
    Column(&'a Batch<'a>, usize),
    /// The expected version of every row of a batch.
    Expected(&'a Batch<'a>),
}

impl std::fmt::Debug for Param<'_> {
    /// Says nothing: cells may hold what no log may show.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("…")
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Param::Int(value) => scalar(CellRef::Int(*value), kind, out),
            Param::Key(key) => scalar(CellRef::Key(*key), kind, out),
            Param::Value(value) => scalar(CellRef::from(*value), kind, out),
            Param::Keys(keys) => {
                let cells = keys.iter().map(|&key| CellRef::Key(key));
                array(Kind::Key, cells, out)
            }
            Param::Column(batch, column) => {
                let cells = (0..batch.len()).map(|row| batch.cell(row, *column));
                array(batch.relation.columns[*column].kind, cells, out)
            }
            Param::Expected(batch) => {
                let cells = (0..batch.len()).map(|row| CellRef::Int(batch.expected(row)));
                array(Kind::Int, cells, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        self.to_sql(kind, out)
    }
}

fn scalar(cell: CellRef<'_>, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    match cell {
        CellRef::Null => return Ok(IsNull::Yes),
        CellRef::Int(value) if *kind == Type::INT4 => out.put_i32(i32::try_from(value)?),
        CellRef::Int(value) if *kind == Type::INT2 => out.put_i16(i16::try_from(value)?),
        CellRef::Int(value) if *kind == Type::BOOL => out.put_u8(u8::from(value != 0)),
        other => put(other, out),
    }
    Ok(IsNull::No)
}

fn put(cell: CellRef<'_>, out: &mut BytesMut) {
    match cell {
        CellRef::Null => {}
        CellRef::Int(value) => out.put_i64(value),
        CellRef::Text(text) => out.put_slice(text.as_bytes()),
        CellRef::Bytes(bytes) => out.put_slice(bytes),
        CellRef::Wide(bytes) => out.put_slice(&bytes),
        CellRef::Key(key) => out.put_slice(&key.0),
    }
}

const NULL_LENGTH: i32 = -1;

fn length(cell: CellRef<'_>) -> Result<i32, std::num::TryFromIntError> {
    if cell == CellRef::Null { Ok(NULL_LENGTH) } else { i32::try_from(wire_bytes(cell)) }
}

fn wire_bytes(cell: CellRef<'_>) -> usize {
    match cell {
        CellRef::Null => 0,
        CellRef::Int(_) => 8,
        CellRef::Text(text) => text.len(),
        CellRef::Bytes(bytes) => bytes.len(),
        CellRef::Wide(_) | CellRef::Key(_) => 16,
    }
}

/// One dimension, its element type, then each cell behind its length.
fn array<'a>(
    kind: Kind,
    cells: impl ExactSizeIterator<Item = CellRef<'a>>,
    out: &mut BytesMut,
) -> Result<IsNull, Failure> {
    let element = match kind {
        Kind::Key => Type::UUID,
        Kind::Int => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    };
    out.put_i32(1);
    // May hold nulls; the server does not rely on it.
    out.put_i32(1);
    out.put_u32(element.oid());
    out.put_i32(i32::try_from(cells.len())?);
    out.put_i32(1);
    for cell in cells {
        out.put_i32(length(cell)?);
        put(cell, out);
    }
    Ok(IsNull::No)
}

const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// A batch as the binary stream of a COPY: a header, each row, an end.
pub(super) fn copy_stream(batch: &Batch<'_>) -> Bytes {
    let columns = batch.relation.columns.len();
    // Rows of one group are mostly alike: as the first, and an eighth to spare.
    let row_bytes: usize = (0..columns).map(|column| 4 + wire_bytes(batch.cell(0, column))).sum();
    let mut out = BytesMut::with_capacity(64 + batch.len() * (row_bytes + row_bytes / 8));
    out.put_slice(COPY_HEADER);
    for row in 0..batch.len() {
        out.put_i16(i16::try_from(columns).expect("a table has few columns"));
        for column in 0..columns {
            let cell = batch.cell(row, column);
            out.put_i32(length(cell).expect("a group is bounded"));
            put(cell, &mut out);
        }
    }
    out.put_i16(-1);
    out.freeze()
}

/// A cell as it comes, whatever its type.
struct Raw<'a>(Type, &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, bytes: &'a [u8]) -> Result<Raw<'a>, Failure> {
        Ok(Raw(kind.clone(), bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Raw<'_> {
    fn value(&self) -> Value {
        let Raw(kind, bytes) = self;
        let bytes = *bytes;
        if *kind == Type::UUID
            && let Ok(key) = bytes.try_into()
        {
            return Value::Key(RowKey(key));
        }
        if *kind == Type::INT8
            && let Ok(number) = bytes.try_into()
        {
            return Value::Int(i64::from_be_bytes(number));
        }
        if *kind == Type::INT4
            && let Ok(number) = bytes.try_into()
        {
            return Value::Int(i32::from_be_bytes(number).into());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if *kind == Type::TEXT => Value::Text(text.to_owned()),
            _ => Value::Bytes(bytes.to_owned()),
        }
    }
}

/// A row's cells. One that is not of its kind stays what it is, and will not decode.
pub(super) fn read(row: &Row) -> Result<Vec<Value>, tokio_postgres::Error> {
    let cell = |at| {
        let raw: Option<Raw<'_>> = row.try_get(at)?;
        Ok(raw.map_or(Value::Null, |raw| raw.value()))
    };
    (0..row.len()).map(cell).collect()
}

struct KeyCell(RowKey);

impl FromSql<'_> for KeyCell {
    fn from_sql(_: &Type, bytes: &[u8]) -> Result<KeyCell, Failure> {
        Ok(KeyCell(RowKey(bytes.try_into()?)))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
}

pub(super) fn key_at(row: &Row, at: usize) -> Result<RowKey, tokio_postgres::Error> {
    row.try_get(at).map(|KeyCell(key)| key)
}
