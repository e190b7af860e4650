//! Referrals. What they say in words is sealed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ReferralId, StayId,
    households::People,
    needs::Assessment,
    referrals::{Facts, Referral, ReferralState, ReferralStatus},
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::ExprTrait,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod referral {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "referral")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub reference: String,
        pub council: Option<String>,
        pub by_id: Uuid,
        pub received_at: DateTimeUtc,
        pub responded_at: Option<DateTimeUtc>,
        pub version: i32,
        pub source: String,
        pub kind: String,
        pub risk: Option<String>,
        pub dash_ticks: Option<i32>,
        pub marac: Option<bool>,
        pub adults: i32,
        pub children: i32,
        pub shares_as: Option<String>,
        pub arrival: Date,
        pub nights: i32,
        pub features: String,
        pub from_district: Option<String>,
        pub status: String,
        pub assessed_by: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        pub reason: Option<String>,
        pub household_id: Option<Uuid>,
        pub placed_at: Option<DateTimeUtc>,
        pub stay_id: Option<Uuid>,
        pub closed_at: Option<DateTimeUtc>,
        pub looked_for: Option<String>,
        pub needs: Option<Vec<u8>>,
        pub details: Option<Vec<u8>>,
        pub contact_blind: Option<Vec<u8>>,
        pub imported_as: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// What a referral says in words, sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedWords {
    /// What the household needs, which the team sees.
    pub needs: Option<Vec<u8>>,
    /// Names, a safe contact and a note, which an act of revealing brings out.
    pub details: Option<Vec<u8>>,
    /// The code by which the contact is found again.
    pub contact_blind: Option<Vec<u8>>,
}

/// A referral with what is sealed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReferral {
    /// The referral.
    pub referral: Referral,
    /// The account or token that sent it or wrote it down.
    pub by: Uuid,
    /// What it says in words.
    pub words: SealedWords,
    /// What stood against each home when it was declined, in codes and counts.
    pub looked_for: Option<String>,
    /// By what a file calls it, where it came from one.
    pub imported_as: Option<String>,
}

/// What households need by the last referral that was accepted for each, sealed.
#[derive(Clone, Debug, Default)]
pub struct SealedNeeds {
    /// By household.
    pub referrals: BTreeMap<HouseholdId, StoredReferral>,
    /// The wrapped data keys of the households and of these referrals, by owner.
    pub keys: BTreeMap<Uuid, Vec<u8>>,
}

/// Which referrals a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferralFilter {
    /// Only those of this council.
    pub council: Option<String>,
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<ReferralStatus>,
    /// None that was accepted for one of these households.
    pub but: Vec<HouseholdId>,
}

const PARTED_BY: char = ' ';

fn joined(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(&PARTED_BY.to_string())
}

