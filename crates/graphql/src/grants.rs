//! Grants: money that provisions are bought with, what is left of each and when it runs out.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_engine::{Command, GrantView, Outcome, SaveGrant};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine, ids,
    paging::{Page, Window},
    scalars::Date,
};

/// A grant, and how it stands today.
pub struct Grant(pub(crate) GrantView);

#[Object]
impl Grant {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Grant", self.0.grant.id)
    }

    /// The code that people see.
    async fn code(&self) -> &str {
        &self.0.grant.code
    }

    /// Who gives it, or what it is called.
    async fn name(&self) -> &str {
        &self.0.grant.name
    }

    /// How much it is, in pounds.
    async fn amount(&self) -> Decimal {
        self.0.grant.amount.pounds()
    }

    /// The first day on which it may be spent.
    async fn from(&self) -> Date {
        Date(self.0.grant.period.arrival())
    }

    /// The first day on which it may be spent no more.
    async fn to(&self) -> Date {
        Date(self.0.grant.period.departure())
    }

    /// What for.
    async fn purpose(&self) -> &str {
        &self.0.grant.purpose
    }

    /// What was bought with it so far, in pounds. What is spent elsewhere is not known here.
    async fn spent(&self) -> Decimal {
        self.0.standing.spent.pounds()
    }

    /// What is left, in pounds; below zero where it is overspent.
    async fn left(&self) -> Decimal {
        self.0.standing.left.pounds()
    }

    /// Over how many days its pace is measured; null before it has begun and after it has ended.
    async fn over_days(&self) -> Option<i64> {
        self.0.standing.over_days.map(i64::from)
    }

    /// What is spent of it on a day, in pounds, over those days.
    async fn pace(&self) -> Option<Decimal> {
        self.0.standing.pace
    }

    /// The day on which what is left is used up at this pace.
    async fn runs_out(&self) -> Option<Date> {
        self.0.standing.runs_out.map(Date)
    }

    /// What will be left of it when it ends, at this pace, in pounds.
    async fn left_at_end(&self) -> Option<Decimal> {
        self.0.standing.left_at_end.map(safespace_domain::money::Pence::pounds)
    }
}

/// Looking grants up.
#[derive(Default)]
pub struct GrantsQuery;

#[Object]
impl GrantsQuery {
    /// The grants, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Grant>> {
        let found = engine(ctx).grants(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(found, Grant)
    }
}

/// A grant to keep.
#[derive(InputObject)]
pub struct SaveGrantInput {
    /// Its code: one that is there is changed, a new one added.
    code: String,
    /// Who gives it, or what it is called.
    name: String,
    /// How much it is, in pounds.
    amount: Decimal,
    /// The first day on which it may be spent.
    from: Date,
    /// The first day on which it may be spent no more.
    to: Date,
    /// What for. No household is named in it.
    purpose: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A grant was kept.
#[derive(SimpleObject)]
pub struct GrantSaved {
    /// As it is now.
    grant: Grant,
}

answer!(
    /// The answer to `saveGrant`.
    GrantAnswer = GrantSaved
);

/// Keeping grants. For managers.
#[derive(Default)]
pub struct GrantsMutation;

#[Object]
impl GrantsMutation {
    /// Adds a grant, or changes what is said of it.
    async fn save_grant(&self, ctx: &Context<'_>, input: SaveGrantInput) -> Result<GrantAnswer> {
        let ask = SaveGrant {
            code: input.code,
            name: input.name,
            amount: input.amount,
            from: input.from.0,
            to: input.to.0,
            purpose: input.purpose,
        };
        Ok(match run(ctx, input.idempotency_key, Command::SaveGrant(ask)).await? {
            Ok(Outcome::Grant(grant)) => {
                let all = engine(ctx).grants(actor(ctx)).await.map_err(query_error)?;
                let saved = all.into_iter().find(|view| view.grant.id == grant.id).ok_or_else(unexpected)?;
                GrantAnswer::Done(GrantSaved { grant: Grant(saved) })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => GrantAnswer::Refused(refused),
        })
    }
}
