//! Packs for groups that meet: figures of a period and a manager's commentary, frozen once issued.

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights, Refusal, RefusalCode,
    access::{Actor, Permission},
    codes,
    figures::{Figure, Leaves, Line, measure},
    meeting_packs::{
        Audience, Content, Correction, Discretion, EarlierPack, MeetingGroup, MeetingPack, PackFigure,
        commentary, corrections, exact, families, must_be_over, related, segments, told,
    },
    nights::earlier,
    periods::PeriodKind,
    targets::{Quarter, Target},
};
use safespace_store::{Page, StoredMeetingPack};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Engine, EngineError, Fault, FiguresAsk, Outcome,
    keys::SERVICE,
    work::{Done, Work},
};

/// How far back packs are looked for that have to do with one, in nights: two quarters reach further than any overlap.
const LOOK_BACK: u32 = 400;

/// A pack, to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingPackView {
    /// The group that it is for.
    pub group: MeetingGroup,
    /// Of which days.
    pub period: Nights,
    /// Who sees it.
    pub audience: Audience,
    /// When it was issued; none while it is a draft, whose figures are those of now.
    pub issued_at: Option<DateTime<Utc>>,
    /// What the manager says.
    pub commentary: Option<String>,
    /// The figures, as its readers are told them.
    pub figures: Vec<PackFigure>,
    /// The targets of its financial year.
    pub targets: Vec<(Target, Vec<Quarter>)>,
    /// What was corrected since it was issued: for the team.
    pub corrections: Vec<Correction>,
}

fn commentary_context(id: Uuid) -> String {
    format!("meeting_pack.commentary:{id}")
}

fn content_context(id: Uuid) -> String {
    format!("meeting_pack.content:{id}")
}

