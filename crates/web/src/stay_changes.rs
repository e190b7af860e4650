//! Changing a stay: told before it is done, whether it was asked for by a form or by dragging on the board.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Night, Refusal, StayId, UnitId,
    access::Permission,
    availability::Spaces,
    stays::{Stay, StayStatus},
    units::{Scheme, Unit},
};
use safespace_engine::{Command, ExtendStay, MoveStay, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    placing::{self, Foreseen, Found, InTheWay, NightsUsed, Reasons, foresee},
    shell::{Place, Shell, to},
    today::code,
    visit::Visit,
    words::{self, placing as said},
};

/// So many homes that can't be had are listed.
const MOST_OTHERS: usize = 200;
/// The fields that the page has.
const FIELDS: [&str; 3] = ["unit", "departure", "exception"];

/// A home to choose.
struct Choice {
    value: UnitId,
    label: String,
    is_chosen: bool,
}

/// Homes to choose from.
struct Group {
    label: &'static str,
    choices: Vec<Choice>,
}

/// What was asked for: a home, and a day of departure.
#[derive(Clone, Copy)]
struct Asked {
    unit: UnitId,
    departure: Night,
}

impl Asked {
    fn read(fields: &Fields, stay: &Stay) -> Result<Self, Refusal> {
        Ok(Self {
            unit: fields.id("unit", UnitId).unwrap_or(stay.unit),
            departure: fields.date("departure")?.unwrap_or(stay.nights.departure()),
        })
    }

    /// What is to be done; none where it is as it was.
    fn command(self, stay: &Stay, reasons: Reasons) -> Option<Command> {
        let before = stay.nights.departure();
        let (stay_id, exception) = (stay.id, reasons.exception);
        if self.unit != stay.unit {
            let departure = Some(self.departure).filter(|departure| *departure != before);
            return Some(Command::MoveStay(MoveStay {
                stay: stay_id,
                unit: self.unit,
                departure,
                exception,
            }));
        }
        if self.departure > before {
            let departure = self.departure;
            return Some(Command::ExtendStay(ExtendStay { stay: stay_id, departure, exception }));
        }
        (self.departure < before).then_some(Command::ShortenStay { stay: stay_id, departure: self.departure })
    }
}

/// What would become of the stay.
enum Ahead {
    /// Nothing was asked yet.
    Nothing,
    /// It would be as it is.
    Same,
    /// It would be so.
    WillHappen { sentence: String, nights: String, is_over: bool, button: String, exception: bool },
    /// It can't be.
    InTheWay(InTheWay),
}

#[derive(Template)]
#[template(path = "stay_change.html")]
struct ChangePage {
    shell: Shell,
    stay: StayId,
    household: String,
    household_path: String,
    home: String,
    about: String,
    status: &'static str,
    nights: String,
    used: String,
    is_overstay: bool,
    is_open: bool,
    groups: Vec<Group>,
    asked: Fields,
    fields: Fields,
    ahead: Ahead,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stays/:id/change", form(site, show, change))]
}

/// The stay as it is, what it could be, and what that would mean.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let stay = stay(&visit).await?;
    let fields = visit.filled(Fields::default());
    let page = draw(&visit, &stay, &visit.query, fields, Found::Looking).await?;
    if page.shell.problems.is_empty() { visit.show(&page) } else { visit.show_again(&page) }
}

/// Changes it.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let stay = stay(&visit).await?;
    let reasons = Reasons { exception: fields.text("exception"), chosen_because: None };
    let command = Asked::read(&fields, &stay).map(|asked| asked.command(&stay, reasons));
    let refusal = match command {
        Ok(None) => return Ok(to(&visit.path())),
        Ok(Some(command)) => match visit.run(&fields, command).await? {
            Ok(Outcome::Moved { to: on, .. }) => return Ok(to(&format!("/stays/{}?done=stay-moved", on.id))),
            Ok(_) => return Ok(to(&format!("/stays/{}?done=stay-changed", stay.id))),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let asked = fields.clone();
    let mut page = draw(&visit, &stay, &asked, fields, Found::Meanwhile).await?;
    let refusal = placing::told(placing::at_its_field(&visit, refusal), Found::Meanwhile);
    page.shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&page)
}

async fn stay(visit: &Visit) -> Result<Stay, Stopped> {
    let id = visit.id("id", StayId)?;
    let found = visit.engine.stay(visit.actor(), id).await?;
    found.ok_or_else(|| Stopped::Refused(Refusal::not_found("stay", "stay")))
}

/// The page, with what was asked for in `asked`, and what is typed beside it in `fields`.
async fn draw(
    visit: &Visit,
    stay: &Stay,
    asked: &Fields,
    fields: Fields,
    found: Found,
) -> Result<ChangePage, Stopped> {
    let (engine, spaces) = (&visit.engine, visit.engine.spaces());
    let household = placing::reference(visit, stay.household).await?;
    let others = engine.journey(visit.actor(), stay.household).await?;
    let used = NightsUsed::of(stay, &others, &spaces, engine.today());
    let is_open = placing::is_open(stay);
    let mut shell = visit.shell(Place::Board)?;
    let read = Asked::read(asked, stay);
    let (ahead, chosen) = match &read {
        Ok(wish) if is_open => {
            (ahead(visit, stay, *wish, &household, &others, found, is_asked(asked)).await?, *wish)
        }
        Ok(wish) => (Ahead::Nothing, *wish),
        Err(refusal) => {
            shell = shell.refused(refusal).at_one_of(&FIELDS);
            (Ahead::Nothing, Asked { unit: stay.unit, departure: stay.nights.departure() })
        }
    };
    let groups = if is_open { groups(visit, stay, chosen, &spaces).await? } else { Vec::new() };
    let departure = asked.text("departure").unwrap_or_else(|| stay.nights.departure().to_string());
    Ok(ChangePage {
        shell,
        stay: stay.id,
        household_path: format!("/households/{}", stay.household),
        home: code(&spaces, stay.unit),
        about: spaces.unit_by_id(stay.unit).map_or_else(String::new, |unit| placing::about(&spaces, unit)),
        status: words::stay_status(stay.status()),
        nights: words::nights(stay.nights),
        used: said::of_at_most(used.nights, used.longest),
        is_overstay: stay.is_overstay(engine.today()),
        is_open,
        groups,
        asked: Fields::default().with("unit", chosen.unit).with("departure", departure),
        fields,
        ahead,
        household,
    })
}

