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
    let source = Source::open(path, wanted)?;
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::sync_channel(0);
        let mut batches = source.slices().into_iter().map(|slice| source.read(slice));
        // Whoever takes has given up when nobody receives any more.
        scope.spawn(move || batches.try_for_each(|batch| send.send(batch)));
        receive.into_iter().try_for_each(|batch| take(batch?))
    })
}

/// Streams columns of the rows with these numbers, which ascend: a batch of whole rows, the number of its first row, and which of `rows`
/// are in it. Batches without any are not read.
///
/// # Errors
/// As [`for_each_batch`].
pub fn for_rows(
    path: &Path,
    wanted: &[String],
    rows: &[usize],
    mut take: impl FnMut(&DataFrame, usize, &[usize]) -> Result<()>,
) -> Result<()> {
    let source = Source::open(path, wanted)?;
    for (offset, length) in source.slices() {
        let within = rows.partition_point(|&row| row < offset)..rows.partition_point(|&row| row < offset + length);
        if !within.is_empty() {
            take(&source.read((offset, length))?, offset, &rows[within])?;
        }
    }
    Ok(())
}

/// Columns of a Parquet file.
struct Source<'a> {
    path: &'a Path,
    wanted: &'a [String],
    metadata: FileMetadataRef,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path, wanted: &'a [String]) -> Result<Self> {
        let mut reader = ParquetReader::new(open(path)?);
        let schema = reader.schema()?;
        if let Some(missing) = wanted.iter().find(|name| !schema.contains(name)) {
            let reason =
                format!("no column \"{missing}\"; was it written by `framescope score` with this frame scheme?");
            return Err(Error::Run { path: path.to_owned(), reason });
        }
        Ok(Self { path, wanted, metadata: reader.get_metadata()?.clone() })
    }

    fn slices(&self) -> Vec<(usize, usize)> {
        slices(self.metadata.row_groups.iter().map(|group| group.num_rows()))
    }

    fn read(&self, slice: (usize, usize)) -> Result<DataFrame> {
        let mut reader =
            ParquetReader::new(open(self.path)?).with_columns(Some(self.wanted.to_vec())).with_slice(Some(slice));
        reader.set_metadata(self.metadata.clone());
        Ok(reader.finish()?)
    }
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
