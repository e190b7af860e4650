//! The homes: what opens when. Their codes are plainly made up; nothing says where they are.

use safespace_domain::{
    Night, PropertyId, UnitId,
    districts::{District, DistrictKind},
    localities::Locality,
    nights::later,
    sharing::Sharing,
    units::Scheme,
};

use super::{DemoError, FIRST_DAY, date, service::Service};
use crate::{Command, Outcome, RegisterProperty, RegisterUnit};

/// The districts of the service.
const DISTRICTS: [(&str, DistrictKind); 5] = [
    ("Stevenage", DistrictKind::Host),
    ("North Herts", DistrictKind::Partner),
    ("East Herts", DistrictKind::Partner),
    ("Welwyn Hatfield", DistrictKind::Partner),
    ("Hertsmere", DistrictKind::Pilot),
];

/// Localities, made up: which district each is in, and which of those before it are near.
pub(super) const LOCALITIES: [(&str, &str, &[&str]); 9] = [
    ("Alder Quarter", "Stevenage", &[]),
    ("Birch Quarter", "Stevenage", &["Alder Quarter"]),
    ("Chestnut Quarter", "Stevenage", &[]),
    ("Cedar Vale", "North Herts", &["Birch Quarter"]),
    ("Elder Vale", "North Herts", &[]),
    ("Hazel Green", "East Herts", &[]),
    ("Larch Green", "East Herts", &["Chestnut Quarter"]),
    ("Rowan Park", "Welwyn Hatfield", &[]),
    ("Willow End", "Hertsmere", &["Rowan Park"]),
];

/// A property and its units.
struct Home {
    code: &'static str,
    scheme: Scheme,
    district: &'static str,
    /// Where in the district; of one, nobody has written it down.
    locality: Option<&'static str>,
    sharing: Sharing,
    units: &'static [Room],
}

