//! Placing a household: the homes that it could have, best first, and why not the others. Choosing one says what will
//! happen before it does.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Nights, ReferralId, Refusal, StayId, UnitId,
    access::Permission,
    availability::{Exclusion, Spaces},
    needs::Needs,
    nights::later,
    referrals::{Referral, ReferralState, ReferralStatus},
    splits::Split,
    units::Scheme,
};
use safespace_engine::{
    Allocation, BookSplit, BookStay, Command, HoldUnit, Outcome, Page as Window, Repack, SplitPart,
};

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

/// The fields of the first page, and those of the one that says what will happen.
const PICKERS: [&str; 3] = ["arrival", "departure", "scheme"];
const REASONS: [&str; 2] = ["chosenBecause", "exception"];

/// Whether a household can be placed now.
enum Standing {
    /// It waits.
    Waits,
    /// Nobody has accepted it yet.
    NotAccepted,
    /// A home is held for it.
    Held { path: String, home: String, until: String },
    /// It has a home.
    Placed { path: String },
    /// It is not to be placed any more.
    Over,
}

/// A referral whose household is to be placed.
struct Case {
    referral: Referral,
    /// The household's reference; none while it is not known whose referral it is.
    household: Option<String>,
    standing: Standing,
}

impl Case {
    /// What people call the household, or else its referral.
    fn called(&self) -> String {
        self.household.clone().unwrap_or_else(|| self.referral.reference.clone())
    }

    fn waits(&self) -> bool {
        matches!(self.standing, Standing::Waits)
    }

    /// Whether there is nothing to look for any more.
    fn is_settled(&self) -> bool {
        matches!(self.standing, Standing::Over | Standing::Placed { .. })
    }

    fn booking(&self, wish: Wish, unit: Option<UnitId>, reasons: Reasons) -> BookStay {
        let facts = &self.referral.facts;
        BookStay {
            household: self.household.clone().unwrap_or_default(),
            arrival: wish.nights.arrival(),
            departure: wish.nights.departure(),
            adults: i64::from(facts.people.adults),
            children: i64::from(facts.people.children),
            unit,
            scheme: wish.scheme,
            features: facts.features.clone(),
            wanted_districts: std::collections::BTreeSet::new(),
            unwanted_districts: std::collections::BTreeSet::new(),
            shares_as: facts.shares_as,
            chosen_because: reasons.chosen_because,
            exception: reasons.exception,
        }
    }
}

/// The nights and the scheme that are looked at.
#[derive(Clone, Copy)]
struct Wish {
    nights: Nights,
    scheme: Scheme,
}

impl Wish {
    /// What the fields say, and what the referral asks for where they say nothing.
    fn read(visit: &Visit, fields: &Fields, referral: &Referral) -> Result<Self, Refusal> {
        let ahead = visit.engine.nights_ahead(referral);
        let scheme = fields.parsed("scheme", "Choose safe space or move-on.")?.unwrap_or(Scheme::SafeSpace);
        let arrival = fields.date("arrival")?.unwrap_or(ahead.arrival());
        let departure = fields.date("departure")?.unwrap_or_else(|| later(arrival, ahead.len()));
        Ok(Self { nights: Nights::new(arrival, departure)?, scheme })
    }

    /// The address of the page that looks at these.
    fn path(self, referral: ReferralId) -> String {
        let (arrival, departure) = (self.nights.arrival(), self.nights.departure());
        let scheme = self.scheme;
        format!("/referrals/{referral}/place?arrival={arrival}&departure={departure}&scheme={scheme}")
    }
}

/// What somebody chose to do.
#[derive(Clone)]
enum Choice {
    /// Book this home.
    Book(UnitId),
    /// Hold it.
    Hold(UnitId),
    /// One or the other.
    Either(UnitId),
    /// Book several homes one after the other.
    Split(Vec<SplitPart>),
    /// Move bookings, so that this home is free.
    Repack(UnitId, Vec<(StayId, UnitId)>),
}

