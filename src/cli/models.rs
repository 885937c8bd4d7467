//! `framescope models list|verify|fetch`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use framescope::config::Settings;
use framescope::stages::infer::models::{Manifest, ModelEntry, StackedEntry};

use super::style;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Folder with the weights and their manifest.toml
    #[arg(long, value_name = "DIR", env = "FRAMESCOPE_MODELS", global = true)]
    models: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the models of the manifest and what each head says
    List,
    /// Compare the sha256 of every file with the manifest
    Verify,
    /// Bring somebody else's classifier from the Hugging Face hub, for --tone-checkpoint and --frame-checkpoint, and pin its
    /// revision and the sha256 of its files in checkpoints.toml
    Fetch(FetchArgs),
}

#[derive(clap::Args)]
struct FetchArgs {
    /// ORG/NAME, as on the hub
    name: String,
    /// Branch, tag or commit; the commit that it stands for now is pinned
    #[arg(long, value_name = "REV", default_value = "main")]
    revision: String,
    /// Folder of checkpoints, and of their checkpoints.toml
    #[arg(long, value_name = "DIR", default_value = "checkpoints")]
    into: PathBuf,
    /// Bring model.onnx too, for the embedded engine
    #[arg(long)]
    onnx: bool,
    /// The hub, or a mirror of it
    #[arg(long, value_name = "URL", env = "HF_ENDPOINT", default_value = "https://huggingface.co")]
    endpoint: String,
    /// No progress
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let action = args.action.unwrap_or(Action::List);
    if let Action::Fetch(args) = &action {
        return fetch(args);
    }
    let folder = Settings { models: args.models, ..Settings::default() }.validate()?.models;
    let manifest = Manifest::load(&folder)?;
    if let Action::Verify = action {
        return verify(&manifest);
    }
    manifest.models.iter().for_each(|model| list(&manifest, model));
    if let Some(StackedEntry { entailment, vectors, bias, threshold }) = manifest.stacked {
        let both = format!(
            "--scorer cross: log-odds of a frame = {entailment} · margin of {} + {vectors} · logit of {} + {bias}; cut-off {threshold}",
            manifest.pair_model, manifest.vector_model
        );
        anstream::println!("{}\n", textwrap::fill(&both, style::width()));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "hub")]
fn fetch(args: &FetchArgs) -> Result<ExitCode> {
    use framescope::hub;

    let fetched = hub::fetch(&hub::Request {
        name: &args.name,
        revision: &args.revision,
        into: &args.into,
        endpoint: &args.endpoint,
        token: std::env::var("HF_TOKEN").ok().filter(|token| !token.is_empty()),
        onnx: args.onnx,
        progress: !args.quiet,
    })?;
    if args.quiet {
        return Ok(ExitCode::SUCCESS);
    }
    let folder = fetched.folder.display();
    anstream::println!("{} {}", style::paint(style::HEAD, &fetched.pin.name), fetched.pin.revision);
    if let Some(before) = &fetched.before {
        anstream::println!("  in the place of {before}");
    }
    fetched.pin.sha256.iter().for_each(|(file, sha256)| anstream::println!("  {sha256}  {file}"));
    anstream::println!("use it with --tone-checkpoint {folder} or --frame-checkpoint {folder}");
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "hub"))]
fn fetch(_: &FetchArgs) -> Result<ExitCode> {
    anyhow::bail!("models fetch: this build is without the hub; build with `cargo build --release --features hub`")
}

fn list(manifest: &Manifest, model: &ModelEntry) {
    anstream::println!("{}  {}", style::paint(style::HEAD, &model.name), style::paint(style::DIM, &model.licence));
    anstream::println!("{}", textwrap::indent(&textwrap::fill(&model.description, style::width() - 2), "  "));
    for (task, head) in &model.heads {
        let threshold = head.threshold.map_or(String::new(), |t| format!(", cut-off {t}"));
        let bias = if head.bias == 0.0 { String::new() } else { format!(", bias {}", head.bias) };
        let labels = head.labels.join(" / ");
        anstream::println!("  {task:<11} {labels} (temperature {}{bias}{threshold})", head.temperature);
    }
    if let Some(embedding) = &model.embedding {
        anstream::println!("  {:<11} {} numbers, unit length", "embedding", embedding.width);
    }
    anstream::println!("  {}\n", style::paint(style::DIM, manifest.path(&model.card).display()));
}

fn verify(manifest: &Manifest) -> Result<ExitCode> {
    let mut wrong = 0;
    for model in &manifest.models {
        for file in manifest.verify(model)? {
            let path = file.file.display();
            if file.found == file.expected {
                anstream::println!("{} {path}", style::paint(style::GOOD, "ok"));
            } else {
                wrong += 1;
                anstream::println!("{} {path}", style::paint(style::BAD, "WRONG"));
                anstream::println!("   expected {}\n   found    {}", file.expected, file.found);
            }
        }
    }
    Ok(ExitCode::from(if wrong == 0 { 0 } else { 2 }))
}
