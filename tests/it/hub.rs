//! `models fetch` against a local server with the hub's paths and headers.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::checkpoints::folder;
use crate::support::{framescope, stderr, stdout};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const LATER: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// Serves one checkpoint at two commits: `main` and `v1` are names of theirs.
struct Hub {
    address: String,
    state: Arc<Mutex<State>>,
}

struct State {
    files: Vec<(String, Vec<u8>)>,
    main: &'static str,
    /// What is announced as the sha256 of large files, in the place of the true one.
    announced: Option<String>,
    asked: Vec<String>,
}

impl Hub {
    fn of(checkpoint: &Path, names: &[&str]) -> Self {
        let files = names.iter().map(|name| ((*name).to_owned(), std::fs::read(checkpoint.join(name)).unwrap()));
        let mut files: Vec<(String, Vec<u8>)> = files.collect();
        files.push(("README.md".into(), b"# A card".to_vec()));
        files.push(("pytorch_model.bin".into(), vec![7; 100]));
        let state = State { files, main: COMMIT, announced: None, asked: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || while answer(&stream, &served).is_some() {});
            }
        });
        Self { address, state }
    }

    fn fetch(&self, into: &Path, more: &[&str]) -> Output {
        let mut args =
            vec!["models", "fetch", "org/tiny", "--into", into.to_str().unwrap(), "--endpoint", &self.address];
        args.extend(more);
        framescope(&args).env_remove("HF_TOKEN").env_remove("HF_ENDPOINT").output().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

/// One request of a connection; none when it is over.
fn answer(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let headers: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let path = first.split(' ').nth(1)?.to_owned();
    let start = headers.iter().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("range: bytes=")
            .and_then(|range| range.split('-').next()?.parse::<usize>().ok())
    });
    let ends_at_once = headers.iter().any(|line| line.to_lowercase() == "range: bytes=0-0");
    let mut state = state.lock().unwrap();
    state.asked.push(path.clone());
    let respond = |status: &str, headers: &str, body: &[u8]| {
        let mut stream = stream;
        write!(stream, "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).ok()?;
        stream.write_all(body).ok()
    };
    if let Some(revision) = path.strip_prefix("/api/models/org/tiny/revision/") {
        let commit = match revision {
            "main" => state.main,
            "v1" | COMMIT => COMMIT,
            LATER => LATER,
            _ => return respond("404 Not Found", "", b"{\"error\":\"Invalid rev id\"}"),
        };
        let siblings: Vec<_> = state.files.iter().map(|(name, _)| serde_json::json!({"rfilename": name})).collect();
        let body = serde_json::json!({"id": "org/tiny", "sha": commit, "siblings": siblings}).to_string();
        return respond("200 OK", "Content-Type: application/json\r\n", body.as_bytes());
    }
    let file = path.strip_prefix("/org/tiny/resolve/").and_then(|rest| rest.split_once('/'));
    let found = file.and_then(|(commit, name)| Some((commit, state.files.iter().find(|(own, _)| own == name)?)));
    let Some((commit, (name, content))) = found else { return respond("404 Not Found", "", b"Entry not found") };
    let sha256 = format!("{:x}", Sha256::digest(content));
    // Large files are announced with their sha256, small ones with git's hash.
    let etag = match name.ends_with(".safetensors") {
        true => state.announced.clone().unwrap_or(sha256),
        false => sha256[..40].to_owned(),
    };
    let start = start.unwrap_or(0);
    let end = if ends_at_once { 1.min(content.len()) } else { content.len() };
    let range = format!("Content-Range: bytes {start}-{}/{}\r\n", end.saturating_sub(1), content.len());
    let headers = format!("x-repo-commit: {commit}\r\nETag: \"{etag}\"\r\n{range}");
    respond("206 Partial Content", &headers, &content[start..end])
}

fn pinned(into: &Path) -> toml::Table {
    std::fs::read_to_string(into.join("checkpoints.toml")).unwrap().parse().unwrap()
}

fn own(into: &Path) -> PathBuf {
    into.join("org--tiny")
}

