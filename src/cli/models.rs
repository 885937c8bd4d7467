//! `framescope models list|verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use framescope::config::Settings;
use framescope::stages::infer::models::{Manifest, ModelEntry};

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
}

pub fn run(args: Args) -> Result<ExitCode> {
    let folder = Settings { models: args.models, ..Settings::default() }.validate()?.models;
    let manifest = Manifest::load(&folder)?;
    match args.action.unwrap_or(Action::List) {
        Action::List => manifest.models.iter().for_each(|model| list(&manifest, model)),
        Action::Verify => return verify(&manifest),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(manifest: &Manifest, model: &ModelEntry) {
    anstream::println!("{}  {}", style::paint(style::HEAD, &model.name), style::paint(style::DIM, &model.licence));
    anstream::println!("{}", textwrap::indent(&textwrap::fill(&model.description, style::width() - 2), "  "));
    for (task, head) in &model.heads {
        let threshold = head.threshold.map_or(String::new(), |t| format!(", cut-off {t}"));
        anstream::println!("  {task:<11} {} (temperature {}{threshold})", head.labels.join(" / "), head.temperature);
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
