//! What a student and the cross-encoder say of the sentences that both read.

use super::article_sums::grow;

/// Totals of each cell over the sentences that the cross-encoder read, a vector a frame.
#[derive(Debug, Default)]
pub struct Sampled {
    pub sentences: Vec<u32>,
    /// Of the cross-encoder's scores, and of the student's on the same sentences.
    pub cross: Vec<Vec<f64>>,
    pub student: Vec<Vec<f64>>,
    /// Sentences at or above the cut-off, likewise.
    pub cross_hits: Vec<Vec<u32>>,
    pub student_hits: Vec<Vec<u32>>,
}

impl Sampled {
    /// No cells yet.
    pub fn of(frames: usize) -> Self {
        let (scores, hits) = (vec![Vec::new(); frames], vec![Vec::new(); frames]);
        Self {
            sentences: Vec::new(),
            cross: scores.clone(),
            student: scores,
            cross_hits: hits.clone(),
            student_hits: hits,
        }
    }

    pub fn resize(&mut self, cells: usize) {
        grow(&mut self.sentences, cells);
        self.cross.iter_mut().chain(&mut self.student).for_each(|totals| grow(totals, cells));
        self.cross_hits.iter_mut().chain(&mut self.student_hits).for_each(|hits| grow(hits, cells));
    }

    /// Adds a sentence's scores for a frame, the cross-encoder's and the student's.
    pub fn add(&mut self, frame: usize, cell: usize, (cross, student): (f32, f32), cutoff: f32) {
        self.sentences[cell] += u32::from(frame == 0);
        self.cross[frame][cell] += f64::from(cross);
        self.student[frame][cell] += f64::from(student);
        self.cross_hits[frame][cell] += u32::from(cross >= cutoff);
        self.student_hits[frame][cell] += u32::from(student >= cutoff);
    }
}
