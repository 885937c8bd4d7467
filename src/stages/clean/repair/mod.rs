//! Unicode repair: what a broken export did to the characters is undone before any rule looks at the text.
//!
//! Each pass maps one text to the next and lists its edits; [`compose`] folds the passes into one [`Alignment`] to the
//! text as it was read. Passes repeat until nothing changes, so that `repair(repair(x)) == repair(x)`.

mod characters;
mod compose;
mod entities;
mod mojibake;
mod normal_form;

use crate::record::{Alignment, Edit, RepairedText};

/// Damage nests (an entity inside doubly read UTF-8): three rounds are usual for the worst real texts. The bound keeps
/// a text that was built to nest without end linear.
const MAX_ROUNDS: usize = 16;

/// Repairs one field. Line breaks come out as `\n`, every kind of space but the tab as U+0020.
pub fn repair(original: &str) -> RepairedText {
    let mut repaired = RepairedText { text: original.to_owned(), alignment: Alignment::default() };
    for _ in 0..MAX_ROUNDS {
        let changed =
            [mojibake::repair, characters::repair, normal_form::repair].map(|pass| apply(&mut repaired, pass));
        // What is left over of misread UTF-8 goes once nothing can be made of it any more.
        if !changed.contains(&true) && !apply(&mut repaired, characters::drop_undefined) {
            break;
        }
    }
    repaired
}

/// Takes stretches out of a repaired text, ascending and apart; they lead back to nothing but their place.
pub fn take_out(repaired: &mut RepairedText, ranges: &[std::ops::Range<usize>]) {
    let mut rewriter = Rewriter::default();
    let mut at = 0;
    for range in ranges {
        rewriter.keep(&repaired.text[at..range.start]);
        rewriter.replace(range.clone(), "");
        at = range.end;
    }
    rewriter.keep(&repaired.text[at..]);
    if let Some(Pass { text, edits }) = rewriter.finish() {
        repaired.alignment.edits = compose::compose(&repaired.alignment.edits, &edits);
        repaired.text = text;
    }
}

/// Whether the pass changed anything.
fn apply(repaired: &mut RepairedText, pass: fn(&str) -> Option<Pass>) -> bool {
    let Some(Pass { text, edits }) = pass(&repaired.text) else { return false };
    repaired.alignment.edits = compose::compose(&repaired.alignment.edits, &edits);
    repaired.text = text;
    true
}

/// What one pass made of a text: `edits` lead from its result back to what it was given.
struct Pass {
    text: String,
    edits: Vec<Edit>,
}

/// Builds a pass: copies what stays, notes what is replaced.
#[derive(Default)]
struct Rewriter {
    text: String,
    edits: Vec<Edit>,
}

impl Rewriter {
    fn keep(&mut self, unchanged: &str) {
        self.text.push_str(unchanged);
    }

    /// `with` takes the place of the bytes `original` of the pass's input.
    fn replace(&mut self, original: std::ops::Range<usize>, with: &str) {
        let start = self.text.len();
        self.text.push_str(with);
        self.edits.push(Edit { repaired: start..self.text.len(), original });
    }

