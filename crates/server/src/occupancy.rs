//! `safespace occupancy`: how full the homes are.

use std::process::ExitCode;

use clap::Args;
use safespace_domain::{
    Night, Nights,
    occupancy::{DEFINITIONS, GroupKind, OccupancyRow},
    periods::PeriodKind,
};

use crate::{
    config::Place,
    failure::Failure,
    print::say,
    table::{Cell, Format, Table, date},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The first night, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_FROM")]
    from: Night,
    /// The first night after the range, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_TO")]
    to: Night,
    /// How the range is cut: night, week, four-weeks, month, quarter, year, financial-year or whole.
    #[arg(long, default_value = "month", env = "SAFESPACE_BY")]
    by: PeriodKind,
    /// By what the units are grouped: property, unit, district, scheme or kind (of accommodation).
    #[arg(long, env = "SAFESPACE_GROUP")]
    group: Option<GroupKind>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table, env = "SAFESPACE_FORMAT")]
    format: Format,
}

/// Carries it out.
pub async fn occupancy(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let range = Nights::new(arguments.from, arguments.to).map_err(|_| {
        Failure::wrong_call(format!(
            "--to, {}, must be after --from, {}, and both in our times",
            arguments.to, arguments.from
        ))
    })?;
    let rows = place.with_engine(async |engine| {
        Ok(engine.occupancy(&engine.local(), range, arguments.by, arguments.group).await?)
    });
    say(&table(&rows.await?, arguments.group.is_some()).print(arguments.format)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The figures as rows of cells.
fn table(rows: &[OccupancyRow], grouped: bool) -> Table {
    let mut columns = vec!["period"];
    columns.extend(grouped.then_some("group"));
    columns.extend([
        "in_stock_nights",
        "void_nights",
        "available_nights",
        "occupied_nights",
        "reserved_nights",
        "occupancy_rate",
        "nights",
        "full_nights",
        "full_share",
    ]);
    let cells = |row: &OccupancyRow| {
        let mut cells = vec![Cell::Text(row.period.clone())];
        cells.extend(grouped.then(|| Cell::Text(row.group.clone().unwrap_or_default())));
        cells.extend([
            Cell::Number(row.in_stock_nights),
            Cell::Number(row.void_nights),
            Cell::Number(row.available_nights),
            Cell::Number(row.occupied_nights),
            Cell::Number(row.reserved_nights),
            Cell::Decimal(row.occupancy_rate()),
            Cell::Number(row.nights),
            Cell::Number(row.full_nights),
            Cell::Decimal(row.full_share()),
        ]);
        cells
    };
    Table { columns, rows: rows.iter().map(cells).collect(), definitions: &DEFINITIONS }
}
