//! The command line: parse, run, exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("{}error:{:#} {error:#}", cli::style::BAD, cli::style::BAD);
            ExitCode::from(2)
        }
    }
}
