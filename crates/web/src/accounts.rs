//! The team and its accounts: the index of what managers keep, staff by name, and for administrators accounts and the
//! tokens of programs.
//!
//! A link or a token is shown once, in answer to the form that made it: no address ever names one.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    AccountId, Refusal, TokenId,
    access::{Permission, Role, Scope},
    accounts::Account,
};
use safespace_engine::{Invited, NewAccount, NewToken, Page as Window, Token};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, issuers, page,
    questions::districts,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        self, instant,
        team::{CHOOSE_ONE, account_act, account_state, no_council, roles, token_roles},
    },
};

/// So many accounts or tokens stand on one page.
const ROWS: u64 = 50;
/// So many notices are counted on the index: then it is said that there are more.
const MOST_COUNTED: u64 = 99;

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/team", page(site, team)),
        ("/staff", page(site, staff)),
        ("/accounts", page(site, list)),
        ("/accounts/new", form(site, inviting, invite)),
        ("/accounts/:id", page(site, one)),
        ("/accounts/:id/:act", form(site, acting, act)),
        ("/tokens", page(site, tokens)),
        ("/tokens/new", form(site, making_token, make_token)),
        ("/tokens/:id/revoke", form(site, revoking, revoke)),
    ]
}

#[derive(Template)]
#[template(path = "team.html")]
struct TeamPage {
    shell: Shell,
    unseen: usize,
    undecided: usize,
}

/// What managers keep, as an index.
async fn team(visit: Visit) -> Answer {
    visit.must(Permission::SearchAudit)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let unseen = engine.notices(actor, true, Window { after: None, limit: MOST_COUNTED + 1 }).await?;
    let long = engine.long_stays(actor).await?;
    visit.show(&TeamPage {
        shell: visit.shell(Place::Team)?,
        unseen: unseen.len(),
        undecided: long.iter().filter(|long| long.is_undecided()).count(),
    })
}

/// An account in a list.
struct Row {
    path: String,
    name: String,
    role: &'static str,
    council: String,
    state: &'static str,
    is_usable: bool,
    second_factor: bool,
    made: String,
}

fn row(account: &Account) -> Row {
    Row {
        path: format!("/accounts/{}", account.id),
        name: account.name.clone(),
        role: words::role(account.role),
        council: account.council.clone().unwrap_or_default(),
        state: account_state(account),
        is_usable: account.has_first_factor() && account.is_usable(),
        second_factor: account.has_second_factor,
        made: instant(account.made_at),
    }
}

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// Officers and managers by name.
async fn staff(visit: Visit) -> Answer {
    visit.must(Permission::SearchAudit)?;
    let staff = visit.engine.staff(visit.actor()).await?;
    visit.show(&StaffPage { shell: visit.shell(Place::Team)?, rows: staff.iter().map(row).collect() })
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    shell: Shell,
    rows: Vec<Row>,
    more: Option<String>,
}

/// All accounts. What administrators see first.
pub(crate) async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    let window = Window { after: visit.query.id("after", AccountId), limit: ROWS + 1 };
    let mut found = visit.engine.accounts(visit.actor(), window).await?;
    let has_more = found.len() as u64 > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| has_more);
    visit.show(&AccountsPage {
        shell: visit.shell(Place::Team)?,
        more: last.map(|last| format!("/accounts?after={}", last.id)),
        rows: found.iter().map(row).collect(),
    })
}

#[derive(Template)]
#[template(path = "invite.html")]
struct InvitePage {
    shell: Shell,
    fields: Fields,
    roles: Vec<(String, String)>,
    councils: Vec<(String, String)>,
}

fn invite_page(visit: &Visit, shell: Shell, fields: Fields) -> InvitePage {
    let councils = std::iter::once(no_council()).chain(districts(visit)).collect();
    InvitePage { shell, fields, roles: roles(), councils }
}

/// The form of a new account.
async fn inviting(visit: Visit) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    visit.must_be_fresh()?;
    let fields = visit.filled(Fields::default().with("role", Role::Officer));
    visit.show(&invite_page(&visit, visit.shell(Place::Team)?, fields))
}

/// Makes an account, and shows its link.
async fn invite(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    let role = fields.parsed::<Role>("role", CHOOSE_ONE).and_then(|role| {
        let new =
            |role| NewAccount { name: fields.get("name").to_owned(), role, council: fields.text("council") };
        role.map(new).ok_or_else(|| Refusal::bad("role", CHOOSE_ONE))
    });
    let done = match role {
        Ok(new) => visit.answered(&fields, visit.engine.create_account(visit.actor(), new).await)?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(invited) => show_link(&visit, &invited),
        Err(refusal) => {
            let fields_of_page = ["name", "role", "council"];
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&fields_of_page);
            visit.show_again(&invite_page(&visit, shell, fields))
        }
    }
}

