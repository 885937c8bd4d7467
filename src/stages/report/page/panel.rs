//! One panel of the small multiples: an outlet over the periods, with the band of its intervals.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::TRANSPARENT;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use super::estimates::{Cell, Estimates, Period};
use super::sheet::{Ink, SUBPIXELS, Sheet, escape};
use super::wording::{Scale, axis_label, count};
use crate::error::{Error, Result};

const WIDTH: u32 = 268;
const HEIGHT: u32 = 138;
const FONT_SIZE: u32 = 11;
/// Above this many periods the line is drawn without dots.
const MOST_DOTS: usize = 40;
/// Above this many, points are too close to point at.
const MOST_HINTS: usize = 60;

/// What a panel shows: one measure in one voice, or in two to compare.
#[derive(Debug, Clone)]
pub struct View {
    pub measure: usize,
    pub scale: Scale,
    /// Indices into [`super::estimates::VOICES`]; the second is drawn in the other colour, dashed.
    pub voices: Vec<usize>,
    pub label: String,
    /// The range of values that all panels of the view share.
    pub values: Range<f64>,
}

impl View {
    /// A view of `measure`, its axis wide enough for every estimate and every interval that is not of a small cell.
    /// `None` where no outlet has an estimate.
    pub fn new(estimates: &Estimates, measure: usize, scale: Scale, voices: Vec<usize>, label: String) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for outlet in 0..estimates.outlets.len() {
            for cell in voices.iter().flat_map(|v| series(estimates, outlet, *v, measure)).flatten() {
                let (from, to) = if cell.small { (None, None) } else { (cell.low, cell.high) };
                low = low.min(from.unwrap_or(cell.estimate));
                high = high.max(to.unwrap_or(cell.estimate));
            }
        }
        let values = match scale {
            _ if low > high => return None,
            Scale::Signed => low.min(-0.05)..high.max(0.05),
            Scale::Share => 0.0..(high * 1.04).clamp(0.01, 1.0),
            Scale::Rate => 0.0..(high * 1.04).max(0.1),
        };
        Some(Self { measure, scale, voices, label, values })
    }

    /// The panel of one outlet, as an `<svg>` element.
    ///
    /// # Errors
    /// [`Error::Page`] if plotters cannot draw it.
    pub fn draw(&self, estimates: &Estimates, outlet: usize) -> Result<String> {
        let mut marks = String::new();
        self.plot(estimates, outlet, &mut marks).map_err(|error| Error::Page(error.to_string()))?;
        let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"");
        escape(&format!("{}, by period with intervals", self.label), &mut svg);
        svg.push_str("\">");
        svg.push_str(&marks);
        svg.push_str("</svg>");
        Ok(svg)
    }

    fn plot(
        &self,
        estimates: &Estimates,
        outlet: usize,
        marks: &mut String,
    ) -> Result<(), Box<dyn std::error::Error + '_>> {
        let pixels = |units: u32| units * SUBPIXELS as u32;
        let sheet = Sheet { svg: marks, size: (pixels(WIDTH), pixels(HEIGHT)) };
        let area = sheet.into_drawing_area();
        let x = axis_positions(&estimates.periods);
        let edge = 0.02 * (x[x.len() - 1] - x[0]).max(1.0);
        let ticks = tick_periods(x.len());
        let x_axis = Axis { range: x[0] - edge..x[x.len() - 1] + edge, ticks: ticks.iter().map(|at| x[*at]).collect() };
        let y_axis = Axis { range: self.values.clone(), ticks: value_ticks(&self.values) };
        let mut chart = ChartBuilder::on(&area)
            .margin_top(pixels(6))
            .margin_right(pixels(10))
            .x_label_area_size(pixels(22))
            .y_label_area_size(pixels(37))
            .build_cartesian_2d(x_axis, y_axis)?;
        let label = |at: &f64| {
            let tick = ticks.iter().position(|tick| (x[*tick] - at).abs() < 1e-9);
            tick.map_or(String::new(), |n| axis_label(&estimates.periods[ticks[n]], n == 0))
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(Ink::Grid.color())
            .light_line_style(TRANSPARENT)
            .axis_style(TRANSPARENT)
            .set_tick_mark_size(LabelAreaPosition::Bottom, 5 * SUBPIXELS)
            .set_tick_mark_size(LabelAreaPosition::Left, 3 * SUBPIXELS)
            .label_style(("sans-serif", f64::from(pixels(FONT_SIZE))).into_font().color(&Ink::Label.color()))
            .x_label_formatter(&label)
            .y_label_formatter(&|value| self.scale.tick(*value))
            .draw()?;
        let ends = [x[0] - edge, x[x.len() - 1] + edge];
        if self.values.start < 0.0 {
            chart.plotting_area().draw(&PathElement::new(ends.map(|x| (x, 0.0)).to_vec(), Ink::Zero.color()))?;
        }
        let draw_on = chart.plotting_area();
        if let [voice] = self.voices[..] {
            let together = (0..x.len()).map(|at| estimates.together(at, voice, self.measure)).collect::<Vec<_>>();
            for run in runs(&together, &x) {
                let points = run.map(|at| (x[at], self.clamped(together[at].unwrap_or_default())));
                draw_on.draw(&PathElement::new(points.collect::<Vec<_>>(), Ink::Together.color()))?;
            }
        }
        for (nth, voice) in self.voices.iter().enumerate() {
            let inks = [
                [Ink::Band, Ink::Line, Ink::Dot, Ink::Reach],
                [Ink::OtherBand, Ink::OtherLine, Ink::OtherDot, Ink::OtherReach],
            ][nth.min(1)];
            let cells: Vec<_> = series(estimates, outlet, *voice, self.measure).collect();
            self.plot_series(draw_on, &cells, &x, inks)?;
            if x.len() <= MOST_HINTS {
                self.plot_hints(draw_on, &cells, &x, &estimates.periods)?;
            }
        }
        Ok(())
    }

    fn plot_series(
        &self,
        on: &Plane<'_>,
        cells: &[Option<Cell>],
        x: &[f64],
        [band, line, dot, reach]: [Ink; 4],
    ) -> Plotted<'_> {
        // A cell without an interval, as of one article, has no band: a band of no width would say that it is exact.
        let bounds: Vec<Option<(f64, f64)>> = cells.iter().map(|cell| cell.and_then(|c| c.low.zip(c.high))).collect();
        for run in runs(&bounds, x) {
            let ends = run.filter_map(|at| Some((x[at], bounds[at]?)));
            let (low, high): (Vec<_>, Vec<_>) =
                ends.map(|(x, (low, high))| ((x, self.clamped(low)), (x, self.clamped(high)))).unzip();
            if let ([low], [high]) = (&low[..], &high[..]) {
                on.draw(&PathElement::new(vec![*low, *high], reach.color()))?;
            } else {
                let around = low.into_iter().chain(high.into_iter().rev()).collect::<Vec<_>>();
                on.draw(&Polygon::new(around, band.color().filled()))?;
            }
        }
        for run in runs(cells, x) {
            let cells: Vec<(f64, Cell)> = run.filter_map(|at| Some((x[at], cells[at]?))).collect();
            let points: Vec<_> = cells.iter().map(|(x, cell)| (*x, self.clamped(cell.estimate))).collect();
            if points.len() > 1 {
                on.draw(&PathElement::new(points.clone(), line.color()))?;
            }
            for ((_, cell), point) in cells.iter().zip(points).filter(|((_, c), _)| c.small || x.len() <= MOST_DOTS) {
                let style = if cell.small { dot.color().stroke_width(1) } else { dot.color().filled() };
                on.draw(&Circle::new(point, 2 * SUBPIXELS, style))?;
            }
        }
        Ok(())
    }

    fn plot_hints(&self, on: &Plane<'_>, cells: &[Option<Cell>], x: &[f64], periods: &[Period]) -> Plotted<'_> {
        for (at, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let mut text = format!("{}: {}", periods[at].label, self.scale.value(cell.estimate));
            if let Some(interval) = self.scale.interval(cell) {
                text.push_str(&format!(" ({interval})"));
            }
            text.push_str(&format!(", {} articles", count(cell.articles)));
            if cell.small {
                text.push_str(", too few to depend on");
            }
            on.draw(&Hint { at: (x[at], self.clamped(cell.estimate)), text })?;
        }
        Ok(())
    }

    fn clamped(&self, value: f64) -> f64 {
        value.clamp(self.values.start, self.values.end)
    }
}

