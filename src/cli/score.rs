//! `framescope score`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use framescope::pipeline::{self, Interrupted, Job};

#[cfg(unix)]
use super::interrupt;
use super::{Configured, progress::Bar, style, summary};

#[derive(clap::Args)]
pub struct Args {
    /// Files or folders of articles: CSV, TSV, JSON Lines, JSON, Parquet, TXT, HTML..., gz or zst
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Run folder to write
    #[arg(short, long, value_name = "DIR", default_value = "output/run")]
    output: PathBuf,
    /// Go on with an interrupted run in the output folder
    #[arg(long, conflicts_with = "restart")]
    resume: bool,
    /// Throw away an interrupted run in the output folder
    #[arg(long)]
    restart: bool,
    /// No progress, no summary
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    configured: Configured,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let config = args.configured.validate()?;
    if config.engine == "fake" {
        anstream::eprintln!(
            "{}",
            style::paint(style::WARN, "warning: the fake engine is for tests; its scores mean nothing")
        );
    }
    let interrupted = match (args.resume, args.restart) {
        (true, _) => Interrupted::Resume,
        (_, true) => Interrupted::Restart,
        _ => Interrupted::Refuse,
    };
    let command = std::env::args().collect();
    let job = Job { config: &config, inputs: &args.input, output: &args.output, interrupted, command };
    let bar = Bar::new(args.quiet);
    #[cfg(unix)]
    interrupt::say_how_to_resume(&args.output)?;
    let outcome = pipeline::score(&job, &bar);
    bar.finish();
    let outcome = outcome?;
    if !args.quiet {
        summary::print(&args.output, &outcome.manifest)?;
    }
    Ok(ExitCode::from(u8::from(outcome.counts.rejected > 0)))
}