impl Engine {
    /// The groups that meet, by code.
    pub async fn meeting_groups(&self, actor: &Actor) -> Result<Vec<MeetingGroup>, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        Ok(self.store.reader().meeting_groups().await?)
    }

    /// What is a small number to whom.
    pub async fn discretion(&self, actor: &Actor) -> Result<Discretion, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        Ok(self.store.reader().discretion().await?.unwrap_or_default())
    }

    /// A page of the packs that were written on or issued, oldest first: of one group, or of all.
    pub async fn meeting_packs(
        &self,
        actor: &Actor,
        group: Option<&str>,
        page: Page<Uuid>,
    ) -> Result<Vec<MeetingPack>, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let found = self.store.reader().meeting_packs(group, page).await?;
        Ok(found.into_iter().map(|stored| stored.pack).collect())
    }

    /// The pack of a group for the period that has this day: as it was issued; before, as it would be now. To somebody to
    /// whom cases are closed it is as it would be now without these, for what it was is more than they may know.
    pub async fn meeting_pack(
        &self,
        actor: &Actor,
        group: &str,
        on: Night,
    ) -> Result<MeetingPackView, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let group = self.group_called(group).await?;
        let period = group.period_of(on);
        let stored = self.store.reader().meeting_pack(&group.code, period.arrival()).await?;
        let audience = match &stored {
            Some(stored) if stored.pack.issued_at.is_some() => stored.pack.audience,
            _ => group.audience,
        };
        let commentary =
            match stored.as_ref().and_then(|stored| Some((stored.pack.id, stored.commentary.as_ref()?))) {
                Some((id, sealed)) => Some(self.open_sealed(SERVICE, &commentary_context(id), sealed).await?),
                None => None,
            };
        let issued = match &stored {
            Some(stored) if !self.has_closed_cases(actor) => self.content_of(stored).await?,
            _ => None,
        };
        let issued_at = stored.and_then(|stored| stored.pack.issued_at);
        let (content, corrections) = match issued {
            Some(issued) => {
                let lines = self.lines(actor, &group, period).await?;
                let corrected = corrections(&issued.exact, &exact(&lines));
                (issued, corrected)
            }
            None => (self.content(actor, &group, audience, period).await?, Vec::new()),
        };
        let Content { figures, targets, .. } = content;
        Ok(MeetingPackView { group, period, audience, issued_at, commentary, figures, targets, corrections })
    }

    async fn group_called(&self, code: &str) -> Result<MeetingGroup, EngineError> {
        let key = codes::key(code.trim());
        let all = self.store.reader().meeting_groups().await?;
        let found = all.into_iter().find(|group| codes::key(&group.code) == key);
        Ok(found.ok_or_else(|| Refusal::not_found("group", "group"))?)
    }

    async fn content_of(&self, stored: &StoredMeetingPack) -> Result<Option<Content>, EngineError> {
        let Some(sealed) = &stored.content else { return Ok(None) };
        let text = self.open_sealed(SERVICE, &content_context(stored.pack.id), sealed).await?;
        let content = serde_json::from_str(&text);
        Ok(Some(content.map_err(|_| Fault::Broken("what a pack holds can't be read"))?))
    }

    async fn lines(
        &self,
        actor: &Actor,
        group: &MeetingGroup,
        period: Nights,
    ) -> Result<Vec<Line>, EngineError> {
        let sections = group.sections.iter().copied().collect();
        self.figures(actor, &FiguresAsk { range: period, by: PeriodKind::Whole, sections }).await
    }

    /// What a pack holds, were it issued now to this audience.
    async fn content(
        &self,
        actor: &Actor,
        group: &MeetingGroup,
        audience: Audience,
        period: Nights,
    ) -> Result<Content, EngineError> {
        let lines = self.lines(actor, group, period).await?;
        let exact = exact(&lines);
        let year = PeriodKind::FinancialYear.nights(period.arrival(), period).arrival();
        let targets = self.targets(actor, year).await?;
        let targets = targets.into_iter().map(|view| (view.target, view.quarters)).collect();
        let Some(policy) = self.discretion(actor).await?.to(audience) else {
            return Ok(Content { figures: exact.clone(), exact, families: Vec::new(), targets });
        };
        let earlier = self.issued_before(period).await?;
        let sections: Vec<_> = group.sections.iter().copied().collect();
        let mut parts: Vec<(Nights, Vec<Figure>)> = Vec::new();
        for part in segments(period, &earlier) {
            let ask = FiguresAsk { range: part, by: PeriodKind::Whole, sections: sections.clone() };
            let lines = self.figures(actor, &ask).await?;
            parts.push((part, lines.into_iter().map(|line| line.figure).collect()));
        }
        let families = families(policy, period, &lines, &parts, &earlier)
            .map_err(|_| Fault::Broken("what earlier packs told does not fit this one"))?;
        let kind = group.every.kind();
        let then = self.told_then(group, audience, kind.before(period)).await?;
        let last_year = self.told_then(group, audience, kind.a_year_before(period)).await?;
        let figures = told(&lines, &families, &then, &last_year);
        // How a target stands is exact: outside the team it is told where its figure is.
        let targets = if audience == Audience::Team { targets } else { only_told(targets, &figures) };
        Ok(Content { figures, exact, families, targets })
    }

    /// What readers outside the team were told already that has to do with a period.
    async fn issued_before(&self, period: Nights) -> Result<Vec<EarlierPack>, EngineError> {
        let from = earlier(period.arrival(), LOOK_BACK);
        let mut all = Vec::new();
        for stored in self.store.reader().issued_outside(from).await? {
            if let Some(content) = self.content_of(&stored).await? {
                all.push(EarlierPack { period: stored.pack.period, families: content.families });
            }
        }
        Ok(related(period, all))
    }

    /// What the same group was told of another period, by a pack for the same readers.
    async fn told_then(
        &self,
        group: &MeetingGroup,
        audience: Audience,
        period: Nights,
    ) -> Result<Vec<PackFigure>, EngineError> {
        let stored = self.store.reader().meeting_pack(&group.code, period.arrival()).await?;
        let same = stored.filter(|stored| stored.pack.period == period && stored.pack.audience == audience);
        let Some(stored) = same else { return Ok(Vec::new()) };
        Ok(self.content_of(&stored).await?.map(|content| content.figures).unwrap_or_default())
    }

    pub(crate) async fn set_discretion(&self, work: &mut Work, ask: Discretion) -> Done<Outcome> {
        ask.partners.check()?;
        ask.outside.check()?;
        work.tx.save_discretion(&ask).await?;
        work.audit(None, &[], &ask);
        Ok(Outcome::Discretion(ask))
    }

    pub(crate) async fn save_meeting_group(&self, work: &mut Work, ask: MeetingGroup) -> Done<Outcome> {
        let mut group = ask.checked()?;
        let key = codes::key(&group.code);
        let there = work.tx.reader().meeting_groups().await?;
        if let Some(known) = there.into_iter().find(|known| codes::key(&known.code) == key) {
            group.code = known.code;
        }
        work.tx.save_meeting_group(&group).await?;
        work.audit(None, &[], &group);
        Ok(Outcome::MeetingGroup(group))
    }

    pub(crate) async fn save_commentary(
        &self,
        work: &mut Work,
        group: String,
        on: Night,
        text: String,
    ) -> Done<Outcome> {
        let text = commentary(&text)?;
        let group = self.group_called(&group).await?;
        let mut stored = self.draft(work, &group, on).await?;
        let id = stored.pack.id;
        stored.commentary = match text.as_str() {
            "" => None,
            text => Some(self.seal(&work.tx, SERVICE, &commentary_context(id), text).await?),
        };
        let pack = stored.pack.clone();
        work.tx.save_meeting_pack(stored).await?;
        work.audit(Some(id), &[], &json!({ "group": pack.group, "period": pack.period }));
        Ok(Outcome::MeetingPack(pack))
    }

    pub(crate) async fn issue_meeting_pack(
        &self,
        work: &mut Work,
        group: String,
        on: Night,
    ) -> Done<Outcome> {
        let group = self.group_called(&group).await?;
        let period = group.period_of(on);
        must_be_over(period, work.today)?;
        // Two packs that are issued at once would not know of each other.
        work.tx.lock_meeting_groups().await?;
        let mut stored = self.draft(work, &group, on).await?;
        // Read by the readers' pool, which is not the writers': what is counted was committed before.
        let actor = work.actor.clone();
        let content = self.content(&actor, &group, group.audience, period).await?;
        let text = serde_json::to_string(&content).map_err(|_| Fault::Broken("a pack can't be written"))?;
        let id = stored.pack.id;
        stored.content = Some(self.seal(&work.tx, SERVICE, &content_context(id), &text).await?);
        stored.pack.issued_at = Some(work.now);
        stored.pack.audience = group.audience;
        let pack = stored.pack.clone();
        work.tx.save_meeting_pack(stored).await?;
        let detail = json!({ "group": pack.group, "period": pack.period, "audience": pack.audience });
        work.audit(Some(id), &[], &detail);
        Ok(Outcome::MeetingPack(pack))
    }

    /// The draft of a group's pack for the period that has this day; a new one where there is none. Refused where it was
    /// issued.
    async fn draft(&self, work: &mut Work, group: &MeetingGroup, on: Night) -> Done<StoredMeetingPack> {
        let period = group.period_of(on);
        if let Some(stored) = work.tx.lock_meeting_pack(&group.code, period.arrival()).await? {
            if stored.pack.issued_at.is_some() {
                let message =
                    "This pack was issued, and stays as it is: what was corrected since is told beside it.";
                return Err(Refusal::new(RefusalCode::WrongState, message).on("on").into());
            }
            return Ok(stored);
        }
        let pack = MeetingPack {
            id: self.ids.next(),
            group: group.code.clone(),
            period,
            audience: group.audience,
            issued_at: None,
        };
        let stored = StoredMeetingPack { pack, commentary: None, content: None };
        work.tx.add_meeting_pack(stored.clone()).await?;
        Ok(stored)
    }
}

/// The targets whose figures are told to these readers in this pack: how they stand, and the figures of the other quarters
/// where these count no people.
fn only_told(targets: Vec<(Target, Vec<Quarter>)>, figures: &[PackFigure]) -> Vec<(Target, Vec<Quarter>)> {
    let is_told = |target: &Target| {
        figures.iter().any(|figure| {
            let group = figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
            let asked = target.group.as_ref().map(|(by, name)| (by.as_str(), name.as_str()));
            figure.code == target.measure && group == asked && figure.value.number().is_some()
        })
    };
    let counts_people = |target: &Target| {
        measure(&target.measure).is_none_or(|(_, measure)| measure.leaves != Leaves::AsItIs)
    };
    let without = |quarter: Quarter| Quarter { value: None, ..quarter };
    let told = targets.into_iter().filter(|(target, _)| is_told(target));
    told.map(|(target, quarters)| {
        if counts_people(&target) {
            (target, quarters.into_iter().map(without).collect())
        } else {
            (target, quarters)
        }
    })
    .collect()
}
