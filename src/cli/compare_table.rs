//! What `framescope compare` shows a reader.

use std::io::IsTerminal;

use chrono::{Datelike, NaiveDate};
use comfy_table::{Attribute, Cell, Table};
use framescope::pipeline::{Compared, ComparedTerm, Comparison, Correction, Estimate, Published};
use framescope::stages::report::{Scale, count, probability};

use super::style;
use super::summary::{WIDE, table};

/// A difference of at most this false-discovery rate stands out.
const MOST_Q: f64 = 0.05;
/// Terms shown an outlet; `--json` has all.
const TERMS: usize = 8;
/// Fewer occurrences do not show a habit.
const LEAST_COUNT: u64 = 2;
/// Columns where there is no terminal.
const FILE: usize = 120;

/// Prints a comparison, one table a voice.
pub fn print(comparison: &Comparison, voices: &[&str]) {
    let [a, b] = &comparison.outlets;
    let period = if comparison.period == "all" { "all articles" } else { &comparison.period };
    anstream::println!("{}", style::paint(style::HEAD, wrapped(&format!("{} against {}", a.outlet, b.outlet))));
    anstream::println!("{}\n", style::paint(style::DIM, period));
    for note in &comparison.notes {
        anstream::println!("{}", wrapped(&format!("{} {note}", style::paint(style::WARN, "note:"))));
    }
    print_published(&comparison.outlets);
    for voice in voices {
        print_measures(comparison, voice);
        print_same_story(comparison, voice);
        for side in [0, 1] {
            print_terms(comparison, voice, side);
        }
    }
    print_legend(comparison, voices);
}

fn print_published(outlets: &[Published; 2]) {
    let [a, b] = outlets;
    let mut table = table(&["", &a.outlet, &b.outlet]);
    let mut line = |name: &str, of: &dyn Fn(&Published) -> String| {
        table.add_row([name.to_owned(), of(a), of(b)]);
    };
    line("articles", &|o| count(o.articles));
    line("published", &|o| dates(o.first_date, o.last_date));
    if outlets.iter().any(|o| o.undated > 0) {
        line("without a date", &|o| count(o.undated));
    }
    line("credited to an agency", &|o| count(o.from_agencies));
    line("sentences", &|o| count(o.sentences));
    line("of narration", &|o| part_of(o.narration, o.sentences));
    line("of quotes", &|o| part_of(o.quotes, o.sentences));
    line("of both", &|o| part_of(o.mixed, o.sentences));
    line("words", &|o| count(o.tokens));
    line("inside quotes", &|o| part_of(o.tokens_quoted, o.tokens));
    anstream::println!("{table}");
}

fn part_of(part: u64, whole: u64) -> String {
    match whole {
        0 => count(part),
        _ => format!("{} ({})", count(part), Scale::Share.value(part as f64 / whole as f64)),
    }
}

/// `3 Jan – 28 Jun 2026`, or what there is of it.
pub fn dates(first: Option<NaiveDate>, last: Option<NaiveDate>) -> String {
    match first.zip(last) {
        None => "no date".into(),
        Some((first, last)) if first == last => first.format("%-d %b %Y").to_string(),
        Some((first, last)) if first.year() == last.year() => {
            format!("{} – {}", first.format("%-d %b"), last.format("%-d %b %Y"))
        }
        Some((first, last)) => format!("{} – {}", first.format("%-d %b %Y"), last.format("%-d %b %Y")),
    }
}

/// The rows of one table: a heading, and the measures under it.
fn sections<'a>(comparison: &'a Comparison, voice: &str) -> [(&'static str, Vec<&'a Compared>); 3] {
    let of = |wanted: fn(&str, &str) -> bool| -> Vec<&Compared> {
        let rows = comparison.measures.iter().filter(|compared| compared.voice == voice);
        rows.filter(|compared| wanted(&compared.measure, &compared.statistic)).collect()
    };
    let mut frames = of(|measure, statistic| measure.starts_with("frame_") && statistic == "share_sentences");
    frames.sort_by(|a, b| clarity(b).total_cmp(&clarity(a)));
    [
        ("", of(|measure, statistic| matches!((measure, statistic), ("tone", "mean") | ("loaded", "share_sentences")))),
        ("frames, % of sentences", frames),
        ("loaded terms per 1,000 words", of(|_, statistic| statistic == "rate_per_1000")),
    ]
}

