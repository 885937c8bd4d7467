//! The columns, table by table.

use super::codebook::ColumnMeaning;
use crate::run_folder::RunManifest;

const UNIT: &str = "none";
const COUNT: &str = "0 and up";
const PROBABILITY: &str = "0 to 1";
const SIGNED: &str = "-1 to 1";

/// name, unit, range, meaning
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Columns of an article that stand in several tables with the same meaning.
const ARTICLE: &[Row] = &[
    ("article_id", UNIT, "unique in a run", "The record's own id, else file name and row"),
    ("outlet", UNIT, "name, or \"unknown\"", "The outlet that published the article, from the record or its byline"),
    ("date", "day", "ISO date, empty where unknown", "Date of publication in the zone the record states"),
    ("section", UNIT, "text", "Section, desk or topic as the record names it"),
    ("title", UNIT, "text", "Headline as read, entities and misread characters repaired"),
    ("url", UNIT, "text", "Address of the article as the record gives it"),
    ("author", UNIT, "text", "Author, from the record or its byline"),
    ("agency", UNIT, "text", "News agency credited in the article"),
    (
        "story_id",
        UNIT,
        "an article_id",
        "Event that the article tells, shared by articles of the same story: the article_id of the first published of them",
    ),
    ("story_size", "articles", "1 and up", "Articles that tell the story"),
    ("story_outlets", "outlets", "1 and up", "Outlets that tell the story"),
    (
        "cluster_id",
        UNIT,
        "an article_id",
        "Group of near-duplicates, such as reprints of one wire story: the article_id of the first published of them; \
         Jaccard similarity with that article 0.5 or more over five-word shingles (MinHash, Broder 1997)",
    ),
    ("cluster_size", "articles", "1 and up", "Articles of the group; 1 where there is no near-duplicate"),
    ("cluster_first", UNIT, "true, false", "Whether the article is the first published of its group"),
    ("first_publisher", UNIT, "an outlet", "Outlet of the first published article of the group"),
    ("cluster_agency", UNIT, "text, empty where none is", "News agency that an article of the group credits"),
    ("n_tokens", "tokens", COUNT, "Word tokens (UAX 29 words with a letter or digit)"),
    ("n_tokens_quoted", "tokens", COUNT, "Word tokens inside quoted speech"),
];

const SENTENCES: &[Row] = &[
    ("sentence_id", UNIT, "unique in a run", "article_id, #, sentence_index"),
    ("sentence_index", UNIT, COUNT, "Position of the sentence in its article, headline first"),
    ("block", UNIT, COUNT, "Paragraph of the article in which the sentence stands"),
    ("part", UNIT, "headline, deck, body", "Part of the article in which the sentence stands"),
    ("field", UNIT, "title, deck, text", "Field of the record that start and end index"),
    ("start", "bytes", COUNT, "First byte of the sentence in the original field"),
    ("end", "bytes", COUNT, "Byte after the sentence in the original field"),
    ("voice", UNIT, "narration, quote, mixed", "Whose words: the outlet's, a quoted speaker's, or both"),
    ("indirect_speech", UNIT, "true, false", "Narration that reports what a source said, without quotation marks"),
    ("speaker", UNIT, "text", "Whose words the quotation is, where the text says so"),
    ("text", UNIT, "text", "The sentence as scored"),
    ("tone_negative", "probability", PROBABILITY, "Probability that the tone is negative"),
    ("tone_neutral", "probability", PROBABILITY, "Probability that the tone is neutral"),
    ("tone_positive", "probability", PROBABILITY, "Probability that the tone is positive"),
    ("tone", "difference of probabilities", SIGNED, "tone_positive minus tone_negative"),
    ("loaded", "probability", PROBABILITY, "Probability that the wording is loaded"),
    ("top_frame", UNIT, "a frame of the scheme", "Single-best reading: the one frame that fits best"),
    ("top_frame_share", "share", PROBABILITY, "Share of the best frame in a softmax over all frames"),
    ("n_terms", "terms", COUNT, "Terms of the loaded-term lexicon in the sentence, every category and strength"),
    ("n_terms_quoted", "terms", COUNT, "Of those, inside quoted speech"),
    (
        "terms",
        UNIT,
        "list",
        "Each loaded term: citation form, category, strength 1 to 3, bytes start to end in text, inside quoted speech or not",
    ),
];

const ARTICLES: &[Row] = &[
    ("n_sentences", "sentences", COUNT, "Sentences of the article after cleaning"),
    ("n_narration", "sentences", COUNT, "Sentences in the outlet's own words"),
    ("n_quote", "sentences", COUNT, "Sentences that are quoted speech"),
    ("n_mixed", "sentences", COUNT, "Sentences of both; they count only where all sentences are taken together"),
];

