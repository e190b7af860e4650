//! How many homes will be free on the next nights, with a range, and how often that range held.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    access::Permission,
    forecast::{DEFINITIONS, MOST_NIGHTS, SchemeForecast},
};
use safespace_engine::Cell;

use crate::{
    Answer, Pages, Site,
    charts::{Band, Chart, Data, Datum, Joined, Lines, Series, drawn},
    page,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, day, reports::per_cent, short_day},
};

/// How often the range held, so many nights ahead.
struct Held {
    ahead: String,
    forecasts: u64,
    times: u64,
    share: String,
    widened_by: u32,
}

/// The units of a scheme, or all.
struct Group {
    title: &'static str,
    /// Tonight, in a sentence.
    tonight: String,
    chart: Chart,
    held: Vec<Held>,
}

#[derive(Template)]
#[template(path = "forecast.html")]
struct ForecastPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    tonight: String,
    groups: Vec<Group>,
    definitions: Vec<(&'static str, &'static str)>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/forecast", page(site, forecast)), ("/forecast.csv", page(site, forecast_csv))]
}

/// The next nights.
async fn forecast(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let found = visit.engine.forecast(visit.actor(), MOST_NIGHTS).await?;
    visit.show(&ForecastPage {
        shell: visit.shell(Place::Reports)?,
        parts: words::reports::parts(visit.actor()),
        tonight: day(found.tonight),
        groups: all_first(&found.schemes).enumerate().map(|(no, of)| group(no, of)).collect(),
        definitions: DEFINITIONS.to_vec(),
    })
}

/// All together is what is asked for most: it stands first.
fn all_first(schemes: &[SchemeForecast]) -> impl Iterator<Item = &SchemeForecast> {
    let (all, each): (Vec<_>, Vec<_>) = schemes.iter().partition(|of| of.scheme.is_none());
    all.into_iter().chain(each)
}

fn group(no: usize, of: &SchemeForecast) -> Group {
    let held = of.held.iter().map(|held| Held {
        ahead: words::reports::ahead(held.from_night, held.to_night),
        forecasts: held.forecasts,
        times: held.held,
        share: per_cent(held.share()),
        widened_by: held.widened_by,
    });
    Group {
        title: words::reports::homes_of(of.scheme),
        tonight: of.nights.first().map(words::reports::tonight_free).unwrap_or_default(),
        chart: chart(no, of),
        held: held.collect(),
    }
}

fn data<'f>(schemes: impl IntoIterator<Item = &'f SchemeForecast>) -> Data {
    let rows = schemes.into_iter().flat_map(|of| {
        of.nights.iter().map(|night| {
            let scheme = of.scheme.map_or("all", |scheme| scheme.as_str());
            Datum {
                name: day(night.night),
                keys: vec![Cell::Day(night.night), Cell::text(scheme)],
                cells: vec![
                    Cell::Number(night.in_stock.into()),
                    Cell::Number(night.out_of_service.into()),
                    Cell::Decimal(night.taken()),
                    Cell::Decimal(night.free),
                    Cell::Number(night.low.into()),
                    Cell::Number(night.high.into()),
                ],
            }
        })
    });
    Data {
        of: words::reports::NIGHT,
        keys: vec!["night", "scheme"],
        columns: words::reports::FORECAST.to_vec(),
        rows: rows.collect(),
    }
}

fn chart(no: usize, of: &SchemeForecast) -> Chart {
    let homes = words::reports::homes_of(of.scheme);
    let title = words::reports::expected_free(homes);
    let [expected, range] = words::reports::EXPECTED;
    let lines = Lines {
        labels: of.nights.iter().map(|night| night.night.format("%-d %b").to_string()).collect(),
        series: vec![Series {
            name: expected.to_owned(),
            values: of.nights.iter().map(|night| Some(drawn(night.free))).collect(),
        }],
        band: Some(Band {
            name: range.to_owned(),
            ends: of.nights.iter().map(|night| Some((f64::from(night.low), f64::from(night.high)))).collect(),
        }),
        joined: Joined::ByStep,
        most: None,
        along: None,
        pointed: Vec::new(),
    };
    let named: Vec<_> = of.nights.iter().map(|night| (short_day(night.night), Some(night.free))).collect();
    Chart {
        drawing: lines.draw(format!("free-{no}"), &title, words::reports::course(&named, "")),
        caption: words::reports::FORECAST_CAPTION.to_owned(),
        table: data([of]).table(),
        csv: "/forecast.csv".to_owned(),
    }
}

/// The next nights of every scheme, as a file.
async fn forecast_csv(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let found = visit.engine.forecast(visit.actor(), MOST_NIGHTS).await?;
    data(&found.schemes).csv("forecast", visit.engine.now())
}
