//! What needs attention: one list for the team.

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights, UnitId,
    access::{Actor, Permission},
    attention::{
        Attention, LostTo, NoUnit, is_about_to_lapse, is_unanswered, lacks_a_next_step, name_each_unit_once,
        nights_over, of_waiting,
    },
    availability::{Ask, Spaces},
    clock::in_service_time,
    ledger::Entry,
    needs::Risk,
    nights::{earlier, later, runs},
    packs::{PackConcern, PackStatus, concern},
    plan::USUAL_LOOK,
    policies::Policy,
    reasons::ReasonKind,
    referrals::{Referral, ReferralStatus},
    stays::{Stay, StayStatus, arrival_night},
    support::{ContactDue, came_at, contact_due, is_kept_in_contact},
    units::Scheme,
};
use safespace_store::{Page, ReferralFilter, StayFilter, StoredReferral};

use crate::{Engine, EngineError, pack_lists::PackView};

/// So many records of a kind are looked at.
const MOST_LOOKED_AT: u64 = 1_000;
/// So many units are offered to a booking that should move.
const UNITS_OFFERED: usize = 5;

/// Something to see to, with the household's reference.
#[derive(Clone, Debug)]
pub struct AttentionItem {
    /// What.
    pub what: Attention,
    /// Whose, by reference; empty while a referral is nobody's yet.
    pub reference: String,
    /// When it is, or was, due.
    pub due_at: DateTime<Utc>,
}

impl AttentionItem {
    /// What it is and what to do, in a sentence or two.
    pub fn message(&self, spaces: &Spaces, today: Night) -> String {
        let code = |id| spaces.unit_by_id(id).map_or("?", |unit| unit.code.as_str());
        let reference = &self.reference;
        let Some(stay) = self.what.stay() else { return self.of_no_stay(spaces) };
        let unit = code(stay.unit);
        let (arrival, departure) = (stay.nights.arrival(), stay.nights.departure());
        match &self.what {
            Attention::NoNextStep { .. } => format!(
                "{reference} leaves {unit} on {departure}, and no next step leads on: write down what is planned."
            ),
            Attention::Overstay { nights_over, .. } => format!(
                "{reference} was to leave {unit} on {departure} and is still there, {} over. Extend the stay, \
                 move the household, or check it out.",
                count(*nights_over, "night")
            ),
            Attention::Blocked { lost_to: LostTo::Itself, .. } => format!(
                "{reference} is booked into {unit} from {arrival}, and has not left the home that it had before: \
                 check it out there, then check it in here."
            ),
            Attention::Blocked { lost_to: LostTo::Another, lost, could_move_to, .. } => {
                let codes: Vec<_> = could_move_to.iter().map(|id| code(*id)).collect();
                let advice = if codes.is_empty() {
                    "No other unit is free for it.".to_owned()
                } else {
                    format!("It could move to {}.", codes.join(", "))
                };
                let lost: Vec<_> = lost.iter().map(ToString::to_string).collect();
                format!(
                    "{reference} is booked into {unit} from {arrival}, and the home is taken, {}. {advice}",
                    lost.join(" and ")
                )
            }
            Attention::NoContact { .. } | Attention::NeedsOverdue { .. } | Attention::NoKeyWorker { .. } => {
                self.of_support(spaces, unit)
            }
            Attention::Pack { concern, .. } => of_pack(reference, unit, *concern, arrival),
            Attention::NotArrived { .. } if departure <= today => format!(
                "{reference} was expected in {unit} on {arrival} and never checked in; its nights are over. Mark it as a \
                 no-show."
            ),
            _ => format!(
                "{reference} was expected in {unit} on {arrival} and was not checked in. Check it in, or mark it as a \
                 no-show."
            ),
        }
    }

    fn of_support(&self, spaces: &Spaces, unit: &str) -> String {
        let reference = &self.reference;
        match &self.what {
            Attention::NoContact { due: ContactDue::First(due), .. } => format!(
                "{reference} is in {unit}, and nobody has spoken with the household since it came; that was due by {}: \
                 offer support, or record that you have.",
                time(*due)
            ),
            Attention::NoContact { due: ContactDue::Next { last, .. }, .. } => format!(
                "{reference} is in {unit}, and was last offered support on {}: offer it again, or record that you have.",
                time(*last)
            ),
            Attention::NeedsOverdue { needs, .. } => {
                let label = |kind: &str| {
                    let known = spaces.reason(ReasonKind::ImmediateNeed, kind, "kind");
                    known.map_or_else(|_| kind.to_owned(), |need| need.label.clone())
                };
                let labels: Vec<_> = needs.iter().map(|need| label(&need.kind)).collect();
                format!(
                    "{reference} is in {unit}, and this is due and not settled: {}. See to it, or say that it is not \
                     needed.",
                    labels.join("; ")
                )
            }
            Attention::NoKeyWorker { before: Some(name), .. } => format!(
                "{reference} is in {unit}, and its key worker, {name}, can't look after it any more: name another one."
            ),
            _ => format!("{reference} is in {unit} and has no key worker: name one."),
        }
    }

