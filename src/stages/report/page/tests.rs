//! The page as a whole: what it contains, what it must never contain, how large it may be.

use std::io::Read;

use super::super::sample::{self, Sample};
use super::*;
use crate::run_folder::SENTENCES;

fn written(sample: &Sample) -> String {
    let folder = tempfile::tempdir().unwrap();
    let sentences = folder.path().join(SENTENCES);
    sample.write_sentences(&sentences);
    std::fs::write(folder.path().join("rejected.csv"), "\u{feff}file,row,id,reason,detail\na,1,,empty_text,<b>no body</b>\n")
        .unwrap();
    write_page(folder.path(), &sample.tables(), &sample.manifest, &sentences).unwrap();
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
    for id in ["read", "framing", "tone", "loaded", "sentences", "contrasts", "trust", "provenance"] {
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
    let (page, views) = all_markup(&written(&sample));
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