#[derive(Template)]
#[template(path = "invited.html")]
struct InvitedPage {
    shell: Shell,
    name: String,
    role: &'static str,
    link: String,
    until: String,
}

/// Shows the link by which an account is set up: once.
fn show_link(visit: &Visit, invited: &Invited) -> Answer {
    let site = visit.site.back.strip_suffix(issuers::BACK).unwrap_or_default();
    visit.show(&InvitedPage {
        shell: visit.shell(Place::Team)?,
        name: invited.account.name.clone(),
        role: words::role(invited.account.role),
        link: format!("{site}/set-up/{}", invited.link),
        until: instant(invited.until),
    })
}

#[derive(Template)]
#[template(path = "account_one.html")]
struct OnePage {
    shell: Shell,
    row: Row,
    is_disabled: bool,
    disabled: Option<String>,
}

/// An account, and what can be done with it.
async fn one(visit: Visit) -> Answer {
    let account = found(&visit).await?;
    visit.show(&OnePage {
        shell: visit.shell(Place::Team)?,
        row: row(&account),
        is_disabled: account.disabled_at.is_some(),
        disabled: account.disabled_at.map(instant),
    })
}

/// The account that the address names.
async fn found(visit: &Visit) -> Result<Account, Stopped> {
    visit.must(Permission::ManageAccounts)?;
    let id = visit.id("id", AccountId)?;
    let found = visit.engine.account(visit.actor(), id).await?;
    found.ok_or_else(|| Refusal::not_found("account", "account").into())
}

#[derive(Template)]
#[template(path = "account_act.html")]
struct ActPage {
    shell: Shell,
    row: Row,
    title: &'static str,
    means: &'static str,
    button: &'static str,
}

fn act_page(visit: &Visit, shell: Shell, account: &Account) -> Result<ActPage, Stopped> {
    let act = visit.part("act").and_then(account_act);
    let (title, means, button) = act.ok_or_else(|| Refusal::not_found("page", "act"))?;
    Ok(ActPage { shell, row: row(account), title, means, button })
}

/// Says what an act does to an account.
async fn acting(visit: Visit) -> Answer {
    let account = found(&visit).await?;
    let page = act_page(&visit, visit.shell(Place::Team)?, &account)?;
    visit.must_be_fresh()?;
    visit.show(&page)
}

/// Does it.
async fn act(visit: Visit, fields: Fields) -> Answer {
    let account = found(&visit).await?;
    let (engine, actor, id) = (&visit.engine, visit.actor(), account.id);
    let at = |word: &str| format!("/accounts/{id}?done={word}");
    let done = match visit.part("act") {
        Some("reset") => match visit.answered(&fields, engine.reset_account(actor, id).await)? {
            Ok(invited) => return show_link(&visit, &invited),
            Err(refusal) => Err(refusal),
        },
        Some("disable") => {
            visit.answered(&fields, engine.disable_account(actor, id).await)?.map(|_| at("account-shut"))
        }
        Some("enable") => {
            visit.answered(&fields, engine.enable_account(actor, id).await)?.map(|_| at("account-open"))
        }
        _ => Err(Refusal::not_found("page", "act")),
    };
    match done {
        Ok(path) => Ok(to(&path)),
        Err(refusal) => {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&act_page(&visit, shell, &account)?)
        }
    }
}

/// A token in the list.
struct TokenRow {
    revoke: Option<String>,
    name: String,
    whose: String,
    scopes: String,
    made: String,
    expires: String,
    used: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPage {
    shell: Shell,
    rows: Vec<TokenRow>,
    more: Option<String>,
}

fn token_row(visit: &Visit, token: &Token) -> TokenRow {
    let told = |at: Option<_>| at.map(instant).unwrap_or_default();
    let is_over = token.expires_at.is_some_and(|at| at <= visit.engine.now());
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| words::team::scope(*scope)).collect();
    let council = token.council.as_ref().map(|council| format!(", {council}")).unwrap_or_default();
    TokenRow {
        revoke: token.revoked_at.is_none().then(|| format!("/tokens/{}/revoke", token.id)),
        name: token.name.clone(),
        whose: format!("{}{council}", words::role(token.role)),
        scopes: scopes.join(", "),
        made: instant(token.created_at),
        expires: told(token.expires_at),
        used: told(token.last_used_at),
        state: words::team::token_state(token.revoked_at.is_some(), is_over),
    }
}

