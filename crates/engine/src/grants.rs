//! Grants: money that provisions are bought with, what is left of each and when it runs out.

use rust_decimal::Decimal;
use safespace_domain::{
    GrantId, Night, Nights,
    access::{Actor, Permission},
    clock::service_day,
    codes,
    grants::{Grant, Spending, Standing, standing},
    money::Pence,
};
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// See [`crate::Command::SaveGrant`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaveGrant {
    /// Its code: one that is there is changed, a new one added.
    pub code: String,
    /// Who gives it, or what it is called.
    pub name: String,
    /// How much it is, in pounds.
    pub amount: Decimal,
    /// The first day on which it may be spent.
    pub from: Night,
    /// The first day on which it may be spent no more.
    pub to: Night,
    /// What for. No household is named in it.
    pub purpose: String,
}

/// A grant, with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantView {
    /// The grant.
    pub grant: Grant,
    /// What was spent, what is left, and when it runs out at this pace.
    pub standing: Standing,
}

impl Engine {
    /// The grants, by code, with what is left of each today.
    pub async fn grants(&self, actor: &Actor) -> Result<Vec<GrantView>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        let today = service_day(self.clock.now());
        let spendings = self.store.reader().spendings().await?;
        let views = self.store.reader().grants().await?.into_iter().map(|grant| {
            let own: Vec<Spending> =
                spendings.iter().filter(|(id, _)| *id == grant.id).map(|(_, spending)| *spending).collect();
            GrantView { standing: standing(&grant, &own, today), grant }
        });
        Ok(views.collect())
    }

    pub(crate) async fn save_grant(&self, work: &mut Work, ask: SaveGrant) -> Done<Outcome> {
        let code = codes::code(&ask.code, "code")?;
        let there = work.tx.lock_grant(&code).await?;
        let grant = Grant {
            id: there.as_ref().map_or_else(|| GrantId(self.ids.next()), |grant| grant.id),
            code: there.as_ref().map_or(code, |grant| grant.code.clone()),
            name: ask.name,
            amount: Pence::from_pounds(ask.amount, "amount")?,
            period: Nights::new(ask.from, ask.to)?,
            purpose: ask.purpose,
        }
        .checked()?;
        match there {
            Some(_) => work.tx.save_grant(&grant).await?,
            None => work.tx.add_grant(&grant).await?,
        }
        work.audit(Some(grant.id.0), &[], &grant);
        Ok(Outcome::Grant(grant))
    }
}
