//! Hostile input: whatever the bytes, each reader ends, and says what it left out. A target a reader.
//!
//! `PROPTEST_CASES=20000 cargo test stages::read::survival` runs for minutes; `... survival_tests::html` one reader only.

use std::sync::LazyLock;

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

/// A reader's well-formed files, each with the extension of its name.
type Seeds = Vec<(&'static str, Vec<u8>)>;

const CSV: &str = "id,title,text,date\n1,\"A \"\"b\"\"\",\"one\ntwo\",1/2/2020\n2,C,three,2020-01-01\n";
const JSONL: &str = "{\"title\":\"A\",\"text\":\"one\",\"x\":[1,{\"y\":null}]}\n{\"text\":\"two\"}\n";
const HTML: &str = "<!doctype html><html><head><title>T: a page</title><meta charset=utf-8><meta property=\"og:title\" content=\"T &amp; t\">\
    <script type=\"application/ld+json\">{\"@graph\":[{\"@type\":[\"NewsArticle\"],\"headline\":\"T\",\"author\":[{\"name\":\"A\"}],\
    \"articleBody\":\"One &lt;b&gt; two\"}]}</script></head><body><nav><a href=/>Home</a></nav><article class=\"c-story adSlot\"><h1>T</h1>\
    <p>One word after another.<br><br>Two, <b>bold</b>.</p><table><tr><td>1<td>2</table><aside class=related><p>More</aside>\
    <time datetime=2020-01-06>x</time><noscript><img src=a.jpg></noscript><svg><p>y</svg></article></body></html>";

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn tables() -> Seeds {
    let latin: Vec<u8> = CSV.replace('C', "\u{e9}").chars().map(|c| c as u8).collect();
    let unquoted = "title\ttext\nA \"b\tone two\n\"C\tthree\n";
    vec![
        ("csv", CSV.into()),
        ("tsv", CSV.replace(',', "\t").into()),
        ("tsv", unquoted.into()),
        ("csv", CSV.replace(',', ";").replace('\n', "\r\n").into()),
        ("csv", utf16(CSV)),
        ("csv", latin),
        ("dat", CSV.into()),
    ]
}

fn json() -> Seeds {
    let array = "[{\"title\":\"A\",\"text\":\"one\"},{\"text\":\"t\\u0041\\ud83d\\ude00\",\"n\":-1.5e3}]";
    vec![
        ("jsonl", JSONL.into()),
        ("json", array.into()),
        ("json", format!("{{\"response\":{{\"total\":2,\"docs\":{array}}}}}").into()),
        ("json", format!("{JSONL}{JSONL}").replace("\n", " ").into()),
        ("jsonl", [vec![0xff, 0xfe], utf16(JSONL)].concat()),
    ]
}

fn texts() -> Seeds {
    let nexis = "1 of 2 DOCUMENTS\n\nThe Ledger\n\nJanuary 6, 2020 Monday\n\nA headline\n\nBYLINE: By Jane Roe\n\nLENGTH: 12 words\n\nOne two.\n\n\
        LOAD-DATE: January 7, 2020\n\n2 of 2 DOCUMENTS\n\nThe Ledger\n\nB\n\nThree four.\n";
    let proquest = "Document 1 of 2\n\nTitle: A\n\nAuthor: Roe, Jane\n\nPublication date: Jan 6, 2020\n\nFull text: One two.\n\n____\n\
        Document 2 of 2\n\nTitle: B\n\nFull text: Three.\n";
    vec![("txt", "A title\n\nOne word after another.\n".into()), ("txt", nexis.into()), ("txt", proquest.into())]
}

fn html() -> Seeds {
    let old = "<html><body bgcolor=white><font size=2>A<br><br>One, two, three.<p>Four<p>Five<center>x</center></font>";
    vec![("html", HTML.into()), ("html", old.into()), ("xhtml", utf16(HTML)), ("dat", HTML.into())]
}

fn feeds() -> Seeds {
    let item = "<item><title>A &amp; B</title><description><![CDATA[<p>One</p>]]></description><link>http://x.org</link>\
        <content:encoded>&lt;p&gt;Two&lt;/p&gt;</content:encoded><pubDate>Mon, 06 May 2024 08:00:00 EST</pubDate></item>";
    let rss = format!("<?xml version=\"1.0\"?><rss><channel><title>C</title>{item}{item}</channel></rss>");
    let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>C</title><entry><title type=\"html\">A</title><link href=\"http://x.org\"/>\
        <author><name>Ann</name></author><updated>2020-01-06T00:00:00Z</updated><content type=\"xhtml\"><div><p>One</p></div></content></entry></feed>";
    vec![("xml", rss.clone().into()), ("atom", atom.into()), ("rss", [vec![0xff, 0xfe], utf16(&rss)].concat())]
}

fn warc() -> Seeds {
    let record = |http: &[u8]| {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.org/a\r\nContent-Length: {}\r\n\r\n",
            http.len()
        );
        [head.as_bytes(), http, b"\r\n\r\n"].concat()
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n";
    let plain = record(format!("{head}\r\n{HTML}").as_bytes());
    let chunked =
        record(format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{HTML}\r\n0\r\n\r\n", HTML.len()).as_bytes());
    let packed =
        [format!("{head}Content-Encoding: gzip\r\n\r\n").as_bytes(), &super::tests::gz(HTML.as_bytes())].concat();
    let all = [&plain[..], &chunked, &record(&packed)].concat();
    vec![
        ("warc", all.clone()),
        ("warc.gz", super::tests::gz(&all)),
        ("warc.gz", [super::tests::gz(&plain), super::tests::gz(&chunked)].concat()),
    ]
}

fn packed() -> Seeds {
    let zst = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let gz = |text: &str| super::tests::gz(text.as_bytes());
    vec![
        ("csv.gz", gz(CSV)),
        ("jsonl.gz", [gz(JSONL), gz(JSONL)].concat()),
        ("jsonl.zst", zst(JSONL)),
        ("html.zst", zst(HTML)),
    ]
}

fn parquet() -> Seeds {
    vec![("parquet", super::table_tests::parquet())]
}

fn sqlite() -> Seeds {
    vec![("db", super::table_tests::sqlite())]
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
    // A name that tells nothing is looked into only where the user gives it, and then a file without text is an error at once.
    let named = extension == "dat";
    let inputs = [if named { folder.path().join("x.dat") } else { folder.path().to_owned() }];
    let options = ReadOptions { max_record_bytes: 1 << 20, ..ReadOptions::default() };
    let mut reader = match open(&inputs, &options) {
        Ok(reader) => reader,
        Err(error) if named => return assert!(!error.to_string().is_empty()),
        Err(error) => panic!("{error}"),
    };
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

/// Damages one of the seeds, or joins the beginning of one with the end of another, and reads what came of it.
fn damaged(seeds: &Seeds, pick: &Damaged) {
    let (extension, mut bytes) = seeds[pick.seed.index(seeds.len())].clone();
    if let Some((other, at, from)) = &pick.other {
        let (_, other) = &seeds[other.index(seeds.len())];
        bytes.truncate(at.index(bytes.len() + 1));
        bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
    }
    pick.damages.iter().for_each(|damage| damage.apply(&mut bytes));
    if let Some(cut) = pick.cut {
        bytes.truncate(cut.index(bytes.len() + 1));
    }
    survives(&bytes, pick.other_name.map_or(extension, |which| EXTENSIONS[which]));
}

#[derive(Debug, Clone)]
struct Damaged {
    seed: prop::sample::Index,
    /// Another seed, where the first breaks off, and where the other goes on.
    other: Option<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>,
    damages: Vec<Damage>,
    cut: Option<prop::sample::Index>,
    other_name: Option<usize>,
}

fn how() -> impl Strategy<Value = Damaged> {
    let at = any::<prop::sample::Index>;
    let other = prop::option::weighted(0.2, (at(), at(), at()));
    let other_name = prop::option::weighted(0.05, 0..EXTENSIONS.len() - 1);
    let damages = prop::collection::vec(damage(), 0..8);
    let all = (at(), other, damages, prop::option::weighted(0.2, at()), other_name);
    all.prop_map(|(seed, other, damages, cut, other_name)| Damaged { seed, other, damages, cut, other_name })
}

/// A test for each reader, over its seeds.
macro_rules! survives_damage {
    ($($reader:ident)*) => {
        mod damaged_files {
            use super::*;
            proptest! {
                $(#[test]
                fn $reader(pick in how()) {
                    static SEEDS: LazyLock<Seeds> = LazyLock::new(super::$reader);
                    damaged(&SEEDS, &pick);
                })*
            }
        }
    };
}

survives_damage! { tables json texts html feeds warc packed parquet sqlite }

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), which in 0..EXTENSIONS.len() - 1) {
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
