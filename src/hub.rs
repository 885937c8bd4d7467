//! Brings a classifier's checkpoint from the Hugging Face hub into a folder, and pins what came: the commit, and the sha256 of
//! each file.

use std::path::{Path, PathBuf};

use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Repo, RepoType};

use crate::error::{Error, Result};
use crate::stages::infer::checkpoint::Checkpoint;
use crate::stages::infer::models::sha256_of;
use crate::stages::infer::pins::{Pin, Pins};

/// The hub itself; `HF_ENDPOINT` names a mirror.
pub const ENDPOINT: &str = "https://huggingface.co";

/// What to fetch, and where to.
pub struct Request<'a> {
    /// `ORG/NAME`.
    pub name: &'a str,
    /// A branch, tag or commit.
    pub revision: &'a str,
    /// The folder of checkpoints; the checkpoint's own folder is made in it.
    pub into: &'a Path,
    pub endpoint: &'a str,
    /// For gated and private checkpoints.
    pub token: Option<String>,
    /// `model.onnx` too, for the embedded engine.
    pub onnx: bool,
    pub progress: bool,
}

/// What came.
pub struct Fetched {
    pub folder: PathBuf,
    pub pin: Pin,
    /// The revision that was pinned before, if it was another.
    pub before: Option<String>,
}

const SETTINGS: &[&str] =
    &["config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt"];
const WEIGHTS: &[&str] = &["model.safetensors", "rust_model.ot"];
const ONNX: &[&str] = &["model.onnx", "onnx/model.onnx"];

/// Fetches a checkpoint. Files go to a folder beside their place first, and take it together.
///
/// # Errors
/// A name that is none, a hub that does not answer or has no such checkpoint, one without weights that an engine takes, a file
/// that is not the one that the hub announced, or a folder that cannot be written.
pub fn fetch(request: &Request<'_>) -> Result<Fetched> {
    let own = folder_name(request.name)?;
    let into = std::path::absolute(request.into).map_err(Error::io(request.into))?;
    std::fs::create_dir_all(&into).map_err(Error::io(&into))?;
    let mut pins = Pins::load(&into)?;
    let scratch = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&into).map_err(Error::io(&into))?;
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::Config(format!("{}: {what} from {}: {error}", request.name, request.endpoint))
    };
    let api = ApiBuilder::new()
        .with_endpoint(request.endpoint.trim_end_matches('/').to_owned())
        .with_cache_dir(scratch.path().join("cache"))
        .with_token(request.token.clone())
        .with_progress(request.progress)
        .build()
        .map_err(|error| failed("cannot fetch", &error))?;
    let at = |revision: &str| api.repo(Repo::with_revision(request.name.into(), RepoType::Model, revision.into()));
    let info =
        at(request.revision).info().map_err(|error| failed(&format!("no revision {}", request.revision), &error))?;
    let there: Vec<&str> = info.siblings.iter().map(|sibling| sibling.rfilename.as_str()).collect();
    let wanted = wanted(&there, request)?;
    // By commit from here on: a branch may move while its files come.
    let repository = at(&info.sha);
    let new = scratch.path().join(&own);
    for file in &wanted {
        bring(&api, &repository, file, &new).map_err(|error| failed(&format!("cannot fetch {file}"), &error))?;
    }
    Checkpoint::read(&new)?;
    let sha256 = wanted.iter().map(|file| Ok(((*file).to_owned(), sha256_of(&new.join(file))?)));
    let pin = Pin {
        name: request.name.into(),
        revision: info.sha.clone(),
        folder: own.clone(),
        source: request.endpoint.trim_end_matches('/').into(),
        sha256: sha256.collect::<Result<_>>()?,
    };
    let folder = into.join(&own);
    if folder.exists() {
        std::fs::rename(&folder, scratch.path().join("earlier")).map_err(Error::io(&folder))?;
    }
    std::fs::rename(&new, &folder).map_err(Error::io(&folder))?;
    let before = pins.checkpoints.iter().find(|other| other.name == pin.name && other.revision != pin.revision);
    let before = before.map(|other| other.revision.clone());
    pins.put(pin.clone());
    pins.save(&into)?;
    Ok(Fetched { folder, pin, before })
}

/// `ORG--NAME`.
fn folder_name(name: &str) -> Result<String> {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c))
    };
    match name.split_once('/') {
        Some((organisation, own)) if plain(organisation) && plain(own) => Ok(format!("{organisation}--{own}")),
        _ => Err(Error::Config(format!("\"{name}\" is no checkpoint's name; the hub's are ORG/NAME"))),
    }
}

/// The files that an engine needs, of those that are there.
fn wanted<'a>(there: &[&'a str], request: &Request<'_>) -> Result<Vec<&'a str>> {
    let first = |names: &[&str]| names.iter().find_map(|name| there.iter().copied().find(|file| file == name));
    let mut wanted: Vec<&str> = there.iter().copied().filter(|file| SETTINGS.contains(file)).collect();
    if !wanted.contains(&"config.json") {
        return Err(Error::Config(format!("{} has no config.json: not a checkpoint", request.name)));
    }
    let (weights, onnx) = (first(WEIGHTS), first(ONNX));
    match (weights, onnx) {
        (None, None) => {
            return Err(Error::Config(format!(
                "{} has none of {}, {}; engines take nothing else",
                request.name,
                WEIGHTS.join(", "),
                ONNX.join(", ")
            )));
        }
        (_, None) if request.onnx => {
            return Err(Error::Config(format!("{} has no {}; leave --onnx out", request.name, ONNX.join(" and no "))));
        }
        (Some(weights), _) if !request.onnx => wanted.push(weights),
        (weights, Some(onnx)) => wanted.extend(weights.into_iter().chain([onnx])),
        (Some(weights), None) => wanted.push(weights),
    }
    Ok(wanted)
}

/// One file, to its place under `folder`. Large files are announced with their sha256.
fn bring(api: &hf_hub::api::sync::Api, repository: &ApiRepo, file: &str, folder: &Path) -> Result<(), String> {
    let announced = api.metadata(&repository.url(file)).map_err(|error| error.to_string())?;
    let path = repository.download(file).map_err(|error| error.to_string())?;
    let found = sha256_of(&path).map_err(|error| error.to_string())?;
    let etag = announced.etag();
    if etag.len() == found.len() && etag != found {
        return Err(format!("came with sha256 {found}, where the hub announces {etag}"));
    }
    let place = folder.join(file);
    std::fs::create_dir_all(place.parent().expect("a file is in a folder")).map_err(|error| error.to_string())?;
    // The cache has it behind a link.
    std::fs::rename(path.canonicalize().map_err(|error| error.to_string())?, &place).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder() {
        assert_eq!(folder_name("org/some-model_v2.1").unwrap(), "org--some-model_v2.1");
        for wrong in ["model", "../x", "org/..", "org/a/b", "org/", "/x", "org/a b"] {
            assert!(folder_name(wrong).is_err(), "{wrong}");
        }
    }
}
