//! How many homes do we need: what if? The answer in a sentence, then a chart and its working.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Nights, Refusal,
    access::Permission,
    nights::earlier,
    simulation::{NIGHTS_OF_A_YEAR, Rate},
    units::Scheme,
    what_if::DEFINITIONS,
};
use safespace_engine::{AddUnits, Cell, WhatIfAsk, WhatIfSide, WhatIfView};

use crate::{
    Answer, Pages, Site,
    charts::{Chart, Data, Datum, Joined, Lines, Series, counted, drawn},
    fields::Fields,
    page,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, days, reports::per_cent},
};

/// Where it is.
const PATH: &str = "/what-if";
/// The names of its fields, as a query has them.
const FIELDS: [&str; 9] =
    ["arrivalsPercent", "longerByNights", "close", "addCount", "addSleeps", "scheme", "from", "to", "years"];
/// For so many people units are added, where nobody says for how many: a family.
const FAMILY: i64 = 4;
/// So many years are simulated, where nobody says how many: fewer than elsewhere, for a dozen numbers of units are looked
/// at, and somebody waits for the page.
const YEARS: i64 = 200;

/// How things are beside how they would be.
struct Compared {
    name: &'static str,
    now: String,
    then: String,
}

/// What was found.
struct Found {
    sentence: String,
    now: String,
    is_other: bool,
    rows: Vec<Compared>,
    /// None where nobody comes, or no unit is there.
    chart: Option<Chart>,
    drawn_from: String,
    arrivals: u32,
    known: usize,
}

#[derive(Template)]
#[template(path = "what_if.html")]
struct WhatIfPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    fields: Fields,
    schemes: Vec<(String, String)>,
    codes: String,
    found: Option<Found>,
    definitions: Vec<(&'static str, &'static str)>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, page(site, what_if)), ("/what-if.csv", page(site, what_if_csv))]
}

/// The planner.
async fn what_if(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let answer = match ask(&visit) {
        Ok(ask) => {
            visit.answered(&Fields::default(), visit.engine.what_if_by_units(visit.actor(), ask).await)?
        }
        Err(refusal) => Err(refusal),
    };
    let mut page = WhatIfPage {
        shell: visit.shell(Place::Reports)?,
        parts: words::reports::parts(visit.actor()),
        fields: typed(&visit.query),
        schemes: words::reports::schemes(),
        codes: codes(&visit),
        found: None,
        definitions: DEFINITIONS.to_vec(),
    };
    match answer {
        Ok((view, by_units)) => {
            page.found = Some(found(&view, &by_units, &query(&visit.query)));
            visit.show(&page)
        }
        Err(refusal) => {
            page.shell = page.shell.refused(&at(refusal)).at_one_of(&FIELDS);
            visit.show_again(&page)
        }
    }
}

/// What stands in the form: what was typed, and else what is taken for it.
fn typed(query: &Fields) -> Fields {
    let usual = |name: &str| match name {
        "arrivalsPercent" | "longerByNights" | "addCount" => "0".to_owned(),
        "addSleeps" => FAMILY.to_string(),
        "years" => YEARS.to_string(),
        _ => String::new(),
    };
    let pairs = FIELDS.iter().map(|name| {
        let said = query.text(name);
        ((*name).to_owned(), said.unwrap_or_else(|| usual(name)))
    });
    pairs.collect::<Vec<_>>().into()
}

/// The same question, as a query.
fn query(asked: &Fields) -> String {
    let said: Vec<(&str, &str)> =
        FIELDS.iter().map(|name| (*name, asked.get(name))).filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(said).unwrap_or_default()
}

/// The codes that can be closed.
fn codes(visit: &Visit) -> String {
    let (spaces, today) = (visit.engine.spaces(), visit.engine.today());
    let in_stock = spaces.units().iter().filter(|unit| unit.is_in_stock(today));
    let all: Vec<&str> = in_stock.map(|unit| unit.code.as_str()).collect();
    all.join(", ")
}

/// What is asked. A refusal names a field of the form.
fn ask(visit: &Visit) -> Result<WhatIfAsk, Refusal> {
    let fields = &visit.query;
    let small = |name: &str, otherwise: i64| -> Result<i32, Refusal> {
        let number = fields.number(name)?.unwrap_or(otherwise);
        i32::try_from(number).map_err(|_| Refusal::bad(name, words::reports::TOO_LARGE))
    };
    let whole = |name: &str, otherwise: i64| -> Result<u32, Refusal> {
        let number = fields.number(name)?.unwrap_or(otherwise);
        u32::try_from(number).map_err(|_| Refusal::bad(name, words::reports::FROM_NOTHING_UP))
    };
    let scheme: Option<Scheme> = fields.parsed("scheme", words::reports::ONE_OF_THESE)?;
    let sleeps = u16::try_from(whole("addSleeps", FAMILY)?).unwrap_or(u16::MAX);
    let count = whole("addCount", 0)?;
    let add = AddUnits { count, sleeps, scheme: scheme.unwrap_or(Scheme::SafeSpace) };
    let close = fields.get("close").split([',', ' ', ';']).map(str::trim).filter(|code| !code.is_empty());
    Ok(WhatIfAsk {
        days: days_of(visit)?,
        scheme,
        arrivals_percent: small("arrivalsPercent", 0)?,
        longer_by_nights: small("longerByNights", 0)?,
        close: close.map(str::to_owned).collect(),
        add: if count == 0 { Vec::new() } else { vec![add] },
        years: whole("years", YEARS)?,
        ..WhatIfAsk::default()
    })
}

