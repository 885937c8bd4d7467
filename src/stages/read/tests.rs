//! The stage as a whole, on files as people hold them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::*;
use crate::record::{Article, Rejected};

struct Read {
    articles: Vec<Article>,
    rejected: Vec<Rejected>,
    reader: Reader,
}

fn read_with(paths: &[&Path], options: &ReadOptions) -> Read {
    let inputs: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let mut reader = open(&inputs, options).unwrap();
    let (mut articles, mut rejected) = (Vec::new(), Vec::new());
    for record in &mut reader {
        match record {
            Ok(article) => articles.push(article),
            Err(why) => rejected.push(why),
        }
    }
    Read { articles, rejected, reader }
}

fn read_file(name: &str, content: impl AsRef<[u8]>) -> Read {
    read_file_with(name, content, &ReadOptions::default())
}

fn read_file_with(name: &str, content: impl AsRef<[u8]>, options: &ReadOptions) -> Read {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    // As a folder, so that what is wrong with the file is listed and no error.
    read_with(&[folder.path()], options)
}

impl Read {
    fn texts(&self) -> Vec<&str> {
        self.articles.iter().map(|article| article.text.as_str()).collect()
    }
    /// `reason@row` of everything rejected.
    fn reasons(&self) -> Vec<String> {
        let row = |row: Option<u64>| row.map_or("-".to_owned(), |row| row.to_string());
        self.rejected.iter().map(|why| format!("{}@{}", why.reason, row(why.row))).collect()
    }
}

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_reader_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Reader>();
}

#[test]
fn a_csv_becomes_articles() {
    let csv = "id,Headline,Body,Publish_Date,Source,URL,Byline,Section\n\
        7,Rain,\"It rained.\nAll day, \"\"hard\"\".\",1/6/2020,Daily,https://x.example.org/a,Ann Lee,Weather\n\
        ,Sun,It shone.,2020-01-07T08:00:00-05:00,,https://www.example.co.uk/b,nan,\n";
    let read = read_file("week.csv", csv);
    assert_eq!(read.reasons(), Vec::<String>::new());
    let [first, second] = &read.articles[..] else { panic!("{:?}", read.articles) };
    assert_eq!((first.id.as_str(), first.title.as_str()), ("7", "Rain"));
    assert_eq!(first.text, "It rained.\nAll day, \"hard\".");
    assert_eq!(first.published.unwrap().date.to_string(), "2020-01-06");
    assert_eq!((first.outlet.as_deref(), first.author.as_deref()), (Some("Daily"), Some("Ann Lee")));
    assert_eq!((first.section.as_deref(), first.source.row), (Some("Weather"), Some(1)));
    assert_eq!(
        (second.id.as_str(), second.outlet.as_deref()),
        ("week-2", None),
        "the URL is the pipeline's last resort"
    );
    assert_eq!((second.author.as_deref(), second.source.row), (None, Some(2)));
    let used = &read.reader.inputs()[0];
    assert_eq!((used.articles, used.rejected, used.bytes), (2, 0, csv.len() as u64));
    assert_eq!(used.sha256.len(), 64);
    assert_eq!(read.reader.progress().read(), csv.len() as u64);
}

#[test]
fn delimiters_and_quoting_are_sniffed() {
    assert_eq!(read_file("a.csv", "title;text\nA;one, two\n").texts(), ["one, two"]);
    assert_eq!(read_file("a.csv", "title|text\nA|one, two\n").texts(), ["one, two"]);
    assert_eq!(read_file("a.tsv", "title\ttext\nA\t\"quoted\tcell\"\n").texts(), ["quoted\tcell"]);
    let bare = "title\ttext\nA\t\"Go,\" she said.\nB\t\"Stay,\" he said.\n";
    assert_eq!(read_file("a.tsv", bare).texts(), ["\"Go,\" she said.", "\"Stay,\" he said."]);
    assert_eq!(read_file("a.csv", "title,text\nx,\"a\ny,b\"\n").texts(), ["a\ny,b"]);
}

