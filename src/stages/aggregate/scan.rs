//! Streams columns of the sentence table, batch by batch, in row order.

use std::num::NonZeroUsize;
use std::path::Path;

use polars::prelude::*;

use crate::error::{Error, Result};

/// Rows a batch.
const BATCH: usize = 200_000;

/// Whether a Parquet file has a column.
pub fn has_column(path: &Path, name: &str) -> Result<bool> {
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    Ok(ParquetReader::new(file).schema()?.contains(name))
}

/// Streams columns of a Parquet file in row order.
///
/// # Errors
/// A file that cannot be read or lacks a column, and whatever `take` refuses.
pub fn for_each_batch(path: &Path, wanted: &[String], mut take: impl FnMut(DataFrame) -> Result<()>) -> Result<()> {
    let text = path.to_str().ok_or_else(|| Error::Run { path: path.to_owned(), reason: "not a UTF-8 path".into() })?;
    let mut scan = LazyFrame::scan_parquet(PlRefPath::new(text), ScanArgsParquet::default())?;
    let schema = scan.collect_schema()?;
    if let Some(missing) = wanted.iter().find(|name| !schema.contains(name)) {
        let reason = format!("no column \"{missing}\"; was it written by `framescope score` with this frame scheme?");
        return Err(Error::Run { path: path.to_owned(), reason });
    }
    let (send, receive) = std::sync::mpsc::sync_channel(2);
    let pass_on = PlanCallback::new(move |batch| Ok(send.send(batch).is_err()));
    let sink = scan.select(wanted.iter().map(|name| col(name.as_str())).collect::<Vec<_>>()).sink_batches(
        pass_on,
        true,
        NonZeroUsize::new(BATCH),
    )?;
    let scanning = std::thread::spawn(move || sink.collect_with_engine(Engine::Streaming).map(drop));
    let mut taken = Ok(());
    for batch in receive {
        taken = take(batch);
        if taken.is_err() {
            break;
        }
    }
    let scanned = scanning.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    taken?;
    Ok(scanned?)
}

/// A score column as plain numbers; a missing score is an error, since nothing can be said of the sentence.
pub fn score<'a>(batch: &'a DataFrame, name: &str) -> Result<&'a [f32]> {
    Ok(batch.column(name)?.f32()?.cont_slice()?)
}

pub fn unsigned<'a>(batch: &'a DataFrame, name: &str) -> Result<&'a [u32]> {
    Ok(batch.column(name)?.u32()?.cont_slice()?)
}
