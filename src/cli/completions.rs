//! `framescope completions`.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;

#[derive(clap::Args)]
pub struct Args {
    /// bash, elvish, fish, powershell, zsh, or man for the man page
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh", "man"])]
    shell: String,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let mut command = super::Cli::command();
    let mut out = Vec::new();
    match args.shell.parse::<clap_complete::Shell>() {
        Ok(shell) => clap_complete::generate(shell, &mut command, "framescope", &mut out),
        Err(_) => clap_mangen::Man::new(command).render(&mut out)?,
    }
    std::io::Write::write_all(&mut std::io::stdout(), &out)?;
    Ok(ExitCode::SUCCESS)
}
