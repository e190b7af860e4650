//! The board: units down, nights across.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use askama::Template;
use futures_util::stream;
use poem::{Body, Response, http::header};
use safespace_domain::{
    Night, Nights, ReferralId, UnitId,
    access::Permission,
    availability::Spaces,
    board::BoardUse,
    ledger::NightUse,
    nights::{earlier, later},
    referrals::ReferralStatus,
    stays::arrival_night,
    units::Scheme,
};
use safespace_engine::{Allocation, BoardChanges, BoardRow, Page as Window, ReferralFilter};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped, page,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, people},
};

/// The nights that are shown when nothing else is asked for.
const FORTNIGHT: u32 = 14;
/// The most nights that are shown.
const MOST_NIGHTS: i64 = 28;
/// So many units stand on one page.
const MOST_UNITS: usize = 200;
/// So many referrals stand in the tray.
const MOST_REFERRALS: u64 = 100;
/// A connection on which nothing is said for so long is taken for dead by what stands between.
const STILL_THERE: Duration = Duration::from_secs(20);

/// A night at the head of a column.
struct Column {
    weekday: String,
    day: String,
    is_tonight: bool,
    is_weekend: bool,
}

/// A unit and its nights.
struct Row {
    id: UnitId,
    code: String,
    about: String,
    /// Whether the household of the chosen referral could go there, and why not where it could not.
    fits: Option<Result<String, String>>,
    cells: Vec<Cell>,
}

/// Some nights of a unit.
enum Cell {
    /// Free: the night can be booked.
    Free {
        night: Night,
        path: String,
        label: String,
        could_go: bool,
        /// Of the first of several: until when they are free.
        until: Option<String>,
    },
    /// Over, or not in stock.
    Nothing { word: &'static str },
    /// Taken.
    Taken(Taken),
}

/// What takes nights of a unit.
struct Taken {
    nights: Nights,
    kind: &'static str,
    word: &'static str,
    whose: String,
    path: Option<String>,
    /// What a script needs to move or extend it: the stay, its arrival and its departure.
    moves: Option<(Uuid, Night, Night)>,
    /// Since when, where that is before the nights that are shown.
    since: Option<String>,
    until: String,
    /// Whether that is after the nights that are shown.
    goes_on: bool,
}

/// A referral in the tray.
struct Waiting {
    path: String,
    reference: String,
    about: String,
    status: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    shell: Shell,
    from: Night,
    title: String,
    earlier: String,
    later: String,
    tonight: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    more: Option<String>,
    tray: Vec<Waiting>,
    chosen: Option<String>,
    /// The homes on this page where the chosen household could go.
    fitting: Vec<String>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/board", page(site, board)), ("/board/events", page(site, events))]
}

async fn board(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let tonight = arrival_night(engine.now(), &engine.spaces().policy(Scheme::SafeSpace));
    let nights = visit.query.number("nights").ok().flatten().unwrap_or(i64::from(FORTNIGHT));
    let nights = u32::try_from(nights.clamp(1, MOST_NIGHTS)).unwrap_or(FORTNIGHT);
    let asked = visit.query.date("from").map(|from| from.unwrap_or(tonight));
    let (window, wrong) = match asked.and_then(|from| Nights::from_to(from, later(from, nights))) {
        Ok(window) => (window, None),
        Err(refusal) => (Nights::between(tonight, later(tonight, nights)), Some(refusal)),
    };
    let from = window.arrival();
    let after = visit.query.text("after");
    let chosen = visit.query.id("referral", ReferralId);
    let (tray, allocation) = tray(&visit, chosen, from).await?;
    let shown = engine.board(actor, window, after.as_deref(), MOST_UNITS).await?;
    let spaces = engine.spaces();
    let drawn = Drawn {
        spaces: &spaces,
        names: &shown.names,
        planned: &shown.planned,
        window,
        tonight,
        chosen: chosen.zip(allocation.as_ref()),
    };
    let last = shown.rows.last().map(|row| row.unit.code.clone());
    let link = |from: Night| link(from, nights, chosen, after.as_deref());
    let rows: Vec<Row> = shown.rows.iter().map(|row| drawn.row(row)).collect();
    let page = BoardPage {
        shell: visit.shell(Place::Board)?,
        from,
        title: words::days(window),
        earlier: link(earlier(from, nights)),
        later: link(later(from, nights)),
        tonight: link(tonight),
        columns: window.iter().map(|night| column(night, tonight)).collect(),
        fitting: rows
            .iter()
            .filter(|row| matches!(row.fits, Some(Ok(_))))
            .map(|row| row.code.clone())
            .collect(),
        rows,
        more: last.filter(|_| shown.more).map(|code| self::link(from, nights, chosen, Some(&code))),
        chosen: tray.iter().find(|waiting| waiting.is_chosen).map(|waiting| waiting.reference.clone()),
        tray,
    };
    match wrong {
        None => visit.show(&page),
        Some(refusal) => {
            let shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&["from"]);
            visit.show_again(&BoardPage { shell, ..page })
        }
    }
}