/// A unit: its code, how many days after [`FIRST_DAY`] it opens, how many it sleeps, its features.
struct Room(&'static str, u32, i64, &'static [&'static str]);

/// Nineteen units, two of them on the first day and the last before the end of November 2020: "from 2 to 19".
const HOMES: [Home; 11] = [
    Home {
        code: "SP-01",
        scheme: Scheme::SafeSpace,
        district: "Stevenage",
        locality: Some("Alder Quarter"),
        sharing: Sharing::SelfContained,
        units: &[Room("SS-01", 0, 2, &["cot"]), Room("SS-02", 0, 4, &["own_bathroom", "cot"])],
    },
    Home {
        code: "SP-02",
        scheme: Scheme::SafeSpace,
        district: "Stevenage",
        locality: Some("Chestnut Quarter"),
        sharing: Sharing::SelfContained,
        units: &[
            Room("SS-03", 36, 1, &["ground_floor"]),
            Room("SS-04", 36, 3, &["cot", "own_bathroom"]),
            Room("SS-05", 57, 2, &["pets"]),
        ],
    },
    Home {
        code: "SP-03",
        scheme: Scheme::SafeSpace,
        district: "North Herts",
        locality: Some("Cedar Vale"),
        sharing: Sharing::SelfContained,
        units: &[Room(
            "SS-06",
            71,
            5,
            &["self_contained", "own_kitchen", "own_bathroom", "parking", "garden", "cot"],
        )],
    },
    Home {
        code: "SP-04",
        scheme: Scheme::SafeSpace,
        district: "North Herts",
        locality: Some("Elder Vale"),
        sharing: Sharing::WomenOnly,
        units: &[
            Room("SS-07", 92, 3, &["women_only", "cot"]),
            Room("SS-08", 92, 2, &["women_only", "step_free"]),
        ],
    },
    Home {
        code: "SP-05",
        scheme: Scheme::SafeSpace,
        district: "East Herts",
        locality: Some("Hazel Green"),
        sharing: Sharing::SelfContained,
        units: &[Room("SS-09", 120, 4, &["cot", "own_bathroom"]), Room("SS-10", 120, 1, &["ground_floor"])],
    },
    Home {
        code: "SP-06",
        scheme: Scheme::SafeSpace,
        district: "East Herts",
        locality: Some("Larch Green"),
        sharing: Sharing::SelfContained,
        units: &[Room(
            "SS-11",
            141,
            3,
            &[
                "self_contained",
                "step_free",
                "wheelchair",
                "ground_floor",
                "accessible_bathroom",
                "own_kitchen",
                "own_bathroom",
                "parking",
            ],
        )],
    },
    Home {
        code: "MP-01",
        scheme: Scheme::MoveOn,
        district: "Stevenage",
        locality: Some("Birch Quarter"),
        sharing: Sharing::SelfContained,
        units: &[
            Room("MO-01", 155, 3, &["self_contained", "own_kitchen", "own_bathroom"]),
            Room("MO-02", 169, 4, &["self_contained", "own_kitchen", "own_bathroom", "cot"]),
        ],
    },
    Home {
        code: "SP-07",
        scheme: Scheme::SafeSpace,
        district: "Welwyn Hatfield",
        locality: Some("Rowan Park"),
        sharing: Sharing::SelfContained,
        units: &[Room("SS-12", 184, 2, &["lift"]), Room("SS-13", 184, 4, &["lift", "cot"])],
    },
    Home {
        code: "MP-02",
        scheme: Scheme::MoveOn,
        district: "North Herts",
        locality: Some("Cedar Vale"),
        sharing: Sharing::SelfContained,
        units: &[Room("MO-03", 204, 5, &["self_contained", "own_kitchen", "own_bathroom", "garden"])],
    },
    Home {
        code: "SP-08",
        scheme: Scheme::SafeSpace,
        district: "Hertsmere",
        locality: None,
        sharing: Sharing::SelfContained,
        units: &[
            Room("SS-14", 218, 2, &["self_contained", "men_only", "own_kitchen", "own_bathroom"]),
            Room("SS-15", 239, 6, &["self_contained", "own_kitchen", "own_bathroom", "garden", "cot"]),
        ],
    },
    Home {
        code: "MP-03",
        scheme: Scheme::MoveOn,
        district: "East Herts",
        locality: Some("Hazel Green"),
        sharing: Sharing::SelfContained,
        units: &[Room("MO-04", 260, 2, &["self_contained", "own_kitchen", "own_bathroom", "step_free"])],
    },
];

/// A unit that its landlord took back for works and returned: from when, and until when.
const WORKS: (&str, Night, Night) = ("SS-06", date(2022, 5, 9), date(2022, 7, 4));
/// So long before the works the closing is first asked for, and so long after it is given up.
const WORKS_ASKED: u32 = 14;

/// How many safe spaces there are on a day.
pub(super) fn safe_spaces(day: Night) -> u32 {
    let rooms = HOMES.iter().filter(|home| home.scheme == Scheme::SafeSpace).flat_map(|home| home.units);
    rooms.map(|room| u32::from(later(FIRST_DAY, room.1) <= day)).sum()
}

impl Service {
    /// Saves what is there before the first day: the districts and their localities.
    pub(super) async fn begin(&mut self) -> Result<(), DemoError> {
        for (name, kind) in DISTRICTS {
            self.run(Command::SaveDistrict(District { name: name.to_owned(), kind })).await?;
        }
        for (name, district, near) in LOCALITIES {
            let near = near.iter().map(|&near| near.to_owned()).collect();
            let locality = Locality { name: name.to_owned(), district: district.to_owned(), near };
            self.run(Command::SaveLocality(locality)).await?;
        }
        Ok(())
    }

    /// Registers what opens today, and closes and reopens what the works need.
    pub(super) async fn keep_homes(&mut self, today: Night) -> Result<(), DemoError> {
        for home in &HOMES {
            for room in home.units {
                if later(FIRST_DAY, room.1) == today {
                    self.open_room(home, room, today).await?;
                }
            }
        }
        let (code, from, to) = WORKS;
        if today < later(from, WORKS_ASKED) && from <= later(today, WORKS_ASKED) {
            self.close_for_works(code, from.max(later(today, 1))).await?;
        }
        if today == to {
            self.reopen_after_works(code, today).await?;
        }
        Ok(())
    }

    async fn open_room(&mut self, home: &Home, room: &Room, today: Night) -> Result<(), DemoError> {
        let known = self.engine.spaces().property_by_code(home.code).map(|property| property.id);
        let property = match known {
            Some(id) => id,
            None => self.register(home).await?,
        };
        let Room(code, _, sleeps, features) = *room;
        self.run(Command::RegisterUnit(RegisterUnit {
            code: code.to_owned(),
            property,
            sleeps,
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
            opened_on: today,
            closed_on: None,
        }))
        .await?;
        Ok(())
    }

    async fn register(&mut self, home: &Home) -> Result<PropertyId, DemoError> {
        let ask = RegisterProperty {
            code: home.code.to_owned(),
            scheme: home.scheme,
            district: home.district.to_owned(),
            locality: home.locality.map(str::to_owned),
            sharing: home.sharing,
        };
        match self.run(Command::RegisterProperty(ask)).await? {
            Outcome::Property(property) => {
                self.write_address(property.id).await?;
                Ok(property.id)
            }
            _ => Err(crate::Fault::Broken("a property was registered as something else").into()),
        }
    }

    /// Asks day after day until nothing stands in the way: who is there stays, and nobody new is placed beyond it.
    async fn close_for_works(&mut self, code: &str, on: Night) -> Result<(), DemoError> {
        if let Some((unit, None)) = self.closing_of(code) {
            self.attempt(Command::CloseUnit { unit, on }).await?;
        }
        Ok(())
    }

    async fn reopen_after_works(&mut self, code: &str, today: Night) -> Result<(), DemoError> {
        if let Some((unit, Some(_))) = self.closing_of(code) {
            self.run(Command::ReopenUnit { unit, on: today }).await?;
        }
        Ok(())
    }

    fn closing_of(&self, code: &str) -> Option<(UnitId, Option<Night>)> {
        self.engine.spaces().unit_by_code(code).map(|unit| (unit.id, unit.closes_on()))
    }
}
