//! `framescope report`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use framescope::pipeline;

use super::{Configured, summary};

#[derive(clap::Args)]
pub struct Args {
    /// A run folder that `framescope score` wrote
    run: PathBuf,
    /// No summary
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    configured: Configured,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let manifest = pipeline::rebuild(&args.run, args.configured.merged()?)?;
    if !args.quiet {
        summary::print(&args.run, &manifest)?;
    }
    Ok(ExitCode::SUCCESS)
}
