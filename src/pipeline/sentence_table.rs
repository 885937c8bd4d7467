//! Scored sentences as rows of `sentences.parquet`.

use polars::prelude::*;

use crate::error::Result;
use crate::record::{Article, Scores, Sentence, TermHit, UNKNOWN_OUTLET};

/// One sentence with everything known of it.
pub struct Scored {
    pub sentence: Sentence,
    pub scores: Scores,
    /// What the cross-encoder says of the frames, where the student learnt from this sentence.
    pub cross: Option<Vec<f32>>,
    pub terms: Vec<TermHit>,
    pub n_tokens: u32,
    pub n_tokens_quoted: u32,
}

/// One article with its scored sentences.
pub struct ScoredArticle {
    pub article: Article,
    pub agency: Option<String>,
    pub sentences: Vec<Scored>,
}

/// The rows of some articles, in order. Schema version 1; `codebook.json` describes each column. The columns `cross_<frame>`
/// stand in `sampled` runs only, empty but for the sentences of the sample.
pub fn sentence_table(articles: &[ScoredArticle], frames: &[String], sampled: bool) -> Result<DataFrame> {
    let rows: Vec<Row<'_>> = articles
        .iter()
        .flat_map(|scored| scored.sentences.iter().map(|s| (&scored.article, scored.agency.as_deref(), s)))
        .collect();
    let mut columns = article_columns(&rows);
    columns.extend(position_columns(&rows));
    columns.extend(score_columns(&rows, frames));
    if sampled {
        columns.extend(frames.iter().enumerate().map(|(i, name)| {
            let values = rows.iter().map(|row| row.2.cross.as_ref().map(|cross| cross[i]));
            Float32Chunked::from_iter_options(format!("cross_{name}").into(), values).into_column()
        }));
    }
    columns.extend(term_columns(&rows)?);
    Ok(DataFrame::new(rows.len(), columns)?)
}

type Row<'a> = (&'a Article, Option<&'a str>, &'a Scored);

