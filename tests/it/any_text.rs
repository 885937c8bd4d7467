//! Any text is cleaned and cut, and every offset leads back into it.
//!
//! `PROPTEST_CASES=20000 cargo test --test it any_text` runs for minutes.

use std::sync::LazyLock;

use framescope::record::{Article, Field, Source};
use framescope::stages::clean::{CleanOptions, Cleaner, Language};
use framescope::stages::segment::{SegmentOptions, Segmenter};
use proptest::prelude::*;

static CLEANER: LazyLock<Cleaner> =
    LazyLock::new(|| Cleaner::new(&CleanOptions { language: Language::Any, ..CleanOptions::default() }).unwrap());

/// What rules, repairs and quotations turn on, and anything else.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[\"“”‘’'„«»‹›`.,:;!?…()\\[\\]|@©•\\-—–]{1,3}",
        2 => "[ \t\n\r\u{a0}\u{2028}\u{200b}\u{feff}]{1,2}",
        3 => "(said|Ann Lee|By Jane Roe|Mr\\.|U\\.S\\.|HARBOR CITY \\(AP\\) — |according to|the mayor|he|READ MORE: |Photo credit: |Advertisement|\
              All rights reserved\\.|FILE - |Follow us on |click here|@ledger|May 4, 2026|http://x\\.org|Share|Reuters|3\\.5)",
        2 => "(&amp;|&#8217;|&nbsp;|&lt;p&gt;|â€œ|â€™|Ã©|Â |ï»¿|\u{c2}\u{80}|&#0;|&#xD800;)",
        2 => "\\PC{0,6}",
        1 => "[a\u{301}\u{200d}ßİ漢字العربيةहिन्दी🙂]{1,4}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn offsets_lead_into_the_original(title in text(), deck in prop::option::of(text()), body in text()) {
        let article = Article {
            id: "a".into(),
            source: Source { file: "f".into(), row: Some(1) },
            title, deck, text: body,
            outlet: None, author: None, published: None, url: None, section: None,
        };
        let cleaned = CLEANER.apply(article);
        for removal in &cleaned.removals {
            prop_assert!(cleaned.article.field(removal.field).get(removal.start..removal.end).is_some());
        }
        for field in Field::ALL {
            let kept = cleaned.blocks.iter().filter(|block| block.field == *field);
            for block in kept {
                prop_assert!(!cleaned.block_text(block).trim().is_empty());
            }
        }
        for sentence in Segmenter::new(&SegmentOptions::default()).segment(&cleaned) {
            let original = cleaned.article.field(sentence.field).get(sentence.start..sentence.end);
            prop_assert!(original.is_some(), "{sentence:?}");
            prop_assert!(sentence.quoted.iter().all(|quoted| sentence.text.get(quoted.clone()).is_some()));
        }
    }
}
