//! `framescope completions`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::CommandFactory;
use framescope::error::unknown;

#[derive(clap::Args)]
pub struct Args {
    /// bash, elvish, fish, powershell, zsh, or man for the man page
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh", "man"])]
    shell: String,
    /// With man: the page of one command, e.g. compare
    command: Option<String>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let mut command = super::Cli::command();
    let mut out = Vec::new();
    match (args.shell.parse::<clap_complete::Shell>(), &args.command) {
        (Ok(shell), None) => clap_complete::generate(shell, &mut command, "framescope", &mut out),
        (Ok(_), Some(name)) => bail!("only the man page is printed by command; leave out \"{name}\""),
        (Err(_), None) => clap_mangen::Man::new(command).render(&mut out)?,
        (Err(_), Some(name)) => clap_mangen::Man::new(subcommand(command, name)?).render(&mut out)?,
    }
    std::io::Write::write_all(&mut std::io::stdout(), &out)?;
    Ok(ExitCode::SUCCESS)
}

/// A command, which knows after building that its page is `framescope-compare` and its version ours.
fn subcommand(mut framescope: clap::Command, name: &str) -> Result<clap::Command> {
    framescope.build();
    let names: Vec<&str> = framescope.get_subcommands().map(clap::Command::get_name).collect();
    match framescope.find_subcommand(name) {
        Some(found) => Ok(found.clone()),
        None => bail!("{}", unknown("command", name, names)),
    }
}
