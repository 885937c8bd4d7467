//! The student: linear heads on sentence vectors that learn, from a sample of the collection at hand, what the
//! cross-encoder would say of each frame.
//!
//! Each head is a logistic regression with the cross-encoder's probabilities as targets (cross-entropy, penalty λ/2·‖w‖²,
//! bias free). All of a fold are fitted together: steps down the slope by the inverse of a matrix that bends as much as the loss
//! ever does (Böhning & Lindsay 1988), so that one factorisation serves every step and frame, with Nesterov's momentum and
//! restarts (O'Donoghue & Candès 2015).
//!
//! The sample is cut into [`FOLDS`] folds, and a set of heads is fitted without each. A sentence of the sample is read by the heads that
//! have not seen it, any other by the mean of all: only so may the sample correct estimates afterwards, since heads agree too well
//! with what they learnt (Zrnic & Candès 2024, *Cross-prediction-powered inference*). λ is the one that reads unseen folds best.

use nalgebra::{Cholesky, DMatrix, Dyn};
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
/// A head is found when a whole step would better its loss by less than half of this.
const CLOSE: f64 = 1e-13;

impl Student {
    /// Learns from the lessons, whose order should be random; also gives each lesson's reading by heads that have not seen it.
    ///
    /// # Panics
    /// On fewer lessons than [`Student::FEWEST`].
    pub fn learn(lessons: &[Lesson<'_>], frames: usize) -> (Self, Vec<FrameReading>) {
        assert!(lessons.len() >= Self::FEWEST, "{} lessons", lessons.len());
        let sample = Sample::of(lessons, frames);
        let paths: Vec<Vec<Fitted>> = (0..FOLDS).into_par_iter().map(|unseen| sample.path(unseen)).collect();
        let penalties: Vec<usize> = (0..frames).map(|frame| least_lost(&paths, frame)).collect();
        let heads = |path: &Vec<Fitted>| {
            let heads = penalties.iter().enumerate().map(|(frame, &penalty)| path[penalty].head(frame));
            heads.collect()
        };
        let student = Self { folds: paths.iter().map(heads).collect() };
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

/// The place of the penalty under which the heads of one frame read what they have not seen best.
fn least_lost(paths: &[Vec<Fitted>], frame: usize) -> usize {
    let lost = |penalty: usize| paths.iter().map(|path| path[penalty].losses[frame]).sum::<f64>();
    (0..PENALTIES.len()).min_by(|&a, &b| lost(a).total_cmp(&lost(b))).unwrap_or_default()
}

/// The lessons as matrices. Lesson i is of fold i mod [`FOLDS`].
struct Sample {
    /// Lessons × (width + 1): the vectors, and a constant 1 for the bias.
    vectors: DMatrix<f64>,
    /// Lessons × frames.
    cross: DMatrix<f64>,
}

/// The heads of all frames that have not seen one fold, under one penalty.
struct Fitted {
    /// (Width + 1) × frames, the bias last.
    weights: DMatrix<f64>,
    /// Mean cross-entropy on the unseen fold, by frame; 0 where it is empty.
    losses: Vec<f64>,
}

impl Fitted {
    fn head(&self, frame: usize) -> Head {
        let column = self.weights.column(frame);
        let mut weights: Vec<f32> = column.iter().map(|&w| w as f32).collect();
        let bias = weights.pop().unwrap_or_default();
        Head { weights, bias }
    }
}

impl Sample {
    fn of(lessons: &[Lesson<'_>], frames: usize) -> Self {
        let width = lessons.first().map_or(0, |lesson| lesson.vector.len());
        Self {
            vectors: DMatrix::from_fn(lessons.len(), width + 1, |i, j| {
                lessons[i].vector.get(j).copied().map_or(1.0, f64::from)
            }),
            cross: DMatrix::from_fn(lessons.len(), frames, |i, frame| f64::from(lessons[i].cross[frame])),
        }
    }

    fn rows(&self, wanted: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.vectors.nrows()).filter(|&row| wanted(row)).collect();
        Self { vectors: self.vectors.select_rows(&rows), cross: self.cross.select_rows(&rows) }
    }

    /// Heads that have not seen one fold, a set a penalty.
    fn path(&self, unseen: usize) -> Vec<Fitted> {
        let (seen, judges) = (self.rows(|row| row % FOLDS != unseen), self.rows(|row| row % FOLDS == unseen));
        let products = seen.vectors.transpose() * &seen.vectors;
        let mut weights = DMatrix::zeros(self.vectors.ncols(), self.cross.ncols());
        let mut path = Vec::new();
        for penalty in PENALTIES {
            let bend = bend(&products, seen.vectors.nrows(), penalty);
            weights = seen.fit(penalty, &bend, weights);
            path.push(Fitted { losses: judges.losses(&weights), weights: weights.clone() });
        }
        path
    }

    /// From a start down to where the slope vanishes.
    fn fit(&self, penalty: f64, bend: &Cholesky<f64, Dyn>, start: DMatrix<f64>) -> DMatrix<f64> {
        let frames = start.ncols();
        let (mut at, mut ahead) = (start.clone(), start);
        let (mut momentum, mut found) = (vec![1.0_f64; frames], vec![false; frames]);
        for _ in 0..STEPS {
            let slope = self.slope(penalty, &ahead);
            let steps = bend.solve(&slope);
            for frame in 0..frames {
                if found[frame] {
                    continue;
                }
                let (slope, step) = (slope.column(frame), steps.column(frame));
                let next = ahead.column(frame) - step;
                let moved = &next - at.column(frame);
                // A step that goes against the slope has gone too far: start again from rest.
                let (following, carry) = if slope.dot(&moved) > 0.0 {
                    (1.0, 0.0)
                } else {
                    let following = (1.0 + (1.0 + 4.0 * momentum[frame].powi(2)).sqrt()) / 2.0;
                    (following, (momentum[frame] - 1.0) / following)
                };
                found[frame] = slope.dot(&step) < CLOSE;
                momentum[frame] = following;
                ahead.set_column(frame, &(&next + carry * &moved));
                at.set_column(frame, &next);
            }
            if found.iter().all(|&found| found) {
                break;
            }
        }
        at
    }

    /// Of the mean cross-entropy with its penalty; a column a frame.
    fn slope(&self, penalty: f64, weights: &DMatrix<f64>) -> DMatrix<f64> {
        let lessons = self.vectors.nrows() as f64;
        let logits = &self.vectors * weights;
        let errors = logits.zip_map(&self.cross, |z, y| (1.0 / (1.0 + (-z).exp()) - y) / lessons);
        // The transpose of few columns instead of that of all vectors.
        let mut slope = (errors.transpose() * &self.vectors).transpose();
        let width = slope.nrows() - 1;
        slope.rows_mut(0, width).zip_apply(&weights.rows(0, width), |slope, weight| *slope += penalty * weight);
        slope
    }

    /// Mean cross-entropy, by frame; 0 where there are no lessons.
    fn losses(&self, weights: &DMatrix<f64>) -> Vec<f64> {
        let logits = &self.vectors * weights;
        let lost = logits.zip_map(&self.cross, |z, y| z.max(0.0) - y * z + (-z.abs()).exp().ln_1p());
        lost.column_iter().map(|column| column.sum() / logits.nrows().max(1) as f64).collect()
    }
}

/// What bends at least as much as the penalised loss does anywhere: a sigmoid's slope is at most a quarter.
fn bend(products: &DMatrix<f64>, lessons: usize, penalty: f64) -> Cholesky<f64, Dyn> {
    let mut bend = products / (4.0 * lessons as f64);
    for weight in 0..bend.nrows() - 1 {
        bend[(weight, weight)] += penalty;
    }
    Cholesky::new(bend).expect("weights are penalised, and the bias has a constant of its own")
}

impl Head {
    fn logit(&self, vector: &[f32]) -> f32 {
        self.weights.iter().zip(vector).map(|(w, x)| w * x).sum::<f32>() + self.bias
    }
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

    /// At the optimum the slope of the penalised loss is zero, under every penalty and for every frame.
    #[test]
    fn the_fits_are_where_the_slope_vanishes() {
        let mut taught = lessons(300, &[3.0, -2.0, 0.5, 1.0], -0.7);
        taught.iter_mut().for_each(|(vector, cross)| cross.push(f32::from(u8::from(vector[1] > 0.4))));
        let sample = Sample::of(&borrowed(&taught), 2);
        let seen = sample.rows(|row| row % FOLDS != 3);
        for (penalty, fitted) in PENALTIES.into_iter().zip(sample.path(3)) {
            let slope = seen.slope(penalty, &fitted.weights);
            assert!(slope.amax() < 1e-6, "{penalty}: {slope}");
        }
    }

    /// By hand: the slope is what finite differences of the penalised loss say.
    #[test]
    fn the_slope_is_that_of_the_penalised_loss() {
        let taught = lessons(23, &[3.0, -2.0, 0.5], 0.4);
        let sample = Sample::of(&borrowed(&taught), 1);
        let penalty = 0.05;
        let loss = |at: &DMatrix<f64>| {
            let each = (0..23).map(|row| {
                let z = (sample.vectors.row(row) * at)[0];
                let p = 1.0 / (1.0 + (-z).exp());
                let y = sample.cross[row];
                -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
            });
            let each: Vec<f64> = each.collect();
            each.iter().sum::<f64>() / each.len() as f64 + penalty / 2.0 * at.rows(0, 3).norm_squared()
        };
        let at = DMatrix::from_column_slice(4, 1, &[0.3, -0.8, 1.1, 0.2]);
        let slope = sample.slope(penalty, &at);
        for place in 0..4 {
            let mut moved = [at.clone(), at.clone()];
            moved[0][place] += 1e-5;
            moved[1][place] -= 1e-5;
            let expected = (loss(&moved[0]) - loss(&moved[1])) / 2e-5;
            assert!((slope[place] - expected).abs() < 1e-8, "{place}: {} {expected}", slope[place]);
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
