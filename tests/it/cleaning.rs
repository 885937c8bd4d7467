//! Cleaning is seen, checked and steered by the user.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::{collection, framescope, run, score, stderr, stdout, table};

const OPENING: &str = "The harbor council voted late on Monday to keep the ferry running through the winter.";
const CLOSE: &str =
    "The next boat leaves the town at noon, and the mayor said that she would be on it with her family.";

fn one(folder: &Path, title: &str, text: &str) -> String {
    let record = json!({"id": "x", "title": title, "text": text, "outlet": "Ledger"});
    collection(folder, "one.jsonl", &[record]).display().to_string()
}

#[test]
fn rules_are_listed_and_shown_as_the_toml_that_a_user_may_write() {
    let list = stdout(&run(&["rules", "list"]));
    for id in ["photo_credit", "byline", "newsletter_signup"] {
        assert!(list.contains(id), "{list}");
    }
    let folder = tempfile::tempdir().unwrap();
    let shown = stdout(&run(&["rules", "show", "photo_credit"]));
    let path = folder.path().join("copy.toml");
    fs::write(&path, shown.replace("id = \"photo_credit\"", "id = \"my_credit\"")).unwrap();
    let checked = run(&["rules", "check", &path.display().to_string()]);
    assert_eq!(checked.status.code(), Some(0), "{}{}", stdout(&checked), stderr(&checked));
    assert!(stdout(&run(&["rules", "show", "byline"])).contains("in code"));
    assert!(stderr(&run(&["rules", "show", "photo_credits"])).contains("did you mean \"photo_credit\""));
}

#[test]
fn rules_are_switched_off_and_a_users_own_are_tried_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let input = one(
        folder.path(),
        "Ferry runs",
        &format!("{OPENING}\n\nAdvertisement\n\nFerry times: see the board.\n\n{CLOSE}"),
    );
    let rules = |example: &str| {
        format!(
            "family = \"mine\"\n[[rule]]\nid = \"ferry_times\"\nscope = \"paragraph\"\npattern = 'Ferry times: .*'\n\
             description = \"Times\"\nexamples = [\"{example}\"]\n"
        )
    };
    let path = folder.path().join("mine.toml");
    fs::write(&path, rules("Ferry times: see the board.")).unwrap();
    let (path, output) = (path.display().to_string(), folder.path().join("run"));
    score(&[&input], &output, &["--rules", &path, "--disable-rule", "advertisement_label"], 0);
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(output.join("run.json")).unwrap()).unwrap();
    assert_eq!(manifest["removals"], json!({"ferry_times": 1}), "the audit, by rule");
    let removals = fs::read_to_string(output.join("removals.csv")).unwrap();
    assert!(removals.contains("x,ferry_times,text,") && removals.contains("Ferry times: see the board."), "{removals}");
    let page = fs::read_to_string(output.join("report.html")).unwrap();
    assert!(page.contains("ferry_times") || page.contains("ferry times"), "the page has the audit");

    fs::write(&path, rules("Times of the ferry")).unwrap();
    let refused =
        run(&["score", &input, "-o", &output.display().to_string(), "--engine", "fake", "--restart", "--rules", &path]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("ferry_times") && stderr(&refused).contains("Times of the ferry"),
        "{}",
        stderr(&refused)
    );
    let checked = run(&["rules", "check", &path]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stdout(&checked).contains("nothing of it is removed"), "{}", stdout(&checked));
}

#[test]
fn inspect_shows_cleaning_as_a_diff_in_the_order_of_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{OPENING}\n\nPhoto credit: Port handout\n\nâ€œWe stay,â€\u{9d} she said of the pier and the old harbor.\n\n{CLOSE}"
    );
    let input = one(folder.path(), "Ferry runs | The Harbor Ledger", &text);
    let shown = stdout(&run(&["inspect", &input, "--clean"]));
    let at = |part: &str| shown.find(part).unwrap_or_else(|| panic!("{part} is not in\n{shown}"));
    assert!(at("Ferry runs") < at("headline_outlet"), "{shown}");
    assert!(at("The harbor council") < at("− photo_credit"), "{shown}");
    assert!(at("− photo_credit") < at("“We stay,”"), "{shown}");
    assert!(shown.contains("~ \"â€œ\" → \"“\" ×1"), "{shown}");
    // An article of which nothing is left is shown too, with what would become of it.
    let empty = one(folder.path(), "Ferry", "Advertisement\n\nLoading...");
    let done = framescope(&["inspect", &empty, "--clean"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(
        stdout(&done).contains("− advertisement_label") && stdout(&done).contains("empty_after_cleaning"),
        "{}",
        stdout(&done)
    );
}

#[test]
fn short_articles_are_rejected_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let records = [
        json!({"id": "a", "title": "Long enough", "text": format!("{OPENING} {CLOSE}"), "outlet": "A"}),
        json!({"id": "b", "title": "Too short", "text": "It stays.", "outlet": "A"}),
    ];
    let input = collection(folder.path(), "two.jsonl", &records).display().to_string();
    let output = folder.path().join("run");
    score(&[&input], &output, &["--min-words", "20"], 1);
    assert!(fs::read_to_string(output.join("rejected.csv")).unwrap().contains("too_short"));
    assert_eq!(table(&output.join("articles.parquet")).height(), 1);
}

#[test]
fn a_title_reads_as_a_person_would_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let input =
        one(folder.path(), " Council&#8217;s â€œferryâ€\u{9d} vote &amp; after ", &format!("{OPENING}\n\n{CLOSE}"));
    let output = folder.path().join("run");
    score(&[&input], &output, &[], 0);
    let articles = table(&output.join("articles.parquet"));
    assert_eq!(articles.column("title").unwrap().str().unwrap().get(0), Some("Council’s “ferry” vote & after"));
}