#[test]
fn bad_rows_are_listed_and_the_rest_is_read() {
    let read = read_file("a.csv", "title,text\nA,one\nB\nC,three,surplus\nD,four,\n,\n \nE,five\n");
    assert_eq!(read.texts(), ["one", "four", "five"]);
    assert_eq!(read.reasons(), ["bad_row@2", "bad_row@3", "empty_text@5", "bad_row@6"]);
    assert!(read.rejected[0].detail.contains("1 fields over 1 lines, the header 2"));
    let lines = "{\"text\":\"one\"}\n{\"text\": broken\n\n[1]\n{\"text\":\"two\"}\n";
    let read = read_file("a.jsonl", lines);
    assert_eq!(read.texts(), ["one", "two"]);
    assert_eq!(read.reasons(), ["bad_row@2", "bad_row@4"]);
    assert_eq!(read.articles[1].source.row, Some(5));
}

#[test]
fn a_quote_that_is_never_closed_costs_one_row() {
    let to_the_end = "title,text\nA,one\nB,\"two\nC,three\nD,four\n";
    let to_another = "title,text\nA,one\nB,\"two\nC,three\nD,\"four, five\"\nE,six\n";
    for (csv, texts) in
        [(to_the_end, vec!["one", "three", "four"]), (to_another, vec!["one", "three", "four, five", "six"])]
    {
        let read = read_file("a.csv", csv);
        assert_eq!((read.texts(), read.reasons()), (texts, vec!["bad_row@2".to_owned()]));
    }
    let read = read_file("a.csv", "title,text\nA,one\nB,\"two and");
    assert_eq!((read.texts(), read.reasons()), (vec!["one"], vec!["truncated@2".to_owned()]));
    let rows: String = (0..2000).map(|i| format!("T{i},word {i}\n")).collect();
    let options = ReadOptions { max_record_bytes: 5000, ..ReadOptions::default() };
    let read = read_file_with("a.csv", format!("title,text\nA,\"one\n{rows}"), &options);
    assert_eq!((read.articles.len(), read.reasons()), (2000, vec!["bad_row@1".to_owned()]));
}

