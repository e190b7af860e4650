//! The templates that packs are made by. For managers to keep: each change is a new version.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    PackTemplateId, Refusal,
    access::Permission,
    pack_templates::{PackTemplate, Per, TemplateLine},
    stock::typed_quantity,
    units::Scheme,
};
use safespace_engine::{Command, SavePackTemplate, TemplateLineAsk};

use super::Names;
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::{scheme, stock as words},
};

/// So many lines more than it has a form has room for.
const MORE: usize = 5;
/// So many lines a form has at most, as the engine allows.
const MOST_LINES: usize = safespace_domain::pack_templates::MOST_LINES;

/// A template in the list.
struct Row {
    edit: String,
    code: String,
    name: String,
    about: String,
    is_retired: bool,
    lines: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "pack_templates.html")]
struct TemplatesPage {
    shell: Shell,
    templates: Vec<Row>,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "pack_template_form.html")]
struct TemplateFormPage {
    shell: Shell,
    fields: Fields,
    /// The code of the template that is changed; none where one is added.
    of: Option<String>,
    is_retired: bool,
    schemes: Choices,
    per: Choices,
    items: Choices,
    lines: Vec<usize>,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stock/templates", page(site, templates)),
        ("/stock/templates/new", form(site, new, add)),
        ("/stock/templates/:id", form(site, describing, describe)),
    ]
}

/// The templates.
async fn templates(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let names = Names::load(&visit).await?;
    let all = visit.engine.pack_templates(visit.actor())?;
    let templates = all.into_iter().map(|template| Row {
        edit: format!("/stock/templates/{}", template.id),
        about: words::template_about(template.version, template.scheme.map(scheme)),
        is_retired: template.retired,
        lines: template
            .lines
            .iter()
            .map(|line| {
                let items: Vec<String> =
                    line.alternatives.iter().map(|item| names.item_words(*item)).collect();
                (items.join(words::OR), words::template_rule(line))
            })
            .collect(),
        code: template.code,
        name: template.name,
    });
    let (templates, may_manage) = (templates.collect(), visit.may(Permission::ManageStock));
    visit.show(&TemplatesPage { shell: visit.shell(Place::Stock)?, templates, may_manage })
}

/// The template that the address names.
fn found(visit: &Visit) -> Result<PackTemplate, Stopped> {
    let id = visit.id("id", PackTemplateId)?;
    let all = visit.engine.pack_templates(visit.actor())?;
    let template = all.into_iter().find(|template| template.id == id);
    template.ok_or_else(|| Stopped::Refused(Refusal::not_found("template", "id")))
}

/// The form, with so many more lines than it had.
async fn form_page(
    visit: &Visit,
    of: Option<&PackTemplate>,
    fields: Fields,
    more: usize,
) -> Result<TemplateFormPage, Stopped> {
    let names = Names::load(visit).await?;
    let lines = fields.number("lines").ok().flatten().and_then(|n| usize::try_from(n).ok()).unwrap_or(MORE);
    let schemes = Scheme::ALL.into_iter().map(|one| (one.as_str().to_owned(), scheme(one).to_owned()));
    Ok(TemplateFormPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        of: of.map(|template| template.code.clone()),
        is_retired: of.is_some_and(|template| template.retired),
        schemes: first(words::ANY_OTHER, schemes.collect()),
        per: Per::ALL.into_iter().map(|per| (per.as_str().to_owned(), words::per(per))).collect(),
        items: names.current_items(),
        lines: (1..=lines.saturating_add(more).clamp(1, MOST_LINES)).collect(),
    })
}

/// The form for a new template.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let page = form_page(&visit, None, visit.filled(Fields::default()), 0).await?;
    visit.show(&page)
}

/// The form that changes a template.
async fn describing(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let template = found(&visit)?;
    let names = Names::load(&visit).await?;
    let begun = Fields::default()
        .with("name", &template.name)
        .with("scheme", template.scheme.map_or("", Scheme::as_str))
        .with("lines", template.lines.len() + MORE);
    let filled =
        template.lines.iter().zip(1_usize..).fold(begun, |all, (line, no)| with_line(all, &names, line, no));
    let page = form_page(&visit, Some(&template), visit.filled(filled), 0).await?;
    visit.show(&page)
}

fn with_line(fields: Fields, names: &Names, line: &TemplateLine, no: usize) -> Fields {
    let codes = line.alternatives.iter().filter_map(|item| names.item(*item)).map(|item| item.code.as_str());
    fields
        .with(&format!("items{no}"), codes.collect::<Vec<_>>().join(", "))
        .with(&format!("per{no}"), line.per)
        .with(&format!("quantity{no}"), line.quantity)
        .with(&format!("everyNights{no}"), line.every_nights.map(|n| n.to_string()).unwrap_or_default())
}

