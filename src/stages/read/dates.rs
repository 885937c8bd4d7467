//! Dates in the forms that exports have. The calendar date stays in the zone that the record states.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Timelike};
use regex::{Captures, Regex};

use crate::record::Published;

/// How an all-number date with the year last, such as `3/4/2020`, is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DayOrder {
    /// Day first in a file whose first 200 records hold a date that can be nothing else (`13/4/2020`), else month first.
    #[default]
    Detect,
    MonthFirst,
    DayFirst,
}

impl std::str::FromStr for DayOrder {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "detect" => Ok(Self::Detect),
            "month-first" => Ok(Self::MonthFirst),
            "day-first" => Ok(Self::DayFirst),
            _ => Err(crate::error::unknown("day order", name, ["detect", "month-first", "day-first"])),
        }
    }
}

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($regex).expect("a valid pattern"));
    };
}

pattern!(LABEL, r"^(?:first |last )?(?:published|posted|updated)(?: on)?:?\s+");
pattern!(WEEKDAY, r"^(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,?\s+");
pattern!(YEAR_FIRST, r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ,]+(.*))?$");
pattern!(COMPACT, r"^(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?:\.\d+)?(z|[+-]\d{2}:?\d{2})?$");
pattern!(YEAR_LAST, r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:[t ,]+(.*))?$");
pattern!(DAY_MONTH, r"^(\d{1,2})(?:st|nd|rd|th)?(?: of)?[-\s./]+([a-z]{3,9})\.?,?[-\s./]+(\d{4}|\d{2})\b[,\s]*(.*)$");
pattern!(MONTH_DAY, r"^([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b[,\s]*(.*)$");
pattern!(YEAR_MONTH, r"^(\d{4})[-\s]+([a-z]{3,9})\.?[-\s]+(\d{1,2})\b[,\s]*(.*)$");
pattern!(YEAR_AT_END, r"^([a-z]{3,9})\s+(\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s*(\S*)\s+(\d{4})$");
pattern!(TIME_FIRST, r"^(\d{1,2}:\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?\s*(?:[a-z]{2,4})?),?\s+(.*\d.*)$");
pattern!(TIME, r"^(?:[a-z]+\s+)??(?:at\s+)?(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\b\.?)?\s*(.*)$");
pattern!(OFFSET, r"^(?:gmt|utc)?\s*([+-])(\d{1,2}):?(\d{2})?\b");

/// Reads a date; None where it names no single day of the years 1600 to 2100.
pub(super) fn parse_published(raw: &str, order: DayOrder) -> Option<Published> {
    let raw = raw.trim().trim_matches('"');
    if raw.is_empty() || raw.len() > 100 {
        return None;
    }
    let lower = raw.to_lowercase();
    epoch_or_compact(&lower)
        .or_else(|| written(&lower, order))
        .filter(|published| (1600..=2100).contains(&published.date.year()))
}

/// Whether a date can only be read day first (`Some(true)`), only month first, or either way or is of another form.
pub(super) fn day_first_evidence(raw: &str) -> Option<bool> {
    let lower = raw.trim().to_lowercase();
    let lower = WEEKDAY.replace(&lower, "");
    let parts = YEAR_LAST.captures(&lower)?;
    match (number(&parts, 1)?, number(&parts, 3)?) {
        (13.., ..=12) => Some(true),
        (..=12, 13..) => Some(false),
        _ => None,
    }
}

/// Whether a date of numbers could be read both ways and would differ.
pub(super) fn is_ambiguous(raw: &str) -> bool {
    let lower = raw.trim().to_lowercase();
    let Some(parts) = YEAR_LAST.captures(&lower).filter(|parts| &parts[2] != ".") else { return false };
    matches!((number(&parts, 1), number(&parts, 3)), (Some(a), Some(b)) if a <= 12 && b <= 12 && a != b)
}

fn epoch_or_compact(text: &str) -> Option<Published> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if let Some(parts) = COMPACT.captures(whole) {
        let date = NaiveDate::from_ymd_opt(number(&parts, 1)? as i32, number(&parts, 2)?, number(&parts, 3)?);
        // Thirteen digits are epoch milliseconds, never a date with half a time.
        if let Some(date) = date.filter(|_| whole.len() != 10) {
            let time = number(&parts, 4)
                .and_then(|hour| NaiveTime::from_hms_opt(hour, number(&parts, 5)?, number(&parts, 6).unwrap_or(0)));
            let offset = time.and_then(|_| zone(parts.get(7)?.as_str()));
            return Some(Published { date, time, offset });
        }
    }
    let (seconds, fraction) = whole.split_once('.').unwrap_or((whole, ""));
    if !seconds.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i64 = seconds.parse().ok()?;
    let moment = match seconds.len() {
        9 | 10 => DateTime::from_timestamp(value, 0),
        13 => DateTime::from_timestamp_millis(value),
        16 => DateTime::from_timestamp_micros(value),
        19 => Some(DateTime::from_timestamp_nanos(value)),
        _ => None,
    }?;
    let utc = FixedOffset::east_opt(0)?;
    let time = moment.time().with_nanosecond(0)?;
    Some(Published { date: moment.date_naive(), time: Some(time), offset: Some(utc) })
}