impl Choice {
    /// What was chosen, as far as the fields say it.
    fn read(fields: &Fields) -> Option<Self> {
        let unit = fields.id("unit", UnitId);
        match fields.get("do") {
            "split" => {
                let parts: Option<Vec<_>> =
                    fields.all::<Vec<_>>("part").iter().map(|part| read_part(part)).collect();
                parts.map(Self::Split)
            }
            "repack" => {
                let moves: Option<Vec<_>> =
                    fields.all::<Vec<_>>("move").iter().map(|step| read_move(step)).collect();
                unit.zip(moves).map(|(unit, moves)| Self::Repack(unit, moves))
            }
            "book" => unit.map(Self::Book),
            "hold" => unit.map(Self::Hold),
            _ => unit.map(Self::Either),
        }
    }

    fn command(&self, case: &Case, wish: Wish, reasons: Reasons) -> Command {
        let booking = |unit| case.booking(wish, unit, reasons);
        match self {
            Self::Book(unit) | Self::Either(unit) => Command::BookStay(booking(Some(*unit))),
            Self::Hold(unit) => Command::HoldUnit(HoldUnit { booking: booking(Some(*unit)) }),
            Self::Split(parts) => {
                Command::BookSplit(BookSplit { booking: booking(None), parts: parts.clone() })
            }
            Self::Repack(unit, moves) => {
                Command::Repack(Repack { booking: booking(Some(*unit)), moves: moves.clone() })
            }
        }
    }

    /// What the form carries, so that what was seen is what is done.
    fn carried(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Book(unit) | Self::Hold(unit) | Self::Either(unit) => vec![("unit", unit.to_string())],
            Self::Split(parts) => {
                let part = |part: &SplitPart| format!("{},{},{}", part.unit, part.arrival, part.departure);
                parts.iter().map(|it| ("part", part(it))).collect()
            }
            Self::Repack(unit, moves) => {
                let moves = moves.iter().map(|(stay, to)| ("move", format!("{stay},{to}")));
                std::iter::once(("unit", unit.to_string())).chain(moves).collect()
            }
        }
    }
}

fn read_part(text: &str) -> Option<SplitPart> {
    let mut parts = text.split(',');
    let unit = UnitId(parts.next()?.parse().ok()?);
    let (arrival, departure) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(SplitPart { unit, arrival, departure })
}

fn read_move(text: &str) -> Option<(StayId, UnitId)> {
    let (stay, unit) = text.split_once(',')?;
    Some((StayId(stay.parse().ok()?), UnitId(unit.parse().ok()?)))
}

/// A home that the household could have.
struct Offer {
    code: String,
    about: String,
    why: String,
    hold: String,
    book: String,
}

/// A home that it could not have.
struct Other {
    code: String,
    path: String,
    reasons: Vec<String>,
}

/// How a place could be made where no home is free.
struct Room {
    lines: Vec<String>,
    path: String,
}

#[derive(Template)]
#[template(path = "place.html")]
struct PlacePage {
    shell: Shell,
    called: String,
    reference: String,
    path: String,
    status: &'static str,
    standing: Standing,
    about: Vec<(&'static str, String)>,
    fields: Fields,
    nights: String,
    schemes: Vec<(&'static str, &'static str)>,
    offers: Vec<Offer>,
    others: Vec<Other>,
    /// Where the household could go if it were not for how long; a manager is led on from there.
    too_long: Vec<(String, Option<String>)>,
    repacking: Option<Room>,
    split: Option<Room>,
    has_looked: bool,
}

impl PlacePage {
    fn waits(&self) -> bool {
        matches!(self.standing, Standing::Waits)
    }