    fn of_no_stay(&self, spaces: &Spaces) -> String {
        let code = |id| spaces.unit_by_id(id).map_or("?", |unit| unit.code.as_str());
        match &self.what {
            Attention::Unanswered { referral } => format!(
                "{} ({}) came on {} and nobody has answered: assess, accept or decline it.",
                referral.reference,
                risk(referral),
                time(referral.received_at)
            ),
            Attention::HoldLapses { hold } => format!(
                "The hold of {} for {} lapses on {}: confirm it, extend it once, or release it.",
                code(hold.unit),
                self.reference,
                time(hold.lapses_at)
            ),
            Attention::UnitFree { referral, unit } => format!(
                "{} waits ({}, {}), and {} is free and fits: hold it, or book it.",
                self.reference,
                referral.reference,
                risk(referral),
                code(*unit)
            ),
            Attention::LeftOut { referral, why } => format!(
                "{} waits ({}, {}), and {}: look at the plan for tonight.",
                self.reference,
                referral.reference,
                risk(referral),
                no_unit(*why, code)
            ),
            Attention::WaitsTooLong { referral, why } => format!(
                "{} waits longer than it should ({}, {}), and {}: look at the plan for tonight.",
                self.reference,
                referral.reference,
                risk(referral),
                no_unit(*why, code)
            ),
            _ => String::new(),
        }
    }
}

const fn risk(referral: &Referral) -> &'static str {
    match referral.facts.assessment.risk {
        Some(Risk::High) => "high risk",
        Some(Risk::Medium) => "medium risk",
        Some(Risk::Standard) => "standard risk",
        None => "risk not assessed",
    }
}

/// Why the plan has no unit for whoever waits.
fn no_unit<'a>(why: NoUnit, code: impl Fn(UnitId) -> &'a str) -> String {
    match why {
        NoUnit::Later { unit, from } => {
            format!("nothing that fits is free in time; {} is, from {from}", code(unit))
        }
        NoUnit::OthersFirst => "what fits and is free is planned for others, who come first".to_owned(),
        NoUnit::NoneFits => "nothing that fits is free".to_owned(),
    }
}

