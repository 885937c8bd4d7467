//! `framescope rules list|show|check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use framescope::stages::clean::{self, Rule, RuleSummary};

use super::style;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the built-in rules, by family
    List,
    /// Show one rule: pattern, examples, counter-examples; as the TOML that a file of your own may hold
    Show {
        /// The rule's id, as `removals.csv` and --disable-rule have it
        rule: String,
    },
    /// Try the examples of your own rules
    Check {
        /// A rule file (TOML)
        file: PathBuf,
    },
}

pub fn run(args: Args) -> Result<ExitCode> {
    match args.action.unwrap_or(Action::List) {
        Action::List => list(),
        Action::Show { rule } => show(&clean::rule(&rule)?)?,
        Action::Check { file } => return check(&file),
    }
    Ok(ExitCode::SUCCESS)
}

fn list() {
    let mut family = String::new();
    for rule in clean::rules() {
        if rule.family != family {
            family.clone_from(&rule.family);
            anstream::println!("{}", style::paint(style::HEAD, &family));
        }
        let indent = " ".repeat(26);
        let options = textwrap::Options::new(style::width()).subsequent_indent(&indent);
        let line = format!("  {:<23} {}", rule.id, rule.description);
        anstream::println!("{}", textwrap::fill(&line, options));
    }
    anstream::println!(
        "\nframescope rules show RULE shows one; --disable-rule RULE switches it off; --rules FILE.toml adds your own."
    );
}

fn show(summary: &RuleSummary) -> Result<()> {
    match &summary.written {
        Some(rule) => {
            anstream::println!("family = \"{}\"\n\n[[rule]]\n{}", summary.family, toml::to_string(rule)?.trim_end())
        }
        None => anstream::println!(
            "{} ({}; in code, not a pattern)\n{}\nexample: {}",
            style::paint(style::HEAD, &summary.id),
            summary.family,
            summary.description,
            summary.example
        ),
    }
    Ok(())
}

fn check(file: &std::path::Path) -> Result<ExitCode> {
    let rules = Rule::read(file)?;
    let failed = clean::check(&rules)?;
    for one in &failed {
        anstream::println!(
            "{} {}: \"{}\": {}",
            style::paint(style::BAD, "fails"),
            style::paint(style::HEAD, &one.rule),
            one.example,
            one.what
        );
    }
    let tried: usize = rules.iter().map(|rule| rule.examples.len() + rule.counter_examples.len()).sum();
    anstream::println!("{} rules, {tried} examples, {} fail", rules.len(), failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
