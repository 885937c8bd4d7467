//! What to say of columns.

use super::columns::ColumnField;
use crate::error::nearest;

/// `"a", "b", ... and 12 more` for messages.
pub(super) fn list_columns<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 30;
    let all: Vec<&str> = columns.into_iter().collect();
    let shown: Vec<String> = all.iter().take(SHOWN).map(|name| format!("\"{}\"", shorten(name, 40))).collect();
    match all.len().saturating_sub(SHOWN) {
        0 if all.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The first `limit` characters on one line, with `…` where something was cut.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = chars.by_ref().take(limit).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// What to say when no column of a file can be the title or the text.
pub(super) fn no_text_column<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    format!(
        "no column looks like a title or a text; the columns are {}. Name them, e.g. --map title=COLUMN,text=COLUMN",
        list_columns(columns)
    )
}

/// What to say when a mapped column does not exist.
pub(super) fn unknown_column<'a>(
    field: ColumnField,
    given: &str,
    columns: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    let field = field.name();
    match nearest(given, columns.clone()) {
        Some(near) => format!("--map {field}={given}: there is no such column; did you mean \"{near}\"?"),
        None => {
            format!("--map {field}={given}: there is no such column; the columns are {}", list_columns(columns))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_nearest_column() {
        let columns = ["headline", "body"];
        assert!(unknown_column(ColumnField::Text, "bdy", columns).contains("did you mean \"body\""));
        assert!(unknown_column(ColumnField::Text, "zzzzzzz", columns).contains("\"headline\", \"body\""));
        assert!(no_text_column(["a"]).contains("--map"));
    }
}
