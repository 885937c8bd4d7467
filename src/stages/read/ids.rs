//! Ids that are unique in a run.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet};

use super::mapper::Mapped;

/// Remembers 64-bit hashes of the ids so far, and of the records.
#[derive(Default)]
pub(super) struct IdLedger {
    /// How many records have come with this id.
    ids: FxHashMap<u64, u32>,
    records: FxHashSet<u64>,
}

impl IdLedger {
    /// Makes the article's id unique: a second article with an id gets `id~2`. False where the record repeats an earlier
    /// one of the same id, outlet, title and text. Ids made of file and row are no evidence of that.
    pub fn admit(&mut self, mapped: &mut Mapped) -> bool {
        let article = &mut mapped.article;
        if mapped.own_id
            && !self.records.insert(hash(&(&article.id, &article.outlet, &article.url, &article.title, &article.text)))
        {
            return false;
        }
        let mut count = *self.ids.entry(hash(&article.id)).and_modify(|count| *count += 1).or_insert(1);
        if count > 1 {
            let original = std::mem::take(&mut article.id);
            article.id = loop {
                let candidate = format!("{original}~{count}");
                if self.ids.insert(hash(&candidate), 1).is_none() {
                    break candidate;
                }
                count += 1;
            };
            self.ids.insert(hash(&original), count);
        }
        true
    }
}

fn hash(value: &impl Hash) -> u64 {
    // SipHash with fixed keys: a collision would cost an article.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Article, Source};

    fn mapped(id: &str, text: &str, own_id: bool) -> Mapped {
        let article = Article {
            id: id.to_owned(),
            source: Source { file: "a".into(), row: None },
            title: String::new(),
            deck: None,
            text: text.to_owned(),
            outlet: None,
            author: None,
            published: None,
            url: None,
            section: None,
        };
        Mapped { article, own_id }
    }

    #[test]
    fn ids_become_unique_and_repeats_are_seen() {
        let mut ledger = IdLedger::default();
        let mut admit = |id: &str, text: &str, own_id| {
            let mut mapped = mapped(id, text, own_id);
            ledger.admit(&mut mapped).then_some(mapped.article.id)
        };
        assert_eq!(admit("a", "one", true).as_deref(), Some("a"));
        assert_eq!(admit("a", "one", true), None);
        assert_eq!(admit("a", "two", true).as_deref(), Some("a~2"));
        assert_eq!(admit("a", "two", true), None);
        assert_eq!(admit("b~2", "x", true).as_deref(), Some("b~2"));
        assert_eq!(admit("b", "x", true).as_deref(), Some("b"));
        assert_eq!(admit("b", "y", true).as_deref(), Some("b~3"));
        assert_eq!(admit("c-1", "wire", false).as_deref(), Some("c-1"));
        assert_eq!(admit("c-1", "wire", false).as_deref(), Some("c-1~2"));
    }
}
