//! Precision, recall and F1, by label and averaged (as scikit-learn's `precision_recall_fscore_support`).

/// Which labels each example carries, or is decided to carry: rows × labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMatrix {
    width: usize,
    carried: Vec<bool>,
}

impl LabelMatrix {
    /// From label indices below `width`, a list an example.
    pub fn from_indices<'a>(rows: impl Iterator<Item = &'a [usize]>, width: usize) -> Self {
        let mut carried = Vec::new();
        for row in rows {
            let start = carried.len();
            carried.resize(start + width, false);
            row.iter().for_each(|&label| carried[start + label] = true);
        }
        Self { width, carried }
    }

    /// A label is carried where its value reaches its cut-off.
    pub fn from_cutoffs(rows: &[Vec<f32>], cutoffs: &[f32]) -> Self {
        let carried = rows.iter().flat_map(|row| row.iter().zip(cutoffs).map(|(value, cutoff)| value >= cutoff));
        Self { width: cutoffs.len(), carried: carried.collect() }
    }

    pub fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.carried.chunks_exact(self.width.max(1))
    }

    /// One label's column.
    pub fn column(&self, label: usize) -> Vec<bool> {
        self.rows().map(|row| row[label]).collect()
    }
}

/// Right and wrong decisions on one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LabelCounts {
    pub true_positive: u64,
    pub false_positive: u64,
    pub false_negative: u64,
}

impl LabelCounts {
    /// Examples that carry the label.
    pub fn support(self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// Share of right ones among those decided; `None` where the label was never decided.
    pub fn precision(self) -> Option<f64> {
        ratio(self.true_positive, self.true_positive + self.false_positive)
    }

    /// Share found among those that carry it; `None` where none does.
    pub fn recall(self) -> Option<f64> {
        ratio(self.true_positive, self.support())
    }

    /// Harmonic mean of precision and recall; `None` where the label is neither carried nor decided.
    pub fn f1(self) -> Option<f64> {
        let doubled = 2 * self.true_positive;
        ratio(doubled, doubled + self.false_positive + self.false_negative)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// One count a label.
pub fn counts(gold: &LabelMatrix, decided: &LabelMatrix, weights: &[u32]) -> Vec<LabelCounts> {
    let mut counts = vec![LabelCounts::default(); gold.width];
    for ((gold, decided), &weight) in gold.rows().zip(decided.rows()).zip(weights) {
        let weight = u64::from(weight);
        for (count, (&gold, &decided)) in counts.iter_mut().zip(gold.iter().zip(decided)) {
            match (gold, decided) {
                (true, true) => count.true_positive += weight,
                (false, true) => count.false_positive += weight,
                (true, false) => count.false_negative += weight,
                (false, false) => {}
            }
        }
    }
    counts
}

/// Mean F1 over the labels that are carried or decided at all.
pub fn macro_f1(counts: &[LabelCounts]) -> Option<f64> {
    mean(counts.iter().filter_map(|count| count.f1()))
}

/// F1 of all decisions on all labels together. With one label a text it equals accuracy.
pub fn micro_f1(counts: &[LabelCounts]) -> Option<f64> {
    let total = counts.iter().fold(LabelCounts::default(), |sum, count| LabelCounts {
        true_positive: sum.true_positive + count.true_positive,
        false_positive: sum.false_positive + count.false_positive,
        false_negative: sum.false_negative + count.false_negative,
    });
    total.f1()
}

/// Share of examples whose one label was decided.
pub fn accuracy(counts: &[LabelCounts]) -> Option<f64> {
    let right = counts.iter().map(|count| count.true_positive).sum();
    ratio(right, counts.iter().map(|count| count.support()).sum())
}

/// `None` of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}
