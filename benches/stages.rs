//! Each stage on the sample collection: `cargo bench --bench stages`. Throughput is in bytes of article text, or in items.

use std::path::PathBuf;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use framescope::config::Settings;
use framescope::record::{Article, CleanArticle, Sentence};
use framescope::stages::clean::{CleanOptions, Cleaner};
use framescope::stages::infer::frames::Scheme;
use framescope::stages::infer::lexicon::{self, Lexicon};
use framescope::stages::infer::{Classifier, ClassifierOptions, Scorer};
use framescope::stages::read::{self, ReadOptions};
use framescope::stages::segment::{SegmentOptions, Segmenter};

fn main() {
    divan::main();
}

fn seeds() -> Vec<PathBuf> {
    vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/articles"))]
}

fn articles() -> Vec<Article> {
    read::open(&seeds(), &ReadOptions::default()).unwrap().filter_map(Result::ok).collect()
}

fn cleaned() -> Vec<CleanArticle> {
    let cleaner = Cleaner::new(&CleanOptions::default()).unwrap();
    articles().into_iter().filter_map(|article| cleaner.clean(article).ok()).collect()
}

fn sentences() -> Vec<Sentence> {
    let segmenter = Segmenter::new(&SegmentOptions::default());
    cleaned().iter().flat_map(|article| segmenter.segment(article)).collect()
}

fn bytes(articles: &[Article]) -> BytesCount {
    BytesCount::new(articles.iter().map(|a| a.title.len() + a.text.len()).sum::<usize>())
}

#[divan::bench]
fn read(bencher: Bencher) {
    bencher.counter(bytes(&articles())).bench(articles);
}

#[divan::bench]
fn clean(bencher: Bencher) {
    let cleaner = Cleaner::new(&CleanOptions::default()).unwrap();
    let articles = articles();
    bencher
        .counter(bytes(&articles))
        .with_inputs(|| articles.clone())
        .bench_values(|articles| articles.into_iter().map(|article| cleaner.clean(article)).collect::<Vec<_>>());
}

#[divan::bench]
fn segment(bencher: Bencher) {
    let segmenter = Segmenter::new(&SegmentOptions::default());
    let cleaned = cleaned();
    bencher
        .counter(bytes(&articles()))
        .bench(|| cleaned.iter().map(|article| segmenter.segment(article)).collect::<Vec<_>>());
}

#[divan::bench]
fn find_terms(bencher: Bencher) {
    let lexicon = Lexicon::new(lexicon::parse(lexicon::BUILT_IN, "built-in").unwrap()).unwrap();
    let sentences = sentences();
    bencher
        .counter(ItemsCount::new(sentences.len()))
        .bench(|| sentences.iter().map(|sentence| lexicon.find(sentence)).collect::<Vec<_>>());
}

/// 32 sentences against 15 frames: a fresh classifier each time, since it never scores a sentence twice.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn infer_cross_15_frames(bencher: Bencher) {
    let models = Settings::default().validate().unwrap().models;
    let scheme = Scheme::find("policy_frames").unwrap();
    let sentences: Vec<Sentence> = sentences().into_iter().take(32).collect();
    let options = ClassifierOptions {
        models: &models,
        engine: "embedded",
        placement: Default::default(),
        checkpoints: Default::default(),
        scorer: Scorer::Cross,
        cascade_budget: 4,
        scheme: &scheme,
    };
    bencher.counter(ItemsCount::new(sentences.len())).with_inputs(|| Classifier::new(&options).unwrap()).bench_values(
        |classifier| {
            let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
            classifier.score(&texts, &|_| {}).unwrap()
        },
    );
}
