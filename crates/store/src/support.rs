//! Sessions of support, their notes sealed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, SupportSessionId,
    support::{SupportOutcome, SupportSession},
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

mod support_session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "support_session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub recorded_by: Uuid,
        pub recorded_at: DateTimeUtc,
        pub starts_at: DateTimeUtc,
        pub channel: String,
        pub hours: String,
        pub outcome: String,
        pub minutes: Option<i32>,
        pub topics: String,
        pub note: Option<Vec<u8>>,
        pub version: i32,
        pub withdrawn_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A session with its sealed note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSupportSession {
    /// The session.
    pub session: SupportSession,
    /// Its note.
    pub note: Option<Vec<u8>>,
}

fn domain(row: support_session::Model) -> Result<StoredSupportSession> {
    let minutes = row.minutes.map(u16::try_from).transpose();
    let minutes = minutes.map_err(|_| StoreError::Unreadable("support_session.minutes"))?;
    let outcome = match (row.outcome.as_str(), minutes) {
        ("held", Some(minutes)) => SupportOutcome::Held { minutes },
        ("declined", None) => SupportOutcome::Declined,
        _ => return Err(StoreError::Unreadable("support_session.outcome")),
    };
    let session = SupportSession {
        id: SupportSessionId(row.id),
        household: HouseholdId(row.household_id),
        recorded_by: row.recorded_by,
        recorded_at: row.recorded_at,
        starts_at: row.starts_at,
        channel: row.channel.parse().map_err(|_| StoreError::Unreadable("support_session.channel"))?,
        hours: row.hours.parse().map_err(|_| StoreError::Unreadable("support_session.hours"))?,
        outcome,
        // Codes hold no spaces.
        topics: row.topics.split_whitespace().map(str::to_owned).collect(),
        version: u32::try_from(row.version).map_err(|_| StoreError::Unreadable("support_session.version"))?,
        withdrawn_at: row.withdrawn_at,
    };
    Ok(StoredSupportSession { session, note: row.note })
}

fn row(stored: &StoredSupportSession) -> support_session::ActiveModel {
    let StoredSupportSession { session, note } = stored;
    let outcome = match session.outcome {
        SupportOutcome::Held { .. } => "held",
        SupportOutcome::Declined => "declined",
    };
    let topics: Vec<&str> = session.topics.iter().map(String::as_str).collect();
    support_session::ActiveModel {
        id: Set(session.id.0),
        household_id: Set(session.household.0),
        recorded_by: Set(session.recorded_by),
        recorded_at: Set(session.recorded_at),
        starts_at: Set(session.starts_at),
        channel: Set(session.channel.to_string()),
        hours: Set(session.hours.to_string()),
        outcome: Set(outcome.to_owned()),
        minutes: Set(session.outcome.minutes().map(i32::from)),
        topics: Set(topics.join(" ")),
        note: Set(note.clone()),
        version: Set(i32::try_from(session.version).unwrap_or(i32::MAX)),
        withdrawn_at: Set(session.withdrawn_at),
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The session with this id.
    pub async fn support_session(&self, id: SupportSessionId) -> Result<Option<StoredSupportSession>> {
        let row = support_session::Entity::find_by_id(id.0).one(self.connection).await?;
        row.map(domain).transpose()
    }

    /// The sessions of these households, what was taken back among them, latest first.
    pub async fn support_sessions(&self, households: &[HouseholdId]) -> Result<Vec<StoredSupportSession>> {
        let of = households.iter().map(|household| household.0);
        let select = support_session::Entity::find()
            .filter(support_session::Column::HouseholdId.is_in(of))
            .order_by_desc(support_session::Column::StartsAt)
            .order_by_desc(support_session::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// The sessions that began, or were offered, from one instant up to another, in order; what was taken back left out.
    pub async fn support_sessions_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<StoredSupportSession>> {
        let select = support_session::Entity::find()
            .filter(support_session::Column::StartsAt.gte(from))
            .filter(support_session::Column::StartsAt.lt(to))
            .filter(support_session::Column::WithdrawnAt.is_null())
            .order_by_asc(support_session::Column::StartsAt)
            .order_by_asc(support_session::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// When these households were last offered support, those who ever were.
    pub async fn last_contacts(
        &self,
        households: &[HouseholdId],
    ) -> Result<BTreeMap<HouseholdId, DateTime<Utc>>> {
        let of = households.iter().map(|household| household.0);
        let select = support_session::Entity::find()
            .select_only()
            .column(support_session::Column::HouseholdId)
            .column_as(support_session::Column::StartsAt.max(), "last")
            .filter(support_session::Column::HouseholdId.is_in(of))
            .filter(support_session::Column::WithdrawnAt.is_null())
            .group_by(support_session::Column::HouseholdId);
        let rows: Vec<(Uuid, DateTime<Utc>)> = select.into_tuple().all(self.connection).await?;
        Ok(rows.into_iter().map(|(household, last)| (HouseholdId(household), last)).collect())
    }
}

impl Tx {
    /// Adds a session.
    pub async fn add_support_session(&self, added: &StoredSupportSession) -> Result<()> {
        support_session::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what has become of a session. Lock its household first.
    pub async fn save_support_session(&self, saved: &StoredSupportSession) -> Result<()> {
        let row = support_session::ActiveModel {
            id: Unchanged(saved.session.id.0),
            household_id: NotSet,
            recorded_by: NotSet,
            recorded_at: NotSet,
            ..row(saved)
        };
        support_session::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