/// So many of something.
fn count(n: u32, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn of_pack(reference: &str, unit: &str, concern: PackConcern, arrival: Night) -> String {
    match concern {
        PackConcern::NotPrepared => format!(
            "Nobody has made up the pack of {reference}, in {unit} from {arrival}: prepare it, or cancel it."
        ),
        PackConcern::NotHandedOver => {
            format!("{reference} is in {unit}, and its pack is made up and not handed over: hand it over.")
        }
        PackConcern::Amiss => format!(
            "Something in the pack of {reference}, in {unit}, is not for this household by what is known now: take it \
             back, and top the pack up."
        ),
        PackConcern::ToTopUp { units } => format!(
            "The pack of {reference}, in {unit}, needs {} more than were looked for: top it up.",
            count(units, "unit")
        ),
        PackConcern::LeftOver => format!(
            "The stay of {reference} in {unit} is over, and what is in its pack is nowhere: cancel the pack, and say \
             where it goes."
        ),
    }
}

fn time(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%-d %B, %H:%M").to_string()
}

impl Engine {
    /// Everything that somebody must see to, what is due first at the top; of what is due in the same minute, those who
    /// have no place yet, by risk.
    pub async fn attention(&self, actor: &Actor) -> Result<Vec<AttentionItem>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.lapse_due().await?;
        let mut all = self.about_stays(actor).await?;
        let residents = self.in_residence(actor).await?;
        all.extend(self.about_next_steps(&residents).await?);
        all.extend(self.about_support(&residents).await?);
        all.extend(self.about_packs(actor, &residents).await?);
        all.extend(self.about_holds(actor).await?);
        if actor.may(Permission::AnswerReferrals) {
            all.extend(self.about_referrals(actor).await?);
        }
        name_each_unit_once(&mut all);
        let ids: Vec<_> = all.iter().filter_map(Attention::household).collect();
        let households = self.store.reader().households(&ids).await?;
        let closed = self.closed_references(actor).await?;
        let reference = |what: &Attention| {
            let household = what.household()?;
            let household = households.iter().find(|known| known.id == household)?;
            Some(closed.seen(household.reference.clone()))
        };
        let spaces = self.spaces();
        let until = spaces.policy(Scheme::SafeSpace).late_arrival_until_hour;
        let item = |what: Attention| AttentionItem {
            reference: reference(&what).unwrap_or_default(),
            due_at: what.due_at(&spaces.standards, until),
            what,
        };
        let mut items: Vec<AttentionItem> = all.into_iter().map(item).collect();
        items.sort_by_cached_key(|item| {
            let received = item.what.referral().map(|referral| (referral.received_at, referral.id));
            (item.due_at.timestamp().div_euclid(60), item.what.rank(), received)
        });
        Ok(items)
    }

    /// Overstays, the bookings that lost nights to them, and households that did not come.
    async fn about_stays(&self, actor: &Actor) -> Result<Vec<Attention>, EngineError> {
        let today = self.today();
        let read = self.store.reader();
        let seen = |stay: &Stay| !self.is_closed_to(actor, stay.household);
        let overstays = read.overstays(today).await?.into_iter().filter(seen);
        let late = read.late_bookings(today).await?.into_iter().filter(seen);
        let mut blocked = Vec::new();
        let now = self.clock.now();
        let spaces = self.spaces();
        // Last night may still be tonight: which it is, each booking's policy says.
        for booking in read.bookings_that_lost_nights(earlier(today, 1)).await?.into_iter().filter(seen) {
            let unit = spaces.unit_by_id(booking.unit);
            let policy = unit.map_or(Policy::default_for(Scheme::SafeSpace), |unit| spaces.policy_of(unit));
            // Tonight, until late arrivals end, is the night that began yesterday.
            let tonight = arrival_night(now, &policy);
            let there = read.entries(&[booking.unit], booking.nights).await?;
            let (held, others): (Vec<Entry>, Vec<Entry>) =
                there.into_iter().partition(|entry| entry.take.by == booking.id.0);
            // What has passed can't be had back, and stands in nobody's way any more.
            let lost = booking.missing(&held, today, 0, tonight);
            if lost.is_empty() {
                continue;
            }
            let taken = others.iter().any(|entry| entry.night >= tonight);
            let lost_to = if taken { LostTo::Another } else { LostTo::Itself };
            let ahead = Nights::between(booking.nights.arrival().max(tonight), booking.nights.departure());
            let ask = Ask::plain(ahead, booking.people, policy.scheme);
            blocked.push(Attention::Blocked {
                could_move_to: self.could_move_to(&ask, booking.unit, UNITS_OFFERED),
                lost_to,
                lost: runs(lost.iter().map(|entry| entry.night)),
                stay: booking,
            });
        }
        let over = overstays
            .map(|stay| Attention::Overstay { nights_over: nights_over(&stay, today).unwrap_or(0), stay });
        let is_blocked =
            |stay: &Stay| blocked.iter().filter_map(Attention::stay).any(|other| other.id == stay.id);
        let late: Vec<Attention> =
            late.filter(|stay| !is_blocked(stay)).map(|stay| Attention::NotArrived { stay }).collect();
        Ok(over.chain(blocked).chain(late).collect())
    }

    /// The stays in residence that the actor may see.
    async fn in_residence(&self, actor: &Actor) -> Result<Vec<Stay>, EngineError> {
        let filter = StayFilter { statuses: vec![StayStatus::InResidence], ..StayFilter::default() };
        self.stays(actor, &filter, Page { after: None, limit: MOST_LOOKED_AT }).await
    }

    /// Households that nobody has been in contact with for too long, or whose immediate needs nobody has settled, and those
    /// without a key worker.
    async fn about_support(&self, residents: &[Stay]) -> Result<Vec<Attention>, EngineError> {
        let (now, spaces, read) = (self.clock.now(), self.spaces(), self.store.reader());
        let households: Vec<_> = residents.iter().map(|stay| stay.household).collect();
        let stays = read.whole_stays_of(&households).await?;
        let contacts = read.last_contacts(&households).await?;
        let needs = read.open_needs(&households).await?;
        let key_workers = self.key_workers_now(&households).await?;
        let mut all = Vec::new();
        for stay in residents {
            let came_at = came_at(stay, &stays);
            let scheme = spaces.unit_by_id(stay.unit).and_then(|unit| spaces.property_of(unit));
            let due = contact_due(came_at, contacts.get(&stay.household).copied(), &spaces.standards);
            if scheme.is_some_and(|property| is_kept_in_contact(property.scheme)) && due.at() <= now {
                all.push(Attention::NoContact { stay: stay.clone(), due });
            }
            let overdue =
                needs.iter().filter(|need| need.household == stay.household && need.is_overdue(now));
            let overdue: Vec<_> = overdue.cloned().collect();
            if !overdue.is_empty() {
                all.push(Attention::NeedsOverdue { stay: stay.clone(), needs: overdue });
            }
            let key_worker = key_workers.iter().find(|view| view.key_worker.household == stay.household);
            if !key_worker.is_some_and(|view| view.is_able) {
                let before = key_worker.map(|view| view.name.clone());
                all.push(Attention::NoKeyWorker { stay: stay.clone(), before, came_at });
            }
        }
        Ok(all)
    }

    /// Packs of households that are there or come tonight, and those that nobody put back.
    async fn about_packs(&self, actor: &Actor, residents: &[Stay]) -> Result<Vec<Attention>, EngineError> {
        if self.spaces().pack_templates.is_empty() {
            return Ok(Vec::new());
        }
        let (today, read) = (self.today(), self.store.reader());
        let tonight = StayFilter {
            statuses: vec![StayStatus::Booked],
            nights: Some(Nights::between(today, later(today, 1))),
            ..StayFilter::default()
        };
        let page = Page { after: None, limit: MOST_LOOKED_AT };
        let coming = self.stays(actor, &tonight, page).await?;
        let mut packs = read.packs_of_stays(residents.iter().chain(&coming).map(|stay| stay.id)).await?;
        let made_up = safespace_store::PackFilter {
            statuses: vec![PackStatus::Prepared],
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
        };
        for stored in read.packs(&made_up, Page { after: None, limit: MOST_LOOKED_AT }).await? {
            if packs.iter().all(|known| known.pack.id != stored.pack.id) {
                packs.push(stored);
            }
        }
        let concerned = self.drawn_up(packs).await?.into_iter().filter_map(|view| {
            let PackView { pack, stay, list, words, .. } = view;
            let concern = concern(&pack, &stay, &list, &words.shortfalls, today)?;
            Some(Attention::Pack { stay, pack, concern })
        });
        Ok(concerned.collect())
    }

    /// Stays that end soon, and nobody knows where the household goes.
    async fn about_next_steps(&self, residents: &[Stay]) -> Result<Vec<Attention>, EngineError> {
        let (now, spaces) = (self.clock.now(), self.spaces());
        // An overstay is told of as one.
        let ending: Vec<Stay> = residents
            .iter()
            .filter(|stay| lacks_a_next_step(stay, &[], &spaces.standards, now))
            .filter(|stay| !stay.is_overstay(self.today()))
            .cloned()
            .collect();
        let households: Vec<_> = ending.iter().map(|stay| stay.household).collect();
        let steps = self.store.reader().next_steps(&households).await?;
        let steps: Vec<_> = steps.into_iter().map(|stored| stored.step).collect();
        let lacking =
            ending.into_iter().filter(|stay| lacks_a_next_step(stay, &steps, &spaces.standards, now));
        Ok(lacking.map(|stay| Attention::NoNextStep { stay }).collect())
    }

    /// Holds that are about to lapse.
    async fn about_holds(&self, actor: &Actor) -> Result<Vec<Attention>, EngineError> {
        let (now, spaces) = (self.clock.now(), self.spaces());
        let holds = self.holds(actor, None, true, Page { after: None, limit: MOST_LOOKED_AT }).await?;
        let soon = holds.into_iter().filter(|hold| is_about_to_lapse(hold, &spaces.standards, now));
        Ok(soon.map(|hold| Attention::HoldLapses { hold }).collect())
    }

    /// Referrals that nobody has answered, and what the plan for tonight comes to for each household that waits: so no home
    /// is named for two of them.
    async fn about_referrals(&self, actor: &Actor) -> Result<Vec<Attention>, EngineError> {
        let (now, spaces) = (self.clock.now(), self.spaces());
        let policy = spaces.policy(Scheme::SafeSpace);
        let filter = ReferralFilter { statuses: vec![ReferralStatus::Received], ..ReferralFilter::default() };
        let received =
            self.store.reader().referrals(&filter, Page { after: None, limit: MOST_LOOKED_AT }).await?;
        let mut all: Vec<Attention> = received
            .into_iter()
            .map(|stored| stored.referral)
            .filter(|referral| is_unanswered(referral, &spaces.standards, now))
            .map(|referral| Attention::Unanswered { referral })
            .collect();
        let waiting = self.waiting(actor).await?;
        let plan = self.plan_of_those(actor, &waiting, USUAL_LOOK).await?.plan;
        for StoredReferral { referral, .. } in waiting {
            let due = spaces.standards.placement_due(
                referral.received_at,
                referral.facts.arrival,
                policy.late_arrival_until_hour,
            );
            let asked = self.nights_ahead(&referral);
            all.extend(of_waiting(referral, asked, &plan, due, now));
        }
        Ok(all)
    }
}
