//! Referrals, their details sealed.

use safespace_domain::{
    HouseholdId, ReferralId,
    households::People,
    referrals::{Referral, ReferralState, ReferralStatus},
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
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
        pub council: String,
        pub by_id: Uuid,
        pub received_at: DateTimeUtc,
        pub adults: i32,
        pub children: i32,
        pub arrival: Date,
        pub status: String,
        pub decided_at: Option<DateTimeUtc>,
        pub decline_reason: Option<String>,
        pub household_id: Option<Uuid>,
        pub details: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A referral with its sealed details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReferral {
    /// The referral.
    pub referral: Referral,
    /// The account or token that sent it.
    pub by: Uuid,
    /// What the worker wrote, sealed.
    pub details: Option<Vec<u8>>,
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

fn domain(row: referral::Model) -> Result<StoredReferral> {
    let count = |n: i32| u16::try_from(n).map_err(|_| StoreError::Unreadable("referral.adults"));
    let decided = || row.decided_at.ok_or(StoreError::Unreadable("referral.decided_at"));
    let state = match row.status.parse().map_err(|_| StoreError::Unreadable("referral.status"))? {
        ReferralStatus::Received => ReferralState::Received,
        ReferralStatus::Accepted => {
            let household = row.household_id.ok_or(StoreError::Unreadable("referral.household_id"))?;
            ReferralState::Accepted { at: decided()?, household: HouseholdId(household) }
        }
        ReferralStatus::Declined => {
            let reason =
                row.decline_reason.clone().ok_or(StoreError::Unreadable("referral.decline_reason"))?;
            ReferralState::Declined { at: decided()?, reason }
        }
        ReferralStatus::Withdrawn => ReferralState::Withdrawn { at: decided()? },
    };
    let referral = Referral {
        id: ReferralId(row.id),
        reference: row.reference,
        council: row.council,
        people: People { adults: count(row.adults)?, children: count(row.children)? },
        arrival: row.arrival,
        received_at: row.received_at,
        state,
    };
    Ok(StoredReferral { referral, by: row.by_id, details: row.details })
}

/// The columns of what has become of it.
fn state(referral: &Referral) -> referral::ActiveModel {
    let (household, reason) = match &referral.state {
        ReferralState::Accepted { household, .. } => (Some(household.0), None),
        ReferralState::Declined { reason, .. } => (None, Some(reason.clone())),
        ReferralState::Received | ReferralState::Withdrawn { .. } => (None, None),
    };
    referral::ActiveModel {
        id: Unchanged(referral.id.0),
        reference: NotSet,
        council: NotSet,
        by_id: NotSet,
        received_at: NotSet,
        adults: NotSet,
        children: NotSet,
        arrival: NotSet,
        status: Set(referral.status().to_string()),
        decided_at: Set(referral.state.at()),
        decline_reason: Set(reason),
        household_id: Set(household),
        details: NotSet,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The referral with this id.
    pub async fn referral(&self, id: ReferralId) -> Result<Option<StoredReferral>> {
        referral::Entity::find_by_id(id.0).one(self.connection).await?.map(domain).transpose()
    }

    /// A page of the referrals that pass the filter, oldest first.
    pub async fn referrals(
        &self,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<StoredReferral>> {
        let mut select = referral::Entity::find();
        if let Some(council) = &filter.council {
            select = select.filter(referral::Column::Council.eq(council));
        }
        if !filter.statuses.is_empty() {
            let statuses = filter.statuses.iter().map(|status| status.as_str());
            select = select.filter(referral::Column::Status.is_in(statuses));
        }
        if !filter.but.is_empty() {
            let but = filter.but.iter().map(|household| household.0);
            let open =
                referral::Column::HouseholdId.is_null().or(referral::Column::HouseholdId.is_not_in(but));
            select = select.filter(open);
        }
        if let Some(after) = page.after {
            select = select.filter(referral::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(referral::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// The referral with this id; nobody else changes it until the transaction ends.
    pub async fn lock_referral(&self, id: ReferralId) -> Result<Option<StoredReferral>> {
        let select = referral::Entity::find_by_id(id.0).lock_exclusive();
        select.one(self.connection()).await?.map(domain).transpose()
    }

    /// Adds a referral. Fails with `InUse("referral_reference")` when another has its reference.
    pub async fn add_referral(&self, added: &StoredReferral) -> Result<()> {
        let StoredReferral { referral, by, details } = added;
        let row = referral::ActiveModel {
            id: Set(referral.id.0),
            reference: Set(referral.reference.clone()),
            council: Set(referral.council.clone()),
            by_id: Set(*by),
            received_at: Set(referral.received_at),
            adults: Set(i32::from(referral.people.adults)),
            children: Set(i32::from(referral.people.children)),
            arrival: Set(referral.arrival),
            details: Set(details.clone()),
            ..state(referral)
        };
        referral::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what has become of the referral.
    pub async fn save_referral(&self, saved: &Referral) -> Result<()> {
        referral::Entity::update(state(saved)).exec(self.connection()).await?;
        Ok(())
    }
}