fn written(text: &str, order: DayOrder) -> Option<Published> {
    let text = LABEL.replace(text, "");
    let text = WEEKDAY.replace(&text, "");
    if let Some(parts) = YEAR_AT_END.captures(&text) {
        let date = date(number(&parts, 5)?, month(&parts[1])?, number(&parts, 2)?)?;
        return Some(published(date, &format!("{} {}", &parts[3], &parts[4])));
    }
    let (date, rest) = match date_and_rest(&text, order) {
        Some(found) => found,
        None => {
            let parts = TIME_FIRST.captures(&text)?;
            let after = WEEKDAY.replace(&parts[2], "").into_owned();
            (date_and_rest(&after, order)?.0, parts[1].to_owned())
        }
    };
    Some(published(date, &rest))
}

fn date_and_rest(text: &str, order: DayOrder) -> Option<(NaiveDate, String)> {
    let rest = |parts: &Captures, group| parts.get(group).map_or(String::new(), |m| m.as_str().to_owned());
    if let Some(parts) = YEAR_FIRST.captures(text) {
        return Some((date(number(&parts, 1)?, number(&parts, 2)?, number(&parts, 3)?)?, rest(&parts, 4)));
    }
    if let Some(parts) = YEAR_LAST.captures(text) {
        let (first, second) = (number(&parts, 1)?, number(&parts, 3)?);
        // Points between the numbers are a European habit, with the day first.
        let day_first = order == DayOrder::DayFirst || &parts[2] == ".";
        let (month, day) = if day_first { (second, first) } else { (first, second) };
        return Some((date(full_year(&parts, 4)?, month, day)?, rest(&parts, 5)));
    }
    if let Some(parts) = DAY_MONTH.captures(text) {
        return Some((date(full_year(&parts, 3)?, month(&parts[2])?, number(&parts, 1)?)?, rest(&parts, 4)));
    }
    if let Some(parts) = MONTH_DAY.captures(text) {
        return Some((date(number(&parts, 3)?, month(&parts[1])?, number(&parts, 2)?)?, rest(&parts, 4)));
    }
    let parts = YEAR_MONTH.captures(text)?;
    Some((date(number(&parts, 1)?, month(&parts[2])?, number(&parts, 3)?)?, rest(&parts, 4)))
}

fn published(date: NaiveDate, rest: &str) -> Published {
    let rest = WEEKDAY.replace(rest.trim(), "");
    let (time, offset) = TIME.captures(&rest).and_then(|parts| time_and_zone(&parts)).unzip();
    Published { date, time, offset: offset.flatten() }
}

fn time_and_zone(parts: &Captures) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let hour = number(parts, 1)?;
    let hour = match parts.get(4).map(|m| m.as_str().starts_with('p')) {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    let time = NaiveTime::from_hms_opt(hour, number(parts, 2)?, number(parts, 3).unwrap_or(0).min(59))?;
    Some((time, zone(&parts[5])))
}

/// Zone abbreviations that mean one offset to most readers; `ET` and the like depend on the season and stay open.
fn zone(text: &str) -> Option<FixedOffset> {
    let text = text.trim().trim_start_matches('(');
    if let Some(parts) = OFFSET.captures(text) {
        let seconds = number(&parts, 2)? * 3600 + number(&parts, 3).unwrap_or(0) * 60;
        let sign = if &parts[1] == "-" { -1 } else { 1 };
        return FixedOffset::east_opt(sign * i32::try_from(seconds).ok()?);
    }
    let hours = match text.split(|c: char| !c.is_ascii_alphabetic()).next()? {
        "z" | "utc" | "gmt" => 0,
        "bst" | "cet" => 1,
        "cest" => 2,
        "edt" => -4,
        "est" | "cdt" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        _ => return None,
    };
    FixedOffset::east_opt(hours * 3600)
}

fn number(parts: &Captures, group: usize) -> Option<u32> {
    parts.get(group)?.as_str().parse().ok()
}

