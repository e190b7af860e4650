//! A world: an engine on a database of its own, a clock, and people with credentials.

use std::{collections::BTreeSet, pin::Pin, sync::Arc};

use chrono::{DateTime, Utc};
use safespace_domain::{
    Clock, Ids, Night, PropertyId, UnitId,
    access::{Actor, Role},
    districts::{District, DistrictKind},
    nights::later,
    policies::Policy,
    units::Scheme,
};
use safespace_engine::{
    self as engine, Command, Engine, FixedKey, NewToken, Outcome, PasswordCost, RegisterUnit, SetAddress,
    SetHouseholdDetails, StoreSettings, demo::fill,
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement, TryGetable,
};
use uuid::Uuid;

use crate::{CountedIds, Databases, MovableClock, Person, canary, day, home};

/// The first night in stock of a world's units.
const OPENED_ON: &str = "2020-01-01";

/// When the service began.
const FIRST_START: &str = "2020-01-01T09:00:00Z";

/// What every world's secrets are sealed under.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// A world.
pub struct World {
    /// The engine on the world's database.
    pub engine: Arc<Engine>,
    /// The time.
    pub clock: Arc<MovableClock>,
    /// An officer's bearer token.
    pub officer_token: String,
    /// A manager's.
    pub manager_token: String,
    /// A partner council's.
    pub partner_token: String,
    /// Where the database is.
    pub url: String,
    ids: Arc<CountedIds>,
    officer: Arc<Actor>,
    manager: Arc<Actor>,
    partner: Arc<Actor>,
    /// A connection of the story's own, to look at rows.
    pub rows: DatabaseConnection,
}

/// A row of the night ledger, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerRow {
    /// The unit.
    pub unit: UnitId,
    /// The night.
    pub night: Night,
    /// Its use, in the database's word.
    pub night_use: String,
    /// The record that took it.
    pub taken_by: Uuid,
    /// For which household.
    pub household: Option<Uuid>,
}

/// A world that is being set up: `World::at("2020-11-03T21:00:00Z", databases).with_unit("SS-01").await`.
#[must_use = "a world is there once it is awaited"]
pub struct Setting<'d> {
    databases: &'d Databases,
    now: String,
    units: Vec<(String, Scheme, i64, Option<Night>)>,
    turnaround: u32,
}

impl Setting<'_> {
    /// A safe space that sleeps four, in Stevenage.
    pub fn with_unit(self, code: &str) -> Self {
        self.with_unit_for(code, 4)
    }

    /// Safe spaces that sleep four, in Stevenage.
    pub fn with_units<const N: usize>(self, codes: [&str; N]) -> Self {
        codes.into_iter().fold(self, Setting::with_unit)
    }

    /// A safe space that sleeps so many.
    pub fn with_unit_for(mut self, code: &str, people: i64) -> Self {
        self.units.push((code.to_owned(), Scheme::SafeSpace, people, None));
        self
    }

    /// A safe space that closes on a day.
    pub fn with_unit_until(mut self, code: &str, closed_on: &str) -> Self {
        self.units.push((code.to_owned(), Scheme::SafeSpace, 4, Some(day(closed_on))));
        self
    }

    /// A move-on home, in North Herts.
    pub fn with_move_on_unit(mut self, code: &str) -> Self {
        self.units.push((code.to_owned(), Scheme::MoveOn, 4, None));
        self
    }

    /// Nights kept after each stay in a safe space; none otherwise.
    pub fn with_turnaround(mut self, nights: u32) -> Self {
        self.turnaround = nights;
        self
    }

    async fn begin(self) -> World {
        let world = World::empty(self.databases, &self.now).await;
        world.save_districts().await;
        if self.turnaround > 0 {
            world.set_turnaround(self.turnaround).await;
        }
        let mut homes: Vec<(Scheme, PropertyId)> = Vec::new();
        for (code, scheme, sleeps, closed_on) in self.units {
            let known = homes.iter().find(|(other, _)| *other == scheme).map(|(_, id)| *id);
            let property = match known {
                Some(id) => id,
                None => world.register_home(scheme).await,
            };
            if known.is_none() {
                homes.push((scheme, property));
            }
            world.register_unit(&code, property, sleeps, closed_on).await;
        }
        world
    }
}

impl<'d> IntoFuture for Setting<'d> {
    type Output = World;
    type IntoFuture = Pin<Box<dyn Future<Output = World> + 'd>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.begin())
    }
}

