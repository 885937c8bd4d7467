//! Tables as files: Parquet for programs, CSV for people, and the codebook that describes both.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use serde_json::{Value, json};

use super::atomic::{UNFINISHED, write_atomically};
use super::codebook::{column_meaning, parquet_metadata, table_meaning};
use super::csv_cells::{write_header, write_rows};
use crate::error::{Error, Result};
use crate::run_folder::{CODEBOOK, RunManifest, SCHEMA_VERSION, SENTENCES};

/// Columns of the two lists that the pipeline writes while it reads.
const LISTS: &[(&str, &[&str])] = &[
    ("rejected", &["file", "row", "id", "reason", "detail"]),
    ("removals", &["article_id", "rule", "field", "start", "end", "text"]),
];
/// Those of them that are numbers.
const LIST_NUMBERS: &[&str] = &["row", "start", "end"];

/// Tables on their way into a run folder, one after another.
///
/// They gather in a folder of their own and move into place together, in [`TableWriter::finish`]: tables of two different
/// settings never lie side by side because a run was stopped half way.
pub struct TableWriter<'a> {
    run_dir: &'a Path,
    gathered: tempfile::TempDir,
    written: Vec<(String, SchemaRef)>,
    /// The table of the last part: more of it may come.
    open: Option<Open>,
}

/// The two files of a table that is being written.
struct Open {
    parquet: BatchedWriter<BufWriter<File>>,
    csv: BufWriter<File>,
    /// Both, to see that they reach the disk.
    files: [(File, PathBuf); 2],
}

/// Rows of a row group, at most.
const ROW_GROUP: usize = 262_144;

impl<'a> TableWriter<'a> {
    /// # Errors
    /// [`Error::Io`] where nothing can be written to the run folder.
    pub fn new(run_dir: &'a Path) -> Result<Self> {
        let gathered = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(run_dir).map_err(Error::io(run_dir))?;
        Ok(Self { run_dir, gathered, written: Vec::new(), open: None })
    }

    /// Writes `<name>.parquet` and `<name>.csv`; called again with the same name at once, adds rows to them. A table without
    /// columns was not asked for and is not written. Text cells of the CSV file that a spreadsheet would take for a formula
    /// begin with an apostrophe; Parquet holds the text as it is.
    ///
    /// # Errors
    /// [`Error::Io`] with the file that could not be written; [`Error::Tables`] for a column that cannot be written.
    pub fn write(&mut self, name: &str, part: &DataFrame, manifest: &RunManifest) -> Result<()> {
        if part.width() == 0 {
            return Ok(());
        }
        if self.written.last().is_none_or(|(last, _)| last != name) {
            self.close()?;
            self.written.push((name.to_owned(), part.schema().clone()));
            self.open = Some(Open::create(self.gathered.path(), name, part, manifest)?);
        }
        self.open.as_mut().map_or(Ok(()), |open| open.append(part))
    }

    fn close(&mut self) -> Result<()> {
        self.open.take().map_or(Ok(()), Open::close)
    }

    /// Writes `codebook.json` for all files of the run folder, moves the tables there, and says which there are.
    ///
    /// # Errors
    /// [`Error::Io`] with the file that could not be written or moved.
    pub fn finish(mut self, manifest: &RunManifest) -> Result<Vec<String>> {
        self.close()?;
        let codebook = codebook(self.run_dir, &self.written, manifest)?;
        let path = self.gathered.path().join(CODEBOOK);
        write_atomically(&path, |to| {
            serde_json::to_writer_pretty(to, &codebook).map_err(|error| Error::io(&path)(error.into()))
        })?;
        let tables = self.written.iter().flat_map(|(name, _)| [format!("{name}.parquet"), format!("{name}.csv")]);
        for file in tables.chain([CODEBOOK.to_owned()]) {
            let place = self.run_dir.join(&file);
            std::fs::rename(self.gathered.path().join(&file), &place).map_err(Error::io(&place))?;
        }
        Ok(self.written.into_iter().map(|(name, _)| name).collect())
    }
}

