//! Outlet names: a user's alias table, and the registrable domain of a URL.

use std::collections::HashMap;
use std::path::Path;

use crate::error::{Error, Result};

/// Alias → canonical outlet name. Matching ignores case, outer white space, a leading "the" and a leading "www.".
#[derive(Debug, Clone, Default)]
pub struct OutletAliases {
    canonical: HashMap<String, String>,
}

impl OutletAliases {
    /// Reads a table: CSV or TSV with two columns (alias, canonical; a header `alias,canonical` is allowed), or TOML
    /// with `alias = "Canonical"` or `"Canonical" = ["alias", ...]`.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Config`], naming the file and the line.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let toml = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("toml"));
        let parsed = if toml { Self::from_toml(text) } else { Self::from_table(text) };
        parsed.map_err(|reason| Error::Config(format!("outlet aliases {}: {reason}", path.display())))
    }

    /// Adds one pair; the canonical name becomes an alias of itself.
    ///
    /// # Errors
    /// A message where the alias already stands for another outlet.
    pub fn add(&mut self, alias: &str, canonical: &str) -> std::result::Result<(), String> {
        let canonical = canonical.trim();
        for name in [alias, canonical] {
            let name_key = key(name);
            if name_key.is_empty() {
                return Err("an alias or an outlet name is empty".to_owned());
            }
            match self.canonical.get(&name_key) {
                Some(other) if other != canonical => {
                    return Err(format!("\"{}\" stands for both \"{other}\" and \"{canonical}\"", name.trim()));
                }
                _ => self.canonical.insert(name_key, canonical.to_owned()),
            };
        }
        Ok(())
    }

    fn from_table(text: &str) -> std::result::Result<Self, String> {
        let delimiter = if text.lines().next().is_some_and(|line| line.contains('\t')) { b'\t' } else { b',' };
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut aliases = Self::default();
        for (index, row) in rows.records().enumerate() {
            let row = row.map_err(|error| error.to_string())?;
            let line = row.position().map_or(index as u64 + 1, csv::Position::line);
            let (Some(alias), Some(canonical), None) = (row.get(0), row.get(1), row.get(2)) else {
                return Err(format!("line {line}: give two columns, alias and canonical name"));
            };
            if index == 0 && alias.trim().eq_ignore_ascii_case("alias") {
                continue;
            }
            aliases.add(alias, canonical).map_err(|reason| format!("line {line}: {reason}"))?;
        }
        Ok(aliases)
    }

    fn from_toml(text: &str) -> std::result::Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut aliases = Self::default();
        for (name, value) in &table {
            match value {
                toml::Value::String(canonical) => aliases.add(name, canonical)?,
                toml::Value::Array(names) => {
                    for alias in names {
                        let alias = alias.as_str().ok_or_else(|| format!("\"{name}\": aliases are strings"))?;
                        aliases.add(alias, name)?;
                    }
                }
                _ => return Err(format!("\"{name}\": give a string or a list of strings")),
            }
        }
        Ok(aliases)
    }

    /// The canonical name of an outlet, where the table has it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.canonical.get(&key(name)).map(String::as_str)
    }

    /// The outlet of a record: the name it gives (an address is cut to its domain), else the domain of its URL; either
    /// by its canonical name where the table has one.
    pub fn outlet(&self, given: Option<&str>, url: Option<&str>) -> Option<String> {
        if let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) {
            let domain = looks_like_address(given).then(|| registrable_domain(given)).flatten();
            let known = self.get(given).or_else(|| domain.as_deref().and_then(|domain| self.get(domain)));
            return Some(known.map_or_else(|| domain.unwrap_or_else(|| given.to_owned()), str::to_owned));
        }
        let url = url?;
        let host = host(url)?;
        let domain = registrable_domain(url);
        let known = self.get(&host).or_else(|| domain.as_deref().and_then(|domain| self.get(domain)));
        known.map(str::to_owned).or(domain)
    }
}

fn key(name: &str) -> String {
    let lower = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let name = lower.strip_prefix("the ").unwrap_or(&lower);
    name.strip_prefix("www.").unwrap_or(name).to_owned()
}

fn looks_like_address(name: &str) -> bool {
    name.contains("://") || name.to_ascii_lowercase().starts_with("www.")
}

/// The lower-case host of a URL; for a page in the Wayback Machine, the host of the page that was archived.
fn host(url: &str) -> Option<String> {
    let rest = url.trim();
    let rest = rest.split_once("://").map_or_else(|| rest.trim_start_matches('/'), |(_, rest)| rest);
    let (authority, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    let authority = authority.rsplit('@').next()?;
    let host = authority.split(':').next()?.trim_end_matches('.').to_ascii_lowercase();
    if host == "web.archive.org"
        && let Some(at) = path.find("http://").or_else(|| path.find("https://"))
    {
        return self::host(&path[at..]).filter(|inner| inner != "web.archive.org");
    }
    let valid = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    valid.then_some(host)
}

/// `https://edition.example.co.uk/a` → `example.co.uk`. None where the host is an address of numbers or has no dot.
pub(super) fn registrable_domain(url: &str) -> Option<String> {
    let host = host(url)?;
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> OutletAliases {
        OutletAliases::from_table("alias,canonical\nnyt,The New York Times\nNYTimes.com,The New York Times\n").unwrap()
    }

    #[test]
    fn spellings_meet_in_the_canonical_name() {
        let aliases = table();
        for name in ["NYT", "nytimes.com", "www.nytimes.com", "New York Times", "the  new york times"] {
            assert_eq!(aliases.outlet(Some(name), None).as_deref(), Some("The New York Times"), "{name}");
        }
        let by_url = aliases.outlet(None, Some("https://www.nytimes.com/2020/01/06/us/a.html"));
        assert_eq!(by_url.as_deref(), Some("The New York Times"));
        assert_eq!(aliases.outlet(Some("Post"), Some("https://nytimes.com")).as_deref(), Some("Post"));
    }

    #[test]
    fn without_a_name_the_domain_is_the_outlet() {
        let none = OutletAliases::default();
        let outlet = |url| none.outlet(None, Some(url));
        assert_eq!(outlet("https://user@edition.example.co.uk:8080/a?b#c").as_deref(), Some("example.co.uk"));
        assert_eq!(outlet("//news.example.org/a").as_deref(), Some("example.org"));
        assert_eq!(outlet("https://web.archive.org/web/2020/http://www.example.com/x").as_deref(), Some("example.com"));
        assert_eq!(outlet("http://127.0.0.1/a"), None);
        assert_eq!(outlet("not a url"), None);
        assert_eq!(none.outlet(Some("http://www.example.com"), None).as_deref(), Some("example.com"));
        assert_eq!(none.outlet(Some(" Daily Example "), None).as_deref(), Some("Daily Example"));
        assert_eq!(none.outlet(None, None), None);
    }

    #[test]
    fn a_toml_table_works_both_ways_round() {
        let aliases = OutletAliases::from_toml("nyt = \"The New York Times\"\n\"The Post\" = [\"wapo\"]\n").unwrap();
        assert_eq!(aliases.get("NYT"), Some("The New York Times"));
        assert_eq!(aliases.get("wapo"), Some("The Post"));
    }

    #[test]
    fn a_wrong_table_names_the_line() {
        assert!(OutletAliases::from_table("a,B\na,C\n").unwrap_err().contains("line 2"));
        assert!(OutletAliases::from_table("only\n").unwrap_err().contains("line 1"));
    }
}
