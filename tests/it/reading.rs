//! Whatever people hold is read: formats, exports, dates, outlets, encodings, languages.

use std::fs;
use std::io::Write;
use std::path::Path;

use polars::prelude::*;
use serde_json::json;

use crate::support::{collection, run, score, stderr, stdout, table, texts};

const TEXT: &str = "The harbor council voted late on Monday to keep the ferry running through the winter. The mayor said that she \
                    would be on the next boat with her family.";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn page(title: &str) -> String {
    format!(
        "<html><head><title>{title}</title><meta property=\"og:site_name\" content=\"Page Post\"><meta \
         property=\"article:published_time\" content=\"2024-05-06T23:30:00-07:00\"></head><body><nav><a href=/>Home</a></nav>\
         <article><h1>{title}</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>"
    )
}

/// One article in every format, some compressed, in folders in each other.
fn every_format(folder: &Path) {
    let line =
        |title: &str| json!({"title": title, "text": TEXT, "source": "Ledger", "date": "2024-05-06"}).to_string();
    write(
        folder,
        "a/comma.csv",
        format!("title,text,outlet,date\nComma,\"{TEXT}\n\nMore of \"\"it\"\".\",Ledger,2024-05-06\n"),
    );
    write(
        folder,
        "a/packed.tsv.gz",
        gz(format!("headline\tbody\tpublication\tpubdate\nTabs\t{TEXT}\tLedger\t6 May 2024\n").as_bytes()),
    );
    write(folder, "a/lines.jsonl.zst", zstd::encode_all(format!("{}\n", line("Lines")).as_bytes(), 1).unwrap());
    write(folder, "b/array.json", format!("[{}]", line("Array")));
    write(folder, "b/plain.txt", format!("Plain\n\n{TEXT}"));
    write(folder, "b/page.html", page("Page"));
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{}", page("Archived"));
    let record = |kind: &str, content: &str| {
        let head = format!("WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://news.example.co.uk/a\r\n");
        gz(format!(
            "{head}Content-Type: application/http\r\nContent-Length: {}\r\n\r\n{content}\r\n\r\n",
            content.len()
        )
        .as_bytes())
    };
    write(folder, "b/crawl.warc.gz", [record("request", "GET / HTTP/1.1\r\n\r\n"), record("response", &http)].concat());
    let item = format!(
        "<item><title>Feed</title><description>{TEXT}</description><pubDate>Mon, 06 May 2024 08:00:00 EST</pubDate></item>"
    );
    write(folder, "c/feed.xml.gz", gz(format!("<rss><channel><title>Ledger</title>{item}</channel></rss>").as_bytes()));
    let database = rusqlite::Connection::open(folder.join("c/nela.db")).unwrap();
    database.execute_batch("create table newsdata(id text, date text, source text, title text, content text)").unwrap();
    database.execute("insert into newsdata values('n1', '2024-05-06', 'Ledger', 'Database', ?1)", [TEXT]).unwrap();
    let mut frame = df!("headline" => ["Columns"], "maintext" => [TEXT], "source_domain" => ["Ledger"], "date_publish" => ["2024-05-06 10:00:00"]).unwrap();
    ParquetWriter::new(fs::File::create(folder.join("c/table.parquet")).unwrap()).finish(&mut frame).unwrap();
}

#[test]
fn a_mixed_folder_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("run"));
    every_format(&input);
    score(&[&input.display().to_string()], &output, &[], 0);
    let articles = table(&output.join("articles.parquet"));
    let mut titles: Vec<String> = texts(&articles, "title").into_iter().flatten().collect();
    titles.sort();
    assert_eq!(titles, ["Archived", "Array", "Columns", "Comma", "Database", "Feed", "Lines", "Page", "Plain", "Tabs"]);
    let dates = articles.column("date").unwrap().cast(&DataType::String).unwrap();
    let dates = dates.str().unwrap();
    assert_eq!(
        dates.iter().flatten().filter(|date| *date == "2024-05-06").count(),
        9,
        "every file but the text has a date"
    );
    let sentences = table(&output.join("sentences.parquet"));
    assert!(
        texts(&sentences, "text").iter().flatten().any(|text| text == "More of \"it\"."),
        "quotes and line breaks in a cell"
    );
}

