//! Frame schemes: which frames there are, and how each is put to a model.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result, unknown};
use crate::run_folder::{FrameUsed, SchemeUsed};

/// A set of frames, from a TOML file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// snake_case.
    pub name: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// Citation.
    #[serde(default)]
    pub source: String,
    #[serde(rename = "frame")]
    pub frames: Vec<Frame>,
}

/// One frame.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// snake_case; the tables' column is `frame_<name>`.
    pub name: String,
    /// Readable; it stands in for missing hypotheses as "This text is about LABEL."
    pub label: String,
    #[serde(default)]
    pub description: String,
    /// Full sentences that a sentence of this frame would entail. Scores are averaged over them.
    #[serde(default)]
    pub hypotheses: Vec<String>,
    /// Cut-off for this frame's shares, in place of the model's.
    pub threshold: Option<f32>,
}

/// Schemes that come with the program.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("policy_frames", include_str!("../../../../seeds/frames/policy_frames.toml")),
    ("generic_news", include_str!("../../../../seeds/frames/generic_news.toml")),
    ("episodic_thematic", include_str!("../../../../seeds/frames/episodic_thematic.toml")),
    ("immigration", include_str!("../../../../seeds/frames/immigration.toml")),
];

impl Scheme {
    /// A built-in scheme by name, or one's own by the path of its TOML file.
    ///
    /// # Errors
    /// Neither a file nor a known name (the nearest is named), or a file that does not hold a scheme.
    pub fn find(name_or_path: &str) -> Result<Self> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(text, name_or_path);
        }
        let path = Path::new(name_or_path);
        if path.extension().is_none() && !path.exists() {
            let what = unknown("frame scheme", name_or_path, BUILT_IN.iter().map(|(name, _)| *name));
            return Err(Error::Config(format!("{what} (or give the path of a TOML file)")));
        }
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Self::parse(&text, name_or_path)
    }

    /// Reads a scheme; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let fail = |reason: String| Error::Config(format!("frame scheme {origin}: {reason}"));
        let mut scheme: Self = toml::from_str(text).map_err(|e| fail(e.to_string()))?;
        if scheme.frames.is_empty() {
            return Err(fail("has no [[frame]]".into()));
        }
        let mut seen = BTreeSet::new();
        for frame in &mut scheme.frames {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if frame.name.is_empty() || !frame.name.chars().all(plain) {
                return Err(fail(format!("frame name \"{}\" must be lower-case letters, digits and _", frame.name)));
            }
            if !seen.insert(frame.name.clone()) {
                return Err(fail(format!("frame \"{}\" stands twice", frame.name)));
            }
            if frame.threshold.is_some_and(|t| !(0.0..=1.0).contains(&t)) {
                return Err(fail(format!("frame \"{}\": threshold must be in 0..=1", frame.name)));
            }
            frame.hypotheses.retain(|h| !h.trim().is_empty());
            if frame.hypotheses.is_empty() {
                frame.hypotheses.push(format!("This text is about {}.", frame.label));
            }
        }
        Ok(scheme)
    }

    /// One a frame: its own, else `otherwise`.
    pub fn cutoffs(&self, otherwise: f32) -> Vec<f32> {
        self.frames.iter().map(|frame| frame.threshold.unwrap_or(otherwise)).collect()
    }

    /// For `run.json`.
    pub fn used(&self) -> SchemeUsed {
        let frames = self.frames.iter().map(|f| FrameUsed {
            name: f.name.clone(),
            label: f.label.clone(),
            description: f.description.clone(),
            hypotheses: f.hypotheses.clone(),
        });
        SchemeUsed {
            name: self.name.clone(),
            title: if self.title.is_empty() { self.name.clone() } else { self.title.clone() },
            source: self.source.clone(),
            frames: frames.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_schemes_parse_and_carry_their_name() {
        for (name, text) in BUILT_IN {
            let scheme = Scheme::parse(text, name).unwrap();
            assert_eq!(&scheme.name, name);
            assert!(scheme.frames.iter().all(|f| !f.description.is_empty()), "{name}");
        }
        assert_eq!(Scheme::find("policy_frames").unwrap().frames.len(), 15);
    }

    #[test]
    fn a_label_alone_is_enough() {
        let scheme = Scheme::parse("name = \"x\"\n[[frame]]\nname = \"a\"\nlabel = \"taxes\"", "x").unwrap();
        assert_eq!(scheme.frames[0].hypotheses, ["This text is about taxes."]);
    }

    #[test]
    fn mistakes_are_named() {
        let message = |text: &str| Scheme::parse(text, "mine.toml").unwrap_err().to_string();
        let twice = "name='x'\n[[frame]]\nname='a'\nlabel='l'\n[[frame]]\nname='a'\nlabel='l'";
        assert!(message(twice).contains("\"a\" stands twice"));
        assert!(message("name='x'\n[[frame]]\nname='A b'\nlabel='l'").contains("A b"));
        assert!(message("name='x'\n[[frame]]\nname='a'\nlabel='l'\nhypothesis='h'").contains("hypothesis"));
        assert!(Scheme::find("policy_frame").unwrap_err().to_string().contains("did you mean \"policy_frames\""));
    }
}
