//! Numbers, periods and measures as a reader of the page sees them.

use chrono::Datelike;

use super::estimates::{Cell, Period};

/// How the values of a measure are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A share in 0..=1, written as per cent.
    Share,
    /// Tone, -1 to 1, with its sign.
    Signed,
    /// Terms per 1,000 tokens.
    Rate,
}

impl Scale {
    pub fn of(statistic: &str, measure: &str) -> Self {
        match (statistic, measure) {
            ("rate_per_1000", _) => Self::Rate,
            ("mean", "tone") => Self::Signed,
            _ => Self::Share,
        }
    }

    /// Digits after the point.
    fn digits(self, value: f64) -> usize {
        match self {
            Self::Share if value.abs() >= 0.0995 => 0,
            Self::Share | Self::Rate => 1,
            Self::Signed => 2,
        }
    }

    /// The number without its unit.
    pub fn number(self, value: f64) -> String {
        self.finer(value, 0)
    }

    /// The same with `more` digits.
    fn finer(self, value: f64, more: usize) -> String {
        let (digits, shown) = (self.digits(value) + more, self.scaled(value));
        match self {
            _ if value == 0.0 => "0".to_owned(),
            Self::Signed => tidy(&format!("{shown:+.digits$}")),
            Self::Share | Self::Rate => tidy(&format!("{shown:.digits$}")),
        }
    }

    /// Shares as per cent.
    fn scaled(self, value: f64) -> f64 {
        if self == Self::Share { value * 100.0 } else { value }
    }

    /// The number with its unit.
    pub fn value(self, value: f64) -> String {
        self.number(value) + self.unit()
    }

    fn unit(self) -> &'static str {
        if self == Self::Share { " %" } else { "" }
    }

    /// Two numbers with their units, with as many digits as tell them apart.
    pub fn two(self, a: f64, b: f64) -> [String; 2] {
        let written = |more| [self.finer(a, more), self.finer(b, more)];
        enough(written, |[a, b]| a != b).map(|number| number + self.unit())
    }

    /// A difference, always with its sign; shares differ by percentage points.
    pub fn difference(self, value: f64) -> String {
        self.signed(value, 0)
    }

    fn signed(self, value: f64, more: usize) -> String {
        let digits = self.digits(0.0) + more;
        tidy(&format!("{:+.digits$}", self.scaled(value)))
    }

    /// A difference that survives and the ends of its interval, with as many digits as it takes for none of them to read as zero.
    pub fn differences(self, values: [f64; 3]) -> [String; 3] {
        let written = |more| values.map(|value| self.signed(value, more));
        enough(written, |texts| texts.iter().zip(values).all(|(text, value)| value == 0.0 || !is_zero(text)))
    }

    /// What differences are counted in.
    pub fn difference_unit(self) -> &'static str {
        if self == Self::Share { "points" } else { "" }
    }

    /// A tick of an axis.
    pub fn tick(self, value: f64) -> String {
        match self {
            Self::Share => {
                let percent = (value * 1000.0).round() / 10.0;
                format!("{percent} %")
            }
            Self::Signed if value.abs() < 1e-9 => "0".to_owned(),
            Self::Signed => format!("{value:+}").replace('-', "−"),
            Self::Rate => format!("{}", (value * 100.0).round() / 100.0),
        }
    }

    pub fn interval(self, cell: &Cell) -> Option<String> {
        Some(format!("{} to {}", self.number(cell.low?), self.number(cell.high?)))
    }
}

/// Numbers written with up to three digits beyond the usual ones, if those would not show what they are.
fn enough<const N: usize>(written: impl Fn(usize) -> [String; N], shows: impl Fn(&[String; N]) -> bool) -> [String; N] {
    (0..=3).map(&written).find(shows).unwrap_or_else(|| written(0))
}

fn is_zero(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '0' | '.' | '+' | '-'))
}

