//! Referrals: what partner councils ask and send in the last days, until there is one in each state.

use std::sync::Arc;

use safespace_domain::{
    Night, ReferralId,
    access::{Actor, Role},
    details::Details,
    disclosure::Wishes,
    households::People,
    referrals::{Referral, Source},
};

use super::{DemoError, households::Need, service::Service};
use crate::{AskForRoom, Command, Fault, NewToken, Outcome, ReferralAsk, SubmitReferral};

/// From so many days before the end on, councils refer.
const REFERRED: u32 = 7;
/// Every how many households that come then are sent by a council.
const EVERY: u32 = 3;
/// The councils that refer by a program of their own, in turn.
const COUNCILS: [&str; 3] = ["North Herts", "East Herts", "Welwyn Hatfield"];
/// Their tokens' days: none is used once the demonstration was made.
const DAYS: u32 = 8;
/// What their workers write. The numbers are kept for made-up people.
const DETAILS: [&str; 4] = [
    "Call back on 07700 900461 until ten. Needs a cot; leaving with one bag.",
    "Call back on 07700 900462. The police have the vehicle's number; she can travel by train.",
    "Call back on 07700 900463, and let it ring. A dog comes along if it can.",
    "Call back on 07700 900464. The injury was seen to; stairs are hard for him.",
];

/// What becomes of a referral that leads to no stay: how many days before the end, from which council, for whom.
const OTHERS: [(u32, usize, (u16, u16), End); 4] = [
    (5, 2, (2, 4), End::Declined("no_capacity")),
    (3, 0, (1, 0), End::Withdrawn),
    (0, 1, (1, 2), End::Waits),
    (0, 0, (1, 1), End::Waits),
];

#[derive(Clone, Copy)]
enum End {
    Declined(&'static str),
    Withdrawn,
    /// For whoever looks at the demonstration to answer.
    Waits,
}

impl Service {
    /// A council sends some of the households that come in the last days, before they are booked in under a reference.
    pub(super) async fn perhaps_refer(
        &mut self,
        today: Night,
        reference: &str,
        need: &Need,
    ) -> Result<(), DemoError> {
        if self.days_left(today) > REFERRED {
            return Ok(());
        }
        self.newcomers += 1;
        if !self.newcomers.is_multiple_of(EVERY) {
            return Ok(());
        }
        let council = usize::try_from(self.newcomers / EVERY).unwrap_or_default();
        let (referral, _) = self.refer(today, council, need.people).await?;
        let household = reference.to_owned();
        self.run(Command::AcceptReferral { referral, household }).await?;
        self.accepted = Some(referral);
        Ok(())
    }

    /// The referrals of the day that lead to no stay, or to none yet.
    pub(super) async fn refer_others(&mut self, today: Night) -> Result<(), DemoError> {
        for (days_left, council, (adults, children), end) in OTHERS {
            if self.days_left(today) != days_left {
                continue;
            }
            let (referral, sender) = self.refer(today, council, People { adults, children }).await?;
            match end {
                End::Declined(reason) => {
                    let reason = reason.to_owned();
                    self.run(Command::DeclineReferral { referral, reason }).await?;
                }
                End::Withdrawn => {
                    self.run_as(&sender, Command::WithdrawReferral { referral }).await?;
                }
                End::Waits => {}
            }
        }
        Ok(())
    }

    /// A council asks whether there is room, and refers. Says by whom.
    async fn refer(
        &mut self,
        today: Night,
        council: usize,
        people: People,
    ) -> Result<(ReferralId, Arc<Actor>), DemoError> {
        let council = COUNCILS.get(council % COUNCILS.len()).copied().unwrap_or_default();
        let sender = self.program_of(council).await?;
        let (adults, children) = (i64::from(people.adults), i64::from(people.children));
        let ask = AskForRoom { adults, children, arrival: today, nights: 1, wishes: Wishes::default() };
        let told = self.engine.ask_for_room(&sender, ask).await;
        let told = told.map_err(DemoError::from_engine("ask_for_room", self.now()))?;
        let note = self.rng.choice(DETAILS).map(str::to_owned);
        let details = Some(Details { note, ..Details::default() });
        let ask = ReferralAsk { details, ..ReferralAsk::plain(Source::LocalAuthority, people, today) };
        let ask = SubmitReferral { ask, question: Some(told.question) };
        match self.run_as(&sender, Command::SubmitReferral(ask)).await? {
            Outcome::Referral(Referral { id, .. }) => Ok((id, sender)),
            _ => Err(Fault::Broken("a referral was sent as something else").into()),
        }
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
