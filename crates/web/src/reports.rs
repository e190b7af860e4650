//! The manager's first page: how full, how well, for whom.
//!
//! What a report is of is asked by a plain form, whose answer is an address that can be shared: it names a period and a
//! district, and nobody.

mod dashboard;

use std::sync::Arc;

use safespace_domain::{
    Night, Nights, Refusal,
    availability::Spaces,
    figures::Line,
    nights::{earlier, next},
    periods::PeriodKind,
};

use crate::{Pages, Site, fields::Fields, page, words};

pub(crate) use dashboard::sheet_cell;

/// So many periods are shown of a range at most.
const MOST_PERIODS: usize = 400;

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/reports", page(site, dashboard::dashboard)),
        ("/reports/occupancy.csv", page(site, dashboard::occupancy_csv)),
        ("/reports/nights.csv", page(site, dashboard::nights_csv)),
        ("/reports/lengths.csv", page(site, dashboard::lengths_csv)),
        ("/reports/declines.csv", page(site, dashboard::declines_csv)),
        ("/reports/costs.csv", page(site, dashboard::costs_csv)),
    ]
}

/// What a report is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The nights that have been, tonight included.
    pub(crate) range: Nights,
    /// What kind of period they are: with what they are compared.
    pub(crate) kind: PeriodKind,
    /// All nights of the period, also those to come.
    whole: Nights,
    /// How the range is cut, where somebody says so.
    pub(crate) cut: Option<PeriodKind>,
    /// Only the homes there.
    pub(crate) district: Option<String>,
}

impl Asked {
    /// What the fields ask of. The month of today where they ask of nothing.
    pub(crate) fn of(fields: &Fields, spaces: &Spaces, today: Night) -> Result<Self, Refusal> {
        let (whole, kind) = match (fields.date("from")?, fields.date("to")?) {
            (None, None) => {
                let on = fields.date("on")?.unwrap_or(today);
                let wrong = words::reports::ONE_OF_THESE;
                let kind = fields.parsed("period", wrong)?.unwrap_or(PeriodKind::Month);
                if kind == PeriodKind::Whole {
                    return Err(Refusal::bad("period", wrong));
                }
                // A date that is absurd has no period.
                Nights::from_to(on, next(on)).map_err(|refusal| Refusal::bad("on", refusal.message))?;
                (kind.nights(on, Nights::between(on, on)), kind)
            }
            (from, to) => {
                let end = to.unwrap_or_else(|| next(today));
                let begin = from.unwrap_or_else(|| earlier(end, 28));
                (Nights::from_to(begin, end)?, PeriodKind::Whole)
            }
        };
        let range = Nights::between(whole.arrival(), whole.departure().min(next(today)));
        if range.is_empty() {
            let field = if kind == PeriodKind::Whole { "from" } else { "on" };
            return Err(Refusal::bad(field, words::reports::YET_TO_COME));
        }
        let district = fields.text("district");
        if district.as_ref().is_some_and(|district| !spaces.districts.contains_key(district)) {
            return Err(Refusal::bad("district", words::reports::NO_DISTRICT));
        }
        let cut = fields.parsed("by", words::reports::ONE_OF_THESE)?;
        Ok(Self { range, kind, whole, cut, district })
    }

    /// How the range is cut: as asked, or so that a chart of it can be read. Refused where that is into too many.
    pub(crate) fn cut(&self) -> Result<PeriodKind, Refusal> {
        let fits = match self.range.len() {
            0..=40 => PeriodKind::Night,
            41..=190 => PeriodKind::Week,
            191..=1_100 => PeriodKind::Month,
            _ => PeriodKind::Quarter,
        };
        let cut = self.cut.unwrap_or(fits);
        if cut == PeriodKind::Night && self.range.len() as usize > MOST_PERIODS {
            let message = words::reports::too_many_nights(MOST_PERIODS);
            return Err(Refusal::bad("by", message));
        }
        Ok(cut)
    }

    /// The periods that the range is cut into, as far as they are in it.
    pub(crate) fn periods(&self, by: PeriodKind) -> Vec<Nights> {
        let mut all = Vec::new();
        let mut first = self.range.arrival();
        while self.range.contains(first) {
            let period = by.nights(first, self.range).intersection(self.range);
            all.push(period);
            first = period.departure();
        }
        all
    }

    /// What stands in the form.
    pub(crate) fn fields(&self) -> Fields {
        let pairs = self.pairs().into_iter().map(|(name, value)| (name.to_owned(), value));
        pairs.collect::<Vec<_>>().into()
    }

    /// What is asked, as a query.
    pub(crate) fn query(&self) -> String {
        serde_urlencoded::to_string(self.pairs()).unwrap_or_default()
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = match self.kind {
            PeriodKind::Whole => {
                vec![("from", self.whole.arrival().to_string()), ("to", self.whole.departure().to_string())]
            }
            kind => vec![("period", kind.to_string()), ("on", self.whole.arrival().to_string())],
        };
        pairs.extend(self.district.clone().map(|district| ("district", district)));
        pairs.extend(self.cut.map(|cut| ("by", cut.to_string())));
        pairs
    }

    /// The same of the period before.
    pub(crate) fn before(&self) -> Self {
        let whole = self.kind.before(self.whole);
        Self { range: whole, whole, ..self.clone() }
    }

