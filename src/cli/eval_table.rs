//! What `framescope eval` shows a reader.

use comfy_table::{Cell, Color};
use framescope::evaluation::{Fit, FittedCutoff, Outcome, Task, Unit};

use super::{eval::note, style, summary::table};

/// Prints an evaluation's numbers.
pub fn print(outcome: &Outcome) {
    print_head(outcome);
    print_averages(outcome);
    print_labels(outcome);
    print_confusion(outcome);
    if let Some(fit) = &outcome.fit {
        print_fit(outcome, fit);
    }
    anstream::println!();
    outcome.notes.iter().for_each(|text| anstream::println!("{}", note(text)));
}

fn print_head(outcome: &Outcome) {
    let what = match (outcome.unit, outcome.task) {
        (Unit::Sentences(_), _) => "articles",
        (_, Task::Entailment) => "pairs",
        _ => "texts",
    };
    let names: Vec<&str> = outcome.models.iter().map(|model| model.name.as_str()).collect();
    let by = [outcome.scheme.as_deref(), outcome.scorer, Some(outcome.engine.as_str())];
    let by: Vec<&str> = names.into_iter().chain(by.into_iter().flatten()).collect();
    let title = format!("{}: {} {what}", outcome.task.name(), outcome.n);
    anstream::println!("{}  {}\n", style::paint(style::HEAD, title), style::paint(style::DIM, by.join(" · ")));
}

fn print_averages(outcome: &Outcome) {
    let line = |name: &str, value: String| anstream::println!("  {name:<24} {value}");
    let with_interval = |name: &str, value: Option<f64>, interval: Option<[f64; 2]>| {
        if let Some(value) = value {
            let interval = interval.map(|[low, high]| format!("[{low:.3}, {high:.3}]")).unwrap_or_default();
            line(name, format!("{value:.3}  {}", style::paint(style::DIM, interval)));
        }
    };
    with_interval("accuracy", outcome.accuracy, outcome.accuracy_ci);
    with_interval("macro-F1", outcome.macro_f1, outcome.macro_f1_ci);
    if outcome.multi_label {
        with_interval("micro-F1", outcome.micro_f1, outcome.micro_f1_ci);
    }
    with_interval("mean AUC", outcome.auc_mean, outcome.auc_mean_ci);
    if let Some(ece) = outcome.ece {
        let before = match (outcome.ece_uncalibrated, outcome.temperature) {
            (Some(before), Some(t)) => format!("{before:.3} before temperature {t:.3}"),
            _ => String::new(),
        };
        line("calibration error (ECE)", format!("{ece:.3}  {}", style::paint(style::DIM, before)));
    }
    let unit = if outcome.task == Task::Entailment { "pairs" } else { "sentences" };
    let rate = format!("{:.1}  ", outcome.sentences_per_second);
    let detail = format!("{} in {:.1} s, {} threads", outcome.passed, outcome.seconds, outcome.threads);
    line(&format!("{unit} a second"), format!("{rate}{}", style::paint(style::DIM, detail)));
    let percent = outcome.confidence * 100.0;
    let intervals =
        format!("{percent:.0} % intervals, {} resamples of {} clusters", outcome.resamples, outcome.clusters);
    anstream::println!("  {}", style::paint(style::DIM, intervals));
}

fn print_labels(outcome: &Outcome) {
    let cut = outcome.per_class.iter().any(|scores| scores.threshold.is_some());
    let header = ["label", "precision", "recall", "F1", "AUC", "labelled", "decided", "cut-off"];
    let header = header.into_iter().take(if cut { 8 } else { 7 });
    let mut table = table(&header.map(str::to_owned).collect::<Vec<_>>());
    for scores in &outcome.per_class {
        let mut row = vec![scores.label.replace('_', " ")];
        row.extend([scores.precision, scores.recall, scores.f1, scores.auc].map(number));
        row.extend([scores.support.to_string(), scores.decided.to_string()]);
        if cut {
            row.push(number(scores.threshold.map(f64::from)));
        }
        table.add_row(row);
    }
    anstream::println!("\n{table}");
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.3}"))
}

fn print_confusion(outcome: &Outcome) {
    let Some(confusion) = &outcome.confusion else { return };
    let labels: Vec<String> = outcome.per_class.iter().map(|scores| scores.label.replace('_', " ")).collect();
    let header: Vec<String> = std::iter::once("labelled \\ decided".to_owned()).chain(labels.iter().cloned()).collect();
    let mut table = table(&header);
    for (row, (label, counts)) in labels.iter().zip(confusion).enumerate() {
        let cells = counts.iter().enumerate().map(|(column, count)| {
            let cell = Cell::new(count);
            if row == column { cell.fg(Color::Green) } else { cell }
        });
        table.add_row(std::iter::once(Cell::new(label)).chain(cells).collect::<Vec<_>>());
    }
    anstream::println!("\n{table}");
}

fn print_fit(outcome: &Outcome, fit: &Fit) {
    anstream::println!("\n{}", style::paint(style::HEAD, "Fitted on these texts (use a development set only)"));
    let line = |name: &str, value: String| anstream::println!("  {name:<24} {value}");
    let values = [("temperature", fit.temperature), ("scale", fit.scale), ("bias", fit.bias)];
    values.into_iter().for_each(|(name, value)| value.into_iter().for_each(|v| line(name, format!("{v:.4}"))));
    line("calibration error (ECE)", format!("{:.4}, was {:.4}", fit.ece_after, fit.ece_before));
    line("log-likelihood loss", format!("{:.4}, was {:.4}", fit.nll_after, fit.nll_before));
    let cutoff = |cutoff: &FittedCutoff| format!("{:.4}  ({} {:.3})", cutoff.at, cutoff.measure, cutoff.value);
    if let Some(threshold) = &fit.threshold {
        line("cut-off", cutoff(threshold));
    }
    for (scores, threshold) in outcome.per_class.iter().zip(&fit.frame_thresholds) {
        line(&scores.label, threshold.as_ref().map_or_else(|| "–".into(), cutoff));
    }
}
