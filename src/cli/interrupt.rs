//! Ctrl-C during `score`: what is kept, and how to go on.
//!
//! Every file of a run is renamed into place when it is whole, so the program may end at any moment.

use std::path::{Path, PathBuf};

use anyhow::Result;
use framescope::pipeline::finished_chunks;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::style;

/// From now on SIGINT and SIGTERM end the program with a word on the run in `output`, and with 128 and the signal's number,
/// as a shell expects it.
pub fn say_how_to_resume(output: &Path) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let output = PathBuf::from(output);
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            anstream::eprintln!("\n{}", style::paint(style::WARN, message(&output, finished_chunks(&output))));
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

fn message(output: &Path, chunks: usize) -> String {
    match chunks {
        0 => "interrupted before a chunk was finished: repeat the command with --resume".to_owned(),
        _ => {
            let chunks = if chunks == 1 { "1 chunk is".to_owned() } else { format!("{chunks} chunks are") };
            format!("interrupted; {chunks} kept in {}: repeat the command with --resume to go on", output.display())
        }
    }
}
