//! `safespace export`: sheets that people take away, and some of which they fill in and bring back.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use safespace_engine::LookAhead;

use crate::{config::Place, failure::Failure, table::write_new};

/// What to export, and where to.
#[derive(Args)]
pub struct Arguments {
    /// What.
    #[arg(value_enum)]
    what: What,
    /// Only what is in this place: its code. For counts, and for picking, where there may be several.
    #[arg(long, env = "SAFESPACE_PLACE", value_delimiter = ',')]
    place: Vec<String>,
    /// Whose pack is picked: the household's reference. For picking.
    #[arg(long, env = "SAFESPACE_HOUSEHOLD", required_if_eq("what", "picking"))]
    household: Option<String>,
    /// How many days are looked ahead, today included, 1 to 90. For shopping.
    #[arg(long, env = "SAFESPACE_DAYS", default_value_t = 7)]
    days: u32,
    /// From the arrivals of how many days before today it is guessed who else will come, 0 to 90. For shopping.
    #[arg(long, env = "SAFESPACE_LOOK_BACK", default_value_t = 28)]
    look_back: u32,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Csv, env = "SAFESPACE_EXPORT_FORMAT")]
    format: Format,
    /// A new file to write it to. Without it, standard output.
    #[arg(long, env = "SAFESPACE_OUTPUT")]
    output: Option<PathBuf>,
}

/// What there is to export.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The catalogue.
    Items,
    /// What is on hand, with room for what is counted.
    Counts,
    /// What is to be bought in the days ahead, by supplier.
    Shopping,
    /// What the pack of a household still needs, place by place.
    Picking,
}

/// How a sheet is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values.
    Csv,
    /// A workbook, set up to be printed on A4.
    Xlsx,
}

/// Carries it out.
pub async fn export(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let most_places = match arguments.what {
        What::Items | What::Shopping => 0,
        What::Counts => 1,
        What::Picking => usize::MAX,
    };
    if arguments.place.len() > most_places {
        return Err(Failure::wrong_call("--place is for counts, where there is one, and for picking"));
    }
    if arguments.what == What::Picking && arguments.place.is_empty() {
        return Err(Failure::wrong_call("say from where it is picked: --place CODE"));
    }
    let to_screen = arguments.output.is_none() && std::io::stdout().is_terminal();
    if arguments.format == Format::Xlsx && to_screen {
        return Err(Failure::wrong_call("a workbook can't be shown here: give --output FILE"));
    }
    let sheet = place
        .with_engine(async |engine| {
            let local = engine.local();
            Ok(match arguments.what {
                What::Items => engine.items_sheet(&local).await?,
                What::Counts => {
                    engine.count_sheet(&local, arguments.place.first().map(String::as_str)).await?
                }
                What::Shopping => {
                    let ask = LookAhead { days: arguments.days, look_back: arguments.look_back };
                    engine.shopping_sheet(&local, ask).await?
                }
                What::Picking => {
                    let household = arguments.household.as_deref().unwrap_or_default();
                    engine.picking_sheet(&local, household, &arguments.place).await?
                }
            })
        })
        .await?;
    let bytes = match arguments.format {
        Format::Csv => sheet.to_csv()?,
        Format::Xlsx => sheet.to_xlsx()?,
    };
    write_new(arguments.output.as_deref(), &bytes)?;
    Ok(ExitCode::SUCCESS)
}
