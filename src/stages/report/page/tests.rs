//! The page as a whole: what it contains, what it must never contain, how large it may be.

use std::io::Read;

use super::super::sample::{self, Sample};
use super::*;
use crate::run_folder::SENTENCES;

fn written(sample: &Sample) -> String {
    written_with(sample, &sample.tables())
}

fn written_with(sample: &Sample, tables: &[(&str, DataFrame)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let sentences = folder.path().join(SENTENCES);
    sample.write_sentences(&sentences);
    std::fs::write(
        folder.path().join("rejected.csv"),
        "\u{feff}file,row,id,reason,detail\na,1,,empty_text,<b>no body</b>\n",
    )
    .unwrap();
    write_page(folder.path(), tables, &sample.manifest, &sentences).unwrap();
    std::fs::read_to_string(folder.path().join(PAGE)).unwrap()
}

/// The page and, unpacked, every view that its script can put in place.
fn all_markup(page: &str) -> (String, std::collections::BTreeMap<String, Vec<String>>) {
    use base64::Engine;
    let (before, rest) = page.split_once("<script type=\"application/json\" id=\"views\">").unwrap();
    let (packed, after) = rest.split_once("</script>").unwrap();
    let packed: String = serde_json::from_str(packed).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).unwrap();
    let mut json = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut json).unwrap();
    (format!("{before}{after}"), serde_json::from_str(&json).unwrap())
}

#[test]
fn every_section_is_there_and_shows_its_default_without_a_script() {
    let (page, views) = all_markup(&written(&sample::small()));
    for id in ["read", "framing", "tone", "loaded", "stories", "sentences", "contrasts", "trust", "provenance"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    // Framing, tone and loaded language: a panel an outlet, each with a drawn line.
    assert_eq!(page.matches("<figure").count(), 3 * 4);
    assert!(page.matches("class=\"l\" d=\"M").count() >= 3 * 4);
    for view in
        ["frame_economic/both", "frame_other/quotes", "tone/all", "terms/quotes", "heat/all", "sentences/loaded"]
    {
        assert!(views.get(view).is_some_and(|markup| markup.iter().all(|m| !m.is_empty())), "{view}");
    }
    assert_eq!(views["frame_economic/narration"].len(), 4);
    assert!(page.contains(&"7f".repeat(32)), "the model's sha256");
    assert!(page.contains("neutral: enforcement") || views["terms/all"].iter().any(|m| m.contains("neutral: ")));
}

/// The tables with a `story_id` of each article, by its name: `a<outlet>-<month>-<number>`.
fn with_stories(sample: &Sample, story: fn(&str, &str, &str) -> Option<String>) -> Vec<(&'static str, DataFrame)> {
    let mut tables = sample.tables();
    let articles = &mut tables[0].1;
    let ids = articles.column("article_id").unwrap().str().unwrap().clone();
    let parts = |id: &str| id[1..].split('-').map(str::to_owned).collect::<Vec<_>>();
    let stories = ids.iter().flatten().map(parts).map(|p| story(&p[0], &p[1], &p[2])).collect::<Vec<_>>();
    articles.with_column(Column::new("story_id".into(), stories)).unwrap();
    tables
}

#[test]
fn a_story_of_several_outlets_stands_side_by_side() {
    // Of each month, the first article of all outlets; one more of the first two; and one that nobody else tells.
    let tables = with_stories(&sample::small(), |outlet, month, number| match (outlet, number) {
        (_, "0") => Some(format!("all-{month}")),
        ("0" | "1", "1") => Some(format!("two-{month}")),
        ("2", "2") => Some(format!("alone-{month}")),
        _ => None,
    });
    let (page, views) = all_markup(&written_with(&sample::small(), &tables));
    assert!(page.contains("12 stories were covered by two outlets or more"));
    let count = |n: usize| views.iter().filter(|(name, v)| name.starts_with("story/") && v.len() == n).count();
    assert_eq!((count(4), count(2)), (6, 6));
    assert_eq!(views["story/0"].len(), 4, "the story of the most outlets comes first");
    assert_eq!(page.matches("<article class=\"version\">").count(), 2, "two versions without a script");
    for version in &views["story/0"] {
        assert_eq!(version.matches("class=\"said ").count(), 2);
        assert!(version.contains("<mark title=\"alarm\">chaos</mark>") && version.contains("said quote"), "{version}");
    }
}

#[test]
fn the_models_scores_are_those_of_the_scorer_in_use() {
    let mut sample = sample::small();
    let row = "<td class=\"wrap\">Harbour letters, test part</td><td class=\"n\">512</td>";
    let page = written(&sample);
    assert!(page.contains(row) && page.contains("<b>0.612</b><small>0.58 to 0.64</small>"));
    sample.manifest.scorer = "embedding".into();
    assert!(!written(&sample).contains(row));
    sample.manifest.scorer = "cross".into();
    sample.manifest.engine = "fake".into();
    assert!(!written(&sample).contains(row), "the engine for tests has no scores");
}

#[test]
fn several_articles_of_one_outlet_are_no_shared_story() {
    let sample = sample::small();
    let tables = with_stories(&sample, |outlet, month, _| Some(format!("{outlet}-{month}")));
    assert!(written_with(&sample, &tables).contains("No story of this collection was covered by two outlets."));
    assert!(written(&sample).contains("This run does not say which articles tell the same story."));
}

fn hostile() -> Sample {
    let mut sample = sample::small();
    sample.title = "</script><img src=x onerror=alert(1)>\"'><svg onload=alert(2)>".into();
    sample.text = "The plan slammed </script></title><script>alert(3)</script><img src=x onerror=alert(4)> for the harbour and town".into();
    sample.url = "javascript:alert(5)//https://news.example".into();
    sample.manifest.scheme.frames[0].label = "<img src=x onerror=alert(6)>".into();
    sample.manifest.config = serde_json::json!({ "note": "</pre><script>alert(7)</script>" });
    sample
}

#[test]
fn hostile_text_stays_text() {
    let sample = hostile();
    let (page, views) = all_markup(&written_with(&sample, &with_stories(&sample, |_, _, number| Some(number.into()))));
    assert!(views["story/0"].len() > 1);
    let markup: Vec<&str> = std::iter::once(&page).chain(views.values().flatten()).map(String::as_str).collect();
    assert!(markup.iter().any(|m| m.contains("&lt;img src=x onerror=alert(4)&gt;")), "the sentence is shown as text");
    for m in markup {
        assert!(!m.contains("<img") && !m.contains("<svg onload") && !m.contains("<script>alert"), "{m}");
        assert!(!m.contains("href=\"javascript:"));
    }
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    assert_eq!(page.matches("</title>").count() - page.matches("</title></circle>").count(), 1);
}

#[test]
fn nothing_is_loaded_and_links_are_closed() {
    let sample = sample::small();
    let (page, views) = all_markup(&written(&sample));
    assert!(page.contains("default-src &#x27;none&#x27;"), "{}", &page[..400]);
    for m in std::iter::once(&page).chain(views.values().flatten()) {
        for attribute in ["src=", "srcset=", "@import", "url(", "<link", "<iframe", " style=\"", " onclick="] {
            assert!(!m.contains(attribute), "{attribute}");
        }
        for link in m.split("<a ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            assert!(link.contains("href=\"#") || link.contains("rel=\"noopener noreferrer\""), "{link}");
        }
    }
    assert!(views["sentences/loaded"][0].contains(&format!("href=\"{}\"", sample.url.replace('/', "&#x2f;"))));
}