/// The board's own address, with what is chosen on it.
fn link(from: Night, nights: u32, referral: Option<ReferralId>, after: Option<&str>) -> String {
    let mut asked = vec![("from", from.to_string())];
    if nights != FORTNIGHT {
        asked.push(("nights", nights.to_string()));
    }
    asked.extend(referral.map(|id| ("referral", id.to_string())));
    asked.extend(after.map(|code| ("after", code.to_owned())));
    format!("/board?{}", serde_urlencoded::to_string(asked).unwrap_or_default())
}

fn column(night: Night, tonight: Night) -> Column {
    let weekday = night.format("%a").to_string();
    Column {
        is_weekend: weekday == "Sat" || weekday == "Sun",
        weekday,
        day: night.format("%-d %b").to_string(),
        is_tonight: night == tonight,
    }
}

/// The referrals that wait for a home, and where the chosen one could go.
async fn tray(
    visit: &Visit,
    chosen: Option<ReferralId>,
    from: Night,
) -> Result<(Vec<Waiting>, Option<Allocation>), Stopped> {
    if !visit.may(Permission::AnswerReferrals) {
        return Ok((Vec::new(), None));
    }
    let waits = vec![ReferralStatus::Received, ReferralStatus::Assessing, ReferralStatus::Accepted];
    let filter = ReferralFilter { council: None, statuses: waits };
    let page = Window { after: None, limit: MOST_REFERRALS };
    let found = visit.engine.referrals(visit.actor(), &filter, page).await?;
    let tray = found.iter().map(|view| {
        let referral = &view.referral;
        Waiting {
            path: format!("{}#chosen", link(from, FORTNIGHT, Some(referral.id), None)),
            reference: referral.reference.clone(),
            about: format!(
                "{}, {}",
                people(referral.facts.people),
                words::count(referral.facts.nights, "night")
            ),
            status: words::referral_status(referral.status()),
            is_chosen: chosen == Some(referral.id),
        }
    });
    let tray: Vec<Waiting> = tray.collect();
    let allocation = match chosen {
        Some(id) => visit.engine.allocation(visit.actor(), id, None, Scheme::SafeSpace).await.ok(),
        None => None,
    };
    Ok((tray, allocation))
}

/// What the board is drawn from.
struct Drawn<'a> {
    spaces: &'a Spaces,
    names: &'a BTreeMap<Uuid, String>,
    planned: &'a BTreeMap<Uuid, Nights>,
    window: Nights,
    tonight: Night,
    chosen: Option<(ReferralId, &'a Allocation)>,
}

