//! The board: for a window of nights, every unit with what takes each night.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use safespace_domain::{Nights, ledger};

use crate::{
    actor,
    answers::{query_error, unexpected},
    codes::may_see_spaces,
    engine, ids,
    paging::{Page, Window},
    scalars::Date,
    units::Unit,
};

/// What takes a unit on a night.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::ledger::NightUse")]
pub enum NightUse {
    /// A stay that has not begun.
    Booked,
    /// A stay in residence, or departed by now.
    Resident,
    /// A hold.
    Held,
    /// Out of service.
    Void,
    /// Kept to make the unit ready after a stay.
    Turnaround,
}

/// Consecutive nights of one unit that one record takes.
#[derive(SimpleObject)]
pub struct BoardUse {
    /// The first night, within the window.
    from: Date,
    /// The first night after it.
    to: Date,
    /// What takes them.
    night_use: NightUse,
    /// The id of the stay or void that takes them; for turnaround, of the stay before it.
    by: ID,
    /// A household's reference or a void's reason; null for turnaround.
    whose: Option<String>,
}

/// One unit on the board.
#[derive(SimpleObject)]
pub struct BoardRow {
    /// The unit.
    unit: Unit,
    /// What takes its nights, in order: at most one use a night. Other nights are free, or out of stock.
    uses: Vec<BoardUse>,
}

/// A window of nights.
pub struct Board(Nights);

#[Object]
impl Board {
    /// The first night.
    async fn from(&self) -> Date {
        Date(self.0.arrival())
    }

    /// The first night after it.
    async fn to(&self) -> Date {
        Date(self.0.departure())
    }

    /// The units, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn rows(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<BoardRow>> {
        let window = Window::new(first, after)?;
        let board = engine(ctx).board(actor(ctx), self.0, window.after.as_deref(), window.first + 1);
        let board = board.await.map_err(query_error)?;
        let mut rows = Vec::new();
        for row in board.rows {
            let uses = row.uses.iter().map(|board_use| BoardUse {
                from: Date(board_use.nights.arrival()),
                to: Date(board_use.nights.departure()),
                night_use: board_use.take.night_use.into(),
                by: ids::global(kind(board_use.take.night_use), board_use.take.by),
                whose: match board_use.take.night_use {
                    ledger::NightUse::Turnaround => None,
                    _ => board.names.get(&board_use.take.by).cloned(),
                },
            });
            let unit = Unit::part(ctx, row.unit.id).ok_or_else(unexpected)?;
            rows.push((row.unit.code, BoardRow { unit, uses: uses.collect() }));
        }
        Ok(window.page(rows))
    }
}

const fn kind(night_use: ledger::NightUse) -> &'static str {
    match night_use {
        ledger::NightUse::Void => "Void",
        ledger::NightUse::Held => "Hold",
        _ => "Stay",
    }
}

/// The board.
#[derive(Default)]
pub struct BoardQuery;

#[Object]
impl BoardQuery {
    /// For the nights from `from` up to, not including, `to`: every unit with what takes each night.
    async fn board(&self, ctx: &Context<'_>, from: Date, to: Date) -> Result<Board> {
        may_see_spaces(ctx)?;
        let nights = Nights::from_to(from.0, to.0).map_err(|refusal| query_error(refusal.into()))?;
        Ok(Board(nights))
    }
}
