//! Hostile and broken input: a named reason, the rest scored, no panic, bounded memory. `scripts/hostile.py` has the heavy cases.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use crate::support::{framescope, score, stderr, stdout, table};

const SENTENCE: &str = "The harbor council voted late on Monday to keep the ferry running through the winter. ";

fn good(id: &str) -> String {
    format!(
        "{}\n",
        serde_json::json!({"id": id, "title": format!("Ferry {id}"), "text": format!("{SENTENCE}Boat {id}."), "source": "A"})
    )
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Scores the folder `in` beside the output; the number of articles, and how often each reason stands in `rejected.csv`.
#[track_caller]
fn outcome(folder: &Path) -> (usize, BTreeMap<String, usize>) {
    let output = folder.join("run");
    let done = score(&[&folder.join("in").display().to_string()], &output, &[], 1);
    assert!(!stderr(&done).contains("panicked"), "{}", stderr(&done));
    let mut reasons = BTreeMap::new();
    let mut rows = csv::Reader::from_path(output.join("rejected.csv")).unwrap();
    let at = rows.headers().unwrap().iter().position(|name| name == "reason").unwrap();
    for row in rows.records() {
        *reasons.entry(row.unwrap()[at].to_owned()).or_default() += 1;
    }
    (table(&output.join("articles.parquet")).height(), reasons)
}

#[track_caller]
fn rejected(files: &[(&str, Vec<u8>)], articles: usize, expected: &[(&str, usize)]) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for (name, content) in files {
        fs::write(folder.path().join("in").join(name), content).unwrap();
    }
    let (scored, reasons) = outcome(folder.path());
    let expected: BTreeMap<String, usize> = expected.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
    assert_eq!((scored, reasons), (articles, expected));
}

#[test]
fn a_truncated_gzip_keeps_what_came_before() {
    let lines: String = (0..2000).map(|at| good(&format!("n{at}"))).collect();
    let packed = gz(lines.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/a.jsonl.gz"), &packed[..packed.len() * 2 / 3]).unwrap();
    let (scored, reasons) = outcome(folder.path());
    assert!(scored > 500 && reasons.contains_key("truncated"), "{scored} {reasons:?}");
}

#[test]
fn damage_costs_the_record_or_the_file_and_has_a_name() {
    let bomb = gz(&vec![b'x'; 128 << 20]);
    rejected(&[("a.jsonl.gz", bomb), ("b.jsonl", good("b").into_bytes())], 1, &[("decompression_bomb", 1)]);
    rejected(
        &[("a.jsonl.gz", gz(&gz(good("a").as_bytes()))), ("b.jsonl", good("b").into_bytes())],
        1,
        &[("unknown_format", 1)],
    );
    rejected(
        &[
            ("a.parquet", b"PAR1 and so on PAR1".to_vec()),
            ("b.db", b"no database".to_vec()),
            ("c.jsonl", good("c").into_bytes()),
        ],
        1,
        &[("corrupt", 2)],
    );
    rejected(
        &[("a.csv", b"title,text\nA,One sentence stands here.\nB,\"It opens\nC,And goes on.\n".to_vec())],
        2,
        &[("bad_row", 1)],
    );
    rejected(&[("a.csv", b"x,y\n1,2\n".to_vec()), ("b.jsonl", good("b").into_bytes())], 1, &[("no_text_column", 1)]);
}

#[test]
fn what_is_no_collection_is_named() {
    let table = |mut frame: polars::prelude::DataFrame| {
        let mut bytes = Vec::new();
        polars::prelude::ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        bytes
    };
    let titles = polars::prelude::df!("title" => ["A title of a few words"], "n" => [1]).unwrap();
    rejected(
        &[
            ("a.csv", b"PK\x03\x04 and so on".to_vec()),
            ("b.zip", b"PK\x03\x04 and so on".to_vec()),
            ("c.warc.gz", gz(&gz(b"WARC/1.0\r\n"))),
            ("d.parquet", table(polars::prelude::df!("score" => [0.5]).unwrap())),
            ("e.parquet", table(titles)),
            ("f.jsonl", good("f").into_bytes()),
        ],
        2,
        &[("unknown_format", 3), ("no_text_column", 1)],
    );
}

#[test]
fn where_nothing_is_left_it_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("a.json"), folder.path().join("run"));
    fs::write(&input, "[{\"title\": \"Open\", \"text\": \"One").unwrap();
    // Twice: what has failed is no interrupted run.
    for _ in 0..2 {
        let done = score(&[&input.display().to_string()], &output, &[], 2);
        assert!(stderr(&done).contains("no article could be scored (truncated 1)"), "{}", stderr(&done));
        assert!(fs::read_to_string(output.join("rejected.csv")).unwrap().contains("truncated"));
    }
}

#[test]
fn nuls_are_no_text() {
    let csv = b"title,text\nA title,One\x00 sentence \x00stands here.\n".to_vec();
    rejected(
        &[
            ("a.csv", csv),
            ("b.txt", vec![0; 1 << 16]),
            ("c.jsonl", [good("c").into_bytes(), vec![0; 4096], b"\n".to_vec()].concat()),
        ],
        2,
        &[("bad_row", 1), ("empty_text", 1)],
    );
}

#[test]
fn repeated_records_count_once_and_ids_stay_apart() {
    let lines = [good("a"), good("a"), good("a").replace("Boat", "Ship"), good("b")].concat();
    rejected(&[("a.jsonl", lines.into_bytes())], 3, &[("duplicate_record", 1)]);
}

#[test]
fn an_article_without_end_is_none() {
    let long = SENTENCE.repeat(10_000_000 / SENTENCE.len() + 1);
    let line = format!("{}\n", serde_json::json!({"title": "Long", "text": long}));
    rejected(&[("a.jsonl", [line, good("b")].concat().into_bytes())], 1, &[("article_too_long", 1)]);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in");
    fs::create_dir_all(inside.join("deep")).unwrap();
    fs::write(inside.join("deep/a.jsonl"), good("a")).unwrap();
    std::os::unix::fs::symlink(&inside, inside.join("deep/loop")).unwrap();
    std::os::unix::fs::symlink(inside.join("self"), inside.join("self")).unwrap();
    std::os::unix::fs::symlink(inside.join("deep/a.jsonl"), inside.join("z.jsonl")).unwrap();
    let (scored, reasons) = outcome(folder.path());
    assert_eq!(scored, 1);
    assert_eq!(reasons, BTreeMap::from([("duplicate_file".to_owned(), 1), ("unreadable".to_owned(), 1)]));
}

/// 200 MB on one line, under a limit of the address space that holding them would break.
#[cfg(target_os = "linux")]
#[test]
fn an_endless_line_is_not_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut out = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    out.write_all(good("a").as_bytes()).unwrap();
    out.write_all(b"{\"title\": \"Huge\", \"text\": \"").unwrap();
    for _ in 0..200 {
        out.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    out.write_all(format!("\"}}\n{}", good("b")).as_bytes()).unwrap();
    drop(out);
    let program = framescope(&[]);
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 1500000; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(["inspect", &path.display().to_string(), "--id", "b", "--clean"])
        .current_dir(crate::support::root())
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(0), "{}", stderr(&limited));
    assert!(stdout(&limited).contains("Ferry b"), "{}", stdout(&limited));
}