#[test]
fn json_comes_in_several_layouts() {
    assert_eq!(
        read_file("a.json", r#"[{"text":"one"}, {"text":"t]w{o\""} ,7, {"text":"x"}]"#).reasons(),
        ["bad_row@3"]
    );
    assert_eq!(read_file("a.json", "{\"text\":\"one\"}\n{\"text\":\"two\"}\n").texts(), ["one", "two"]);
    assert_eq!(read_file("a.json", "{\n \"text\": \"one\"\n}\n{\n \"text\": \"two\"\n}").texts(), ["one", "two"]);
    let wrapped =
        r#"{"status":"ok","totalResults":2,"articles":[{"content":"one"},{"content":"two"}],"more":[{"content":"x"}]}"#;
    assert_eq!(read_file("a.json", wrapped).texts(), ["one", "two"]);
    assert_eq!(read_file("a.jsonl", r#"[{"text":"one"},{"text":"two"}]"#).texts(), ["one", "two"]);
    let read = read_file("a.json", r#"[{"text":"one"},{"text":"tw"#);
    assert_eq!((read.texts(), read.reasons()), (vec!["one"], vec!["truncated@2".to_owned()]));
}

#[test]
fn a_record_that_is_too_large_is_skipped() {
    let options = ReadOptions { max_record_bytes: 2000, ..ReadOptions::default() };
    let long = "x".repeat(100_000);
    for (name, content) in [
        ("a.csv", format!("title,text\nA,one\nB,\"{long}\"\nC,two\n")),
        ("a.jsonl", format!("{{\"text\":\"one\"}}\n{{\"text\":\"{long}\"}}\n{{\"text\":\"two\"}}\n")),
        ("a.json", format!("[{{\"text\":\"one\"}},{{\"text\":\"{long}\"}},{{\"text\":\"two\"}}]")),
    ] {
        let read = read_file_with(name, content, &options);
        assert_eq!(read.texts(), ["one", "two"], "{name}");
        assert_eq!(read.reasons(), ["record_too_large@2"], "{name}");
    }
}

#[test]
fn compressed_files_are_read_as_far_as_they_go() {
    let lines: String = (0..5000).map(|i| format!("{{\"id\":{i},\"text\":\"word {}\"}}\n", i * 7919)).collect();
    let whole = read_file("a.jsonl.gz", [gz(&lines.as_bytes()[..1000]), gz(&lines.as_bytes()[1000..])].concat());
    assert_eq!((whole.articles.len(), whole.reasons().len()), (5000, 0));
    let packed = gz(lines.as_bytes());
    let cut = read_file("a.jsonl.gz", &packed[..packed.len() / 2]);
    assert!(cut.articles.len() > 1000 && cut.articles.len() < 5000);
    assert_eq!(cut.reasons(), [format!("truncated@{}", cut.articles.len() + 1)]);
    assert_eq!(cut.reader.inputs()[0].bytes, packed.len() as u64 / 2);
    let zst = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    assert_eq!(read_file("a.jsonl.zst", &zst).articles.len(), 5000);
    assert_eq!(read_file("a.jsonl.zst", &zst[..zst.len() / 2]).rejected.last().unwrap().reason, "truncated");
    assert_eq!(read_file("a.csv.gz", gz(&gz(b"title,text\na,b\n"))).reasons(), ["unknown_format@-"]);
}

#[test]
fn a_bomb_is_defused() {
    let line = format!("{{\"text\":\"{}\"}}\n", " ".repeat(1 << 20));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..100 {
        encoder.write_all(line.as_bytes()).unwrap();
    }
    let read = read_file("a.jsonl.gz", encoder.finish().unwrap());
    assert_eq!(read.rejected.last().unwrap().reason, "decompression_bomb");
}

#[test]
fn encodings_are_seen_through() {
    let text = "title,text\nCaf\u{e9},\u{201c}It\u{2019}s na\u{ef}ve,\u{201d} she said.\n"
        .replace(",\u{201d}", "\u{201d},")
        .replace("\u{201d}, she", "\u{201d} she");
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    for content in [text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat(), utf16, latin.into_owned()] {
        let read = read_file("a.csv", content);
        assert_eq!(read.texts(), ["\u{201c}It\u{2019}s na\u{ef}ve\u{201d} she said."]);
        assert_eq!(read.articles[0].title, "Caf\u{e9}");
    }
    let noise: Vec<u8> = (0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(read_file("a.txt", noise).reasons(), ["undecodable@-"]);
    assert_eq!(read_file("a.jsonl", "{\"text\":\"a\\u0000b\"}\n").texts(), ["ab"]);
    assert_eq!(read_file("a.csv", "title,text\nA,o\0ne\n").texts(), ["one"]);
}

#[test]
fn plain_text_files_are_articles() {
    let read = read_file("storm.txt", "Storm hits coast\n\nIt rained.\n");
    assert_eq!((read.articles[0].title.as_str(), read.articles[0].text.as_str()), ("Storm hits coast", "It rained.\n"));
    assert_eq!((read.articles[0].id.as_str(), read.articles[0].source.row), ("storm", None));
}

#[test]
fn a_mixed_folder_is_read_in_order_and_only_what_is_broken_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    write("a.csv", b"title,text\nA,one\n");
    write("b.jsonl", b"{\"title\":\"B\",\"text\":\"two\"}\n");
    write("c.txt", b"three");
    write("d.csv", b"label,score\nx,1\n");
    write("e.parquet", b"PAR1 not really PAR1");
    write("f.csv", b"");
    write("README.md", b"notes");
    let read = read_with(&[folder.path()], &ReadOptions::default());
    assert_eq!(read.texts(), ["one", "two", "three"]);
    assert_eq!(read.reasons(), ["no_text_column@-", "corrupt@-", "empty_file@-"]);
    assert!(read.rejected[0].detail.contains("\"label\", \"score\""));
    assert_eq!(read.reader.inputs().len(), 6);
}

#[test]
fn what_is_wrong_with_a_named_file_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "head,body_text,lang\nA,one,en\n").unwrap();
    let message = |pairs: &str| {
        let options = ReadOptions { map: ColumnMap::parse(pairs).unwrap(), ..ReadOptions::default() };
        open(std::slice::from_ref(&path), &options).map(|_| ()).unwrap_err().to_string()
    };
    assert!(message("text=bodytext").contains("did you mean \"body_text\""));
    let options = ReadOptions { map: ColumnMap::parse("title=head").unwrap(), ..ReadOptions::default() };
    let read = read_with(&[&path], &options);
    assert_eq!((read.articles[0].title.as_str(), read.texts()), ("A", vec!["one"]));
    fs::write(&path, "label,score\nx,1\n").unwrap();
    assert!(message("").contains("--map title=COLUMN,text=COLUMN"));
    assert!(open(&[folder.path().join("none.csv")], &ReadOptions::default()).is_err());
}

#[test]
fn repeated_records_count_once_and_ids_stay_unique() {
    let read = read_file("a.csv", "id,text\n1,one\n1,one\n1,two\n2,one\n");
    let ids: Vec<&str> = read.articles.iter().map(|article| article.id.as_str()).collect();
    assert_eq!(ids, ["1", "1~2", "2"]);
    assert_eq!(read.reasons(), ["duplicate_record@2"]);
    assert_eq!(read.rejected[0].id.as_deref(), Some("1"));
}

#[test]
fn day_order_is_settled_by_the_file() {
    let dates = |csv: &str| {
        let read = read_file("a.csv", csv);
        let dates: Vec<_> = read.articles.iter().map(|a| a.published.map(|p| p.date.to_string())).collect();
        (dates, read.reader.notes().to_vec())
    };
    let some = |date: &str| Some(date.to_owned());
    let (read, notes) = dates("text,date\na,3/4/2020\nb,13/4/2020\n");
    assert_eq!((read, notes.len()), (vec![some("2020-04-03"), some("2020-04-13")], 0));
    let (read, notes) = dates("text,date\na,3/4/2020\nb,soon\n");
    assert_eq!(read, [some("2020-03-04"), None]);
    assert!(notes[0].contains("row 2: \"soon\"") && notes[1].contains("month first"));
}

#[test]
fn a_summary_stands_for_the_text_only_where_there_is_no_better_column() {
    let read = read_file("a.csv", "title,description\nA,short\n");
    assert_eq!(read.texts(), ["short"]);
    assert!(read.reader.notes()[0].contains("\"description\""));
    assert_eq!(read_file("a.csv", "title,description,content\nA,short,\nB,short,long\n").texts(), ["", "long"]);
}

#[test]
fn the_schema_says_what_would_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "Headline;Body;lang;source\nA;one;en;nyt\nB;two;en;nyt\n").unwrap();
    fs::write(folder.path().join("b.csv"), "Headline;Body;lang;source\nC;three;en;nyt\n").unwrap();
    let mut options = ReadOptions::default();
    options.aliases.add("nyt", "The New York Times").unwrap();
    let schemas = schema(&[folder.path().to_owned()], &options).unwrap();
    let [schema] = &schemas[..] else { panic!("{schemas:?}") };
    assert_eq!((schema.format.as_str(), schema.encoding.as_str(), schema.alike), ("CSV (semicolon)", "UTF-8", 1));
    let feeds: Vec<_> = schema.columns.iter().map(|column| column.feeds).collect();
    assert_eq!(feeds, [Some("title"), Some("text"), None, Some("outlet")]);
    assert_eq!(schema.columns[1].samples, ["one", "two"]);
    assert_eq!(schema.columns[2].samples, ["en"]);
    assert_eq!(schema.first.as_ref().unwrap().outlet.as_deref(), Some("The New York Times"));
}

