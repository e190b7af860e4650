//! A plot as an SVG that reads on its own: a title and a description for who can't see it, shapes and not only colours for
//! who can't tell those apart, and no script, style or font from elsewhere.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 130.0;

/// The shape at the points of a series.
#[derive(Clone, Copy)]
pub enum Mark {
    /// A filled circle.
    Dot,
    /// A circle.
    Ring,
    /// A filled square.
    Square,
    /// A square.
    Frame,
}

impl Mark {
    fn draw(self, x: f64, y: f64) -> String {
        let circle = |r: f64, fill: &str, stroke: &str| {
            format!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r}\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"2\"/>"
            )
        };
        let square = |half: f64, fill: &str, stroke: &str| {
            let (left, top, side) = (x - half, y - half, half * 2.0);
            format!(
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{side}\" height=\"{side}\" fill=\"{fill}\" \
                 stroke=\"{stroke}\" stroke-width=\"2\"/>"
            )
        };
        match self {
            Self::Dot => circle(3.0, self.colour(), self.colour()),
            Self::Ring => circle(6.5, "none", self.colour()),
            Self::Square => square(3.0, self.colour(), self.colour()),
            Self::Frame => square(6.5, "none", self.colour()),
        }
    }

    /// Dark enough beside white: at least 4.5 to 1.
    const fn colour(self) -> &'static str {
        match self {
            Self::Dot | Self::Ring => "#1d4f91",
            Self::Square | Self::Frame => "#9b3d12",
        }
    }

    const fn dashes(self) -> &'static str {
        match self {
            Self::Dot | Self::Square => "none",
            Self::Ring | Self::Frame => "6 4",
        }
    }
}

/// One line of a plot.
pub struct Series {
    /// What it is of.
    pub name: String,
    /// How it looks.
    pub mark: Mark,
    /// Across and up, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A plot whose scales grow tenfold.
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// The same in a sentence or two.
    pub description: String,
    /// What goes across.
    pub across: String,
    /// What goes up.
    pub up: String,
    /// The lines.
    pub series: Vec<Series>,
    /// What was aimed at: across, and at most so much up.
    pub targets: Vec<(f64, f64)>,
}

/// The powers of ten around all of these.
fn decades(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
    let most = values.fold(f64::NEG_INFINITY, f64::max).log10().ceil();
    (least, most.max(least + 1.0))
}

/// A power of ten, as people write it.
fn tick(decade: f64) -> String {
    let value = 10_f64.powf(decade);
    match value {
        _ if value < 1.0 => format!("{value}"),
        _ if value < 1_000.0 => format!("{value:.0}"),
        _ => format!("{:.0},000", value / 1_000.0),
    }
}

impl Plot {
    /// The plot as an SVG.
    pub fn svg(&self) -> String {
        let points = self.series.iter().flat_map(|one| &one.points).chain(&self.targets);
        let (left, right) = decades(points.clone().map(|(x, _)| *x));
        let (low, high) = decades(points.map(|(_, y)| *y));
        let across = |x: f64| LEFT + (x.log10() - left) / (right - left) * (WIDTH - LEFT - RIGHT);
        let up = |y: f64| HEIGHT - BOTTOM - (y.log10() - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-labelledby=\"title description\" font-family=\"sans-serif\" font-size=\"14\" fill=\"#1a1a1a\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>\n",
            self.title, self.description, self.title
        );
        let bottom = HEIGHT - BOTTOM;
        for decade in steps(left, right) {
            let x = across(10_f64.powf(decade));
            svg += &line((x, TOP), (x, bottom), "stroke=\"#d0d0d0\"");
            svg += &text(x, bottom + 20.0, "middle", &tick(decade));
        }
        for decade in steps(low, high) {
            let y = up(10_f64.powf(decade));
            svg += &line((LEFT, y), (WIDTH - RIGHT, y), "stroke=\"#d0d0d0\"");
            svg += &text(LEFT - 8.0, y + 5.0, "end", &tick(decade));
        }
        svg += &text(f64::midpoint(LEFT, WIDTH - RIGHT), bottom + 40.0, "middle", &self.across);
        svg += &text(LEFT - 62.0, TOP - 6.0, "start", &self.up);
        for (x, y) in &self.targets {
            let (x, y) = (across(*x), up(*y));
            svg += &line((x - 14.0, y), (x + 14.0, y), "stroke=\"#1a1a1a\" stroke-width=\"3\"");
        }
        for one in &self.series {
            let path: Vec<_> =
                one.points.iter().map(|(x, y)| format!("{:.1},{:.1}", across(*x), up(*y))).collect();
            let (colour, dashes) = (one.mark.colour(), one.mark.dashes());
            // Writing to a String never fails.
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
                path.join(" ")
            );
            for (x, y) in &one.points {
                svg += &(one.mark.draw(across(*x), up(*y)) + "\n");
            }
        }
        self.legend(&mut svg);
        svg + "</svg>\n"
    }

    fn legend(&self, svg: &mut String) {
        let place = |n: usize| {
            let (row, column) = (u32::try_from(n / 2).unwrap_or(0), u32::try_from(n % 2).unwrap_or(0));
            (LEFT + f64::from(column) * 340.0, HEIGHT - BOTTOM + 66.0 + f64::from(row) * 22.0)
        };
        for (n, one) in self.series.iter().enumerate() {
            let (x, y) = place(n);
            *svg += &(one.mark.draw(x + 8.0, y - 5.0) + "\n");
            *svg += &text(x + 26.0, y, "start", &one.name);
        }
        if !self.targets.is_empty() {
            let (x, y) = place(self.series.len());
            *svg += &line((x, y - 5.0), (x + 18.0, y - 5.0), "stroke=\"#1a1a1a\" stroke-width=\"3\"");
            *svg += &text(x + 26.0, y, "start", "the most that 99 in 100 requests may take");
        }
    }
}

fn steps(from: f64, to: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(from), |at| Some(at + 1.0)).take_while(move |at| *at <= to + 0.5)
}

fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64), how: &str) -> String {
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {how}/>\n")
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_its_words_and_every_point() {
        let plot = Plot {
            title: "Time".into(),
            description: "Of a thing.".into(),
            across: "units".into(),
            up: "ms".into(),
            series: vec![Series {
                name: "SQLite".into(),
                mark: Mark::Dot,
                points: vec![(10.0, 0.5), (1_000.0, 2.0)],
            }],
            targets: vec![(10.0, 20.0)],
        };
        let svg = plot.svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        for words in [
            "<title id=\"title\">Time</title>",
            "Of a thing.",
            ">1,000</text>",
            ">0.1</text>",
            ">SQLite</text>",
        ] {
            assert!(svg.contains(words), "{words} is missing in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 3, "two points and the legend's");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