/// The difference in widths of its interval.
fn clarity(compared: &Compared) -> f64 {
    let Some(difference) = &compared.difference else { return -1.0 };
    let width = difference.ci_low.zip(difference.ci_high).map(|(low, high)| high - low);
    width.map_or(0.0, |width| difference.difference.abs() / width.max(1e-9))
}

fn print_measures(comparison: &Comparison, voice: &str) {
    let whose = match voice {
        "narration" => "Narration: sentences in the outlets' own words",
        "quotes" => "Quotes: sentences that are quoted speech",
        _ => "All sentences",
    };
    anstream::println!("\n{}", style::paint(style::HEAD, whose));
    let [a, b] = &comparison.outlets;
    let mut table = table(&["", &a.outlet, &b.outlet, "difference", "p", "q"]);
    if style::columns().is_none() && !std::io::stdout().is_terminal() {
        // A file has no width to keep to.
        table.set_width(FILE as u16);
    }
    let between = if table.width().is_some_and(|width| usize::from(width) >= WIDE) { " " } else { "\n" };
    for (heading, rows) in sections(comparison, voice) {
        if !heading.is_empty() && !rows.is_empty() {
            table.add_row([Cell::new(heading).add_attribute(Attribute::Dim)]);
        }
        rows.into_iter().for_each(|compared| add_measure(&mut table, compared, between));
    }
    anstream::println!("{table}");
}

fn add_measure(table: &mut Table, compared: &Compared, between: &str) {
    let scale = Scale::of(&compared.statistic, &compared.measure);
    let side = |estimate: &Option<Estimate>| {
        let Some(estimate) = estimate else { return "–".to_owned() };
        let mark = if estimate.small_cell { "†" } else { "" };
        let interval = estimate.ci_low.zip(estimate.ci_high);
        let interval = interval.map(|(low, high)| format!("{between}[{}, {}]", scale.number(low), scale.number(high)));
        format!("{}{mark}{}", scale.number(estimate.estimate), interval.unwrap_or_default())
    };
    let mut row = vec![Cell::new(measure_label(compared))];
    row.extend(compared.estimates.iter().map(|estimate| Cell::new(side(estimate))));
    let Some(difference) = &compared.difference else {
        table.add_row(row);
        return;
    };
    let interval = difference.ci_low.zip(difference.ci_high);
    let interval =
        interval.map(|(low, high)| format!("{between}[{}, {}]", scale.difference(low), scale.difference(high)));
    let text = format!("{}{}", scale.difference(difference.difference), interval.unwrap_or_default());
    let cell = Cell::new(text);
    row.push(if difference.survives(MOST_Q) { cell.add_attribute(Attribute::Bold) } else { cell });
    let test = |value: Option<f64>| value.map_or_else(|| "–".into(), probability);
    row.extend([Cell::new(test(difference.p)), Cell::new(test(difference.q))]);
    table.add_row(row);
}

/// A measure in words, those under a heading indented.
fn measure_label(compared: &Compared) -> String {
    match compared.measure.as_str() {
        "tone" => "tone, −1 to 1".to_owned(),
        "loaded" => "loaded wording, % of sentences".to_owned(),
        "terms" => "  every category".to_owned(),
        measure => match measure.strip_prefix("terms_") {
            Some(category) => format!("  {}", category.replace('_', " ")),
            None => format!("  {}", compared.label),
        },
    }
}

/// The same measures where both tell the same stories, so that the choice of stories does not count.
fn print_same_story(comparison: &Comparison, voice: &str) {
    let [a, b] = &comparison.outlets;
    let rows = sections(comparison, voice).into_iter().flat_map(|(_, rows)| rows);
    let rows: Vec<_> = rows.filter_map(|compared| Some((compared, compared.same_story.as_ref()?))).collect();
    let Some(stories) = rows.iter().map(|(_, within)| within.n_stories).max() else { return };
    let heading = format!(
        "In the {} that both tell, a story counting once",
        if stories == 1 { "story".to_owned() } else { format!("{stories} stories") }
    );
    anstream::println!("\n{}", style::paint(style::HEAD, wrapped(&heading)));
    let mut table = table(&["", &a.outlet, &b.outlet, "difference", "q", "choice of stories"]);
    for (compared, within) in rows {
        let scale = Scale::of(&compared.statistic, &compared.measure);
        let mark = if within.small_cell { "†" } else { "" };
        let difference = &within.difference;
        let mut row = vec![Cell::new(measure_label(compared).trim_start())];
        row.extend(within.within.map(|value| Cell::new(scale.number(value))));
        let cell = Cell::new(format!(
            "{}{mark}\n{}",
            scale.difference(difference.difference),
            ends(difference.ci_low, difference.ci_high, scale)
        ));
        row.push(if difference.survives(MOST_Q) { cell.add_attribute(Attribute::Bold) } else { cell });
        row.push(Cell::new(difference.q.map_or_else(|| "–".into(), probability)));
        let selection = within.selection.map_or_else(|| "–".into(), |value| scale.difference(value));
        row.push(Cell::new(format!("{selection}\n{}", ends(within.selection_ci_low, within.selection_ci_high, scale))));
        table.add_row(row);
    }
    anstream::println!("{table}");
    let what = "Choice of stories is what the difference over all articles has beyond that within the same stories.";
    anstream::println!("{}", style::paint(style::DIM, wrapped(what)));
}