impl Open {
    fn create(folder: &Path, name: &str, table: &DataFrame, manifest: &RunManifest) -> Result<Self> {
        let create = |extension: &str| {
            let path = folder.join(format!("{name}.{extension}"));
            let file = File::create(&path).map_err(Error::io(&path))?;
            let same = file.try_clone().map_err(Error::io(&path))?;
            Ok::<_, Error>((BufWriter::new(file), (same, path)))
        };
        let ((parquet, parquet_file), (mut csv, csv_file)) = (create("parquet")?, create("csv")?);
        let columns = table.get_column_names().into_iter().map(|column| column.as_str());
        let metadata = KeyValueMetadata::from_static(parquet_metadata(name, columns, manifest));
        let parquet = ParquetWriter::new(parquet)
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(metadata))
            .batched(table.schema())?;
        write_header(table, &mut csv)?;
        Ok(Self { parquet, csv, files: [parquet_file, csv_file] })
    }

    fn append(&mut self, part: &DataFrame) -> Result<()> {
        for start in (0..part.height()).step_by(ROW_GROUP) {
            let mut group = part.slice(start as i64, ROW_GROUP);
            self.parquet.write_batch(group.rechunk_mut())?;
        }
        write_rows(part, &mut self.csv)
    }

    fn close(mut self) -> Result<()> {
        self.parquet.finish()?;
        self.csv.flush().map_err(Error::io(&self.files[1].1))?;
        self.files.iter().try_for_each(|(file, path)| file.sync_all().map_err(Error::io(path)))
    }
}

fn codebook(run_dir: &Path, tables: &[(String, SchemaRef)], manifest: &RunManifest) -> Result<Value> {
    let mut entries = Vec::new();
    let sentences = run_dir.join(SENTENCES);
    if sentences.exists() {
        let schema =
            LazyFrame::scan_parquet(PlRefPath::try_from_path(&sentences)?, Default::default())?.collect_schema()?;
        entries.push(entry("sentences", schema.iter().map(|(name, dtype)| (name.as_str(), dtype.clone())), manifest));
    }
    for (name, schema) in tables {
        entries.push(entry(name, schema.iter().map(|(name, dtype)| (name.as_str(), dtype.clone())), manifest));
    }
    for (name, columns) in LISTS {
        let typed = columns.iter().map(|column| match LIST_NUMBERS.contains(column) {
            true => (*column, DataType::UInt64),
            false => (*column, DataType::String),
        });
        entries.push(entry(name, typed, manifest));
    }
    Ok(json!({
        "schema_version": SCHEMA_VERSION,
        "framescope": manifest.framescope,
        "scheme": manifest.scheme,
        "thresholds": manifest.thresholds,
        "csv": "UTF-8 with byte order mark, comma, ISO dates, six significant digits; a text cell that a spreadsheet would take \
                for a formula begins with an apostrophe",
        "tables": entries,
    }))
}

fn entry<'a>(table: &str, columns: impl Iterator<Item = (&'a str, DataType)>, run: &RunManifest) -> Value {
    let known = table_meaning(table);
    let columns: Vec<Value> = columns
        .map(|(name, dtype)| {
            let meaning = column_meaning(table, name, run);
            let part = |of: fn(&super::ColumnMeaning) -> &String| meaning.as_ref().map(of);
            json!({ "name": name, "type": dtype.to_string(), "unit": part(|m| &m.unit), "range": part(|m| &m.range),
                    "meaning": part(|m| &m.meaning) })
        })
        .collect();
    json!({ "table": table, "row": known.map(|k| k.row), "meaning": known.map(|k| k.meaning), "columns": columns })
}

#[cfg(test)]
mod tests {
    use super::super::codebook::TABLES;
    use super::super::sample;
    use super::*;
    use crate::stages::aggregate::{AggregateOptions, aggregate};

    fn written() -> (tempfile::TempDir, sample::Sample) {
        let folder = tempfile::tempdir().unwrap();
        let sample = sample::small();
        sample.write_sentences(&folder.path().join(SENTENCES));
        let mut writer = TableWriter::new(folder.path()).unwrap();
        for (name, table) in sample.tables() {
            writer.write(name, &table, &sample.manifest).unwrap();
        }
        writer.finish(&sample.manifest).unwrap();
        (folder, sample)
    }