    /// `None` where nothing was changed.
    fn finish(self) -> Option<Pass> {
        (!self.edits.is_empty()).then_some(Pass { text: self.text, edits: self.edits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repaired(text: &str) -> String {
        repair(text).text
    }

    #[test]
    fn undoes_utf8_read_as_windows_1252() {
        assert_eq!(repaired("the town\u{e2}\u{20ac}\u{2122}s caf\u{c3}\u{a9}"), "the town’s café");
        assert_eq!(repaired("\u{e2}\u{20ac}\u{0153}No,\u{e2}\u{20ac}\u{9d} she said"), "“No,” she said");
        assert_eq!(repaired("a \u{e2}\u{20ac}\u{201d} b"), "a — b");
    }

    #[test]
    fn undoes_it_twice_over() {
        assert_eq!(repaired("town\u{c3}\u{a2}\u{e2}\u{201a}\u{ac}\u{e2}\u{201e}\u{a2}s"), "town’s");
        assert_eq!(repaired("caf\u{c3}\u{192}\u{c2}\u{a9}"), "café");
        assert_eq!(repaired("town\u{c3}\u{a2}\u{c2}\u{80}\u{c2}\u{99}s"), "town’s");
        assert_eq!(repaired("\u{c3}\u{a2}\u{e2}\u{201a}\u{ac}\u{c2}\u{9d}"), "”");
    }

    #[test]
    fn reads_a_closing_quote_that_lost_its_last_byte() {
        assert_eq!(repaired("\u{e2}\u{20ac}\u{0153}No,\u{e2}\u{20ac} she said"), "“No,” she said");
        assert_eq!(repaired("\u{c2}\u{a0}voil\u{c3}\u{a0} caf\u{c3}\u{a9}"), " voilà café");
    }

    #[test]
    fn decodes_entities_also_when_escaped_twice() {
        assert_eq!(repaired("Smith &amp; Sons &quot;closed&quot;"), "Smith & Sons \"closed\"");
        assert_eq!(repaired("it&#8217;s &amp;amp;quot;over&#x22;"), "it’s \"over\"");
        assert_eq!(repaired("R&D; AT&T; fish & chips; &nosuch;"), "R&D; AT&T; fish & chips; &nosuch;");
    }

    #[test]
    fn removes_what_cannot_be_seen() {
        assert_eq!(repaired("\u{feff}immi\u{ad}gra\u{200b}tion\u{0}\u{7}"), "immigration");
        assert_eq!(repaired("one\r\ntwo\rthree\u{2028}four"), "one\ntwo\nthree\nfour");
        assert_eq!(repaired("5\u{a0}million\u{202f}people"), "5 million people");
        assert_eq!(repaired("don\u{92}t \u{93}go\u{94}"), "don’t “go”");
    }

    #[test]
    fn reads_a_lost_apostrophe_only_where_one_must_have_stood() {
        assert_eq!(repaired("don\u{fffd}t, Kim\u{fffd}s"), "don’t, Kim’s");
        assert_eq!(repaired("cost \u{fffd}30"), "cost 30");
    }

    #[test]
    fn composes_letters() {
        assert_eq!(repaired("Jose\u{301} Mun\u{303}oz"), "José Muñoz");
    }

    #[test]
    fn leaves_sound_text_alone() {
        for text in [
            "Plain text.\n\tAn indented line.",
            "“Château,” said the maître d’ — in São Paulo. ‘Ça va?’",
            "“the café”—and then",
            "“ENTRÉE” … NESCAFÉ® … Å · 100 µg · 20°",
            "Łódź, İstanbul, Ñandú, Straße, Ærø, Þórr, 🇫🇷 👩\u{200d}👧",
        ] {
            assert_eq!(repair(text), RepairedText { text: text.into(), alignment: Alignment::default() }, "{text}");
        }
    }

    #[test]
    fn nested_damage_that_has_no_end_stays_linear() {
        let text = "&sh".repeat(100_000) + &"y;".repeat(100_000);
        assert_eq!(repaired(&text), "");
    }

    /// Text that is rich in what repair looks for.
    fn damaged() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "\\PC{0,6}",
            any::<String>(),
            prop::sample::select(vec![
                "â€™",
                "Ã©",
                "Ãƒ",
                "Â©",
                "Â",
                "â€",
                "â",
                "€",
                "ðŸ˜€",
                "&amp;",
                "&",
                "amp;",
                "#38;",
                "&#x26;",
                "&shy;",
                "&quot;",
                "&#8217;",
                "&eacute;",
                ";",
                "\u{ad}",
                "\u{200b}",
                "\u{200d}",
                "\u{feff}",
                "\u{fffd}",
                "\r",
                "\n",
                "\u{0}",
                "\u{92}",
                "\u{9d}",
                "e\u{301}",
                "\u{323}",
                "\u{958}",
                "a",
                "s",
                " ",
                "\u{a0}",
                "“",
                "”",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn repair_is_idempotent(text in damaged()) {
            let once = repair(&text).text;
            let twice = repair(&once);
            prop_assert_eq!(&twice.text, &once);
            prop_assert!(twice.alignment.edits.is_empty());
        }

        #[test]
        fn alignment_leads_back(text in damaged()) {
            let RepairedText { text: repaired, alignment } = repair(&text);
            let (mut at, mut was) = (0, 0);
            for edit in &alignment.edits {
                prop_assert!(edit.repaired.start >= at && edit.original.start >= was);
                prop_assert!(edit.repaired.end >= edit.repaired.start && edit.original.end > edit.original.start);
                prop_assert_eq!(&repaired[at..edit.repaired.start], &text[was..edit.original.start]);
                (at, was) = (edit.repaired.end, edit.original.end);
            }
            prop_assert_eq!(&repaired[at..], &text[was..]);
        }

        #[test]
        fn ranges_stay_on_character_boundaries_and_in_order(text in damaged()) {
            let RepairedText { text: repaired, alignment } = repair(&text);
            let mut last = 0;
            for (start, c) in repaired.char_indices() {
                let range = alignment.to_original(start..start + c.len_utf8());
                prop_assert!(range.start >= last && range.end >= range.start && range.end <= text.len());
                prop_assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
                last = range.start;
            }
        }
    }
}
