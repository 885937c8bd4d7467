//! How often do 95 % intervals cover the truth? Simulated articles with a known answer.
//!
//! ```text
//! cargo run --example coverage [repetitions]
//! ```
//!
//! Articles differ in length (log-normal, median 12 sentences) and in how much they invoke a frame (a normal effect on the
//! log-odds), so that the sentences of an article are alike. Each row draws the collection anew `repetitions` times
//! (default 1,000) and says, for each kind of interval, how many per cent covered the true value: 95 is right. The
//! naive interval takes every sentence as independent, as a plain mean over sentences does.

use framescope::stages::aggregate::bootstrap::{ratio_interval, stream};
use framescope::stages::aggregate::intervals::{Kind, headline, linear};
use framescope::stages::aggregate::linearised::{RatioMoments, RatioSums};
use rand::Rng;
use rayon::prelude::*;

const ALPHA: f64 = 0.05;
const RESAMPLES: usize = 500;

/// What is measured in the simulated articles.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    /// Share of sentences with a frame of this prevalence.
    Share,
    /// Mean score of a sentence, between 0 and 1.
    Mean,
    /// Terms per token, 25 tokens a sentence.
    Rate,
}

#[derive(Clone, Copy)]
struct Scenario {
    measure: Measure,
    articles: usize,
    /// Prevalence in an article of average lean.
    prevalence: f64,
    /// Standard deviation of an article's effect on the log-odds.
    spread: f64,
}

/// Intervals that covered, of those that could be made; the summed width.
#[derive(Default, Clone, Copy)]
struct Tally {
    covered: u32,
    made: u32,
    width: f64,
}

impl Tally {
    fn add(&mut self, interval: Option<(f64, f64)>, truth: f64) {
        if let Some((low, high)) = interval {
            self.made += 1;
            self.covered += u32::from(low <= truth && truth <= high);
            self.width += high - low;
        }
    }
}

fn normal(random: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random_range(f64::MIN_POSITIVE..1.0), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn chance(scenario: Scenario, random: &mut impl Rng) -> f64 {
    let odds = (scenario.prevalence / (1.0 - scenario.prevalence)).ln();
    1.0 / (1.0 + (-(odds + scenario.spread * normal(random))).exp())
}

/// One article: total of its sentences, and their number (tokens for a rate).
fn article(scenario: Scenario, random: &mut impl Rng) -> (f64, f64) {
    let sentences = (12.0 * (0.7 * normal(random)).exp()).round().max(1.0) as u32;
    let chance = chance(scenario, random);
    let total = (0..sentences).map(|_| match scenario.measure {
        Measure::Share => f64::from(u8::from(random.random_bool(chance))),
        // A score that leans to either end as the chance does, with the chance as its mean.
        Measure::Mean => {
            let sure: f64 = random.random();
            if random.random_bool(chance) { chance + (1.0 - chance) * sure } else { chance * (1.0 - sure) }
        }
        Measure::Rate => f64::from((0..25).map(|_| u8::from(random.random_bool(chance / 10.0))).sum::<u8>()),
    });
    let total = total.sum();
    (total, f64::from(sentences) * if scenario.measure == Measure::Rate { 25.0 } else { 1.0 })
}

/// The expected value, by averaging the chance over many articles: lengths and effects are independent.
fn truth(scenario: Scenario) -> f64 {
    let mut random = stream(0, &["truth"]);
    let draws = 1_000_000;
    let mean = (0..draws).map(|_| chance(scenario, &mut random)).map(|c| expected(scenario, c)).sum::<f64>();
    mean / f64::from(draws)
}

fn expected(scenario: Scenario, chance: f64) -> f64 {
    match scenario.measure {
        Measure::Share => chance,
        Measure::Mean => chance * (chance + (1.0 - chance) / 2.0) + (1.0 - chance) * chance / 2.0,
        Measure::Rate => chance / 10.0,
    }
}

fn naive(scenario: Scenario, sums: &RatioSums) -> Option<(f64, f64)> {
    let ratio = sums.ratio()?;
    let variance = if scenario.measure == Measure::Rate { ratio } else { ratio * (1.0 - ratio) } / sums.x;
    let reach = 1.96 * variance.sqrt();
    Some((ratio - reach, ratio + reach))
}

/// Naive, percentile bootstrap, linearised t, headline.
fn repetition(scenario: Scenario, truth: f64, seed: u64) -> [Tally; 4] {
    let mut random = stream(seed, &["articles", &truth.to_string(), &scenario.articles.to_string()]);
    let articles: Vec<(f64, f64)> = (0..scenario.articles).map(|_| article(scenario, &mut random)).collect();
    let moments = RatioMoments::of(articles.iter().copied());
    let sums = moments.sums;
    let kind = match scenario.measure {
        Measure::Share => Kind::Share,
        Measure::Mean => Kind::Mean { least: 0.0, most: 1.0 },
        Measure::Rate => Kind::Rate,
    };
    let mut tallies = [Tally::default(); 4];
    let bootstrap = ratio_interval(&articles, RESAMPLES, ALPHA, &mut random);
    // An interval of no width is counted as made: a reader would take it as certainty.
    let point = sums.ratio().map(|ratio| (ratio, ratio));
    tallies[0].add(naive(scenario, &sums), truth);
    tallies[1].add(bootstrap.or(point), truth);
    tallies[2].add(linear(&sums, ALPHA).or(point), truth);
    tallies[3].add(headline(kind, &moments, ALPHA).map(|i| (i.low, i.high)), truth);
    tallies
}

fn main() {
    let repetitions: u64 = std::env::args().nth(1).map_or(1000, |n| n.parse().expect("a number of repetitions"));
    println!("Coverage of 95 % intervals in per cent (mean width), {repetitions} repetitions a row");
    println!("| measure | articles | truth | naive sentences | bootstrap percentile | linearised t | headline |");
    println!("|---|---|---|---|---|---|---|");
    for (name, measure) in [("share", Measure::Share), ("mean", Measure::Mean), ("rate", Measure::Rate)] {
        for articles in [5, 10, 20, 50, 200] {
            for (prevalence, spread) in [(0.02, 1.0), (0.1, 0.8), (0.35, 0.8)] {
                let scenario = Scenario { measure, articles, prevalence, spread };
                let truth = truth(scenario);
                let tallies = (0..repetitions).into_par_iter().map(|seed| repetition(scenario, truth, seed));
                let tallies =
                    tallies.reduce(|| [Tally::default(); 4], |a, b| std::array::from_fn(|at| join(a[at], b[at])));
                let cells = tallies.map(|t| {
                    format!(
                        "{:.1} ({:.4})",
                        100.0 * f64::from(t.covered) / f64::from(t.made),
                        t.width / f64::from(t.made)
                    )
                });
                println!("| {name} | {articles} | {truth:.4} | {} |", cells.join(" | "));
            }
        }
    }
}

fn join(a: Tally, b: Tally) -> Tally {
    Tally { covered: a.covered + b.covered, made: a.made + b.made, width: a.width + b.width }
}
