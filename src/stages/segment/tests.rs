//! What must hold of the stage as a whole: on any text, and on the shapes that news quotations take.

use proptest::prelude::*;

use super::{SegmentOptions, Segmenter};
use crate::record::{
    Alignment, Article, Block, CleanArticle, Edit, Field, Part, RepairedText, Sentence, Source, Voice,
};

/// An article whose body lines are its blocks, as cleaning hands it on.
fn article(title: &str, body: &str) -> CleanArticle {
    let repaired = |text: &str| RepairedText { text: text.to_owned(), alignment: Alignment::default() };
    let mut blocks = blocks(Field::Title, Part::Headline, title);
    blocks.extend(self::blocks(Field::Text, Part::Body, body));
    let article = Article {
        id: "a".into(),
        source: Source { file: "f".into(), row: None },
        title: title.to_owned(),
        deck: None,
        text: body.to_owned(),
        outlet: None,
        author: None,
        published: None,
        url: None,
        section: None,
    };
    let (title, deck, text) = (repaired(title), repaired(""), repaired(body));
    CleanArticle { article, title, deck, text, blocks, removals: Vec::new(), agency: None }
}

fn blocks(field: Field, part: Part, text: &str) -> Vec<Block> {
    let mut at = 0;
    let mut blocks = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let range = start..start + line.trim().len();
        at += line.len();
        if !range.is_empty() {
            blocks.push(Block { field, part, range });
        }
    }
    blocks
}

fn segment(body: &str) -> Vec<Sentence> {
    Segmenter::new(&SegmentOptions::default()).segment(&article("", body))
}

fn texts(body: &str) -> Vec<String> {
    segment(body).into_iter().map(|sentence| sentence.text).collect()
}

fn voices(body: &str) -> Vec<Voice> {
    segment(body).iter().map(|sentence| sentence.voice).collect()
}

fn speakers(body: &str) -> Vec<Option<String>> {
    segment(body).into_iter().map(|sentence| sentence.speaker).collect()
}

fn some(names: &[&str]) -> Vec<Option<String>> {
    names.iter().map(|name| (!name.is_empty()).then(|| (*name).to_owned())).collect()
}

/// Marks, stops, scripts, combining marks, line ends and words that the rules turn on.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[\"“”‘’'„«»‹›`.,:;!?…()\\-—]{1,3}",
        2 => "[ \t\n\r\u{a0}\u{2028}]{1,2}",
        3 => "(said|Ortiz|Mr\\.|U\\.S\\.|J\\.|according to|the mayor|he|who|3\\.5|'90s|No\\.)",
        2 => "\\PC{0,6}",
        1 => "[a\u{301}\u{200d}\u{200b}ßİ\u{feff}漢字العربيةहिन्दी🙂]{1,4}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn assert_covers(article: &CleanArticle, sentences: &[Sentence]) {
    for (at, block) in article.blocks.iter().enumerate() {
        let inside: Vec<&Sentence> = sentences.iter().filter(|s| s.block as usize == at).collect();
        let mut position = block.range.start;
        for sentence in &inside {
            let between = &article.text.text[position..sentence.start];
            assert!(between.trim().is_empty(), "left out {between:?}");
            assert!(sentence.start < sentence.end, "empty");
            assert_eq!(sentence.text.trim(), sentence.text);
            position = sentence.end;
        }
        assert_eq!(position, block.range.end);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sentences_are_slices_of_the_original_and_cover_it(body in any_text()) {
        let article = article("", &body);
        let sentences = Segmenter::new(&SegmentOptions::default()).segment(&article);
        for (at, sentence) in sentences.iter().enumerate() {
            prop_assert_eq!(sentence.index as usize, at);
            prop_assert_eq!(&body[sentence.start..sentence.end], &sentence.text);
            for quoted in &sentence.quoted {
                prop_assert!(!sentence.text[quoted.clone()].is_empty());
            }
            prop_assert_eq!(sentence.quoted.is_empty(), sentence.voice == Voice::Narration);
        }
        assert_covers(&article, &sentences);
    }

    #[test]
    fn repaired_text_leads_back_to_ascending_ranges(before in any_text(), repair in "[a-z’é. ]{0,3}", after in any_text()) {
        let original = format!("{before}â€™{after}");
        let repaired = format!("{before}{repair}{after}");
        let mut article = article("", &repaired);
        article.article.text = original.clone();
        let edit = Edit {
            repaired: before.len()..before.len() + repair.len(),
            original: before.len()..before.len() + "â€™".len(),
        };
        article.text.alignment = Alignment { edits: vec![edit] };
        let mut last = 0;
        for sentence in Segmenter::new(&SegmentOptions::default()).segment(&article) {
            prop_assert!(original.is_char_boundary(sentence.start) && original.is_char_boundary(sentence.end));
            prop_assert!(last <= sentence.start && sentence.start <= sentence.end);
            last = sentence.start;
        }
    }
}

