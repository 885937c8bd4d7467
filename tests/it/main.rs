//! One integration binary, through the real program.

mod any_text;
mod architecture;
mod cache;
mod checkpoints;
mod cleaning;
mod command_line;
mod compare;
mod evaluation;
mod fast;
mod hostile;
#[cfg(feature = "hub")]
mod hub;
mod mistakes;
mod reading;
mod resume;
mod run_folder;
mod scorers;
mod stories;
mod support;
#[cfg(feature = "torch")]
mod torch;
#[cfg(feature = "torch")]
mod zero_shot;
