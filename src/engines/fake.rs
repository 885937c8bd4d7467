//! A deterministic engine for tests of everything around inference: numbers from a hash of the token ids. Its scores mean
//! nothing, and every place that shows them says so.

use super::{Batch, Engine, Output};
use crate::error::{Error, Result};

/// Answers each output with a fixed width.
pub struct Fake {
    outputs: Vec<(String, usize)>,
}

impl Fake {
    /// `outputs`: name and width of each.
    pub fn new(outputs: Vec<(String, usize)>) -> Self {
        Self { outputs }
    }
}

impl Engine for Fake {
    fn name(&self) -> String {
        "fake (for tests; its scores mean nothing)".into()
    }

    fn outputs(&self) -> Vec<String> {
        self.outputs.iter().map(|(name, _)| name.clone()).collect()
    }

    fn run(&self, batch: Batch<'_>, outputs: &[&str]) -> Result<Vec<Output>> {
        let rows = || batch.ids.chunks_exact(batch.length).zip(batch.segments.chunks_exact(batch.length));
        outputs
            .iter()
            .map(|wanted| {
                let (_, width) = self
                    .outputs
                    .iter()
                    .find(|(name, _)| name == wanted)
                    .ok_or_else(|| Error::Engine(format!("the fake engine has no output {wanted}")))?;
                let values = rows().flat_map(|(ids, segments)| (0..*width).map(move |i| value(ids, segments, i)));
                Ok(Output { width: *width, values: values.collect() })
            })
            .collect()
    }
}

/// In -3..3, from an FNV-1a hash of the row and the column.
fn value(ids: &[u32], segments: &[u32], column: usize) -> f32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for token in ids.iter().chain(segments).chain([&(column as u32)]) {
        hash = (hash ^ u64::from(*token)).wrapping_mul(0x0100_0000_01b3);
    }
    ((hash >> 40) as f32 / (1u64 << 24) as f32) * 6.0 - 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        let fake = Fake::new(vec![("logits".into(), 3)]);
        let both = fake.run(Batch { ids: &[1, 2, 3, 4], segments: &[0; 4], length: 2 }, &["logits"]).unwrap();
        let second = fake.run(Batch { ids: &[3, 4], segments: &[0; 2], length: 2 }, &["logits"]).unwrap();
        assert_eq!(both[0].rows().nth(1), second[0].rows().next());
        assert_ne!(both[0].rows().next(), both[0].rows().nth(1));
    }
}
