//! Words and word sequences, from no list, that set an outlet apart.

use std::collections::HashMap;

use polars::prelude::*;
use serde::Serialize;

use super::wording::count;
use crate::error::Result;

const SHOWN: usize = 14;
const MOST_Q: f64 = 0.05;

#[derive(Debug, Clone, Serialize)]
pub struct NgramRow {
    pub ngram: String,
    /// Occurrences in the outlet and in the others, per 1,000 tokens.
    pub about: String,
}

/// The n-grams of each outlet in one voice (`narration` or `quotes`), most distinctive first.
///
/// # Errors
/// [`crate::Error::Tables`] for a table without the columns of the contract.
pub fn distinctive(table: &DataFrame, outlets: &[String], voice: &str) -> Result<Vec<Vec<NgramRow>>> {
    let at: HashMap<&str, usize> = outlets.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let text = |name: &str| -> Result<StringChunked> { Ok(table.column(name)?.str()?.clone()) };
    let number =
        |name: &str| -> Result<Float64Chunked> { Ok(table.column(name)?.cast(&DataType::Float64)?.f64()?.clone()) };
    let (outlet, voices, ngram) = (text("outlet")?, text("voice")?, text("ngram")?);
    let (occurrences, articles, q) = (number("count")?, number("n_articles_with_ngram")?, number("q")?);
    let (rate, rest, z) = (number("rate_per_1000")?, number("rate_per_1000_rest")?, number("z_articles")?);
    let mut by_outlet: Vec<Vec<(f64, NgramRow)>> = vec![Vec::new(); outlets.len()];
    for row in 0..table.height() {
        let Some(outlet) = outlet.get(row).and_then(|name| at.get(name)) else { continue };
        let (z, q) = (z.get(row).unwrap_or(0.0), q.get(row).unwrap_or(1.0));
        if voices.get(row) != Some(voice) || z <= 0.0 || q > MOST_Q {
            continue;
        }
        let of = |column: &Float64Chunked| column.get(row).unwrap_or(0.0);
        let about = format!(
            "{} times in {} articles; {:.2} per 1,000 tokens, {:.2} in the other outlets",
            count(of(&occurrences) as u64),
            count(of(&articles) as u64),
            of(&rate),
            of(&rest)
        );
        by_outlet[*outlet].push((z, NgramRow { ngram: ngram.get(row).unwrap_or("").to_owned(), about }));
    }
    Ok(by_outlet
        .into_iter()
        .map(|mut rows| {
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            rows.into_iter().take(SHOWN).map(|(_, row)| row).collect()
        })
        .collect())
}