/// A small file is read whole to find its format, and the first records are looked at ahead: neither is progress.
#[test]
fn progress_is_what_was_given_out() {
    let rows: String = (0..1000).map(|at| format!("{at},Number {at},Boat {at} sails.\n")).collect();
    let csv = format!("id,title,text\n{rows}");
    let zst = zstd::encode_all(csv.as_bytes(), 1).unwrap();
    let database = super::table_tests::damaged_database(|_| {});
    for (name, content) in
        [("a.csv", csv.clone().into_bytes()), ("a.csv.gz", gz(csv.as_bytes())), ("a.csv.zst", zst), ("a.db", database)]
    {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), &content).unwrap();
        let mut reader = open(&[folder.path().to_owned()], &ReadOptions::default()).unwrap();
        let progress = reader.progress();
        let share = || progress.read() as f64 / progress.total() as f64;
        assert_eq!((progress.read(), progress.total()), (0, content.len() as u64), "{name}");
        reader.by_ref().take(100).for_each(drop);
        let (early, all) = (share(), if name == "a.db" { 2000 } else { 1000 });
        reader.by_ref().take(all / 2 - 100).for_each(drop);
        let half = share();
        assert!(0.0 < early && early < 0.35 && 0.35 < half && half < 0.65, "{name}: {early} {half}");
        assert_eq!(reader.by_ref().count(), all / 2, "{name}");
        assert_eq!(share(), 1.0, "{name}");
    }
}
