//! The student: linear heads on sentence vectors that learn, from a sample of the collection at hand, what the
//! cross-encoder would say of each frame.
//!
//! Each head is a logistic regression with the cross-encoder's probabilities as targets (cross-entropy, penalty λ/2·‖w‖²,
//! bias free), found by Nesterov's accelerated gradient with restarts (O'Donoghue & Candès 2015).
//!
//! The sample is cut into [`FOLDS`] folds, and a set of heads is fitted without each. A sentence of the sample is read by the heads that
//! have not seen it, any other by the mean of all: only so may the sample correct estimates afterwards, since heads agree too well
//! with what they learnt (Zrnic & Candès 2024, *Cross-prediction-powered inference*). λ is the one that reads unseen folds best.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FrameReading, best_of};
use crate::stages::infer::heads::{logit, sigmoid};

/// Of each fold, one head a frame, in scheme order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Student {
    folds: Vec<Vec<Head>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    weights: Vec<f32>,
    bias: f32,
}

/// A text of the sample: its vector and what the cross-encoder said of it.
#[derive(Clone, Copy)]
pub struct Lesson<'a> {
    pub vector: &'a [f32],
    pub cross: &'a [f32],
}

/// How near the student comes to the cross-encoder, each text of the sample read by heads that have not learnt from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Texts that it was measured on.
    pub texts: usize,
    /// Share of equal decisions, over texts and frames.
    pub decisions: f64,
    /// Pearson's correlation of the probabilities, over texts and frames.
    pub correlation: f64,
    /// Equal decisions by frame, in scheme order.
    pub by_frame: Vec<f64>,
}

/// From strong to gentle: each fit starts from the one before.
const PENALTIES: [f64; 4] = [1e-2, 3e-3, 1e-3, 3e-4];
const FOLDS: usize = 5;
const STEPS: usize = 400;

