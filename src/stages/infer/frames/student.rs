//! The student: linear heads on sentence vectors that learn, from a sample of the collection at hand, what the
//! cross-encoder would say of each frame.
//!
//! Each head is a logistic regression with the cross-encoder's probabilities as targets (cross-entropy, penalty λ/2·‖w‖²,
//! bias free), found by Nesterov's accelerated gradient with restarts (O'Donoghue & Candès 2015). λ is chosen on a fifth of the
//! sample that the fit does not see; agreement is measured on a further part that neither sees.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FrameReading, best_of};
use crate::stages::infer::heads::sigmoid;

/// One head a frame, in scheme order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Student {
    heads: Vec<Head>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    weights: Vec<f32>,
    bias: f32,
}

/// A text of the sample: its vector and what the cross-encoder said of it.
pub struct Lesson<'a> {
    pub vector: &'a [f32],
    pub cross: &'a [f32],
}

/// How near the student comes to the cross-encoder, on texts that it did not learn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Texts that it was measured on, and that it learnt from.
    pub held_out: usize,
    pub learnt_from: usize,
    /// Share of equal decisions, over texts and frames.
    pub decisions: f64,
    /// Pearson's correlation of the probabilities, over texts and frames.
    pub correlation: f64,
    /// Equal decisions by frame, in scheme order.
    pub by_frame: Vec<f64>,
}

const PENALTIES: [f64; 4] = [1e-4, 3e-4, 1e-3, 3e-3];
const STEPS: usize = 600;