/// All tokens.
async fn tokens(visit: Visit) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    let window = Window { after: visit.query.id("after", TokenId), limit: ROWS + 1 };
    let mut found = visit.engine.tokens(visit.actor(), window).await?;
    let has_more = found.len() as u64 > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| has_more);
    visit.show(&TokensPage {
        shell: visit.shell(Place::Team)?,
        more: last.map(|last| format!("/tokens?after={}", last.id)),
        rows: found.iter().map(|token| token_row(&visit, token)).collect(),
    })
}

#[derive(Template)]
#[template(path = "token_new.html")]
struct NewTokenPage {
    shell: Shell,
    fields: Fields,
    roles: Vec<(String, String)>,
    councils: Vec<(String, String)>,
    scopes: Vec<(String, String)>,
}

fn new_token_page(visit: &Visit, shell: Shell, fields: Fields) -> NewTokenPage {
    let scope = |scope: Scope| (scope.to_string(), words::team::scope(scope).to_owned());
    NewTokenPage {
        shell,
        fields,
        roles: token_roles(),
        councils: std::iter::once(no_council()).chain(districts(visit)).collect(),
        scopes: Scope::ALL.into_iter().map(scope).collect(),
    }
}

/// The form of a new token.
async fn making_token(visit: Visit) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    visit.must_be_fresh()?;
    let fields = visit.filled(Fields::default().with("role", Role::Partner).with("days", 90));
    visit.show(&new_token_page(&visit, visit.shell(Place::Team)?, fields))
}

fn new_token(fields: &Fields) -> Result<NewToken, Refusal> {
    let scopes: Vec<String> = fields.all("scopes");
    let wrong = || Refusal::bad("scopes", CHOOSE_ONE);
    let scopes: Vec<Scope> =
        scopes.iter().map(|scope| scope.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    Ok(NewToken {
        name: fields.get("name").to_owned(),
        role: fields.parsed("role", CHOOSE_ONE)?.ok_or_else(|| Refusal::bad("role", CHOOSE_ONE))?,
        council: fields.text("council"),
        scopes: (!scopes.is_empty()).then(|| scopes.into_iter().collect()),
        // What is no number of days is refused as too few.
        days: fields.number("days")?.map(|days| u32::try_from(days).unwrap_or(0)),
    })
}

#[derive(Template)]
#[template(path = "token_made.html")]
struct TokenMadePage {
    shell: Shell,
    name: String,
    text: String,
    expires: String,
}

/// Makes a token, and shows it once.
async fn make_token(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageAccounts)?;
    let done = match new_token(&fields) {
        Ok(new) => visit.answered(&fields, visit.engine.create_token(visit.actor(), new).await)?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok((token, text)) => visit.show(&TokenMadePage {
            shell: visit.shell(Place::Team)?,
            name: token.name.clone(),
            text,
            expires: token.expires_at.map(instant).unwrap_or_default(),
        }),
        Err(refusal) => {
            let fields_of_page = ["name", "role", "council", "scopes", "days"];
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&fields_of_page);
            visit.show_again(&new_token_page(&visit, shell, fields))
        }
    }
}

#[derive(Template)]
#[template(path = "token_revoke.html")]
struct RevokePage {
    shell: Shell,
    row: TokenRow,
}

/// The token that the address names.
async fn found_token(visit: &Visit) -> Result<Token, Stopped> {
    visit.must(Permission::ManageAccounts)?;
    let id = visit.id("id", TokenId)?;
    let mut after = None;
    loop {
        let page = visit.engine.tokens(visit.actor(), Window { after, limit: ROWS }).await?;
        after = page.last().map(|token| token.id);
        let is_last = (page.len() as u64) < ROWS;
        if let Some(token) = page.into_iter().find(|token| token.id == id) {
            return Ok(token);
        }
        if is_last {
            return Err(Refusal::not_found("token", "token").into());
        }
    }
}

/// Says what revoking a token does.
async fn revoking(visit: Visit) -> Answer {
    let token = found_token(&visit).await?;
    visit.show(&RevokePage { shell: visit.shell(Place::Team)?, row: token_row(&visit, &token) })
}

/// Revokes it.
async fn revoke(visit: Visit, fields: Fields) -> Answer {
    let token = found_token(&visit).await?;
    match visit.answered(&fields, visit.engine.revoke_token(visit.actor(), token.id).await)? {
        Ok(_) => Ok(to("/tokens?done=token-revoked")),
        Err(refusal) => {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&RevokePage { shell, row: token_row(&visit, &token) })
        }
    }
}