fn full_year(parts: &Captures, group: usize) -> Option<u32> {
    let year = number(parts, group)?;
    Some(match parts[group].len() {
        2 if year < 70 => 2000 + year,
        2 => 1900 + year,
        _ => year,
    })
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = if name == "sept" { "sep" } else { name };
    MONTHS
        .iter()
        .position(|month| *month == name || (name.len() == 3 && month.starts_with(name)))
        .map(|at| at as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2020-01-06`, `2020-01-06 10:15:00` or `2020-01-06 10:15:00 -05:00`.
    fn shown(raw: &str, order: DayOrder) -> Option<String> {
        let published = parse_published(raw, order)?;
        let mut shown = published.date.to_string();
        if let Some(time) = published.time {
            shown += &format!(" {time}");
        }
        if let Some(offset) = published.offset {
            shown += &format!(" {offset}");
        }
        Some(shown)
    }

    #[test]
    fn every_form_is_read() {
        let forms = [
            ("2020-01-06", "2020-01-06"),
            ("2020/1/6", "2020-01-06"),
            ("2020-01-06T10:15:00Z", "2020-01-06 10:15:00 +00:00"),
            ("2020-01-06T10:15:00.123-05:00", "2020-01-06 10:15:00 -05:00"),
            ("2020-01-06 10:15", "2020-01-06 10:15:00"),
            ("2020-01-06 23:15:00+00", "2020-01-06 23:15:00 +00:00"),
            ("2020-01-06 10:15:00.000000 UTC", "2020-01-06 10:15:00 +00:00"),
            ("Mon, 06 Jan 2020 10:15:00 -0500", "2020-01-06 10:15:00 -05:00"),
            ("Mon, 6 Jan 2020 10:15:00 GMT", "2020-01-06 10:15:00 +00:00"),
            ("Mon Jan 06 10:15:00 +0000 2020", "2020-01-06 10:15:00 +00:00"),
            ("1/6/2020", "2020-01-06"),
            ("01/06/20", "2020-01-06"),
            ("1/6/2020 4:05 PM", "2020-01-06 16:05:00"),
            ("06.01.2020", "2020-01-06"),
            ("6 January 2020", "2020-01-06"),
            ("6th of January, 2020", "2020-01-06"),
            ("06-Jan-2020", "2020-01-06"),
            ("January 6, 2020", "2020-01-06"),
            ("Jan. 6, 2020", "2020-01-06"),
            ("Sept. 6, 2020", "2020-09-06"),
            ("January 6, 2020 Monday", "2020-01-06"),
            ("January 6, 2020 Monday 10:15 PM EST", "2020-01-06 22:15:00 -05:00"),
            ("Monday, January 6, 2020 at 12:05 a.m. ET", "2020-01-06 00:05:00"),
            ("10:15 AM ET, Mon January 6, 2020", "2020-01-06 10:15:00"),
            ("Published on January 6, 2020", "2020-01-06"),
            ("2020 Jan 6", "2020-01-06"),
            ("20200106", "2020-01-06"),
            ("20200106.0", "2020-01-06"),
            ("20200106101500", "2020-01-06 10:15:00"),
            ("20200106T101500Z", "2020-01-06 10:15:00 +00:00"),
            ("1578305700", "2020-01-06 10:15:00 +00:00"),
            ("1578305700.5", "2020-01-06 10:15:00 +00:00"),
            ("1578305700000", "2020-01-06 10:15:00 +00:00"),
        ];
        for (raw, expected) in forms {
            assert_eq!(shown(raw, DayOrder::Detect).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_names_no_day_is_not_a_date() {
        for raw in ["", "2020", "2020-01", "January 2020", "2020-13-01", "2/30/2020", "13/4/2020", "0", "nan", "soon"] {
            assert_eq!(shown(raw, DayOrder::Detect), None, "{raw}");
        }
    }

    #[test]
    fn the_date_stays_in_the_stated_zone() {
        let published = parse_published("2020-01-06T23:30:00-08:00", DayOrder::Detect).unwrap();
        assert_eq!(published.date.to_string(), "2020-01-06");
    }

    #[test]
    fn day_order_is_an_option_and_has_evidence() {
        assert_eq!(shown("3/4/2020", DayOrder::MonthFirst).as_deref(), Some("2020-03-04"));
        assert_eq!(shown("3/4/2020", DayOrder::DayFirst).as_deref(), Some("2020-04-03"));
        assert_eq!(day_first_evidence("13/4/2020 10:00"), Some(true));
        assert_eq!(day_first_evidence("4/13/2020"), Some(false));
        assert_eq!(day_first_evidence("3/4/2020"), None);
        assert!(is_ambiguous("3/4/2020") && !is_ambiguous("3/3/2020") && !is_ambiguous("3.4.2020"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(raw in "\\PC{0,40}", digits in "[0-9:/.,TZ +-]{0,30}") {
            parse_published(&raw, DayOrder::Detect);
            parse_published(&digits, DayOrder::DayFirst);
            day_first_evidence(&digits);
            is_ambiguous(&raw);
        }
    }
}
