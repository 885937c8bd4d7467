//! Calendar periods and windows between events.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::article_sums::ArticleSums;
use crate::error::{Error, unknown};

/// How time is cut. Written `month`, or `events:2026-03-01,2026-04-15`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    Day,
    /// ISO 8601 weeks, Monday first.
    Week,
    #[default]
    Month,
    Quarter,
    Year,
    /// The windows before, between and from dates of the user's; an event's own day opens its window.
    Events(Vec<NaiveDate>),
}

const NAMES: [&str; 6] = ["day", "week", "month", "quarter", "year", "events"];

impl Period {
    /// First day of the period that `date` falls in; `None` for the open window before the first event.
    pub fn start(&self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(date),
            Self::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
            Self::Month => date.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
            Self::Events(dates) => dates.iter().copied().filter(|&event| event <= date).max(),
        }
    }

    /// The period's label: `2026-03-01`, `2026-W10`, `2026-03`, `2026-Q1`, `2026`, `from 2026-03-01 until 2026-04-15`
    /// (the end not included), `before 2026-03-01`, `from 2026-04-15`.
    pub fn label(&self, start: Option<NaiveDate>) -> String {
        match (self, start) {
            (Self::Day, Some(day)) => day.to_string(),
            (Self::Week, Some(day)) => day.format("%G-W%V").to_string(),
            (Self::Month, Some(day)) => day.format("%Y-%m").to_string(),
            (Self::Quarter, Some(day)) => format!("{}-Q{}", day.year(), day.month0() / 3 + 1),
            (Self::Year, Some(day)) => day.year().to_string(),
            (Self::Events(dates), Some(day)) => match dates.iter().filter(|&&next| next > day).min() {
                Some(next) => format!("from {day} until {next}"),
                None => format!("from {day}"),
            },
            (Self::Events(dates), None) => match dates.iter().min() {
                Some(first) => format!("before {first}"),
                None => "all dates".into(),
            },
            (_, None) => "undated".into(),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Events(dates) => {
                let dates: Vec<_> = dates.iter().map(NaiveDate::to_string).collect();
                return write!(f, "events:{}", dates.join(","));
            }
        };
        f.pad(name)
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(dates) = text.strip_prefix("events:") {
            return dates.split(',').map(|date| event(date.trim())).collect::<Result<_, _>>().map(Self::Events);
        }
        match text {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            "quarter" => Ok(Self::Quarter),
            "year" => Ok(Self::Year),
            "events" => Err(Error::Config("period \"events\" needs its dates: events:2026-03-01,2026-04-15".into())),
            other => Err(Error::Config(unknown("period", other, NAMES))),
        }
    }
}

fn event(text: &str) -> Result<NaiveDate, Error> {
    text.parse().map_err(|_| Error::Config(format!("event date \"{text}\" is not a date like 2026-03-01")))
}

impl TryFrom<String> for Period {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// Label of the row over all articles, dated or not.
pub const ALL: &str = "all";

/// One period that has articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub label: String,
    pub start: Option<NaiveDate>,
}

/// The periods of a collection, and which articles fall in each.
pub struct Calendar {
    /// In order of time.
    pub windows: Vec<Window>,
    /// One an article: its window; `None` where it has no date.
    pub window_of: Vec<Option<u32>>,
}

impl Calendar {
    pub fn new(period: &Period, sums: &ArticleSums) -> Self {
        let starts: Vec<_> = sums.articles.iter().map(|a| a.date.map(|date| period.start(date))).collect();
        let order: BTreeMap<Option<NaiveDate>, u32> = starts.iter().flatten().map(|&start| (start, 0)).collect();
        let order: BTreeMap<_, _> = order.into_keys().zip(0u32..).collect();
        Self {
            windows: order.keys().map(|&start| Window { label: period.label(start), start }).collect(),
            window_of: starts.iter().map(|start| start.map(|start| order[&start])).collect(),
        }
    }

    /// The cells of an outlet: all its articles first, then those of each window that has any.
    pub fn cells<'a>(&'a self, articles: &[u32]) -> impl Iterator<Item = (Option<&'a Window>, Vec<u32>)> + use<'a> {
        let mut by_window = vec![Vec::new(); self.windows.len()];
        for &article in articles {
            if let Some(window) = self.window_of[article as usize] {
                by_window[window as usize].push(article);
            }
        }
        let windows = self.windows.iter().map(Some).zip(by_window).filter(|(_, articles)| !articles.is_empty());
        std::iter::once((None, articles.to_vec())).chain(windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn labels_follow_the_contract() {
        let cases = [
            ("day", "2026-03-05", "2026-03-05", "2026-03-05"),
            ("week", "2026-03-05", "2026-W10", "2026-03-02"),
            ("week", "2027-01-02", "2026-W53", "2026-12-28"),
            ("month", "2026-03-05", "2026-03", "2026-03-01"),
            ("quarter", "2026-03-31", "2026-Q1", "2026-01-01"),
            ("quarter", "2026-10-01", "2026-Q4", "2026-10-01"),
            ("year", "2026-03-05", "2026", "2026-01-01"),
        ];
        for (period, date, label, start) in cases {
            let period: Period = period.parse().unwrap();
            assert_eq!(period.start(day(date)), Some(day(start)), "{period}");
            assert_eq!(period.label(period.start(day(date))), label);
        }
    }

    #[test]
    fn an_event_opens_its_window_on_its_own_day() {
        let period: Period = "events:2026-04-15, 2026-03-01".parse().unwrap();
        let label = |date| period.label(period.start(day(date)));
        assert_eq!(label("2026-02-28"), "before 2026-03-01");
        assert_eq!(label("2026-03-01"), "from 2026-03-01 until 2026-04-15");
        assert_eq!(label("2026-04-14"), "from 2026-03-01 until 2026-04-15");
        assert_eq!(label("2026-04-15"), "from 2026-04-15");
    }

    #[test]
    fn written_form_reads_back_and_a_wrong_one_names_the_right() {
        for text in ["day", "week", "month", "quarter", "year", "events:2026-03-01,2026-04-15"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert!("mnth".parse::<Period>().unwrap_err().to_string().contains("\"month\""));
        assert!("events:soon".parse::<Period>().unwrap_err().to_string().contains("soon"));
    }
}
