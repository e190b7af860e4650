//! Homes: properties with their units, and the addresses, which only an act of revealing brings out.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    Night, Nights, PropertyId, Refusal, UnitId,
    access::Permission,
    availability::Spaces,
    ledger::NightUse,
    nights::later,
    properties::Property,
    refusal::Obstacle,
    sharing::Sharing,
    stays::{StayStatus, arrival_night},
    units::{Scheme, Unit},
};
use safespace_engine::{
    BoardRow, Command, DescribeProperty, Outcome, Page as Window, RegisterProperty, SetAddress, StayFilter,
};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{self, stock},
};

/// So many units are shown.
const MOST_UNITS: usize = 2_000;
/// So many stays that are over are looked at.
const MOST_STAYS: u64 = 2_000;

/// Values and what people read of them, to choose from.
pub(crate) type Choices = Vec<(String, String)>;

/// A unit, and how it stands tonight.
pub(crate) struct Tonight {
    pub(crate) path: String,
    pub(crate) code: String,
    pub(crate) sleeps: u16,
    pub(crate) features: String,
    /// In a word.
    pub(crate) state: &'static str,
    /// For the tag's look.
    pub(crate) kind: &'static str,
    /// Whose, or why.
    pub(crate) whose: String,
    /// The record that takes it.
    pub(crate) by: Option<Uuid>,
}

/// A property in the list.
struct Home {
    path: String,
    code: String,
    about: String,
    units: Vec<Tonight>,
}

#[derive(Template)]
#[template(path = "homes.html")]
struct HomesPage {
    shell: Shell,
    night: String,
    fields: Fields,
    schemes: Choices,
    districts: Choices,
    homes: Vec<Home>,
    free: usize,
    in_stock: usize,
    may_manage: bool,
}

/// What the page of a property says of its address.
enum Address {
    /// None is written down.
    NotWritten,
    /// It is not for the visitor.
    Closed,
    /// Whoever gives a reason is told.
    AskFor,
    /// Its lines, once, in answer to whoever gave a reason.
    Told(Vec<String>),
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    fields: Fields,
    path: String,
    code: String,
    district: String,
    locality: Option<String>,
    scheme: &'static str,
    sharing: &'static str,
    kind: String,
    night: String,
    units: Vec<Tonight>,
    address: Address,
    may_address: bool,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "home_form.html")]
struct HomeFormPage {
    shell: Shell,
    fields: Fields,
    /// The code of the property that is described; none where one is added.
    of: Option<String>,
    back: String,
    schemes: Choices,
    districts: Choices,
    localities: Choices,
    sharings: Choices,
    kinds: Choices,
}

#[derive(Template)]
#[template(path = "home_address.html")]
struct AddressPage {
    shell: Shell,
    fields: Fields,
    code: String,
    back: String,
    is_there: bool,
}

/// The page that closes or reopens a property or a unit.
#[derive(Template)]
#[template(path = "in_stock.html")]
struct InStockPage {
    shell: Shell,
    fields: Fields,
    code: String,
    back: String,
    /// Whether it is put back in stock, not taken out.
    reopens: bool,
    /// What will happen, where it can.
    will: Option<String>,
    in_the_way: Vec<String>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/homes", page(site, homes)),
        ("/homes/new", form(site, new, register)),
        ("/homes/:id", form(site, home, reveal)),
        ("/homes/:id/describe", form(site, describing, describe)),
        ("/homes/:id/address", form(site, addressing, address)),
        ("/homes/:id/close", form(site, closing, close)),
        ("/homes/:id/reopen", form(site, reopening, reopen)),
    ]
}

/// The night that is tonight for safe spaces: the one from now on, until late.
pub(crate) fn tonight(visit: &Visit) -> Night {
    arrival_night(visit.engine.now(), &visit.engine.spaces().policy(Scheme::SafeSpace))
}

