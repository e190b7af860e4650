//! Answering a referral: assessing it, accepting it for a household, and the ways in which it ends without a home.

use askama::Template;
use chrono::Datelike;
use safespace_domain::{
    HouseholdId, Refusal,
    reasons::ReasonKind,
    referrals::{Referral, ReferralStatus},
    units::Scheme,
};
use safespace_engine::{Command, ReferralView};

use super::{Choices, found, path, record};
use crate::{
    Answer, Stopped,
    fields::Fields,
    placing,
    shell::{Place, Shell, to},
    visit::Visit,
    words::placing::referrals as said,
};

/// Says that somebody finds out what the household needs.
pub(super) async fn assess(visit: Visit, fields: Fields) -> Answer {
    let (view, needs) = found(&visit).await?;
    let referral = view.referral.id;
    match visit.run(&fields, Command::AssessReferral { referral }).await? {
        Ok(_) => Ok(to(&format!("{}?done=referral-assessing", path(referral)))),
        Err(refusal) => {
            let shell = visit.shell(Place::Referrals)?.refused(&refusal).at_one_of(&[]);
            let page = record::page(&visit, shell, &view, &needs).await?;
            visit.show_again(&page)
        }
    }
}

/// What stands for a household that is none of those that it may be.
const OTHER: &str = "other";

#[derive(Template)]
#[template(path = "referral_accept.html")]
struct AcceptPage {
    shell: Shell,
    fields: Fields,
    path: String,
    reference: String,
    /// The households that it may be, and another.
    which: Choices,
    /// There is a household of the reference that was typed, and nobody has said that it is meant.
    is_known: bool,
}

/// The form by which it is accepted for a household.
pub(super) async fn accepting(visit: Visit) -> Answer {
    let (view, _) = found(&visit).await?;
    let referral = &view.referral;
    if !is_undecided(referral) {
        return Ok(to(&path(referral.id)));
    }
    let which = which(&visit, &view).await?;
    let ids: Vec<HouseholdId> = visit.query.id("known", HouseholdId).into_iter().collect();
    let known = visit.engine.households(visit.actor(), &ids).await?;
    let fields = Fields::default()
        .with("which", known.first().map_or("", |household| household.reference.as_str()))
        .with("household", suggested(&visit, referral)?);
    let page = AcceptPage {
        shell: visit.shell(Place::Referrals)?,
        fields: visit.filled(fields),
        path: path(referral.id),
        reference: referral.reference.clone(),
        which,
        is_known: false,
    };
    visit.show(&page)
}

/// Whether nobody has decided it yet.
fn is_undecided(referral: &Referral) -> bool {
    matches!(referral.status(), ReferralStatus::Received | ReferralStatus::Assessing)
}

/// The households that it may be, and another; nothing where it may be none.
async fn which(visit: &Visit, view: &ReferralView) -> Result<Choices, Stopped> {
    if !is_undecided(&view.referral) {
        return Ok(Choices::new());
    }
    let found = visit.engine.may_be(visit.actor(), view.referral.id).await?;
    let mut which: Choices =
        found.into_iter().map(|household| (household.reference.clone(), household.reference)).collect();
    if !which.is_empty() {
        which.push((OTHER.to_owned(), said::ANOTHER_HOUSEHOLD.to_owned()));
    }
    Ok(which)
}

/// A reference that nobody has: it counts nothing and says nothing of whom it is. A council knows the reference of what it
/// sent: it must not know the household by it.
fn suggested(visit: &Visit, referral: &Referral) -> Result<String, Stopped> {
    if !referral.reference.starts_with("P-") {
        return Ok(referral.reference.clone());
    }
    let drawn = visit.engine.forgery_token(&format!("reference of {}", referral.id))?;
    let drawn: String = drawn.chars().take(5).collect();
    Ok(format!("R-{}-{}", visit.engine.today().year(), drawn.to_uppercase()))
}

/// Accepts it. A reference that is a household's already must be meant.
pub(super) async fn accept(visit: Visit, fields: Fields) -> Answer {
    let (view, _) = found(&visit).await?;
    let which = which(&visit, &view).await?;
    let chosen = fields.get("which");
    if !which.is_empty() && chosen.is_empty() {
        let wrong = Refusal::bad("which", said::WHICH_HOUSEHOLD);
        return accept_again(&visit, &view, fields, which, Some(&wrong));
    }
    let is_listed = which.iter().any(|(reference, _)| reference == chosen && chosen != OTHER);
    let household = if is_listed { chosen } else { fields.get("household") }.to_owned();
    let is_known = match placing::is_known(&visit, &household).await? {
        Ok(is_known) => is_known,
        Err(refusal) => return accept_again(&visit, &view, fields, which, Some(&refusal)),
    };
    let is_meant = is_listed || !is_undecided(&view.referral) || fields.get("known") == household;
    if !is_meant && is_known {
        return accept_again(&visit, &view, fields, which, None);
    }
    let referral = view.referral.id;
    match visit.run(&fields, Command::AcceptReferral { referral, household }).await? {
        Ok(_) => Ok(to(&format!("{}?done=referral-accepted", path(referral)))),
        Err(refusal) => accept_again(&visit, &view, fields, which, Some(&refusal)),
    }
}

