//! What the databases are filled with: files for `safespace import`, the same at every run.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::Result;

/// The districts of the generated homes.
const DISTRICTS: [&str; 5] = ["Stevenage", "North Herts", "East Herts", "Welwyn Hatfield", "Hertsmere"];
/// The length of most stays, and the longest in a safe space.
const WEEK: u64 = 7;
/// The resort file's size: units, then rows by what became of them.
const RESORT: (u64, u64, u64, u64) = (187, 28_566, 10_825, 285);

/// Numbers that look random and are the same at every run (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }
}

/// Today, as the server's clock has it.
#[expect(clippy::disallowed_methods, reason = "the server that is measured runs on the real clock, too")]
pub fn today() -> NaiveDate {
    DateTime::<Utc>::from(SystemTime::now()).date_naive()
}

/// So many days after, or before.
pub fn shift(day: NaiveDate, by: i64) -> NaiveDate {
    let days = Days::new(by.unsigned_abs());
    if by < 0 { day - days } else { day + days }
}

/// The code of a generated unit.
fn unit_code(unit: u64) -> String {
    format!("U-{unit:04}")
}

/// A file of units: ten to a property, over all districts, for one to six people, with a feature or two.
pub fn spaces(folder: &Path, units: u64, opened_on: NaiveDate) -> Result<PathBuf> {
    let mut dice = Dice::new(1);
    let mut text = String::from("unit,property,scheme,district,sleeps,features,opened_on,closed_on\n");
    for unit in 0..units {
        let property = unit / 10;
        let district = DISTRICTS.iter().cycle().nth(usize::try_from(property)?).ok_or("no district")?;
        let features = match dice.between(0, 5) {
            0 => "cot",
            1 => "pets parking",
            2 => "ground_floor",
            _ => "",
        };
        let sleeps = dice.between(1, 6);
        writeln!(
            text,
            "{},P-{property:03},safe_space,{district},{sleeps},{features},{opened_on},",
            unit_code(unit)
        )?;
    }
    write(folder, "spaces.csv", &text)
}

/// Two years of stays around today, with nine nights in ten taken: weeks back to back, then a gap of up to twenty nights.
pub fn stays_at_nine_tenths(folder: &Path, units: u64, today: NaiveDate) -> Result<PathBuf> {
    let mut dice = Dice::new(2);
    let mut rows = Vec::new();
    let (first, last) = (shift(today, -365), shift(today, 365));
    for unit in 0..units {
        // Each unit begins somewhere within a run.
        let mut day = shift(first, -i64::try_from(dice.between(0, 100))?);
        while day < last {
            let gap = dice.between(1, 20);
            // Nine times as many nights as the gap, in weeks; a part of a week by chance.
            let mut weeks = gap * 9 / WEEK + u64::from(dice.between(0, WEEK - 1) < gap * 9 % WEEK);
            while weeks > 0 && day < last {
                let departure = day + Days::new(WEEK);
                if day >= first {
                    let status = if departure <= today {
                        "departed"
                    } else if day < today {
                        "in_residence"
                    } else {
                        "booked"
                    };
                    let booked_on = shift(day, -3).min(today);
                    rows.push((
                        day,
                        format!("{},{day},{departure},{status},1,0,{booked_on}", unit_code(unit)),
                    ));
                }
                day = departure;
                weeks -= 1;
            }
            day = day + Days::new(gap);
        }
    }
    rows.sort();
    let mut text =
        String::from("reference,property,unit,arrival,departure,status,adults,children,booked_on\n");
    for (n, (_, row)) in rows.iter().enumerate() {
        writeln!(text, "H-{n},,{row}")?;
    }
    write(folder, "stays.csv", &text)
}

