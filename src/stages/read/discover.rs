//! From input paths to the list of files to read, each with its format.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::{Error, Result};
use crate::record::Rejected;

/// What a file holds, by its name; formats that share a name are told apart by their content when they are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Format {
    Table,
    JsonLines,
    Json,
    Parquet,
    Text,
    Html,
    Warc,
    Sqlite,
    Feed,
    /// Named by the user, without a telling extension.
    Unknown,
}

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub path: PathBuf,
    pub format: Format,
    pub bytes: u64,
    /// Named by the user rather than found in a folder.
    pub named: bool,
    /// Whether opening it twice gives the same bytes (a pipe does not).
    pub regular: bool,
}

/// The files of a run, in the order in which they are read, and what was found but cannot be read.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    pub files: Vec<Found>,
    pub rejected: Vec<Rejected>,
    seen: HashSet<PathBuf>,
}

/// Walks the inputs. Folders are walked in the order of names; hidden files, and files that are no data, are passed over.
///
/// # Errors
/// [`Error::Input`] where an input does not exist.
pub(super) fn discover(inputs: &[PathBuf]) -> Result<Discovery> {
    let mut discovery = Discovery::default();
    for input in inputs {
        let metadata = std::fs::metadata(input).map_err(|error| Error::Input {
            path: input.clone(),
            reason: format!("{error}; give article files or folders of them"),
        })?;
        if metadata.is_dir() {
            discovery.walk(input);
        } else {
            discovery.add(input, metadata.len(), metadata.is_file(), true);
        }
    }
    Ok(discovery)
}

impl Discovery {
    fn walk(&mut self, folder: &Path) {
        let mut folders = HashSet::new();
        let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
        // A folder that several links lead to is read once, which also ends loops.
        let visible = walk.filter_entry(|entry| {
            let hidden = entry.depth() > 0 && is_hidden(entry);
            !hidden && (!entry.file_type().is_dir() || first_visit(entry.path(), &mut folders))
        });
        for entry in visible {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                    self.add(entry.path(), bytes, true, false);
                }
                Ok(_) => {}
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    self.reject(&path, "unreadable", format!("{error}; check the permissions and where links lead"));
                }
            }
        }
    }

    fn add(&mut self, path: &Path, bytes: u64, regular: bool, named: bool) {
        let format = match format_of(path) {
            Ok(Some(format)) => format,
            Ok(None) if named => Format::Unknown,
            Ok(None) => return,
            Err(advice) => return self.reject(path, "unknown_format", advice.to_owned()),
        };
        if !named && is_about_the_folder(path) {
            return;
        }
        let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(canonical) {
            let detail = "the file is among the inputs already and was read once; links and repeated paths count once";
            return self.reject(path, "duplicate_file", detail.to_owned());
        }
        self.files.push(Found { path: path.to_owned(), format, bytes, named, regular });
    }

    fn reject(&mut self, path: &Path, reason: &str, detail: String) {
        let file = path.to_string_lossy().into_owned();
        self.rejected.push(Rejected { file, row: None, id: None, reason: reason.to_owned(), detail });
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || name.starts_with("~$") || name == "__MACOSX"
}

fn first_visit(folder: &Path, visited: &mut HashSet<PathBuf>) -> bool {
    std::fs::canonicalize(folder).is_ok_and(|canonical| visited.insert(canonical))
}

/// Text files that describe a collection and are no part of it.
fn is_about_the_folder(path: &Path) -> bool {
    const NAMES: &[&str] =
        &["readme", "license", "licence", "copying", "changelog", "notice", "requirements", "robots"];
    NAMES.contains(&file_stem(path).to_lowercase().as_str())
        && matches!(format_of(path), Ok(Some(Format::Text | Format::Html)))
}