impl Student {
    /// Learns from the lessons, whose order should be random; also gives each lesson's reading by heads that have not seen it.
    ///
    /// # Panics
    /// On fewer lessons than [`Student::FEWEST`].
    pub fn learn(lessons: &[Lesson<'_>], frames: usize) -> (Self, Vec<FrameReading>) {
        assert!(lessons.len() >= Self::FEWEST, "{} lessons", lessons.len());
        let fold = |lesson: usize, fold: usize| lesson % FOLDS == fold;
        let parts: Vec<[Vec<Lesson>; 2]> = (0..FOLDS)
            .map(|unseen| {
                let all = lessons.iter().copied().enumerate();
                let (judges, fitted): (Vec<_>, Vec<_>) = all.partition(|(at, _)| fold(*at, unseen));
                [judges, fitted].map(|part| part.into_iter().map(|(_, lesson)| lesson).collect())
            })
            .collect();
        let by_frame = (0..frames).into_par_iter().map(|frame| best_heads(&parts, frame));
        let by_frame: Vec<Vec<Head>> = by_frame.collect();
        let folds = (0..FOLDS).map(|fold| by_frame.iter().map(|heads| heads[fold].clone()).collect());
        let student = Self { folds: folds.collect() };
        let unseen = lessons.iter().enumerate().map(|(at, lesson)| student.read_by(&[at % FOLDS], lesson.vector));
        let unseen = unseen.collect();
        (student, unseen)
    }

    /// Lessons without which nothing can be learnt: two a fold.
    pub const FEWEST: usize = 2 * FOLDS;

    /// From a sentence's vector.
    pub fn read(&self, vector: &[f32]) -> FrameReading {
        let all: Vec<usize> = (0..self.folds.len()).collect();
        self.read_by(&all, vector)
    }

    /// The mean of some folds' probabilities.
    fn read_by(&self, folds: &[usize], vector: &[f32]) -> FrameReading {
        let frames = self.folds.first().map_or(0, Vec::len);
        let mut probabilities = vec![0.0; frames];
        for heads in folds.iter().map(|&fold| &self.folds[fold]) {
            probabilities.iter_mut().zip(heads).for_each(|(sum, head)| *sum += sigmoid(head.logit(vector)));
        }
        probabilities.iter_mut().for_each(|sum| *sum /= folds.len().max(1) as f32);
        let logits: Vec<f32> = probabilities.iter().map(|&p| logit(p)).collect();
        FrameReading { top: best_of(&logits), probabilities }
    }
}

impl Agreement {
    /// Of readings with what the cross-encoder says; `cutoffs` has one a frame.
    pub fn of(own: &[FrameReading], cross: &[FrameReading], cutoffs: &[f32]) -> Self {
        let pairs = || own.iter().zip(cross).map(|(own, cross)| (&own.probabilities, &cross.probabilities));
        let equal = |frame: usize| {
            let over = |p: &[f32]| p[frame] >= cutoffs[frame];
            pairs().filter(|(own, cross)| over(own) == over(cross)).count() as f64 / own.len().max(1) as f64
        };
        let by_frame: Vec<f64> = (0..cutoffs.len()).map(equal).collect();
        let each = pairs().flat_map(|(own, cross)| own.iter().zip(cross));
        Self {
            texts: own.len(),
            decisions: by_frame.iter().sum::<f64>() / by_frame.len().max(1) as f64,
            correlation: correlation(each.map(|(&a, &b)| (f64::from(a), f64::from(b)))),
            by_frame,
        }
    }
}

/// A head a fold, with the penalty under which they read what they have not seen best.
fn best_heads(parts: &[[Vec<Lesson<'_>>; 2]], frame: usize) -> Vec<Head> {
    let mut heads: Vec<Option<Head>> = vec![None; parts.len()];
    let mut best: Option<(f64, Vec<Head>)> = None;
    for penalty in PENALTIES {
        let mut loss = 0.0;
        for ([judges, fitted], head) in parts.iter().zip(&mut heads) {
            let next = Head::fit(fitted, frame, penalty, head.as_ref());
            loss += next.loss(judges, frame);
            *head = Some(next);
        }
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, heads.iter().flatten().cloned().collect()));
        }
    }
    best.map(|(_, heads)| heads).unwrap_or_default()
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
    fn fit(lessons: &[Lesson<'_>], frame: usize, penalty: f64, start: Option<&Self>) -> Self {
        let width = lessons.first().map_or(0, |lesson| lesson.vector.len());
        let step = 1.0 / (0.5 + penalty);
        let mut at = start.map_or_else(
            || vec![0.0_f64; width + 1],
            |head| head.weights.iter().chain([&head.bias]).map(|&x| f64::from(x)).collect(),
        );
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
            if moved < 1e-10 {
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
        let z = dot(weights, lesson.vector) + bias;
        let error = share * (1.0 / (1.0 + (-z).exp()) - f64::from(lesson.cross[frame]));
        slope.iter_mut().zip(lesson.vector).for_each(|(g, &x)| *g += error * f64::from(x));
        *slope.last_mut().expect("there is a bias") += error;
    }
    slope
}

/// In eight sums, which the processor adds up side by side.
fn dot(weights: &[f64], vector: &[f32]) -> f64 {
    let (weights, rest) = weights.as_chunks::<8>();
    let (vector, last) = vector.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (weights, vector) in weights.iter().zip(vector) {
        for lane in 0..8 {
            sums[lane] += weights[lane] * f64::from(vector[lane]);
        }
    }
    let rest: f64 = rest.iter().zip(last).map(|(w, &x)| w * f64::from(x)).sum();
    sums.iter().sum::<f64>() + rest
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

    fn learn(taught: &[(Vec<f32>, Vec<f32>)]) -> (Student, Agreement) {
        let (student, unseen) = Student::learn(&borrowed(taught), 1);
        let cross: Vec<FrameReading> =
            taught.iter().map(|(_, cross)| FrameReading { probabilities: cross.clone(), top: None }).collect();
        (student, Agreement::of(&unseen, &cross, &[0.5]))
    }

    /// At the optimum the slope of the penalised loss is zero, wherever the fit began.
    #[test]
    fn the_fit_is_where_the_slope_vanishes() {
        let taught = lessons(300, &[3.0, -2.0, 0.5, 1.0], -0.7);
        let taught = borrowed(&taught);
        let first = Head::fit(&taught, 0, 1e-2, None);
        for head in [Head::fit(&taught, 0, 1e-3, None), Head::fit(&taught, 0, 1e-3, Some(&first))] {
            let at: Vec<f64> = head.weights.iter().map(|&w| f64::from(w)).chain([f64::from(head.bias)]).collect();
            let slope = gradient(&taught, 0, 1e-3, &at);
            assert!(slope.iter().all(|g| g.abs() < 1e-5), "{slope:?}");
        }
    }

    #[test]
    fn a_linear_teacher_is_learnt() {
        let taught = lessons(1000, &[9.0, -6.0, 2.0, 4.0], -1.0);
        let (student, agreement) = learn(&taught);
        assert_eq!(agreement.texts, 1000);
        assert!(agreement.decisions > 0.97 && agreement.correlation > 0.99, "{agreement:?}");
        assert_eq!(student, learn(&taught).0);
    }

    #[test]
    fn what_cannot_be_learnt_shows_in_the_agreement() {
        let mut taught = lessons(600, &[0.0; 64], 0.0);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        taught.iter_mut().for_each(|(_, cross)| cross[0] = f32::from(u8::from(rng.random::<bool>())));
        let agreement = learn(&taught).1;
        assert!(agreement.decisions < 0.6 && agreement.correlation.abs() < 0.15, "{agreement:?}");
    }
}