/// What `inspect --schema` says of one file.
fn schema(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), name, content);
    let done = run(&["inspect", &path, "--schema"]);
    assert_eq!(done.status.code(), Some(0), "{name}: {}", stderr(&done));
    stdout(&done)
}

#[test]
fn common_exports_are_recognised() {
    let csv = |header: &str, row: &str| format!("{header}\n{}\n", row.replace("TEXT", TEXT));
    let exports: &[(&str, String, &[&str])] = &[
        (
            "mediacloud.csv",
            csv("id,indexed_date,language,media_name,media_url,publish_date,title,url", "ab1,2024-01-05,en,hillpost.com,hillpost.com,2024-01-04,Ferry stays,https://www.hillpost.com/a"),
            &["Ferry stays", "hillpost.com", "2024-01-04"],
        ),
        (
            "gdelt.csv",
            csv("URL,MobileURL,Date,Title", "https://www.hillpost.co.uk/x,,2023-05-06 10:00:00,Ferry stays"),
            &["Ferry stays", "hillpost.co.uk", "2023-05-06"],
        ),
        (
            "gdelt.json",
            json!({"articles": [{"url": "https://www.hillpost.com.au/x", "title": "Ferry stays", "seendate": "20230506T101500Z", "domain": "hillpost.com.au"}]}).to_string(),
            &["Ferry stays", "hillpost.com.au", "2023-05-06"],
        ),
        (
            "nexis.csv",
            csv("\u{feff}Headline,Byline,Publication,Date,Section,Length,Body", "Ferry stays,Jane Roe,The Hill Post,\"January 6, 2020 Monday\",Metro,812 words,TEXT"),
            &["Ferry stays", "The Hill Post", "2020-01-06", "characters of text"],
        ),
        (
            "proquest.csv",
            csv("Title,Abstract,StoreId,Authors,pubdate,pubtitle,DocumentURL,Full text", "Ferry stays,Short.,998,\"Roe, Jane\",\"Jan 6, 2020\",Hill Post,https://pq.example.com/998,TEXT"),
            &["Ferry stays", "Hill Post", "2020-01-06"],
        ),
        (
            "allthenews.csv",
            csv(",id,title,publication,author,date,year,month,url,content", "0,17283,Ferry stays,Hill Post,Jane Roe,2016-12-31,2016.0,12.0,,TEXT"),
            &["Ferry stays", "Hill Post", "2016-12-31"],
        ),
        (
            "guardian.json",
            json!({"response": {"results": [{"id": "world/x", "webPublicationDate": "2024-01-05T10:00:00Z", "webTitle": "Ferry stays", "fields": {"bodyText": TEXT, "trailText": "Short"}}]}}).to_string(),
            &["Ferry stays", "2024-01-05"],
        ),
        (
            "newsapi.json",
            json!({"status": "ok", "articles": [{"source": {"id": null, "name": "Hill Post"}, "title": "Ferry stays", "publishedAt": "2024-01-05T10:00:00Z", "content": TEXT}]}).to_string(),
            &["Ferry stays", "Hill Post", "2024-01-05"],
        ),
        (
            "huff.json",
            format!("{}\n", json!({"link": "https://www.hillpost.com/x", "headline": "Ferry stays", "category": "U.S.", "short_description": "All winter.", "date": "2022-09-23"})),
            &["Ferry stays", "hillpost.com", "2022-09-23", "for want of a full text"],
        ),
        (
            "semicolon.csv",
            csv("title;text;date", "Ferry stays;TEXT;06.01.2020"),
            &["semicolon", "Ferry stays", "2020-01-06"],
        ),
    ];
    for (name, content, expected) in exports {
        let shown = schema(name, content);
        for part in *expected {
            assert!(shown.contains(part), "{name}: \"{part}\" is not in\n{shown}");
        }
    }
}

