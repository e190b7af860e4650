//! Steps of a stay that say what will happen before it does: check out, no-show, cancellation, and taking back.

use askama::Template;
use safespace_domain::{
    Night, Nights, Refusal, departures::Support, packs::PackStatus, reasons::ReasonKind, stays::Stay,
};
use safespace_engine::{Command, DepartureAsk, Outcome};

use super::{Found, choices, label};
use crate::{
    Answer, Stopped,
    fields::Fields,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{self, stays as said},
};

/// The fields of the forms of steps.
const FIELDS: [&str; 4] = ["on", "destination", "planned", "supportGoesOn"];

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    CheckOut,
    NoShow,
    Cancel,
    Reinstate,
    RecordDeparture,
    EndSupport,
}

impl Step {
    const ALL: [Self; 6] = [
        Self::CheckOut,
        Self::NoShow,
        Self::Cancel,
        Self::Reinstate,
        Self::RecordDeparture,
        Self::EndSupport,
    ];

    /// The step of this name.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }

    /// Its name in addresses and forms.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::CheckOut => "check-out",
            Self::NoShow => "no-show",
            Self::Cancel => "cancel",
            Self::Reinstate => "reinstate",
            Self::RecordDeparture => "record-departure",
            Self::EndSupport => "end-support",
        }
    }

    /// Its heading, and what its button says.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::CheckOut => said::STEP_CHECK_OUT,
            Self::NoShow => said::STEP_NO_SHOW,
            Self::Cancel => said::STEP_CANCEL,
            Self::Reinstate => said::STEP_REINSTATE,
            Self::RecordDeparture => said::STEP_DEPARTURE,
            Self::EndSupport => said::STEP_END_SUPPORT,
        }
    }

    /// What has happened after it.
    const fn done(self) -> &'static str {
        match self {
            Self::CheckOut => "checked-out",
            Self::NoShow => "no-show",
            Self::Cancel => "stay-cancelled",
            Self::Reinstate => "step-taken-back",
            Self::RecordDeparture => "departure-kept",
            Self::EndSupport => "support-ended",
        }
    }

    /// Whether something must be said in it.
    const fn has_form(self) -> bool {
        matches!(self, Self::CheckOut | Self::RecordDeparture)
    }

    fn command(self, found: &Found, fields: &Fields) -> Result<Command, Refusal> {
        let stay = found.stay.id;
        Ok(match self {
            Self::CheckOut => {
                let on = Some(fields.needed_date("on")?);
                Command::CheckOut { stay, on, departure: departure(fields)? }
            }
            Self::NoShow => Command::MarkNoShow { stay },
            Self::Cancel => Command::CancelStay { stay },
            Self::Reinstate => Command::ReinstateStay { stay },
            Self::EndSupport => Command::EndSupport { stay },
            Self::RecordDeparture => {
                let departure = departure(fields)?;
                let departure = departure.ok_or_else(|| Refusal::bad("destination", said::SAY_WHERE))?;
                Command::RecordDeparture { stay, departure }
            }
        })
    }
}

/// What is said of a departure; none where nobody knows yet where the household goes.
fn departure(fields: &Fields) -> Result<Option<DepartureAsk>, Refusal> {
    let Some(destination) = fields.text("destination") else { return Ok(None) };
    let planned = match fields.get("planned") {
        "yes" => true,
        "no" => false,
        _ => return Err(Refusal::bad("planned", said::SAY_WHETHER_PLANNED)),
    };
    let support_goes_on = match fields.get("supportGoesOn") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    Ok(Some(DepartureAsk { destination, planned, support_goes_on }))
}

/// A step in which something is said.
#[derive(Template)]
#[template(path = "stay_form.html")]
struct FormPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    found: &'p Found,
    back: String,
    step: &'static str,
    title: &'static str,
    button: &'static str,
    is_check_out: bool,
    nights: String,
    destinations: Vec<(String, String)>,
}

