//! Streams the text of the sentence table, an article at a time.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::article_sums::ArticleSums;
use super::scan::for_each_batch;
use crate::error::Result;
use crate::record::Part;

/// The cleaned text of one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleText {
    /// Index into [`ArticleSums::articles`].
    pub article: u32,
    pub headline: Vec<String>,
    /// Deck and body, in order.
    pub sentences: Vec<String>,
}

/// Hands over batches of whole articles, in the order of the table: one that the end of a batch cuts is held back and
/// completed.
///
/// # Errors
/// A file that cannot be read or lacks a column, and whatever `take` refuses.
pub fn for_each_article(
    path: &Path,
    sums: &ArticleSums,
    mut take: impl FnMut(Vec<ArticleText>) -> Result<()>,
) -> Result<()> {
    let place: FxHashMap<&str, u32> = sums.articles.iter().map(|article| &*article.id).zip(0..).collect();
    let wanted = ["article_id", "part", "text"].map(String::from);
    let mut open: Option<ArticleText> = None;
    for_each_batch(path, &wanted, |batch| {
        let (ids, parts, texts) =
            (batch.column("article_id")?.str()?, batch.column("part")?.str()?, batch.column("text")?.str()?);
        let mut done = Vec::new();
        let mut last = String::new();
        for ((id, part), text) in ids.iter().zip(parts.iter()).zip(texts.iter()) {
            let (Some(id), Some(part), Some(text)) = (id, part, text) else { continue };
            if open.is_none() || id != last {
                let Some(&article) = place.get(id) else { continue };
                if open.as_ref().is_none_or(|open| open.article != article) {
                    done.extend(open.take());
                    open = Some(ArticleText { article, headline: Vec::new(), sentences: Vec::new() });
                }
                last.replace_range(.., id);
            }
            let Some(open) = open.as_mut() else { continue };
            let headline = part.parse() == Ok(Part::Headline);
            if headline { &mut open.headline } else { &mut open.sentences }.push(text.to_owned());
        }
        take(done)
    })?;
    take(open.into_iter().collect())
}