fn days_of(visit: &Visit) -> Result<Option<Nights>, Refusal> {
    let (from, to) = (visit.query.date("from")?, visit.query.date("to")?);
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let to = to.unwrap_or_else(|| visit.engine.today());
    Nights::from_to(from.unwrap_or_else(|| earlier(to, NIGHTS_OF_A_YEAR)), to).map(Some)
}

/// A refusal at the form's own field.
fn at(refusal: Refusal) -> Refusal {
    let field = refusal.field.as_deref().map(|field| match field {
        "add" => "addCount",
        "added" => "addSleeps",
        "closed" => "close",
        field => field,
    });
    let field = field.map(str::to_owned);
    Refusal { field, ..refusal }
}

fn found(view: &WhatIfView, by_units: &[(usize, Rate)], query: &str) -> Found {
    let WhatIfView { days: drawn_from, arrivals, known, then, now } = view;
    let is_other = now != then;
    Found {
        sentence: then.answer.sentence.clone(),
        now: now.answer.sentence.clone(),
        is_other,
        rows: compared(now, then),
        chart: (!by_units.is_empty()).then(|| chart(view, by_units, query)),
        drawn_from: days(*drawn_from),
        arrivals: *arrivals,
        known: *known,
    }
}

fn compared(now: &WhatIfSide, then: &WhatIfSide) -> Vec<Compared> {
    let rate = |name, of: fn(&WhatIfSide) -> Option<Rate>| Compared {
        name,
        now: words::reports::with_interval(of(now)),
        then: words::reports::with_interval(of(then)),
    };
    let number = |number: Option<usize>| {
        number.map_or_else(|| words::reports::NOTHING.to_owned(), |number| number.to_string())
    };
    let [units, turned_away, occupancy, full, enough] = words::reports::SIMULATED;
    vec![
        Compared { name: units, now: now.units.to_string(), then: then.units.to_string() },
        rate(turned_away, |side| side.answer.outcome.turned_away()),
        rate(occupancy, |side| side.answer.outcome.occupancy_rate()),
        rate(full, |side| side.answer.outcome.full_share()),
        Compared {
            name: enough,
            now: number(now.answer.units_enough),
            then: number(then.answer.units_enough),
        },
    ]
}

/// Who is turned away with how many units, as numbers.
fn data(by_units: &[(usize, Rate)]) -> Data {
    let datum = |(units, rate): &(usize, Rate)| {
        let interval = rate.interval.map(|interval| [interval.low, interval.high]);
        let ends = interval.map_or([Cell::Empty, Cell::Empty], |ends| ends.map(Cell::Decimal));
        Datum {
            name: units.to_string(),
            keys: vec![Cell::Number(*units as u64)],
            cells: [Cell::Decimal(rate.rate)].into_iter().chain(ends).collect(),
        }
    };
    Data {
        of: words::reports::UNITS,
        keys: vec!["units"],
        columns: words::reports::BY_UNITS.to_vec(),
        rows: by_units.iter().map(datum).collect(),
    }
}

fn chart(view: &WhatIfView, by_units: &[(usize, Rate)], query: &str) -> Chart {
    let [title, caption, asked, enough] = words::reports::TURNED_AWAY_BY_UNITS;
    let named: Vec<_> = by_units
        .iter()
        .map(|(units, rate)| {
            (words::count(u32::try_from(*units).unwrap_or(u32::MAX), "unit"), Some(rate.rate))
        })
        .collect();
    let place = |wanted: Option<usize>, said: &str| {
        let no = by_units.iter().position(|(units, _)| Some(*units) == wanted)?;
        let (units, rate) = by_units.get(no)?;
        Some((no, format!("{said}: {units}, {}", per_cent(Some(rate.rate)))))
    };
    let pointed = [(Some(view.then.units), asked), (view.then.answer.units_enough, enough)];
    let lines = Lines {
        labels: by_units.iter().map(|(units, _)| units.to_string()).collect(),
        series: vec![Series {
            name: title.to_owned(),
            values: by_units.iter().map(|(_, rate)| Some(drawn(rate.rate))).collect(),
        }],
        band: None,
        joined: Joined::Straight,
        most: None,
        along: Some(by_units.iter().map(|(units, _)| counted(*units)).collect()),
        pointed: pointed.into_iter().filter_map(|(wanted, said)| place(wanted, said)).collect(),
    };
    let data = data(by_units);
    Chart {
        drawing: lines.draw("by-units", title, words::reports::course(&named, "%")),
        caption: caption.to_owned(),
        table: data.table(),
        csv: format!("/what-if.csv?{query}"),
    }
}

/// Who is turned away with how many units, as a file.
async fn what_if_csv(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let (_, by_units) = visit.engine.what_if_by_units(visit.actor(), ask(&visit)?).await?;
    data(&by_units).csv("what-if", visit.engine.now())
}
