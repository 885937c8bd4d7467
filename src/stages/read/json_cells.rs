//! A JSON object as cells: nested members become `parent.member`, lists of strings one cell.
//!
//! The object is never built as a tree: a tree of small values takes many times the bytes of its source.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::columns::{ColumnField, recognise};

/// Cells of one record at most; what comes after is of no use to anyone and would only take memory.
const MAX_CELLS: usize = 4096;
/// Nesting below which members are looked at.
const MAX_DEPTH: usize = 4;

/// Parses objects, sharing the column names between records.
#[derive(Default)]
pub(super) struct Cells {
    names: HashMap<String, Arc<str>>,
}

impl Cells {
    /// The object's cells; null is an empty one.
    pub fn parse(&mut self, text: &str) -> Result<Vec<(Arc<str>, String)>, serde_json::Error> {
        match self.parse_strict(text) {
            Err(error) if error.is_syntax() => match repaired(text) {
                Some(repaired) => self.parse_strict(&repaired),
                None => Err(error),
            },
            result => result,
        }
    }

    fn parse_strict(&mut self, text: &str) -> Result<Vec<(Arc<str>, String)>, serde_json::Error> {
        let mut cells = Vec::new();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let node = Node { names: &mut self.names, cells: &mut cells, path: String::new(), depth: 0 };
        node.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(cells)
    }
}

/// A value at a path.
struct Node<'a> {
    names: &'a mut HashMap<String, Arc<str>>,
    cells: &'a mut Vec<(Arc<str>, String)>,
    path: String,
    depth: usize,
}

impl Node<'_> {
    fn push<E: serde::de::Error>(self, content: String) -> Result<(), E> {
        if self.depth == 0 {
            return Err(E::custom("a single value where an object is expected"));
        }
        if self.cells.len() >= MAX_CELLS {
            return Ok(());
        }
        let name = match self.names.get(&self.path) {
            Some(name) => Arc::clone(name),
            None => {
                let name: Arc<str> = self.path.as_str().into();
                if self.names.len() < MAX_CELLS {
                    self.names.insert(self.path, Arc::clone(&name));
                }
                name
            }
        };
        self.cells.push((name, content));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.push(text.to_owned())
    }
    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<(), E> {
        self.push(text)
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.push(value.to_string())
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.push(value.to_string())
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.push(value.to_string())
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.push(value.to_string())
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.push(String::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { names, cells, path, depth } = self;
        while let Some(key) = map.next_key::<String>()? {
            if depth >= MAX_DEPTH {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            map.next_value_seed(Node { names: &mut *names, cells: &mut *cells, path, depth: depth + 1 })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.depth == 0 {
            return Err(A::Error::custom("a list where an object is expected"));
        }
        let is_text = recognise(&self.path).is_some_and(|found| found.field == ColumnField::Text);
        let separator = if is_text { "\n\n" } else { ", " };
        let mut joined = String::new();
        while let Some(item) = list.next_element_seed(Item)? {
            if let Some(item) = item.filter(|item| !item.is_empty()) {
                if !joined.is_empty() {
                    joined.push_str(separator);
                }
                joined.push_str(&item);
            }
        }
        self.push(joined)
    }
}

/// An element of a list: a string or number, or the name or text of an object.
struct Item;

impl<'de> DeserializeSeed<'de> for Item {
    type Value = Option<String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an element")
    }
    fn visit_str<E>(self, text: &str) -> Result<Option<String>, E> {
        Ok(Some(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Option<String>, E> {
        Ok(Some(text))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Option<String>, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, value: i64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }
    fn visit_unit<E>(self) -> Result<Option<String>, E> {
        Ok(None)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<String>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let mut name = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" | "text" | "content" | "value" if name.is_none() => name = map.next_value_seed(Item)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(name)
    }
}

/// What Python writes and JSON forbids: `NaN` and `Infinity` become null, escapes of half a surrogate pair U+FFFD.
fn repaired(text: &str) -> Option<String> {
    let mut output = String::with_capacity(text.len());
    let (mut rest, mut in_string, mut changed) = (text, false, false);
    while let Some(at) = rest.find(['"', '\\', 'N', 'I', '-']) {
        let (before, from) = rest.split_at(at);
        output.push_str(before);
        let taken = match from.as_bytes()[0] {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => escape_length(from),
            _ if !in_string => {
                ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| from.starts_with(word)).map_or(1, str::len)
            }
            _ => 1,
        };
        let taken = &from[..taken];
        match taken {
            "NaN" | "Infinity" | "-Infinity" => output.push_str("null"),
            escape if is_lone_surrogate(escape) => output.push_str("\\ufffd"),
            other => output.push_str(other),
        }
        changed |= taken.len() > 1 && !output.ends_with(taken);
        rest = &from[taken.len()..];
    }
    output.push_str(rest);
    changed.then_some(output)
}

/// Bytes of the escape at the start of `text`: 12 for a surrogate pair, 6 for another `\uXXXX`, else 2.
fn escape_length(text: &str) -> usize {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
        (Some(_), _) => 6,
        _ => text.chars().take(2).map(char::len_utf8).sum(),
    }
}

fn is_lone_surrogate(escape: &str) -> bool {
    escape.len() == 6
        && escape
            .strip_prefix("\\u")
            .and_then(|hex| u16::from_str_radix(hex, 16).ok())
            .is_some_and(|unit| (0xd800..=0xdfff).contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(String, String)> {
        let cells = Cells::default().parse(text).unwrap();
        cells.into_iter().map(|(name, content)| (name.to_string(), content)).collect()
    }

    fn cell(text: &str, name: &str) -> Option<String> {
        cells(text).into_iter().find(|(column, _)| column == name).map(|(_, content)| content)
    }

    #[test]
    fn nested_members_and_lists_become_cells() {
        let text = r#"{"title":"A","n":3,"none":null,"source":{"name":"Daily"},"authors":["X","Y"],
            "byline":{"person":[{"name":"Z"}]},"body":["One.","Two."]}"#;
        assert_eq!(cell(text, "source.name").unwrap(), "Daily");
        assert_eq!(cell(text, "authors").unwrap(), "X, Y");
        assert_eq!(cell(text, "byline.person").unwrap(), "Z");
        assert_eq!(cell(text, "body").unwrap(), "One.\n\nTwo.");
        assert_eq!(cell(text, "n").unwrap(), "3");
        assert_eq!(cell(text, "none").unwrap(), "");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["1", "null", "[1]", "\"a\"", "{\"a\":1} x", "{\"a\"", ""] {
            assert!(Cells::default().parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_no_crash() {
        let deep = format!("{{\"a\":{}{},\"b\":\"x\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(cell(&deep, "b").unwrap(), "x");
        let objects = "{\"a\":".repeat(100_000);
        assert!(Cells::default().parse(&objects).is_err());
    }

    #[test]
    fn pythons_habits_are_repaired() {
        assert_eq!(cell(r#"{"a":NaN,"b":"NaN \" -Infinity","c":-1,"d":-Infinity}"#, "b").unwrap(), "NaN \" -Infinity");
        assert_eq!(cell(r#"{"a":"x\ud83d y","b":"\ud83d\ude00"}"#, "a").unwrap(), "x\u{fffd} y");
        assert_eq!(cell(r#"{"a":"x\udc00","b":"\ud83d\ude00"}"#, "b").unwrap(), "\u{1f600}");
    }
}
