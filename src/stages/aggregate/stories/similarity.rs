//! How probable it is that two articles tell the same story.

use super::bags::Weight;

/// Days between two articles of one story at most; a story as a whole may last longer ([`super::linkage`]).
pub const WINDOW: i32 = 7;

/// Logistic regression on pairs labelled by hand (docs/stories.md): intercept, cosine of headline and lead, cosine of
/// the whole text, days between. A cosine of the names alone added nothing to the two, in which names weigh more.
const INTERCEPT: f32 = -2.0;
const LEAD: f32 = 20.0;
const FULL: f32 = 4.0;
const DAY: f32 = -1.5;

/// Cosines of two articles' terms: headline and lead, whole text.
pub fn cosines(a: &[Weight], b: &[Weight]) -> [f32; 2] {
    let (mut at, mut other) = (0, 0);
    let mut sums = [0.0f32; 2];
    while at < a.len() && other < b.len() {
        let (first, second) = (&a[at], &b[other]);
        if first.term == second.term {
            sums[0] += first.lead * second.lead;
            sums[1] += first.full * second.full;
        }
        at += usize::from(first.term <= second.term);
        other += usize::from(second.term <= first.term);
    }
    sums
}

/// Probability of the same story, from the cosines and the days between; where a date is not known the days are taken
/// as the most.
pub fn probability([lead, full]: [f32; 2], days: Option<i32>) -> f32 {
    let days = days.map_or(WINDOW, i32::abs) as f32;
    let logit = INTERCEPT + LEAD * lead + FULL * full + DAY * days;
    1.0 / (1.0 + (-logit).exp())
}