/// A minus sign is as wide as a plus, a hyphen is not; and a rounded zero has no sign.
fn tidy(text: &str) -> String {
    if is_zero(text) { text.trim_start_matches(['+', '-']).to_owned() } else { text.replace('-', "−") }
}

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A p or q value.
pub fn probability(value: f64) -> String {
    if value < 0.001 { "< 0.001".to_owned() } else { format!("{value:.3}") }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A period's label on an axis: the year stands only where it is `first` or begins.
pub fn axis_label(period: &Period, first: bool) -> String {
    let (Some(start), label) = (period.start, period.label.as_str()) else { return period.label.clone() };
    let month = MONTHS[start.month0() as usize];
    let year = start.year();
    let is_month = label.len() == 7 && label.as_bytes()[4] == b'-' && label.as_bytes()[5].is_ascii_digit();
    let is_day = label.len() == 10 && label.as_bytes()[4] == b'-' && label.as_bytes()[7] == b'-';
    match label.split_once('-') {
        Some(_) if is_month && (first || start.month() == 1) => format!("{month} {year}"),
        Some(_) if is_month => month.to_owned(),
        Some(_) if is_day => format!("{} {month}", start.day()),
        Some((year, part)) if part.starts_with('Q') => format!("{part} {year}"),
        Some((_, part)) if part.starts_with('W') && !first => part.to_owned(),
        _ => label.to_owned(),
    }
}

/// A measure as the page names it.
pub fn measure_label(measure: &str, scheme: &crate::run_folder::SchemeUsed) -> String {
    if let Some(name) = measure.strip_prefix("frame_") {
        let label = scheme.frames.iter().find(|frame| frame.name == name).map(|frame| frame.label.as_str());
        return label.unwrap_or(name).to_owned();
    }
    match measure {
        "tone" => "tone".to_owned(),
        "tone_negative" => "negative tone".to_owned(),
        "tone_positive" => "positive tone".to_owned(),
        "loaded" => "loaded wording".to_owned(),
        "terms" => "loaded terms".to_owned(),
        other => match other.strip_prefix("terms_") {
            Some(category) => format!("loaded terms: {}", category.replace('_', " ")),
            None => other.replace('_', " "),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(Scale::Share.value(0.1234), "12 %");
        assert_eq!(Scale::Share.value(0.0123), "1.2 %");
        assert_eq!(Scale::Share.value(0.0997), "10 %");
        assert_eq!((Scale::Share.value(0.0), Scale::Share.value(0.0002)), ("0 %".into(), "0.0 %".into()));
        assert_eq!(Scale::Signed.value(-0.256), "−0.26");
        assert_eq!(Scale::Signed.value(-0.001), "0.00");
        assert_eq!((Scale::Share.difference(-0.031), Scale::Rate.difference(-0.01)), ("−3.1".into(), "0.0".into()));
        assert_eq!(Scale::Share.differences([-0.031, -0.0412, 0.0]), ["−3.1", "−4.1", "0.0"]);
        assert_eq!(Scale::Rate.differences([0.01, 0.004, 0.016]), ["+0.010", "+0.004", "+0.016"]);
        assert_eq!(Scale::Signed.differences([1e-9, 0.5, 1.0]), ["0.00", "+0.50", "+1.00"]);
        assert_eq!(Scale::Rate.two(0.041, 0.012), ["0.04", "0.01"]);
        assert_eq!(Scale::Share.two(0.451, 0.449), ["45.1 %", "44.9 %"]);
        assert_eq!(Scale::Signed.two(0.25, 0.25), ["+0.25", "+0.25"]);
        assert_eq!(Scale::Share.tick(0.15), "15 %");
        assert_eq!(Scale::Signed.tick(-0.2), "−0.2");
        assert_eq!((count(7), count(1000), count(1_234_567)), ("7".into(), "1,000".into(), "1,234,567".into()));
    }

    #[test]
    fn axis_labels_are_short() {
        let period = |label: &str, date: &str| Period { label: label.into(), start: date.parse().ok() };
        assert_eq!(axis_label(&period("2026-03", "2026-03-01"), false), "Mar");
        assert_eq!(axis_label(&period("2026-03", "2026-03-01"), true), "Mar 2026");
        assert_eq!(axis_label(&period("2026-Q2", "2026-04-01"), false), "Q2 2026");
        assert_eq!(axis_label(&period("2026-W10", "2026-03-02"), false), "W10");
        assert_eq!(axis_label(&period("2026-03-02", "2026-03-02"), false), "2 Mar");
        assert_eq!(axis_label(&period("2026", "2026-01-01"), false), "2026");
        assert_eq!(axis_label(&period("after the vote", ""), false), "after the vote");
    }
}
