//! Main text and metadata against pages of our own writing with their gold text (`tests/fixtures/html`).

use std::collections::HashMap;
use std::path::Path;

use super::html::article;

/// Pages that the extraction was made with, and pages written before anybody looked at how it does on them.
const TUNED: &str = "html";
const HELD_OUT: &str = "html_held_out";

fn fixture(folder: &str, name: &str) -> (Vec<u8>, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let gold = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
    (std::fs::read(folder.join(format!("{name}.html"))).unwrap(), gold)
}

fn cells_in(folder: &str, name: &str) -> HashMap<&'static str, String> {
    article(&fixture(folder, name).0, None, None).unwrap().into_iter().collect()
}

fn tokens(text: &str) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    counts
}

/// Precision, recall and F1 over word tokens as multisets.
fn overlap(text: &str, gold: &str) -> (f64, f64, f64) {
    let (found, gold) = (tokens(text), tokens(gold));
    let shared: i64 = found.iter().map(|(word, n)| *n.min(gold.get(word).unwrap_or(&0))).sum();
    let (precision, recall) =
        (shared as f64 / found.values().sum::<i64>().max(1) as f64, shared as f64 / gold.values().sum::<i64>() as f64);
    (precision, recall, 2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE))
}

fn page_names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|ext| ext == "html"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// F1 of each page, printed; `cargo test -- --nocapture main_text` shows them.
fn f1_of_pages(folder: &str) -> Vec<f64> {
    let score = |name: &String| {
        let (page, gold) = fixture(folder, name);
        let cells = article(&page, None, None).unwrap_or_else(|failure| {
            println!("{name}: {}", failure.detail);
            Vec::new()
        });
        let text = cells.into_iter().find(|(name, _)| *name == "text").map_or(String::new(), |(_, text)| text);
        let (precision, recall, f1) = overlap(&text, &gold);
        println!("{name}: precision {precision:.3} recall {recall:.3} F1 {f1:.3}");
        if f1 < 0.97 {
            println!("{text}\n-----");
        }
        f1
    };
    page_names(folder).iter().map(score).collect()
}

fn mean(scores: &[f64]) -> f64 {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!("mean F1 over {} pages: {mean:.3}", scores.len());
    mean
}

#[test]
fn the_main_text_is_found_on_pages_of_every_kind() {
    let scores = f1_of_pages(TUNED);
    assert!(scores.len() >= 12 && mean(&scores) >= 0.96);
}

#[test]
fn the_main_text_is_found_on_pages_held_out() {
    let scores = f1_of_pages(HELD_OUT);
    assert!(scores.len() >= 40 && mean(&scores) >= 0.92);
}

#[test]
fn metadata_comes_from_where_the_page_has_it() {
    let expect = |name: &str, field: &str, content: &str| {
        assert_eq!(cells_in(TUNED, name).get(field).map(String::as_str), Some(content), "{name}: {field}");
    };
    expect("01_ads", "title", "Northern quay to close for eleven months");
    expect("01_ads", "outlet", "The Westmark Tidings");
    expect("01_ads", "author", "Lena Brekke");
    expect("01_ads", "date", "2025-03-11T09:40:00+01:00");
    expect("01_ads", "url", "https://www.westmarktidings.example/harbour/northern-quay-to-close");
    expect("02_related", "author", "Jan Vesely, Petra Kos");
    expect("02_related", "section", "Courts");
    expect("02_related", "url", "https://valecourier.example/courts/depot");
    expect("04_live_blog", "outlet", "Sound & Shore");
    expect("08_long_read", "author", "Ruth Okell");
    expect("11_old_markup", "title", "Port Carrow Packet: Lifeboat called three times");
    expect("12_consent_wire", "date", "2025-01-20T17:22:00Z");
    expect("15_embeds", "date", "2025-09-09T12:00:00+01:00");
}

/// Pages carry scripts of hundreds of kilobytes, in which every `i<n` looks like a tag.
#[test]
fn a_page_with_much_script_is_read() {
    let (page, _) = fixture(TUNED, "01_ads");
    let page = String::from_utf8(page).unwrap();
    let script = format!("<script>{}</script></head>", "for(i=0;i<n;i++){t<e&&r(i)}".repeat(2000));
    let heavy = page.replacen("</head>", &script, 1);
    assert!(heavy.len() > page.len());
    assert_eq!(article(heavy.as_bytes(), None, None).unwrap(), article(page.as_bytes(), None, None).unwrap());
}
