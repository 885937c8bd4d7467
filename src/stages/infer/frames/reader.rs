//! The frame side of the classifier: the scorer in force, with the models that it needs beside the sentence model.

use sha2::{Digest, Sha256};

use super::cross::reading;
use super::{Cascade, CrossScorer, EmbeddingScorer, FrameReading, Lesson, Scheme, Scorer, Stack, Student};
use crate::engines::Output;
use crate::error::{Error, Result};
use crate::stages::infer::classifier::Loaded;
use crate::stages::infer::models::{Manifest, StackedEntry};
use crate::stages::infer::tokens::Piece;

/// Reads the frames of sentences.
pub(in crate::stages::infer) struct FrameReader {
    how: How,
    /// The model of the sentence vectors and that of the pairs, where they are not the sentence model.
    vectors: Option<Loaded>,
    pair: Option<Loaded>,
}

enum How {
    Cross(Cross),
    Embedding(EmbeddingScorer),
    Cascade(Cascade),
    /// `taught` once it has learnt.
    Student {
        cross: Cross,
        taught: Option<Student>,
    },
}

/// The reference: the cross-encoder, and the vectors where they are weighed in.
struct Cross {
    pairs: CrossScorer,
    stack: Option<Stack>,
}

impl Cross {
    fn weights(&self) -> Option<StackedEntry> {
        self.stack.as_ref().map(|stack| stack.entry)
    }
}

/// Sentences as the sentence model has them.
#[derive(Clone, Copy)]
pub(in crate::stages::infer) struct Sentences<'a> {
    pub model: &'a Loaded,
    pub texts: &'a [&'a str],
    pub pieces: &'a [Piece],
    /// Its own vectors, where [`FrameReader::shares_vectors`].
    pub vectors: Option<&'a Output>,
}

impl FrameReader {
    /// Also the cut-off of a frame that the scheme gives none. `pair` takes the place of the manifest's pair model.
    pub fn new(
        (scorer, budget): (Scorer, usize),
        scheme: &Scheme,
        manifest: &Manifest,
        sentence: &Loaded,
        pair: Option<Loaded>,
        load: &mut dyn FnMut(&str) -> Result<Loaded>,
    ) -> Result<(Self, f32)> {
        let mut other = |name: &str| (name != manifest.sentence_model).then(|| load(name)).transpose();
        // The weights are those of our own pair model.
        let stacked = manifest.stacked.filter(|_| pair.is_none());
        let alone = scorer == Scorer::Cross && stacked.is_none();
        let vectors = if alone { None } else { other(&manifest.vector_model)? };
        let pair = match pair {
            None if scorer != Scorer::Embedding => other(&manifest.pair_model)?,
            given => given,
        };
        let embedding = || {
            let model = vectors.as_ref().unwrap_or(sentence);
            let entry = model.embedding()?;
            Ok::<_, Error>((
                EmbeddingScorer::new(scheme, entry, model.engine.as_ref(), &model.tokenizer)?,
                entry.threshold,
            ))
        };
        let cross = || {
            let model = pair.as_ref().unwrap_or(sentence);
            let head = model.entry.head("frames")?;
            let threshold = stacked.map_or(head.threshold, |stacked| Some(stacked.threshold)).unwrap_or(0.5);
            Ok::<_, Error>((CrossScorer::new(scheme, head, &model.tokenizer)?, threshold))
        };
        let reference = || {
            let (pairs, threshold) = cross()?;
            let stack = stacked.map(|entry| Ok::<_, Error>(Stack { vectors: embedding()?.0, entry })).transpose()?;
            Ok::<_, Error>((Cross { pairs, stack }, threshold))
        };
        let (how, threshold) = match scorer {
            Scorer::Embedding => {
                let (scorer, threshold) = embedding()?;
                (How::Embedding(scorer), threshold)
            }
            Scorer::Cross => {
                let (cross, threshold) = reference()?;
                (How::Cross(cross), threshold)
            }
            Scorer::Cascade => {
                let ((first, _), (second, threshold)) = (embedding()?, cross()?);
                let line = manifest.cascade.ok_or_else(|| {
                    Error::Config(
                        "the models' manifest has no [cascade]; use --scorer embedding, cross or student".into(),
                    )
                })?;
                let cutoffs = scheme.cutoffs(threshold);
                (How::Cascade(Cascade::new(first, second, stacked, line, &cutoffs, budget)), threshold)
            }
            Scorer::Student => {
                vectors.as_ref().unwrap_or(sentence).embedding()?;
                let (cross, threshold) = reference()?;
                (How::Student { cross, taught: None }, threshold)
            }
        };
        Ok((Self { how, vectors, pair }, threshold))
    }

    /// Everything that a reading depends on besides the text, the scheme and the cut-offs.
    pub fn identity(&self) -> String {
        let how = match &self.how {
            How::Cross(cross) => format!("cross {:?}", cross.weights()),
            How::Embedding(_) => "embedding".into(),
            How::Cascade(cascade) => format!("cascade {:?}", cascade.settings()),
            How::Student { taught, cross } => {
                let student = serde_json::to_vec(taught).expect("weights are plain JSON");
                format!("student {:x?} {:?}", Sha256::digest(student).as_slice(), cross.weights())
            }
        };
        let models = [&self.vectors, &self.pair].map(|model| model.as_ref().map(Loaded::identity));
        format!("{how} {models:?}")
    }

