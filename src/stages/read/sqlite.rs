//! SQLite: the `newsdata` table of NELA-GT, or another table with a text column.
//!
//! A database that is damaged somewhere gives its rows up to the damage: nothing but the schema is read before the first row.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::columns::{ColumnField, recognise};
use super::csv::undecodable;
use super::encoding::Charset;
use super::mapper::is_wanted;
use super::options::ReadOptions;
use super::records::{Failure, RawRecord, Records};

/// Row ids fetched at a time.
const PAGE: usize = 1000;

/// The records of one table, in the order of its row ids.
pub(super) struct SqliteRecords {
    connection: Connection,
    table: String,
    /// The name of the row id, which a column of the table's own may have taken.
    row_id: &'static str,
    columns: Vec<Arc<str>>,
    /// For each column, whether it feeds anything: what the others hold need not be text.
    wanted: Vec<bool>,
    /// Row id and bytes of the rows to come.
    page: VecDeque<(i64, i64)>,
    last_id: Option<i64>,
    /// What stands in the way of further pages.
    failure: Option<Failure>,
    row: u64,
    limit: usize,
    position: Position,
    done: bool,
}

/// How far along the row ids the reader is, in bytes of the file.
struct Position {
    /// The lowest and highest row id; None where the damage is in their way.
    ids: Option<(i64, i64)>,
    size: u64,
    told: u64,
    progress: Arc<AtomicU64>,
}

impl Position {
    fn tell(&mut self, id: i64) {
        let Some((first, last)) = self.ids else { return };
        let share = (id as f64 - first as f64) / (last as f64 - first as f64).max(1.0);
        let bytes = (self.size as f64 * share.clamp(0.0, 1.0)) as u64;
        self.progress.fetch_add(bytes.saturating_sub(self.told), Ordering::Relaxed);
        self.told = self.told.max(bytes);
    }
}

impl SqliteRecords {
    pub fn open(path: &Path, progress: &Arc<AtomicU64>, options: &ReadOptions) -> Result<Self, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| damaged(&error))?;
        // A page that contradicts itself is an error, not rows of rubbish.
        connection.pragma_update(None, "cell_size_check", true).map_err(|error| damaged(&error))?;
        let table = choose_table(&connection, options)?;
        let columns = columns_of(&connection, &table).map_err(|error| damaged(&error))?;
        let is_free = |name: &&&str| !columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let row_id = ["rowid", "_rowid_", "oid"].iter().find(is_free).copied().unwrap_or("rowid");
        let name = quoted(&table);
        // One aggregate a query: each is then one look at an end of the table, whatever its size.
        let ids = format!("SELECT (SELECT min({row_id}) FROM {name}), (SELECT max({row_id}) FROM {name})");
        let ids = connection.query_row(&ids, [], |row| Ok((row.get(0)?, row.get(1)?))).ok();
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Self {
            connection,
            table,
            row_id,
            wanted: columns.iter().map(|name| is_wanted(options, name)).collect(),
            columns: columns.iter().map(|name| name.as_str().into()).collect(),
            page: VecDeque::new(),
            last_id: None,
            failure: None,
            row: 0,
            limit: options.max_record_bytes,
            position: Position { ids, size, told: 0, progress: Arc::clone(progress) },
            done: false,
        })
    }

    /// Ids and sizes first: a row that is too large is never fetched. What stands before damage is kept.
    fn fetch_page(&mut self) {
        let mut page = VecDeque::new();
        self.failure = self.ids_and_sizes(&mut page).err();
        self.last_id = page.back().map(|(id, _)| *id).or(self.last_id);
        self.page = page;
    }

    fn ids_and_sizes(&self, page: &mut VecDeque<(i64, i64)>) -> Result<(), Failure> {
        let sizes = self.columns.iter().map(|name| format!("coalesce(octet_length({}), 0)", quoted(name)));
        let size = sizes.collect::<Vec<_>>().join(" + ");
        let (table, id) = (quoted(&self.table), self.row_id);
        let after = if self.last_id.is_some() { format!("{id} > ?1") } else { "?1 IS NULL".to_owned() };
        let query = format!("SELECT {id}, {size} FROM {table} WHERE {after} ORDER BY {id} LIMIT {PAGE}");
        let mut statement = self.connection.prepare_cached(&query).map_err(|error| damaged(&error))?;
        let mut rows = statement.query([self.last_id]).map_err(|error| damaged(&error))?;
        let mut last = self.last_id;
        while let Some(row) = rows.next().map_err(|error| damaged(&error))? {
            let (id, bytes) = row.get(0).and_then(|id| Ok((id, row.get(1)?))).map_err(|error| damaged(&error))?;
            // SQLite trusts the order in its pages. Going on from a lower id would read the same rows for ever.
            if last.is_some_and(|last| id <= last) {
                let detail =
                    format!("not readable as SQLite: row {id} stands behind row {}; {ADVICE}", last.unwrap_or(id));
                return Err(Failure::new("corrupt", detail).ending());
            }
            last = Some(id);
            page.push_back((id, bytes));
        }
        Ok(())
    }

    fn fetch_row(&self, id: i64) -> Result<RawRecord, Failure> {
        let bad_row = |error: rusqlite::Error| Failure::new("bad_row", error.to_string());
        let names = self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let query = format!("SELECT {names} FROM {} WHERE {} = ?1", quoted(&self.table), self.row_id);
        let mut statement = self.connection.prepare_cached(&query).map_err(bad_row)?;
        let mut rows = statement.query([id]).map_err(bad_row)?;
        let row = rows
            .next()
            .map_err(bad_row)?
            .ok_or_else(|| Failure::new("bad_row", "the database is damaged here: the row is not found by its id"))?;
        let mut cells = Vec::with_capacity(self.columns.len());
        for (at, name) in self.columns.iter().enumerate() {
            let value = row.get_ref(at).map_err(bad_row)?;
            match content(value) {
                Some(content) => cells.push((Arc::clone(name), content)),
                None if self.wanted[at] && matches!(value, ValueRef::Text(_)) => return Err(undecodable()),
                None => {}
            }
        }
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

const ADVICE: &str =
    "the rows before this point were read. Fetch it again, or save what can be saved with `sqlite3 FILE .recover`";

fn damaged(error: &rusqlite::Error) -> Failure {
    let error = error.to_string();
    if error.contains("no such column: rowid") {
        let detail = "the table is a WITHOUT ROWID one, which is not read; export it as CSV";
        return Failure::new("unreadable", detail).ending();
    }
    Failure::new("corrupt", format!("not readable as SQLite: {error}; {ADVICE}")).ending()
}

impl Records for SqliteRecords {
    fn next_record(&mut self) -> Option<Result<RawRecord, Failure>> {
        if self.done {
            return None;
        }
        if self.page.is_empty() && self.failure.is_none() {
            self.fetch_page();
        }
        let Some((id, bytes)) = self.page.pop_front() else {
            self.done = true;
            return self.failure.take().map(|failure| Err(failure.at(self.row + 1)));
        };
        self.row += 1;
        self.position.tell(id);
        if bytes > self.limit as i64 {
            return Some(Err(Failure::too_large(bytes as u64, self.limit).at(self.row)));
        }
        Some(self.fetch_row(id).map_err(|failure| failure.at(self.row)))
    }

    fn columns(&self) -> Option<&[Arc<str>]> {
        Some(&self.columns)
    }
}
