//! Parquet and SQLite, written here and read back.

use std::fs;
use std::path::Path;

use polars::prelude::*;

use super::{ColumnMap, ReadOptions, open};
use crate::record::{Article, Rejected};

fn frame() -> DataFrame {
    let days = Column::new("Date".into(), [Some(18_267i32), None, Some(18_268)]).cast(&DataType::Date).unwrap();
    let paragraphs =
        [Series::new("".into(), ["One."]), Series::new("".into(), ["Two.", "More."]), Series::new("".into(), [""; 0])];
    df!("Headline" => [Some("A"), Some("B"), None], "n" => [1i64, 2, 3], "body" => paragraphs)
        .unwrap()
        .hstack(&[days])
        .unwrap()
}

fn written(frame: &mut DataFrame, row_group: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).with_row_group_size(Some(row_group)).finish(frame).unwrap();
    bytes
}

pub(super) fn parquet() -> Vec<u8> {
    written(&mut frame(), 2)
}

pub(super) fn sqlite() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nela.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE newsdata (id TEXT PRIMARY KEY, date TEXT, source TEXT, title TEXT, content TEXT, author TEXT,
                 url TEXT, published TEXT, published_utc INTEGER, collection_utc INTEGER);
             INSERT INTO newsdata VALUES ('daily--2020-01-06--Rain', '2020-01-06', 'daily', 'Rain', 'It rained.', 'Ann',
                 'https://daily.example/rain', 'Mon, 06 Jan 2020 08:00:00 -0500', 1578315600, 1578320000);
             INSERT INTO newsdata VALUES ('daily--2020-01-07--', '2020-01-07', 'daily', '', NULL, NULL, '', '', NULL, 1);
             INSERT INTO newsdata VALUES ('daily--2020-01-08--Sun', '2020-01-08', 'daily', 'Sun', 'It shone.', '', '',
                 'no idea', NULL, 1);",
        )
        .unwrap();
    drop(database);
    fs::read(path).unwrap()
}

fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> (Vec<Article>, Vec<Rejected>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let (mut articles, mut rejected) = (Vec::new(), Vec::new());
    for record in open(&[folder.path().to_owned()], options).unwrap() {
        match record {
            Ok(article) => articles.push(article),
            Err(why) => rejected.push(why),
        }
    }
    (articles, rejected)
}

#[test]
fn parquet_is_read_by_slices_of_its_row_groups() {
    let (articles, rejected) = read("a.parquet", &parquet(), &ReadOptions::default());
    let shown: Vec<_> = articles.iter().map(|a| (a.id.as_str(), a.title.as_str(), a.text.as_str())).collect();
    assert_eq!(shown, [("a-1", "A", "One."), ("a-2", "B", "Two.\n\nMore.")]);
    assert_eq!(articles[0].published.unwrap().date.to_string(), "2020-01-06");
    assert_eq!(articles[1].published, None);
    assert_eq!((rejected[0].reason.as_str(), rejected[0].row), ("empty_text", Some(3)));
}

#[test]
fn a_large_row_group_is_read_in_order() {
    let texts: Vec<String> = (0..25_000).map(|i| format!("word {i}")).collect();
    let (articles, _) =
        read("a.parquet", &written(&mut df!("text" => &texts).unwrap(), 1 << 20), &ReadOptions::default());
    assert!(articles.iter().map(|article| &article.text).eq(&texts));
    assert_eq!(articles.last().unwrap().source.row, Some(25_000));
}

#[test]
fn missing_columns_are_named() {
    let bytes = written(&mut df!("n" => [1i64], "score" => [0.5]).unwrap(), 10);
    let (_, rejected) = read("a.parquet", &bytes, &ReadOptions::default());
    assert_eq!(rejected[0].reason, "no_text_column");
    assert!(rejected[0].detail.contains("\"n\", \"score\"") && rejected[0].detail.contains("--map"));
    let options = ReadOptions { map: ColumnMap::parse("text=scores").unwrap(), ..ReadOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    fs::write(&path, &bytes).unwrap();
    let message = open(&[path], &options).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("did you mean \"score\""), "{message}");
}

#[test]
fn damaged_parquet_costs_the_file_only() {
    let bytes = parquet();
    let (articles, rejected) = read("a.parquet", &bytes[..bytes.len() - 20], &ReadOptions::default());
    assert_eq!((articles.len(), rejected[0].reason.as_str()), (0, "corrupt"));
}