    /// Whether the sentence model's own pass is to give the vectors.
    pub fn shares_vectors(&self) -> bool {
        self.vectors.is_none() && !matches!(self.how, How::Cross(Cross { stack: None, .. }))
    }

    /// Model passes a sentence beside the sentence model's own.
    pub fn passes_per_sentence(&self) -> usize {
        let vectors = usize::from(self.vectors.is_some());
        match &self.how {
            How::Cross(cross) => vectors + cross.pairs.pairs_per_sentence(),
            How::Cascade(cascade) => vectors + cascade.budget(),
            How::Embedding(_) | How::Student { .. } => vectors,
        }
    }

    /// Passes that a text of the sample costs, all in all.
    pub fn lesson_passes(&self) -> usize {
        match &self.how {
            How::Student { cross, .. } => 1 + cross.pairs.pairs_per_sentence(),
            _ => self.passes_per_sentence(),
        }
    }

    /// One reading a sentence.
    pub fn read(&self, sentences: Sentences<'_>, done: &(dyn Fn(usize) + Sync)) -> Result<Vec<FrameReading>> {
        match &self.how {
            How::Cross(cross) => {
                let vectors = cross.stack.as_ref().map(|_| self.vectors(sentences, done)).transpose()?;
                self.cross(cross, sentences, vectors.as_ref(), done)
            }
            How::Embedding(scorer) => {
                Ok(self.vectors(sentences, done)?.rows().map(|vector| scorer.read(vector)).collect())
            }
            How::Cascade(cascade) => {
                let vectors = self.vectors(sentences, done)?;
                let model = self.pair.as_ref().unwrap_or(sentences.model);
                let pieces = pieces(model, sentences)?;
                cascade.score(vectors.rows(), (model.engine.as_ref(), &model.tokenizer, &pieces), done)
            }
            How::Student { taught, .. } => {
                let student = taught
                    .as_ref()
                    .ok_or_else(|| Error::Config("the student scorer has to learn from a sample first".into()))?;
                Ok(self.vectors(sentences, done)?.rows().map(|vector| student.read(vector)).collect())
            }
        }
    }

    /// What the cross-encoder says of a sample, and what a student that learns from it says of what it has not seen of it. Only of
    /// [`Scorer::Student`].
    pub fn teach(&mut self, sentences: Sentences<'_>, done: &(dyn Fn(usize) + Sync)) -> Result<[Vec<FrameReading>; 2]> {
        let How::Student { cross, .. } = &self.how else {
            return Err(Error::Config("only the student scorer learns".into()));
        };
        let vectors = self.vectors(sentences, done)?;
        let readings = self.cross(cross, sentences, Some(&vectors), done)?;
        let lessons = vectors.rows().zip(&readings);
        let lessons: Vec<Lesson> =
            lessons.map(|(vector, reading)| Lesson { vector, cross: &reading.probabilities }).collect();
        let frames = readings.first().map_or(0, |reading| reading.probabilities.len());
        let (student, unseen) = Student::learn(&lessons, frames);
        self.set_student(student);
        Ok([readings, unseen])
    }

    pub fn student(&self) -> Option<&Student> {
        match &self.how {
            How::Student { taught, .. } => taught.as_ref(),
            _ => None,
        }
    }

    pub fn set_student(&mut self, student: Student) {
        if let How::Student { taught, .. } = &mut self.how {
            *taught = Some(student);
        }
    }

    fn cross(
        &self,
        cross: &Cross,
        sentences: Sentences<'_>,
        vectors: Option<&Output>,
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<FrameReading>> {
        let model = self.pair.as_ref().unwrap_or(sentences.model);
        let pieces = pieces(model, sentences)?;
        let mut judged = cross.pairs.judge_all(model.engine.as_ref(), &model.tokenizer, &pieces, done)?;
        if let (Some(stack), Some(vectors)) = (&cross.stack, vectors) {
            judged.iter_mut().zip(vectors.rows()).for_each(|(frames, vector)| stack.with(frames, vector));
        }
        Ok(judged.iter().map(|frames| reading(frames)).collect())
    }

    fn vectors(&self, sentences: Sentences<'_>, done: &(dyn Fn(usize) + Sync)) -> Result<Output> {
        let Some(model) = &self.vectors else {
            return Ok(sentences.vectors.expect("asked of the sentence model").clone());
        };
        model.run_alone(&pieces(model, sentences)?, &model.embedding()?.output, done)
    }
}

/// The sentence model's pieces serve every model that cuts text in the same way: no text is tokenised twice.
fn pieces<'a>(model: &Loaded, sentences: Sentences<'a>) -> Result<std::borrow::Cow<'a, [Piece]>> {
    if model.cuts_text_like(sentences.model) {
        return Ok(sentences.pieces.into());
    }
    model.pieces(sentences.texts).map(Into::into)
}
