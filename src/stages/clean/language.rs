//! Whether an article is in English. The models were trained on English: scores of other languages would mean nothing.

use whatlang::Lang;

/// Which languages a run takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Articles in another language are rejected.
    #[default]
    English,
    /// Nothing is rejected for its language.
    Any,
}

impl Language {
    /// The names that a flag or a configuration file may give.
    pub const NAMES: &'static [&'static str] = &["en", "any"];
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_lowercase().as_str() {
            "en" | "english" => Ok(Self::English),
            "any" => Ok(Self::Any),
            other => Err(crate::error::unknown("language", other, Self::NAMES.iter().copied())),
        }
    }
}

/// Fewer letters say too little.
const MIN_LETTERS: usize = 60;
/// Below this many letters a text must have no English function word at all to be taken for another language.
const FEW_LETTERS: usize = 200;
/// So much of the text decides.
const SAMPLE: usize = 2_000;
/// whatlang's own measure, 0..=1: how far the best language is ahead of the second.
const MIN_CONFIDENCE: f64 = 0.9;

/// The language of a text by its English name, where it is surely not English.
pub fn other_than_english<'a>(passages: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let mut sample = String::with_capacity(SAMPLE + 512);
    for passage in passages {
        let room = SAMPLE.saturating_sub(sample.len());
        match passage.len() <= room {
            true => sample.push_str(passage),
            false => sample.extend(passage.chars().take(room)),
        }
        sample.push('\n');
        if sample.len() >= SAMPLE {
            break;
        }
    }
    let english = english_share(&sample);
    if english >= 0.125 {
        return None;
    }
    let letters = sample.chars().filter(|c| c.is_alphabetic()).count();
    if letters < MIN_LETTERS || (letters < FEW_LETTERS && english > 0.0) {
        return None;
    }
    let found = whatlang::detect(&sample)?;
    let sure = found.lang() != Lang::Eng && found.is_reliable() && found.confidence() >= MIN_CONFIDENCE;
    sure.then(|| found.lang().eng_name())
}

/// Share of the words that are these, which other languages hardly have: spares whatlang's work on nearly all articles.
fn english_share(sample: &str) -> f64 {
    const WORDS: &[&str] =
        &["the", "of", "and", "to", "that", "was", "for", "with", "on", "he", "she", "said", "this", "are"];
    let (mut all, mut english) = (0u32, 0u32);
    for word in sample.split_ascii_whitespace() {
        all += 1;
        english += u32::from(word.len() <= 4 && WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)));
    }
    f64::from(english) / f64::from(all.max(1))
}