/// How every unit stands on a night, by its id. What is closed to the visitor looks like a void.
pub(crate) async fn all_on(visit: &Visit, night: Night) -> Result<BTreeMap<UnitId, Tonight>, Stopped> {
    let spaces = visit.engine.spaces();
    let nights = Nights::between(night, later(night, 1));
    let board = visit.engine.board(visit.actor(), nights, None, MOST_UNITS).await?;
    let filter =
        StayFilter { statuses: vec![StayStatus::Departed], nights: Some(nights), ..StayFilter::default() };
    let page = Window { after: None, limit: MOST_STAYS };
    let gone = visit.engine.stays(visit.actor(), &filter, page).await?;
    let all = board.rows.iter().map(|row| {
        let mut unit = on(&spaces, &board.names, row, night);
        // The night was theirs, and they are not there any more.
        if gone.iter().any(|stay| unit.by == Some(stay.id.0)) {
            (unit.state, unit.kind) = (stock::LEFT, "quiet");
        }
        (row.unit.id, unit)
    });
    Ok(all.collect())
}

/// How a unit stands on a night.
fn on(spaces: &Spaces, names: &BTreeMap<Uuid, String>, row: &BoardRow, night: Night) -> Tonight {
    let unit = &row.unit;
    let used = row.uses.iter().find(|used| used.nights.contains(night)).map(|used| used.take);
    let (state, kind, whose) = match used {
        Some(take) => (
            stock::tonight(take.night_use),
            kind(take.night_use),
            whose(spaces, names, take.night_use, take.by),
        ),
        None if unit.is_in_stock(night) => (stock::FREE, "good", String::new()),
        None => (words::NOT_IN_STOCK, "quiet", String::new()),
    };
    Tonight {
        path: format!("/units/{}", unit.id),
        code: unit.code.clone(),
        sleeps: unit.sleeps,
        features: features(spaces, unit),
        state,
        kind,
        whose,
        by: used.map(|take| take.by),
    }
}

/// The look of what takes a night.
const fn kind(night_use: NightUse) -> &'static str {
    match night_use {
        NightUse::Void => "bad",
        NightUse::Turnaround => "quiet",
        NightUse::Booked | NightUse::Resident | NightUse::Held => "taken",
    }
}

/// Whose nights are: a household's reference, a void's reason in words.
pub(crate) fn whose(
    spaces: &Spaces,
    names: &BTreeMap<Uuid, String>,
    night_use: NightUse,
    by: Uuid,
) -> String {
    let name = names.get(&by).map_or(stock::EMPTY, String::as_str);
    match night_use {
        NightUse::Turnaround => String::new(),
        NightUse::Void => void_reason(spaces, name),
        NightUse::Booked | NightUse::Resident | NightUse::Held => name.to_owned(),
    }
}

/// A void's reason in words.
pub(crate) fn void_reason(spaces: &Spaces, code: &str) -> String {
    spaces.void_reasons.get(code).map_or_else(|| words::in_plain_words(code), |reason| reason.label.clone())
}

/// What a unit has, in words.
pub(crate) fn features(spaces: &Spaces, unit: &Unit) -> String {
    let label =
        |code: &String| spaces.features.get(code).map_or_else(|| code.clone(), |known| known.label.clone());
    unit.features.iter().map(label).collect::<Vec<_>>().join(", ")
}

/// The units of a property, as they stand.
fn units_of(spaces: &Spaces, property: PropertyId, on: &mut BTreeMap<UnitId, Tonight>) -> Vec<Tonight> {
    let units = spaces.units_of(property);
    let ids = units.iter().filter_map(|no| spaces.unit(no)).map(|unit| unit.id);
    let mut found: Vec<Tonight> = ids.filter_map(|id| on.remove(&id)).collect();
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found
}

/// All homes.
async fn homes(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let night = tonight(&visit);
    let spaces = visit.engine.spaces();
    let mut on = all_on(&visit, night).await?;
    let (scheme, district) = (visit.query.get("scheme"), visit.query.get("district"));
    let mut found: Vec<&Property> = spaces
        .properties()
        .filter(|property| scheme.is_empty() || property.scheme.as_str() == scheme)
        .filter(|property| district.is_empty() || property.district == district)
        .collect();
    found.sort_by(|a, b| a.code.cmp(&b.code));
    let homes: Vec<Home> = found
        .into_iter()
        .map(|property| Home {
            path: format!("/homes/{}", property.id),
            code: property.code.clone(),
            about: about(&spaces, property),
            units: units_of(&spaces, property.id, &mut on),
        })
        .collect();
    let units = || homes.iter().flat_map(|home| &home.units);
    let page = HomesPage {
        shell: visit.shell(Place::Homes)?,
        night: words::day(night),
        fields: visit.query.clone(),
        schemes: any(schemes()),
        districts: any(districts(&spaces)),
        free: units().filter(|unit| unit.state == stock::FREE).count(),
        in_stock: units().filter(|unit| unit.state != words::NOT_IN_STOCK).count(),
        homes,
        may_manage: visit.may(Permission::ManageSpaces),
    };
    visit.show(&page)
}

