//! The most telling sentences: the highest scores in narration that reports no one's speech, a few a frame, spread over articles and outlets.

use std::collections::HashMap;
use std::path::Path;

use chrono::{Duration, NaiveDate};
use polars::prelude::*;
use serde::Serialize;

use super::sheet::escape;
use crate::error::Result;

/// Shorter sentences are fragments, longer ones lists and run-ons; neither shows a frame well.
const TOKENS: std::ops::RangeInclusive<u32> = 9..=60;
/// Candidates read a score: enough to find a few an outlet.
const CANDIDATES: u32 = 20_000;
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
    #[serde(skip)]
    article: String,
}

/// Sentences with the highest `column` at or above `threshold`, best first: those over all outlets, then those of each.
///
/// # Errors
/// [`crate::Error::Tables`] if the sentence table cannot be read or lacks `column`.
pub fn pick(
    sentences: &Path,
    column: &str,
    threshold: f32,
    outlets: &[String],
    picked: Picked,
) -> Result<(Vec<Telling>, Vec<Vec<Telling>>)> {
    let candidates = candidates(sentences, column, threshold)?;
    let outlet_at: HashMap<&str, usize> = outlets.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut overall = Chosen::default();
    let mut each: Vec<Chosen> = (0..outlets.len()).map(|_| Chosen::default()).collect();
    let names = candidates.column("outlet")?.str()?.clone();
    for row in 0..candidates.height() {
        let name = names.get(row).unwrap_or("unknown");
        let at = outlet_at.get(name).copied();
        let (mut wanted_by, mut read) = (Vec::new(), None);
        if overall.sentences.len() < picked.overall && overall.of_outlet(name) < picked.from_one_outlet {
            wanted_by.push(&mut overall);
        }
        if let Some(own) = at.map(|at| &mut each[at]).filter(|own| own.sentences.len() < picked.each_outlet) {
            wanted_by.push(own);
        }
        for chosen in wanted_by {
            let sentence = match &read {
                Some(sentence) => sentence,
                None => read.insert(telling(&candidates, row, column, at)?),
            };
            chosen.take(sentence);
        }
    }
    Ok((overall.sentences, each.into_iter().map(|chosen| chosen.sentences).collect()))
}

fn candidates(sentences: &Path, column: &str, threshold: f32) -> Result<DataFrame> {
    let wanted = ["sentence_id", "article_id", "outlet", "date", "title", "url", "text", "terms", column];
    let eligible = LazyFrame::scan_parquet(PlRefPath::try_from_path(sentences)?, Default::default())?
        .filter(col("voice").eq(lit("narration")).and(col("part").eq(lit("body"))))
        .filter(col("indirect_speech").not())
        .filter(col("n_tokens").gt_eq(lit(*TOKENS.start())).and(col("n_tokens").lt_eq(lit(*TOKENS.end()))))
        .filter(col(column).gt_eq(lit(threshold)));
    // Sorting holds all rows that it is given: the scores first, so that the texts of the best alone are ever read together.
    let scores = eligible
        .clone()
        .select([col(column)])
        .sort([column], SortMultipleOptions::default().with_order_descending(true));
    let last = scores.limit(CANDIDATES).collect_with_engine(Engine::Streaming)?.unwrap_single();
    let last = last.column(column)?.f32()?.min().unwrap_or(threshold);
    let best_first = SortMultipleOptions::default().with_order_descending_multi([true, false]);
    Ok(eligible
        .filter(col(column).gt_eq(lit(last)))
        .select(wanted.map(col))
        .sort_by_exprs([col(column), col("sentence_id")], best_first)
        .limit(CANDIDATES)
        .collect_with_engine(Engine::Streaming)?
        .unwrap_single())
}

#[derive(Default)]
struct Chosen {
    sentences: Vec<Telling>,
}

impl Chosen {
    fn of_outlet(&self, outlet: &str) -> usize {
        self.sentences.iter().filter(|sentence| sentence.outlet_name == outlet).count()
    }

    /// Takes the sentence unless its article, or a reprint of it, already speaks.
    fn take(&mut self, sentence: &Telling) {
        let from_article = self.sentences.iter().filter(|chosen| chosen.article == sentence.article).count();
        let told = self.sentences.iter().any(|chosen| chosen.text == sentence.text);
        if from_article < FROM_ONE_ARTICLE && !told {
            self.sentences.push(sentence.clone());
        }
    }
}

fn telling(table: &DataFrame, row: usize, column: &str, outlet: Option<usize>) -> Result<Telling> {
    let text = |name: &str| -> Result<Option<String>> { Ok(table.column(name)?.str()?.get(row).map(str::to_owned)) };
    let date = table.column("date")?.cast(&DataType::Int32)?.i32()?.get(row);
    let score = table.column(column)?.cast(&DataType::Float64)?.f64()?.get(row).unwrap_or_default();
    let hits = hits(&table.column("terms")?.get(row)?)?;
    Ok(Telling {
        outlet,
        outlet_name: text("outlet")?.unwrap_or_else(|| "unknown".into()),
        date: date.map(|days| (NaiveDate::default() + Duration::days(i64::from(days))).to_string()).unwrap_or_default(),
        title: text("title")?.unwrap_or_default(),
        url: text("url")?.filter(|url| is_web_address(url)),
        text: marked(&text("text")?.unwrap_or_default(), &hits),
        score: (score * 100.0).round() as u32,
        article: text("article_id")?.unwrap_or_default(),
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
        let (overall, each) = pick(&path, "frame_economic", 0.5, &outlets, PICKED).unwrap();
        assert_eq!(overall.len(), 6);
        assert!(overall.windows(2).all(|pair| pair[0].score >= pair[1].score));
        assert!(overall.iter().all(|s| overall.iter().filter(|o| o.outlet_name == s.outlet_name).count() <= 2));
        let mut articles: Vec<_> = overall.iter().map(|s| &s.article).collect();
        articles.sort();
        articles.dedup();
        assert_eq!(articles.len(), 6);
        assert!(overall.iter().all(|s| s.text.contains("<mark title=\"alarm\">chaos</mark>")));
        assert_eq!((each[0].len(), each[1].len()), (2, 0));
        assert!(each[0].iter().all(|s| s.outlet_name == "Civic Wire"));
        assert!(pick(&path, "frame_economic", 1.1, &outlets, PICKED).unwrap().0.is_empty());
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