/// A year of stays up to today in homes to move on to, with about nine nights in ten taken: four weeks each, then up to
/// six nights. Gives the file, and how many nights of the year are occupied.
pub fn a_year_of_long_stays(folder: &Path, units: u64, today: NaiveDate) -> Result<(PathBuf, u64)> {
    let mut dice = Dice::new(5);
    let first = shift(today, -365);
    let (mut rows, mut occupied) = (Vec::new(), 0);
    for unit in 0..units {
        let mut day = shift(first, i64::try_from(dice.between(0, 6))?);
        while day < today {
            let departure = shift(day, 28);
            let status = if departure <= today { "departed" } else { "in_residence" };
            occupied += u64::try_from((departure.min(today) - day).num_days())?;
            let booked_on = shift(day, -3);
            rows.push((day, format!("{},{day},{departure},{status},1,0,{booked_on}", unit_code(unit))));
            day = shift(departure, i64::try_from(dice.between(0, 6))?);
        }
    }
    rows.sort();
    let mut text =
        String::from("reference,property,unit,arrival,departure,status,adults,children,booked_on\n");
    for (n, (_, row)) in rows.iter().enumerate() {
        writeln!(text, "H-{n},,{row}")?;
    }
    Ok((write(folder, "long-stays.csv", &text)?, occupied))
}

/// Files of the resort file's size: as many units and rows, a tenth of the stays longer than seven nights, no unit
/// named, so that each row is allocated one.
pub fn resort(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (units, departed, cancelled, no_shows) = RESORT;
    let opened = NaiveDate::from_ymd_opt(2015, 7, 1).ok_or("no such day")?;
    let mut spaces = String::from("unit,property,scheme,district,sleeps,features,opened_on,closed_on\n");
    for unit in 0..units {
        writeln!(spaces, "{},RES,safe_space,Test District,60,,{opened},", unit_code(unit))?;
    }
    let mut dice = Dice::new(3);
    let mut rows = Vec::new();
    let mut row = |arrival: NaiveDate, nights: u64, status: &str, dice: &mut Dice| {
        let departure = arrival + Days::new(nights);
        let booked_on = shift(arrival, -7);
        let (adults, children) = (dice.between(1, 3), dice.between(0, 2));
        rows.push(format!("{arrival},{departure},{status},{adults},{children},{booked_on}"));
    };
    for unit in 0..units {
        let mut day = opened;
        for _ in 0..departed / units + u64::from(unit < departed % units) {
            let nights = if dice.between(0, 9) == 0 { dice.between(8, 14) } else { dice.between(1, 7) };
            row(day, nights, "departed", &mut dice);
            day = day + Days::new(nights + dice.between(0, 1));
        }
    }
    for (count, status) in [(cancelled, "cancelled"), (no_shows, "no_show")] {
        for _ in 0..count {
            let (day, nights) = (opened + Days::new(dice.between(0, 790)), dice.between(1, 7));
            row(day, nights, status, &mut dice);
        }
    }
    rows.sort();
    let mut stays =
        String::from("reference,property,unit,arrival,departure,status,adults,children,booked_on\n");
    for (n, row) in rows.iter().enumerate() {
        writeln!(stays, "R-{n},RES,,{row}")?;
    }
    Ok((write(folder, "resort-spaces.csv", &spaces)?, write(folder, "resort-stays.csv", &stays)?))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, text)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_nights_in_ten_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let file = stays_at_nine_tenths(folder.path(), 200, today).unwrap();
        let stays = fs::read_to_string(file).unwrap().lines().count() - 1;
        let share = f64::from(u32::try_from(stays).unwrap()) * 7.0 / (200.0 * 730.0);
        assert!((0.88..0.92).contains(&share), "{share}");
    }

    #[test]
    fn the_generated_file_is_as_large_as_the_real_one() {
        let folder = tempfile::tempdir().unwrap();
        let (spaces, stays) = resort(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(spaces).unwrap().lines().count(), 188);
        assert_eq!(fs::read_to_string(stays).unwrap().lines().count(), 39_677);
    }
}
