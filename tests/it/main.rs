//! One integration binary, through the real program.

mod architecture;
mod command_line;
mod mistakes;
mod resume;
mod run_folder;
mod support;