/// A step, before it is taken.
#[derive(Template)]
#[template(path = "stay_confirm.html")]
struct ConfirmPage<'p> {
    shell: Shell,
    found: &'p Found,
    back: String,
    step: &'static str,
    title: &'static str,
    button: &'static str,
    is_bad: bool,
    will: Vec<String>,
    /// Why it can't be done, where it can't.
    cannot: Option<String>,
    /// What was said, to be sent again.
    kept: Vec<(&'static str, String)>,
}

/// A step that was asked for.
pub(super) async fn show(visit: &Visit, found: &Found, step: Step) -> Answer {
    if step.has_form() {
        let fields = visit.filled(filled(visit, found, step).await?);
        let shell = visit.shell(Place::Board)?;
        return visit.show(&form_page(found, step, shell, &fields));
    }
    confirm(visit, found, step, &Fields::default(), visit.shell(Place::Board)?).await
}

/// A step that was sent: said, or confirmed.
pub(super) async fn take(visit: &Visit, fields: &Fields, found: &Found, step: Step) -> Answer {
    let again = |shell: Shell| visit.show_again(&form_page(found, step, shell, fields));
    if fields.has("change", "yes") {
        return visit.show(&form_page(found, step, visit.shell(Place::Board)?, fields));
    }
    let command = match step.command(found, fields) {
        Ok(command) => command,
        Err(refusal) => return again(refused(visit, &refusal)?),
    };
    let is_sure = fields.has("sure", "yes") || step == Step::RecordDeparture;
    if is_sure {
        return match visit.run(fields, command).await? {
            Ok(_) => Ok(to(&found.path(&format!("?done={}", step.done())))),
            Err(refusal) if step.has_form() => again(refused(visit, &refusal)?),
            Err(refusal) => {
                let shell = refused(visit, &refusal)?;
                confirm(visit, found, step, fields, shell).await
            }
        };
    }
    confirm(visit, found, step, fields, visit.shell(Place::Board)?).await
}

fn refused(visit: &Visit, refusal: &Refusal) -> Result<Shell, Stopped> {
    Ok(visit.shell(Place::Board)?.refused(refusal).at_one_of(&FIELDS))
}

/// What stands in the form of a step at first.
async fn filled(visit: &Visit, found: &Found, step: Step) -> Result<Fields, Stopped> {
    if step == Step::CheckOut {
        return Ok(Fields::default().with("on", visit.engine.today()).with("supportGoesOn", "unsaid"));
    }
    let known = visit.engine.departure(visit.actor(), &found.stay).await?;
    let Some(known) = known else { return Ok(Fields::default().with("supportGoesOn", "unsaid")) };
    let fields = Fields::default()
        .with("destination", &known.destination)
        .with("planned", if known.planned { "yes" } else { "no" });
    Ok(match known.support {
        Support::GoesOn => fields.with("supportGoesOn", "yes"),
        Support::NotWanted => fields.with("supportGoesOn", "no"),
        Support::NotSaid => fields.with("supportGoesOn", "unsaid"),
        // To say it again would have it go on once more.
        Support::Ended { .. } => fields,
    })
}

fn form_page<'p>(found: &'p Found, step: Step, shell: Shell, fields: &'p Fields) -> FormPage<'p> {
    let (title, button) = step.words();
    let is_check_out = step == Step::CheckOut;
    let first = if is_check_out { said::NOT_KNOWN_YET } else { said::CHOOSE };
    let mut destinations = vec![(String::new(), first.to_owned())];
    destinations.extend(choices(&found.spaces, ReasonKind::Destination));
    FormPage {
        shell,
        fields,
        found,
        back: found.path(""),
        step: step.as_str(),
        title,
        button,
        is_check_out,
        nights: words::nights(found.stay.nights),
        destinations,
    }
}

