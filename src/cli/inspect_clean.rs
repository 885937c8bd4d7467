//! `framescope inspect --clean`: what cleaning made of one article, as a diff in the order of the original.

use framescope::record::{CleanArticle, Field, Part, Rejected};

use super::inspect::print_removal;
use super::style;

/// Kinds of repair that are shown; scraped text has few.
const REPAIRS_SHOWN: usize = 30;

/// Every field as it was read, passage by passage: what stays after two spaces, what goes behind `−` with its rule and
/// byte range, what was repaired behind `~`.
pub fn print(clean: &CleanArticle, rejected: Option<&Rejected>) {
    for field in Field::ALL {
        print_field(clean, *field);
    }
    if clean.removals.is_empty() {
        anstream::println!("\nNothing was removed.");
    }
    if let Some(why) = rejected {
        let line = format!("{}: {}", why.reason, why.detail);
        anstream::println!("\n{} {line}", style::paint(style::BAD, "this article would be rejected:"));
    }
}

fn print_field(clean: &CleanArticle, field: Field) {
    let repaired = clean.field(field);
    let blocks = clean.blocks.iter().filter(|block| block.field == field);
    let kept = blocks.map(|block| (repaired.alignment.to_original(block.range.clone()).start, Err(block)));
    let removals = clean.removals.iter().filter(|removal| removal.field == field);
    let mut pieces: Vec<_> = removals.map(|removal| (removal.start, Ok(removal))).chain(kept).collect();
    pieces.sort_by_key(|(start, _)| *start);
    if pieces.is_empty() {
        return;
    }
    anstream::println!("\n{}", style::paint(style::HEAD, field));
    for (_, piece) in pieces {
        match piece {
            Ok(removal) => print_removal(clean, removal, usize::MAX),
            Err(block) => {
                let usual = if field == Field::Title { Part::Headline } else { Part::Body };
                let tag = if block.part == usual { String::new() } else { format!("[{}] ", block.part) };
                anstream::println!("{}", passage(&format!("{tag}{}", clean.block_text(block))));
            }
        }
    }
    print_repairs(clean, field);
}

/// A passage over as many lines as it needs, the first one further out, so that one sees where the next begins.
fn passage(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let options = textwrap::Options::new(style::width()).initial_indent("  ").subsequent_indent("      ");
    textwrap::fill(&one_line, options)
}

/// Each kind of repair with its number, in the order of the first.
fn print_repairs(clean: &CleanArticle, field: Field) {
    let (original, repaired) = (clean.article.field(field), clean.field(field));
    let mut kinds: Vec<(&str, &str, usize)> = Vec::new();
    for edit in &repaired.alignment.edits {
        let (before, after) = (&original[edit.original.clone()], &repaired.text[edit.repaired.clone()]);
        match kinds.iter_mut().find(|kind| (kind.0, kind.1) == (before, after)) {
            Some(kind) => kind.2 += 1,
            None => kinds.push((before, after, 1)),
        }
    }
    for (before, after, times) in kinds.iter().take(REPAIRS_SHOWN) {
        let shown = |text: &str| text.chars().take(60).collect::<String>().escape_debug().to_string();
        let line = format!("\"{}\" → \"{}\" ×{times}", shown(before), shown(after));
        anstream::println!("{} {line}", style::paint(style::WARN, "~"));
    }
    if let Some(more) = kinds.len().checked_sub(REPAIRS_SHOWN + 1) {
        anstream::println!("{} and {} more kinds of repair", style::paint(style::WARN, "~"), more + 1);
    }
}