#[test]
fn a_checkpoint_comes_with_its_commit_and_sha256_pinned_and_scores() {
    let (scratch, bert) = (tempfile::tempdir().unwrap(), folder("bert"));
    let hub = Hub::of(&bert, &["config.json", "vocab.txt", "tokenizer_config.json", "model.safetensors", "model.onnx"]);
    let done = hub.fetch(scratch.path(), &["--revision", "v1", "--onnx"]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stdout(&done).contains(COMMIT) && stdout(&done).contains("--frame-checkpoint"), "{}", stdout(&done));
    for name in ["config.json", "vocab.txt", "tokenizer_config.json", "model.safetensors", "model.onnx"] {
        let same = std::fs::read(own(scratch.path()).join(name)).unwrap() == std::fs::read(bert.join(name)).unwrap();
        assert!(same, "{name}");
    }
    assert!(!own(scratch.path()).join("pytorch_model.bin").exists(), "no engine takes it");
    let asked = hub.asked();
    let files = asked.iter().filter(|path| path.contains("/resolve/"));
    assert!(files.clone().count() > 0);
    assert!(files.clone().all(|path| path.contains(COMMIT)), "by commit, not by name: {asked:?}");
    let pin = &pinned(scratch.path())["checkpoint"][0];
    assert_eq!((pin["name"].as_str(), pin["revision"].as_str()), (Some("org/tiny"), Some(COMMIT)));
    let sha256 = format!("{:x}", Sha256::digest(std::fs::read(bert.join("model.safetensors")).unwrap()));
    assert_eq!(pin["sha256"]["model.safetensors"].as_str(), Some(sha256.as_str()));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 2, "nothing else is left");

    let out = scratch.path().join("run");
    let score = || {
        let own = own(scratch.path());
        let args = [
            "score",
            "seeds/articles/liberty-ledger.jsonl",
            "-o",
            out.to_str().unwrap(),
            "--frames",
            "episodic_thematic",
            "--frame-checkpoint",
            own.to_str().unwrap(),
            "--cache",
            "off",
            "--resamples",
            "100",
            "-q",
            "--restart",
        ];
        framescope(&args).output().unwrap()
    };
    let done = score();
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let run = std::fs::read_to_string(out.join("run.json")).unwrap();
    assert!(run.contains(&format!("org/tiny at {COMMIT}")));

    std::fs::write(own(scratch.path()).join("vocab.txt"), "[PAD]\n").unwrap();
    let done = score();
    assert_eq!(done.status.code(), Some(2));
    assert!(stderr(&done).contains("vocab.txt") && stderr(&done).contains("checkpoints.toml"), "{}", stderr(&done));
}

#[test]
fn fetching_again_moves_the_pin_and_says_from_where() {
    let scratch = tempfile::tempdir().unwrap();
    let hub = Hub::of(&folder("distilbert"), &["config.json", "tokenizer.json", "model.safetensors"]);
    assert_eq!(hub.fetch(scratch.path(), &["-q"]).status.code(), Some(0));
    hub.state.lock().unwrap().main = LATER;
    let done = hub.fetch(scratch.path(), &[]);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stdout(&done).contains(LATER) && stdout(&done).contains(COMMIT), "{}", stdout(&done));
    let pins = pinned(scratch.path());
    assert_eq!(pins["checkpoint"].as_array().unwrap().len(), 1);
    assert_eq!(pins["checkpoint"][0]["revision"].as_str(), Some(LATER));
}

#[test]
fn what_cannot_be_fetched_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().unwrap();
    let hub = Hub::of(&folder("distilbert"), &["config.json", "tokenizer.json", "model.safetensors"]);
    let refused = |done: Output, says: &[&str]| {
        assert_eq!(done.status.code(), Some(2), "{}", stdout(&done));
        for part in says {
            assert!(stderr(&done).contains(part), "\"{part}\" is not in: {}", stderr(&done));
        }
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    };
    refused(hub.fetch(scratch.path(), &["--revision", "v9"]), &["org/tiny", "v9"]);
    refused(hub.fetch(scratch.path(), &["--onnx"]), &["model.onnx", "--onnx"]);
    hub.state.lock().unwrap().announced = Some("ab".repeat(32));
    refused(hub.fetch(scratch.path(), &["-q"]), &["model.safetensors", "announces"]);
    let bare = Hub::of(&folder("distilbert"), &["config.json", "tokenizer.json"]);
    refused(bare.fetch(scratch.path(), &["-q"]), &["model.safetensors", "rust_model.ot"]);
    let nobody = Hub { address: "http://127.0.0.1:9".into(), state: hub.state };
    refused(nobody.fetch(scratch.path(), &["-q"]), &["127.0.0.1:9"]);
}