impl World {
    /// A world at an instant, with code lists, two districts and nothing else, until the setting says more.
    pub fn at<'d>(now: &str, databases: &'d Databases) -> Setting<'d> {
        Setting { databases, now: now.to_owned(), units: Vec::new(), turnaround: 0 }
    }

    /// A world with an empty database and three credentials.
    async fn empty(databases: &Databases, now: &str) -> Self {
        canary::listen_to_logs();
        Self::on(databases.fresh().await, now).await
    }

    /// A world in which the demonstration has lived until now.
    pub async fn of_demonstration(databases: &Databases, now: &str) -> Self {
        let url = databases.fresh().await;
        let until = MovableClock::at(now).now();
        fill(&StoreSettings::new(&url), Arc::new(FixedKey(KEY)), until, 1).await.unwrap();
        Self::on(url, now).await
    }

    /// A world on a database, with three credentials.
    async fn on(url: String, now: &str) -> Self {
        let (clock, ids) = (Arc::new(MovableClock::at(now)), Arc::new(CountedIds::default()));
        let engine = open(&url, &clock, &ids).await;
        let (officer_token, officer) = actor_with(&engine, Role::Officer).await;
        let (manager_token, manager) = actor_with(&engine, Role::Manager).await;
        let (partner_token, partner) = actor_with(&engine, Role::Partner).await;
        let mut options = ConnectOptions::new(url.clone());
        options.max_connections(1).sqlx_logging(false);
        let rows = Database::connect(options).await.unwrap();
        Self {
            engine,
            clock,
            officer_token,
            manager_token,
            partner_token,
            url,
            ids,
            officer,
            manager,
            partner,
            rows,
        }
    }

    async fn save_districts(&self) {
        let manager = self.manager();
        for (name, kind) in [("Stevenage", DistrictKind::Host), ("North Herts", DistrictKind::Partner)] {
            manager.run(Command::SaveDistrict(District { name: name.into(), kind })).await.unwrap();
        }
    }

    async fn register_home(&self, scheme: Scheme) -> PropertyId {
        let (code, district) = match scheme {
            Scheme::SafeSpace => ("HOUSE", "Stevenage"),
            Scheme::MoveOn => ("FLATS", "North Herts"),
        };
        let home = home(code, scheme, district);
        let property = match self.manager().run(Command::RegisterProperty(home)).await.unwrap() {
            Outcome::Property(property) => property.id,
            other => panic!("{other:?} is not a property"),
        };
        let address = SetAddress { property, address: canary::ADDRESS.into() };
        self.manager().run(Command::SetAddress(address)).await.unwrap();
        property
    }

    /// Writes canaries down as the details of a household.
    pub(crate) async fn plant_details(&self, household: &str) {
        let ask = SetHouseholdDetails {
            household: household.into(),
            name: Some(canary::NAME.into()),
            contact: Some(canary::CONTACT.into()),
            note: Some(canary::NOTE.into()),
        };
        self.service().run(Command::SetHouseholdDetails(ask)).await.unwrap();
    }

    /// Registers a unit that opened long ago.
    pub async fn register_unit(
        &self,
        code: &str,
        property: PropertyId,
        sleeps: i64,
        closed_on: Option<Night>,
    ) -> UnitId {
        let unit = RegisterUnit {
            code: code.into(),
            property,
            sleeps,
            features: BTreeSet::new(),
            opened_on: day(OPENED_ON),
            closed_on,
        };
        match self.manager().run(Command::RegisterUnit(unit)).await.unwrap() {
            Outcome::Unit(unit) => unit.id,
            other => panic!("{other:?} is not a unit"),
        }
    }

    /// Sets the turnaround after stays in safe spaces.
    pub async fn set_turnaround(&self, nights: u32) {
        let policy = Policy { turnaround_nights: nights, ..Policy::default_for(Scheme::SafeSpace) };
        self.manager().run(Command::SetPolicy(policy)).await.unwrap();
    }

    /// The officer.
    pub fn officer(&self) -> Person<'_> {
        Person::new(self, Arc::clone(&self.engine), Arc::clone(&self.officer))
    }

    /// The manager.
    pub fn manager(&self) -> Person<'_> {
        Person::new(self, Arc::clone(&self.engine), Arc::clone(&self.manager))
    }

    /// Somebody at a partner council.
    pub fn partner(&self) -> Person<'_> {
        Person::new(self, Arc::clone(&self.engine), Arc::clone(&self.partner))
    }

    /// Whoever has the service's command line.
    pub fn service(&self) -> Person<'_> {
        Person::new(self, Arc::clone(&self.engine), Arc::new(self.engine.local()))
    }

    /// The officer, at another engine on the same database.
    pub fn officer_at(&self, engine: &Arc<Engine>) -> Person<'_> {
        Person::new(self, Arc::clone(engine), Arc::clone(&self.officer))
    }

    /// The manager, at another engine on the same database.
    pub fn manager_at(&self, engine: &Arc<Engine>) -> Person<'_> {
        Person::new(self, Arc::clone(engine), Arc::clone(&self.manager))
    }

    /// One more engine on the same database, as a second process would have.
    pub async fn another_engine(&self) -> Arc<Engine> {
        self.engine_on(&self.url).await
    }

    /// An engine of this world's time and key on another database.
    pub async fn engine_on(&self, url: &str) -> Arc<Engine> {
        open(url, &self.clock, &self.ids).await
    }

    /// Moves the clock to an instant, and turns the day, as the running service does.
    pub async fn wake_at(&self, instant: &str) {
        self.clock.set(instant);
        self.engine.turn_day().await.unwrap();
    }

    /// Closes what is open. For stories with many worlds; otherwise all goes with the story.
    pub async fn leave(&self) {
        self.engine.close().await.unwrap();
        self.rows.close_by_ref().await.unwrap();
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The unit with this code.
    pub async fn unit(&self, code: &str) -> UnitId {
        let id: Option<Uuid> = self.one(&format!("SELECT id FROM unit WHERE code = '{code}'")).await;
        UnitId(id.unwrap_or_else(|| panic!("there is no unit {code}")))
    }

    /// The property with this code.
    pub async fn property(&self, code: &str) -> PropertyId {
        let id: Option<Uuid> = self.one(&format!("SELECT id FROM property WHERE code = '{code}'")).await;
        PropertyId(id.unwrap_or_else(|| panic!("there is no property {code}")))
    }

    /// A new id, as an engine would make it: names nothing yet.
    pub fn new_id(&self) -> Uuid {
        self.ids.next()
    }

    /// What the database answers.
    pub async fn select(&self, sql: &str) -> Vec<QueryResult> {
        let ask = Statement::from_string(self.rows.get_database_backend(), sql);
        self.rows.query_all_raw(ask).await.unwrap()
    }

    /// The first column of the first row that the database answers.
    pub async fn one<T: TryGetable>(&self, sql: &str) -> Option<T> {
        self.select(sql).await.first().map(|row| row.try_get_by_index(0).unwrap())
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {table}")).await.unwrap()
    }

    /// The whole night ledger, in order.
    pub async fn ledger(&self) -> Vec<LedgerRow> {
        let sql = "SELECT unit_id, night, night_use, taken_by, household_id FROM unit_night";
        let rows = self.select(sql).await;
        let mut ledger: Vec<_> = rows
            .iter()
            .map(|row| LedgerRow {
                unit: UnitId(row.try_get_by_index(0).unwrap()),
                night: row.try_get_by_index(1).unwrap(),
                night_use: row.try_get_by_index(2).unwrap(),
                taken_by: row.try_get_by_index(3).unwrap(),
                household: row.try_get_by_index(4).unwrap(),
            })
            .collect();
        ledger.sort();
        ledger
    }

    /// What takes a unit's nights, a letter each: `b`ooked, in `R`esidence or departed, `v`oid, `t`urnaround, `h`eld, or
    /// nothing: `.`
    pub async fn line(&self, code: &str, from: &str, n: u32) -> String {
        let unit = self.unit(code).await;
        let ledger = self.ledger().await;
        let letter = |night: Night| {
            let row = ledger.iter().find(|row| row.unit == unit && row.night == night);
            match row.map(|row| row.night_use.as_str()) {
                None => '.',
                Some("resident") => 'R',
                Some(other) => other.chars().next().unwrap_or('?'),
            }
        };
        (0..n).map(|n| letter(later(day(from), n))).collect()
    }
}