fn accept_again(
    visit: &Visit,
    view: &ReferralView,
    fields: Fields,
    which: Choices,
    wrong: Option<&Refusal>,
) -> Answer {
    let shell = visit.shell(Place::Referrals)?;
    let (shell, is_known) = match wrong {
        Some(refusal) => (shell.refused(refusal).at_one_of(&["which", "household"]), false),
        None => (shell, true),
    };
    let page = AcceptPage {
        shell,
        fields,
        path: path(view.referral.id),
        reference: view.referral.reference.clone(),
        which,
        is_known,
    };
    if is_known { visit.show(&page) } else { visit.show_again(&page) }
}

/// How a referral ends without a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The household is not to be placed.
    Decline,
    /// It waited, and needs no place any more.
    Close,
    /// Whoever called takes it back.
    Withdraw,
}

impl Ending {
    /// The list that its reason is on, and the field that it stands in.
    const fn list(self) -> Option<(ReasonKind, &'static str)> {
        match self {
            Self::Decline => Some((ReasonKind::Decline, "reason")),
            Self::Close => Some((ReasonKind::Closing, "outcome")),
            Self::Withdraw => None,
        }
    }

    /// Where it can still happen.
    const fn from(self) -> &'static [ReferralStatus] {
        use ReferralStatus::{Accepted, Assessing, Received};
        match self {
            Self::Decline | Self::Withdraw => &[Received, Assessing, Accepted],
            Self::Close => &[Accepted],
        }
    }

    fn command(self, referral: &Referral, fields: &Fields) -> Command {
        let referral = referral.id;
        match self {
            Self::Decline => Command::DeclineReferral { referral, reason: fields.get("reason").to_owned() },
            Self::Close => Command::CloseReferral { referral, outcome: fields.get("outcome").to_owned() },
            Self::Withdraw => Command::RecordWithdrawal { referral },
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Decline => "referral-declined",
            Self::Close => "referral-closed",
            Self::Withdraw => "referral-withdrawn",
        }
    }
}

#[derive(Template)]
#[template(path = "referral_end.html")]
struct EndPage {
    shell: Shell,
    fields: Fields,
    ending: Ending,
    path: String,
    reference: String,
    council: Option<String>,
    has_household: bool,
    reasons: Choices,
    /// The reason that was chosen, where it is asked whether it is meant.
    chosen: Option<String>,
    /// How many homes the household could go to.
    fit: Option<usize>,
}

/// The form by which it ends.
pub(super) async fn ending(visit: Visit, ending: Ending) -> Answer {
    let (view, _) = found(&visit).await?;
    if !ending.from().contains(&view.referral.status()) {
        return Ok(to(&path(view.referral.id)));
    }
    let shell = visit.shell(Place::Referrals)?;
    let fields = visit.filled(Fields::default());
    let page = end_page(&visit, shell, ending, &view, fields);
    visit.show(&page)
}

fn end_page(visit: &Visit, shell: Shell, ending: Ending, view: &ReferralView, fields: Fields) -> EndPage {
    let referral = &view.referral;
    let spaces = visit.engine.spaces();
    let on_list = |kind| spaces.reasons.iter().filter(move |reason| reason.kind == kind);
    let reasons = ending.list().into_iter().flat_map(|(kind, _)| on_list(kind));
    EndPage {
        shell,
        fields,
        ending,
        path: path(referral.id),
        reference: referral.reference.clone(),
        council: referral.council.clone(),
        has_household: referral.household().is_some(),
        reasons: reasons.map(|reason| (reason.code.clone(), reason.label.clone())).collect(),
        chosen: None,
        fit: None,
    }
}

/// Says what will happen, and does it once it is meant.
pub(super) async fn end(visit: Visit, fields: Fields, ending: Ending) -> Answer {
    let (view, _) = found(&visit).await?;
    let command = ending.command(&view.referral, &fields);
    let field = ending.list().map_or("", |(_, field)| field);
    if !field.is_empty() && fields.get(field).is_empty() {
        return end_again(&visit, ending, &view, fields, &Refusal::bad(field, said::WHY));
    }
    if ending.list().is_some() && fields.get("do") != "end" {
        return match visit.rehearse(command).await? {
            Ok(_) => is_meant(&visit, ending, &view, fields).await,
            Err(refusal) => end_again(&visit, ending, &view, fields, &refusal),
        };
    }
    match visit.run(&fields, command).await? {
        Ok(_) => Ok(to(&format!("{}?done={}", path(view.referral.id), ending.done()))),
        Err(refusal) => end_again(&visit, ending, &view, fields, &refusal),
    }
}

/// Asks whether it is meant.
async fn is_meant(visit: &Visit, ending: Ending, view: &ReferralView, fields: Fields) -> Answer {
    let mut page = end_page(visit, visit.shell(Place::Referrals)?, ending, view, fields);
    let field = ending.list().map_or("", |(_, field)| field);
    let chosen = page.reasons.iter().find(|(code, _)| code == page.fields.get(field));
    page.chosen = chosen.map(|(_, label)| label.clone());
    if ending == Ending::Decline {
        let homes = visit.engine.allocation(visit.actor(), view.referral.id, None, Scheme::SafeSpace).await;
        page.fit = homes.ok().map(|homes| homes.ranked.len());
    }
    visit.show(&page)
}

fn end_again(visit: &Visit, ending: Ending, view: &ReferralView, fields: Fields, wrong: &Refusal) -> Answer {
    let field = ending.list().map_or("", |(_, field)| field);
    let shell = visit.shell(Place::Referrals)?.refused(wrong).at_one_of(&[field]);
    visit.show_again(&end_page(visit, shell, ending, view, fields))
}
