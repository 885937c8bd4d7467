//! The rows of the `outlets` table of the made-up run.

use polars::prelude::*;

use super::days;

#[derive(Default)]
pub(super) struct Estimates {
    keys: Vec<[String; 5]>,
    starts: Vec<Option<i32>>,
    numbers: Vec<(f64, f64, bool)>,
}

impl Estimates {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn push(
        &mut self,
        outlet: &str,
        period: &str,
        start: Option<i32>,
        voice: &str,
        measure: &str,
        statistic: &str,
        estimate: f64,
        half: f64,
        small: bool,
    ) {
        self.keys.push([outlet, period, voice, measure, statistic].map(str::to_owned));
        self.starts.push(start);
        self.numbers.push((estimate, half, small));
    }

    pub(super) fn table(self) -> DataFrame {
        let key = |at: usize| self.keys.iter().map(|k| k[at].as_str()).collect::<Vec<_>>();
        let n = self.keys.len();
        let bound = |value: f64, statistic: &str| if statistic == "mean" { value } else { value.max(0.0) };
        let end = |sign: f64| {
            self.numbers.iter().zip(&self.keys).map(|(x, k)| bound(x.0 + sign * x.1, &k[4])).collect::<Vec<_>>()
        };
        let mut table = df!(
            "outlet" => key(0),
            "period" => key(1),
            "part" => vec!["all"; n],
            "voice" => key(2),
            "measure" => key(3),
            "statistic" => key(4),
            "estimate" => self.numbers.iter().map(|x| x.0).collect::<Vec<_>>(),
            "ci_low" => end(-1.0),
            "ci_high" => end(1.0),
            "std_error" => self.numbers.iter().map(|x| x.1 / 1.96).collect::<Vec<_>>(),
            "n_articles" => self.numbers.iter().map(|x| if x.2 { 3u32 } else { 40 }).collect::<Vec<_>>(),
            "n_sentences" => self.numbers.iter().map(|x| if x.2 { 50u32 } else { 800 }).collect::<Vec<_>>(),
            "n_tokens" => self.numbers.iter().map(|x| if x.2 { 1100u32 } else { 17_600 }).collect::<Vec<_>>(),
            "method" => vec!["article bootstrap, percentile"; n],
            "small_cell" => self.numbers.iter().map(|x| x.2).collect::<Vec<_>>(),
        )
        .unwrap();
        table.insert_column(2, days("period_start", self.starts.iter().copied())).unwrap();
        table
    }
}