    /// The same of the period after; none where that has not begun.
    pub(crate) fn after(&self, today: Night) -> Option<Self> {
        let first = self.whole.departure();
        let whole = match self.kind {
            PeriodKind::Whole => {
                Nights::between(first, safespace_domain::nights::later(first, self.whole.len()))
            }
            kind => kind.nights(first, self.whole),
        };
        (first <= today).then(|| Self { range: whole, whole, ..self.clone() })
    }

    /// The period, said.
    pub(crate) fn said(&self, today: Night) -> String {
        words::reports::so_far(self.range, today)
    }
}

/// The form by which a period is chosen.
pub(crate) struct Picker {
    /// Where the form leads.
    pub(crate) path: &'static str,
    pub(crate) fields: Fields,
    pub(crate) periods: Vec<(String, String)>,
    pub(crate) cuts: Vec<(String, String)>,
    /// Empty where no district can be chosen.
    pub(crate) districts: Vec<(String, String)>,
    /// Whether other dates than those of a period are asked for, or a cut.
    pub(crate) is_open: bool,
    /// The addresses of the periods before and after.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Picker {
    /// The form with what was asked in it; with what was typed, where that was refused.
    pub(crate) fn of(
        path: &'static str,
        asked: &Result<Asked, Refusal>,
        typed: &Fields,
        today: Night,
    ) -> Self {
        let choice = |(kind, label): (PeriodKind, &str)| (kind.to_string(), label.to_owned());
        let fits = (String::new(), words::reports::AS_FITS.to_owned());
        let to = |asked: &Asked| format!("{path}?{}", asked.query());
        let known = asked.as_ref().ok();
        let fields = known.map_or_else(|| typed.clone(), Asked::fields);
        Self {
            path,
            is_open: ["from", "to", "by"].iter().any(|name| !fields.get(name).is_empty()),
            fields,
            periods: words::reports::PERIODS.into_iter().map(choice).collect(),
            cuts: [fits].into_iter().chain(words::reports::CUTS.into_iter().map(choice)).collect(),
            districts: Vec::new(),
            before: known.map(|asked| to(&asked.before())),
            after: known.and_then(|asked| asked.after(today)).map(|asked| to(&asked)),
        }
    }

    /// With the districts to choose from.
    pub(crate) fn with_districts(mut self, spaces: &Spaces) -> Self {
        let all = (String::new(), words::reports::ALL_DISTRICTS.to_owned());
        let each = spaces.districts.keys().map(|name| (name.clone(), name.clone()));
        self.districts = [all].into_iter().chain(each).collect();
        self
    }
}

/// The line of a figure, whole or of a group.
pub(crate) fn line<'l>(lines: &'l [Line], code: &str, group: Option<(&str, &str)>) -> Option<&'l Line> {
    lines.iter().find(|line| {
        let of = line.figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
        line.figure.measure.code == code && of == group
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2020-11-29";

    fn asked(pairs: &[(&str, &str)]) -> Result<Asked, Refusal> {
        let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Asked::of(&fields.collect::<Vec<_>>().into(), &Spaces::default(), TODAY.parse().unwrap())
    }

    #[test]
    fn a_period_is_that_of_a_day_and_ends_tonight_at_the_latest() {
        let month = asked(&[]).unwrap();
        assert_eq!(month.range.to_string(), "2020-11-01 to 2020-11-30", "30 November is yet to come");
        assert_eq!(month.query(), "period=month&on=2020-11-01");
        assert_eq!(month.before().query(), "period=month&on=2020-10-01");
        assert_eq!(month.after(TODAY.parse().unwrap()), None);
        let quarter = asked(&[("period", "quarter"), ("on", "2020-05-05")]).unwrap();
        assert_eq!(quarter.range.to_string(), "2020-04-01 to 2020-07-01");
        assert_eq!(quarter.cut(), Ok(PeriodKind::Week));
        let again = quarter.query();
        assert_eq!(again, "period=quarter&on=2020-04-01");
        assert_eq!(quarter.after(TODAY.parse().unwrap()).unwrap().query(), "period=quarter&on=2020-07-01");
    }

    #[test]
    fn dates_are_taken_before_a_period() {
        let range = asked(&[("from", "2020-03-01"), ("to", "2020-03-11"), ("period", "year")]).unwrap();
        assert_eq!(
            (range.kind, range.query().as_str()),
            (PeriodKind::Whole, "from=2020-03-01&to=2020-03-11")
        );
        assert_eq!(range.before().query(), "from=2020-02-20&to=2020-03-01");
        assert_eq!(range.periods(PeriodKind::Night).len(), 10);
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_field() {
        for (pairs, field) in [
            (&[("period", "decade")][..], "period"),
            (&[("period", "whole")], "period"),
            (&[("on", "soon")], "on"),
            (&[("on", "2021-01-01")], "on"),
            (&[("on", "0001-01-01")], "on"),
            (&[("from", "2020-03-01"), ("to", "2020-02-01")], "to"),
            (&[("from", "2021-03-01"), ("to", "2021-04-01")], "from"),
            (&[("district", "Atlantis")], "district"),
            (&[("by", "fortnight")], "by"),
        ] {
            assert_eq!(asked(pairs).unwrap_err().field.as_deref(), Some(field), "{pairs:?}");
        }
        let long = asked(&[("from", "2015-03-01"), ("to", "2020-04-01"), ("by", "night")]).unwrap();
        assert_eq!(long.cut().unwrap_err().field.as_deref(), Some("by"));
    }
}
