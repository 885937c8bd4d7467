//! `framescope eval`: a classifier against labelled examples. The numbers go to stdout, progress and remarks to stderr.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;
use framescope::config::{Config, Settings};
use framescope::evaluation::dataset::{self, Columns, DatasetOptions, LabelMap};
use framescope::evaluation::{Aggregate, EvaluationOptions, PredictionsFile, Task, Unit, evaluate};
use framescope::stages::infer::frames::Scheme;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Configured, eval_table, style};

#[derive(clap::Args)]
pub struct Args {
    /// tone (negative, neutral, positive), loaded (plain, loaded), frames (of a scheme) or entailment (contradiction,
    /// neutral, entailment)
    task: TaskName,
    /// Labelled examples: JSON Lines, CSV or TSV (each also .gz or .zst), or Parquet
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Rename the file's labels to ours, e.g. 0=plain,1=loaded; may be given again
    #[arg(long, value_name = "THEIRS=OURS,...", value_delimiter = ',', allow_hyphen_values = true)]
    label_map: Vec<String>,
    /// Leave out labels that the task does not have, and count them; else they are an error
    #[arg(long)]
    skip_unknown: bool,
    #[command(flatten)]
    frames: FrameArgs,
    /// Cut-off in place of the model's and the scheme's (loaded, and frames unless --single)
    #[arg(long, value_name = "0..1")]
    threshold: Option<f32>,
    /// Also print the temperature and the cut-offs that fit these examples best: for a development set only
    #[arg(long)]
    fit: bool,
    /// Write what was decided for each row, with the probabilities (.csv or .parquet)
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// No progress
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum TaskName {
    Tone,
    Loaded,
    Frames,
    Entailment,
}

#[derive(clap::Args)]
struct ColumnArgs {
    #[arg(long, value_name = "NAME", default_value = "text")]
    text_column: String,
    /// A label's name; for frames a name, or a list of names (in CSV apart by ; or |)
    #[arg(long, value_name = "NAME", default_value = "label")]
    label_column: String,
    /// By default id, where there is such a column; rows with the same id are resampled together
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Rows with an equal value, e.g. of one article, are resampled together
    #[arg(long, value_name = "NAME")]
    cluster_column: Option<String>,
    #[arg(long, value_name = "NAME", default_value = "premise")]
    premise_column: String,
    #[arg(long, value_name = "NAME", default_value = "hypothesis")]
    hypothesis_column: String,
}

#[derive(clap::Args)]
struct FrameArgs {
    /// One frame a text: the best one is decided
    #[arg(long, conflicts_with = "threshold")]
    single: bool,
    /// Frames of the scheme that the file is not coded for: they are not scored
    #[arg(long, value_name = "FRAME,...", value_delimiter = ',')]
    without: Vec<String>,
    /// What is scored: the text as it is, or the sentences of an article
    #[arg(long, value_name = "UNIT", default_value = "text")]
    unit: UnitName,
    /// How the sentences of an article are combined
    #[arg(long, value_name = "HOW", default_value = "max")]
    aggregate: AggregateName,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum UnitName {
    Text,
    Sentence,
}

#[derive(Clone, Copy, ValueEnum)]
enum AggregateName {
    Max,
    Mean,
}

/// The settings of a run that matter here.
#[derive(clap::Args)]
struct RunArgs {
    /// Settings file; by default framescope.toml in the current folder, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Frame scheme: a built-in name (`framescope frames list`) or the path of a TOML file
    #[arg(long, value_name = "SCHEME")]
    frames: Option<String>,
    /// How frames are scored: embedding (also called bi), cross, cascade, or student (learns from at most half of the texts)
    #[arg(long, value_name = "NAME")]
    scorer: Option<String>,
    /// Most frames of a sentence that the cascade gives to the cross-encoder
    #[arg(long, value_name = "N")]
    cascade_budget: Option<usize>,
    /// Texts that the cross-encoder reads for the student to learn from
    #[arg(long, value_name = "N")]
    student_sample: Option<usize>,
    /// Inference engine: embedded or torch
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
    /// Where the torch engine computes: cpu or cuda:0, cuda:1...
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// In which numbers the torch engine computes: f32, bf16 or f16
    #[arg(long, value_name = "NUMBERS")]
    precision: Option<String>,
    /// Folder of a checkpoint that reads tone in place of our own model
    #[arg(long, value_name = "DIR")]
    tone_checkpoint: Option<PathBuf>,
    /// Folder of a checkpoint trained on natural language inference that reads frames (--scorer cross or student)
    #[arg(long, value_name = "DIR")]
    frame_checkpoint: Option<PathBuf>,
    /// Multiply in int8, as `score --fast` does
    #[arg(long)]
    fast: bool,
    /// Folder with the weights and their manifest.toml
    #[arg(long, value_name = "DIR", env = "FRAMESCOPE_MODELS")]
    models: Option<PathBuf>,
    /// Threads; by default one a physical core
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Seed of the resampling
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Bootstrap resamples
    #[arg(long, value_name = "N")]
    resamples: Option<u32>,
    /// Confidence of the intervals
    #[arg(long, value_name = "0..1")]
    confidence: Option<f64>,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let task = match args.task {
        TaskName::Tone => Task::Tone,
        TaskName::Loaded => Task::Loaded,
        TaskName::Frames => Task::Frames,
        TaskName::Entailment => Task::Entailment,
    };
    check(task, &args)?;
    let mut config = configured(args.run)?;
    leave_out(&mut config.scheme, &args.frames.without)?;
    let predictions_file = args.predictions.as_deref().map(PredictionsFile::create).transpose()?;
    let multi_label = task == Task::Frames && !args.frames.single;
    let options = dataset_options(task, multi_label, args.columns, &args.label_map, args.skip_unknown, &config.scheme)?;
    let mut dataset = dataset::read(&args.data, &options)?;
    let threshold = args.threshold.or(match task {
        Task::Loaded => config.tables.loaded_threshold,
        Task::Frames => config.tables.frame_threshold,
        _ => None,
    });
    let unit = match (args.frames.unit, args.frames.aggregate) {
        (UnitName::Text, _) => Unit::Text,
        (UnitName::Sentence, AggregateName::Max) => Unit::Sentences(Aggregate::Max),
        (UnitName::Sentence, AggregateName::Mean) => Unit::Sentences(Aggregate::Mean),
    };
    let options = EvaluationOptions { task, config: &config, unit, threshold, fit: args.fit };
    let bar = Bar::new(args.quiet || args.json);
    let result = evaluate(&mut dataset, &options, &|share| bar.advance(share));
    bar.bar.finish_and_clear();
    let (outcome, predictions) = result?;
    if let Some(file) = predictions_file {
        file.write(&dataset, &predictions)?;
    }
    if args.json {
        anstream::println!("{}", serde_json::to_string(&outcome)?);
    } else {
        eval_table::print(&outcome);
    }
    Ok(ExitCode::SUCCESS)
}

/// Flags that mean nothing for the task are refused, not ignored.
fn check(task: Task, args: &Args) -> Result<()> {
    let frames = task == Task::Frames;
    let given = [
        (args.frames.single, frames, "--single", "frames"),
        (!args.frames.without.is_empty(), frames, "--without", "frames"),
        (args.frames.unit == UnitName::Sentence, frames, "--unit sentence", "frames"),
        (args.threshold.is_some(), frames || task == Task::Loaded, "--threshold", "loaded and frames"),
    ];
    if let Some((.., flag, of)) = given.iter().find(|(given, fits, ..)| *given && !fits) {
        bail!("{flag} is for {of}; {} takes none", task.name());
    }
    if args.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
        bail!("--threshold must be in 0..=1");
    }
    Ok(())
}

fn configured(run: RunArgs) -> Result<Config> {
    let settings = Settings {
        frames: run.frames,
        scorer: run.scorer,
        cascade_budget: run.cascade_budget,
        student_sample: run.student_sample,
        engine: run.engine,
        fast: run.fast.then_some(true),
        device: run.device,
        precision: run.precision,
        tone_checkpoint: run.tone_checkpoint,
        frame_checkpoint: run.frame_checkpoint,
        models: run.models,
        threads: run.threads,
        seed: run.seed,
        resamples: run.resamples,
        confidence: run.confidence,
        ..Settings::default()
    };
    Configured { config: run.config, settings }.validate()
}

fn leave_out(scheme: &mut Scheme, without: &[String]) -> Result<()> {
    for name in without {
        let Some(place) = scheme.frames.iter().position(|frame| frame.name == *name) else {
            let known: Vec<&str> = scheme.frames.iter().map(|frame| frame.name.as_str()).collect();
            bail!("--without: {}", framescope::error::unknown("frame", name, known));
        };
        scheme.frames.remove(place);
    }
    if scheme.frames.is_empty() {
        bail!("--without leaves no frame of the scheme");
    }
    Ok(())
}

fn dataset_options(
    task: Task,
    multi_label: bool,
    columns: ColumnArgs,
    label_map: &[String],
    skip_unknown: bool,
    scheme: &Scheme,
) -> Result<DatasetOptions> {
    Ok(DatasetOptions {
        columns: Columns {
            text: columns.text_column,
            label: columns.label_column,
            id: columns.id_column,
            cluster: columns.cluster_column,
            premise: columns.premise_column,
            hypothesis: columns.hypothesis_column,
        },
        map: LabelMap::parse(label_map.iter().map(String::as_str))?,
        labels: task.labels(scheme),
        multi_label,
        pairs: task == Task::Entailment,
        skip_unknown,
    })
}

/// Share done and time left, on stderr.
struct Bar {
    bar: ProgressBar,
    shown: Mutex<Instant>,
}

impl Bar {
    const STEPS: u64 = 10_000;

    fn new(hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(Self::STEPS), target);
        let template = "{spinner} {wide_bar:.cyan/dim} {percent:>3}%  {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
        Self { bar, shown: Mutex::new(Instant::now()) }
    }

    fn advance(&self, share: f64) {
        let mut shown = self.shown.lock().expect("nothing panics while it holds the bar");
        if shown.elapsed().as_millis() > 100 {
            *shown = Instant::now();
            let done = (share * Self::STEPS as f64) as u64;
            self.bar.set_position(done.max(self.bar.position()));
        }
    }
}

/// In the table's remarks: a warning colour.
pub(super) fn note(text: &str) -> String {
    format!("{} {text}", style::paint(style::WARN, "note:"))
}
