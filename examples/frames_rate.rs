//! How fast frames are scored, for benches/side_by_side.py: reads sentences (one a line) and a scheme, prints one JSON object.
//!
//! `cargo run --release --example frames_rate -- SENTENCES SCHEME.toml MODELS THREADS ENGINE PRECISION SCORER`

use std::path::Path;
use std::time::Instant;

use framescope::engines::placement::{Device, Placement, Precision};
use framescope::stages::infer::frames::Scheme;
use framescope::stages::infer::{Checkpoints, Classifier, ClassifierOptions, Scorer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [sentences, scheme, models, threads, engine, precision, scorer] = args.as_slice() else {
        return Err("SENTENCES SCHEME.toml MODELS THREADS ENGINE PRECISION SCORER".into());
    };
    let text = std::fs::read_to_string(sentences)?;
    let texts: Vec<&str> = text.lines().collect();
    let scheme = Scheme::find(scheme)?;
    let asked = Placement { device: Device::Cpu, precision: Precision::from_name(precision)? };
    let (placement, word) = asked.within_means();
    let started = Instant::now();
    let mut classifier = Classifier::new(&ClassifierOptions {
        models: Path::new(models),
        engine,
        placement,
        scorer: Scorer::from_name(scorer).ok_or("no such scorer")?,
        cascade_budget: 4,
        scheme: &scheme,
        checkpoints: Checkpoints::default(),
    })?;
    let loading = started.elapsed().as_secs_f64();
    let workers = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let (scores, seconds) = workers.install(|| {
        let started = Instant::now();
        // What the student learns from is part of its price.
        if scorer == "student" {
            classifier.teach(&texts[..texts.len() / 2], &|_| {})?;
        }
        let scores = classifier.score(&texts, &|_| {})?.0;
        Ok::<_, framescope::Error>((scores, started.elapsed().as_secs_f64()))
    })?;
    let frames: Vec<&Vec<f32>> = scores.iter().map(|s| &s.frames).collect();
    let found = serde_json::json!({
        "engine": classifier.engine(), "word": word, "sentences": texts.len(), "loading_seconds": loading, "seconds": seconds,
        "frames": frames,
    });
    println!("{found}");
    Ok(())
}