#[test]
fn columns_are_mapped_and_a_wrong_map_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let input = write(folder.path(), "odd.csv", format!("kop,inhalt,x\nA headline,{TEXT},1\n"));
    let output = folder.path().join("run");
    score(&[&input], &output, &["--map", "title=kop,text=inhalt"], 0);
    assert_eq!(texts(&table(&output.join("articles.parquet")), "title"), [Some("A headline".to_owned())]);
    let args = ["score", &input, "-o", &output.display().to_string(), "--engine", "fake", "--restart"];
    let refused = run(&[&args[..], &["--map", "title=kopf,text=inhalt"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("did you mean \"kop\""), "{}", stderr(&refused));
    let unmapped = run(&args);
    assert!(stderr(&unmapped).contains("--map title=COLUMN"), "{}", stderr(&unmapped));
}

#[test]
fn outlets_are_one_under_every_name_and_address() {
    let folder = tempfile::tempdir().unwrap();
    let record = |id: &str, more: serde_json::Value| {
        let mut record = json!({"id": id, "title": format!("Ferry {id}"), "text": TEXT});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let input = collection(
        folder.path(),
        "a.jsonl",
        &[
            record("a", json!({"source": "hp"})),
            record("b", json!({"source": "HillPost.com"})),
            record("c", json!({"source": "  the HILL post "})),
            record("d", json!({"url": "https://edition.hillpost.com/2024/a?b=c"})),
            record("e", json!({"url": "https://www.other.co.uk/a"})),
            record("f", json!({"url": "https://web.archive.org/web/2020/https://www.hillpost.com/a"})),
            record("g", json!({"source": "https://www.hillpost.com"})),
        ],
    );
    let tables = [
        ("names.csv", "alias,canonical\nhp,The Hill Post\nHillPost.com,The Hill Post\n".to_owned()),
        ("names.toml", "\"The Hill Post\" = [\"hp\", \"hillpost.com\"]\n".to_owned()),
    ];
    for (name, content) in tables {
        let aliases = write(folder.path(), name, content);
        let output = folder.path().join(format!("run-{name}"));
        score(&[&input.display().to_string()], &output, &["--aliases", &aliases], 0);
        let outlets: Vec<String> =
            texts(&table(&output.join("articles.parquet")), "outlet").into_iter().flatten().collect();
        let post = "The Hill Post";
        assert_eq!(outlets, [post, post, post, post, "other.co.uk", post, post], "{name}");
    }
}

#[test]
fn dates_of_numbers_are_read_as_the_user_says_and_doubt_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let input = write(folder.path(), "a.csv", format!("title,text,date\nA,{TEXT},3/4/2020\n"));
    let date = |name: &str, more: &[&str]| {
        let output = folder.path().join(name);
        score(&[&input], &output, more, 0);
        let articles = table(&output.join("articles.parquet"));
        let date = articles.column("date").unwrap().cast(&DataType::String).unwrap();
        (date.str().unwrap().get(0).unwrap().to_owned(), fs::read_to_string(output.join("run.json")).unwrap())
    };
    let (detected, manifest) = date("detect", &[]);
    assert_eq!(detected, "2020-03-04");
    assert!(manifest.contains("--day-order day-first"), "the doubt is among the notes");
    let (said, manifest) = date("said", &["--day-order", "day-first"]);
    assert_eq!(said, "2020-04-03");
    assert!(!manifest.contains("--day-order day-first if"));
}

#[test]
fn encodings_are_detected() {
    let folder = tempfile::tempdir().unwrap();
    let said = "“We’re closing the café,” said Zoë Müller, who has run it for thirty years. Nobody on the council answered her letters.";
    let csv = format!("title,text\nThe café closes,\"{said}\"\n");
    let utf16 = |big: bool| -> Vec<u8> {
        let units = csv.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
        [if big { [0xfe, 0xff] } else { [0xff, 0xfe] }].concat().into_iter().chain(units).collect()
    };
    let cp1252: Vec<u8> = csv
        .chars()
        .map(|c| match c {
            '“' => 0x93,
            '”' => 0x94,
            '’' => 0x92,
            c => c as u8,
        })
        .collect();
    let labelled = format!(
        "<html><head><meta charset=\"iso-8859-1\"><title>The café closes</title></head><body><article><p>{said}</p><p>{said} Again.</p></article></body></html>"
    );
    let misread: String = encoding_rs::WINDOWS_1252.decode(csv.as_bytes()).0.into_owned();
    write(folder.path(), "in/a.csv", utf16(false));
    write(folder.path(), "in/b.csv", utf16(true));
    write(folder.path(), "in/c.csv", cp1252);
    write(folder.path(), "in/d.html", labelled);
    write(folder.path(), "in/e.csv", misread);
    write(folder.path(), "in/f.csv", [b"\xef\xbb\xbf", csv.as_bytes()].concat());
    let output = folder.path().join("run");
    score(&[&folder.path().join("in").display().to_string()], &output, &[], 0);
    let sentences = table(&output.join("sentences.parquet"));
    let whole = texts(&sentences, "text")
        .into_iter()
        .flatten()
        .filter(|text| text.starts_with("“We’re closing the café,” said Zoë Müller"))
        .count();
    assert_eq!(whole, 7, "six files, one with the sentence twice");
}

#[test]
fn other_languages_are_listed_by_name_unless_any_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let record = |id: &str, title: &str, text: &str| json!({"id": id, "title": title, "text": text, "outlet": "A"});
    let input = collection(
        folder.path(),
        "a.jsonl",
        &[
            record(
                "de",
                "Die Fähre fährt weiter",
                "Der Hafenrat hat am Montag beschlossen, die Fähre auch im Winter fahren zu lassen. Die Bürgermeisterin sagte, dass niemand auf der Insel zurückgelassen werden dürfe.",
            ),
            record(
                "fr",
                "Le bac continue",
                "Le conseil du port a décidé lundi de maintenir le bac pendant tout l’hiver. La maire a déclaré qu’elle serait elle-même à bord du premier bateau avec sa famille.",
            ),
            record(
                "es",
                "El transbordador sigue",
                "El consejo del puerto decidió el lunes mantener el transbordador durante todo el invierno. La alcaldesa dijo que ella misma estaría a bordo del próximo barco con su familia.",
            ),
            record(
                "ru",
                "Паром останется",
                "Совет порта решил в понедельник сохранить паром на всю зиму. Мэр сказала, что сама поедет следующим рейсом вместе со своей семьёй и друзьями.",
            ),
            record(
                "zh",
                "渡轮将继续运行",
                "港口委员会星期一决定整个冬天继续运行渡轮。市长说她将和家人一起乘坐下一班船，岛上的每一个人都会得到照顾，没有人会被留下。委员会的决定受到了渔民的欢迎，他们为此争论了很久，现在终于可以安心过冬了。",
            ),
            record("en", "The ferry stays", TEXT),
        ],
    );
    let input = input.display().to_string();
    let output = folder.path().join("run");
    score(&[&input], &output, &[], 1);
    let rejected = fs::read_to_string(output.join("rejected.csv")).unwrap();
    for name in ["German", "French", "Spanish", "Russian", "Mandarin"] {
        assert!(rejected.lines().any(|line| line.contains("not_english") && line.contains(name)), "{name}: {rejected}");
    }
    assert_eq!(table(&output.join("articles.parquet")).height(), 1);
    let any = folder.path().join("any");
    score(&[&input], &any, &["--language", "any"], 0);
    assert_eq!(table(&any.join("articles.parquet")).height(), 6);
}
