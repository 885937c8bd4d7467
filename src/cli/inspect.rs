//! `framescope inspect`: one article in the terminal: parts, removals in their place, sentences with voice and scores,
//! loaded terms highlighted. `--clean` shows only what cleaning did; `--schema` what would be read from a file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use framescope::pipeline::{Inspection, Preparation, Scored};
use framescope::record::{Article, CleanArticle, Part, Removal, Voice};
use framescope::run_folder::Thresholds;
use framescope::stages::read::{self, FileSchema};

use super::{Configured, inspect_clean, style};

#[derive(clap::Args)]
pub struct Args {
    /// An article, or a collection that holds it
    article: PathBuf,
    /// The article's id in the collection; by default its first article
    #[arg(long, value_name = "ID", conflicts_with = "row")]
    id: Option<String>,
    /// The article's row in the file, from 1
    #[arg(long, value_name = "N")]
    row: Option<u64>,
    /// Only what cleaning made of it, as a diff: what stays, what goes and by which rule, what was repaired
    #[arg(long)]
    clean: bool,
    /// Only what would be read from the file: columns, fields, samples
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    configured: Configured,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let config = args.configured.validate()?;
    let preparation = Preparation::new(&config)?;
    if args.schema {
        read::schema(std::slice::from_ref(&args.article), preparation.read_options())?.iter().for_each(print_schema);
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = |article: &Article| match (&args.id, args.row) {
        (Some(id), _) => article.id == *id,
        (_, Some(row)) => article.source.row == Some(row),
        _ => true,
    };
    let mut rejected = None;
    let article = preparation.reader(std::slice::from_ref(&args.article))?.find_map(|record| match record {
        Ok(article) => wanted(&article).then_some(article),
        Err(why) => {
            rejected.get_or_insert(why);
            None
        }
    });
    let Some(article) = article else {
        match rejected {
            Some(why) => bail!(
                "no such article in {}; first record that could not be read: {} ({})",
                why.file,
                why.reason,
                why.detail
            ),
            None => bail!("no such article in {}", args.article.display()),
        }
    };
    if args.clean {
        let (clean, rejected) = preparation.clean(article);
        print_head(&clean);
        inspect_clean::print(&clean, rejected.as_ref());
        return Ok(ExitCode::SUCCESS);
    }
    let (clean, sentences) = match preparation.clean_and_segment(article) {
        Ok(done) => done,
        Err(why) => bail!("this article would be rejected: {} ({})", why.reason, why.detail),
    };
    print_head(&clean);
    let inspection = Inspection::new(&config)?;
    let names: Vec<String> = config.scheme.frames.iter().map(|frame| frame.name.replace('_', " ")).collect();
    let cutoffs = Cutoffs { names: &names, thresholds: &inspection.thresholds(&config) };
    print_sentences(&clean, &inspection.score(sentences)?, &cutoffs);
    Ok(ExitCode::SUCCESS)
}

/// What the colours and the frames line go by.
struct Cutoffs<'a> {
    names: &'a [String],
    thresholds: &'a Thresholds,
}

