//! What a reader of the numbers must know.

use super::dataset::{self, Dataset};
use super::metrics::classification::LabelMatrix;
use super::scoring::Answers;
use super::{EvaluationOptions, Task};

/// Percentile intervals of fewer clusters are too narrow.
const FEW: usize = 20;

/// In the order of their weight.
pub(super) fn notes(
    dataset: &Dataset,
    gold: &LabelMatrix,
    answers: &Answers,
    options: &EvaluationOptions<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if answers.engine.starts_with("fake") {
        notes.push("scores are from the fake engine and mean nothing".to_owned());
    }
    let absent: Vec<&str> = (0..dataset.labels.len())
        .filter(|&label| !gold.column(label).contains(&true))
        .map(|label| dataset.labels[label].as_str())
        .collect();
    if !absent.is_empty() {
        let leave_out = if options.task == Task::Frames {
            "; if the file is not coded for it, leave it out with --without"
        } else {
            ""
        };
        notes.push(format!("no text carries {}: deciding it is always wrong here{leave_out}", absent.join(", ")));
    }
    if dataset.skipped.total() > 0 || !dataset.skipped.unknown_labels.is_empty() {
        notes.push(dataset::describe(&dataset.skipped));
    }
    if dataset.clusters < dataset.examples.len() {
        notes.push(format!("intervals resample {} clusters of {} texts", dataset.clusters, dataset.examples.len()));
    }
    if dataset.clusters < FEW {
        notes.push(format!("{} independent texts are too few for an interval to be trusted", dataset.clusters));
    }
    if options.fit {
        notes.push("fitted values are for a development set; on the set you report, they flatter".into());
    }
    notes
}
