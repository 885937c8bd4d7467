//! One row an example: what it is labelled, what was decided, and the probabilities.

use std::path::{Path, PathBuf};

use polars::prelude::*;
use tempfile::NamedTempFile;

use super::dataset::Dataset;
use crate::error::{Error, Result};

/// What was decided for each example of a dataset, in order.
pub struct Predictions {
    /// Indices of the decided labels.
    pub decided: Vec<Vec<usize>>,
    /// Examples × labels.
    pub probabilities: Vec<Vec<f32>>,
}

/// A predictions file, opened before anything is scored and put in place when it is complete.
pub struct PredictionsFile {
    path: PathBuf,
    parquet: bool,
    file: NamedTempFile,
}

impl PredictionsFile {
    /// # Errors
    /// A name that ends in neither `.csv` nor `.parquet`, or a folder that cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let parquet = match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => false,
            Some("parquet") => true,
            _ => return Err(Error::Config(format!("--predictions {}: must end in .csv or .parquet", path.display()))),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
        Ok(Self { path: path.to_owned(), parquet, file })
    }

    /// Columns: row, id, gold, decided (names, several apart by `|`), then `p_<label>` each.
    pub fn write(mut self, dataset: &Dataset, predictions: &Predictions) -> Result<()> {
        let mut table = table(dataset, predictions)?;
        if self.parquet {
            ParquetWriter::new(&mut self.file).finish(&mut table)?;
        } else {
            CsvWriter::new(&mut self.file).finish(&mut table)?;
        }
        self.file.persist(&self.path).map_err(|e| Error::Io { path: self.path.clone(), source: e.error })?;
        Ok(())
    }
}

fn table(dataset: &Dataset, predictions: &Predictions) -> Result<DataFrame> {
    let examples = &dataset.examples;
    let names = |labels: &[usize]| labels.iter().map(|&l| dataset.labels[l].as_str()).collect::<Vec<_>>().join("|");
    let mut columns = vec![
        Column::new("row".into(), examples.iter().map(|e| e.row).collect::<Vec<u64>>()),
        Column::new("id".into(), examples.iter().map(|e| e.id.as_deref()).collect::<Vec<_>>()),
        Column::new("gold".into(), examples.iter().map(|e| names(&e.gold)).collect::<Vec<_>>()),
        Column::new("decided".into(), predictions.decided.iter().map(|d| names(d)).collect::<Vec<_>>()),
    ];
    for (index, label) in dataset.labels.iter().enumerate() {
        let values: Vec<f32> = predictions.probabilities.iter().map(|row| row[index]).collect();
        columns.push(Column::new(format!("p_{label}").into(), values));
    }
    Ok(DataFrame::new(examples.len(), columns)?)
}