/// Says what will happen, or why it can't. What was said wrongly goes back to the form.
async fn confirm(visit: &Visit, found: &Found, step: Step, fields: &Fields, shell: Shell) -> Answer {
    let command = match step.command(found, fields) {
        Ok(command) => command,
        Err(refusal) => {
            let shell = refused(visit, &refusal)?;
            return visit.show_again(&form_page(found, step, shell, fields));
        }
    };
    let (will, cannot) = match visit.rehearse(command).await? {
        Ok(outcome) => (will(visit, found, step, fields, outcome).await?, None),
        Err(refusal) if step.has_form() => {
            let shell = refused(visit, &refusal)?;
            return visit.show_again(&form_page(found, step, shell, fields));
        }
        Err(refusal) => (Vec::new(), Some(words::with_days(&refusal.message))),
    };
    let (title, button) = step.words();
    let is_refused = !shell.problems.is_empty();
    let page = ConfirmPage {
        shell,
        found,
        back: found.path(""),
        step: step.as_str(),
        title,
        button,
        is_bad: matches!(step, Step::NoShow | Step::Cancel),
        will,
        cannot,
        kept: FIELDS.iter().filter_map(|name| Some((*name, fields.text(name)?))).collect(),
    };
    if is_refused { visit.show_again(&page) } else { visit.show(&page) }
}

/// What a step will do, in sentences.
async fn will(
    visit: &Visit,
    found: &Found,
    step: Step,
    fields: &Fields,
    outcome: Outcome,
) -> Result<Vec<String>, Stopped> {
    if step == Step::EndSupport {
        return Ok(said::WILL_END_SUPPORT.map(str::to_owned).to_vec());
    }
    let Outcome::Stay(after) = outcome else { return Ok(Vec::new()) };
    let Found { stay, reference, unit, spaces } = found;
    let mut will = match step {
        Step::CheckOut => {
            let mut will =
                vec![said::will_leave(reference, after.nights.departure()), free(visit, found, &after)];
            match departure(fields) {
                Ok(Some(departure)) => {
                    let destination = label(spaces, ReasonKind::Destination, &departure.destination);
                    will.push(said::will_be_departure(&destination, departure.planned));
                    will.push(said::will_be_support(departure.support_goes_on).to_owned());
                }
                _ => will.push(said::WILL_NOT_SAY_WHERE.to_owned()),
            }
            will
        }
        Step::NoShow | Step::Cancel => {
            vec![
                said::will_end(reference, unit, stay.nights, step == Step::NoShow),
                said::will_be_free(unit, stay.nights.arrival(), stay.nights.len(), 0),
            ]
        }
        Step::Reinstate => {
            let mut will = said::will_take_back(&stay.state, after.nights);
            will.push(said::TAKING_BACK_IS_RECORDED.to_owned());
            return Ok(will);
        }
        Step::RecordDeparture | Step::EndSupport => Vec::new(),
    };
    let pack = visit.engine.packs_of(visit.actor(), &[stay.id]).await?.pop();
    match pack.map(|view| view.pack.status()) {
        Some(PackStatus::Planned) => will.push(said::WILL_DROP_PACK.to_owned()),
        Some(PackStatus::Prepared) => will.push(said::WILL_PUT_PACK_BACK.to_owned()),
        Some(PackStatus::HandedOver | PackStatus::Cancelled) | None => {}
    }
    will.push(said::WILL_REMAIN_UNDOABLE.to_owned());
    Ok(will)
}

/// From when the home is free again.
fn free(visit: &Visit, found: &Found, after: &Stay) -> String {
    let from: Night = after.nights.departure();
    let taken = found.stay.kept(visit.engine.today()).departure();
    let unit = found.spaces.unit_by_id(found.stay.unit);
    let turnaround = unit.map_or(0, |unit| found.spaces.policy_of(unit).turnaround_nights);
    said::will_be_free(&found.unit, from, Nights::between(from, taken).len(), turnaround)
}
