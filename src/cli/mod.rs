//! One file a subcommand. Exit codes: 0 all was scored; 1 finished, but some input was rejected (it is listed); 2 nothing
//! could be done.

mod compare;
mod compare_table;
mod completions;
mod eval;
mod eval_table;
mod frames;
mod inspect;
mod inspect_clean;
#[cfg(unix)]
mod interrupt;
mod models;
mod progress;
mod report;
mod rules;
mod score;
pub mod style;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use framescope::config::{Config, Settings};

/// Measures tone, loaded language, framing and voice in news articles, sentence by sentence, and compares outlets over
/// time with honest intervals.
#[derive(Parser)]
#[command(name = "framescope", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Score a collection of articles into a run folder: tables, codebook, page
    Score(score::Args),
    /// Rebuild a run's tables and page from its sentences, without inference
    Report(report::Args),
    /// Set two outlets of a run side by side, without inference
    Compare(compare::Args),
    /// Show one article: what was removed, sentences, voices, scores, loaded terms
    Inspect(inspect::Args),
    /// Measure a classifier against labelled examples
    Eval(Box<eval::Args>),
    /// List or show frame schemes
    Frames(frames::Args),
    /// List or show cleaning rules, or try your own on their examples
    Rules(rules::Args),
    /// List models or verify their files
    Models(models::Args),
    /// Print a shell completion script or the man page
    Completions(completions::Args),
}

/// Parses the command line and does what it says.
pub fn run() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Score(args) => score::run(args),
        Command::Report(args) => report::run(args),
        Command::Compare(args) => compare::run(&args),
        Command::Inspect(args) => inspect::run(args),
        Command::Eval(args) => eval::run(*args),
        Command::Frames(args) => frames::run(args),
        Command::Rules(args) => rules::run(args),
        Command::Models(args) => models::run(args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Where settings come from: flags, then `--config FILE` or `./framescope.toml`.
#[derive(clap::Args)]
pub struct Configured {
    /// Settings file; by default framescope.toml in the current folder, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl Configured {
    /// All settings, checked.
    fn validate(self) -> Result<Config> {
        let config = self.merged()?.validate()?;
        config.remarks.iter().for_each(|remark| anstream::eprintln!("{} {remark}", style::paint(style::WARN, "note:")));
        Ok(config)
    }

    /// Flags over the file.
    fn merged(self) -> Result<Settings> {
        let default = PathBuf::from("framescope.toml");
        let file = self.config.or_else(|| default.is_file().then_some(default));
        let from_file = file.map(|path| Settings::from_file(&path)).transpose()?.unwrap_or_default();
        Ok(self.settings.over(from_file))
    }
}