#[test]
fn abbreviations_do_not_end_sentences() {
    for whole in [
        "Sgt. Lena Ortiz met Gov. Ames and Sen. Bo Reyes on Jan. 5 in St. Paul.",
        "The U.S. Supreme Court ruled for J. D. Marsh and George W. Hale.",
        "On the other hand, Ms. Ortiz left at 3:40 p.m. ET for a meeting.",
        "They live at No. 5 Elm Street, near the U.S. Capitol, with Mr. Hale Jr. and his wife.",
        "“Why did they leave?” Ortiz asked.",
        "“Get out!” he shouted.",
    ] {
        assert_eq!(texts(whole), [whole]);
    }
}

#[test]
fn closing_marks_stay_with_their_sentence() {
    assert_eq!(texts("He left. “We lost.” She wept."), ["He left.", "“We lost.”", "She wept."]);
    assert_eq!(texts("\"We lost. We left.\" She wept."), ["\"We lost.", "We left.\"", "She wept."]);
    assert_eq!(texts("She studied Art. “I loved it,” she said."), ["She studied Art.", "“I loved it,” she said."]);
    assert_eq!(texts("It fell.\"We ran,\" he said. ***"), ["It fell.", "\"We ran,\" he said. ***"]);
}

#[test]
fn a_quotation_of_several_sentences_is_quote_throughout() {
    let body = "“We lost everything. Nobody came,” said Dr. Lena Ortiz. “They never do.”";
    assert_eq!(voices(body), [Voice::Quote, Voice::Quote, Voice::Quote]);
    assert_eq!(speakers(body), some(&["Lena Ortiz", "Lena Ortiz", "Lena Ortiz"]));
}

#[test]
fn voice_tells_quotes_fragments_and_scare_quotes_apart() {
    use Voice::{Mixed, Narration, Quote};
    for (body, voice) in [
        ("“We lost everything,” said Ms. Ortiz.", Quote),
        ("“No,” he said.", Quote),
        ("Ortiz told reporters on Tuesday: \"We lost it all.\"", Quote),
        ("‘We lost everything,’ Ms Ortiz said.", Quote),
        ("‘We lost everything,” Ms Ortiz said.", Quote),
        ("«We lost everything», said Ortiz.", Quote),
        ("„We lost everything“, said Ortiz.", Quote),
        ("Ortiz said the plan was “a disaster for workers” in the city.", Mixed),
        ("Ortiz called the officials “animals” again.", Mixed),
        ("The “fresh start” is over by now.", Narration),
        ("She appeared on “The Daily Show” last week.", Narration),
        ("In an interview on “Harbor News Sunday,” Ortiz told the host that the plan would fail.", Narration),
        ("On ABC's “This Week,” Ortiz said that the plan would fail.", Narration),
        ("“Stop The Ferry,” Ortiz said.", Quote),
        ("The workers' union and the bosses' club don't agree in the '90s.", Narration),
        ("The board is 6'2\" wide and 5\" deep, he noted.", Narration),
    ] {
        assert_eq!(voices(body), [voice], "{body}");
    }
}

#[test]
fn a_quotation_runs_over_paragraphs() {
    let body =
        "“We lost everything,” Lena Ortiz said. “It was cold.\n“Then they came.\n“And we left.”\nThe town is quiet.";
    assert_eq!(voices(body), [Voice::Quote, Voice::Quote, Voice::Quote, Voice::Quote, Voice::Narration]);
    assert_eq!(speakers(body)[1..4], some(&["Lena Ortiz", "Lena Ortiz", "Lena Ortiz"]));
}

