//! The progress bar: input done, articles, sentences a second, time left. On no terminal, a line every half minute.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use framescope::pipeline::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub struct Bar {
    bar: ProgressBar,
    state: Mutex<State>,
    quiet: bool,
}

struct State {
    /// When scoring started, and the bytes and sentences done by then: neither loading models nor what an interrupted run had
    /// done counts into the rate.
    since: Option<(Instant, u64, u64)>,
    told: Instant,
}

const LINES_EVERY: Duration = Duration::from_secs(30);

impl Bar {
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(1), target);
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a constant template"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, state: Mutex::new(State { since: None, told: Instant::now() }), quiet }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn stage(&self, name: &str) {
        if name == "scoring" {
            let template = "{spinner} {wide_bar:.cyan/dim} {percent:>3}%  {msg}  {eta} left";
            self.bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
        } else {
            self.bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a constant template"));
        }
        self.bar.set_message(name.to_owned());
        if self.bar.is_hidden() && !self.quiet {
            eprintln!("{name}");
        }
    }

    fn advance(&self, bytes: u64, of: u64, articles: u64, sentences: u64) {
        let mut state = self.state.lock().expect("nothing panics while it holds the bar");
        self.bar.set_length(of.max(1));
        self.bar.set_position(bytes);
        if state.since.is_none() {
            self.bar.reset_eta();
        }
        let (start, bytes_before, before) = *state.since.get_or_insert((Instant::now(), bytes, sentences));
        let rate = sentences.saturating_sub(before) as f64 / start.elapsed().as_secs_f64().max(0.1);
        let message = format!("{articles} articles, {sentences} sentences, {rate:.0}/s");
        if self.bar.is_hidden() && !self.quiet && state.told.elapsed() > LINES_EVERY {
            state.told = Instant::now();
            let done = 100.0 * bytes as f64 / of.max(1) as f64;
            let left = time_left(start.elapsed(), bytes.saturating_sub(bytes_before), of.saturating_sub(bytes));
            let left = left.map_or(String::new(), |left| format!(", about {} left", indicatif::HumanDuration(left)));
            eprintln!("{done:.0}%: {message}{left}");
        }
        self.bar.set_message(message);
    }
}

/// At the pace so far, where there is one.
fn time_left(elapsed: Duration, done: u64, left: u64) -> Option<Duration> {
    (done > 0).then(|| elapsed.mul_f64(left as f64 / done as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interrupted_run_had_done_is_no_pace() {
        assert_eq!(time_left(Duration::from_secs(30), 100, 400), Some(Duration::from_secs(120)));
        assert_eq!(time_left(Duration::from_secs(30), 0, 400), None);
    }
}
