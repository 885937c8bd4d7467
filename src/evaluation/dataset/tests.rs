use std::io::Write;
use std::path::PathBuf;

use polars::prelude::*;

use super::*;

fn options() -> DatasetOptions {
    DatasetOptions {
        columns: Columns::default(),
        map: LabelMap::default(),
        labels: ["negative", "neutral", "positive"].map(str::to_owned).to_vec(),
        multi_label: false,
        pairs: false,
        skip_unknown: false,
    }
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const JSON: &str = r#"{"id": "a", "text": "The bridge opened.", "label": "neutral"}
{"id": "b", "text": "A fine, bright day.", "label": "positive"}
{"id": "b", "text": "Then it rained.", "label": "negative"}
{"id": "c", "text": "No one came.", "label": null}
"#;

#[test]
fn every_format_gives_the_same_examples() {
    let folder = tempfile::tempdir().unwrap();
    let json = file(&folder, "a.jsonl", JSON);
    let csv = file(
        &folder,
        "a.csv",
        "\u{feff}id,text,label\na,The bridge opened.,neutral\nb,\"A fine, bright day.\",positive\nb,Then it rained.,negative\nc,No one came.,\n",
    );
    let gz = folder.path().join("a.jsonl.gz");
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&gz).unwrap(), flate2::Compression::fast());
    encoder.write_all(JSON.as_bytes()).unwrap();
    encoder.finish().unwrap();
    let parquet = folder.path().join("a.parquet");
    let mut table = df!(
        "id" => ["a", "b", "b", "c"],
        "text" => ["The bridge opened.", "A fine, bright day.", "Then it rained.", "No one came."],
        "label" => [Some("neutral"), Some("positive"), Some("negative"), None],
    )
    .unwrap();
    ParquetWriter::new(std::fs::File::create(&parquet).unwrap()).finish(&mut table).unwrap();
    let expected = read(&json, &options()).unwrap();
    assert_eq!(expected.examples.iter().map(|e| e.gold[0]).collect::<Vec<_>>(), [1, 2, 0]);
    assert_eq!((expected.clusters, expected.skipped.unlabelled, expected.skipped.rows), (2, 1, 4));
    assert_eq!(expected.skipped.first_rows, [4]);
    for path in [csv, gz, parquet] {
        let found = read(&path, &options()).unwrap();
        assert_eq!(found.examples, expected.examples, "{}", path.display());
        assert_eq!(found.skipped, expected.skipped, "{}", path.display());
    }
}

#[test]
fn a_missing_column_names_those_there_are_and_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", "id,texts,label\n1,x,neutral\n");
    let error = read(&path, &options()).unwrap_err().to_string();
    assert!(error.contains("no column \"text\" (did you mean \"texts\"?)"), "{error}");
    assert!(error.contains("id, texts, label") && error.contains("--text-column"), "{error}");
    let path = file(&folder, "a.jsonl", "{\"p\": \"x\", \"label\": \"neutral\"}\n");
    let error = read(&path, &DatasetOptions { pairs: true, ..options() }).unwrap_err().to_string();
    assert!(error.contains("no column \"premise\"") && error.contains("--premise-column"), "{error}");
}

#[test]
fn an_unknown_label_names_row_and_nearest_or_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", "text,label\nx,neutral\ny,negativ\nz,other\n");
    let error = read(&path, &options()).unwrap_err().to_string();
    assert!(error.contains("row 2") && error.contains("did you mean \"negative\""), "{error}");
    let found = read(&path, &DatasetOptions { skip_unknown: true, ..options() }).unwrap();
    assert_eq!((found.examples.len(), found.skipped.unknown_label_rows), (1, 2));
    assert_eq!(found.skipped.unknown_labels["other"], 1);
}

#[test]
fn lists_of_labels_may_be_empty_and_keep_the_row_when_one_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "{\"text\": \"x\", \"label\": [\"neutral\", \"b\", \"negative\"]}\n{\"text\": \"y\", \"label\": []}\n";
    let path = file(&folder, "a.jsonl", rows);
    let options = DatasetOptions { multi_label: true, skip_unknown: true, ..options() };
    let found = read(&path, &options).unwrap();
    assert_eq!(found.examples[0].gold, [0, 1]);
    assert!(found.examples[1].gold.is_empty());
    assert_eq!(found.skipped.total(), 0);
}

#[test]
fn columns_and_labels_are_renamed_and_clusters_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.tsv", "body\tpolarity\tstory\nx\t-1\ts1\ny\t1.0\ts2\nz\t1\ts1\n");
    let columns =
        Columns { text: "body".into(), label: "polarity".into(), cluster: Some("story".into()), ..Columns::default() };
    let map = LabelMap::parse(["-1=negative", "1=positive", "1.0=positive"]).unwrap();
    let found = read(&path, &DatasetOptions { columns, map, ..options() }).unwrap();
    assert_eq!(found.examples.iter().map(|e| (e.gold[0], e.cluster)).collect::<Vec<_>>(), [(0, 0), (2, 1), (2, 0)]);
    assert_eq!(found.clusters, 2);
}

#[test]
fn a_file_with_nothing_to_use_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", "text,label\nx,\n");
    let error = read(&path, &options()).unwrap_err().to_string();
    assert!(error.contains("no row can be used") && error.contains("1 rows without a label"), "{error}");
}
