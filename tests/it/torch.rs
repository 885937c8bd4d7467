//! The engine on libtorch against the embedded one, on our own weights.

use std::path::Path;
use std::sync::OnceLock;

use framescope::engines::open::open;
use framescope::engines::placement::{Device, Placement, Precision};
use framescope::record::Scores;
use framescope::stages::infer::batches;
use framescope::stages::infer::frames::Scheme;
use framescope::stages::infer::heads::softmax;
use framescope::stages::infer::models::Manifest;
use framescope::stages::infer::tokens::{TextTokenizer, Tokens};
use framescope::stages::infer::{Checkpoints, Classifier, ClassifierOptions, Scorer};

use crate::support::{collection, root, run, score, stderr, table, texts};

const F32: Placement = Placement { device: Device::Cpu, precision: Precision::F32 };
const BF16: Placement = Placement { device: Device::Cpu, precision: Precision::Bf16 };

/// The first 500 distinct sentences of the sample articles.
fn sentences() -> &'static [String] {
    static FOUND: OnceLock<Vec<String>> = OnceLock::new();
    FOUND.get_or_init(found)
}

fn found() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    score(&["seeds/articles"], &out, &["--quiet"], 0);
    let mut found: Vec<String> = texts(&table(&out.join("sentences.parquet")), "text").into_iter().flatten().collect();
    let mut seen = std::collections::HashSet::new();
    found.retain(|text| seen.insert(text.clone()));
    found.truncate(500);
    assert_eq!(found.len(), 500);
    found
}

/// What two engines say of the same sentences: the largest difference of a probability, and the share of equal decisions.
#[derive(Debug, Clone, Copy)]
struct Parity {
    difference: f32,
    equal: f64,
}

impl Parity {
    /// `rows`: what each engine says of one sentence, as probabilities; `decide` makes a decision of them.
    fn of<'a, D: PartialEq>(
        rows: impl Iterator<Item = (&'a [f32], &'a [f32])> + Clone,
        decide: impl Fn(&[f32]) -> D,
    ) -> Self {
        let difference =
            rows.clone().flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs())).fold(0.0, f32::max);
        let decisions: Vec<bool> = rows.map(|(a, b)| decide(a) == decide(b)).collect();
        let equal = decisions.iter().filter(|&&equal| equal).count() as f64 / decisions.len() as f64;
        Self { difference, equal }
    }

    #[track_caller]
    fn within(self, head: &str, placement: Placement) {
        let (difference, equal) = tolerance(placement.precision);
        eprintln!("{head}, {}: {self:?}", placement.precision);
        assert!(self.difference <= difference, "{head}: {self:?}");
        assert!(self.equal >= equal, "{head}: {self:?}");
    }
}

/// Both engines compute in f32 in another order: differences are rounding. bf16 keeps 8 bits of a number.
fn tolerance(precision: Precision) -> (f32, f64) {
    match precision {
        Precision::F32 => (1e-5, 0.998),
        _ => (0.05, 0.98),
    }
}