#[test]
fn nela_gt_is_read() {
    let (articles, rejected) = read("nela-gt.db", &sqlite(), &ReadOptions::default());
    let [rain, sun] = &articles[..] else { panic!("{articles:?}") };
    assert_eq!(
        (rain.id.as_str(), rain.title.as_str(), rain.text.as_str()),
        ("daily--2020-01-06--Rain", "Rain", "It rained.")
    );
    assert_eq!((rain.outlet.as_deref(), rain.author.as_deref()), (Some("daily"), Some("Ann")));
    assert_eq!(rain.published.unwrap().offset.unwrap().local_minus_utc(), -5 * 3600);
    // The first date that can be read is taken.
    assert_eq!(sun.published.unwrap().date.to_string(), "2020-01-08");
    assert_eq!((rejected[0].reason.as_str(), rejected[0].row), ("empty_text", Some(2)));
    assert_eq!(rejected[0].id.as_deref(), Some("daily--2020-01-07--"));
}

/// A database of many pages; `damage` is done to the page in the middle.
pub(super) fn damaged_database(damage: impl Fn(&mut [u8])) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch("PRAGMA page_size = 4096; CREATE TABLE newsdata (title TEXT, content TEXT)").unwrap();
    let all = database.transaction().unwrap();
    for at in 0..2000 {
        let row = [format!("Number {at}"), format!("Boat {at} sails. ").repeat(20)];
        all.execute("INSERT INTO newsdata VALUES (?1, ?2)", row).unwrap();
    }
    all.commit().unwrap();
    drop(database);
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    damage(&mut bytes[middle..middle + 4096]);
    bytes
}

#[test]
fn a_damaged_database_gives_its_rows_up_to_the_damage() {
    let rubbish = |page: &mut [u8]| page.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * 167) as u8);
    // A leaf in which the two ids at its ends have changed places: valid to SQLite, and endless to read on from.
    let turned = |page: &mut [u8]| {
        let cells = u16::from_be_bytes([page[3], page[4]]) as usize;
        let (first, last) = (8, 8 + 2 * (cells - 1));
        page.swap(first, last);
        page.swap(first + 1, last + 1);
    };
    // The row whose id has moved is not found under it.
    for (bytes, bad_rows) in [(damaged_database(rubbish), 0), (damaged_database(turned), 1)] {
        let (articles, mut rejected) = read("a.db", &bytes, &ReadOptions::default());
        assert!((800..1200).contains(&articles.len()), "{}", articles.len());
        assert!(articles.iter().enumerate().all(|(at, article)| article.title == format!("Number {at}")));
        let why = rejected.pop().unwrap();
        assert_eq!((why.reason.as_str(), why.row), ("corrupt", Some((articles.len() + bad_rows) as u64 + 1)));
        assert!(why.detail.contains(".recover"), "{}", why.detail);
        assert!(rejected.len() == bad_rows && rejected.iter().all(|why| why.reason == "bad_row"), "{rejected:?}");
    }
    assert_eq!(read("a.db", &damaged_database(|_| {}), &ReadOptions::default()).0.len(), 2000);
}

#[test]
fn tables_with_odd_row_ids_are_read_or_named() {
    let database = |schema: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(schema).unwrap();
        read("a.db", &fs::read(&path).unwrap(), &ReadOptions::default())
    };
    let own = "CREATE TABLE a (rowid TEXT, text TEXT); INSERT INTO a VALUES ('x', 'One.'), ('x', 'Two.')";
    assert_eq!(database(own).0.len(), 2);
    let (articles, rejected) =
        database("CREATE TABLE a (id TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID; INSERT INTO a VALUES ('x', 'One.')");
    assert_eq!((articles.len(), rejected[0].reason.as_str()), (0, "unreadable"));
}

#[test]
fn a_row_that_is_too_large_is_never_fetched() {
    let options = ReadOptions { max_record_bytes: 120, ..ReadOptions::default() };
    let (articles, rejected) = read("nela-gt.db", &sqlite(), &options);
    let reasons: Vec<_> = rejected.iter().map(|why| why.reason.as_str()).collect();
    assert_eq!((articles.len(), reasons), (1, vec!["record_too_large", "empty_text"]));
}

#[test]
fn a_database_without_articles_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("x.sqlite");
    rusqlite::Connection::open(path).unwrap().execute_batch("CREATE TABLE scores (n INTEGER)").unwrap();
    let (_, rejected) = read("x.sqlite", &fs::read(path).unwrap(), &ReadOptions::default());
    assert_eq!(rejected[0].reason, "no_text_column");
    assert!(rejected[0].detail.contains("\"scores\""));
}