#[test]
fn an_unclosed_quotation_ends_with_its_sentence() {
    assert_eq!(voices("Ortiz said: “We lost it all. The town is quiet now."), [Voice::Quote, Voice::Narration]);
}

#[test]
fn nested_marks_belong_to_the_speech_around_them() {
    let sentences = segment("“He told me ‘never again’ and left,” Ortiz said.");
    assert_eq!(sentences[0].quoted.len(), 1);
    assert_eq!(&sentences[0].text[sentences[0].quoted[0].clone()], "He told me ‘never again’ and left,");
}

#[test]
fn speakers_are_resolved_to_full_names() {
    for (body, names) in [
        ("Mayor Lena Ortiz spoke. “We lost a lot,” Ortiz said.", ["", "Lena Ortiz"]),
        ("Lena Ortiz spoke first. “We lost a lot,” she said.", ["", "Lena Ortiz"]),
        ("Lena Ortiz met Tom Hale. “We lost a lot,” said Mr. Hale.", ["", "Tom Hale"]),
        ("Lena Ortiz, the mayor, said: “We lost a lot.” The town is quiet.", ["Lena Ortiz", ""]),
        ("“We lost a lot,” a spokesman for the agency said. The town is quiet.", ["a spokesman for the agency", ""]),
        ("“We lost a lot,” police said. The town is quiet.", ["police", ""]),
        ("“We lost a lot,” according to Lena Ortiz. The town is quiet.", ["Lena Ortiz", ""]),
        ("The town is quiet. “We lost a lot.”", ["", ""]),
        ("The rain went on. “We lost a lot,” she said.", ["", ""]),
    ] {
        assert_eq!(speakers(body), some(&names), "{body}");
    }
}

#[test]
fn an_embedded_post_is_its_authors() {
    let body = "The mayor wrote:\nThe pier is ours. It will “stay” ours! — Lena Ortiz (@mayorortiz) May 3, 2019\nThe town is quiet.";
    let found = segment(body);
    assert_eq!(found.first().map(|s| s.voice), Some(Voice::Narration));
    assert_eq!(found.last().map(|s| s.voice), Some(Voice::Narration));
    let post: Vec<&Sentence> = found.iter().filter(|s| s.block == 1).collect();
    assert!(post.len() >= 2 && post.iter().all(|s| s.voice == Voice::Quote), "{post:?}");
    assert!(post.iter().all(|s| s.speaker.as_deref() == Some("Lena Ortiz")));
}

#[test]
fn indirect_speech_is_marked() {
    for (body, reported) in [
        ("Officials said the bridge would reopen on Monday.", true),
        ("The bridge will reopen on Monday, officials said.", true),
        ("According to the mayor, the bridge will reopen.", true),
        ("Lena Ortiz argued that the bridge should stay shut.", true),
        ("Congress said yes.", false),
        ("The bridge reopened on Monday after a long repair.", false),
    ] {
        assert_eq!(segment(body)[0].indirect_speech, reported, "{body}");
    }
}

#[test]
fn headlines_speak_in_single_quotes() {
    let clean = article("Ortiz: ‘We Lost Everything We Had’", "The town is quiet.");
    let sentences = Segmenter::new(&SegmentOptions::default()).segment(&clean);
    assert_eq!((sentences[0].part, sentences[0].field), (Part::Headline, Field::Title));
    assert_eq!((sentences[0].voice, sentences[0].speaker.as_deref()), (Voice::Quote, Some("Ortiz")));
}

/// Each would take hours if any step looked through the whole paragraph again for each mark.
#[test]
fn an_endless_paragraph_takes_seconds() {
    for (piece, at_least) in [
        ("Mr. Ortiz said \"we lost it\" and 'left'. “He went on, ", 30_000),
        ("(‘a (‘b ", 1),
        ("“We lost it,” he said, ", 1),
        ("the officials’ plan ‘", 1),
        ("said that, ", 1),
    ] {
        assert!(segment(&piece.repeat(2_000_000 / piece.len())).len() >= at_least, "{piece}");
    }
}
