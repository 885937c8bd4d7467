//! Stage: report. Tables → CSV, Parquet, `codebook.json`, and `report.html`, one page that opens without a network.
//!
//! [`TableWriter`] and [`write_page`] take the tables by name, so that a table added by the aggregate stage is written
//! without a change here; the codebook then asks for the meaning of its columns.

mod atomic;
mod codebook;
mod columns;
mod csv_cells;
mod page;
mod tables;

#[cfg(test)]
pub(crate) mod sample;

pub use atomic::{UNFINISHED, write_atomically};
pub use codebook::{ColumnMeaning, column_meaning, parquet_metadata};
pub use csv_cells::{BYTE_ORDER_MARK, guard_cell};
pub use page::wording::{Scale, count, measure_label, probability};
pub use page::{tables_of_page, write_page};
pub use tables::TableWriter;
