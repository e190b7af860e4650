//! The writing floor: the very rows of one booking by prepared statements, one transaction each. No rule is checked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::sqlx::{self, Row as _};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Result,
    booking::Slots,
    data::{self, Dice},
    database::{Database, Kind},
    report::Round,
    stop,
};

/// Nights of a booking.
const NIGHTS: i64 = 7;

/// The parts of a real command's rows that do not depend on what it is about, as the service wrote them.
#[derive(Clone)]
pub struct Sample {
    pub role: String,
    pub action: String,
    pub detail: String,
    pub payload: Vec<u8>,
    pub answer: Vec<u8>,
}

macro_rules! sample {
    ($connection:expr, $action:expr) => {{
        let audit = "SELECT role, action, detail FROM audit WHERE action = $1 ORDER BY seq DESC LIMIT 1";
        let audit = sqlx::query(audit).bind($action).fetch_one(&mut $connection).await?;
        let key = "SELECT payload, answer FROM command_key ORDER BY at DESC LIMIT 1";
        let key = sqlx::query(key).fetch_one(&mut $connection).await?;
        Sample {
            role: audit.try_get(0)?,
            action: audit.try_get(1)?,
            detail: audit.try_get(2)?,
            payload: key.try_get(0)?,
            answer: key.try_get(1)?,
        }
    }};
}

impl Sample {
    /// As long as a real one's, for where nobody has booked yet.
    pub fn plain() -> Self {
        Self {
            role: "officer".into(),
            action: "book_stay".into(),
            detail: "x".repeat(400),
            payload: vec![0; 32],
            answer: vec![0; 489],
        }
    }

    /// From the newest command of this action in a database.
    pub async fn of(database: &Database, action: &str) -> Result<Self> {
        Ok(match database.kind {
            Kind::Sqlite => sample!(database.sqlite().await?, action),
            Kind::Postgres => sample!(database.postgres().await?, action),
        })
    }
}

/// The ids of the units in a database.
pub async fn units(database: &Database) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM unit ORDER BY code";
    Ok(match database.kind {
        Kind::Sqlite => sqlx::query_scalar(sql).fetch_all(&mut database.sqlite().await?).await?,
        Kind::Postgres => sqlx::query_scalar(sql).fetch_all(&mut database.postgres().await?).await?,
    })
}

/// How many stays, nights and audit records of bookings a database has.
pub async fn counts(database: &Database) -> Result<(i64, i64, i64)> {
    let sql = "SELECT (SELECT count(*) FROM stay), (SELECT count(*) FROM unit_night), \
               (SELECT count(*) FROM audit WHERE action = 'book_stay')";
    Ok(match database.kind {
        Kind::Sqlite => sqlx::query_as(sql).fetch_one(&mut database.sqlite().await?).await?,
        Kind::Postgres => sqlx::query_as(sql).fetch_one(&mut database.postgres().await?).await?,
    })
}

/// One booking.
struct Booking<'a> {
    sample: &'a Sample,
    household: Uuid,
    stay: Uuid,
    token: Uuid,
    origin: Uuid,
    unit: Uuid,
    number: u64,
    arrival: NaiveDate,
    at: DateTime<Utc>,
}

