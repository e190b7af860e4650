//! Charts: drawn on the server as SVG that can be read aloud, each with its table beneath and the same as CSV.
//!
//! What is drawn are shapes with classes: the stylesheet says how they look in the light, in the dark and in forced colours.
//! Series are told apart by dashes and by the shapes of their marks, and everything that a chart says its table says too.

use askama::Template;
use chrono::{DateTime, Utc};
use poem::Response;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use safespace_engine::{Cell, Sheet};

use crate::{Stopped, shell::file, words};

/// How wide charts are drawn.
const WIDTH: f64 = 600.0;
/// How high charts with a scale at their side are drawn.
const HEIGHT: f64 = 300.0;
/// Where the part begins in which values are drawn, and where it ends.
const LEFT: f64 = 56.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = HEIGHT - 34.0;
/// So high is a row of a chart whose bars lie.
const ROW: f64 = 48.0;
/// Room beyond the longest lying bar, for its number.
const NUMBER: f64 = 90.0;
/// With more values than this they get no marks: these would run into each other.
const MOST_MARKS: usize = 31;
/// So many labels stand below a chart at most.
const MOST_LABELS: usize = 7;
/// So wide is the part of a place that a standing bar fills.
const FILLED: f64 = 0.68;
/// So far stand the names of series apart.
const NAMES_APART: f64 = 180.0;

/// A place on a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    x: f64,
    y: f64,
}

const fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// A shape of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A straight line.
    Line { from: Point, to: Point, class: &'static str },
    /// A line through points.
    Path { points: Vec<Point>, class: &'static str },
    /// An area within points.
    Area { points: Vec<Point>, class: &'static str },
    /// A bar, by its upper left corner.
    Bar { corner: Point, width: f64, height: f64, class: &'static str },
    /// A round mark.
    Dot { at: Point, class: &'static str },
    /// A square mark, by its upper left corner.
    Square { corner: Point, class: &'static str },
    /// Words, by where they stand and which end of them stands there.
    Words { at: Point, end: &'static str, text: String },
}

/// Half the side of a square mark, so that its middle is the value's place.
const HALF: f64 = 4.0;

/// A chart, drawn.
#[derive(Template)]
#[template(path = "chart_svg.html")]
pub(crate) struct Drawing {
    /// Begins the ids of its parts: one of each on a page.
    pub(crate) id: String,
    pub(crate) title: String,
    /// What it shows, to be read aloud.
    pub(crate) says: String,
    height: f64,
    shapes: Vec<Shape>,
}

impl Drawing {
    /// Points as SVG writes them.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn list(&self, points: &[Point]) -> String {
        let each = points.iter().map(|point| format!("{:.1},{:.1}", point.x, point.y));
        each.collect::<Vec<_>>().join(" ")
    }
}

/// A chart with its table and the address of its CSV.
pub(crate) struct Chart {
    pub(crate) drawing: Drawing,
    /// What stands below it: what it is of.
    pub(crate) caption: String,
    pub(crate) table: Table,
    pub(crate) csv: String,
}

/// A table as people read it.
pub(crate) struct Table {
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

/// Numbers by name, of which a chart's table and its CSV are made.
#[derive(Default)]
pub(crate) struct Data {
    /// What the names are of, as people read it, and the columns that say the same in files.
    pub(crate) of: &'static str,
    pub(crate) keys: Vec<&'static str>,
    /// The other columns, as files name them and as people read them.
    pub(crate) columns: Vec<(&'static str, &'static str)>,
    pub(crate) rows: Vec<Datum>,
}

/// A row of [`Data`].
pub(crate) struct Datum {
    /// What people read.
    pub(crate) name: String,
    /// The same in files.
    pub(crate) keys: Vec<Cell>,
    pub(crate) cells: Vec<Cell>,
}

impl Data {
    /// As a table on the page.
    pub(crate) fn table(&self) -> Table {
        let row =
            |datum: &Datum| (datum.name.clone(), datum.cells.iter().map(words::reports::cell).collect());
        Table {
            heads: [self.of].into_iter().chain(self.columns.iter().map(|(_, head)| *head)).collect(),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// As a sheet to be saved.
    pub(crate) fn sheet(&self, title: &'static str, made_at: DateTime<Utc>) -> Sheet {
        let columns = self.keys.iter().copied().chain(self.columns.iter().map(|(code, _)| *code)).collect();
        let rows = self.rows.iter().map(|datum| datum.keys.iter().chain(&datum.cells).cloned().collect());
        Sheet::of_figures(title, made_at, columns, rows.collect(), Vec::new())
    }

    /// As a file of comma-separated values.
    pub(crate) fn csv(&self, name: &str, made_at: DateTime<Utc>) -> Result<Response, Stopped> {
        csv(name, &self.sheet("Figures", made_at))
    }
}

/// A sheet as a file of comma-separated values.
pub(crate) fn csv(name: &str, sheet: &Sheet) -> Result<Response, Stopped> {
    Ok(file(&format!("{name}.csv"), "text/csv; charset=utf-8", sheet.to_csv()?))
}

/// A sheet as a workbook.
pub(crate) fn xlsx(name: &str, sheet: &Sheet) -> Result<Response, Stopped> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(file(&format!("{name}.xlsx"), kind, sheet.to_xlsx()?))
}

/// A number as it is drawn.
pub(crate) fn drawn(number: Decimal) -> f64 {
    number.to_f64().unwrap_or_default()
}

/// A count as it is drawn.
pub(crate) fn counted(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::from(u32::MAX), f64::from)
}

/// How the values of a series are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// By a straight line from one to the next.
    Straight,
    /// Each holds for all of its place.
    ByStep,
}

/// Values with a name, one for each label; none where there is nothing to draw.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<f64>>,
}

/// A range of values for each label, and its name.
pub(crate) struct Band {
    pub(crate) name: String,
    /// The lowest and the highest.
    pub(crate) ends: Vec<Option<(f64, f64)>>,
}

/// A chart of values along labels.
pub(crate) struct Lines {
    pub(crate) labels: Vec<String>,
    /// One or two.
    pub(crate) series: Vec<Series>,
    /// A range that is drawn below them.
    pub(crate) band: Option<Band>,
    pub(crate) joined: Joined,
    /// The top of the scale, where it does not follow from the values.
    pub(crate) most: Option<f64>,
    /// How far along each label stands, where that is not one after the other: the values are then joined straight.
    pub(crate) along: Option<Vec<f64>>,
    /// Labels that are pointed at, and what is said of each.
    pub(crate) pointed: Vec<(usize, String)>,
}

/// How the series look, in order: line and mark.
const LOOKS: [&str; 2] = ["series first", "series second"];

impl Lines {
    /// Draws it.
    pub(crate) fn draw(&self, id: impl Into<String>, title: &str, says: String) -> Drawing {
        let highest = self.most.unwrap_or_else(|| {
            let values = self.series.iter().flat_map(|series| series.values.iter().flatten().copied());
            let band = self.band.iter().flat_map(|band| band.ends.iter().flatten().map(|(_, high)| *high));
            values.chain(band).fold(0.0, f64::max)
        });
        let ticks = ticks(highest);
        let scale = Scale::of(&ticks);
        let mut shapes = frame(&ticks, scale);
        shapes.extend(self.below());
        shapes.extend(self.range(scale));
        shapes.extend(self.pointed());
        for (series, look) in self.series.iter().zip(LOOKS) {
            shapes.extend(self.drawn(series, look, scale));
        }
        shapes.extend(self.names());
        Drawing { id: id.into(), title: title.to_owned(), says, height: HEIGHT, shapes }
    }

    /// Where the place of a label begins and ends.
    fn place(&self, no: usize) -> (f64, f64) {
        place(no, self.labels.len())
    }

    fn middle(&self, no: usize) -> f64 {
        let ends =
            self.along.as_ref().and_then(|along| Some((*along.first()?, *along.get(no)?, *along.last()?)));
        let (from, to) = self.place(no);
        match ends {
            Some((first, value, last)) if last > first => {
                let (half, room) = ((to - from) / 2.0, RIGHT - LEFT - (to - from));
                LEFT + half + (value - first) / (last - first) * room
            }
            _ => f64::midpoint(from, to),
        }
    }

    fn below(&self) -> Vec<Shape> {
        let every = self.labels.len().div_ceil(MOST_LABELS).max(1);
        let told = self.labels.iter().enumerate().step_by(every);
        told.map(|(no, label)| below(self.middle(no), label)).collect()
    }

    fn range(&self, scale: Scale) -> Vec<Shape> {
        let Some(band) = &self.band else { return Vec::new() };
        let area = |run: Vec<(usize, (f64, f64))>| {
            let ends = |no: usize| match self.joined {
                Joined::ByStep => vec![self.place(no).0, self.place(no).1],
                Joined::Straight => vec![self.middle(no)],
            };
            let side = |of: fn((f64, f64)) -> f64| -> Vec<Point> {
                run.iter()
                    .flat_map(|(no, range)| ends(*no).into_iter().map(move |x| at(x, scale.y(of(*range)))))
                    .collect()
            };
            let (low, mut high) = (side(|range| range.0), side(|range| range.1));
            high.reverse();
            Shape::Area { points: low.into_iter().chain(high).collect(), class: "band" }
        };
        runs(&band.ends).into_iter().map(area).collect()
    }

    fn pointed(&self) -> Vec<Shape> {
        let shapes = self.pointed.iter().enumerate().flat_map(|(row, (no, said))| {
            let x = self.middle(*no);
            // Words beyond the middle end at the line, so that they stay within the chart; each has a row of its own.
            let (end, aside) = if x > f64::midpoint(LEFT, RIGHT) { ("end", -6.0) } else { ("start", 6.0) };
            [
                Shape::Line { from: at(x, TOP), to: at(x, BOTTOM), class: "pointed" },
                Shape::Words { at: at(x + aside, TOP - 4.0 + counted(row) * 18.0), end, text: said.clone() },
            ]
        });
        shapes.collect()
    }

    fn drawn(&self, series: &Series, look: &'static str, scale: Scale) -> Vec<Shape> {
        let mut shapes = Vec::new();
        for run in runs(&series.values) {
            let points: Vec<Point> = match self.joined {
                Joined::Straight => run.iter().map(|(no, v)| at(self.middle(*no), scale.y(*v))).collect(),
                Joined::ByStep => run
                    .iter()
                    .flat_map(|(no, v)| [self.place(*no).0, self.place(*no).1].map(|x| at(x, scale.y(*v))))
                    .collect(),
            };
            if points.len() > 1 {
                shapes.push(Shape::Path { points, class: look });
            }
            // A value by itself is no line: it is always marked.
            let is_marked = self.joined == Joined::Straight && self.labels.len() <= MOST_MARKS;
            if is_marked || (self.joined == Joined::Straight && run.len() == 1) {
                shapes.extend(run.iter().map(|(no, v)| mark(at(self.middle(*no), scale.y(*v)), look)));
            }
        }
        shapes
    }

    /// Which line is which, above the chart; nothing where there is but one.
    fn names(&self) -> Vec<Shape> {
        let lines = self.series.iter().zip(LOOKS).map(|(series, look)| (series.name.as_str(), look));
        let band = self.band.iter().map(|band| (band.name.as_str(), "band"));
        let all: Vec<(&str, &'static str)> = lines.chain(band).collect();
        if all.len() < 2 {
            return Vec::new();
        }
        let named = all.into_iter().enumerate().flat_map(|(no, (name, class))| {
            let x = LEFT + counted(no) * NAMES_APART;
            let sample = if class == "band" {
                Shape::Bar { corner: at(x, 10.0), width: 26.0, height: 12.0, class }
            } else {
                Shape::Path { points: vec![at(x, 16.0), at(x + 26.0, 16.0)], class }
            };
            [sample, Shape::Words { at: at(x + 32.0, 21.0), end: "start", text: name.to_owned() }]
        });
        named.collect()
    }
}

fn mark(middle: Point, look: &'static str) -> Shape {
    if LOOKS.first() == Some(&look) {
        Shape::Dot { at: middle, class: look }
    } else {
        Shape::Square { corner: at(middle.x - HALF, middle.y - HALF), class: look }
    }
}

/// Values that follow each other without a gap, each with its place.
fn runs<T: Copy>(values: &[Option<T>]) -> Vec<Vec<(usize, T)>> {
    let mut runs: Vec<Vec<(usize, T)>> = vec![Vec::new()];
    for (no, value) in values.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((no, *value)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A bar: its name, its value, and the value as it is told.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) told: String,
}

fn highest(bars: &[Bar]) -> f64 {
    bars.iter().map(|bar| bar.value).fold(0.0, f64::max)
}

/// A chart of standing bars. Their names are short.
pub(crate) fn bars(id: impl Into<String>, title: &str, says: String, bars: &[Bar]) -> Drawing {
    let ticks = ticks(highest(bars));
    let scale = Scale::of(&ticks);
    let mut shapes = frame(&ticks, scale);
    for (no, bar) in bars.iter().enumerate() {
        let (from, to) = place(no, bars.len());
        let (middle, y) = (f64::midpoint(from, to), scale.y(bar.value.max(0.0)));
        let width = (to - from) * FILLED;
        let corner = at(middle - width / 2.0, y);
        shapes.push(Shape::Bar { corner, width, height: BOTTOM - y, class: "bar" });
        shapes.push(Shape::Words { at: at(middle, y - 6.0), end: "middle", text: bar.told.clone() });
        shapes.push(below(middle, &bar.name));
    }
    Drawing { id: id.into(), title: title.to_owned(), says, height: HEIGHT, shapes }
}

/// A chart of bars that lie below each other, each under its name.
pub(crate) fn lying_bars(id: impl Into<String>, title: &str, says: String, bars: &[Bar]) -> Drawing {
    let most = highest(bars);
    let mut shapes = Vec::new();
    for (no, bar) in bars.iter().enumerate() {
        let y = counted(no) * ROW;
        let width = if most > 0.0 { bar.value.max(0.0) / most * (WIDTH - NUMBER) } else { 0.0 };
        shapes.push(Shape::Words { at: at(0.0, y + 17.0), end: "start", text: bar.name.clone() });
        shapes.push(Shape::Bar { corner: at(0.0, y + 23.0), width, height: 16.0, class: "bar" });
        shapes.push(Shape::Words { at: at(width + 8.0, y + 36.0), end: "start", text: bar.told.clone() });
    }
    let height = (counted(bars.len()) * ROW).max(ROW);
    Drawing { id: id.into(), title: title.to_owned(), says, height, shapes }
}

/// Where the place of one of so many labels begins and ends.
fn place(no: usize, of: usize) -> (f64, f64) {
    let width = (RIGHT - LEFT) / counted(of.max(1));
    (LEFT + counted(no) * width, LEFT + counted(no + 1) * width)
}

fn below(x: f64, label: &str) -> Shape {
    Shape::Words { at: at(x, BOTTOM + 22.0), end: "middle", text: label.to_owned() }
}

/// The lines of a scale with their numbers.
fn frame(ticks: &[f64], scale: Scale) -> Vec<Shape> {
    let line = |tick: &f64| {
        let y = scale.y(*tick);
        let class = if *tick == 0.0 { "axis" } else { "grid" };
        [
            Shape::Line { from: at(LEFT, y), to: at(RIGHT, y), class },
            Shape::Words { at: at(LEFT - 8.0, y + 5.0), end: "end", text: number(*tick) },
        ]
    };
    ticks.iter().flat_map(line).collect()
}

fn number(tick: f64) -> String {
    if tick.fract() == 0.0 { format!("{tick:.0}") } else { format!("{tick:.1}") }
}

/// A scale from nothing up, at the side of a chart.
#[derive(Clone, Copy)]
struct Scale {
    most: f64,
}

impl Scale {
    fn of(ticks: &[f64]) -> Self {
        Self { most: ticks.last().copied().unwrap_or(1.0) }
    }

    fn y(self, value: f64) -> f64 {
        BOTTOM - value.clamp(0.0, self.most) / self.most * (BOTTOM - TOP)
    }
}

/// The numbers of a scale up to a value at least: four or five round ones. Up to 1 where all is nothing.
fn ticks(highest: f64) -> Vec<f64> {
    let highest = if highest > 0.0 { highest } else { 1.0 };
    let power = 10_f64.powf((highest / 5.0).log10().floor());
    let fits = |step: &f64| step * 5.0 * power >= highest * 0.999_999;
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(fits).unwrap_or(10.0) * power;
    let mut ticks = vec![0.0];
    let mut no = 1.0;
    while ticks.last().is_some_and(|last| *last < highest * 0.999_999) {
        ticks.push(step * no);
        no += 1.0;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(values: &[Option<f64>], joined: Joined) -> Lines {
        Lines {
            labels: values.iter().enumerate().map(|(no, _)| format!("day {no}")).collect(),
            series: vec![Series { name: "rate".into(), values: values.to_vec() }],
            band: None,
            joined,
            most: None,
            along: None,
            pointed: Vec::new(),
        }
    }

    fn drawn_of(lines: &Lines) -> Vec<Shape> {
        lines.draw("c", "Rate", "It says so.".into()).shapes
    }

    fn paths(shapes: &[Shape]) -> Vec<Vec<Point>> {
        let path = |shape: &Shape| match shape {
            Shape::Path { points, .. } => Some(points.clone()),
            _ => None,
        };
        shapes.iter().filter_map(path).collect()
    }

    fn dots(shapes: &[Shape]) -> Vec<Point> {
        let dot = |shape: &Shape| match shape {
            Shape::Dot { at, .. } => Some(*at),
            _ => None,
        };
        shapes.iter().filter_map(dot).collect()
    }

    fn all_bars(shapes: &[Shape]) -> Vec<(Point, f64, f64)> {
        let bar = |shape: &Shape| match shape {
            Shape::Bar { corner, width, height, .. } => Some((*corner, *width, *height)),
            _ => None,
        };
        shapes.iter().filter_map(bar).collect()
    }

    fn bar(name: &str, value: f64) -> Bar {
        Bar { name: name.into(), value, told: value.to_string() }
    }

    #[test]
    fn values_stand_where_they_should() {
        let shapes = drawn_of(&lines(&[Some(0.0), Some(50.0), Some(100.0)], Joined::Straight));
        let third = (RIGHT - LEFT) / 3.0;
        let expected = [
            at(LEFT + third * 0.5, BOTTOM),
            at(LEFT + third * 1.5, f64::midpoint(TOP, BOTTOM)),
            at(LEFT + third * 2.5, TOP),
        ];
        let found = paths(&shapes).pop().unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!((found.x - expected.x).abs() < 1e-9 && (found.y - expected.y).abs() < 1e-9);
        }
        assert_eq!(dots(&shapes).len(), 3);
        let steps = drawn_of(&lines(&[Some(100.0), Some(100.0)], Joined::ByStep));
        assert_eq!(
            paths(&steps),
            [[
                at(LEFT, TOP),
                at(f64::midpoint(LEFT, RIGHT), TOP),
                at(f64::midpoint(LEFT, RIGHT), TOP),
                at(RIGHT, TOP)
            ]]
        );
    }

    #[test]
    fn labels_stand_as_far_along_as_they_say() {
        let along = Some(vec![10.0, 11.0, 20.0]);
        let pointed = vec![(1, "here".to_owned())];
        let of = Lines { along, pointed, ..lines(&[Some(1.0), Some(1.0), Some(1.0)], Joined::Straight) };
        let shapes = drawn_of(&of);
        let x: Vec<f64> = dots(&shapes).iter().map(|dot| dot.x).collect();
        assert!(((x[1] - x[0]) * 9.0 - (x[2] - x[1])).abs() < 1e-9, "{x:?}");
        assert!(x[0] > LEFT && x[2] < RIGHT);
        let line = shapes.iter().find_map(|shape| match shape {
            Shape::Line { from, class: "pointed", .. } => Some(from.x),
            _ => None,
        });
        assert_eq!(line, Some(x[1]));
    }

    #[test]
    fn a_gap_parts_a_line_and_a_value_by_itself_is_marked() {
        let gap = drawn_of(&lines(&[Some(1.0), Some(2.0), None, Some(3.0)], Joined::Straight));
        assert_eq!((paths(&gap).len(), dots(&gap).len()), (1, 3));
        let one = drawn_of(&lines(&[Some(4.0)], Joined::Straight));
        assert_eq!((paths(&one).len(), dots(&one)[0].x), (0, f64::midpoint(LEFT, RIGHT)));
        let step = drawn_of(&lines(&[Some(4.0)], Joined::ByStep));
        assert_eq!(paths(&step)[0].iter().map(|point| point.x).collect::<Vec<_>>(), [LEFT, RIGHT]);
    }

    #[test]
    fn nothing_and_values_that_are_all_equal_are_drawn_too() {
        for values in [&[][..], &[None, None]] {
            let shapes = drawn_of(&lines(values, Joined::Straight));
            assert!(paths(&shapes).is_empty() && !shapes.is_empty(), "the scale is there");
        }
        let none = drawn_of(&lines(&[Some(0.0), Some(0.0)], Joined::Straight));
        assert!(paths(&none)[0].iter().all(|point| (point.y - BOTTOM).abs() < 1e-9));
        let equal = drawn_of(&lines(&[Some(7.0), Some(7.0)], Joined::Straight));
        let path = &paths(&equal)[0];
        assert!((path[0].y - path[1].y).abs() < 1e-9 && path[0].y < BOTTOM && path[0].y >= TOP);
        assert!(bars("b", "Bars", String::new(), &[]).shapes.len() > 1);
        assert!(lying_bars("b", "Bars", String::new(), &[]).shapes.is_empty());
    }

    #[test]
    fn a_range_is_an_area_between_its_ends() {
        let ends = vec![Some((0.0, 100.0)), Some((50.0, 100.0))];
        let band = Some(Band { name: "range".into(), ends });
        let of = Lines { band, ..lines(&[Some(50.0), Some(75.0)], Joined::Straight) };
        let shapes = drawn_of(&of);
        let area = shapes.iter().find_map(|shape| match shape {
            Shape::Area { points, .. } => Some(points.iter().map(|point| point.y).collect::<Vec<_>>()),
            _ => None,
        });
        assert_eq!(area.unwrap(), [BOTTOM, f64::midpoint(TOP, BOTTOM), TOP, TOP]);
        let named = |name: &str| {
            shapes.iter().any(|shape| matches!(shape, Shape::Words { text, .. } if text == name))
        };
        assert!(named("rate") && named("range"), "two things in a chart are named");
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let standing = bars("b", "Bars", String::new(), &[bar("a", 5.0), bar("b", 10.0), bar("c", 0.0)]);
        let heights: Vec<f64> = all_bars(&standing.shapes).iter().map(|(_, _, height)| *height).collect();
        assert!((heights[1] - (BOTTOM - TOP)).abs() < 1e-9);
        assert!((heights[0] * 2.0 - heights[1]).abs() < 1e-9 && heights[2].abs() < 1e-9);
        let lying = lying_bars("b", "Bars", String::new(), &[bar("a", 1.0), bar("b", 4.0), bar("c", -2.0)]);
        let widths: Vec<f64> = all_bars(&lying.shapes).iter().map(|(_, width, _)| *width).collect();
        assert!((widths[0] * 4.0 - widths[1]).abs() < 1e-9, "{widths:?}");
        assert!(
            (widths[1] - (WIDTH - NUMBER)).abs() < 1e-9 && widths[2].abs() < 1e-9,
            "below nothing is nothing"
        );
        let equal = bars("b", "Bars", String::new(), &[bar("a", 0.0), bar("b", 0.0)]);
        assert!(all_bars(&equal.shapes).iter().all(|(_, _, height)| height.abs() < 1e-9));
    }

    #[test]
    fn a_scale_has_few_round_numbers_and_reaches_what_is_highest() {
        for highest in [0.0, 0.3, 1.0, 2.0, 7.0, 19.0, 100.0, 551.0, 10_000.0] {
            let ticks = ticks(highest);
            assert!(ticks.len() <= 6 && *ticks.last().unwrap() >= highest, "{highest}: {ticks:?}");
        }
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    #[test]
    fn what_people_have_written_is_escaped_and_every_part_has_its_id() {
        let drawing = bars("free", "A < B", "Says & tells.".into(), &[bar("<script>", 1.0)]);
        let svg = drawing.render().unwrap();
        assert!(svg.contains("A &#60; B") && !svg.contains("<script>"), "{svg}");
        assert!(svg.contains(r#"aria-labelledby="free-title free-says""#) && svg.contains(r#"role="img""#));
        assert!(!svg.contains("style="));
    }
}
