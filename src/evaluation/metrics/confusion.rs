//! The confusion matrix of tasks with one label a text.

/// Counts by gold label (row) and decided label (column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// `gold` and `decided` are indices below `labels`, one an example.
    pub fn new(gold: &[usize], decided: &[usize], labels: usize) -> Self {
        let mut counts = vec![vec![0; labels]; labels];
        for (&gold, &decided) in gold.iter().zip(decided) {
            counts[gold][decided] += 1;
        }
        Self { counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_gold_and_columns_decided() {
        let confusion = Confusion::new(&[0, 0, 1, 2], &[0, 1, 1, 0], 3);
        assert_eq!(confusion.counts, [[1, 1, 0], [0, 1, 0], [1, 0, 0]]);
    }
}
