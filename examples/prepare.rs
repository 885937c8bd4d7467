//! Read, clean and segment on one thread, with the time of each: `cargo run --release --example prepare -- INPUT...`.
//! Prints one JSON object. With `--texts FILE` first, the articles as read are written there, a JSON object a line; that run
//! is not timed. `benches/reading.py` compares both with Python on the same files.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use framescope::stages::clean::{CleanOptions, Cleaner};
use framescope::stages::read::{self, ReadOptions};
use framescope::stages::segment::{SegmentOptions, Segmenter};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if args.first().is_some_and(|flag| flag.as_os_str() == "--texts") && args.len() > 2 {
        let texts = args.remove(1);
        return write_texts(&args[1..], &texts);
    }
    assert!(!args.is_empty(), "prepare [--texts FILE] INPUT...");
    let started = Instant::now();
    let cleaner = Cleaner::new(&CleanOptions::default()).expect("the built-in rules compile");
    let segmenter = Segmenter::new(&SegmentOptions::default());
    let set_up = started.elapsed();
    let mut reader = read::open(&args, &ReadOptions::default()).expect("the inputs can be read");
    let (mut reading, mut cleaning, mut segmenting) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut articles, mut rejected, mut sentences, mut text_bytes) = (0u64, 0u64, 0u64, 0u64);
    loop {
        let lap = Instant::now();
        let Some(record) = reader.next() else { break };
        reading += lap.elapsed();
        let Ok(article) = record else {
            rejected += 1;
            continue;
        };
        text_bytes += (article.title.len() + article.text.len()) as u64;
        let lap = Instant::now();
        let cleaned = cleaner.clean(article);
        cleaning += lap.elapsed();
        let Ok(cleaned) = cleaned else {
            rejected += 1;
            continue;
        };
        let lap = Instant::now();
        sentences += segmenter.segment(&cleaned).len() as u64;
        segmenting += lap.elapsed();
        articles += 1;
    }
    let seconds = started.elapsed();
    let input_bytes: u64 = reader.inputs().iter().map(|input| input.bytes).sum();
    let account = serde_json::json!({
        "articles": articles,
        "rejected": rejected,
        "sentences": sentences,
        "input_bytes": input_bytes,
        "text_bytes": text_bytes,
        "seconds": seconds.as_secs_f64(),
        "set_up": set_up.as_secs_f64(),
        "read": reading.as_secs_f64(),
        "clean": cleaning.as_secs_f64(),
        "segment": segmenting.as_secs_f64(),
    });
    println!("{account}");
}

fn write_texts(inputs: &[PathBuf], to: &std::path::Path) {
    let reader = read::open(inputs, &ReadOptions::default()).expect("the inputs can be read");
    let mut out = BufWriter::new(std::fs::File::create(to).expect("the file can be written"));
    for article in reader.filter_map(Result::ok) {
        let line = serde_json::json!({
            "file": &*article.source.file, "id": article.id, "title": article.title, "text": article.text,
            "outlet": article.outlet, "author": article.author, "url": article.url,
            "date": article.published.map(|published| published.date.to_string()),
        });
        writeln!(out, "{line}").expect("the file can be written");
    }
}
