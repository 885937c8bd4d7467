//! The most telling sentences: the highest scores in narration that reports no one's speech, a few a frame, spread over articles and outlets.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use chrono::{Duration, NaiveDate};
use polars::prelude::*;
use serde::Serialize;

use super::best::{Origin, Scored, best, origins};
use super::sheet::escape;
use crate::error::Result;
use crate::record::UNKNOWN_OUTLET;
use crate::stages::aggregate::scan;

const FROM_ONE_ARTICLE: usize = 1;
const LONGEST: usize = 420;

/// How many sentences are picked a score.
#[derive(Debug, Clone, Copy)]
pub struct Picked {
    /// Over all outlets, and of those at most from one outlet.
    pub overall: usize,
    pub from_one_outlet: usize,
    /// For each outlet on its own.
    pub each_outlet: usize,
}

/// A sentence as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Telling {
    /// Index into the page's outlets.
    pub outlet: Option<usize>,
    pub outlet_name: String,
    pub date: String,
    pub title: String,
    /// Only `http` and `https`.
    pub url: Option<String>,
    /// Escaped markup: the text with its loaded terms marked.
    pub text: String,
    /// 0 to 100.
    pub score: u32,
}

/// Of one score: the sentences over all outlets, best first, then those of each.
pub type Chosen = (Vec<Telling>, Vec<Vec<Telling>>);

/// Sentences with the highest scores at or above their thresholds, for each of the `columns`.
///
/// # Errors
/// [`crate::Error::Tables`] if the sentence table cannot be read or lacks a column.
pub fn pick(sentences: &Path, columns: &[(String, f32)], outlets: &[String], picked: Picked) -> Result<Vec<Chosen>> {
    let best = best(sentences, columns)?;
    let origins = origins(sentences, best.iter().flatten().map(|scored| scored.row), outlets)?;
    let chosen: Vec<(Spread, Vec<Spread>)> =
        best.iter().map(|best| choose(best, &origins, outlets.len(), picked)).collect();
    let spreads = chosen.iter().flat_map(|(overall, each)| std::iter::once(overall).chain(each));
    let rows: BTreeSet<usize> = spreads.flat_map(|spread| &spread.chosen).map(|(scored, _)| scored.row).collect();
    let shown = shown(sentences, &rows.into_iter().collect::<Vec<_>>())?;
    let sentences = |spread: Spread| -> Vec<Telling> {
        let sentence = |(scored, origin): (Scored, Origin)| Telling {
            outlet: origin.outlet,
            score: (f64::from(scored.score) * 100.0).round() as u32,
            ..shown[&scored.row].clone()
        };
        spread.chosen.into_iter().map(sentence).collect()
    };
    Ok(chosen.into_iter().map(|(all, each)| (sentences(all), each.into_iter().map(sentences).collect())).collect())
}

/// Sentences that no article and no reprint takes over.
#[derive(Debug, Clone, Default)]
struct Spread {
    chosen: Vec<(Scored, Origin)>,
}

impl Spread {
    fn of_outlet(&self, outlet: u64) -> usize {
        self.chosen.iter().filter(|(_, origin)| origin.outlet_hash == outlet).count()
    }

    /// Takes the sentence unless its article, or a reprint of it, already speaks.
    fn take(&mut self, scored: Scored, own: Origin) {
        let from_article = self.chosen.iter().filter(|(_, origin)| origin.article == own.article).count();
        let told = self.chosen.iter().any(|(_, origin)| origin.text == own.text);
        if from_article < FROM_ONE_ARTICLE && !told {
            self.chosen.push((scored, own));
        }
    }
}

fn choose(best: &[Scored], origins: &HashMap<usize, Origin>, outlets: usize, picked: Picked) -> (Spread, Vec<Spread>) {
    let (mut overall, mut each) = (Spread::default(), vec![Spread::default(); outlets]);
    for &scored in best {
        let origin = origins[&scored.row];
        if overall.chosen.len() < picked.overall && overall.of_outlet(origin.outlet_hash) < picked.from_one_outlet {
            overall.take(scored, origin);
        }
        if let Some(own) = origin.outlet.map(|at| &mut each[at])
            && own.chosen.len() < picked.each_outlet
        {
            own.take(scored, origin);
        }
    }
    (overall, each)
}

/// The sentences of these rows, without outlet and score.
fn shown(sentences: &Path, rows: &[usize]) -> Result<HashMap<usize, Telling>> {
    let wanted = ["outlet", "date", "title", "url", "text", "terms"].map(String::from);
    let mut shown = HashMap::new();
    scan::for_rows(sentences, &wanted, rows, |batch, from, rows| {
        for &row in rows {
            shown.insert(row, telling(batch, row - from)?);
        }
        Ok(())
    })?;
    Ok(shown)
}