/// Whether the page was asked with anything but what it says of what has happened.
fn is_asked(asked: &Fields) -> bool {
    asked.text("unit").is_some() || asked.text("departure").is_some()
}

/// What would become of the stay.
async fn ahead(
    visit: &Visit,
    stay: &Stay,
    asked: Asked,
    household: &str,
    others: &[Stay],
    found: Found,
    is_asked: bool,
) -> Result<Ahead, Stopped> {
    if asked.command(stay, Reasons::default()).is_none() {
        return Ok(if is_asked { Ahead::Same } else { Ahead::Nothing });
    }
    let again = |unit: UnitId| format!("/stays/{}/change?unit={unit}&departure={}", stay.id, asked.departure);
    let nothing = Command::ShortenStay { stay: stay.id, departure: asked.departure };
    let foreseen =
        foresee(visit, |reasons| asked.command(stay, reasons).unwrap_or_else(|| nothing.clone())).await?;
    let spaces = visit.engine.spaces();
    let Foreseen { outcome, needs } = foreseen;
    Ok(match outcome {
        Err(refusal) => Ahead::InTheWay(InTheWay::new(&refusal, found, &spaces, again)),
        Ok(outcome) => told(visit, stay, &outcome, household, others, &spaces, &needs),
    })
}

/// An outcome in words, with how many nights that makes.
fn told(
    visit: &Visit,
    stay: &Stay,
    outcome: &Outcome,
    household: &str,
    others: &[Stay],
    spaces: &Spaces,
    needs: &Reasons,
) -> Ahead {
    let (closed, after) = match outcome {
        Outcome::Moved { from, to } => (from.as_ref(), to),
        Outcome::Stay(after) => (None, after),
        _ => return Ahead::Same,
    };
    let mut journey: Vec<Stay> = others.iter().filter(|other| other.id != stay.id).cloned().collect();
    journey.extend(closed.cloned());
    let used = NightsUsed::of(after, &journey, spaces, visit.engine.today());
    let (home, new_home) = (code(spaces, stay.unit), code(spaces, after.unit));
    let (before, departure) = (stay.nights.departure(), after.nights.departure());
    let (sentence, button) = if after.unit != stay.unit && after.status() == StayStatus::InResidence {
        (said::goes_today(household, &home, &new_home, departure), said::move_button(&new_home))
    } else if after.unit != stay.unit {
        let sentence = said::booked_elsewhere(household, &home, &new_home, after.nights);
        (sentence, said::move_button(&new_home))
    } else if departure > before {
        (said::ends_later(household, &home, before, departure), said::extend_button(departure))
    } else {
        (said::ends_earlier(household, &home, before, departure), said::shorten_button(departure))
    };
    Ahead::WillHappen {
        sentence,
        nights: said::of_at_most(used.nights, used.longest),
        is_over: used.is_over(),
        button,
        exception: needs.exception.is_some(),
    }
}

/// The homes that the household could go to, those that are free first.
async fn groups(visit: &Visit, stay: &Stay, asked: Asked, spaces: &Spaces) -> Result<Vec<Group>, Stopped> {
    let choice =
        |unit: &Unit, label: String| Choice { value: unit.id, label, is_chosen: unit.id == asked.unit };
    let own = spaces.unit_by_id(stay.unit);
    let own = own.map(|unit| choice(unit, format!("{}: {}", unit.code, placing::about(spaces, unit))));
    let mut groups = vec![Group { label: said::AS_NOW, choices: own.into_iter().collect() }];
    let mut others = Vec::new();
    let home_scheme = spaces.unit_by_id(stay.unit).map_or(Scheme::SafeSpace, |u| spaces.policy_of(u).scheme);
    let mut schemes = Scheme::ALL;
    schemes.sort_by_key(|scheme| *scheme != home_scheme);
    for scheme in schemes {
        let departure = Some(asked.departure);
        let found = visit.engine.homes_to_move_to(visit.actor(), stay.id, departure, scheme).await?;
        let Some(found) = found else { continue };
        let free = found.ranked.iter().filter_map(|ranked| found.spaces.unit(ranked.no));
        let free =
            free.map(|unit| choice(unit, format!("{}: {}", unit.code, crate::today::about(spaces, unit))));
        groups.push(Group { label: said::free_homes(scheme), choices: free.collect() });
        for (no, reasons) in &found.excluded {
            let Some(unit) = found.spaces.unit(*no).filter(|unit| unit.id != stay.unit) else { continue };
            if spaces.policy_of(unit).scheme == scheme
                && let Some(reason) = reasons.first()
            {
                let label = format!("{}: {}", unit.code, said::plainly(&reason.to_string()));
                others.push(choice(unit, label));
            }
        }
    }
    others.truncate(MOST_OTHERS);
    groups.push(Group { label: said::NOT_TO_BE_HAD, choices: others });
    groups.retain(|group| !group.choices.is_empty());
    Ok(groups)
}