macro_rules! insert {
    ($connection:expr, $booking:expr) => {{
        let Booking { sample, household, stay, token, origin, unit, number, arrival, at } = $booking;
        let departure = data::shift(arrival, NIGHTS);
        sqlx::query("INSERT INTO household (id, reference) VALUES ($1, $2)")
            .bind(household)
            .bind(format!("FLOOR-{number}"))
            .execute(&mut $connection)
            .await?;
        sqlx::query(
            "INSERT INTO stay (id, household_id, unit_id, adults, children, planned_arrival, planned_departure, \
             arrival, departure, status, arrived_at, ended_at, moved_from, moved_to, booked_at, over_limit, \
             imported_as) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        )
        .bind(stay)
        .bind(household)
        .bind(unit)
        .bind(1_i32)
        .bind(0_i32)
        .bind(arrival)
        .bind(departure)
        .bind(arrival)
        .bind(departure)
        .bind("booked")
        .bind(None::<DateTime<Utc>>)
        .bind(None::<DateTime<Utc>>)
        .bind(None::<Uuid>)
        .bind(None::<Uuid>)
        .bind(at)
        .bind(false)
        .bind(None::<String>)
        .execute(&mut $connection)
        .await?;
        let mut nights = sqlx::query(
            "INSERT INTO unit_night (unit_id, night, night_use, taken_by, household_id) VALUES \
             ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15), ($16, $17, $18, $19, $20), \
             ($21, $22, $23, $24, $25), ($26, $27, $28, $29, $30), ($31, $32, $33, $34, $35)",
        );
        for night in 0..NIGHTS {
            let night = data::shift(arrival, night);
            nights = nights.bind(unit).bind(night).bind("booked").bind(stay).bind(household);
        }
        nights.execute(&mut $connection).await?;
        sqlx::query(
            "INSERT INTO command_key (by_id, idempotency_key, payload, answer, at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(token)
        .bind(format!("floor-{number}"))
        .bind(&sample.payload)
        .bind(&sample.answer)
        .bind(at)
        .execute(&mut $connection)
        .await?;
        sqlx::query(
            "INSERT INTO audit (at, by_id, role, action, subject_id, units, origin, detail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(at)
        .bind(token)
        .bind(&sample.role)
        .bind(&sample.action)
        .bind(stay)
        .bind(unit.simple().to_string())
        .bind(origin)
        .bind(&sample.detail)
        .execute(&mut $connection)
        .await?;
    }};
}

/// Where bare rows go.
pub struct Floor {
    database: Arc<Database>,
    sample: Sample,
    units: Arc<Vec<Uuid>>,
    slots: Slots,
    number: Arc<AtomicU64>,
    began: DateTime<Utc>,
}

impl Floor {
    /// Into a database that has the units already.
    pub fn new(database: Database, sample: Sample, units: Vec<Uuid>, slots: Slots) -> Result<Self> {
        let began = data::today().and_hms_opt(0, 0, 0).ok_or("no midnight")?.and_utc();
        Ok(Self {
            database: Arc::new(database),
            sample,
            units: Arc::new(units),
            slots,
            number: Arc::new(AtomicU64::new(0)),
            began,
        })
    }

    /// Writes bookings for so long, by so many clients, each on a connection of its own; telling others of each by
    /// `NOTIFY` or not.
    pub async fn drive(&self, clients: usize, long: Duration, notify: bool) -> Result<Round> {
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for seed in 0..clients {
            let client = Client {
                database: Arc::clone(&self.database),
                sample: self.sample.clone(),
                units: Arc::clone(&self.units),
                slots: self.slots,
                number: Arc::clone(&self.number),
                began: self.began,
                dice: Dice::new(u64::try_from(seed)? + 1_000 * self.number.load(Ordering::Relaxed)),
                until: started + long,
            };
            match self.database.kind {
                Kind::Sqlite => tasks.spawn(client.sqlite()),
                Kind::Postgres => tasks.spawn(client.postgres(notify)),
            };
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        stop::must_not()?;
        Ok(Round::new(started.elapsed(), latencies))
    }
}

struct Client {
    database: Arc<Database>,
    sample: Sample,
    units: Arc<Vec<Uuid>>,
    slots: Slots,
    number: Arc<AtomicU64>,
    began: DateTime<Utc>,
    dice: Dice,
    until: Instant,
}

impl Client {
    fn next(&mut self) -> Result<Option<Booking<'_>>> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let Some((unit, arrival)) = self.slots.get(number) else { return Ok(None) };
        if Instant::now() >= self.until || stop::asked() {
            return Ok(None);
        }
        let unit = *self.units.get(usize::try_from(unit)?).ok_or("no such unit")?;
        let at = self.began + TimeDelta::microseconds(i64::try_from(number)? * 97);
        // In order of time with chance behind it, as the service's own ids are.
        let millis = u64::try_from(at.timestamp_millis())?;
        let dice = &mut self.dice;
        let mut id = || {
            let mut random = [0; 10];
            random.iter_mut().zip(dice.next().to_le_bytes()).for_each(|(to, from)| *to = from);
            uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
        };
        let (household, stay) = (id(), id());
        let (token, origin) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Ok(Some(Booking { sample: &self.sample, household, stay, token, origin, unit, number, arrival, at }))
    }

    async fn sqlite(mut self) -> Result<Vec<Duration>> {
        let mut connection = self.database.sqlite().await?;
        let mut latencies = Vec::new();
        loop {
            let started = Instant::now();
            let Some(booking) = self.next()? else { return Ok(latencies) };
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
            insert!(connection, booking);
            sqlx::query("COMMIT").execute(&mut connection).await?;
            latencies.push(started.elapsed());
        }
    }

    async fn postgres(mut self, notify: bool) -> Result<Vec<Duration>> {
        let mut connection = self.database.postgres().await?;
        let mut latencies = Vec::new();
        loop {
            let started = Instant::now();
            let Some(booking) = self.next()? else { return Ok(latencies) };
            sqlx::query("BEGIN").execute(&mut connection).await?;
            insert!(connection, booking);
            if notify {
                sqlx::query("SELECT pg_notify('changes', '1')").execute(&mut connection).await?;
            }
            sqlx::query("COMMIT").execute(&mut connection).await?;
            latencies.push(started.elapsed());
        }
    }
}