/// Columns with the fields they feed, and the first article as it would be read.
fn print_schema(schema: &FileSchema) {
    let alike = if schema.alike > 0 { format!(" and {} more alike", schema.alike) } else { String::new() };
    anstream::println!("{}{alike}", style::paint(style::HEAD, &schema.file));
    let format = [schema.format.as_str(), schema.encoding.as_str()];
    anstream::println!("  {}", format.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "));
    for column in &schema.columns {
        let feeds = column.feeds.map_or(style::paint(style::DIM, "not used"), |field| style::paint(style::GOOD, field));
        anstream::println!(
            "  {:<24} → {feeds:<9} {}",
            column.name,
            style::paint(style::DIM, column.samples.join(" | "))
        );
    }
    if let Some(article) = &schema.first {
        let date = article.published.map(|p| p.date.to_string()).unwrap_or_else(|| "no date".into());
        let outlet = article.outlet.as_deref().unwrap_or("no outlet");
        anstream::println!(
            "  first article: {} · {outlet} · {date} · {} characters of text",
            article.title,
            article.text.chars().count()
        );
    }
    for note in &schema.notes {
        anstream::println!("  {} {note}", style::paint(style::WARN, "note:"));
    }
}

fn print_head(clean: &CleanArticle) {
    let article = &clean.article;
    let date = article.published.map(|p| p.date.to_string());
    let agency = clean.agency.as_ref().map(|agency| format!("credited to {agency}"));
    let parts = [Some(article.id.clone()), article.outlet.clone(), date, article.author.clone(), agency];
    anstream::println!("{}", style::paint(style::DIM, parts.into_iter().flatten().collect::<Vec<_>>().join("  ·  ")));
    if let Some(url) = &article.url {
        anstream::println!("{}", style::paint(style::DIM, url));
    }
}

/// One removal on a line: rule, field and byte range, and at most `limit` characters of what went.
pub fn print_removal(clean: &CleanArticle, removal: &Removal, limit: usize) {
    let text = &clean.article.field(removal.field)[removal.start..removal.end];
    let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(limit).collect();
    anstream::println!(
        "{} {} {} {}",
        style::paint(style::BAD, "−"),
        style::paint(style::WARN, format!("{:<18}", removal.rule)),
        style::paint(style::DIM, format!("{} {}..{}", removal.field, removal.start, removal.end)),
        style::paint(style::REMOVED, shown)
    );
}

fn print_sentences(clean: &CleanArticle, scored: &[Scored], cutoffs: &Cutoffs<'_>) {
    let mut removals = clean.removals.iter().peekable();
    let mut block = u32::MAX;
    for one in scored {
        let at = (one.sentence.field, one.sentence.start);
        while let Some(removal) = removals.next_if(|removal| (removal.field, removal.start) <= at) {
            print_removal(clean, removal, 200);
        }
        if one.sentence.block != block {
            block = one.sentence.block;
            anstream::println!();
        }
        print_sentence(one, cutoffs);
    }
    removals.for_each(|removal| print_removal(clean, removal, 200));
    anstream::println!(
        "\n{}",
        style::paint(
            style::DIM,
            "tone -1..1 · loaded 0..1 · frames above their cut-off, best first, else the best in brackets · terms \
             highlighted, quoted speech in colour"
        )
    );
}

fn print_sentence(one: &Scored, cutoffs: &Cutoffs<'_>) {
    let sentence = &one.sentence;
    let part = match sentence.part {
        Part::Headline => "headline",
        Part::Deck => "deck",
        Part::Body => "",
    };
    let voice = match (sentence.voice, sentence.indirect_speech) {
        (Voice::Narration, false) => String::new(),
        (Voice::Narration, true) => "reports speech".into(),
        (voice, _) => voice.to_string(),
    };
    let speaker = sentence.speaker.as_ref().map(|name| format!("{voice}: {name}"));
    let tags: Vec<String> =
        [part.to_owned(), speaker.unwrap_or(voice)].into_iter().filter(|tag| !tag.is_empty()).collect();
    anstream::println!("{}", wrapped(&highlighted(one), 2));
    let scores = &one.scores;
    let tone = scores.tone[2] - scores.tone[0];
    let tone_style = match tone {
        t if t < -0.33 => style::BAD,
        t if t > 0.33 => style::GOOD,
        _ => style::DIM,
    };
    let mut line = vec![
        style::paint(tone_style, format!("tone {tone:+.2}")),
        style::paint(
            if scores.loaded >= cutoffs.thresholds.loaded { style::WARN } else { style::DIM },
            format!("loaded {:.2}", scores.loaded),
        ),
        style::paint(style::DIM, frames_line(one, cutoffs)),
    ];
    if !tags.is_empty() {
        line.insert(0, style::paint(style::QUOTE, tags.join(", ")));
    }
    anstream::println!("    {}", line.join(&style::paint(style::DIM, " · ")));
}

fn frames_line(one: &Scored, cutoffs: &Cutoffs<'_>) -> String {
    let thresholds = &cutoffs.thresholds.frames;
    let mut frames: Vec<(&str, f32, bool)> = cutoffs
        .names
        .iter()
        .zip(&one.scores.frames)
        .zip(thresholds)
        .map(|((name, &p), &cutoff)| (name.as_str(), p, p >= cutoff))
        .collect();
    frames.sort_by(|a, b| b.1.total_cmp(&a.1));
    let above: Vec<String> =
        frames.iter().filter(|frame| frame.2).take(3).map(|(name, p, _)| format!("{name} {p:.2}")).collect();
    match (above.is_empty(), frames.first()) {
        (true, Some((name, p, _))) => format!("({name} {p:.2})"),
        _ => above.join(", "),
    }
}

/// The sentence with its terms and quoted stretches in their styles.
fn highlighted(one: &Scored) -> String {
    let text = &one.sentence.text;
    let mut marks: Vec<(usize, usize, anstyle::Style)> =
        one.terms.iter().map(|hit| (hit.start as usize, hit.end as usize, style::TERM)).collect();
    for quote in &one.sentence.quoted {
        let mut from = quote.start;
        for hit in one.terms.iter().filter(|hit| hit.in_quote) {
            if quote.contains(&(hit.start as usize)) {
                marks.push((from, hit.start as usize, style::QUOTE));
                from = hit.end as usize;
            }
        }
        marks.push((from, quote.end, style::QUOTE));
    }
    marks.sort_by_key(|mark| mark.0);
    let mut out = String::new();
    let mut at = 0;
    for (start, end, style) in marks.into_iter().filter(|mark| mark.0 < mark.1) {
        out.push_str(&text[at..start]);
        // Word by word, so that wrapping never breaks a line inside a style.
        let words: Vec<String> = text[start..end].split(' ').map(|word| style::paint(style, word)).collect();
        out.push_str(&words.join(" "));
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

fn wrapped(text: &str, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let options = textwrap::Options::new(style::width()).initial_indent(&indent).subsequent_indent(&indent);
    textwrap::fill(&one_line, options)
}
