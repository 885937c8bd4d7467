//! One integration binary, through the real program.

mod architecture;
mod command_line;
mod evaluation;
mod mistakes;
mod resume;
mod run_folder;
mod support;
