//! `framescope compare`: two outlets of a run side by side.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use framescope::pipeline::{Comparison, outlets_of};
use framescope::stages::report::{count, guard_cell};

use super::compare_table::{self, dates};
use super::style;
use super::summary::table;

#[derive(clap::Args)]
pub struct Args {
    /// A run folder that `framescope score` wrote
    run: PathBuf,
    /// First outlet; without outlets, those of the run are listed
    #[arg(value_name = "OUTLET")]
    first: Option<String>,
    /// Second outlet; every difference is the first minus the second
    #[arg(value_name = "OUTLET")]
    second: Option<String>,
    /// Whose words; may be given again. In the terminal narration by default, in a file every voice
    #[arg(long, value_name = "VOICE", value_delimiter = ',')]
    voice: Vec<Voice>,
    /// One period of the run's tables by its label, e.g. 2026-03; by default all articles
    #[arg(long, value_name = "LABEL", default_value = "all", hide_default_value = true)]
    period: String,
    /// As JSON, with every statistic
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// As CSV: a row a measure, statistic and voice
    #[arg(long)]
    csv: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Voice {
    /// Sentences in the outlet's own words
    Narration,
    /// Sentences that are quoted speech
    #[value(alias = "quote")]
    Quotes,
    /// All sentences
    All,
}

impl Voice {
    fn name(self) -> &'static str {
        match self {
            Self::Narration => "narration",
            Self::Quotes => "quotes",
            Self::All => "all",
        }
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let (Some(first), Some(second)) = (&args.first, &args.second) else {
        list(&args.run, args.json)?;
        if let Some(first) = &args.first {
            bail!("name a second outlet to compare \"{first}\" with: framescope compare RUN \"{first}\" OUTLET");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut comparison = Comparison::new(&args.run, [first, second], &args.period)?;
    let to_file = args.json || args.csv;
    let voices: Vec<&str> = match args.voice[..] {
        [] if to_file => [Voice::Narration, Voice::Quotes, Voice::All].map(Voice::name).into(),
        [] => vec![Voice::Narration.name()],
        ref chosen => chosen.iter().map(|voice| voice.name()).collect(),
    };
    comparison.measures.retain(|compared| voices.contains(&compared.voice.as_str()));
    comparison.terms.retain(|term| voices.contains(&term.voice.as_str()));
    match (args.json, args.csv) {
        (true, _) => anstream::println!("{}", serde_json::to_string_pretty(&comparison)?),
        (_, true) => write_csv(&comparison)?,
        _ => compare_table::print(&comparison, &voices),
    }
    Ok(ExitCode::SUCCESS)
}

/// The run's outlets, those with the most articles first.
fn list(run: &Path, json: bool) -> Result<()> {
    let outlets = outlets_of(run)?;
    if json {
        anstream::println!("{}", serde_json::to_string_pretty(&outlets)?);
        return Ok(());
    }
    let mut table = table(&["outlet", "articles", "published"]);
    for outlet in &outlets {
        table.add_row([outlet.outlet.clone(), count(outlet.articles), dates(outlet.first_date, outlet.last_date)]);
    }
    anstream::println!("{table}");
    let usage = "framescope compare RUN OUTLET OUTLET sets two of them side by side.";
    anstream::println!("{}", style::paint(style::DIM, textwrap::fill(usage, style::width())));
    Ok(())
}

const COLUMNS: [&str; 20] = [
    "outlet_a",
    "outlet_b",
    "period",
    "voice",
    "measure",
    "statistic",
    "estimate_a",
    "ci_low_a",
    "ci_high_a",
    "n_articles_a",
    "estimate_b",
    "ci_low_b",
    "ci_high_b",
    "n_articles_b",
    "difference",
    "ci_low",
    "ci_high",
    "p",
    "q",
    "q_over",
];

/// Numbers in full; an empty cell where there is none.
fn write_csv(comparison: &Comparison) -> Result<()> {
    let mut writer = csv::Writer::from_writer(std::io::stdout());
    writer.write_record(COLUMNS)?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let outlets = comparison.outlets.each_ref().map(|outlet| guard_cell(&outlet.outlet).into_owned());
    let over = serde_json::to_value(comparison.correction)?.as_str().unwrap_or_default().to_owned();
    for compared in &comparison.measures {
        let mut row = outlets.to_vec();
        let names = [&comparison.period, &compared.voice, &compared.measure, &compared.statistic];
        row.extend(names.into_iter().cloned());
        for estimate in &compared.estimates {
            let of =
                |part: fn(&framescope::pipeline::Estimate) -> Option<f64>| number(estimate.as_ref().and_then(part));
            row.extend([of(|e| Some(e.estimate)), of(|e| e.ci_low), of(|e| e.ci_high)]);
            row.push(estimate.as_ref().map_or(String::new(), |e| e.n_articles.to_string()));
        }
        let of = |part: fn(&framescope::pipeline::Difference) -> Option<f64>| {
            number(compared.difference.as_ref().and_then(part))
        };
        row.extend([of(|d| Some(d.difference)), of(|d| d.ci_low), of(|d| d.ci_high), of(|d| d.p), of(|d| d.q)]);
        row.push(if compared.difference.is_some() { over.clone() } else { String::new() });
        writer.write_record(row)?;
    }
    Ok(writer.flush()?)
}