type Plane<'a> = DrawingArea<Sheet<'a>, Cartesian2d<Axis, Axis>>;
type Plotted<'a> = Result<(), Box<dyn std::error::Error + 'a>>;

fn series(
    estimates: &Estimates,
    outlet: usize,
    voice: usize,
    measure: usize,
) -> impl Iterator<Item = Option<Cell>> + '_ {
    (0..estimates.periods.len()).map(move |period| estimates.cell(outlet, period, voice, measure))
}

/// Days since the first period; counted periods where one has no date.
fn axis_positions(periods: &[Period]) -> Vec<f64> {
    let days: Option<Vec<f64>> =
        periods.iter().map(|p| Some((p.start? - periods[0].start?).num_days() as f64)).collect();
    days.unwrap_or_else(|| (0..periods.len()).map(|at| at as f64).collect())
}

/// Stretches without a gap: neither a missing cell nor a period that no outlet has.
fn runs<T>(cells: &[Option<T>], x: &[f64]) -> Vec<Range<usize>> {
    let mut steps: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(1.0);
    let mut runs: Vec<Range<usize>> = Vec::new();
    for at in (0..cells.len()).filter(|at| cells[*at].is_some()) {
        match runs.last_mut() {
            Some(run) if run.end == at && x[at] - x[at - 1] < 1.6 * usual => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// At most four periods for the labels of the axis, evenly spread.
fn tick_periods(periods: usize) -> Vec<usize> {
    let step = periods.div_ceil(4).max(1);
    (0..periods).step_by(step).collect()
}

/// Two to five round values inside the range.
fn value_ticks(values: &Range<f64>) -> Vec<f64> {
    let span = values.end - values.start;
    let power = 10f64.powf((span / 3.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| span / step <= 4.0).unwrap_or(span);
    let first = (values.start / step).ceil() as i64;
    (first..).map(|n| n as f64 * step).take_while(|tick| *tick <= values.end + 1e-12).collect()
}

/// A linear axis with ticks of our choice.
struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        low + (share * f64::from(high - low)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

struct Hint {
    at: (f64, f64),
    text: String,
}

impl<'a> PointCollection<'a, (f64, f64)> for &'a Hint {
    type Point = &'a (f64, f64);
    type IntoIter = std::iter::Once<&'a (f64, f64)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<Sheet<'_>> for Hint {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        sheet: &mut Sheet<'_>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<std::convert::Infallible>> {
        points.next().map_or(Ok(()), |point| sheet.hint(point, &self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_at_a_silent_period() {
        let cells = [Some(1), Some(2), None, Some(3), Some(4)];
        assert_eq!(runs(&cells, &[0.0, 31.0, 59.0, 90.0, 120.0]), [0..2, 3..5]);
        // A month in which no outlet published.
        assert_eq!(runs(&[Some(1); 4], &[0.0, 30.0, 61.0, 153.0]), [0..3, 3..4]);
    }

    #[test]
    fn a_cell_without_interval_gets_no_band() {
        let cell = |low, high| Some(Cell { estimate: 0.2, low, high, articles: 1, weight: 1.0, small: true });
        let cells = [cell(Some(0.1), Some(0.3)), cell(Some(0.1), Some(0.3)), cell(None, None), cell(None, None)];
        let label = String::new();
        let view = View { measure: 0, scale: Scale::Share, voices: vec![0], label, values: 0.0..1.0 };
        let mut svg = String::new();
        let sheet = Sheet { svg: &mut svg, size: (1000, 1000) }.into_drawing_area();
        let axis = |end| Axis { range: 0.0..end, ticks: Vec::new() };
        let plane = sheet.apply_coord_spec(Cartesian2d::new(axis(3.0), axis(1.0), (0..1000, 0..1000)));
        view.plot_series(&plane, &cells, &[0.0, 1.0, 2.0, 3.0], [Ink::Band, Ink::Line, Ink::Dot, Ink::Reach]).unwrap();
        drop((plane, sheet));
        let band = svg.split("class=\"b\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(band.matches(['M', 'L']).count(), 4, "the band ends with the second cell: {band}");
        assert_eq!(svg.matches("class=\"b\"").count(), 1);
        assert_eq!(svg.matches("class=\"d s\"").count(), 4);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(value_ticks(&(0.0..0.23)), [0.0, 0.1, 0.2]);
        assert_eq!(value_ticks(&(0.0..1.0)), [0.0, 0.5, 1.0]);
        assert!(value_ticks(&(-0.31..0.12)).contains(&0.0));
        for high in [0.01, 0.07, 0.4, 0.99, 7.3, 120.0] {
            let ticks = value_ticks(&(0.0..high));
            assert!((2..=5).contains(&ticks.len()), "{high}: {ticks:?}");
        }
        assert_eq!(tick_periods(6), [0, 2, 4]);
        assert_eq!(tick_periods(1), [0]);
    }
}
