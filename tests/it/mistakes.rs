//! What goes wrong is said: what, where, and what to do.

use std::path::Path;

use crate::support::{run, stderr};

#[track_caller]
fn refused(args: &[&str], says: &[&str]) {
    let done = run(args);
    assert_eq!(done.status.code(), Some(2), "{}", stderr(&done));
    for part in says {
        assert!(stderr(&done).contains(part), "\"{part}\" is not in: {}", stderr(&done));
    }
}

#[test]
fn a_wrong_flag_value_names_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().display().to_string();
    refused(
        &["score", "seeds/articles", "-o", &output, "--frames", "policy_frame"],
        &["did you mean \"policy_frames\""],
    );
    refused(&["score", "seeds/articles", "-o", &output, "--scorer", "corss"], &["--scorer", "did you mean \"cross\""]);
    refused(&["score", "seeds/articles", "-o", &output, "--periods", "week"], &["--period"]);
    refused(&["score", "seeds/articles", "-o", &output, "--confidence", "95"], &["--confidence", "0.5..=0.999"]);
}

#[test]
fn the_embedded_engine_takes_no_device_and_no_precision() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().display().to_string();
    let with = |more: &[&'static str]| [&["score", "seeds/articles", "-o", &output], more].concat();
    refused(&with(&["--precision", "bf16"]), &["--precision", "--engine torch"]);
    refused(&with(&["--device", "cuda:0"]), &["--device", "--engine torch"]);
    refused(&with(&["--engine", "torch", "--precision", "int8"]), &["--fast", "embedded engine"]);
    refused(&with(&["--engine", "torch", "--device", "gpu"]), &["--device", "cuda:0"]);
}

#[test]
#[cfg(not(feature = "torch"))]
fn a_build_without_libtorch_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().display().to_string();
    refused(
        &["score", "seeds/articles", "-o", &output, "--engine", "torch"],
        &["scripts/setup-libtorch.sh", "--features torch"],
    );
}

#[test]
#[cfg(not(feature = "hub"))]
fn a_build_without_the_hub_says_how_to_get_it() {
    refused(&["models", "fetch", "org/name"], &["--features hub"]);
}

#[test]
fn an_unknown_key_of_the_settings_file_names_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "perod = \"week\"\n").unwrap();
    let (path, output) = (path.display().to_string(), folder.path().join("run").display().to_string());
    refused(&["score", "seeds/articles", "-o", &output, "--config", &path], &["mine.toml", "did you mean \"period\""]);
}

#[test]
fn an_input_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().display().to_string();
    refused(&["score", "no/such/articles.csv", "-o", &output, "--engine", "fake"], &["no/such/articles.csv"]);
}

#[test]
fn an_output_that_cannot_be_written_is_found_before_scoring() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let output = file.join("run").display().to_string();
    refused(&["score", "seeds/articles", "-o", &output, "--engine", "fake"], &["file"]);
}

#[test]
fn a_model_that_is_not_what_the_manifest_says_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    copy_models(&crate::support::root().join("models"), folder.path());
    let weights = folder.path().join("onepass/model.onnx");
    let mut bytes = std::fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let (models, output) = (folder.path().display().to_string(), folder.path().join("run").display().to_string());
    refused(&["score", "seeds/articles", "-o", &output, "--models", &models], &["model.onnx", "sha256"]);
    let verify = run(&["models", "verify", "--models", &models]);
    assert_eq!(verify.status.code(), Some(2));
}

fn copy_models(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_models(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
