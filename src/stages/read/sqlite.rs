//! SQLite: the `newsdata` table of NELA-GT, or another table with a text column.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::columns::{ColumnField, recognise};
use super::encoding::Charset;
use super::options::ReadOptions;
use super::records::{Failure, RawRecord, Records};

/// Row ids fetched at a time.
const PAGE: usize = 1000;

/// The records of one table, in the order of its row ids.
pub(super) struct SqliteRecords {
    connection: Connection,
    table: String,
    columns: Vec<Arc<str>>,
    /// Row id and bytes of the rows to come.
    page: VecDeque<(i64, i64)>,
    last_id: Option<i64>,
    row: u64,
    limit: usize,
    progress: Arc<AtomicU64>,
    bytes_per_row: f64,
    done: bool,
}

impl SqliteRecords {
    pub fn open(path: &Path, progress: &Arc<AtomicU64>, options: &ReadOptions) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| damaged(&error))?;
        let table = choose_table(&connection, options)?;
        let columns = columns_of(&connection, &table).map_err(|error| damaged(&error))?;
        let count = format!("SELECT count(*) FROM {}", quoted(&table));
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0)).map_err(|error| damaged(&error))?;
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Self {
            connection,
            table,
            columns: columns.iter().map(|name| name.as_str().into()).collect(),
            page: VecDeque::new(),
            last_id: None,
            row: 0,
            limit: options.max_record_bytes,
            progress: Arc::clone(progress),
            bytes_per_row: size as f64 / rows.max(1) as f64,
            done: false,
        })
    }

    /// Ids and sizes first: a row that is too large is never fetched.
    fn fetch_page(&mut self) -> rusqlite::Result<()> {
        let sizes = self.columns.iter().map(|name| format!("coalesce(octet_length({}), 0)", quoted(name)));
        let size = sizes.collect::<Vec<_>>().join(" + ");
        let (table, after) =
            (quoted(&self.table), if self.last_id.is_some() { "WHERE rowid > ?1" } else { "WHERE ?1 IS NULL" });
        let query = format!("SELECT rowid, {size} FROM {table} {after} ORDER BY rowid LIMIT {PAGE}");
        let mut statement = self.connection.prepare_cached(&query)?;
        let rows = statement.query_map([self.last_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.page = rows.collect::<rusqlite::Result<_>>()?;
        self.last_id = self.page.back().map(|(id, _)| *id);
        self.progress.fetch_add((self.page.len() as f64 * self.bytes_per_row) as u64, Ordering::Relaxed);
        Ok(())
    }

    fn fetch_row(&self, id: i64) -> rusqlite::Result<RawRecord> {
        let names = self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let query = format!("SELECT {names} FROM {} WHERE rowid = ?1", quoted(&self.table));
        let mut statement = self.connection.prepare_cached(&query)?;
        let cells = statement.query_row([id], |row| {
            let mut cells = Vec::with_capacity(self.columns.len());
            for (at, name) in self.columns.iter().enumerate() {
                if let Some(content) = content(row.get_ref(at)?) {
                    cells.push((Arc::clone(name), content));
                }
            }
            Ok(cells)
        })?;
        Ok(RawRecord { row: Some(self.row), cells })
    }
}

fn content(value: ValueRef) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Charset::detect(bytes).decode(bytes).map(|text| text.into_owned())
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

/// `newsdata`, else the first table, by name, with the mapped or a recognised text column.
fn choose_table(connection: &Connection, options: &ReadOptions) -> Result<String, Failure> {
    let tables = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect()
    };
    let tables = tables().map_err(|error| damaged(&error))?;
    if let Some(table) = tables.iter().find(|name| name.eq_ignore_ascii_case("newsdata")) {
        return Ok(table.clone());
    }
    let is_text = |name: &String| {
        let mapped = options.map.get(ColumnField::Text).is_some_and(|column| column.eq_ignore_ascii_case(name));
        mapped || recognise(name).is_some_and(|found| found.field == ColumnField::Text)
    };
    for table in &tables {
        if columns_of(connection, table).map_err(|error| damaged(&error))?.iter().any(is_text) {
            return Ok(table.clone());
        }
    }
    let names = super::messages::list_columns(tables.iter().map(String::as_str));
    let detail = format!("no table `newsdata` and none with a text column; the tables are {names}. Export one as CSV");
    Err(Failure::new("no_text_column", detail))
}

fn damaged(error: &rusqlite::Error) -> Failure {
    Failure::new("corrupt", format!("not readable as SQLite: {error}")).ending()
}

impl Records for SqliteRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        if self.page.is_empty()
            && let Err(error) = self.fetch_page()
        {
            self.done = true;
            return Some(Err(damaged(&error).at(self.row + 1)));
        }
        let Some((id, bytes)) = self.page.pop_front() else {
            self.done = true;
            return None;
        };
        self.row += 1;
        if bytes > self.limit as i64 {
            return Some(Err(Failure::too_large(bytes as u64, self.limit).at(self.row)));
        }
        let bad_row = |error: rusqlite::Error| Failure::new("bad_row", error.to_string()).at(self.row);
        Some(self.fetch_row(id).map_err(bad_row))
    }

    fn columns(&self) -> Option<&[Arc<str>]> {
        Some(&self.columns)
    }
}