/// What is said of a property in a line.
fn about(spaces: &Spaces, property: &Property) -> String {
    let place = match &property.locality {
        Some(locality) => format!("{}, {locality}", property.district),
        None => property.district.clone(),
    };
    let shared = if spaces.has_several_units(property.id) || property.sharing.is_shared() {
        format!("; {}", stock::sharing(property.sharing))
    } else {
        String::new()
    };
    format!("{}, {place}{shared}", words::scheme(property.scheme))
}

/// With a first choice of any.
pub(crate) fn any(choices: Choices) -> Choices {
    first(stock::ANY, choices)
}

/// With a first choice that is none of them.
pub(crate) fn first(label: &str, choices: Choices) -> Choices {
    std::iter::once((String::new(), label.to_owned())).chain(choices).collect()
}

fn schemes() -> Choices {
    stock::SCHEMES.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
}

fn districts(spaces: &Spaces) -> Choices {
    spaces.districts.keys().map(|name| (name.clone(), name.clone())).collect()
}

/// The property that the address names.
fn property(visit: &Visit) -> Result<Property, Stopped> {
    let id = visit.id("id", PropertyId)?;
    let found = visit.engine.spaces().property(id).cloned();
    found.ok_or_else(|| Stopped::Refused(Refusal::not_found("property", "id")))
}

/// A property.
async fn home(visit: Visit) -> Answer {
    let page = home_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

async fn home_page(visit: &Visit, fields: Fields) -> Result<HomePage, Stopped> {
    visit.must(Permission::SeeStays)?;
    let property = property(visit)?;
    let (night, spaces) = (tonight(visit), visit.engine.spaces());
    let mut on = all_on(visit, night).await?;
    let kind = spaces.kind_of(&property);
    Ok(HomePage {
        shell: visit.shell(Place::Homes)?,
        fields,
        path: format!("/homes/{}", property.id),
        scheme: words::scheme(property.scheme),
        sharing: stock::sharing(property.sharing),
        kind: spaces
            .accommodation_kinds
            .get(kind)
            .map_or_else(|| kind.to_owned(), |known| known.label.clone()),
        night: words::day(night),
        units: units_of(&spaces, property.id, &mut on),
        address: match (visit.engine.has_address(property.id), visit.may(Permission::Reveal)) {
            (false, _) => Address::NotWritten,
            (true, false) => Address::Closed,
            (true, true) => Address::AskFor,
        },
        may_address: visit.may(Permission::KeepAddresses),
        may_manage: visit.may(Permission::ManageSpaces),
        code: property.code,
        district: property.district,
        locality: property.locality,
    })
}

/// Reveals the address: once, in the answer to this form, and in no page that can be asked for again.
async fn reveal(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::Reveal)?;
    let property = property(&visit)?;
    let found = visit.engine.reveal_address(visit.actor(), property.id, fields.get("reason")).await;
    match visit.answered(&fields, found)? {
        Ok(address) => {
            let mut page = home_page(&visit, Fields::default()).await?;
            page.address = Address::Told(address.lines().map(str::to_owned).collect());
            visit.show_for_a_minute(&page)
        }
        Err(refusal) => {
            let mut page = home_page(&visit, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["reason"]);
            visit.show_again(&page)
        }
    }
}

const FORM_FIELDS: [&str; 6] = ["code", "scheme", "district", "locality", "sharing", "kind"];

fn form_page(visit: &Visit, of: Option<&Property>, fields: Fields) -> Result<HomeFormPage, Stopped> {
    let spaces = visit.engine.spaces();
    let localities = spaces.localities.values();
    let localities =
        localities.map(|one| (one.name.clone(), format!("{} ({})", one.name, one.district))).collect();
    let kinds =
        spaces.accommodation_kinds.values().map(|kind| (kind.code.clone(), kind.label.clone())).collect();
    let sharings = Sharing::ALL.into_iter();
    Ok(HomeFormPage {
        shell: visit.shell(Place::Homes)?,
        fields,
        of: of.map(|property| property.code.clone()),
        back: of.map_or_else(|| "/homes".to_owned(), |property| format!("/homes/{}", property.id)),
        schemes: schemes(),
        districts: first(stock::CHOOSE, districts(&spaces)),
        localities: first(stock::NONE, localities),
        sharings: sharings.map(|one| (one.as_str().to_owned(), stock::sharing(one).to_owned())).collect(),
        kinds: first(stock::AS_ITS_SCHEME, kinds),
    })
}

