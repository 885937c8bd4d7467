//! Hostile input: whatever the bytes, each reader ends, and says what it left out.

use proptest::prelude::*;

use super::{ReadOptions, open, schema};

const EXTENSIONS: &[&str] = &[
    "csv",
    "tsv",
    "jsonl",
    "json",
    "txt",
    "html",
    "warc",
    "xml",
    "db",
    "parquet",
    "csv.gz",
    "jsonl.zst",
    "warc.gz",
    "dat",
];

/// Well-formed beginnings for the mutations, one or more a format.
fn seeds() -> Vec<Vec<u8>> {
    let html = "<html><head><title>T</title><script type=\"application/ld+json\">{\"@type\":\"NewsArticle\"}</script></head>\
        <body><article><h1>T</h1><p>One word after another.</p></article></body></html>";
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{html}");
    let warc =
        format!("WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {}\r\n\r\n{http}\r\n\r\n", http.len()).repeat(2);
    let rss = "<?xml version=\"1.0\"?><rss><channel><title>C</title><item><title>A &amp; B</title>\
        <description><![CDATA[<p>One</p>]]></description><link>http://x.org</link></item></channel></rss>";
    let csv = "id,title,text,date\n1,\"A \"\"b\"\"\",\"one\ntwo\",1/2/2020\n2,C,three,2020-01-01\n";
    let jsonl = "{\"title\":\"A\",\"text\":\"one\",\"x\":[1,{\"y\":null}]}\n{\"text\":\"two\"}\n";
    let json = "[{\"title\":\"A\",\"text\":\"one\"},{\"text\":\"t\\u0041\"}]";
    let mut seeds: Vec<Vec<u8>> =
        [html, &warc, rss, csv, jsonl, json].iter().map(|seed| seed.as_bytes().to_vec()).collect();
    seeds.push(zstd::encode_all(jsonl.as_bytes(), 1).unwrap());
    seeds.push(super::tests::gz(csv.as_bytes()));
    seeds.push(super::tests::gz(warc.as_bytes()));
    seeds.push(csv.encode_utf16().flat_map(u16::to_le_bytes).collect());
    seeds.push(super::table_tests::parquet());
    seeds.push(super::table_tests::sqlite());
    seeds
}

/// Reads to the end; every file is accounted for.
fn survives(bytes: &[u8], extension: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(format!("x.{extension}")), bytes).unwrap();
    let inputs = [folder.path().to_owned()];
    let options = ReadOptions { max_record_bytes: 1 << 20, ..ReadOptions::default() };
    let mut reader = open(&inputs, &options).unwrap_or_else(|error| panic!("{error}"));
    let (mut articles, mut rejected) = (0, 0);
    for record in &mut reader {
        match record {
            Ok(_) => articles += 1,
            Err(why) => {
                assert!(!why.detail.is_empty() && why.reason.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                rejected += 1;
            }
        }
    }
    let [used] = reader.inputs() else { panic!("one file was given") };
    assert_eq!((used.articles, used.rejected, used.bytes), (articles, rejected, bytes.len() as u64));
    assert!(articles + rejected > 0, "nothing is left out in silence");
    schema(&inputs, &options).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), which in 0..EXTENSIONS.len() - 1) {
        survives(&bytes, EXTENSIONS[which]);
    }

    #[test]
    fn damaged_files_are_survived(
        seed in any::<prop::sample::Index>(),
        which in 0..EXTENSIONS.len() - 1,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let seeds = seeds();
        let mut bytes = seeds[seed.index(seeds.len())].clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        survives(&bytes, EXTENSIONS[which]);
    }

    #[test]
    fn tables_and_lines_come_back_as_they_were(
        rows in prop::collection::vec(("x[^\\p{Cc}\u{feff}]{0,30}", "y([^\\p{Cc}\u{feff}]|[\n\t\",;]){0,60}"), 1..20)
    ) {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["title", "text"]).unwrap();
        let mut lines = String::new();
        for (title, text) in &rows {
            csv.write_record([title, text]).unwrap();
            lines += &format!("{}\n", serde_json::json!({"title": title, "text": text}));
        }
        let array = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
        for (name, content) in
            [("a.csv", csv.into_inner().unwrap()), ("a.jsonl", lines.into_bytes()), ("a.json", array.into_bytes())]
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(name), content).unwrap();
            let read: Result<Vec<_>, _> = open(&[folder.path().to_owned()], &ReadOptions::default()).unwrap().collect();
            let read: Vec<_> = read.unwrap().into_iter().map(|article| (article.title, article.text)).collect();
            prop_assert_eq!(&read, &rows, "{}", name);
        }
    }
}

#[test]
fn a_file_of_brackets_is_survived() {
    for bytes in ["[".repeat(1 << 20), "{\"a\":".repeat(1 << 18), format!("[{}", "{\"text\":[".repeat(1 << 17))] {
        survives(bytes.as_bytes(), "json");
        survives(bytes.as_bytes(), "jsonl");
    }
}

#[test]
fn deep_markup_is_survived() {
    for tag in ["<div>", "<p>", "<b>", "<table><tr><td>", "<ul><li>", "<a href=x>", "<span>x"] {
        survives(format!("<html><body>{}", tag.repeat(20_000)).as_bytes(), "html");
        survives(format!("<html><body><p>One two three.{}", tag.repeat(240)).as_bytes(), "html");
    }
    survives("<rss><channel><item><description>".repeat(20_000).as_bytes(), "xml");
}
