//! Taking a referral: the least that somebody says who calls. It is kept from then on, whatever happens to the call.

use askama::Template;
use chrono::NaiveDateTime;
use safespace_domain::{
    Refusal, access::Permission, clock::typed_time, households::People, nights::Night, referrals::Source,
    stays::arrival_night, units::Scheme,
};
use safespace_engine::{Command, Outcome, ReferralAsk, TakeReferral};

use super::{
    Choices, path,
    steps::{Reading, Step, WHO_FIELDS, read_who, sources},
};
use crate::{
    Answer, Stopped,
    fields::Fields,
    shell::{Place, Shell, to},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "referral_new.html")]
struct TakingPage {
    shell: Shell,
    fields: Fields,
    sources: Choices,
}

/// The form: one adult for a week from tonight on, until somebody says otherwise.
pub(super) async fn show(visit: Visit) -> Answer {
    visit.must(Permission::AnswerReferrals)?;
    let fields = Fields::default()
        .with("adults", 1)
        .with("children", 0)
        .with("arrival", tonight(&visit))
        .with("nights", 7);
    let page = TakingPage {
        shell: visit.shell(Place::Referrals)?,
        fields: visit.filled(fields),
        sources: sources(),
    };
    visit.show(&page)
}

fn tonight(visit: &Visit) -> Night {
    arrival_night(visit.engine.now(), &visit.engine.spaces().policy(Scheme::SafeSpace))
}

/// Takes it, and goes on to the next step or to its page.
pub(super) async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::AnswerReferrals)?;
    let ask = match read(&visit, &fields) {
        Ok(ask) => ask,
        Err(wrong) => return again(&visit, fields, &wrong),
    };
    match visit.run(&fields, Command::TakeReferral(ask)).await? {
        Ok(Outcome::Referral(referral)) => {
            let path = path(referral.id);
            Ok(match fields.get("do") {
                "later" => to(&format!("{path}?done=referral-taken")),
                _ => to(&format!("{path}/steps/{}?done=referral-taken", Step::Danger.slug())),
            })
        }
        Ok(_) => Err(Stopped::Failed),
        Err(refusal) => again(&visit, fields, &[refusal]),
    }
}

fn read(visit: &Visit, fields: &Fields) -> Result<TakeReferral, Vec<Refusal>> {
    let mut reading = Reading::new(fields);
    let people = People { adults: 1, children: 0 };
    let mut ask = ReferralAsk::plain(Source::Household, people, tonight(visit));
    read_who(&mut reading, &mut ask);
    let received_at = reading.take(came(fields)).flatten();
    reading.done()?;
    Ok(TakeReferral { ask, received_at })
}

/// When the call came, where somebody says; as clocks show it here.
fn came(fields: &Fields) -> Result<Option<chrono::DateTime<chrono::Utc>>, Refusal> {
    let Some(text) = fields.text("receivedAt") else { return Ok(None) };
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|pattern| NaiveDateTime::parse_from_str(&text, pattern).ok());
    let local = local.ok_or_else(|| Refusal::bad("receivedAt", crate::words::placing::referrals::A_TIME))?;
    typed_time(local, "receivedAt").map(Some)
}

fn again(visit: &Visit, fields: Fields, wrong: &[Refusal]) -> Answer {
    let shell = wrong.iter().fold(visit.shell(Place::Referrals)?, Shell::refused);
    let shell = shell.at_one_of(&[WHO_FIELDS, &["receivedAt"]].concat());
    visit.show_again(&TakingPage { shell, fields, sources: sources() })
}
