//! `safespace costs`: what provisions cost.

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, ValueEnum};
use safespace_domain::{
    GrantId, Night, Nights,
    costs::{Costs, DEFINITIONS, Funding},
    money::Pence,
};

use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table, date},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The first day, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_FROM")]
    from: Night,
    /// The first day after the range, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_TO")]
    to: Night,
    /// By what they are told.
    #[arg(long, value_enum, default_value_t = By::Total, env = "SAFESPACE_COSTS_BY")]
    by: By,
    #[command(flatten)]
    output: Output,
}

/// By what costs are told.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// By category of items.
    Category,
    /// By month.
    Month,
    /// By where the money came from.
    Funding,
    /// By category, month and where the money came from.
    Cell,
    /// All together, for each household, and for each person and night.
    Total,
}

/// Carries it out.
pub async fn costs(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let range = Nights::new(arguments.from, arguments.to).map_err(|_| {
        Failure::wrong_call(format!(
            "--to, {}, must be after --from, {}, and both in our times",
            arguments.to, arguments.from
        ))
    })?;
    let (costs, grants) = place
        .with_engine(async |engine| {
            let local = engine.local();
            Ok((engine.costs(&local, range).await?, engine.grants(&local).await?))
        })
        .await?;
    let grants = grants.into_iter().map(|view| (view.grant.id, view.grant.code)).collect();
    arguments.output.print(&table(&costs, &grants, range, arguments.by))?;
    Ok(ExitCode::SUCCESS)
}

fn table(costs: &Costs, grants: &BTreeMap<GrantId, String>, range: Nights, by: By) -> Table {
    let text = |text: &str| Cell::Text(text.to_owned());
    let money = |pence: &Pence| Cell::Decimal(Some(pence.pounds()));
    let funding = |funding: &Funding| match funding {
        Funding::Grant(id) => [text("grant"), text(grants.get(id).map_or("", String::as_str))],
        Funding::Own => [text("own"), text("")],
        Funding::Donated => [text("donated"), text("")],
    };
    let (columns, rows): (&[&str], Vec<Vec<Cell>>) = match by {
        By::Category => (
            &["category", "cost"],
            costs.categories.iter().map(|(category, cost)| vec![text(category), money(cost)]).collect(),
        ),
        By::Month => (
            &["month", "cost"],
            costs.months.iter().map(|(month, cost)| vec![text(month), money(cost)]).collect(),
        ),
        By::Funding => {
            let row = |(of, cost): (&Funding, &Pence)| funding(of).into_iter().chain([money(cost)]).collect();
            (&["source", "grant", "cost"], costs.funding.iter().map(row).collect())
        }
        By::Cell => {
            let row = |((category, month, of), cost): (&(String, String, Funding), &Pence)| {
                let of = funding(of).into_iter();
                [text(category), text(month)].into_iter().chain(of).chain([money(cost)]).collect()
            };
            (&["category", "month", "source", "grant", "cost"], costs.cells.iter().map(row).collect())
        }
        By::Total => (
            &[
                "from",
                "to",
                "cost",
                "households",
                "cost_per_household",
                "person_nights",
                "cost_per_person_night",
            ],
            vec![vec![
                text(&range.arrival().to_string()),
                text(&range.departure().to_string()),
                money(&costs.total.cost),
                Cell::Number(costs.households.len() as u64),
                Cell::Decimal(costs.per_household()),
                Cell::Number(costs.total.person_nights),
                Cell::Decimal(costs.total.per_person_night()),
            ]],
        ),
    };
    Table { title: "Costs", columns: columns.to_vec(), rows, definitions: DEFINITIONS.to_vec() }
}
