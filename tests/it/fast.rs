//! `--fast`: int8 products change few decisions, and a sentence's score still does not depend on its neighbours.

use std::path::Path;

use framescope::engines::fast::Steps;
use framescope::engines::{Batch, Engine, embedded::Embedded};
use framescope::stages::infer::tokens::{TextTokenizer, Tokens};

use crate::support::{root, run, stderr};

fn sentences(count: usize) -> Vec<Tokens> {
    let tokenizer = TextTokenizer::load(&root().join("models/onepass/tokenizer.json"), 128).unwrap();
    let mut texts: Vec<String> = Vec::new();
    for file in ["liberty-ledger", "harborton-courier", "common-thread"] {
        let lines = std::fs::read_to_string(root().join(format!("seeds/articles/{file}.jsonl"))).unwrap();
        for line in lines.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            texts.extend(record["text"].as_str().unwrap().split(". ").map(str::to_owned));
        }
    }
    texts.retain(|text| text.split_whitespace().count() > 4);
    texts.iter().take(count).map(|text| tokenizer.single(&tokenizer.piece(text).unwrap()).unwrap()).collect()
}

fn logits(engine: &Embedded, sentence: &Tokens, output: &str) -> Vec<f32> {
    let batch = Batch { ids: &sentence.ids, segments: &sentence.segments, length: sentence.ids.len() };
    engine.run(batch, &[output]).unwrap().remove(0).values
}

fn best(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

/// What this processor multiplies exactly.
fn exact_steps() -> impl Iterator<Item = Steps> {
    let finest = Steps::of_this_processor();
    [Steps::Eight, Steps::Seven].into_iter().filter(move |&steps| finest == Steps::Eight || steps == finest)
}

#[test]
fn few_decisions_change_and_vectors_stay_near() {
    let weights = root().join("models/onepass/model.onnx");
    let exact = Embedded::load(&weights).unwrap();
    let sentences = sentences(200);
    assert_eq!(sentences.len(), 200);
    for steps in exact_steps() {
        let fast = Embedded::load_fast_in(&weights, steps).unwrap();
        assert!(fast.name().contains("int8") && exact.name().contains("f32"));
        for head in ["logits_tone", "logits_loaded"] {
            let equal = sentences.iter().filter(|s| best(&logits(&exact, s, head)) == best(&logits(&fast, s, head)));
            let equal = equal.count();
            assert!(equal >= 190, "{steps:?} {head}: {equal} of 200");
        }
        let nearness = sentences.iter().map(|sentence| {
            let (a, b) = (logits(&exact, sentence, "embedding"), logits(&fast, sentence, "embedding"));
            a.iter().zip(&b).map(|(a, b)| a * b).sum::<f32>()
        });
        let least = nearness.fold(1.0, f32::min);
        assert!(
            least > 0.98 && least < 0.9999,
            "{steps:?} {least}: as near as f32 would mean that nothing was rewritten"
        );
    }
}

/// Products that do not fit into 16 bits are cut off in batches, and not in single rows.
#[test]
fn a_sentence_gets_the_same_score_in_any_company() {
    let all = sentences(300);
    let (first, second) = all
        .iter()
        .enumerate()
        .find_map(|(at, a)| Some((a, all[at + 1..].iter().find(|b| b.ids.len() == a.ids.len() && b != &a)?)))
        .expect("two sentences of one length");
    let length = first.ids.len();
    let ids = [first.ids.as_slice(), &second.ids].concat();
    for steps in exact_steps() {
        let fast = Embedded::load_fast_in(&root().join("models/onepass/model.onnx"), steps).unwrap();
        let both = fast.run(Batch { ids: &ids, segments: &vec![0; ids.len()], length }, &["logits_tone"]).unwrap();
        assert_eq!(both[0].rows().next().unwrap(), logits(&fast, first, "logits_tone"));
        assert_eq!(both[0].rows().nth(1).unwrap(), logits(&fast, second, "logits_tone"));
    }
}

#[test]
fn a_fast_run_says_what_that_costs() {
    let folder = tempfile::tempdir().unwrap();
    let article = [
        serde_json::json!({"title": "Ferry fares rise", "text": "The port raised fares on Monday. Commuters were furious."}),
    ];
    let input = crate::support::collection(folder.path(), "one.jsonl", &article).display().to_string();
    let output = folder.path().join("run").display().to_string();
    let done = run(&["score", &input, "-o", &output, "--fast", "--resamples", "100"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let manifest = framescope::run_folder::RunManifest::load(&folder.path().join("run")).unwrap();
    assert!(
        manifest.engine.contains("int8")
            && manifest.notes.iter().any(|note| note.contains("decisions were those of f32"))
    );
}

#[test]
fn what_cannot_be_fast_is_said() {
    let with = |more: &[&str]| run(&[&["score", "seeds/articles"], more].concat());
    let both = with(&["--fast", "--precision", "f32"]);
    assert!(both.status.code() == Some(2) && stderr(&both).contains("--fast is --precision int8"), "{}", stderr(&both));
    let message = framescope::engines::embedded::Embedded::load_fast(Path::new("models/manifest.toml")).err().unwrap();
    assert!(message.to_string().contains("manifest.toml"), "{message}");
}