/// Columns that say what an estimate is of.
const ESTIMATE: &[Row] = &[
    (
        "period",
        UNIT,
        "2026-03, 2026-W10, 2026-Q1, 2026, 2026-03-01, a window's label, or \"all\"",
        "Period of publication",
    ),
    ("period_start", "day", "ISO date", "First day of the period; empty for \"all\""),
    ("part", UNIT, "all, headline, body", "Part of the articles that was counted"),
    ("voice", UNIT, "all, narration, quotes", "Sentences counted: all, the outlet's own words, or quoted speech"),
    (
        "measure",
        UNIT,
        "tone, tone_negative, tone_positive, loaded, frame_<name>, terms, terms_<category>",
        "What was measured",
    ),
    (
        "statistic",
        UNIT,
        "mean, share_sentences, share_articles, rate_per_1000",
        "Mean score; share of sentences at or above the threshold; share of articles with such a sentence; or terms per 1,000 tokens",
    ),
    (
        "ci_low",
        "as the estimate",
        "any",
        "Lower end of the 95 % interval; articles, not sentences, are the sampled units",
    ),
    ("ci_high", "as the estimate", "any", "Upper end of the 95 % interval"),
    ("std_error", "as the estimate", COUNT, "Standard error, clustered by article"),
    ("p", "probability", PROBABILITY, "p of no difference (two-sided)"),
    ("q", "rate", PROBABILITY, "False-discovery rate over the comparisons of the run (Benjamini-Hochberg)"),
    ("n_articles", "articles", COUNT, "Articles behind the row"),
    ("n_sentences", "sentences", COUNT, "Sentences behind the row"),
    ("method", UNIT, "text", "How estimate and interval were computed: docs/numbers.md has the names"),
    ("small_cell", UNIT, "true, false", "Fewer articles than the least number for a dependable interval"),
    ("ci_low_bootstrap", "as the estimate", "any", "Lower end of the article bootstrap's percentile interval"),
    ("ci_high_bootstrap", "as the estimate", "any", "Upper end of the article bootstrap's percentile interval"),
    ("ci_low_linear", "as the estimate", "any", "Lower end of the linearised, article-clustered interval"),
    ("ci_high_linear", "as the estimate", "any", "Upper end of the linearised, article-clustered interval"),
];

const OUTLETS: &[Row] = &[(
    "estimate",
    "score, share, or terms per 1,000 tokens, by statistic",
    "-1 to 1, 0 to 1, or 0 and up",
    "The estimate for this outlet, period, part, voice and measure",
)];

const TERMS: &[Row] = &[
    ("term", UNIT, "a term of the lexicon", "Citation form of the loaded term"),
    ("category", UNIT, "a category of the lexicon", "What kind of loaded term it is"),
    ("count", "terms", COUNT, "Occurrences"),
    ("rate_per_1000", "terms per 1,000 tokens", COUNT, "Occurrences per 1,000 tokens of the same voice"),
    ("share_in_quotes", "share", PROBABILITY, "Share of the occurrences that stand inside quoted speech"),
    (
        "log_odds",
        "log odds ratio",
        "any",
        "Weighted log-odds against the other outlets, with an informative Dirichlet prior",
    ),
    ("z", "standard errors", "any", "log_odds divided by its standard error, every occurrence counted on its own"),
    ("z_articles", "standard errors", "any", "log_odds divided by its standard error, clustered by article"),
    ("n_articles_with_term", "articles", COUNT, "Articles in which the term occurs"),
];

const SHIFTS: &[Row] = &[
    ("outlet", UNIT, "name, or \"(all)\"", "The outlet, or all outlets together"),
    (
        "period_before",
        UNIT,
        "as period",
        "The period that this one is compared with: the one before, of those with enough articles",
    ),
    ("count_before", "terms", COUNT, "Occurrences in the period before"),
    (
        "rate_per_1000_before",
        "terms per 1,000 tokens",
        COUNT,
        "Occurrences per 1,000 tokens of the same voice in the period before",
    ),
    ("n_articles_before", "articles", COUNT, "Articles of the period before"),
    ("n_articles_with_term_before", "articles", COUNT, "Articles of the period before in which the term occurs"),
    (
        "log_odds",
        "log odds ratio",
        "any",
        "Weighted log-odds of the period against the one before, with an informative Dirichlet prior (Monroe et al. 2008)",
    ),
];

const DISTINCTIVE: &[Row] = &[
    ("ngram", UNIT, "text", "Word, or two or three words in sequence"),
    ("n", "words", "1 to 3", "Length of the n-gram"),
    ("count_rest", "n-grams", COUNT, "Occurrences in the other outlets"),
    ("rate_per_1000_rest", "n-grams per 1,000 tokens", COUNT, "Occurrences per 1,000 tokens in the other outlets"),
    ("n_articles_with_ngram", "articles", COUNT, "Articles of the outlet in which it occurs"),
];

