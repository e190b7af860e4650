//! Code lists and policies.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{access::Permission, districts, features, policies, units, voids};
use safespace_engine::{Command, Outcome};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine, ids,
    paging::{Page, Window},
    scalars::{count, natural},
};

/// What a district is to the service.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::districts::DistrictKind")]
pub enum DistrictKind {
    /// Runs the service.
    Host,
    /// Shares it by agreement.
    Partner,
    /// Tries it out.
    Pilot,
}

/// What a home is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::units::Scheme")]
pub enum Scheme {
    /// A furnished home for somebody in danger, for a few nights.
    SafeSpace,
    /// A home for the months after.
    MoveOn,
}

/// A district.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct District {
    /// Its name.
    pub(crate) name: String,
    /// What it is to the service.
    kind: DistrictKind,
}

#[ComplexObject]
impl District {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("District", &self.name)
    }
}

impl From<districts::District> for District {
    fn from(district: districts::District) -> Self {
        Self { name: district.name, kind: district.kind.into() }
    }
}

/// A feature that a unit can have and a household can need.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Feature {
    /// Its code.
    code: String,
    /// What people read.
    label: String,
}

#[ComplexObject]
impl Feature {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Feature", &self.code)
    }
}

impl From<features::Feature> for Feature {
    fn from(feature: features::Feature) -> Self {
        Self { code: feature.code, label: feature.label }
    }
}

/// A reason for voids.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct VoidReason {
    /// Its code.
    code: String,
    /// What people read.
    label: String,
}

#[ComplexObject]
impl VoidReason {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("VoidReason", &self.code)
    }
}

impl From<voids::VoidReason> for VoidReason {
    fn from(reason: voids::VoidReason) -> Self {
        Self { code: reason.code, label: reason.label }
    }
}

/// The rules of a scheme.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Policy {
    /// Whose rules they are.
    scheme: Scheme,
    /// The longest stay in nights, counting extensions and back-to-back stays.
    longest_stay_nights: i32,
    /// Nights kept free after each stay to make the unit ready.
    turnaround_nights: i32,
    /// Every how many nights a stay is reviewed.
    review_every_nights: Option<i32>,
    /// An arrival before this hour (Europe/London) belongs to the night before.
    late_arrival_until_hour: i32,
}

#[ComplexObject]
impl Policy {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Policy", units::Scheme::from(self.scheme))
    }
}

impl From<policies::Policy> for Policy {
    fn from(policy: policies::Policy) -> Self {
        Self {
            scheme: policy.scheme.into(),
            longest_stay_nights: count(policy.longest_stay_nights),
            turnaround_nights: count(policy.turnaround_nights),
            review_every_nights: policy.review_every_nights.map(count),
            late_arrival_until_hour: count(policy.late_arrival_until_hour),
        }
    }
}

/// Refuses whoever may not see the spaces.
pub(crate) fn may_see_spaces(ctx: &Context<'_>) -> Result<()> {
    engine(ctx).must(actor(ctx), Permission::SeeSpaces).map_err(|refusal| query_error(refusal.into()))
}

pub(crate) fn district(ctx: &Context<'_>, name: &str) -> Result<Option<District>> {
    may_see_spaces(ctx)?;
    Ok(engine(ctx).spaces().districts.get(name).cloned().map(Into::into))
}

pub(crate) fn feature(ctx: &Context<'_>, code: &str) -> Result<Option<Feature>> {
    may_see_spaces(ctx)?;
    Ok(engine(ctx).spaces().features.get(code).cloned().map(Into::into))
}

pub(crate) fn void_reason(ctx: &Context<'_>, code: &str) -> Result<Option<VoidReason>> {
    may_see_spaces(ctx)?;
    Ok(engine(ctx).spaces().void_reasons.get(code).cloned().map(Into::into))
}

pub(crate) fn policy(ctx: &Context<'_>, scheme: &str) -> Result<Option<Policy>> {
    may_see_spaces(ctx)?;
    let scheme: Option<units::Scheme> = scheme.parse().ok();
    Ok(scheme.map(|scheme| engine(ctx).spaces().policy(scheme).into()))
}

/// Code lists and policies.
#[derive(Default)]
pub struct CodesQuery;

#[Object]
impl CodesQuery {
    /// The districts, by name.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn districts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<District>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(spaces.districts.values().cloned(), |row| row.name.clone(), Into::into))
    }

    /// The features, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn features(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Feature>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(spaces.features.values().cloned(), |row| row.code.clone(), Into::into))
    }

    /// The reasons for voids, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn void_reasons(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<VoidReason>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(spaces.void_reasons.values().cloned(), |row| row.code.clone(), Into::into))
    }

    /// The rules of each scheme.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Policy>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let window = Window::new(first, after)?;
        window.page_of(units::Scheme::ALL.to_vec(), |scheme| spaces.policy(scheme).into())
    }
}

