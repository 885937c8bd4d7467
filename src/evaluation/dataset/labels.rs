//! Labels as the file writes them, read as ours.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Error, Result, unknown};

/// Renames the file's labels to ours, e.g. `0=plain,1=loaded`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelMap(BTreeMap<String, String>);

impl LabelMap {
    /// From `THEIRS=OURS` items.
    ///
    /// # Errors
    /// An item without `=`, or one that renames a label twice.
    pub fn parse<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut map = BTreeMap::new();
        for item in items {
            let (theirs, ours) = item
                .rsplit_once('=')
                .ok_or_else(|| Error::Config(format!("--label-map: \"{item}\" is not THEIRS=OURS, e.g. 0=plain")))?;
            if map.insert(theirs.trim().to_owned(), ours.trim().to_owned()).is_some() {
                return Err(Error::Config(format!("--label-map renames \"{}\" twice", theirs.trim())));
            }
        }
        Ok(Self(map))
    }

    /// # Errors
    /// A renaming to a label that the task does not have.
    pub(super) fn check(&self, labels: &[String]) -> Result<()> {
        match self.0.values().find(|ours| !labels.contains(ours)) {
            Some(ours) => {
                let what = unknown("label", ours, labels.iter().map(String::as_str));
                Err(Error::Config(format!("--label-map: {what}")))
            }
            None => Ok(()),
        }
    }

    /// The index of a label of the file, by its renaming or its name; case does not matter in names.
    pub(super) fn index(&self, theirs: &str, labels: &[String]) -> Option<usize> {
        let name = self.0.get(theirs.trim()).map_or(theirs.trim(), String::as_str);
        labels
            .iter()
            .position(|label| label == name)
            .or_else(|| labels.iter().position(|label| label.eq_ignore_ascii_case(name)))
    }
}

/// The names in a label cell: `None` where it is null or empty, an empty list where it is a list of none.
///
/// In a multi-label cell of text, names stand apart by `;` or `|`.
pub(super) fn names(cell: &Value, multi_label: bool) -> Option<Vec<String>> {
    match cell {
        Value::Null => None,
        Value::Array(items) if multi_label => Some(items.iter().filter_map(name).collect()),
        Value::Array(items) => items.first().filter(|_| items.len() == 1).and_then(name).map(|one| vec![one]),
        Value::String(text) if multi_label => {
            let split: Vec<String> =
                text.split([';', '|']).map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
            (!split.is_empty()).then_some(split)
        }
        other => name(other).map(|one| vec![one]),
    }
}

/// One name; a whole number is written without a fraction, since tables often turn 1 into 1.0.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => match number.as_f64() {
            Some(x) if x.fract() == 0.0 && x.abs() < 1e15 => Some(format!("{x:.0}")),
            _ => Some(number.to_string()),
        },
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels() -> Vec<String> {
        ["plain", "loaded"].map(str::to_owned).to_vec()
    }

    #[test]
    fn labels_are_renamed_then_read_by_name() {
        let map = LabelMap::parse(["0=plain", "a=b=loaded"]).unwrap();
        assert_eq!(map.index("0", &labels()), Some(0));
        assert_eq!(map.index("a=b", &labels()), Some(1));
        assert_eq!(map.index("Loaded", &labels()), Some(1));
        assert_eq!(map.index("1", &labels()), None);
    }

    #[test]
    fn wrong_renamings_are_refused() {
        assert!(LabelMap::parse(["plain"]).unwrap_err().to_string().contains("THEIRS=OURS"));
        assert!(LabelMap::parse(["1=loaded", "1=plain"]).unwrap_err().to_string().contains("twice"));
        let error = LabelMap::parse(["1=loadad"]).unwrap().check(&labels()).unwrap_err();
        assert!(error.to_string().contains("did you mean \"loaded\""), "{error}");
    }

    #[test]
    fn cells_give_names() {
        assert_eq!(names(&json!(1), false), Some(vec!["1".into()]));
        assert_eq!(names(&json!(1.0), false), Some(vec!["1".into()]));
        assert_eq!(names(&json!(["a", "b"]), true), Some(vec!["a".into(), "b".into()]));
        assert_eq!(names(&json!("a; b|c"), true), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(names(&json!([]), true), Some(vec![]));
        assert_eq!(names(&json!(["a", "b"]), false), None);
        assert_eq!(names(&json!(" "), true), None);
        assert_eq!(names(&Value::Null, false), None);
    }
}