const TRENDS: &[Row] = &[
    ("first_date", "day", "ISO date", "Date of the outlet's first dated article"),
    ("last_date", "day", "ISO date", "Date of the outlet's last dated article"),
    (
        "change_per_30_days",
        "by statistic, per 30 days",
        "any",
        "Slope of the straight line through the measure over time",
    ),
];

const CONTRASTS: &[Row] = &[
    (
        "contrast",
        UNIT,
        "outlets, rest, periods",
        "What is compared: two outlets, one with all others, a period with the one before",
    ),
    (
        "p_method",
        UNIT,
        "permutation, welch_t, none",
        "The method that gave p: of the permutation of articles and Welch's t test, the one with the larger p; the t test alone for pools too large to permute",
    ),
    ("outlet_a", UNIT, "text", "First outlet"),
    ("outlet_b", UNIT, "text, or \"(rest)\"", "Second outlet; \"(rest)\" for all other outlets together"),
    ("period_b", UNIT, "as period", "Period of the second side; the same as period but for contrasts of periods"),
    ("estimate_a", "by statistic", "any", "Estimate of the first"),
    ("estimate_b", "by statistic", "any", "Estimate of the second"),
    ("difference", "by statistic", "any", "estimate_a minus estimate_b"),
    ("n_articles_a", "articles", COUNT, "Articles of the first"),
    ("n_articles_b", "articles", COUNT, "Articles of the second"),
];

const SAME_STORY: &[Row] = &[
    ("contrast", UNIT, "outlets, rest", "What is compared: two outlets, or one with all others together"),
    (
        "n_stories",
        "stories",
        "1 and up",
        "Stories in which both sides have a value: the observations of the paired comparison",
    ),
    ("n_articles_a", "articles", COUNT, "Articles of the first in those stories"),
    ("n_articles_b", "articles", COUNT, "Articles of the second in those stories"),
    ("within_a", "by statistic", "any", "Mean over those stories of the first's value in the story"),
    ("within_b", "by statistic", "any", "Mean over those stories of the second's value in the story"),
    ("within", "by statistic", "any", "within_a minus within_b: the difference where both tell the same stories"),
    (
        "ci_low",
        "by statistic",
        "any",
        "Lower end of the interval of within (Student's t over stories, n_stories - 1 degrees of freedom)",
    ),
    ("ci_high", "by statistic", "any", "Upper end of the interval of within"),
    ("std_error", "by statistic", COUNT, "Standard error of within over stories"),
    (
        "p",
        "probability",
        PROBABILITY,
        "Two-sided p of no difference within stories: signs of the stories' differences flipped, all patterns up to 11 stories, random ones beyond",
    ),
    ("overall", "by statistic", "any", "Difference over all articles, as in contrasts"),
    (
        "selection",
        "by statistic",
        "any",
        "overall minus within: the part of the difference that goes with which stories each side tells and how much space they get",
    ),
    ("selection_ci_low", "by statistic", "any", "Lower end of the interval of selection"),
    ("selection_ci_high", "by statistic", "any", "Upper end of the interval of selection"),
    ("selection_std_error", "by statistic", COUNT, "Linearised standard error of selection, clustered by story"),
    ("method", UNIT, "paired_t, none", "How the interval of within was computed; none for one story or no variation"),
    ("p_method", UNIT, "sign_flip, none", "How p was computed"),
    ("small_cell", UNIT, "true, false", "Fewer stories than the least number for a dependable interval"),
];

const REJECTED: &[Row] = &[
    ("file", UNIT, "text", "File the record came from"),
    ("row", UNIT, "1 and up", "Row or record number in that file"),
    ("id", UNIT, "text", "The record's own id"),
    ("reason", UNIT, "a fixed set of names", "Why it was not scored"),
    ("detail", UNIT, "text", "What exactly, and what to do about it"),
];

const REMOVALS: &[Row] = &[
    ("rule", UNIT, "a cleaning rule", "The rule that took the stretch out"),
    ("field", UNIT, "title, deck, text", "Field of the record that start and end index"),
    ("start", "bytes", COUNT, "First byte of the stretch in the original field"),
    ("end", "bytes", COUNT, "Byte after the stretch in the original field"),
    ("text", UNIT, "text", "The stretch as it stood"),
];

