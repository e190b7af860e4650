//! Referrals: who calls the team, and what councils ask and send in the last days; what becomes of each.
//!
//! Whoever comes into a home was referred first. The others are declined, taken back, or helped in another way: for
//! want of room on days when the homes are full, for other reasons when they are not.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    HouseholdId, Night, ReferralId,
    access::{Actor, Role},
    clock::service_day,
    details::Details,
    disclosure::Wishes,
    households::People,
    needs::{DASH_HIGH, Needs, Risk},
    referrals::{NeedKind, Referral, Source},
    units::Scheme,
};

use super::{
    DemoError, FIRST_DAY,
    households::{Need, weighted},
    outside::midnight,
    service::{Service, nights_from},
};
use crate::{AskForRoom, Command, Fault, NewToken, Outcome, ReferralAsk, SubmitReferral, TakeReferral};

/// Who refers, and how often. The strategy names them; how the 551 are shared out among them is made up.
const SOURCES: [(Source, u32); 5] = [
    (Source::Police, 38),
    (Source::LocalAuthority, 22),
    (Source::OtherAgency, 18),
    (Source::Household, 15),
    (Source::Gp, 7),
];
/// How great the danger is, and how often. Nobody has assessed some.
const RISKS: [(Option<Risk>, u32); 4] =
    [(Some(Risk::High), 45), (Some(Risk::Medium), 30), (Some(Risk::Standard), 13), (None, 12)];
/// Of a thousand households, how many flee from modern slavery; and of a thousand of the others that were assessed, how
/// many were asked the questions of the DASH checklist, and for how many of those judgement overrides the ticks.
const KINDS: (u32, u32, u32) = (40, 850, 60);
/// Of a thousand in high danger, how many cases go to a multi-agency risk assessment conference.
const MARAC: u32 = 850;
/// How many minutes before it is written down a call came, and of a thousand, how many came long before.
const CALLED: (i64, i64, u32) = (12, 120, 60);
/// From so many days before the end on, councils refer by themselves, and what workers write is kept.
const REFERRED: u32 = 7;
/// Every how many households that come then are sent by a council.
const EVERY: u32 = 3;
/// The councils that refer by a program of their own, in turn.
const COUNCILS: [&str; 3] = ["North Herts", "East Herts", "Welwyn Hatfield"];
/// Their tokens' days: none is used once the demonstration was made.
const DAYS: u32 = 8;
/// What workers write. The numbers are kept for made-up people.
const DETAILS: [&str; 4] = [
    "Call back on 07700 900461 until ten. Needs a cot; leaving with one bag.",
    "Call back on 07700 900462. The police have the vehicle's number; she can travel by train.",
    "Call back on 07700 900463, and let it ring. A dog comes along if it can.",
    "Call back on 07700 900464. The injury was seen to; stairs are hard for him.",
];

/// What becomes of a council's referral that leads to no stay: how many days before the end, from which council, for
/// whom.
pub(super) const OTHERS: [(u32, usize, (u16, u16), End); 3] = [
    (5, 2, (2, 4), End::Declined("no_capacity")),
    (3, 0, (1, 0), End::Withdrawn),
    (0, 1, (1, 0), End::InHand),
];