/// A district to keep.
#[derive(InputObject)]
pub struct SaveDistrictInput {
    /// Its name.
    name: String,
    /// What it is to the service.
    kind: DistrictKind,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A code to keep.
#[derive(InputObject)]
pub struct SaveCodeInput {
    /// The code.
    pub(crate) code: String,
    /// What people read.
    pub(crate) label: String,
    /// The same key and input have one effect and one answer.
    pub(crate) idempotency_key: Option<String>,
}

/// The rules of a scheme.
#[derive(InputObject)]
pub struct SetPolicyInput {
    /// Whose rules they are.
    scheme: Scheme,
    /// The longest stay in nights.
    longest_stay_nights: i32,
    /// Nights kept free after each stay.
    turnaround_nights: i32,
    /// Every how many nights a stay is reviewed.
    review_every_nights: Option<i32>,
    /// An arrival before this hour belongs to the night before.
    late_arrival_until_hour: i32,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A district was kept.
#[derive(SimpleObject)]
pub struct DistrictSaved {
    /// As it is now.
    district: District,
}

/// A feature was kept.
#[derive(SimpleObject)]
pub struct FeatureSaved {
    /// As it is now.
    feature: Feature,
}

/// A reason for voids was kept.
#[derive(SimpleObject)]
pub struct VoidReasonSaved {
    /// As it is now.
    void_reason: VoidReason,
}

/// A policy was set.
#[derive(SimpleObject)]
pub struct PolicySet {
    /// As it is now.
    policy: Policy,
}

answer!(
    /// The answer to `saveDistrict`.
    SaveDistrictAnswer = DistrictSaved
);
answer!(
    /// The answer to `saveFeature`.
    SaveFeatureAnswer = FeatureSaved
);
answer!(
    /// The answer to `saveVoidReason`.
    SaveVoidReasonAnswer = VoidReasonSaved
);
answer!(
    /// The answer to `setPolicy`.
    SetPolicyAnswer = PolicySet
);

/// Keeping code lists and policies. For managers.
#[derive(Default)]
pub struct CodesMutation;

#[Object]
impl CodesMutation {
    /// Adds a district, or changes its kind.
    async fn save_district(&self, ctx: &Context<'_>, input: SaveDistrictInput) -> Result<SaveDistrictAnswer> {
        let command =
            Command::SaveDistrict(districts::District { name: input.name, kind: input.kind.into() });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::District(district)) => {
                SaveDistrictAnswer::Done(DistrictSaved { district: district.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveDistrictAnswer::Refused(refused),
        })
    }

    /// Adds a feature to the code list, or changes its label.
    async fn save_feature(&self, ctx: &Context<'_>, input: SaveCodeInput) -> Result<SaveFeatureAnswer> {
        let command = Command::SaveFeature(features::Feature { code: input.code, label: input.label });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::Feature(feature)) => {
                SaveFeatureAnswer::Done(FeatureSaved { feature: feature.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveFeatureAnswer::Refused(refused),
        })
    }

    /// Adds a reason for voids to the code list, or changes its label.
    async fn save_void_reason(
        &self,
        ctx: &Context<'_>,
        input: SaveCodeInput,
    ) -> Result<SaveVoidReasonAnswer> {
        let command = Command::SaveVoidReason(voids::VoidReason { code: input.code, label: input.label });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::VoidReason(reason)) => {
                SaveVoidReasonAnswer::Done(VoidReasonSaved { void_reason: reason.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveVoidReasonAnswer::Refused(refused),
        })
    }

    /// Sets the rules of a scheme.
    async fn set_policy(&self, ctx: &Context<'_>, input: SetPolicyInput) -> Result<SetPolicyAnswer> {
        // What is below zero becomes absurdly large, and is refused as such.
        let command = Command::SetPolicy(policies::Policy {
            scheme: input.scheme.into(),
            longest_stay_nights: natural(input.longest_stay_nights),
            turnaround_nights: natural(input.turnaround_nights),
            review_every_nights: input.review_every_nights.map(natural),
            late_arrival_until_hour: natural(input.late_arrival_until_hour),
        });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::Policy(policy)) => SetPolicyAnswer::Done(PolicySet { policy: policy.into() }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetPolicyAnswer::Refused(refused),
        })
    }
}