    fn is_settled(&self) -> bool {
        matches!(self.standing, Standing::Over | Standing::Placed { .. })
    }
}

/// What will happen, or why it can't.
enum Ahead {
    WillHappen { lines: Vec<String>, nights: Option<String>, is_over: bool },
    InTheWay(InTheWay),
}

#[derive(Template)]
#[template(path = "place_confirm.html")]
struct ConfirmPage {
    shell: Shell,
    heading: String,
    called: String,
    reference: String,
    path: String,
    all: String,
    ahead: Ahead,
    carried: Vec<(&'static str, String)>,
    buttons: Vec<(&'static str, String)>,
    needs: Reasons,
    fields: Fields,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/referrals/:id/place", form(site, show, take))]
}

/// The homes, or what choosing one of them would mean.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let case = case(&visit).await?;
    let wish = match Wish::read(&visit, &visit.query, &case.referral) {
        Ok(wish) => wish,
        Err(refusal) => return list_with(&visit, case, Err(refusal)).await,
    };
    match chosen(&visit, &case, wish).await? {
        Some(choice) if case.waits() => {
            let fields = visit.filled(Fields::default());
            let page = confirm(&visit, &case, wish, choice, fields, Found::Looking).await?;
            visit.show(&page)
        }
        _ => list_with(&visit, case, Ok(wish)).await,
    }
}

/// What the address says was chosen. How room is made is looked at afresh: the address says only that it should be.
async fn chosen(visit: &Visit, case: &Case, wish: Wish) -> Result<Option<Choice>, Stopped> {
    if !case.waits() {
        return Ok(None);
    }
    match visit.query.get("do") {
        "split" => {
            let found = visit.engine.split(visit.actor(), case.referral.id, Some(wish.nights)).await?;
            Ok(found.map(|split| Choice::Split(parts(&split))))
        }
        "repack" => {
            let found = visit.engine.repacking(visit.actor(), case.referral.id, Some(wish.nights)).await?;
            Ok(found.map(|(_, found)| {
                Choice::Repack(found.unit, found.moves.iter().map(|step| (step.stay, step.to)).collect())
            }))
        }
        _ => Ok(Choice::read(&visit.query)),
    }
}

fn parts(split: &Split) -> Vec<SplitPart> {
    let part = |(unit, nights): &(UnitId, Nights)| SplitPart {
        unit: *unit,
        arrival: nights.arrival(),
        departure: nights.departure(),
    };
    split.parts.iter().map(part).collect()
}

/// Holds or books what was chosen.
async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let case = case(&visit).await?;
    let wish = match Wish::read(&visit, &fields, &case.referral) {
        Ok(wish) => wish,
        Err(refusal) => return list_with(&visit, case, Err(refusal)).await,
    };
    let Some(choice) = Choice::read(&fields) else { return list_with(&visit, case, Ok(wish)).await };
    // Whether it still waits is for the command to say: one that is sent twice has one answer.
    if case.household.is_none() {
        return list_with(&visit, case, Ok(wish)).await;
    }
    let reasons =
        Reasons { exception: fields.text("exception"), chosen_because: fields.text("chosenBecause") };
    match visit.run(&fields, choice.command(&case, wish, reasons)).await? {
        Ok(Outcome::Stay(stay)) => Ok(to(&format!("/stays/{}?done=booked", stay.id))),
        Ok(Outcome::Hold(hold)) => Ok(to(&format!("/holds/{}?done=held", hold.id))),
        Ok(Outcome::Stays(stays)) => {
            let word = if matches!(choice, Choice::Split(_)) { "booked-in-parts" } else { "room-made" };
            let first = stays.first().map_or_else(
                || format!("/referrals/{}", case.referral.id),
                |stay| format!("/stays/{}?done={word}", stay.id),
            );
            Ok(to(&first))
        }
        Ok(_) => Ok(to(&format!("/referrals/{}", case.referral.id))),
        Err(refusal) => {
            let mut page = confirm(&visit, &case, wish, choice, fields, Found::Meanwhile).await?;
            let refusal = placing::told(placing::at_its_field(&visit, refusal), Found::Meanwhile);
            page.shell = visit.shell(Place::Referrals)?.refused(&refusal).at_one_of(&REASONS);
            visit.show_again(&page)
        }
    }
}

async fn case(visit: &Visit) -> Result<Case, Stopped> {
    let id = visit.id("id", ReferralId)?;
    let found = visit.engine.referral(visit.actor(), id).await?;
    let referral = found.ok_or_else(|| Refusal::not_found("referral", "referral"))?.referral;
    let Some(household) = referral.household() else {
        let standing = match referral.status() {
            ReferralStatus::Received | ReferralStatus::Assessing => Standing::NotAccepted,
            _ => Standing::Over,
        };
        return Ok(Case { referral, household: None, standing });
    };
    let reference = placing::reference(visit, household).await?;
    let standing = match &referral.state {
        ReferralState::Placed { stay, .. } => Standing::Placed { path: format!("/stays/{stay}") },
        ReferralState::Accepted { .. } => {
            let window = Window { after: None, limit: 1 };
            let found = visit.engine.holds(visit.actor(), Some(household), true, window).await?;
            match found.first() {
                None => Standing::Waits,
                Some(hold) => Standing::Held {
                    path: format!("/holds/{}", hold.id),
                    home: code(&visit.engine.spaces(), hold.unit),
                    until: words::short_instant(hold.lapses_at),
                },
            }
        }
        _ => Standing::Over,
    };
    Ok(Case { referral, household: Some(reference), standing })
}

/// The page with all homes; with what is wrong where the nights can't be.
async fn list_with(visit: &Visit, case: Case, wish: Result<Wish, Refusal>) -> Answer {
    let looked = match &wish {
        Ok(wish) if !case.is_settled() => {
            let found =
                visit.engine.allocation(visit.actor(), case.referral.id, Some(wish.nights), wish.scheme);
            Some(visit.answered(&Fields::default(), found.await)?)
        }
        Ok(_) => None,
        Err(refusal) => Some(Err(refusal.clone())),
    };
    let mut shell = visit.shell(Place::Referrals)?;
    let found = match looked {
        Some(Ok(found)) => Some(found),
        Some(Err(refusal)) => {
            shell = shell.refused(&refusal).at_one_of(&PICKERS);
            None
        }
        None => None,
    };
    let is_wrong = !shell.problems.is_empty();
    let page = list(visit, case, wish.ok(), found.as_ref(), shell).await?;
    if is_wrong { visit.show_again(&page) } else { visit.show(&page) }
}

async fn list(
    visit: &Visit,
    case: Case,
    wish: Option<Wish>,
    found: Option<&Allocation>,
    shell: Shell,
) -> Result<PlacePage, Stopped> {
    let referral = &case.referral;
    let fields = match wish {
        None => visit.query.clone(),
        Some(wish) => Fields::default()
            .with("arrival", wish.nights.arrival())
            .with("departure", wish.nights.departure())
            .with("scheme", wish.scheme),
    };
    let base = wish.map_or_else(String::new, |wish| wish.path(referral.id));
    let nothing_free = found.is_some_and(|found| found.ranked.is_empty()) && case.waits();
    let (repacking, split) = match wish {
        Some(wish) if nothing_free && wish.scheme == Scheme::SafeSpace => room(visit, &case, wish).await?,
        _ => (None, None),
    };
    Ok(PlacePage {
        shell,
        called: case.called(),
        reference: referral.reference.clone(),
        path: format!("/referrals/{}", referral.id),
        status: words::referral_status(referral.status()),
        about: about(visit, &case).await?,
        fields,
        nights: wish.map_or_else(String::new, |wish| words::nights(wish.nights)),
        schemes: vec![("safe_space", "Safe space"), ("move_on", "Move-on home")],
        offers: found.map_or_else(Vec::new, |found| offers(found, &base)),
        others: found.map_or_else(Vec::new, others),
        too_long: found.map_or_else(Vec::new, |found| too_long(visit, found, &base)),
        repacking,
        split,
        has_looked: found.is_some(),
        standing: case.standing,
    })
}

/// What a household asks for, in words.
async fn about(visit: &Visit, case: &Case) -> Result<Vec<(&'static str, String)>, Stopped> {
    let facts = &case.referral.facts;
    let spaces = visit.engine.spaces();
    let label = |code: &String| {
        let feature = spaces.features.get(code);
        feature.map_or_else(|| code.clone(), |feature| feature.label.clone())
    };
    let features: Vec<String> = facts.features.iter().map(label).collect();
    let needs = match case.standing {
        Standing::Over => Needs::default(),
        _ => visit.engine.needs(visit.actor(), case.referral.id).await?,
    };
    let safe = match case.standing {
        Standing::Over => None,
        _ => needs.says_safe_in(facts.from_district.as_deref()),
    };
    let danger: Vec<&str> = needs.danger_areas.iter().map(String::as_str).collect();
    let all = [
        (said::WHO, words::people(facts.people)),
        (said::MUST_HAVE, features.join(", ")),
        (said::NOT_SAFE_IN, danger.join(", ")),
        (said::SAFE_IN, safe.unwrap_or_default().to_owned()),
    ];
    Ok(all.into_iter().filter(|(_, text)| !text.is_empty()).collect())
}

fn offers(found: &Allocation, base: &str) -> Vec<Offer> {
    let ranked = found.ranked.iter();
    let offer = ranked.filter_map(|ranked| {
        let unit = found.spaces.unit(ranked.no)?;
        Some(Offer {
            code: unit.code.clone(),
            about: placing::about(&found.spaces, unit),
            why: said::plainly(&ranked.why),
            hold: format!("{base}&unit={}&do=hold", unit.id),
            book: format!("{base}&unit={}&do=book", unit.id),
        })
    });
    offer.collect()
}

fn others(found: &Allocation) -> Vec<Other> {
    // Those of the scheme that is looked at come first.
    let is_other = |reasons: &[Exclusion]| reasons.contains(&Exclusion::OtherScheme);
    let (other, own): (Vec<_>, Vec<_>) = found.excluded.iter().partition(|(_, reasons)| is_other(reasons));
    let others = own.into_iter().chain(other).filter_map(|(no, reasons)| {
        let unit = found.spaces.unit(*no)?;
        Some(Other {
            code: unit.code.clone(),
            path: format!("/units/{}", unit.id),
            reasons: reasons.iter().map(|reason| said::plainly(&reason.to_string())).collect(),
        })
    });
    others.collect()
}

/// The homes that the household could have if its stay were not longer than the policy allows.
fn too_long(visit: &Visit, found: &Allocation, base: &str) -> Vec<(String, Option<String>)> {
    let may = visit.may(Permission::GrantExceptions);
    let only =
        found.excluded.iter().filter(|(_, reasons)| matches!(reasons.as_slice(), [Exclusion::TooLong(_)]));
    let homes = only.filter_map(|(no, _)| found.spaces.unit(*no));
    homes.map(|unit| (unit.code.clone(), may.then(|| format!("{base}&unit={}&do=book", unit.id)))).collect()
}

/// How a place could be made where no home is free for all of the nights.
async fn room(visit: &Visit, case: &Case, wish: Wish) -> Result<(Option<Room>, Option<Room>), Stopped> {
    let (engine, actor, id) = (&visit.engine, visit.actor(), case.referral.id);
    let spaces = engine.spaces();
    let base = wish.path(id);
    let mut repacking = None;
    if let Some((_, found)) = engine.repacking(actor, id, Some(wish.nights)).await? {
        let mut lines = Vec::new();
        for step in &found.moves {
            let Some(stay) = engine.stay(actor, step.stay).await? else { continue };
            let household = placing::reference(visit, stay.household).await?;
            let (from, to) = (code(&spaces, step.from), code(&spaces, step.to));
            lines.push(said::booked_elsewhere(&household, &from, &to, stay.nights));
        }
        lines.push(said::books(&case.called(), &code(&spaces, found.unit), wish.nights));
        repacking = Some(Room { lines, path: format!("{base}&do=repack") });
    }
    let split = engine.split(actor, id, Some(wish.nights)).await?.map(|split| {
        let part =
            |(unit, nights): &(UnitId, Nights)| said::books(&case.called(), &code(&spaces, *unit), *nights);
        Room { lines: split.parts.iter().map(part).collect(), path: format!("{base}&do=split") }
    });
    Ok((repacking, split))
}

/// The page that says what will happen.
async fn confirm(
    visit: &Visit,
    case: &Case,
    wish: Wish,
    choice: Choice,
    fields: Fields,
    found: Found,
) -> Result<ConfirmPage, Stopped> {
    let spaces = visit.engine.spaces();
    let base = wish.path(case.referral.id);
    let word = match choice {
        Choice::Book(_) => "&do=book",
        Choice::Hold(_) => "&do=hold",
        _ => "",
    };
    let foreseen = foresee(visit, |reasons| choice.command(case, wish, reasons)).await?;
    let Foreseen { outcome, needs } = foreseen;
    let ahead = match outcome {
        Err(refusal) => {
            let path = |unit: UnitId| format!("{base}&unit={unit}{word}");
            Ahead::InTheWay(InTheWay::new(&refusal, found, &spaces, path))
        }
        Ok(outcome) => told(visit, case, &choice, &outcome, &spaces).await?,
    };
    let dates = [
        ("arrival", wish.nights.arrival().to_string()),
        ("departure", wish.nights.departure().to_string()),
        ("scheme", wish.scheme.to_string()),
    ];
    let home = |unit: &UnitId| code(&spaces, *unit);
    let (heading, buttons) = match &choice {
        Choice::Book(unit) => (said::book_head(&home(unit)), vec![("book", said::book_button(&home(unit)))]),
        Choice::Hold(unit) => (said::hold_head(&home(unit)), vec![("hold", said::hold_button(&home(unit)))]),
        Choice::Either(unit) => (
            said::book_head(&home(unit)),
            vec![("book", said::book_button(&home(unit))), ("hold", said::hold_button(&home(unit)))],
        ),
        Choice::Split(_) => (said::SPLIT_HEAD.to_owned(), vec![("split", said::SPLIT_BUTTON.to_owned())]),
        Choice::Repack(..) => {
            (said::REPACK_HEAD.to_owned(), vec![("repack", said::REPACK_BUTTON.to_owned())])
        }
    };
    Ok(ConfirmPage {
        shell: visit.shell(Place::Referrals)?,
        heading,
        called: case.called(),
        reference: case.referral.reference.clone(),
        path: format!("/referrals/{}", case.referral.id),
        all: base,
        ahead,
        carried: choice.carried().into_iter().chain(dates).collect(),
        buttons,
        needs,
        fields,
    })
}

/// An outcome in words, with how many nights that makes.
async fn told(
    visit: &Visit,
    case: &Case,
    choice: &Choice,
    outcome: &Outcome,
    spaces: &Spaces,
) -> Result<Ahead, Stopped> {
    let (household, now) = (case.called(), visit.engine.now());
    let told_hold = |unit: UnitId, nights: Nights, at| {
        said::holds(&household, &code(spaces, unit), nights, &words::short_instant(at))
    };
    let mut lines = Vec::new();
    let mut booked = Vec::new();
    match outcome {
        Outcome::Stay(stay) => {
            lines.push(said::books(&household, &code(spaces, stay.unit), stay.nights));
            if matches!(choice, Choice::Either(_)) {
                lines.push(said::OR_HOLD.to_owned());
                lines.push(told_hold(stay.unit, stay.nights, now + spaces.standards.hold()));
            }
            booked.push(stay.clone());
        }
        Outcome::Hold(hold) => lines.push(told_hold(hold.unit, hold.nights, hold.lapses_at)),
        Outcome::Stays(stays) => {
            let whose = case.referral.household();
            for stay in stays {
                let home = code(spaces, stay.unit);
                if Some(stay.household) == whose {
                    lines.push(said::books(&household, &home, stay.nights));
                    booked.push(stay.clone());
                } else {
                    let other = placing::reference(visit, stay.household).await?;
                    lines.push(said::moves_to(&other, &home, stay.nights));
                }
            }
        }
        _ => {}
    }
    let used = match (booked.first(), case.referral.household()) {
        (Some(first), Some(household)) => {
            let mut others = visit.engine.journey(visit.actor(), household).await?;
            others.extend(booked.iter().skip(1).cloned());
            Some(NightsUsed::of(first, &others, spaces, visit.engine.today()))
        }
        _ => None,
    };
    Ok(Ahead::WillHappen {
        lines,
        nights: used.map(|used| said::of_at_most(used.nights, used.longest)),
        is_over: used.is_some_and(NightsUsed::is_over),
    })
}
