//! How probable it is that two articles tell the same story.

use super::bags::{Bag, MOST_TERMS};

/// Days between two articles of one story at most; a story as a whole may last longer ([`super::linkage`]).
pub const WINDOW: i32 = 7;

/// Logistic regression on pairs labelled by hand (docs/stories.md): intercept, cosine of headline and lead, cosine of
/// the whole text, days between. A cosine of the names alone added nothing to the two, in which names weigh more.
const INTERCEPT: f32 = -2.0;
const LEAD: f32 = 20.0;
const FULL: f32 = 4.0;
const DAY: f32 = -1.5;
/// Slots of a [`Looked`], and bits of its sieve.
const SLOTS: usize = (4 * MOST_TERMS).next_power_of_two();
const BITS: usize = 8 * SLOTS;
const EMPTY: u32 = u32::MAX;

/// An article's bag with a table of its terms: a thousand others are compared with it. A sieve of bits, which stays in a processor's
/// nearest cache, lets through the terms that are in the bag and one in thirty of the others.
pub struct Looked<'a> {
    bag: &'a Bag,
    sieve: [u64; BITS / 64],
    terms: [u32; SLOTS],
    /// Places in the bag.
    places: [u8; SLOTS],
}

const _: () = assert!(MOST_TERMS <= u8::MAX as usize + 1);

impl<'a> Looked<'a> {
    pub fn new(bag: &'a Bag) -> Self {
        let mut looked = Self { bag, sieve: [0; BITS / 64], terms: [EMPTY; SLOTS], places: [0; SLOTS] };
        for (place, &term) in (0..).zip(&bag.terms) {
            let bit = hash(term, BITS);
            looked.sieve[bit / 64] |= 1 << (bit % 64);
            let mut slot = hash(term, SLOTS);
            while looked.terms[slot] != EMPTY {
                slot = (slot + 1) % SLOTS;
            }
            looked.terms[slot] = term;
            looked.places[slot] = place;
        }
        looked
    }

    /// The probability that another article, published so many days before or after, tells the same story; `None` where it is less
    /// than `least`.
    pub fn probability(&self, other: &Bag, days: Option<i32>, least: f32) -> Option<f32> {
        let leading = other.lead.len();
        let mut cosines = [0.0; 2];
        self.common(&other.terms[..leading], |own, at| {
            cosines[0] += self.bag.lead.get(own).map_or(0.0, |lead| lead * other.lead[at]);
            cosines[1] += self.bag.full[own] * other.full[at];
        });
        // Most pairs are done here: days apart, they would have to be more alike in what comes first. What the other terms can add is at
        // most the length of their part of the vector (Cauchy and Schwarz).
        if probability([cosines[0], cosines[1] + other.rest], days) < least {
            return None;
        }
        self.common(&other.terms[leading..], |own, at| cosines[1] += self.bag.full[own] * other.full[leading + at]);
        Some(probability(cosines, days)).filter(|probability| *probability >= least)
    }

    /// Hands over the places of each term that the bag has too: in the bag, and among `terms`, of which there are no more than a bag has.
    fn common(&self, terms: &[u32], mut take: impl FnMut(usize, usize)) {
        let mut sieved = [0u8; MOST_TERMS];
        let mut count = 0;
        // Without a branch: which terms pass is not to be foreseen.
        for (at, &term) in terms.iter().enumerate() {
            let bit = hash(term, BITS);
            sieved[count] = at as u8;
            count += (self.sieve[bit / 64] >> (bit % 64) & 1) as usize;
        }
        for &at in &sieved[..count] {
            let at = usize::from(at);
            if let Some(own) = self.place(terms[at]) {
                take(own, at);
            }
        }
    }

    fn place(&self, term: u32) -> Option<usize> {
        let mut slot = hash(term, SLOTS);
        while self.terms[slot] != term {
            if self.terms[slot] == EMPTY {
                return None;
            }
            slot = (slot + 1) % SLOTS;
        }
        Some(usize::from(self.places[slot]))
    }
}

/// Knuth's multiplicative hash, to a number below `size`, a power of two.
fn hash(term: u32, size: usize) -> usize {
    (term.wrapping_mul(0x9E37_79B1) >> (u32::BITS - size.ilog2())) as usize
}

/// Probability of the same story, from the cosines of headline and lead and of the whole text and the days between; where a date is not
/// known the days are taken as the most.
fn probability([lead, full]: [f32; 2], days: Option<i32>) -> f32 {
    let days = days.map_or(WINDOW, i32::abs) as f32;
    let logit = INTERCEPT + LEAD * lead + FULL * full + DAY * days;
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Terms that fall into the same slots, in and out of both bags, against every pair compared.
    #[test]
    fn looking_up_finds_what_comparing_all_terms_does() {
        let bag = |terms: Vec<u32>, leading: usize| {
            let weights = |count: usize| (0..count).map(|at| 0.01 + at as f32 * 0.0005).collect::<Vec<f32>>();
            let full = weights(terms.len());
            let rest = full[leading..].iter().map(|weight| weight * weight).sum::<f32>().sqrt();
            Bag { lead: weights(leading), full, terms, rest }
        };
        let a = bag((0..240).map(|n| n * 7919).collect(), 90);
        let b = bag((0..200).map(|n| n * 7919 * 2 + n % 3 / 2).collect(), 60);
        let common = |of: fn(&Bag) -> &[f32]| -> f32 {
            let (mine, others) = (of(&a), of(&b));
            let pairs = mine.iter().zip(&a.terms).flat_map(|x| others.iter().zip(&b.terms).map(move |y| (x, y)));
            pairs.filter(|((_, mine), (_, others))| mine == others).map(|((x, _), (y, _))| x * y).sum()
        };
        let (lead, full) = (common(|bag| &bag.lead), common(|bag| &bag.full));
        assert!(lead > 0.0 && full > lead, "{lead} {full}");
        let expected = probability([lead, full], Some(3));
        let found = Looked::new(&a).probability(&b, Some(-3), 0.0).unwrap();
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        assert_eq!(Looked::new(&a).probability(&b, Some(3), expected + 0.01), None);
    }
}