impl Drawn<'_> {
    fn row(&self, row: &BoardRow) -> Row {
        let unit = &row.unit;
        let mut cells = Vec::new();
        let mut rest = row.uses.iter().peekable();
        let mut nights = self.window.iter().peekable();
        let fits = self.fits(unit.id);
        while let Some(night) = nights.next() {
            match rest.next_if(|used| used.nights.arrival() <= night) {
                Some(used) => {
                    while nights.next_if(|next| used.nights.contains(*next)).is_some() {}
                    cells.push(Cell::Taken(self.taken(used)));
                }
                None => {
                    let mut free = self.free(row, night, matches!(fits, Some(Ok(_))));
                    if let Cell::Free { until, .. } = &mut free
                        && !matches!(cells.last(), Some(Cell::Free { .. }))
                    {
                        let next = rest.peek().map(|used| used.nights.arrival());
                        *until = Some(words::free_until(next));
                    }
                    cells.push(free);
                }
            }
        }
        Row {
            code: unit.code.clone(),
            id: unit.id,
            about: crate::today::about(self.spaces, unit),
            fits,
            cells,
        }
    }

    /// Whether the chosen household could go to a unit, with what speaks for it, or why it could not.
    fn fits(&self, unit: UnitId) -> Option<Result<String, String>> {
        let (_, allocation) = self.chosen?;
        let no = allocation.spaces.no(unit)?;
        if let Some(ranked) = allocation.ranked.iter().find(|ranked| ranked.no == no) {
            return Some(Ok(words::placing::plainly(&ranked.why)));
        }
        let (_, reasons) = allocation.excluded.iter().find(|(found, _)| *found == no)?;
        let reasons: Vec<String> =
            reasons.iter().map(|reason| words::placing::plainly(&reason.to_string())).collect();
        Some(Err(reasons.join("; ")))
    }

    fn free(&self, row: &BoardRow, night: Night, fits: bool) -> Cell {
        if !row.unit.is_in_stock(night) {
            return Cell::Nothing { word: words::NOT_IN_STOCK };
        }
        if night < self.tonight {
            return Cell::Nothing { word: words::STOOD_EMPTY };
        }
        let code = &row.unit.code;
        let could_go = fits && self.chosen.is_some_and(|(_, allocation)| allocation.nights.contains(night));
        let path = match self.chosen {
            Some((referral, _)) if could_go => format!("/referrals/{referral}/place?unit={}", row.unit.id),
            _ => format!("/book?unit={}&arrival={night}", row.unit.id),
        };
        Cell::Free {
            night,
            path,
            label: format!("{code}, {}", words::short_day(night)),
            could_go,
            until: None,
        }
    }

    fn taken(&self, used: &BoardUse) -> Taken {
        let by = used.take.by;
        let whose = self.names.get(&by).cloned().unwrap_or_default();
        let (kind, path) = match used.take.night_use {
            NightUse::Booked => ("booked", Some(format!("/stays/{by}"))),
            NightUse::Resident => ("resident", Some(format!("/stays/{by}"))),
            NightUse::Held => ("held", Some(format!("/holds/{by}"))),
            NightUse::Void => ("void", Some(format!("/voids/{by}"))),
            NightUse::Turnaround => ("turnaround", None),
        };
        let whose = if used.take.night_use == NightUse::Void { words::in_plain_words(&whose) } else { whose };
        let is_stay = matches!(used.take.night_use, NightUse::Booked | NightUse::Resident);
        let planned = self.planned.get(&by).copied().unwrap_or(used.nights);
        let is_overstay = kind == "resident" && planned.departure() < used.nights.departure();
        // Somebody who has not left has nights that were theirs.
        let has_lost = kind == "booked"
            && planned.arrival() < used.nights.arrival()
            && self.window.arrival() < used.nights.arrival();
        let word = match used.take.night_use {
            _ if is_overstay => words::OVERSTAY,
            _ if has_lost => words::HAS_LOST_NIGHTS,
            night_use => words::night_use(night_use),
        };
        Taken {
            nights: used.nights,
            kind: if is_overstay { "resident overstay" } else { kind },
            word,
            whose: if used.take.night_use == NightUse::Turnaround { String::new() } else { whose },
            path,
            moves: is_stay.then(|| (by, planned.arrival(), planned.departure())),
            since: (planned.arrival() < self.window.arrival()).then(|| words::short_day(planned.arrival())),
            until: words::short_day(planned.departure()),
            goes_on: self.window.departure() < planned.departure(),
        }
    }
}

/// Word of every change of the board, for as long as the session is good.
async fn events(visit: Visit) -> Answer {
    let changes = visit.engine.board_changes(visit.actor())?;
    let told = stream::unfold(changes, |mut changes: BoardChanges| async move {
        let text = match tokio::time::timeout(STILL_THERE, changes.next()).await {
            Ok(Some(_)) => "event: changed\ndata: \n\n",
            Ok(None) => return None,
            Err(_) => ": still there\n\n",
        };
        Some((Ok::<_, std::io::Error>(text), changes))
    });
    Ok(Response::builder()
        .content_type("text/event-stream")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_bytes_stream(told)))
}
