//! Measures the segment stage on annotated attributions: `cargo run --example measure_quotes FILE.jsonl[.gz]`.
//!
//! One JSON object a line: `text`, and `attributions` with `kind` (direct, mixed, indirect), `content`, `cue` and
//! `source` as lists of `{start, end}` in characters, and `source_text`.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use framescope::record::{Alignment, Article, Block, CleanArticle, Field, Part, RepairedText, Sentence, Source, Voice};
use framescope::stages::segment::{SegmentOptions, Segmenter};
use rand::{Rng, SeedableRng};
use serde_json::Value;

#[derive(Default, Clone)]
struct Counts {
    right: usize,
    predicted: usize,
    gold: usize,
}

fn ratio(n: usize, of: usize) -> f64 {
    n as f64 / of.max(1) as f64
}

/// The counts of each article, and 95 % intervals that draw articles: what stands in one is judged alike.
fn show(articles: &[Counts], what: &str) {
    let sum = |drawn: &mut dyn Iterator<Item = &Counts>| {
        drawn.fold(Counts::default(), |a, b| Counts {
            right: a.right + b.right,
            predicted: a.predicted + b.predicted,
            gold: a.gold + b.gold,
        })
    };
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(6);
    let mut draws: [Vec<f64>; 2] = Default::default();
    for _ in 0..4000 {
        let drawn = sum(&mut (0..articles.len()).map(|_| &articles[rng.random_range(0..articles.len())]));
        draws[0].push(ratio(drawn.right, drawn.predicted));
        draws[1].push(ratio(drawn.right, drawn.gold));
    }
    let [precision, recall] = draws.map(|mut draws| {
        draws.sort_by(f64::total_cmp);
        format!("({:.3} to {:.3})", draws[99], draws[3899])
    });
    let all = sum(&mut articles.iter());
    println!(
        "{what}: precision {:.3} {precision} recall {:.3} {recall} (right {}, predicted {}, gold {}, articles {})",
        ratio(all.right, all.predicted),
        ratio(all.right, all.gold),
        all.right,
        all.predicted,
        all.gold,
        articles.len()
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: measure_quotes FILE.jsonl[.gz]")?;
    let verbose = std::env::args().nth(2).is_some();
    let file = std::fs::File::open(&path)?;
    let reader: Box<dyn Read> =
        if path.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let segmenter = Segmenter::new(&SegmentOptions::default());
    let [mut spans, mut speakers, mut indirect, mut said]: [Vec<Counts>; 4] = Default::default();
    let mut without_speaker = 0;
    for line in BufReader::new(reader).lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = record["text"].as_str().unwrap_or("").to_owned();
        let sentences = segmenter.segment(&clean(&text));
        let gold = attributions(&record, &text);
        for counts in [&mut spans, &mut speakers, &mut indirect, &mut said] {
            counts.push(Counts::default());
        }
        let [Some(span), Some(speaker), Some(all), Some(says)] =
            [spans.last_mut(), speakers.last_mut(), indirect.last_mut(), said.last_mut()]
        else {
            unreachable!("they have just been pushed")
        };
        count_spans(&text, &sentences, &gold, span, verbose);
        count_indirect(&sentences, &gold, false, all, verbose);
        count_indirect(&sentences, &gold, true, says, false);
        without_speaker += count_speakers(&sentences, &gold, speaker, verbose);
    }
    show(&spans, "characters of direct quotation");
    show(&speakers, "speaker of quoted sentences with a named source");
    println!("   of these without a speaker: {without_speaker}");
    show(&indirect, "sentences of indirect speech, any attribution");
    show(&said, "   the same, where the cue is a verb of saying (its recall counts)");
    Ok(())
}

struct Attribution {
    kind: String,
    content: Vec<Range<usize>>,
    cue: Vec<Range<usize>>,
    /// The cue is a word of saying, not of thinking, wanting, planning or doing.
    says: bool,
    source: String,
}

const SAYING: [&str; 16] = [
    "said",
    "say",
    "saying",
    "told",
    "according",
    "argue",
    "claim",
    "warn",
    "added",
    "noted",
    "explained",
    "announced",
    "insist",
    "acknowledge",
    "stated",
    "asserted",
];

fn attributions(record: &Value, text: &str) -> Vec<Attribution> {
    let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bytes.push(text.len());
    let ranges = |value: &Value| -> Vec<Range<usize>> {
        let at = |v: &Value| bytes[(v.as_u64().unwrap_or(0) as usize).min(bytes.len() - 1)];
        value.as_array().into_iter().flatten().map(|range| at(&range["start"])..at(&range["end"])).collect()
    };
    let each = record["attributions"].as_array().into_iter().flatten();
    each.map(|a| Attribution {
        kind: a["kind"].as_str().unwrap_or("").to_owned(),
        content: ranges(&a["content"]),
        cue: ranges(&a["cue"]),
        says: SAYING.iter().any(|verb| a["cue_text"].as_str().unwrap_or("").to_lowercase().contains(verb)),
        source: a["source_text"].as_str().unwrap_or("").to_owned(),
    })
    .collect()
}

