//! A plotters backend that draws SVG whose colours are CSS classes, so that one drawing serves light, dark and print.
//!
//! plotters' own SVG backend writes colours and fonts into each element; a page with two themes cannot restyle those.

use std::convert::Infallible;
use std::fmt::Write;

use plotters::style::RGBAColor;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

/// plotters draws in whole pixels. Ten of its pixels make one unit of the SVG, which keeps lines smooth.
pub const SUBPIXELS: i32 = 10;

/// What a mark stands for; the style sheet gives it its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Grid,
    Zero,
    Label,
    Together,
    Band,
    Line,
    Dot,
    /// The interval of a cell whose neighbours have none.
    Reach,
    OtherBand,
    OtherLine,
    OtherDot,
    OtherReach,
}

const CLASSES: &[(Ink, &str)] = &[
    (Ink::Grid, "g"),
    (Ink::Zero, "z"),
    (Ink::Label, "t"),
    (Ink::Together, "r"),
    (Ink::Band, "b"),
    (Ink::Line, "l"),
    (Ink::Dot, "d"),
    (Ink::Reach, "i"),
    (Ink::OtherBand, "b o"),
    (Ink::OtherLine, "l o"),
    (Ink::OtherDot, "d o"),
    (Ink::OtherReach, "i o"),
];

impl Ink {
    /// The colour that stands for this ink between plotters and [`Sheet`].
    pub fn color(self) -> RGBAColor {
        RGBAColor(0, 0, self as u8, 1.0)
    }
}

fn class(style: &impl BackendStyle) -> Option<&'static str> {
    let color = style.color();
    (color.alpha > 0.0).then(|| CLASSES.get(usize::from(color.rgb.2)).map_or("g", |(_, class)| class))
}

/// The drawing surface; writes elements to `svg`, without the enclosing `<svg>`.
pub struct Sheet<'a> {
    pub svg: &'a mut String,
    /// In plotters' pixels.
    pub size: (u32, u32),
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Sheet<'_> {
    fn path(&mut self, class: &str, points: impl IntoIterator<Item = BackendCoord>, close: &str) -> Drawn {
        let _ = write!(self.svg, "<path class=\"{class}\" d=\"");
        for (n, (x, y)) in points.into_iter().enumerate() {
            let _ = write!(self.svg, "{}{} {}", if n == 0 { 'M' } else { 'L' }, Unit(x), Unit(y));
        }
        let _ = write!(self.svg, "{close}\"/>");
        Ok(())
    }

    /// A spot that shows `text` when pointed at.
    pub fn hint(&mut self, (x, y): BackendCoord, text: &str) -> Drawn {
        let _ = write!(self.svg, "<circle class=\"h\" cx=\"{}\" cy=\"{}\" r=\"7\"><title>", Unit(x), Unit(y));
        escape(text, self.svg);
        self.svg.push_str("</title></circle>");
        Ok(())
    }
}

impl DrawingBackend for Sheet<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, _: BackendCoord, _: plotters_backend::BackendColor) -> Drawn {
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        class(style).map_or(Ok(()), |class| self.path(class, [from, to], ""))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        class(style).map_or(Ok(()), |class| self.path(class, path, ""))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        class(style).map_or(Ok(()), |class| self.path(class, corners, "Z"))
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, _fill: bool) -> Drawn {
        self.fill_polygon([a, (b.0, a.1), b, (a.0, b.1)], style)
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let Some(class) = class(style) else { return Ok(()) };
        let (hollow, radius) = (if fill { "" } else { " s" }, Unit(radius as i32));
        let _ = write!(
            self.svg,
            "<circle class=\"{class}{hollow}\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
            Unit(x),
            Unit(y)
        );
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "s",
            HPos::Center => "m",
            HPos::Right => "e",
        };
        // From the anchor to the base line, as a part of the font's size.
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.8,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let y = y + (style.size() * drop).round() as i32;
        let _ = write!(self.svg, "<text class=\"t {anchor}\" x=\"{}\" y=\"{}\">", Unit(x), Unit(y));
        escape(text, self.svg);
        self.svg.push_str("</text>");
        Ok(())
    }
}

/// A length in the units of the SVG, with one decimal at most.
struct Unit(i32);

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match (self.0.abs() / SUBPIXELS, self.0.abs() % SUBPIXELS) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, part) => write!(f, "{whole}.{part}"),
        }
    }
}

/// Text as it may stand in markup, between tags and in attributes.
pub fn escape(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            _ => to.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_the_class_of_its_own() {
        for (at, (ink, _)) in CLASSES.iter().enumerate() {
            assert_eq!(*ink as usize, at);
        }
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let mut svg = String::new();
        Sheet { svg: &mut svg, size: (10, 10) }.hint((-15, 20), "</title><script>x</script>\"'").unwrap();
        assert_eq!(
            svg,
            "<circle class=\"h\" cx=\"-1.5\" cy=\"2\" r=\"7\"><title>&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;&quot;&#39;</title></circle>"
        );
    }
}
