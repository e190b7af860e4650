//! The groups that meet, for which packs are made. Managers keep them.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal, RefusalCode,
    access::Permission,
    codes,
    figures::Section,
    meeting_packs::{Audience, Every, MeetingGroup},
};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::Choices,
    settings::{self, Sent},
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{
        GROUP_NOTES, HOW_OFTEN, IS_THERE, WHO_SEES, audience_choice, capital, every, group_called,
        group_changes, sections,
    },
};

/// Where they are.
const PATH: &str = "/settings/meeting-groups";
/// The fields of a group.
const FIELDS: [&str; 5] = ["code", "name", "every", "audience", "sections"];

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        (PATH, page(site, list)),
        ("/settings/meeting-groups/new", form(site, new, add)),
        ("/settings/meeting-groups/change", form(site, one, change)),
    ]
}

/// A group in the list.
struct Row {
    change: String,
    code: String,
    name: String,
    every: String,
    audience: String,
    sections: String,
}

#[derive(Template)]
#[template(path = "meeting_groups.html")]
struct GroupsPage {
    shell: Shell,
    rows: Vec<Row>,
}

fn row(group: MeetingGroup) -> Row {
    let query = serde_urlencoded::to_string([("code", &group.code)]).unwrap_or_default();
    Row {
        change: format!("{PATH}/change?{query}"),
        code: group.code,
        name: group.name,
        every: capital(every(group.every)),
        audience: capital(audience_choice(group.audience)),
        sections: sections(&group.sections),
    }
}

/// The groups.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageReports)?;
    let groups = visit.engine.meeting_groups(visit.actor()).await?;
    visit.show(&GroupsPage { shell: visit.shell(Place::Team)?, rows: groups.into_iter().map(row).collect() })
}

#[derive(Template)]
#[template(path = "meeting_group.html")]
struct GroupPage {
    shell: Shell,
    fields: Fields,
    /// The name of the group that is changed; none where one is added.
    of: Option<String>,
    times: Choices,
    audiences: Choices,
    sections: Choices,
}

fn group_page(shell: Shell, fields: Fields, of: Option<&MeetingGroup>) -> GroupPage {
    let choice = |value: &str, words: &str| (value.to_owned(), capital(words));
    GroupPage {
        shell,
        fields,
        of: of.map(|group| group.name.clone()),
        times: Every::ALL.map(|it| choice(it.as_str(), every(it))).to_vec(),
        audiences: Audience::ALL.map(|it| choice(it.as_str(), audience_choice(it))).to_vec(),
        sections: Section::ALL.map(|it| choice(it.as_str(), it.title())).to_vec(),
    }
}

/// The group that a form says.
fn said(fields: &Fields, code: &str) -> Result<MeetingGroup, Refusal> {
    let chosen: Vec<String> = fields.all("sections");
    let chosen = Section::ALL.into_iter().filter(|section| chosen.iter().any(|it| it == section.as_str()));
    Ok(MeetingGroup {
        code: code.to_owned(),
        name: fields.get("name").to_owned(),
        every: Every::named(fields.get("every")).ok_or_else(|| Refusal::bad("every", HOW_OFTEN))?,
        audience: Audience::named(fields.get("audience"))
            .ok_or_else(|| Refusal::bad("audience", WHO_SEES))?,
        sections: chosen.collect(),
    })
}

/// The form of a new group: with every section, as the first groups of a service have.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::ManageReports)?;
    let all = Section::ALL.into_iter();
    let fields = all.fold(Fields::default(), |fields, section| fields.with("sections", section.as_str()));
    visit.show(&group_page(visit.shell(Place::Team)?, visit.filled(fields), None))
}

/// Adds a group.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageReports)?;
    let refusal = match said(&fields, fields.get("code")) {
        Ok(new) if is_taken(&visit, &new).await? => Refusal::new(RefusalCode::CodeInUse, IS_THERE).on("code"),
        Ok(new) => match visit.run(&fields, Command::SaveMeetingGroup(new)).await? {
            Ok(_) => return Ok(to("/settings/meeting-groups?done=group-added")),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    settings::again(&visit, Some(&refusal), &FIELDS, |shell| group_page(shell, fields, None))
}

/// Whether what is to be new has the code of another group, which would be replaced unseen. A form that is sent twice finds
/// what it did the first time.
async fn is_taken(visit: &Visit, new: &MeetingGroup) -> Result<bool, Stopped> {
    let groups = visit.engine.meeting_groups(visit.actor()).await?;
    let same_code = |other: &MeetingGroup| codes::key(&other.code) == codes::key(&new.code);
    Ok(groups.iter().any(|other| same_code(other) && other != new))
}

/// The group that the address names.
async fn found(visit: &Visit) -> Result<MeetingGroup, Stopped> {
    visit.must(Permission::ManageReports)?;
    let groups = visit.engine.meeting_groups(visit.actor()).await?;
    let found = groups.into_iter().find(|group| group.code == visit.query.get("code"));
    found.ok_or_else(|| Refusal::not_found("group", "code").into())
}

/// The form of a group that is there.
async fn one(visit: Visit) -> Answer {
    let group = found(&visit).await?;
    let fields = Fields::default()
        .with("name", &group.name)
        .with("every", group.every.as_str())
        .with("audience", group.audience.as_str());
    let sections = group.sections.iter();
    let fields = sections.fold(fields, |fields, section| fields.with("sections", section.as_str()));
    visit.show(&group_page(visit.shell(Place::Team)?, visit.filled(fields), Some(&group)))
}

/// Says what would change in a group, and changes it. Its code stays.
async fn change(visit: Visit, fields: Fields) -> Answer {
    let group = found(&visit).await?;
    let changes = |outcome: &Outcome| match outcome {
        Outcome::MeetingGroup(after) => group_changes(&group, after),
        _ => Vec::new(),
    };
    let asked = said(&fields, &group.code).map(Command::SaveMeetingGroup);
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings/meeting-groups?done=group-changed")),
        Sent::WouldChange(lines) => {
            settings::confirm(&visit, &fields, group_called(&group.name), lines, &GROUP_NOTES, PATH)
        }
        Sent::Again(refusal) => settings::again(&visit, refusal.as_ref(), &FIELDS, |shell| {
            group_page(shell, fields, Some(&group))
        }),
    }
}