/// The file's name without its extension and without that of its compression.
pub(super) fn file_stem(path: &Path) -> String {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match extension(path).as_str() {
        "gz" | "zst" | "gzip" | "zstd" => stem(Path::new(&stem(path))),
        _ => stem(path),
    }
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The format by the name; `Ok(None)` for what is no data; `Err` with advice for data that is not read.
fn format_of(path: &Path) -> std::result::Result<Option<Format>, &'static str> {
    let outer = extension(path);
    let packed = matches!(outer.as_str(), "gz" | "zst" | "gzip" | "zstd");
    let inner = if packed { extension(Path::new(path.file_stem().unwrap_or_default())) } else { outer };
    Ok(Some(match inner.as_str() {
        "csv" | "tsv" | "tab" | "psv" => Format::Table,
        "jsonl" | "ndjson" | "jsonlines" | "jl" => Format::JsonLines,
        "json" => Format::Json,
        "parquet" | "pq" if packed => return Err("unpack it first: Parquet is compressed inside"),
        "parquet" | "pq" => Format::Parquet,
        "txt" | "text" => Format::Text,
        "html" | "htm" | "xhtml" | "shtml" => Format::Html,
        "warc" => Format::Warc,
        "db" | "sqlite" | "sqlite3" | "db3" if packed => return Err("unpack it first: SQLite needs random access"),
        "db" | "sqlite" | "sqlite3" | "db3" => Format::Sqlite,
        "rss" | "atom" | "xml" | "rdf" => Format::Feed,
        "gz" | "zst" => return Err("it is compressed twice; unpack it once"),
        "zip" | "rar" | "7z" | "tar" | "tgz" | "tbz" | "txz" => return Err("unpack the archive and give its folder"),
        "bz2" | "xz" | "lz4" | "br" | "z" => return Err("unpack it, or compress it as .gz or .zst"),
        "xlsx" | "xls" | "ods" | "numbers" => return Err("save the sheet as CSV"),
        "doc" | "docx" | "odt" | "rtf" | "pdf" | "epub" => {
            return Err("save it as plain text or export the articles as CSV");
        }
        "rds" | "rdata" | "rda" | "dta" | "sav" | "feather" | "arrow" | "ipc" | "orc" | "avro" | "pkl" | "pickle" => {
            return Err("export it as CSV, JSON Lines or Parquet");
        }
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(discovery: &Discovery) -> Vec<String> {
        discovery.files.iter().map(|file| file.path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_folder_is_walked_in_order_without_what_is_no_data() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.jsonl.gz", ".hidden.csv", "README.md", "readme.txt", "c/d.txt", "plot.png", "x.zip"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let discovery = discover(&[folder.path().to_owned()]).unwrap();
        assert_eq!(names(&discovery), ["a.jsonl.gz", "b.csv", "d.txt"]);
        assert_eq!(discovery.rejected.len(), 1);
        assert_eq!(discovery.rejected[0].reason, "unknown_format");
        assert!(discovery.rejected[0].file.ends_with("x.zip"));
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end_and_files_count_once() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::write(at("a/x.txt"), "x").unwrap();
        symlink(folder.path(), at("a/up")).unwrap();
        symlink(at("a"), at("b")).unwrap();
        symlink(at("nowhere"), at("broken.txt")).unwrap();
        let discovery = discover(&[folder.path().to_owned(), at("a/x.txt")]).unwrap();
        assert_eq!(names(&discovery), ["x.txt"]);
        let reasons: Vec<_> = discovery.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
        assert_eq!(reasons, ["unreadable", "duplicate_file"]);
    }

    #[test]
    fn a_missing_input_is_an_error_and_an_odd_name_is_looked_into() {
        assert!(discover(&[PathBuf::from("no/such/file.csv")]).unwrap_err().to_string().contains("no/such/file.csv"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.dat");
        fs::write(&path, "x").unwrap();
        assert_eq!(discover(&[path]).unwrap().files[0].format, Format::Unknown);
    }

    #[test]
    fn stems_lose_both_extensions() {
        assert_eq!(file_stem(Path::new("a/articles.jsonl.gz")), "articles");
        assert_eq!(file_stem(Path::new("a/2020.01.06.txt")), "2020.01.06");
    }
}