    #[test]
    fn every_column_of_every_table_is_described() {
        let (folder, sample) = written();
        let codebook: Value = serde_json::from_slice(&std::fs::read(folder.path().join(CODEBOOK)).unwrap()).unwrap();
        let entries = codebook["tables"].as_array().unwrap();
        assert_eq!(entries.len(), sample.tables().len() + 3);
        for entry in entries {
            let columns = entry["columns"].as_array().unwrap();
            assert!(!columns.is_empty() && entry["meaning"].is_string(), "{entry}");
            for column in columns {
                for key in ["name", "type", "unit", "range", "meaning"] {
                    assert!(column[key].is_string(), "{}.{} has no {key}", entry["table"], column["name"]);
                }
            }
        }
    }

    #[test]
    fn a_column_without_meaning_shows() {
        let manifest = sample::small().manifest;
        let table =
            entry("outlets", [("estimate", DataType::Float64), ("surprise", DataType::Float64)].into_iter(), &manifest);
        assert!(table["columns"][0]["meaning"].is_string());
        assert!(table["columns"][1]["meaning"].is_null());
    }

    #[test]
    fn unfinished_tables_leave_those_of_before() {
        let (folder, sample) = written();
        let listed = || {
            let mut names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let (before, csv) = (listed(), std::fs::read(folder.path().join("outlets.csv")).unwrap());
        let mut writer = TableWriter::new(folder.path()).unwrap();
        let (_, articles) = sample.tables().remove(0);
        writer.write("outlets", &articles, &sample.manifest).unwrap();
        drop(writer);
        assert_eq!(listed(), before);
        assert_eq!(std::fs::read(folder.path().join("outlets.csv")).unwrap(), csv);
    }

    #[test]
    fn no_two_tables_of_the_codebook_share_a_name() {
        let mut names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        names.dedup();
        assert_eq!(names.len(), TABLES.len());
    }

    #[test]
    fn parquet_gives_back_the_table_and_carries_its_codebook() {
        let (folder, sample) = written();
        for (name, table) in sample.tables() {
            let path = folder.path().join(format!("{name}.parquet"));
            let mut reader = ParquetReader::new(std::fs::File::open(&path).unwrap());
            let metadata = reader.get_metadata().unwrap().key_value_metadata().clone().unwrap();
            let columns = metadata.iter().find(|pair| pair.key == "framescope.columns").unwrap();
            let described: Value = serde_json::from_str(columns.value.as_ref().unwrap()).unwrap();
            assert_eq!(described.as_object().unwrap().len(), table.width(), "{name}");
            assert!(reader.finish().unwrap().equals_missing(&table), "{name}");
        }
    }

    #[test]
    fn every_column_that_the_aggregate_stage_makes_is_described() {
        let (folder, sample) = written();
        let frames: Vec<String> = sample.manifest.scheme.frames.iter().map(|frame| frame.name.clone()).collect();
        let options = AggregateOptions { resamples: 100, permutations: 99, distinctive_count: 2, ..Default::default() };
        let tables = aggregate(&folder.path().join(SENTENCES), &frames, &sample.manifest.thresholds, &options).unwrap();
        let named = [
            ("articles", &tables.articles),
            ("outlets", &tables.outlets),
            ("sections", &tables.sections),
            ("terms", &tables.terms),
            ("shifts", &tables.shifts),
            ("contrasts", &tables.contrasts),
            ("trends", &tables.trends),
            ("distinctive", &tables.distinctive),
            ("same_story", &tables.same_story),
        ];
        for (name, table) in named {
            assert!(table.width() > 0, "{name}");
            for column in table.get_column_names() {
                assert!(column_meaning(name, column, &sample.manifest).is_some(), "{name}.{column}");
            }
        }
    }

    #[test]
    fn csv_has_a_line_a_row() {
        let (folder, sample) = written();
        for (name, table) in sample.tables() {
            let rows =
                csv::Reader::from_path(folder.path().join(format!("{name}.csv"))).unwrap().into_records().count();
            assert_eq!(rows, table.height(), "{name}");
        }
    }
}
