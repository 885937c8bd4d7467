//! An estimate with its interval, small enough for a table's cell.

use std::fmt::Write;

const WIDTH: f64 = 110.0;
const MARGIN: f64 = 4.0;

/// The scale that the cells of one table share.
#[derive(Debug, Clone, Copy)]
pub struct Whisker {
    pub low: f64,
    pub high: f64,
    /// Whether a line marks zero.
    pub zero: bool,
}

impl Whisker {
    /// An `<svg>` element of a dot and, where both ends are known, the line of its interval.
    pub fn draw(&self, estimate: f64, low: Option<f64>, high: Option<f64>) -> String {
        let mut svg = String::from("<svg class=\"w\" viewBox=\"0 0 110 14\" aria-hidden=\"true\">");
        if self.zero {
            let zero = self.place(0.0);
            let _ = write!(svg, "<path class=\"z\" d=\"M{zero:.1} 0V14\"/>");
        }
        if let (Some(low), Some(high)) = (low, high) {
            let _ = write!(svg, "<path class=\"l\" d=\"M{:.1} 7H{:.1}\"/>", self.place(low), self.place(high));
        }
        let _ = write!(svg, "<circle class=\"d\" cx=\"{:.1}\" cy=\"7\" r=\"3.2\"/></svg>", self.place(estimate));
        svg
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low).max(f64::MIN_POSITIVE);
        MARGIN + share * (WIDTH - 2.0 * MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_inside() {
        let scale = Whisker { low: -1.0, high: 1.0, zero: true };
        let svg = scale.draw(0.0, Some(-9.0), Some(1.0));
        assert!(svg.contains("M4.0 7H106.0") && svg.contains("cx=\"55.0\"") && svg.contains("M55.0 0V14"), "{svg}");
        assert!(!scale.draw(0.5, None, Some(0.6)).contains("class=\"l\""));
    }
}
