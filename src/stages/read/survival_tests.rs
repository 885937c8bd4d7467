//! Hostile input: whatever the bytes, each reader ends, and says what it left out.
//!
//! `PROPTEST_CASES=20000 cargo test stages::read::survival` runs for minutes.

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

/// Well-formed files for the mutations, one or more a format, each under a name of its own.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
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
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let plain = [("html", html), ("warc", &warc), ("xml", rss), ("csv", csv), ("jsonl", jsonl), ("json", json)];
    let mut seeds: Vec<(&str, Vec<u8>)> =
        plain.into_iter().map(|(extension, text)| (extension, text.as_bytes().to_vec())).collect();
    seeds.push(("tsv", csv.replace(',', "\t").into_bytes()));
    seeds.push(("txt", "A title\n\nOne word after another.\n".into()));
    seeds.push(("jsonl.zst", zstd::encode_all(jsonl.as_bytes(), 1).unwrap()));
    seeds.push(("csv.gz", super::tests::gz(csv.as_bytes())));
    seeds.push(("warc.gz", super::tests::gz(warc.as_bytes())));
    seeds.push(("csv", utf16(csv)));
    seeds.push(("xml", [vec![0xff, 0xfe], utf16(rss)].concat()));
    seeds.push(("parquet", super::table_tests::parquet()));
    seeds.push(("db", super::table_tests::sqlite()));
    seeds
}

/// What damage is made of: bytes that mean something to one format or another.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\"",
    b"\"\"",
    b"\r\n",
    b"\n\n",
    b",",
    b"\t",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"<",
    b">",
    b"</",
    b"<!--",
    b"<![CDATA[",
    b"]]>",
    b"<!ENTITY a \"&a;\">",
    b"&#x110000;",
    b"&",
    b"<item>",
    b"<p>",
    b"<meta charset=utf-16>",
    b"WARC/1.0\r\n",
    b"Content-Length: 18446744073709551615\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"Content-Encoding: gzip\r\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"PAR1",
    b"\xc3",
    b"\xf0\x9f",
    b"1e999",
    b"99999999999999999999",
];

/// One change to a file: of a byte, a stretch left out, a stretch twice, or a piece put in.
#[derive(Debug, Clone)]
enum Damage {
    Byte(prop::sample::Index, u8),
    Without(prop::sample::Index, prop::sample::Index),
    Twice(prop::sample::Index, prop::sample::Index),
    With(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at(), at()).prop_map(|(from, to)| Damage::Without(from, to)),
        (at(), at()).prop_map(|(from, to)| Damage::Twice(from, to)),
        (at(), at()).prop_map(|(at, piece)| Damage::With(at, piece)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let span = |from: &prop::sample::Index, to: &prop::sample::Index| {
            let (a, b) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            a.min(b)..a.max(b)
        };
        match self {
            Self::Byte(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Byte(..) => {}
            Self::Without(from, to) => drop(bytes.drain(span(from, to))),
            Self::Twice(from, to) => {
                let span = span(from, to);
                let again = bytes[span.clone()].to_vec();
                bytes.splice(span.end..span.end, again);
            }
            Self::With(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, PIECES[piece.index(PIECES.len())].iter().copied());
            }
        }
    }
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
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), which in 0..EXTENSIONS.len() - 1) {
        survives(&bytes, EXTENSIONS[which]);
    }

    #[test]
    fn damaged_files_are_survived(
        seed in any::<prop::sample::Index>(),
        other_name in prop::option::weighted(0.2, 0..EXTENSIONS.len() - 1),
        damages in prop::collection::vec(damage(), 1..8),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let seeds = seeds();
        let (extension, mut bytes) = seeds[seed.index(seeds.len())].clone();
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        survives(&bytes, other_name.map_or(extension, |which| EXTENSIONS[which]));
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