#[test]
fn the_policy_names_the_blocks_that_stand_in_the_page() {
    use base64::Engine;
    use sha2::Digest;
    let page = written(&sample::small());
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let block = page.split_once(open).unwrap().1.split_once(close).unwrap().0;
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(block));
        let escaped = hash.replace('/', "&#x2f;");
        assert!(page.contains(&format!("sha256-{escaped}")), "{open} {hash}");
    }
}

#[test]
fn a_large_run_stays_under_five_megabytes() {
    // Six thousand articles: many outlets, or many periods.
    for (outlets, months, articles, shown) in [(45, 24, 6, 33), (20, 100, 3, 20)] {
        let page = written(&sample::large(outlets, months, articles));
        assert!(page.len() < 5_000_000, "{outlets} outlets: {}", page.len());
        assert_eq!(page.matches("<figure").count(), 3 * shown, "{outlets}");
        let others = format!("the other {} are in outlets.csv", outlets - shown);
        assert_eq!(page.contains(&others), outlets > shown);
    }
}

#[test]
fn a_run_without_dates_or_terms_still_has_a_page() {
    let sample = sample::large(1, 1, 2);
    let folder = tempfile::tempdir().unwrap();
    let sentences = folder.path().join(SENTENCES);
    sample.write_sentences(&sentences);
    let mut tables = sample.tables();
    tables.retain(|(name, _)| matches!(*name, "articles" | "outlets"));
    let whole_run = tables[1].1.clone().lazy().filter(col("period").eq(lit("all"))).collect().unwrap();
    tables[1].1 = whole_run;
    write_page(folder.path(), &tables, &sample.manifest, &sentences).unwrap();
    let page = std::fs::read_to_string(folder.path().join(PAGE)).unwrap();
    assert!(page.contains("no dated articles") && !page.contains("<section id=\"contrasts\">"));
}

#[test]
fn a_run_of_many_periods_is_drawn_by_a_coarser_one() {
    let page = written(&sample::large(3, 60, 6));
    assert!(page.contains("the charts are estimated by quarter"));
    assert!(!written(&sample::small()).contains("the charts are estimated by"));
}
