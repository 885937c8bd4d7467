//! The user's manifest of fetched checkpoints: `checkpoints.toml` beside their folders, with revision and sha256 of each file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::models::sha256_of;
use crate::error::{Error, Result};

/// Its name, in the folder that holds the checkpoints' folders.
pub const FILE: &str = "checkpoints.toml";

const HEAD: &str = "\
# Checkpoints that `framescope models fetch` brought, each at the revision that it was fetched at. A folder whose files are not
# the ones named here is refused.
";

/// All checkpoints of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    #[serde(default, rename = "checkpoint")]
    pub checkpoints: Vec<Pin>,
}

/// One fetched checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// `ORG/NAME` on the hub.
    pub name: String,
    /// The commit that the files are of.
    pub revision: String,
    /// Beside the manifest.
    pub folder: String,
    /// The hub that they came from.
    pub source: String,
    /// Lower-case hexadecimal, by file.
    pub sha256: BTreeMap<String, String>,
}

impl Pins {
    /// Of a folder of checkpoints; none where there is no manifest yet.
    ///
    /// # Errors
    /// A manifest that cannot be read.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| Error::Model { path, reason: error.to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io(path)(error)),
        }
    }

    /// Writes the manifest, in the place of an earlier one at once.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let text =
            toml::to_string(self).map_err(|error| Error::Model { path: path.clone(), reason: error.to_string() })?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
        std::io::Write::write_all(&mut file, format!("{HEAD}\n{text}").as_bytes()).map_err(Error::io(&path))?;
        file.persist(&path).map_err(|error| Error::io(&path)(error.error))?;
        Ok(())
    }

    /// Adds a checkpoint, in the place of an earlier one of its name.
    pub fn put(&mut self, pin: Pin) {
        self.checkpoints.retain(|other| other.name != pin.name);
        self.checkpoints.push(pin);
        self.checkpoints.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Whether a checkpoint's files are those that the manifest beside it pins; a folder that nobody fetched is taken as it is.
///
/// # Errors
/// A file that is another one, or is gone.
pub(super) fn check(folder: &Path) -> Result<Option<Pin>> {
    let Ok(folder) = folder.canonicalize() else { return Ok(None) };
    let (Some(parent), Some(name)) = (folder.parent(), folder.file_name().and_then(std::ffi::OsStr::to_str)) else {
        return Ok(None);
    };
    let Some(pin) = Pins::load(parent)?.checkpoints.into_iter().find(|pin| pin.folder == name) else { return Ok(None) };
    for (file, expected) in &pin.sha256 {
        let path = folder.join(file);
        let found = sha256_of(&path)?;
        if found != *expected {
            let reason = format!(
                "sha256 is {found}, but {FILE} pins {expected} at revision {}; fetch it again, or take it out of {FILE} if you \
                 changed it on purpose",
                pin.revision
            );
            return Err(Error::Model { path, reason });
        }
    }
    Ok(Some(pin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_file_that_changed_is_refused_and_others_are_not_looked_at() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("org--name");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("config.json"), "{}").unwrap();
        assert_eq!(check(&folder).unwrap(), None);
        let sha256 = sha256_of(&folder.join("config.json")).unwrap();
        let pin = Pin {
            name: "org/name".into(),
            revision: "abc".into(),
            folder: "org--name".into(),
            source: "https://hub.example".into(),
            sha256: [("config.json".to_owned(), sha256)].into(),
        };
        let mut pins = Pins::default();
        pins.put(pin.clone());
        pins.put(pin.clone());
        pins.save(root.path()).unwrap();
        assert_eq!(Pins::load(root.path()).unwrap().checkpoints, std::slice::from_ref(&pin));
        assert_eq!(check(&folder).unwrap(), Some(pin));
        std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        check(&folder).unwrap();
        std::fs::write(folder.join("config.json"), "{ }").unwrap();
        assert!(check(&folder).unwrap_err().to_string().contains("pins"));
    }
}
