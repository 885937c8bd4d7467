//! What a person sees of each command.

use crate::support::{framescope, run, score, stderr, stdout};

#[test]
fn help_is_a_promise() {
    for command in ["score", "report", "compare", "inspect", "frames", "rules", "models"] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        insta::assert_snapshot!(format!("help_{command}"), stdout(&help));
    }
}

#[test]
fn frames_are_listed_and_shown() {
    let list = stdout(&run(&["frames", "list"]));
    for name in ["policy_frames", "generic_news", "episodic_thematic", "immigration"] {
        assert!(list.contains(name), "{list}");
    }
    let shown = stdout(&run(&["frames", "show", "generic_news"]));
    assert!(shown.contains("conflict") && shown.contains("human_interest"), "{shown}");
}

#[test]
fn models_are_listed_and_verified() {
    let list = stdout(&run(&["models", "list"]));
    assert!(list.contains("negative / neutral / positive"), "{list}");
    assert!(list.contains("--scorer cross: log-odds of a frame"), "{list}");
    let verify = run(&["models", "verify"]);
    assert_eq!(verify.status.code(), Some(0), "{}", stdout(&verify));
}

#[test]
fn inspect_shows_removals_voices_and_scores() {
    let shown = run(&["inspect", "seeds/articles/liberty-ledger.jsonl", "--id", "ll-02", "--frames", "immigration"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
    let text = stdout(&shown);
    for part in ["Dana Crewe", "The Liberty Ledger", "headline", "deck", "quote: Thomas Keel", "tone ", "loaded "] {
        assert!(text.contains(part), "\"{part}\" is not in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour codes off a terminal");
    let cleaned = stdout(&run(&["inspect", "seeds/articles/liberty-ledger.jsonl", "--id", "ll-02", "--clean"]));
    for removed in ["Photo credit", "RELATED:", "Advertisement", "newsletter"] {
        let line = cleaned.lines().find(|line| line.contains(removed)).unwrap_or_default();
        assert!(line.starts_with('−'), "{removed}: {line}");
    }
}

#[test]
fn completions_and_the_man_page_are_printed() {
    assert!(stdout(&run(&["completions", "bash"])).contains("framescope"));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(stdout(&run(&["completions", shell])).contains("compare"), "{shell}");
    }
    let page = stdout(&run(&["completions", "man"]));
    assert!(page.contains(".TH framescope") && page.contains("framescope\\-compare"), "{page}");
    let page = stdout(&run(&["completions", "man", "compare"]));
    assert!(page.contains(".TH framescope-compare") && page.contains("\\-\\-voice"), "{page}");
    let wrong = run(&["completions", "man", "compar"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean \"compare\""), "{}", stderr(&wrong));
}

/// `| head -0`: nobody reads.
#[test]
fn a_closed_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run");
    score(&["seeds/articles"], &output, &[], 0);
    let made = output.display().to_string();
    for args in [
        &["compare", &made, "--json"][..],
        &["compare", &made],
        &["compare", &made, "The Common Thread", "The Liberty Ledger", "--csv"],
        &["completions", "man"],
        &["rules", "list"],
        &["inspect", "seeds/articles", "--schema"],
        &["eval", "--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = framescope(args).stdout(writer).output().unwrap();
        assert_eq!((done.status.code(), stderr(&done).as_str()), (Some(0), ""), "{args:?}");
    }
}