fn telling(table: &DataFrame, row: usize) -> Result<Telling> {
    let text = |name: &str| -> Result<Option<String>> { Ok(table.column(name)?.str()?.get(row).map(str::to_owned)) };
    let date = table.column("date")?.date()?.physical().get(row);
    let hits = hits(&table.column("terms")?.get(row)?)?;
    Ok(Telling {
        outlet: None,
        score: 0,
        outlet_name: text("outlet")?.unwrap_or_else(|| UNKNOWN_OUTLET.into()),
        date: date.map(|days| (NaiveDate::default() + Duration::days(i64::from(days))).to_string()).unwrap_or_default(),
        title: text("title")?.unwrap_or_default(),
        url: text("url")?.filter(|url| is_web_address(url)),
        text: marked(&text("text")?.unwrap_or_default(), &hits),
    })
}

/// A link may only lead to the web: no `javascript:`, no `data:`.
pub fn is_web_address(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")) && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// (start, end, category) of each loaded term.
pub fn hits(value: &AnyValue<'_>) -> Result<Vec<(usize, usize, String)>> {
    let AnyValue::List(list) = value else { return Ok(Vec::new()) };
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let fields = list.struct_()?;
    let number = |name: &str| -> Result<Vec<usize>> {
        Ok(fields
            .field_by_name(name)?
            .cast(&DataType::UInt64)?
            .u64()?
            .iter()
            .map(|n| n.unwrap_or(0) as usize)
            .collect())
    };
    let categories = fields.field_by_name("category")?;
    let categories = categories.str()?.iter().map(|category| category.unwrap_or("").to_owned()).collect::<Vec<_>>();
    let mut hits: Vec<_> =
        number("start")?.into_iter().zip(number("end")?).zip(categories).map(|((s, e), c)| (s, e, c)).collect();
    hits.sort();
    Ok(hits)
}

/// Escaped text with each hit in `<mark>`, cut after a word where it is too long.
pub fn marked(text: &str, hits: &[(usize, usize, String)]) -> String {
    let shown = shorten(text);
    let (mut markup, mut from) = (String::new(), 0);
    for (start, end, category) in hits {
        // Offsets that do not fit the text are left unmarked.
        let (Some(before), Some(term)) = (shown.get(from..*start), shown.get(*start..*end)) else { continue };
        escape(before, &mut markup);
        markup.push_str("<mark title=\"");
        escape(category, &mut markup);
        markup.push_str("\">");
        escape(term, &mut markup);
        markup.push_str("</mark>");
        from = *end;
    }
    escape(&shown[from..], &mut markup);
    if shown.len() < text.len() {
        markup.push('…');
    }
    markup
}

fn shorten(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let limit = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..limit].rsplit_once(char::is_whitespace).map_or(&text[..limit], |(kept, _)| kept)
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    const PICKED: Picked = Picked { overall: 6, from_one_outlet: 2, each_outlet: 2 };

    #[test]
    fn the_best_come_first_and_no_article_or_outlet_takes_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sentences.parquet");
        sample::small().write_sentences(&path);
        let outlets = vec!["Civic Wire".to_owned(), "Nobody".to_owned()];
        let columns = [("loaded".to_owned(), 1.1), ("frame_economic".to_owned(), 0.5)];
        let mut picked = pick(&path, &columns, &outlets, PICKED).unwrap();
        let (overall, each) = picked.pop().unwrap();
        assert_eq!(overall.len(), 6);
        assert!(overall.windows(2).all(|pair| pair[0].score >= pair[1].score));
        assert!(overall.iter().all(|s| overall.iter().filter(|o| o.outlet_name == s.outlet_name).count() <= 2));
        assert!(overall.iter().all(|s| s.text.contains("<mark title=\"alarm\">chaos</mark>")));
        assert_eq!((each[0].len(), each[1].len()), (2, 0));
        assert!(each[0].iter().all(|s| s.outlet_name == "Civic Wire"));
        assert!(picked[0].0.is_empty(), "nothing reaches 1.1");
        let best = best(&path, &columns).unwrap();
        let origins = origins(&path, best[1].iter().map(|scored| scored.row), &outlets).unwrap();
        let (chosen, _) = choose(&best[1], &origins, outlets.len(), PICKED);
        let articles: BTreeSet<u64> = chosen.chosen.iter().map(|(_, origin)| origin.article).collect();
        assert_eq!(articles.len(), 6);
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert!(is_web_address("https://news.example/a?b=c"));
        assert!(is_web_address("HTTP://news.example"));
        for url in
            ["javascript://x%0aalert(1)", "javascript:alert(1)", "data:text/html,x", " https://x", "/a", "https://x y"]
        {
            assert!(!is_web_address(url), "{url}");
        }
    }

    #[test]
    fn marks_keep_to_the_text() {
        let hit = |start, end| (start, end, "a\"b".to_owned());
        assert_eq!(marked("so <b>", &[hit(0, 2)]), "<mark title=\"a&quot;b\">so</mark> &lt;b&gt;");
        assert_eq!(marked("né", &[hit(2, 3), hit(1, 9)]), "né");
        assert_eq!(marked("a b", &[hit(0, 3), hit(2, 3)]), "<mark title=\"a&quot;b\">a b</mark>");
        let long = "word ".repeat(200);
        assert!(marked(&long, &[]).ends_with("word…"));
    }
}