/// A column whose name does not depend on the frame scheme.
pub(super) fn fixed(table: &str, column: &str) -> Option<ColumnMeaning> {
    let own: &[&[Row]] = match table {
        "sentences" => &[SENTENCES, ARTICLE],
        "articles" => &[ARTICLES, ARTICLE],
        "outlets" | "sections" => &[OUTLETS, ESTIMATE, ARTICLE],
        "terms" => &[TERMS, ESTIMATE, ARTICLE],
        "shifts" => &[SHIFTS, TERMS, ESTIMATE, ARTICLE],
        "contrasts" => &[CONTRASTS, ESTIMATE, ARTICLE],
        "trends" => &[TRENDS, ESTIMATE, ARTICLE],
        "same_story" => &[SAME_STORY, CONTRASTS, ESTIMATE],
        "distinctive" => &[DISTINCTIVE, TERMS, ESTIMATE, ARTICLE],
        "rejected" => &[REJECTED],
        "removals" => &[REMOVALS, ARTICLE],
        _ => return None,
    };
    let (_, unit, range, meaning) = own.iter().flat_map(|rows| rows.iter()).find(|(name, ..)| *name == column)?;
    Some(ColumnMeaning::new(unit, range, *meaning))
}

/// `frame_<name>` of the sentence table.
pub(super) fn sentence_score(column: &str, run: &RunManifest) -> Option<ColumnMeaning> {
    if let Some((label, _)) = column.strip_prefix("cross_").and_then(|name| frame_of(name, run)) {
        let meaning = format!(
            "Probability of the frame \"{label}\" as --scorer cross has it, where the student learnt from the sentence"
        );
        return Some(ColumnMeaning::new("probability", "0 to 1, empty elsewhere", meaning));
    }
    let frame = frame_of(column.strip_prefix("frame_")?, run)?;
    let meaning = format!("Probability that the sentence invokes the frame: {}", frame.0);
    Some(ColumnMeaning::new("probability", PROBABILITY, meaning))
}

/// `tone`, `loaded`, `loaded_share`, `terms_per_1000`, `frame_<name>` and `frame_<name>_share`, each for all sentences, for
/// narration and for quotes.
pub(super) fn article_score(column: &str, run: &RunManifest) -> Option<ColumnMeaning> {
    let (measure, counted) = match (column.strip_suffix("_narration"), column.strip_suffix("_quotes")) {
        (Some(measure), _) => (measure, "sentences in the outlet's own words"),
        (_, Some(measure)) => (measure, "sentences that are quoted speech"),
        _ => (column, "all sentences"),
    };
    Some(match measure {
        "tone" => ColumnMeaning::new("difference of probabilities", SIGNED, format!("Mean tone over {counted}")),
        "tone_negative" | "tone_positive" => {
            ColumnMeaning::new("probability", PROBABILITY, format!("Mean of {measure} over {counted}"))
        }
        "loaded" => {
            ColumnMeaning::new("probability", PROBABILITY, format!("Mean probability of loaded wording over {counted}"))
        }
        "tone_negative_share" | "tone_positive_share" => {
            let tone = measure.trim_end_matches("_share").trim_start_matches("tone_");
            let meaning = format!("Share of {counted} of which {tone} is the most probable tone");
            ColumnMeaning::new("share", PROBABILITY, meaning)
        }
        "loaded_share" => {
            let meaning = format!("Share of {counted} with loaded at or above {}", run.thresholds.loaded);
            ColumnMeaning::new("share", PROBABILITY, meaning)
        }
        "terms_per_1000" => {
            let counted = counted.replace("sentences", "tokens").replace("that are", "of");
            ColumnMeaning::new("terms per 1,000 tokens", COUNT, format!("Loaded terms per 1,000 tokens, {counted}"))
        }
        _ => return article_frame(measure.strip_prefix("frame_")?, counted, run),
    })
}

fn article_frame(rest: &str, counted: &str, run: &RunManifest) -> Option<ColumnMeaning> {
    if let Some((label, _)) = frame_of(rest, run) {
        let meaning = format!("Mean probability of the frame over {counted}: {label}");
        return Some(ColumnMeaning::new("probability", PROBABILITY, meaning));
    }
    let (label, threshold) = frame_of(rest.strip_suffix("_share")?, run)?;
    let meaning = format!("Share of {counted} that invoke the frame (score at or above {threshold}): {label}");
    Some(ColumnMeaning::new("share", PROBABILITY, meaning))
}

/// A frame's label with its description, and its threshold.
fn frame_of(name: &str, run: &RunManifest) -> Option<(String, f32)> {
    let at = run.scheme.frames.iter().position(|frame| frame.name == name)?;
    let frame = &run.scheme.frames[at];
    let label = match frame.description.as_str() {
        "" => frame.label.clone(),
        description => format!("{} ({description})", frame.label),
    };
    Some((label, run.thresholds.frames.get(at).copied().unwrap_or(f32::NAN)))
}