fn highest(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

fn scores(
    engine: &str,
    placement: Placement,
    scorer: Scorer,
    scheme: &Scheme,
    texts: &[&str],
) -> (Vec<Scores>, Vec<f32>) {
    let models = root().join("models");
    let (checkpoints, cascade_budget) = (Checkpoints::default(), 4);
    let options = ClassifierOptions { models: &models, engine, placement, scorer, cascade_budget, scheme, checkpoints };
    let classifier = Classifier::new(&options).unwrap();
    let cutoffs = classifier.thresholds().frames.clone();
    (classifier.score(texts, &|_| {}).unwrap().0, cutoffs)
}

#[track_caller]
fn tone_loaded_and_frames_agree(scorer: Scorer, scheme: &str, placement: Placement) {
    let sentences = sentences();
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let scheme = Scheme::find(scheme).unwrap();
    let (ours, cutoffs) = scores("embedded", F32, scorer, &scheme, &sentences);
    let (theirs, _) = scores("torch", placement, scorer, &scheme, &sentences);
    let rows = || ours.iter().zip(&theirs);
    Parity::of(rows().map(|(a, b)| (&a.tone[..], &b.tone[..])), highest).within("tone", placement);
    let loaded = rows().map(|(a, b)| (std::slice::from_ref(&a.loaded), std::slice::from_ref(&b.loaded)));
    Parity::of(loaded, |row| row[0] >= 0.507).within("loaded", placement);
    let frames = rows().map(|(a, b)| (&a.frames[..], &b.frames[..]));
    let decide = |row: &[f32]| row.iter().zip(&cutoffs).map(|(p, cutoff)| p >= cutoff).collect::<Vec<bool>>();
    Parity::of(frames, decide).within(&format!("frames ({})", scorer.name()), placement);
    let top = rows().filter(|(a, b)| a.top_frame.map(|t| t.0) == b.top_frame.map(|t| t.0)).count();
    assert!(top as f64 / ours.len() as f64 >= tolerance(placement.precision).1, "top frame: {top} of {}", ours.len());
}

#[test]
fn f32_agrees_with_the_embedded_engine_on_vectors_tone_and_loaded() {
    tone_loaded_and_frames_agree(Scorer::Embedding, "policy_frames", F32);
}

#[test]
fn f32_agrees_with_the_embedded_engine_on_frames_by_hypothesis() {
    tone_loaded_and_frames_agree(Scorer::Cross, "episodic_thematic", F32);
}

/// Where the CPU has no bf16 units this is slow, and as right.
#[test]
fn bf16_agrees_with_the_embedded_engine_to_its_rounding() {
    tone_loaded_and_frames_agree(Scorer::Embedding, "policy_frames", BF16);
}

/// Every head of every model of the manifest, those included that no run asks for.
#[test]
fn every_head_of_every_model_agrees() {
    let sentences = sentences();
    let manifest = Manifest::load(&root().join("models")).unwrap();
    for model in &manifest.models {
        let tokenizer = TextTokenizer::load(&manifest.path(&model.tokenizer), model.max_tokens).unwrap();
        let pieces: Vec<_> = sentences.iter().map(|text| tokenizer.piece(text).unwrap()).collect();
        let alone: Vec<Tokens> = pieces.iter().map(|piece| tokenizer.single(piece).unwrap()).collect();
        let next = pieces.iter().cycle().skip(1);
        let pairs: Vec<Tokens> = pieces.iter().zip(next).map(|(a, b)| tokenizer.pair(a, b).unwrap()).collect();
        let file = manifest.path(&model.file);
        let engines = ["embedded", "torch"].map(|name| open(name, &file, F32).unwrap());
        assert_eq!(engines[0].outputs(), engines[1].outputs());
        for (task, head) in &model.heads {
            let rows = if ["entailment", "frames"].contains(&task.as_str()) { &pairs } else { &alone };
            let [a, b] = engines.each_ref().map(|engine| {
                let logits = batches::run(engine.as_ref(), rows, &[&head.output], &|_| {}).unwrap().remove(0);
                logits.rows().map(|row| softmax(row, head.temperature)).collect::<Vec<_>>()
            });
            let both = a.iter().zip(&b).map(|(a, b)| (&a[..], &b[..]));
            Parity::of(both, highest).within(&format!("{} {task}", model.name), F32);
        }
        let Some(embedding) = &model.embedding else { continue };
        let [a, b] = engines
            .each_ref()
            .map(|engine| batches::run(engine.as_ref(), &alone, &[&embedding.output], &|_| {}).unwrap().remove(0));
        let cosine = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        let lowest = a.rows().zip(b.rows()).map(cosine).fold(f32::INFINITY, f32::min);
        eprintln!("{} embedding: lowest cosine {lowest}", model.name);
        assert!(lowest > 0.99999, "{lowest}");
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let manifest = Manifest::load(&root().join("models")).unwrap();
    let model = manifest.model(&manifest.sentence_model).unwrap();
    let engine = open("torch", &manifest.path(&model.file), F32).unwrap();
    let output = [model.head("tone").unwrap().output.as_str()];
    let row = |first: u32| (first..first + 12).collect::<Vec<u32>>();
    let sequence = |first| Tokens { ids: row(first), segments: vec![0; 12] };
    let sequences: Vec<Tokens> = (0..40).map(|i| sequence(2000 + 50 * i)).collect();
    let together = batches::run(engine.as_ref(), &sequences, &output, &|_| {}).unwrap();
    for at in [0, 17, 39] {
        let alone = batches::run(engine.as_ref(), &sequences[at..=at], &output, &|_| {}).unwrap();
        let (a, b) = (together[0].rows().nth(at).unwrap(), alone[0].rows().next().unwrap());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{a:?} {b:?}");
    }
}

#[test]
fn a_token_or_a_length_that_the_model_does_not_know_is_an_error_and_no_crash() {
    let manifest = Manifest::load(&root().join("models")).unwrap();
    let model = manifest.model(&manifest.sentence_model).unwrap();
    let engine = open("torch", &manifest.path(&model.file), F32).unwrap();
    let output = [model.head("tone").unwrap().output.as_str()];
    let fails = |ids: Vec<u32>| {
        let sequence = Tokens { segments: vec![0; ids.len()], ids };
        batches::run(engine.as_ref(), &[sequence], &output, &|_| {}).unwrap_err().to_string()
    };
    assert!(fails(vec![101, 99_999, 102]).contains("99999"));
    assert!(fails(vec![101; 600]).contains("600 tokens"));
}

#[test]
fn score_names_the_engine_in_run_json() {
    let folder = tempfile::tempdir().unwrap();
    let article = serde_json::json!({
        "id": "1", "outlet": "The Ledger", "date": "2026-03-01", "title": "Council votes on the budget",
        "text": "The council approved the budget on Monday. Critics called the decision reckless."
    });
    let input = collection(folder.path(), "a.jsonl", &[article]);
    let out = folder.path().join("run");
    let done = run(&[
        "score",
        input.to_str().unwrap(),
        "-o",
        out.to_str().unwrap(),
        "--engine",
        "torch",
        "--device",
        "cpu",
        "--precision",
        "f32",
        "--resamples",
        "100",
        "--quiet",
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let run: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(run["engine"], "torch (libtorch 2.4.0, cpu, f32 arithmetic)");
    assert_eq!((&run["config"]["device"], &run["config"]["precision"]), (&"cpu".into(), &"f32".into()));
}

#[test]
fn a_device_that_is_not_there_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let args = ["score", "seeds/articles", "-o", out.to_str().unwrap(), "--engine", "torch", "--device", "cuda:99"];
    let done = run(&args);
    assert_eq!(done.status.code(), Some(2));
    assert!(stderr(&done).contains("--device"), "{}", stderr(&done));
    assert!(!Path::new(&out).exists());
}