/// What becomes of a referral that leads to no stay.
#[derive(Clone, Copy)]
pub(super) enum End {
    Declined(&'static str),
    Withdrawn,
    /// Accepted, and then helped in another way.
    Closed(&'static str),
    /// A colleague is finding out more.
    InHand,
}

/// Before the service had homes of its own.
const WITHOUT_HOMES: [(End, u32); 9] = [
    (End::Declined("no_capacity"), 46),
    (End::Declined("out_of_area"), 8),
    (End::Declined("not_suitable"), 5),
    (End::Declined("survivor_did_not_accept"), 4),
    (End::Withdrawn, 10),
    (End::Closed("placed_elsewhere"), 16),
    (End::Closed("found_own_place"), 4),
    (End::Closed("stayed_where_they_were"), 5),
    (End::Closed("lost_contact"), 2),
];
/// While no home is free.
const FULL: [(End, u32); 5] = [
    (End::Declined("no_capacity"), 78),
    (End::Declined("out_of_area"), 4),
    (End::Declined("not_suitable"), 3),
    (End::Withdrawn, 7),
    (End::Closed("placed_elsewhere"), 8),
];
/// While one is free that would do.
const ROOM: [(End, u32); 9] = [
    (End::Declined("survivor_did_not_accept"), 24),
    (End::Declined("out_of_area"), 18),
    (End::Declined("not_suitable"), 16),
    (End::Declined("need_support_level"), 12),
    (End::Withdrawn, 14),
    (End::Closed("found_own_place"), 5),
    (End::Closed("stayed_where_they_were"), 6),
    (End::Closed("no_longer_needed"), 3),
    (End::Closed("lost_contact"), 2),
];

impl Service {
    /// Half a day before the homes: people call already.
    pub(super) async fn refer_without_homes(&mut self, today: Night, evening: bool) -> Result<(), DemoError> {
        for _ in 0..self.others(today, true, evening) {
            self.refer_one(today, &WITHOUT_HOMES).await?;
        }
        Ok(())
    }

    /// Who is referred in this half of the day and does not come.
    pub(super) async fn refer_others(&mut self, today: Night, evening: bool) -> Result<(), DemoError> {
        let full = !self.is_room(today).await?;
        for _ in 0..self.others(today, full, evening) {
            let ends: &[_] = if full { &FULL } else { &ROOM };
            self.refer_one(today, ends).await?;
        }
        Ok(())
    }

    /// Whether a home is free tonight for somebody.
    async fn is_room(&self, today: Night) -> Result<bool, DemoError> {
        let one = Need::of(People { adults: 1, children: 0 });
        Ok(self.best(one.asks(nights_from(today, 1), Scheme::SafeSpace), one.shares_as).await?.is_some())
    }

    /// One referral that leads to no stay.
    async fn refer_one(&mut self, today: Night, ends: &[(End, u32)]) -> Result<(), DemoError> {
        let mut need = Need::draw(&mut self.rng);
        let mut end = weighted(&mut self.rng, ends.iter().copied()).unwrap_or(End::Withdrawn);
        if self.is_safe_nowhere(&need) {
            // The engine asks to record it so.
            need.danger.clear();
            end = End::Declined("unsafe_location");
        } else if today >= FIRST_DAY && self.none_would_do(&need) {
            end = End::Declined(if need.features.is_empty() { "need_size" } else { "need_accessibility" });
        }
        let referral = self.take(today, today, &need).await?.id;
        self.answer(today, referral, end).await
    }

    async fn answer(&mut self, today: Night, referral: ReferralId, end: End) -> Result<(), DemoError> {
        match end {
            End::Declined(reason) => {
                let reason = reason.to_owned();
                self.run(Command::DeclineReferral { referral, reason }).await?;
            }
            End::Withdrawn => drop(self.run(Command::RecordWithdrawal { referral }).await?),
            End::Closed(outcome) => {
                let household = self.references.next(today);
                self.run(Command::AcceptReferral { referral, household }).await?;
                self.run(Command::CloseReferral { referral, outcome: outcome.to_owned() }).await?;
            }
            End::InHand => drop(self.run(Command::AssessReferral { referral }).await?),
        }
        Ok(())
    }

    /// Whether the household is in danger in each district that there are homes in.
    fn is_safe_nowhere(&self, need: &Need) -> bool {
        let spaces = self.engine.spaces();
        let mut homes = spaces.properties().peekable();
        homes.peek().is_some() && homes.all(|home| need.danger.contains(&home.district))
    }

    /// Whether no safe space is large enough and has what is needed, free or not.
    fn none_would_do(&self, need: &Need) -> bool {
        let spaces = self.engine.spaces();
        !spaces.units().iter().any(|unit| {
            unit.sleeps >= need.people.total()
                && unit.features.is_superset(&need.features)
                && self.scheme_of(unit.id) == Scheme::SafeSpace
        })
    }

    /// A household that comes is referred: by whoever calls, or by a council in the last days. It is accepted under its
    /// reference. Returns both.
    pub(super) async fn refer(
        &mut self,
        today: Night,
        arrival: Night,
        reference: &str,
        need: &Need,
    ) -> Result<(ReferralId, HouseholdId), DemoError> {
        let by_council = self.days_left(today) <= REFERRED && {
            self.newcomers += 1;
            self.newcomers.is_multiple_of(EVERY)
        };
        let referral = if by_council {
            let council = usize::try_from(self.newcomers / EVERY).unwrap_or_default();
            let (referral, _) = self.send(today, arrival, council, need).await?;
            self.accepted = Some(referral);
            referral
        } else {
            self.take(today, arrival, need).await?.id
        };
        let household = reference.to_owned();
        let accepted = referral_of(self.run(Command::AcceptReferral { referral, household }).await?)?;
        let household = accepted.household().ok_or(Fault::Broken("an accepted referral is nobody's"))?;
        Ok((referral, household))
    }

    /// The councils' referrals of the day that lead to no stay, or to none yet.
    pub(super) async fn hear_councils(&mut self, today: Night) -> Result<(), DemoError> {
        for (days_left, council, (adults, children), end) in OTHERS {
            if self.days_left(today) != days_left {
                continue;
            }
            let need = Need::of(People { adults, children });
            let (referral, sender) = self.send(today, today, council, &need).await?;
            match end {
                End::Withdrawn => drop(self.run_as(&sender, Command::WithdrawReferral { referral }).await?),
                end => self.answer(today, referral, end).await?,
            }
        }
        Ok(())
    }

    /// Somebody calls, and it is written down.
    async fn take(&mut self, today: Night, arrival: Night, need: &Need) -> Result<Referral, DemoError> {
        let source = weighted(&mut self.rng, SOURCES).unwrap_or(Source::Police);
        let ask = self.said(today, arrival, need, source);
        let (soon, long, of_thousand) = CALLED;
        let before =
            if self.happens(of_thousand) { self.rng.i64(soon..=long) } else { self.rng.i64(0..=soon) };
        self.take_said(ask, before).await
    }

    /// Writes down what somebody said so many minutes ago, today.
    pub(super) async fn take_said(&mut self, ask: ReferralAsk, minutes: i64) -> Result<Referral, DemoError> {
        let now = self.now();
        let day_began = midnight(service_day(now));
        let received_at: DateTime<Utc> = (now - TimeDelta::minutes(minutes)).max(day_began);
        self.quota.count();
        let ask = TakeReferral { ask, received_at: Some(received_at) };
        Ok(referral_of(self.run(Command::TakeReferral(ask)).await?)?)
    }

    /// What is said of a household.
    fn said(&mut self, today: Night, arrival: Night, need: &Need, source: Source) -> ReferralAsk {
        let (slavery, asked, overridden) = KINDS;
        let slavery = self.happens(slavery);
        let risk = weighted(&mut self.rng, RISKS).flatten();
        let dash = !slavery && self.happens(asked);
        let overridden = dash && risk.is_some() && self.happens(overridden);
        let dash_ticks = risk.filter(|_| dash).map(|risk| {
            let many = (risk == Risk::High) != overridden;
            let high = i64::from(DASH_HIGH);
            if many { self.rng.i64(high..=24) } else { self.rng.i64(2..high) }
        });
        let kept = self.days_left(today) <= REFERRED;
        let details = kept.then(|| {
            let note = self.rng.choice(DETAILS).map(str::to_owned);
            Details { note, ..Details::default() }
        });
        let risk_reason = overridden.then(|| "What the worker saw, as discussed with the team.".to_owned());
        ReferralAsk {
            kind: if slavery { NeedKind::ModernSlavery } else { NeedKind::DomesticAbuse },
            risk,
            dash_ticks,
            marac: risk.map(|risk| risk == Risk::High && self.happens(MARAC)),
            shares_as: Some(need.shares_as),
            nights: i64::from(need.nights),
            features: need.features.clone(),
            from_district: Some(need.from.to_owned()),
            danger_areas: Some(need.danger.clone()),
            needs: Needs {
                avoids: need.avoids.clone(),
                adults_by_sex: need.sexes.of(need.people.adults, need.shares_as),
                characteristics: need.characteristics.clone(),
                risk_reason,
                ..Needs::default()
            },
            details,
            ..ReferralAsk::plain(source, need.people, arrival)
        }
    }

    /// A council asks whether there is room, and refers. Says by whom.
    pub(super) async fn send(
        &mut self,
        today: Night,
        arrival: Night,
        council: usize,
        need: &Need,
    ) -> Result<(ReferralId, Arc<Actor>), DemoError> {
        let council = COUNCILS.get(council % COUNCILS.len()).copied().unwrap_or_default();
        let sender = self.program_of(council).await?;
        let (adults, children) = (i64::from(need.people.adults), i64::from(need.people.children));
        let ask = AskForRoom { adults, children, arrival: today, nights: 1, wishes: Wishes::default() };
        let told = self.engine.ask_for_room(&sender, ask).await;
        let told = told.map_err(DemoError::from_engine("ask_for_room", self.now()))?;
        let said = self.said(today, arrival, need, Source::LocalAuthority);
        // A council knows no locality.
        let districts = &self.engine.spaces().districts;
        let danger: BTreeSet<String> =
            need.danger.iter().filter(|area| districts.contains_key(*area)).cloned().collect();
        let ask = ReferralAsk { danger_areas: Some(danger), ..said };
        let ask = SubmitReferral { ask, question: Some(told.question) };
        self.quota.count();
        let sent = referral_of(self.run_as(&sender, Command::SubmitReferral(ask)).await?)?;
        Ok((sent.id, sender))
    }

    /// A council's own program.
    async fn program_of(&mut self, council: &'static str) -> Result<Arc<Actor>, DemoError> {
        if let Some(known) = self.programs.get(council) {
            return Ok(Arc::clone(known));
        }
        let token = NewToken::of(Role::Partner, Some(council), Some(DAYS));
        let made = self.engine.create_token(&self.engine.local(), token).await;
        let (_, text) = made.map_err(DemoError::from_engine("create_token", self.now()))?;
        let actor = self.engine.authenticate(&text).await?;
        let actor = actor.ok_or(Fault::Broken("a token that was just made is nobody's"))?;
        self.programs.insert(council, Arc::clone(&actor));
        Ok(actor)
    }
}

/// The referral that a command came out as.
pub(super) fn referral_of(outcome: Outcome) -> Result<Referral, Fault> {
    match outcome {
        Outcome::Referral(referral) => Ok(referral),
        _ => Err(Fault::Broken("a command on a referral came out as something else")),
    }
}
