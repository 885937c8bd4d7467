//! What a user can say about how the input is to be read.

use std::collections::BTreeMap;

use super::aliases::OutletAliases;
use super::columns::ColumnField;
use super::dates::DayOrder;
use crate::error::{Error, Result, unknown};

/// Largest record that is held in memory; a longer one is rejected as `record_too_large` without being buffered.
pub const MAX_RECORD_BYTES: usize = 64 << 20;

/// Characters of the longest text that is taken for one article (some 350,000 words); a longer one is rejected as
/// `article_too_long`, since a collection read as one article would make one row of all its outlets.
pub const MAX_ARTICLE_CHARS: usize = 2_000_000;

/// Options of the stage; the default detects everything.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Which column feeds which field, where detection does not find it.
    pub map: ColumnMap,
    /// Canonical outlet names.
    pub aliases: OutletAliases,
    /// How `3/4/2020` is read.
    pub day_order: DayOrder,
    /// Bytes of one record, at most (64 MiB).
    pub max_record_bytes: usize,
    /// How many bytes one compressed byte may become once 64 MiB have been unpacked (200).
    pub max_expansion: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            map: ColumnMap::default(),
            aliases: OutletAliases::default(),
            day_order: DayOrder::default(),
            max_record_bytes: MAX_RECORD_BYTES,
            max_expansion: 200,
        }
    }
}

/// Field → column name, as in `title=headline,text=body`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap {
    columns: BTreeMap<ColumnField, String>,
}

impl ColumnMap {
    /// Parses comma-separated `field=column` pairs.
    ///
    /// # Errors
    /// [`Error::Config`] for a pair without `=`, a field that does not exist (the nearest is named) or one given twice.
    pub fn parse(pairs: &str) -> Result<Self> {
        let mut map = Self::default();
        for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (field, column) = pair.split_once('=').ok_or_else(|| {
                Error::Config(format!("--map: \"{pair}\" is not FIELD=COLUMN, as in title=headline,text=body"))
            })?;
            map.set(field.trim(), column.trim())?;
        }
        Ok(map)
    }

    /// Sets one field's column.
    ///
    /// # Errors
    /// As [`ColumnMap::parse`].
    pub fn set(&mut self, field: &str, column: &str) -> Result<()> {
        let names = ColumnField::ALL.iter().map(|field| field.name());
        let Some(key) = ColumnField::ALL.iter().copied().find(|known| known.name() == field) else {
            return Err(Error::Config(format!("--map: {}", unknown("field", field, names))));
        };
        if column.is_empty() {
            return Err(Error::Config(format!("--map: no column is named for \"{field}\"")));
        }
        match self.columns.insert(key, column.to_owned()) {
            Some(_) => Err(Error::Config(format!("--map: \"{field}\" is given twice"))),
            None => Ok(()),
        }
    }

    /// The column that the user named for a field.
    pub fn get(&self, field: ColumnField) -> Option<&str> {
        self.columns.get(&field).map(String::as_str)
    }

    /// Every pair, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (ColumnField, &str)> {
        self.columns.iter().map(|(field, column)| (*field, column.as_str()))
    }

    /// Whether nothing is mapped.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_names_fields_and_columns() {
        let map = ColumnMap::parse("title=Head Line, text=body").unwrap();
        assert_eq!(map.get(ColumnField::Title), Some("Head Line"));
        assert_eq!(map.get(ColumnField::Text), Some("body"));
        assert_eq!(map.get(ColumnField::Date), None);
    }

    #[test]
    fn a_wrong_map_says_what_is_wrong() {
        let message = |pairs| ColumnMap::parse(pairs).unwrap_err().to_string();
        assert!(message("titel=x").contains("did you mean \"title\""));
        assert!(message("title").contains("FIELD=COLUMN"));
        assert!(message("title=a,title=b").contains("twice"));
        assert!(message("title=").contains("no column"));
    }
}