/// The form for a new property.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let fields = Fields::default().with("scheme", Scheme::SafeSpace.as_str());
    let fields = visit.filled(fields.with("sharing", Sharing::SelfContained.as_str()));
    visit.show(&form_page(&visit, None, fields)?)
}

fn registering(fields: &Fields) -> Result<Command, Refusal> {
    let wrong = stock::CHOOSE_FIRST;
    let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == fields.get("scheme"));
    Ok(Command::RegisterProperty(RegisterProperty {
        code: fields.get("code").to_owned(),
        scheme: scheme.ok_or_else(|| Refusal::bad("scheme", wrong))?,
        district: fields.text("district").ok_or_else(|| Refusal::bad("district", wrong))?,
        locality: fields.text("locality"),
        sharing: fields.parsed("sharing", wrong)?.unwrap_or_default(),
    }))
}

/// Adds a property.
async fn register(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let done = match registering(&fields) {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(Outcome::Property(property)) => Ok(to(&format!("/homes/{}?done=property-added", property.id))),
        Ok(_) => Ok(to("/homes")),
        Err(refusal) => {
            let mut page = form_page(&visit, None, fields)?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

/// The form that describes a property.
async fn describing(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let property = property(&visit)?;
    let spaces = visit.engine.spaces();
    let fields = Fields::default()
        .with("code", &property.code)
        .with("district", &property.district)
        .with("locality", property.locality.as_deref().unwrap_or_default())
        .with("sharing", property.sharing.as_str())
        .with("kind", spaces.property_kinds.get(&property.id).map_or("", String::as_str));
    visit.show(&form_page(&visit, Some(&property), visit.filled(fields))?)
}

/// Changes what is said of a property. A locality is said anew with each district, so that no locality takes it away.
async fn describe(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let property = property(&visit)?;
    let path = format!("/homes/{}", property.id);
    let kind_before = visit.engine.spaces().property_kinds.get(&property.id).cloned();
    let described = match fields.parsed("sharing", stock::CHOOSE_FIRST) {
        Err(refusal) => Err(refusal),
        Ok(sharing) => {
            let ask = DescribeProperty {
                property: property.id,
                code: fields.text("code"),
                district: fields.text("district"),
                locality: fields.text("locality"),
                sharing,
            };
            visit.run(&fields, Command::DescribeProperty(ask)).await?
        }
    };
    let done = match described {
        Ok(_) if fields.text("kind") != kind_before => {
            let command = Command::SetPropertyKind { property: property.id, kind: fields.text("kind") };
            // The key of the form belongs to the first of its two commands.
            visit.run(&Fields::default(), command).await?.map(|_| ())
        }
        described => described.map(|_| ()),
    };
    match done {
        Ok(()) => Ok(to(&format!("{path}?done=property-described"))),
        Err(refusal) => {
            let mut page = form_page(&visit, Some(&property), fields)?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

fn address_page(visit: &Visit, property: &Property, fields: Fields) -> Result<AddressPage, Stopped> {
    Ok(AddressPage {
        shell: visit.shell(Place::Homes)?,
        fields,
        code: property.code.clone(),
        back: format!("/homes/{}", property.id),
        is_there: visit.engine.has_address(property.id),
    })
}

/// The form by which a manager writes an address down. What is there is not shown on it.
async fn addressing(visit: Visit) -> Answer {
    visit.must(Permission::KeepAddresses)?;
    let property = property(&visit)?;
    visit.show(&address_page(&visit, &property, visit.filled(Fields::default()))?)
}

/// Writes an address down.
async fn address(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepAddresses)?;
    let property = property(&visit)?;
    let ask = SetAddress { property: property.id, address: fields.get("address").to_owned() };
    match visit.run(&fields, Command::SetAddress(ask)).await? {
        Ok(_) => Ok(to(&format!("/homes/{}?done=address-kept", property.id))),
        Err(refusal) => {
            let mut page = address_page(&visit, &property, fields)?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["address"]);
            visit.show_again(&page)
        }
    }
}

/// What is taken out of stock or put back: a property or a unit.
pub(crate) struct InStock {
    pub(crate) code: String,
    pub(crate) back: String,
    pub(crate) step: Step,
    pub(crate) command: fn(Uuid, Night) -> Command,
    pub(crate) id: Uuid,
    pub(crate) done: &'static str,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Close,
    Reopen,
}

impl InStock {
    fn page(&self, visit: &Visit, fields: Fields) -> Result<InStockPage, Stopped> {
        Ok(InStockPage {
            shell: visit.shell(Place::Homes)?,
            fields,
            code: self.code.clone(),
            back: self.back.clone(),
            reopens: self.step == Step::Reopen,
            will: None,
            in_the_way: Vec::new(),
        })
    }

    /// The form that asks from which night on.
    pub(crate) fn ask(&self, visit: &Visit) -> Answer {
        visit.must(Permission::ManageSpaces)?;
        visit.show(&self.page(visit, visit.filled(Fields::default().with("on", tonight(visit))))?)
    }

    /// Says what would happen, and does it once that was confirmed.
    pub(crate) async fn take(&self, visit: &Visit, fields: Fields) -> Answer {
        visit.must(Permission::ManageSpaces)?;
        let on = match fields.needed_date("on") {
            Ok(on) => on,
            Err(refusal) => return self.refused(visit, fields, &refusal),
        };
        let command = (self.command)(self.id, on);
        if fields.get("do") == "change" {
            return visit.show(&self.page(visit, fields)?);
        }
        if fields.get("do") == "go" {
            return match visit.run(&fields, command).await? {
                Ok(_) => Ok(to(&format!("{}?done={}", self.back, self.done))),
                Err(refusal) => self.refused(visit, fields, &refusal),
            };
        }
        match visit.rehearse(command).await? {
            Ok(_) => {
                let mut page = self.page(visit, fields)?;
                page.will = Some(match self.step {
                    Step::Close => stock::will_close(&self.code, on),
                    Step::Reopen => stock::will_reopen(&self.code, on),
                });
                visit.show(&page)
            }
            Err(refusal) => self.refused(visit, fields, &refusal),
        }
    }

    fn refused(&self, visit: &Visit, fields: Fields, refusal: &Refusal) -> Answer {
        let mut page = self.page(visit, fields)?;
        page.in_the_way = in_the_way(&visit.engine.spaces(), &refusal.in_the_way);
        page.shell = page.shell.refused(refusal).at_one_of(&["on"]);
        visit.show_again(&page)
    }
}

/// What stands in the way, in words.
pub(crate) fn in_the_way(spaces: &Spaces, obstacles: &[Obstacle]) -> Vec<String> {
    let told = |one: &Obstacle| {
        let whose = if one.kind == "void" { void_reason(spaces, &one.whose) } else { one.whose.clone() };
        format!("{}: {} {whose}, {}", one.unit, one.kind, words::nights(one.nights))
    };
    obstacles.iter().map(told).collect()
}

fn of_property(visit: &Visit, step: Step) -> Result<InStock, Stopped> {
    let property = property(visit)?;
    let (command, done): (fn(Uuid, Night) -> Command, _) = match step {
        Step::Close => (|id, on| Command::CloseProperty { property: PropertyId(id), on }, "property-closed"),
        Step::Reopen => {
            (|id, on| Command::ReopenProperty { property: PropertyId(id), on }, "property-reopened")
        }
    };
    let back = format!("/homes/{}", property.id);
    Ok(InStock { code: property.code, back, step, command, id: property.id.0, done })
}

async fn closing(visit: Visit) -> Answer {
    of_property(&visit, Step::Close)?.ask(&visit)
}

/// Takes all units of a property out of stock.
async fn close(visit: Visit, fields: Fields) -> Answer {
    of_property(&visit, Step::Close)?.take(&visit, fields).await
}

async fn reopening(visit: Visit) -> Answer {
    of_property(&visit, Step::Reopen)?.ask(&visit)
}

/// Puts the closed units of a property back in stock.
async fn reopen(visit: Visit, fields: Fields) -> Answer {
    of_property(&visit, Step::Reopen)?.take(&visit, fields).await
}