async fn open(url: &str, clock: &Arc<MovableClock>, ids: &Arc<CountedIds>) -> Arc<Engine> {
    let world = engine::World {
        clock: Arc::<MovableClock>::clone(clock),
        ids: Arc::<CountedIds>::clone(ids),
        keys: Arc::new(FixedKey(KEY)),
        passwords: PasswordCost::FOR_TESTS,
    };
    Engine::open(&StoreSettings::new(url), world).await.unwrap()
}

/// Has an engine make its database, and leaves it.
pub(crate) async fn make(url: &str) {
    let (clock, ids) = (Arc::new(MovableClock::at(FIRST_START)), Arc::new(CountedIds::default()));
    open(url, &clock, &ids).await.close().await.unwrap();
}

/// A new credential for a role: the bearer token, and whom the engine takes its holder for.
pub async fn actor_with(engine: &Arc<Engine>, role: Role) -> (String, Arc<Actor>) {
    let council = (role == Role::Partner).then_some("North Herts");
    credential(engine, role, council).await
}

/// A new credential for somebody at a partner council.
pub async fn partner_of(engine: &Arc<Engine>, council: &str) -> (String, Arc<Actor>) {
    credential(engine, Role::Partner, Some(council)).await
}

async fn credential(engine: &Arc<Engine>, role: Role, council: Option<&str>) -> (String, Arc<Actor>) {
    let new = NewToken::of(role, council, Some(366));
    let (_, token) = engine.create_token(&engine.local(), new).await.unwrap();
    let actor = engine.authenticate(&token).await.unwrap().expect("a token that was just made is good");
    (token, actor)
}
