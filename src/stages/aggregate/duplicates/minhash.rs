//! MinHash signatures, and the pairs of articles that locality-sensitive hashing brings together.
//!
//! Broder 1997; Indyk & Motwani 1998. Two articles of Jaccard similarity s agree in a band of r values with probability
//! s^r, in one of b bands at least with 1 − (1 − s^r)^b: 99.6 % at the threshold of 0.5, 0.1 % at 0.03. Of each least value
//! the lower 16 bits are kept (Li & König 2010, *b-bit minwise hashing*), which are equal by chance once in 65,536 times.

use std::sync::LazyLock;

use rayon::prelude::*;

const BANDS: usize = 42;
const ROWS: usize = 3;
/// Values of a signature.
pub const VALUES: usize = BANDS * ROWS;
/// Of the articles that share a band, this many are paired with all the others: a page that stands a thousand times in a
/// collection costs a thousand times this, not a million.
const LEADERS: usize = 32;

/// An article's signature.
pub type Signature = [u16; VALUES];

/// Factors of the hash family h(x) = upper half of a·x + b (mod 2^64), a odd (Dietzfelbinger et al. 1997).
static FAMILY: LazyLock<[(u64, u64); VALUES]> = LazyLock::new(|| {
    let mut state = 0x5eed_u64;
    let mut next = || {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    std::array::from_fn(|_| (next() | 1, next()))
});

pub fn signature(shingles: &[u64]) -> Signature {
    let mut least = [u32::MAX; VALUES];
    for &shingle in shingles {
        for (least, (a, b)) in least.iter_mut().zip(FAMILY.iter()) {
            let value = (a.wrapping_mul(shingle).wrapping_add(*b) >> 32) as u32;
            *least = value.min(*least);
        }
    }
    least.map(|value| value as u16)
}

/// Share of equal values: an estimate of the Jaccard similarity, standard error at most 0.045.
pub fn estimate(a: &Signature, b: &Signature) -> f64 {
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / VALUES as f64
}

/// Signatures, and the place of each in the order in which articles may lead a cluster: `places[rank]`.
pub struct Signed {
    pub signatures: Vec<Signature>,
    pub places: Vec<u32>,
}

impl Signed {
    fn at(&self, rank: u32) -> &Signature {
        &self.signatures[self.places[rank as usize] as usize]
    }
}

/// Pairs that share a band and whose estimated similarity is at least `least`: ranks, the smaller first, sorted.
pub fn candidates(signed: &Signed, least: f64) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> =
        (0..BANDS).into_par_iter().flat_map_iter(|band| in_band(signed, band, least)).collect();
    pairs.par_sort_unstable();
    pairs.dedup();
    pairs
}

fn in_band(signed: &Signed, band: usize, least: f64) -> Vec<(u32, u32)> {
    let key = |signature: &Signature| -> [u16; ROWS] { std::array::from_fn(|row| signature[band * ROWS + row]) };
    let ranks = 0..signed.places.len() as u32;
    let mut keyed: Vec<([u16; ROWS], u32)> = ranks.map(|rank| (key(signed.at(rank)), rank)).collect();
    keyed.sort_unstable();
    let mut pairs = Vec::new();
    for bucket in keyed.chunk_by(|a, b| a.0 == b.0) {
        for (at, &(_, first)) in bucket.iter().take(LEADERS).enumerate() {
            let alike = |&(_, second): &([u16; ROWS], u32)| {
                let near = estimate(signed.at(first), signed.at(second)) >= least;
                near.then_some((first, second))
            };
            pairs.extend(bucket[at + 1..].iter().filter_map(alike));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(range: std::ops::Range<u64>) -> Vec<u64> {
        range.map(|value| rapidhash::v3::rapidhash_v3(&value.to_le_bytes())).collect()
    }

    #[test]
    fn the_estimate_is_within_four_standard_errors() {
        let base = signature(&set(0..600));
        for shared in [60, 300, 500] {
            let jaccard = shared as f64 / (1200 - shared) as f64;
            let found = estimate(&base, &signature(&set(600 - shared..1200 - shared)));
            let error = (jaccard * (1.0 - jaccard) / VALUES as f64).sqrt();
            assert!((found - jaccard).abs() < 4.0 * error, "{found} for {jaccard}");
        }
    }

    #[test]
    fn like_sets_are_candidates_and_unlike_ones_are_not() {
        let signatures: Vec<Signature> =
            [0..600, 1000..1600, 30..630, 2000..2600].map(|range| signature(&set(range))).into();
        let ranked = |places: [u32; 4]| Signed { signatures: signatures.clone(), places: places.into() };
        assert_eq!(candidates(&ranked([0, 1, 2, 3]), 0.3), [(0, 2)]);
        assert_eq!(candidates(&ranked([3, 2, 1, 0]), 0.3), [(1, 3)]);
    }
}