fn ends(low: Option<f64>, high: Option<f64>, scale: Scale) -> String {
    let ends = low.zip(high);
    ends.map_or(String::new(), |(low, high)| format!("[{}, {}]", scale.difference(low), scale.difference(high)))
}

/// The terms that one side uses more than the other, the most distinctive first.
fn print_terms(comparison: &Comparison, voice: &str, side: usize) {
    let sign = [1.0, -1.0][side];
    let [own, other] = [side, 1 - side].map(|side| &comparison.outlets[side].outlet);
    let z = |term: &ComparedTerm| sign * term.z_articles.unwrap_or(0.0);
    let mut terms: Vec<&ComparedTerm> =
        comparison.terms.iter().filter(|t| t.voice == voice && z(t) > 0.0 && t.counts[side] >= LEAST_COUNT).collect();
    terms.sort_by(|a, b| z(b).total_cmp(&z(a)).then_with(|| a.term.cmp(&b.term)));
    let heading = wrapped(&format!("Loaded terms that {own} uses more than {other}"));
    anstream::println!("\n{}", style::paint(style::HEAD, heading));
    if terms.is_empty() {
        anstream::println!("{}", style::paint(style::DIM, "none that it uses at least twice"));
        return;
    }
    let mut table = table(&["term", "category", "neutral wording", "uses", "per 1,000", "other", "q"]);
    for column in table.column_iter_mut().take(3) {
        column.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    for term in terms.iter().take(TERMS) {
        let rate = |side: usize| term.rates_per_1000[side].map_or_else(|| "–".into(), |rate| format!("{rate:.2}"));
        let q = term.q.map_or_else(|| "–".into(), probability);
        let neutral = term.neutral.clone().unwrap_or_default();
        let uses = count(term.counts[side]);
        let row = [term.term.clone(), term.category.replace('_', " "), neutral, uses, rate(side), rate(1 - side), q];
        let weak = term.q.is_none_or(|q| q > MOST_Q);
        table.add_row(
            row.map(|text| if weak { Cell::new(text).add_attribute(Attribute::Dim) } else { Cell::new(text) }),
        );
    }
    anstream::println!("{table}");
    if terms.len() > TERMS {
        let more = format!("and {} more with --json", terms.len() - TERMS);
        anstream::println!("{}", style::paint(style::DIM, more));
    }
}

fn print_legend(comparison: &Comparison, voices: &[&str]) {
    let percent = comparison.confidence * 100.0;
    let over = match comparison.correction {
        Correction::Run => "all pairs and measures of the run",
        Correction::Pair => "the measures of this pair",
    };
    let small = comparison.measures.iter().flat_map(|c| c.estimates.iter().flatten()).any(|e| e.small_cell);
    let mark = if small { " † rests on too few articles to depend on." } else { "" };
    let others: Vec<&str> = ["narration", "quotes", "all"].into_iter().filter(|name| !voices.contains(name)).collect();
    let more = match others.is_empty() {
        true => String::new(),
        false => format!(" Other words: --voice {}.", others.join(", --voice ")),
    };
    let text = format!(
        "In brackets {percent:.0} % intervals that take the article as the unit; differences of shares in percentage points, of {} minus {}. \
         p by relabelling articles, q the false-discovery rate over {over}; bold where q is at most {MOST_Q} and the interval leaves out \
         zero. Frames stand in the order of how clear their difference is.{mark} A difference is one of wording, on whatever each outlet chose to cover.{more}",
        comparison.outlets[0].outlet, comparison.outlets[1].outlet
    );
    anstream::println!("\n{}", style::paint(style::DIM, wrapped(&text)));
}

fn wrapped(text: &str) -> String {
    textwrap::fill(text, style::width())
}