fn article_columns(rows: &[Row<'_>]) -> Vec<Column> {
    let text = |name: &str, of: fn(&Article) -> Option<&str>| {
        StringChunked::from_iter_options(name.into(), rows.iter().map(|row| of(row.0))).into_column()
    };
    let ids = rows.iter().map(|row| format!("{}#{}", row.0.id, row.2.sentence.index));
    let days = rows.iter().map(|row| row.0.published.map(|published| days_since_epoch(published.date)));
    vec![
        StringChunked::from_iter_values("sentence_id".into(), ids).into_column(),
        text("article_id", |a| Some(&a.id)),
        text("outlet", |a| Some(a.outlet.as_deref().unwrap_or(UNKNOWN_OUTLET))),
        Int32Chunked::from_iter_options("date".into(), days).into_date().into_column(),
        text("section", |a| a.section.as_deref()),
        text("title", |a| Some(&a.title)),
        text("url", |a| a.url.as_deref()),
        text("author", |a| a.author.as_deref()),
        StringChunked::from_iter_options("agency".into(), rows.iter().map(|row| row.1)).into_column(),
    ]
}

fn position_columns(rows: &[Row<'_>]) -> Vec<Column> {
    let number = |name: &str, of: fn(&Scored) -> u32| {
        UInt32Chunked::from_iter_values(name.into(), rows.iter().map(|row| of(row.2))).into_column()
    };
    let text = |name: &str, of: fn(&Scored) -> Option<&str>| {
        StringChunked::from_iter_options(name.into(), rows.iter().map(|row| of(row.2))).into_column()
    };
    let indirect = rows.iter().map(|row| row.2.sentence.indirect_speech);
    vec![
        number("sentence_index", |s| s.sentence.index),
        number("block", |s| s.sentence.block),
        text("part", |s| Some(s.sentence.part.name())),
        text("field", |s| Some(s.sentence.field.name())),
        number("start", |s| s.sentence.start as u32),
        number("end", |s| s.sentence.end as u32),
        text("voice", |s| Some(s.sentence.voice.name())),
        BooleanChunked::from_iter_values("indirect_speech".into(), indirect).into_column(),
        text("speaker", |s| s.sentence.speaker.as_deref()),
        text("text", |s| Some(&s.sentence.text)),
        number("n_tokens", |s| s.n_tokens),
        number("n_tokens_quoted", |s| s.n_tokens_quoted),
    ]
}

fn score_columns(rows: &[Row<'_>], frames: &[String]) -> Vec<Column> {
    let score = |name: &str, of: &dyn Fn(&Scores) -> f32| {
        Float32Chunked::from_iter_values(name.into(), rows.iter().map(|row| of(&row.2.scores))).into_column()
    };
    let top = |row: &Row<'_>| row.2.scores.top_frame;
    let top_names = rows.iter().map(|row| top(row).map(|(index, _)| frames[index].as_str()));
    let top_shares = rows.iter().map(|row| top(row).map(|(_, share)| share));
    let mut columns = vec![
        score("tone_negative", &|s| s.tone[0]),
        score("tone_neutral", &|s| s.tone[1]),
        score("tone_positive", &|s| s.tone[2]),
        score("tone", &|s| s.tone[2] - s.tone[0]),
        score("loaded", &|s| s.loaded),
    ];
    columns.extend(frames.iter().enumerate().map(|(i, name)| score(&format!("frame_{name}"), &|s| s.frames[i])));
    columns.push(StringChunked::from_iter_options("top_frame".into(), top_names).into_column());
    columns.push(Float32Chunked::from_iter_options("top_frame_share".into(), top_shares).into_column());
    columns
}

fn term_columns(rows: &[Row<'_>]) -> Result<Vec<Column>> {
    let hits: Vec<&TermHit> = rows.iter().flat_map(|row| &row.2.terms).collect();
    let text = |name: &str, of: fn(&TermHit) -> &str| {
        StringChunked::from_iter_values(name.into(), hits.iter().map(|hit| of(hit))).into_column()
    };
    let number = |name: &str, of: fn(&TermHit) -> u32| {
        UInt32Chunked::from_iter_values(name.into(), hits.iter().map(|hit| of(hit))).into_column()
    };
    let fields = [
        text("term", |h| &h.term),
        text("category", |h| &h.category),
        number("strength", |h| u32::from(h.strength)),
        number("start", |h| h.start),
        number("end", |h| h.end),
        BooleanChunked::from_iter_values("in_quote".into(), hits.iter().map(|h| h.in_quote)).into_column(),
    ];
    let flat = StructChunked::from_columns("terms".into(), hits.len(), &fields)?.into_series();
    let mut offset = 0;
    let lists: Vec<Series> = rows
        .iter()
        .map(|row| {
            let list = flat.slice(offset, row.2.terms.len());
            offset += row.2.terms.len() as i64;
            list
        })
        .collect();
    let count = |name: &str, of: fn(&TermHit) -> bool| {
        let counts = rows.iter().map(|row| row.2.terms.iter().filter(|hit| of(hit)).count() as u32);
        UInt32Chunked::from_iter_values(name.into(), counts).into_column()
    };
    let list_type = DataType::List(Box::new(flat.dtype().clone()));
    let terms = Series::new("terms".into(), lists).cast(&list_type)?;
    Ok(vec![count("n_terms", |_| true), count("n_terms_quoted", |h| h.in_quote), terms.into_column()])
}

fn days_since_epoch(date: chrono::NaiveDate) -> i32 {
    (date - chrono::NaiveDate::default()).num_days() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, Part, Published, Source, Voice};

    fn scored(index: u32, terms: Vec<TermHit>) -> Scored {
        let sentence = Sentence {
            index,
            block: 0,
            part: Part::Body,
            field: Field::Text,
            text: "Text.".into(),
            start: 0,
            end: 5,
            voice: Voice::Narration,
            indirect_speech: false,
            speaker: None,
            quoted: Vec::new(),
        };
        let scores = Scores { tone: [0.2, 0.5, 0.3], loaded: 0.4, frames: vec![0.1, 0.9], top_frame: Some((1, 0.8)) };
        Scored { sentence, scores, cross: None, terms, n_tokens: 1, n_tokens_quoted: 0 }
    }

    fn article(sentences: Vec<Scored>) -> ScoredArticle {
        let article = Article {
            id: "a".into(),
            source: Source { file: "f".into(), row: Some(1) },
            title: "T".into(),
            deck: None,
            text: "Text.".into(),
            outlet: None,
            author: None,
            published: Some(Published {
                date: chrono::NaiveDate::from_ymd_opt(2026, 3, 5).unwrap(),
                time: None,
                offset: None,
            }),
            url: None,
            section: None,
        };
        ScoredArticle { article, agency: None, sentences }
    }

    #[test]
    fn a_sampled_run_has_the_cross_encoders_word_where_there_is_one() {
        let frames = ["x".to_owned(), "y".to_owned()];
        let sampled = Scored { cross: Some(vec![0.25, 0.75]), ..scored(1, vec![]) };
        let table = sentence_table(&[article(vec![scored(0, vec![]), sampled])], &frames, true).unwrap();
        let cross: Vec<Option<f32>> = table.column("cross_y").unwrap().f32().unwrap().iter().collect();
        assert_eq!(cross, [None, Some(0.75)]);
        assert_eq!(table.schema(), sentence_table(&[], &frames, true).unwrap().schema());
    }

    #[test]
    fn every_chunk_has_one_schema_with_and_without_hits() {
        let frames = ["x".to_owned(), "y".to_owned()];
        let hit = TermHit { term: "t".into(), category: "c".into(), strength: 2, start: 0, end: 1, in_quote: true };
        let with = sentence_table(&[article(vec![scored(0, vec![]), scored(1, vec![hit])])], &frames, false).unwrap();
        let without = sentence_table(&[article(vec![scored(0, vec![])])], &frames, false).unwrap();
        let empty = sentence_table(&[], &frames, false).unwrap();
        assert_eq!(with.schema(), without.schema());
        assert_eq!(with.schema(), empty.schema());
        assert_eq!(with.height(), 2);
        assert_eq!(with.column("top_frame").unwrap().str().unwrap().get(0), Some("y"));
        assert_eq!(with.column("outlet").unwrap().str().unwrap().get(0), Some(UNKNOWN_OUTLET));
        assert_eq!(
            with.column("date").unwrap().date().unwrap().as_date_iter().next().flatten().unwrap().to_string(),
            "2026-03-05"
        );
    }
}