impl Student {
    /// Learns from the lessons, in the order given (which should be random): the first fifth is held out to measure agreement
    /// against `cutoffs`, the second chooses λ. With fewer than ten lessons there is nothing to hold out.
    pub fn learn(lessons: &[Lesson<'_>], cutoffs: &[f32]) -> (Self, Option<Agreement>) {
        let fifth = if lessons.len() < 10 { 0 } else { lessons.len() / 5 };
        let (held_out, rest) = lessons.split_at(fifth);
        let (judges, fitted) = rest.split_at(fifth);
        let heads = (0..cutoffs.len()).into_par_iter().map(|frame| {
            let penalty = PENALTIES.into_iter().map(|penalty| {
                let loss: f64 = Head::fit(fitted, frame, penalty).loss(judges, frame);
                (penalty, loss)
            });
            // Without judges every loss is 0 and the first, gentlest penalty stands; prefer the strongest then.
            let best = penalty.reduce(|best, next| if next.1 <= best.1 { next } else { best });
            Head::fit(rest, frame, best.map_or(1e-3, |(penalty, _)| penalty))
        });
        let student = Self { heads: heads.collect() };
        let agreement = (!held_out.is_empty()).then(|| student.agreement(held_out, rest.len(), cutoffs));
        (student, agreement)
    }

    /// From a sentence's vector.
    pub fn read(&self, vector: &[f32]) -> FrameReading {
        let logits: Vec<f32> = self.heads.iter().map(|head| head.logit(vector)).collect();
        FrameReading { probabilities: logits.iter().map(|&logit| sigmoid(logit)).collect(), top: best_of(&logits) }
    }

    fn agreement(&self, held_out: &[Lesson<'_>], learnt_from: usize, cutoffs: &[f32]) -> Agreement {
        let own: Vec<Vec<f32>> = held_out.iter().map(|lesson| self.read(lesson.vector).probabilities).collect();
        let equal = |frame: usize| {
            let cutoff = cutoffs[frame];
            let pairs = own.iter().zip(held_out);
            pairs.filter(|(own, lesson)| (own[frame] >= cutoff) == (lesson.cross[frame] >= cutoff)).count() as f64
                / held_out.len() as f64
        };
        let by_frame: Vec<f64> = (0..cutoffs.len()).map(equal).collect();
        let pairs = own.iter().zip(held_out).flat_map(|(own, lesson)| own.iter().zip(lesson.cross));
        Agreement {
            held_out: held_out.len(),
            learnt_from,
            decisions: by_frame.iter().sum::<f64>() / by_frame.len().max(1) as f64,
            correlation: correlation(pairs.map(|(&a, &b)| (f64::from(a), f64::from(b)))),
            by_frame,
        }
    }
}

impl Head {
    fn logit(&self, vector: &[f32]) -> f32 {
        self.weights.iter().zip(vector).map(|(w, x)| w * x).sum::<f32>() + self.bias
    }

    /// Mean cross-entropy on some lessons; 0 where there are none.
    fn loss(&self, lessons: &[Lesson<'_>], frame: usize) -> f64 {
        let one = |lesson: &Lesson<'_>| {
            let (z, y) = (f64::from(self.logit(lesson.vector)), f64::from(lesson.cross[frame]));
            z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
        };
        lessons.iter().map(one).sum::<f64>() / lessons.len().max(1) as f64
    }

    /// The vectors have unit length and the bias a constant 1, so the loss bends by at most (1 + 1)/4 + λ.
    fn fit(lessons: &[Lesson<'_>], frame: usize, penalty: f64) -> Self {
        let width = lessons.first().map_or(0, |lesson| lesson.vector.len());
        let step = 1.0 / (0.5 + penalty);
        let mut at = vec![0.0_f64; width + 1];
        let (mut ahead, mut momentum) = (at.clone(), 1.0_f64);
        for _ in 0..STEPS {
            let slope = gradient(lessons, frame, penalty, &ahead);
            let next: Vec<f64> = ahead.iter().zip(&slope).map(|(x, g)| x - step * g).collect();
            // A step that goes against the slope has gone too far: start again from rest.
            let against: f64 = slope.iter().zip(next.iter().zip(&at)).map(|(g, (new, old))| g * (new - old)).sum();
            let following = if against > 0.0 { 1.0 } else { (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) / 2.0 };
            let carry = if against > 0.0 { 0.0 } else { (momentum - 1.0) / following };
            ahead = next.iter().zip(&at).map(|(new, old)| new + carry * (new - old)).collect();
            let moved: f64 = next.iter().zip(&at).map(|(new, old)| (new - old) * (new - old)).sum();
            (at, momentum) = (next, following);
            if moved < 1e-12 {
                break;
            }
        }
        let bias = at.pop().unwrap_or_default() as f32;
        Self { weights: at.into_iter().map(|w| w as f32).collect(), bias }
    }
}

/// Of the mean cross-entropy with its penalty; the last place is the bias.
fn gradient(lessons: &[Lesson<'_>], frame: usize, penalty: f64, at: &[f64]) -> Vec<f64> {
    let (bias, weights) = at.split_last().expect("there is a bias");
    let share = 1.0 / lessons.len().max(1) as f64;
    let mut slope: Vec<f64> = weights.iter().map(|w| penalty * w).chain([0.0]).collect();
    for lesson in lessons {
        let z: f64 = weights.iter().zip(lesson.vector).map(|(w, &x)| w * f64::from(x)).sum::<f64>() + bias;
        let error = share * (1.0 / (1.0 + (-z).exp()) - f64::from(lesson.cross[frame]));
        slope.iter_mut().zip(lesson.vector).for_each(|(g, &x)| *g += error * f64::from(x));
        *slope.last_mut().expect("there is a bias") += error;
    }
    slope
}

fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut n, mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in pairs {
        n += 1.0;
        a += x;
        b += y;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    let spread = (n * aa - a * a) * (n * bb - b * b);
    if spread > 0.0 { (n * ab - a * b) / spread.sqrt() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Unit vectors, and the probabilities that known weights give them.
    fn lessons(n: usize, weights: &[f64], bias: f64) -> Vec<(Vec<f32>, Vec<f32>)> {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let one = |_| {
            let raw: Vec<f64> = weights.iter().map(|_| rng.random::<f64>() - 0.5).collect();
            let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
            let vector: Vec<f64> = raw.iter().map(|x| x / length).collect();
            let z: f64 = vector.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() + bias;
            (vector.iter().map(|&x| x as f32).collect(), vec![(1.0 / (1.0 + (-z).exp())) as f32])
        };
        (0..n).map(one).collect()
    }

    fn borrowed(lessons: &[(Vec<f32>, Vec<f32>)]) -> Vec<Lesson<'_>> {
        lessons.iter().map(|(vector, cross)| Lesson { vector, cross }).collect()
    }

    /// Weights and bias by scikit-learn's conditions: at the optimum the slope of the penalised loss is zero.
    #[test]
    fn the_fit_is_where_the_slope_vanishes() {
        let taught = lessons(300, &[3.0, -2.0, 0.5, 1.0], -0.7);
        let taught = borrowed(&taught);
        let head = Head::fit(&taught, 0, 1e-3);
        let at: Vec<f64> = head.weights.iter().map(|&w| f64::from(w)).chain([f64::from(head.bias)]).collect();
        let slope = gradient(&taught, 0, 1e-3, &at);
        assert!(slope.iter().all(|g| g.abs() < 1e-5), "{slope:?}");
    }

    #[test]
    fn a_linear_teacher_is_learnt_and_agreement_is_measured_on_texts_not_learnt_from() {
        let taught = lessons(1000, &[9.0, -6.0, 2.0, 4.0], -1.0);
        let (student, agreement) = Student::learn(&borrowed(&taught), &[0.5]);
        let agreement = agreement.unwrap();
        assert_eq!((agreement.held_out, agreement.learnt_from), (200, 800));
        assert!(agreement.decisions > 0.97 && agreement.correlation > 0.99, "{agreement:?}");
        let again = Student::learn(&borrowed(&taught), &[0.5]).0;
        assert_eq!(student, again);
    }

    #[test]
    fn what_cannot_be_learnt_shows_in_the_agreement() {
        let mut taught = lessons(600, &[0.0; 16], 0.0);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        taught.iter_mut().for_each(|(_, cross)| cross[0] = f32::from(u8::from(rng.random::<bool>())));
        let agreement = Student::learn(&borrowed(&taught), &[0.5]).1.unwrap();
        assert!(agreement.decisions < 0.65 && agreement.correlation.abs() < 0.2, "{agreement:?}");
    }
}
