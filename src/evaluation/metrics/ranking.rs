//! Area under the ROC curve: the chance that an example with the label scores above one without it, ties counting half
//! (Mann–Whitney). It needs no cut-off.

/// Examples in ascending order of a score, so that resamples need no sorting.
pub struct Ranking {
    /// Index of the example, whether it carries the label, whether its score equals the one before.
    order: Vec<(usize, bool, bool)>,
}

impl Ranking {
    pub fn new(scores: &[f32], carried: &[bool]) -> Self {
        let mut indices: Vec<usize> = (0..scores.len()).collect();
        indices.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let tied = |place: usize| place > 0 && scores[indices[place - 1]] == scores[indices[place]];
        let order = (0..indices.len()).map(|place| (indices[place], carried[indices[place]], tied(place)));
        Self { order: order.collect() }
    }

    /// `None` where all or none of the (weighted) examples carry the label.
    pub fn auc(&self, weights: &[u32]) -> Option<f64> {
        let (mut below, mut with, mut without, mut won) = (0.0, 0.0, 0.0, 0.0);
        for &(index, carried, tied) in &self.order {
            if !tied {
                won += with * (below + without / 2.0);
                below += without;
                (with, without) = (0.0, 0.0);
            }
            let weight = f64::from(weights[index]);
            if carried { with += weight } else { without += weight }
        }
        won += with * (below + without / 2.0);
        below += without;
        let positives: f64 =
            self.order.iter().filter(|(_, carried, _)| *carried).map(|(index, ..)| f64::from(weights[*index])).sum();
        (positives > 0.0 && below > 0.0).then(|| won / (positives * below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half() {
        let ranking = Ranking::new(&[0.1, 0.4, 0.4, 0.8], &[false, true, false, true]);
        assert_eq!(ranking.auc(&[1; 4]), Some(0.875));
        assert_eq!(Ranking::new(&[0.5; 4], &[true, false, true, false]).auc(&[1; 4]), Some(0.5));
    }

    #[test]
    fn a_weight_stands_for_repeated_examples() {
        let weighted = Ranking::new(&[0.2, 0.6, 0.4], &[false, true, true]).auc(&[2, 1, 3]);
        let repeated = Ranking::new(&[0.2, 0.2, 0.6, 0.4, 0.4, 0.4], &[false, false, true, true, true, true]);
        assert_eq!(weighted, repeated.auc(&[1; 6]));
    }

    #[test]
    fn one_sided_examples_have_none() {
        assert_eq!(Ranking::new(&[0.2, 0.6], &[true, true]).auc(&[1; 2]), None);
        assert_eq!(Ranking::new(&[0.2, 0.6], &[true, false]).auc(&[1, 0]), None);
    }
}
