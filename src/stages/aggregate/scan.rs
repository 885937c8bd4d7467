//! Streams columns of the sentence table, row group by row group, in row order.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;

use crate::error::{Error, Result};

/// Rows a batch, at most: a file with larger row groups (ours have some 100,000 rows) is read in parts of them.
const BATCH: usize = 200_000;

/// Whether a Parquet file has a column.
pub fn has_column(path: &Path, name: &str) -> Result<bool> {
    Ok(ParquetReader::new(open(path)?).schema()?.contains(name))
}

/// Streams columns of a Parquet file in row order; the next batch is read while one is taken, so that two are in memory.
///
/// # Errors
/// A file that cannot be read or lacks a column, and whatever `take` refuses.
pub fn for_each_batch(path: &Path, wanted: &[String], mut take: impl FnMut(DataFrame) -> Result<()>) -> Result<()> {
    let mut reader = ParquetReader::new(open(path)?);
    let schema = reader.schema()?;
    if let Some(missing) = wanted.iter().find(|name| !schema.contains(name)) {
        let reason = format!("no column \"{missing}\"; was it written by `framescope score` with this frame scheme?");
        return Err(Error::Run { path: path.to_owned(), reason });
    }
    let metadata = reader.get_metadata()?.clone();
    let slices = slices(metadata.row_groups.iter().map(|group| group.num_rows()));
    let read = |slice| -> Result<DataFrame> {
        let mut reader = ParquetReader::new(open(path)?).with_columns(Some(wanted.to_vec())).with_slice(Some(slice));
        reader.set_metadata(metadata.clone());
        Ok(reader.finish()?)
    };
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::sync_channel(0);
        // Whoever takes has given up when nobody receives any more.
        scope.spawn(move || slices.into_iter().map(read).try_for_each(|batch| send.send(batch)));
        receive.into_iter().try_for_each(|batch| take(batch?))
    })
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::io(path))
}

/// Offset and length of each batch: none crosses a row group, which would then be decoded twice.
fn slices(groups: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut slices = Vec::new();
    let mut offset = 0;
    for rows in groups {
        slices.extend((0..rows).step_by(BATCH).map(|start| (offset + start, BATCH.min(rows - start))));
        offset += rows;
    }
    slices
}

/// A score column as plain numbers; a missing score is an error, since nothing can be said of the sentence.
pub fn score<'a>(batch: &'a DataFrame, name: &str) -> Result<&'a [f32]> {
    Ok(batch.column(name)?.f32()?.cont_slice()?)
}

pub fn unsigned<'a>(batch: &'a DataFrame, name: &str) -> Result<&'a [u32]> {
    Ok(batch.column(name)?.u32()?.cont_slice()?)
}