fn clean(text: &str) -> CleanArticle {
    let repaired = |text: &str| RepairedText { text: text.to_owned(), alignment: Alignment::default() };
    let mut blocks = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let end = start + line.trim().len();
        if start < end {
            blocks.push(Block { field: Field::Text, part: Part::Body, range: start..end });
        }
        at += line.len() + 1;
    }
    let article = Article {
        id: "measured".into(),
        source: Source { file: "measured".into(), row: None },
        title: String::new(),
        deck: None,
        text: text.to_owned(),
        outlet: None,
        author: None,
        published: None,
        url: None,
        section: None,
    };
    let (title, deck) = (repaired(""), repaired(""));
    CleanArticle { article, title, deck, text: repaired(text), blocks, removals: Vec::new(), agency: None }
}

/// Letters and digits between quotation marks: all of a direct quotation, the marked stretches of a mixed one.
fn gold_quoted(text: &str, gold: &[Attribution]) -> HashSet<usize> {
    let mut quoted = HashSet::new();
    for attribution in gold.iter().filter(|a| a.kind != "indirect") {
        let mut inside = attribution.kind == "direct";
        for range in &attribution.content {
            for (at, c) in text[range.clone()].char_indices() {
                let doubled = text[range.start + at..].starts_with("''");
                match c {
                    '\'' if doubled && attribution.kind == "mixed" => inside = !inside,
                    '“' if attribution.kind == "mixed" => inside = true,
                    '”' if attribution.kind == "mixed" => inside = false,
                    '"' if attribution.kind == "mixed" => inside = !inside,
                    c if inside && c.is_alphanumeric() => drop(quoted.insert(range.start + at)),
                    _ => {}
                }
            }
        }
    }
    quoted
}

fn count_spans(text: &str, sentences: &[Sentence], gold: &[Attribution], counts: &mut Counts, show: bool) {
    let gold = gold_quoted(text, gold);
    let mut predicted = HashSet::new();
    for sentence in sentences {
        for range in &sentence.quoted {
            let letters = sentence.text[range.clone()].char_indices().filter(|(_, c)| c.is_alphanumeric());
            let found: Vec<usize> = letters.map(|(at, _)| sentence.start + range.start + at).collect();
            if show && !found.iter().any(|at| gold.contains(at)) {
                println!("SPAN not annotated: {:?} in: {}", &sentence.text[range.clone()], sentence.text);
            }
            predicted.extend(found);
        }
        let missed = (sentence.start..sentence.end).filter(|at| gold.contains(at) && !predicted.contains(at)).count();
        if show && missed > 5 {
            println!("SPAN missed {missed}: {}", sentence.text);
        }
    }
    counts.right += gold.intersection(&predicted).count();
    counts.predicted += predicted.len();
    counts.gold += gold.len();
}

fn overlap(range: &Range<usize>, sentence: &Sentence) -> bool {
    range.start < sentence.end && sentence.start < range.end
}

/// A source is scored where it ends in a capitalised word and is not a description ("the mayor of Springfield").
fn head(source: &str) -> Option<&str> {
    let head = source.split([',', '(']).next()?.trim().split(' ').next_back()?;
    let head = head.trim_end_matches("'s").trim_end_matches("’s").trim_end_matches(|c: char| !c.is_alphanumeric());
    let described = source.starts_with("the ") || source.starts_with("a ") || source.contains(" of ");
    let pronoun = ["He", "She", "They", "I", "We", "It", "Who"].contains(&head);
    (!described && !pronoun && head.chars().next()?.is_uppercase()).then_some(head)
}

fn count_speakers(sentences: &[Sentence], gold: &[Attribution], counts: &mut Counts, show: bool) -> usize {
    let mut silent = 0;
    for sentence in sentences.iter().filter(|s| s.voice != Voice::Narration) {
        let quoted = |a: &&Attribution| a.kind != "indirect" && a.content.iter().any(|r| overlap(r, sentence));
        let heads: Vec<&str> = gold.iter().filter(quoted).filter_map(|a| head(&a.source)).collect();
        let all = gold.iter().filter(quoted).count();
        if heads.is_empty() || heads.len() < all {
            continue;
        }
        counts.gold += 1;
        let Some(speaker) = &sentence.speaker else {
            silent += 1;
            if show {
                println!("SPEAKER none, gold {heads:?}: {}", sentence.text);
            }
            continue;
        };
        counts.predicted += 1;
        if heads.iter().any(|head| speaker.contains(head)) {
            counts.right += 1;
        } else if show {
            println!("SPEAKER {speaker:?}, gold {heads:?}: {}", sentence.text);
        }
    }
    silent
}

fn count_indirect(sentences: &[Sentence], gold: &[Attribution], says: bool, counts: &mut Counts, show: bool) {
    for sentence in sentences.iter().filter(|s| s.voice == Voice::Narration) {
        let reported =
            |a: &&Attribution| a.kind == "indirect" && (a.says || !says) && a.cue.iter().any(|r| overlap(r, sentence));
        let gold = gold.iter().find(reported);
        counts.gold += usize::from(gold.is_some());
        counts.predicted += usize::from(sentence.indirect_speech);
        counts.right += usize::from(sentence.indirect_speech && gold.is_some());
        if show && sentence.indirect_speech != gold.is_some() {
            println!("INDIRECT predicted {}: {}", sentence.indirect_speech, sentence.text);
        }
    }
}
