//! Colours of the terminal. `anstream` drops them where the output is no terminal or NO_COLOR is set.

use anstyle::{AnsiColor, Style};

pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const WARN: Style = AnsiColor::Yellow.on_default();
pub const HEAD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const TERM: Style = AnsiColor::Magenta.on_default().bold();
pub const QUOTE: Style = AnsiColor::Cyan.on_default();
pub const REMOVED: Style = Style::new().dimmed().strikethrough();
pub const GOOD: Style = AnsiColor::Green.on_default();

/// Columns of the terminal, within what can be read.
pub fn width() -> usize {
    columns().unwrap_or(100).clamp(40, 120)
}

/// Columns that the output has room for: those that COLUMNS names, else the terminal's; `None` where there is no terminal.
pub fn columns() -> Option<usize> {
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
    named.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
}

/// `text` in a style.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
