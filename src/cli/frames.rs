//! `framescope frames list|show`.

use std::process::ExitCode;

use anyhow::Result;
use framescope::stages::infer::frames::{BUILT_IN, Scheme};

use super::style;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the built-in schemes
    List,
    /// Show one scheme: its frames, descriptions and hypotheses
    Show {
        /// Built-in name, or the path of a TOML file
        scheme: String,
    },
}

pub fn run(args: Args) -> Result<ExitCode> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list()?,
        Action::Show { scheme } => show(&Scheme::find(&scheme)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<()> {
    for (name, text) in BUILT_IN {
        let scheme = Scheme::parse(text, name)?;
        anstream::println!("{}  {} frames", style::paint(style::HEAD, format!("{name:<20}")), scheme.frames.len());
        print_wrapped(&format!("{}. {}", scheme.title, scheme.source), 4);
    }
    anstream::println!("\nframescope frames show NAME shows one; --frames FILE.toml uses your own.");
    Ok(())
}

fn show(scheme: &Scheme) {
    anstream::println!(
        "{}",
        style::paint(style::HEAD, if scheme.title.is_empty() { &scheme.name } else { &scheme.title })
    );
    for text in [&scheme.description, &scheme.source].into_iter().filter(|text| !text.is_empty()) {
        print_wrapped(text, 0);
    }
    for frame in &scheme.frames {
        anstream::println!("\n{}  {}", style::paint(style::HEAD, &frame.name), style::paint(style::DIM, &frame.label));
        print_wrapped(&frame.description, 2);
        for hypothesis in &frame.hypotheses {
            print_wrapped(&format!("· {hypothesis}"), 4);
        }
    }
}

fn print_wrapped(text: &str, indent: usize) {
    let indent = " ".repeat(indent);
    let options = textwrap::Options::new(style::width()).initial_indent(&indent).subsequent_indent(&indent);
    anstream::println!("{}", textwrap::fill(text, options));
}