fn parted(codes: &str) -> BTreeSet<String> {
    codes.split(PARTED_BY).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn domain(row: referral::Model) -> Result<StoredReferral> {
    let count = |n: i32| u16::try_from(n).map_err(|_| StoreError::Unreadable("referral.adults"));
    let number = |n: i32| u32::try_from(n).map_err(|_| StoreError::Unreadable("referral.nights"));
    let state = state_of(&row)?;
    let risk = row.risk.as_deref().map(str::parse).transpose();
    let ticks = row.dash_ticks.map(u8::try_from).transpose();
    let shares_as = row.shares_as.as_deref().map(str::parse).transpose();
    let referral = Referral {
        id: ReferralId(row.id),
        reference: row.reference,
        council: row.council,
        facts: Facts {
            source: row.source.parse().map_err(|_| StoreError::Unreadable("referral.source"))?,
            kind: row.kind.parse().map_err(|_| StoreError::Unreadable("referral.kind"))?,
            assessment: Assessment {
                risk: risk.map_err(|_| StoreError::Unreadable("referral.risk"))?,
                dash_ticks: ticks.map_err(|_| StoreError::Unreadable("referral.dash_ticks"))?,
                marac: row.marac,
            },
            people: People { adults: count(row.adults)?, children: count(row.children)? },
            shares_as: shares_as.map_err(|_| StoreError::Unreadable("referral.shares_as"))?,
            arrival: row.arrival,
            nights: number(row.nights)?,
            features: parted(&row.features),
            from_district: row.from_district,
        },
        received_at: row.received_at,
        responded_at: row.responded_at,
        version: number(row.version)?,
        state,
    };
    let words = SealedWords { needs: row.needs, details: row.details, contact_blind: row.contact_blind };
    Ok(StoredReferral {
        referral,
        by: row.by_id,
        words,
        looked_for: row.looked_for,
        imported_as: row.imported_as,
    })
}

fn state_of(row: &referral::Model) -> Result<ReferralState> {
    let decided = || row.decided_at.ok_or(StoreError::Unreadable("referral.decided_at"));
    let reason = || row.reason.clone().ok_or(StoreError::Unreadable("referral.reason"));
    let known = || row.household_id.map(HouseholdId);
    let household = || known().ok_or(StoreError::Unreadable("referral.household_id"));
    Ok(match row.status.parse().map_err(|_| StoreError::Unreadable("referral.status"))? {
        ReferralStatus::Received => ReferralState::Received,
        ReferralStatus::Assessing => ReferralState::Assessing {
            by: row.assessed_by.ok_or(StoreError::Unreadable("referral.assessed_by"))?,
        },
        ReferralStatus::Accepted => ReferralState::Accepted { at: decided()?, household: household()? },
        ReferralStatus::Placed => ReferralState::Placed {
            at: decided()?,
            household: household()?,
            placed_at: row.placed_at.ok_or(StoreError::Unreadable("referral.placed_at"))?,
            stay: row.stay_id.map(StayId).ok_or(StoreError::Unreadable("referral.stay_id"))?,
        },
        ReferralStatus::Closed => ReferralState::Closed {
            at: decided()?,
            household: household()?,
            placed: row.placed_at.zip(row.stay_id.map(StayId)),
            closed_at: row.closed_at.ok_or(StoreError::Unreadable("referral.closed_at"))?,
            outcome: reason()?,
        },
        ReferralStatus::Declined => {
            ReferralState::Declined { at: decided()?, reason: reason()?, household: known() }
        }
        ReferralStatus::Withdrawn => ReferralState::Withdrawn { at: decided()?, household: known() },
    })
}

/// The columns of what it says and of what has become of it.
fn changing(referral: &Referral) -> referral::ActiveModel {
    let Facts { source, kind, assessment, people, shares_as, arrival, nights, features, from_district } =
        &referral.facts;
    let reason = match &referral.state {
        ReferralState::Declined { reason, .. } => Some(reason.clone()),
        ReferralState::Closed { outcome, .. } => Some(outcome.clone()),
        _ => None,
    };
    let (stay, closed_at) = match &referral.state {
        ReferralState::Placed { stay, .. } => (Some(stay.0), None),
        ReferralState::Closed { placed, closed_at, .. } => (placed.map(|(_, stay)| stay.0), Some(*closed_at)),
        _ => (None, None),
    };
    let assessed_by = match &referral.state {
        ReferralState::Assessing { by } => Some(*by),
        _ => None,
    };
    referral::ActiveModel {
        id: Unchanged(referral.id.0),
        reference: NotSet,
        council: NotSet,
        by_id: NotSet,
        received_at: NotSet,
        responded_at: Set(referral.responded_at),
        version: Set(i32::try_from(referral.version).unwrap_or(i32::MAX)),
        source: Set(source.to_string()),
        kind: Set(kind.to_string()),
        risk: Set(assessment.risk.map(|risk| risk.to_string())),
        dash_ticks: Set(assessment.dash_ticks.map(i32::from)),
        marac: Set(assessment.marac),
        adults: Set(i32::from(people.adults)),
        children: Set(i32::from(people.children)),
        shares_as: Set(shares_as.map(|shares_as| shares_as.to_string())),
        arrival: Set(*arrival),
        nights: Set(i32::try_from(*nights).unwrap_or(i32::MAX)),
        features: Set(joined(features)),
        from_district: Set(from_district.clone()),
        status: Set(referral.status().to_string()),
        assessed_by: Set(assessed_by),
        decided_at: Set(referral.state.at()),
        reason: Set(reason),
        household_id: Set(referral.household().map(|household| household.0)),
        placed_at: Set(referral.state.placed_at()),
        stay_id: Set(stay),
        closed_at: Set(closed_at),
        looked_for: NotSet,
        needs: NotSet,
        details: NotSet,
        contact_blind: NotSet,
        imported_as: NotSet,
    }
}

/// Those that pass the filter, in no order.
fn passing(filter: &ReferralFilter) -> Select<referral::Entity> {
    let mut select = referral::Entity::find();
    if let Some(council) = &filter.council {
        select = select.filter(referral::Column::Council.eq(council));
    }
    if !filter.statuses.is_empty() {
        let statuses = filter.statuses.iter().map(|status| status.as_str());
        select = select.filter(referral::Column::Status.is_in(statuses));
    }
    not_of(select, &filter.but)
}

/// None that was accepted for one of these households.
fn not_of(select: Select<referral::Entity>, households: &[HouseholdId]) -> Select<referral::Entity> {
    if households.is_empty() {
        return select;
    }
    let these = households.iter().map(|household| household.0);
    let open = referral::Column::HouseholdId.is_null().or(referral::Column::HouseholdId.is_not_in(these));
    select.filter(open)
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The referral with this id.
    pub async fn referral(&self, id: ReferralId) -> Result<Option<StoredReferral>> {
        referral::Entity::find_by_id(id.0).one(self.connection).await?.map(domain).transpose()
    }

    /// The referral that people call so.
    pub async fn referral_called(&self, reference: &str) -> Result<Option<StoredReferral>> {
        let select = referral::Entity::find().filter(referral::Column::Reference.eq(reference));
        select.one(self.connection).await?.map(domain).transpose()
    }

    /// A page of the referrals that pass the filter, oldest first.
    pub async fn referrals(
        &self,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<StoredReferral>> {
        let mut select = passing(filter);
        if let Some(after) = page.after {
            select = select.filter(referral::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(referral::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// A page of the referrals that pass the filter, by id, the last first: the page goes on before the one it is `after`.
    pub async fn latest_referrals(
        &self,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<StoredReferral>> {
        let mut select = passing(filter);
        if let Some(after) = page.after {
            select = select.filter(referral::Column::Id.lt(after.0));
        }
        let rows = select.order_by_desc(referral::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// The referrals that came from one instant up to another, in order; none that was accepted for one of the households
    /// `but`.
    pub async fn referrals_received(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        but: &[HouseholdId],
    ) -> Result<Vec<Referral>> {
        let select = referral::Entity::find()
            .filter(referral::Column::ReceivedAt.gte(from))
            .filter(referral::Column::ReceivedAt.lt(to))
            .order_by_asc(referral::Column::ReceivedAt)
            .order_by_asc(referral::Column::Id);
        let found: Vec<StoredReferral> =
            not_of(select, but).all(self.connection).await?.into_iter().map(domain).collect::<Result<_>>()?;
        Ok(found.into_iter().map(|stored| stored.referral).collect())
    }

    /// The households for whom a referral was ever accepted.
    pub async fn referred_households(&self) -> Result<BTreeSet<HouseholdId>> {
        let ids: Vec<Option<Uuid>> = referral::Entity::find()
            .select_only()
            .column(referral::Column::HouseholdId)
            .filter(referral::Column::HouseholdId.is_not_null())
            .into_tuple()
            .all(self.connection)
            .await?;
        Ok(ids.into_iter().flatten().map(HouseholdId).collect())
    }

    /// The referrals of one of these statuses that were accepted for this household, oldest first.
    pub async fn referrals_for(
        &self,
        household: HouseholdId,
        statuses: &[ReferralStatus],
    ) -> Result<Vec<StoredReferral>> {
        let select = referral::Entity::find()
            .filter(referral::Column::HouseholdId.eq(household.0))
            .filter(referral::Column::Status.is_in(statuses.iter().map(|status| status.as_str())))
            .order_by_asc(referral::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// What these households need, sealed, with the keys that open it and what else is sealed for them.
    pub async fn last_needs(&self, households: &[HouseholdId]) -> Result<SealedNeeds> {
        let referrals = self.last_referrals(households).await?;
        let of_referrals = referrals.values().map(|stored| stored.referral.id.0);
        let owners: Vec<Uuid> = households.iter().map(|household| household.0).chain(of_referrals).collect();
        Ok(SealedNeeds { keys: self.data_keys_of(&owners).await?, referrals })
    }

    /// Of each of these households the referral by which it is known best: the latest that was accepted for it.
    async fn last_referrals(
        &self,
        households: &[HouseholdId],
    ) -> Result<BTreeMap<HouseholdId, StoredReferral>> {
        let accepted = [ReferralStatus::Accepted, ReferralStatus::Placed, ReferralStatus::Closed];
        let accepted = accepted.map(ReferralStatus::as_str);
        let mut last = BTreeMap::new();
        for some in households.chunks(10_000) {
            let select = referral::Entity::find()
                .filter(referral::Column::HouseholdId.is_in(some.iter().map(|household| household.0)))
                .filter(referral::Column::Status.is_in(accepted))
                // Not by id: a file brings in what came long ago.
                .order_by_asc(referral::Column::ReceivedAt)
                .order_by_asc(referral::Column::Id);
            for row in select.all(self.connection).await? {
                let stored = domain(row)?;
                if let Some(household) = stored.referral.household() {
                    last.insert(household, stored);
                }
            }
        }
        Ok(last)
    }

    /// The referrals with these ids, in no order.
    pub async fn referrals_by_id(&self, ids: &[ReferralId]) -> Result<Vec<StoredReferral>> {
        let ids = ids.iter().map(|id| id.0);
        let rows =
            referral::Entity::find().filter(referral::Column::Id.is_in(ids)).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// The referrals that ended without a stay from an instant up to, not including, another: declined, taken back, or
    /// closed before the household had a place.
    pub async fn unplaced_referrals(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<StoredReferral>> {
        let refused = [ReferralStatus::Declined, ReferralStatus::Withdrawn].map(ReferralStatus::as_str);
        let turned_away = Condition::all()
            .add(referral::Column::Status.is_in(refused))
            .add(referral::Column::DecidedAt.gte(from))
            .add(referral::Column::DecidedAt.lt(to));
        let closed = Condition::all()
            .add(referral::Column::Status.eq(ReferralStatus::Closed.as_str()))
            .add(referral::Column::StayId.is_null())
            .add(referral::Column::ClosedAt.gte(from))
            .add(referral::Column::ClosedAt.lt(to));
        let select = referral::Entity::find().filter(Condition::any().add(turned_away).add(closed));
        select
            .order_by_asc(referral::Column::Id)
            .all(self.connection)
            .await?
            .into_iter()
            .map(domain)
            .collect()
    }

    /// Which of these names of a file's referrals are there already.
    pub async fn imported_referrals(&self, names: &[String]) -> Result<Vec<String>> {
        let found: Vec<Option<String>> = referral::Entity::find()
            .select_only()
            .column(referral::Column::ImportedAs)
            .filter(referral::Column::ImportedAs.is_in(names))
            .into_tuple()
            .all(self.connection)
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The households for which referrals were accepted that have the same contact.
    pub async fn households_by_referral_blind(&self, blind: &[u8], most: u64) -> Result<Vec<HouseholdId>> {
        let select = referral::Entity::find()
            .filter(referral::Column::ContactBlind.eq(blind))
            .filter(referral::Column::HouseholdId.is_not_null())
            .limit(most);
        let rows = select.all(self.connection).await?;
        Ok(rows.into_iter().filter_map(|row| row.household_id.map(HouseholdId)).collect())
    }
}

impl Tx {
    /// The referral with this id; nobody else changes it until the transaction ends.
    pub async fn lock_referral(&self, id: ReferralId) -> Result<Option<StoredReferral>> {
        let select = referral::Entity::find_by_id(id.0).lock_exclusive();
        select.one(self.connection()).await?.map(domain).transpose()
    }

    /// Adds a referral. Fails with `InUse("referral_reference")` when another has its reference, and with
    /// `InUse("referral_imported_as")` when it came from a file before.
    pub async fn add_referral(&self, added: &StoredReferral) -> Result<()> {
        let StoredReferral { referral, by, words, looked_for, imported_as } = added;
        let row = referral::ActiveModel {
            id: Set(referral.id.0),
            reference: Set(referral.reference.clone()),
            council: Set(referral.council.clone()),
            by_id: Set(*by),
            received_at: Set(referral.received_at),
            looked_for: Set(looked_for.clone()),
            needs: Set(words.needs.clone()),
            details: Set(words.details.clone()),
            contact_blind: Set(words.contact_blind.clone()),
            imported_as: Set(imported_as.clone()),
            ..changing(referral)
        };
        referral::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what a referral says in codes now, and what has become of it.
    pub async fn save_referral(&self, saved: &Referral) -> Result<()> {
        referral::Entity::update(changing(saved)).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps what a referral says in words now.
    pub async fn save_referral_words(&self, id: ReferralId, words: &SealedWords) -> Result<()> {
        let row = referral::ActiveModel {
            id: Unchanged(id.0),
            needs: Set(words.needs.clone()),
            details: Set(words.details.clone()),
            contact_blind: Set(words.contact_blind.clone()),
            ..Default::default()
        };
        referral::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps what stood against each home when a referral was declined.
    pub async fn save_looked_for(&self, id: ReferralId, looked_for: String) -> Result<()> {
        let row = referral::ActiveModel {
            id: Unchanged(id.0),
            looked_for: Set(Some(looked_for)),
            ..Default::default()
        };
        referral::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