/// The lines, each with its number on the form.
fn lines(fields: &Fields) -> Result<Vec<(TemplateLineAsk, usize)>, Refusal> {
    let mut lines = Vec::new();
    for no in 1..=MOST_LINES {
        let name = |field: &str| format!("{field}{no}");
        let items: Vec<String> = fields
            .get(&name("items"))
            .split([',', ' '])
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect();
        if items.is_empty() {
            continue;
        }
        let per = fields.parsed(&name("per"), words::CHOOSE_FIRST)?;
        let line = TemplateLineAsk {
            items,
            per: per.ok_or_else(|| Refusal::bad(&name("per"), words::CHOOSE_FIRST))?,
            quantity: typed_quantity(fields.get(&name("quantity")), &name("quantity"))?,
            every_nights: fields.number(&name("everyNights"))?,
        };
        lines.push((line, no));
    }
    Ok(lines)
}

fn saving(fields: &Fields, code: &str) -> Result<Command, Refusal> {
    let lines: Vec<TemplateLineAsk> = lines(fields)?.into_iter().map(|(line, _)| line).collect();
    if lines.is_empty() {
        return Err(Refusal::bad("items1", words::NO_LINES));
    }
    Ok(Command::SavePackTemplate(SavePackTemplate {
        code: code.to_owned(),
        name: fields.get("name").to_owned(),
        scheme: Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == fields.get("scheme")),
        lines,
    }))
}

/// A refusal at the field of the line whose items it is about: each line is tried by itself.
async fn at_its_line(
    visit: &Visit,
    fields: &Fields,
    code: &str,
    refusal: Refusal,
) -> Result<Refusal, Stopped> {
    if refusal.field.as_deref() != Some("item") {
        return Ok(refusal);
    }
    for (alone, no) in lines(fields)?.into_iter().map(|(line, no)| (vec![line], no)) {
        let name = fields.get("name").to_owned();
        let ask = SavePackTemplate { code: code.to_owned(), name, scheme: None, lines: alone };
        if let Err(found) = visit.rehearse(Command::SavePackTemplate(ask)).await?
            && found.field == refusal.field
        {
            return Ok(found.on(&format!("items{no}")));
        }
    }
    Ok(refusal)
}

async fn refused(visit: &Visit, of: Option<&PackTemplate>, fields: Fields, refusal: Refusal) -> Answer {
    let code = of.map_or_else(|| fields.get("code").to_owned(), |template| template.code.clone());
    let refusal = at_its_line(visit, &fields, &code, refusal).await?;
    let mut page = form_page(visit, of, fields, 0).await?;
    let of_lines = page.lines.iter().flat_map(|no| {
        ["items", "per", "quantity", "everyNights"].into_iter().map(move |field| format!("{field}{no}"))
    });
    let known: Vec<String> = of_lines.chain(["code", "name", "scheme"].map(str::to_owned)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    page.shell = page.shell.refused(&refusal).at_one_of(&known);
    visit.show_again(&page)
}

/// Adds a template.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    if fields.get("do") == "more" {
        return visit.show(&form_page(&visit, None, fields, MORE).await?);
    }
    let code = fields.get("code");
    let all = visit.engine.pack_templates(visit.actor())?;
    let done = match saving(&fields, code) {
        // Saving it would change the one that is there.
        Ok(_) if all.iter().any(|template| template.code.eq_ignore_ascii_case(code)) => {
            Err(Refusal::bad("code", words::TEMPLATE_IS_THERE))
        }
        Ok(command) => visit.run(&fields, command).await?.map(|_| ()),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(to("/stock/templates?done=template-saved")),
        Err(refusal) => refused(&visit, None, fields, refusal).await,
    }
}

/// Changes a template, retires it or brings it back.
async fn describe(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let template = found(&visit)?;
    let code = template.code.clone();
    let command = match fields.get("do") {
        "more" => return visit.show(&form_page(&visit, Some(&template), fields, MORE).await?),
        "retire" => Ok(Command::RetirePackTemplate { template: code }),
        "restore" => Ok(Command::RestorePackTemplate { template: code }),
        _ => saving(&fields, &template.code),
    };
    let done = match command {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to("/stock/templates?done=template-saved")),
        Err(refusal) => refused(&visit, Some(&template), fields, refusal).await,
    }
}
