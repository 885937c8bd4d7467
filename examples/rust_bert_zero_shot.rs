//! rust-bert's own zero-shot pipeline on the same work as examples/frames_rate.rs, for benches/side_by_side.py.
//!
//! `cargo run --release --features torch --example rust_bert_zero_shot -- SENTENCES LABELS CHECKPOINT THREADS BATCH`
//! The pipeline pads all pairs of a call to one length and runs them at once: BATCH sentences a call.

use std::path::Path;
use std::time::Instant;

use rust_bert::pipelines::common::{ModelResource, ModelType};
use rust_bert::pipelines::zero_shot_classification::{ZeroShotClassificationConfig, ZeroShotClassificationModel};
use rust_bert::resources::LocalResource;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [sentences, labels, checkpoint, threads, batch] = args.as_slice() else {
        return Err("SENTENCES LABELS CHECKPOINT THREADS BATCH".into());
    };
    let (sentences, labels) = (std::fs::read_to_string(sentences)?, std::fs::read_to_string(labels)?);
    let sentences: Vec<&str> = sentences.lines().collect();
    let labels: Vec<&str> = labels.lines().collect();
    tch::set_num_threads(threads.parse()?);
    let started = Instant::now();
    let resource = |name: &str| LocalResource { local_path: Path::new(checkpoint).join(name) };
    let mut config = ZeroShotClassificationConfig::new(
        ModelType::Bert,
        ModelResource::Torch(Box::new(resource("model.safetensors"))),
        resource("config.json"),
        resource("vocab.txt"),
        None,
        true,
        None,
        None,
    );
    config.device = tch::Device::Cpu;
    let model = ZeroShotClassificationModel::new(config)?;
    let loading = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let mut frames: Vec<Vec<f64>> = Vec::new();
    for some in sentences.chunks(batch.parse()?) {
        let template = Box::new(|label: &str| format!("This text is about {label}."));
        let found = model.predict_multilabel(some, labels.as_slice(), Some(template), 128)?;
        frames.extend(found.into_iter().map(|labels| labels.into_iter().map(|label| label.score).collect()));
    }
    let found = serde_json::json!({
        "engine": "rust-bert's own pipeline (libtorch 2.4.0, cpu, f32 arithmetic)", "sentences": sentences.len(),
        "loading_seconds": loading, "seconds": started.elapsed().as_secs_f64(), "frames": frames,
    });
    println!("{found}");
    Ok(())
}
