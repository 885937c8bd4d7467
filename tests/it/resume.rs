//! A run that is killed and resumed ends byte-identical to one that was not.

use std::time::{Duration, Instant};

use crate::support::{assert_same_tables, framescope, run, score, stderr};

#[test]
fn killed_at_many_points_and_resumed_it_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let started = Instant::now();
    score(&["seeds/articles"], &whole, &["--chunk", "1"], 0);
    let usual = started.elapsed();
    let broken_path = broken.display().to_string();
    let args = [
        "score",
        "seeds/articles",
        "-o",
        &broken_path,
        "--engine",
        "fake",
        "--resamples",
        "100",
        "--chunk",
        "1",
        "--resume",
    ];
    let mut kills = 0;
    for attempt in 1..=12u32 {
        let mut child = framescope(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(usual * attempt / 14);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 3, "the program ended before it could be killed often enough: {kills}");
    let last = run(&args);
    assert_eq!(last.status.code(), Some(0), "{}", stderr(&last));
    assert_same_tables(&whole, &broken);
    assert!(!broken.join(".partial").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run");
    let path = output.display().to_string();
    let args = ["score", "seeds/articles", "-o", &path, "--engine", "fake", "--chunk", "1"];
    let mut command = framescope(&args);
    let child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !output.join(".partial/00000001.json").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(130), "{}", stderr(&done));
    let last = stderr(&done).trim_end().lines().next_back().unwrap_or_default().to_owned();
    assert!(last.contains("chunks are kept") && last.contains("--resume"), "{last}");
    let resumed = run(&[&args[..], &["--resume"]].concat());
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
}

#[test]
fn an_interrupted_run_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run");
    let path = output.display().to_string();
    let args = ["score", "seeds/articles", "-o", &path, "--engine", "fake", "--chunk", "1"];
    let mut child = framescope(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !output.join(".partial/00000001.json").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let again = run(&args);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("--resume"), "{}", stderr(&again));
    let other = run(&[&args[..], &["--resume", "--frames", "immigration"]].concat());
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("other frames"), "{}", stderr(&other));
    let restarted = run(&[&args[..], &["--restart", "--resamples", "100"]].concat());
    assert_eq!(restarted.status.code(), Some(0), "{}", stderr(&restarted));
}

#[test]
fn a_collection_that_changed_is_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let articles = folder.path().join("articles");
    std::fs::create_dir(&articles).unwrap();
    for file in std::fs::read_dir("seeds/articles").unwrap().flatten() {
        std::fs::copy(file.path(), articles.join(file.file_name())).unwrap();
    }
    let (input, output) = (articles.display().to_string(), folder.path().join("run").display().to_string());
    let args = ["score", &input, "-o", &output, "--engine", "fake", "--chunk", "1", "--resume"];
    let mut child = framescope(&args).stdout(std::process::Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !folder.path().join("run/.partial/00000001.json").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(
        articles.join("new.jsonl"),
        "{\"id\": \"new\", \"title\": \"A vote\", \"text\": \"The council met.\"}\n",
    )
    .unwrap();
    let changed = run(&args);
    assert_eq!(changed.status.code(), Some(2));
    assert!(stderr(&changed).contains("other input files"), "{}", stderr(&changed));
}

/// What a running process holds, this one holds in its place: where two wrote, chunks of one run would stand among the other's.
#[cfg(unix)]
#[test]
fn two_do_not_write_to_one_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("run");
    score(&["seeds/articles"], &output, &[], 0);
    let path = output.display().to_string();
    let held = std::fs::File::open(&output).unwrap();
    held.try_lock().unwrap();
    let scoring = ["score", "seeds/articles", "-o", &path, "--engine", "fake", "--restart"];
    for args in [&scoring[..], &["report", &path]] {
        let refused = run(args);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            stderr(&refused).contains(&path) && stderr(&refused).contains("another framescope"),
            "{}",
            stderr(&refused)
        );
    }
    drop(held);
    // What a killed one left.
    std::fs::create_dir(output.join(".writing-tables")).unwrap();
    std::fs::write(output.join(".writing-tables/outlets.csv"), "half").unwrap();
    std::fs::write(output.join(".writing-page"), "half").unwrap();
    let report = run(&["report", &path]);
    assert_eq!(report.status.code(), Some(0), "{}", stderr(&report));
    let left = std::fs::read_dir(&output)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(left.count(), 0);
}
