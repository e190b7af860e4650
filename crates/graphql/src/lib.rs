//! The API: thin resolvers over the engine. The only crate that names the GraphQL library.
//!
//! Resolvers turn input into domain words, ask the engine, and turn its answer into types of the schema. They
//! decide nothing: who may do what, and whether it can be done, is the engine's and the domain's to say.

// A merged object is as deep as it has parts, and so are the types of its resolvers.
#![recursion_limit = "256"]
#![expect(clippy::unused_async, reason = "resolvers are `async`, whether or not they wait")]

mod access;
mod accommodation_kinds;
mod accounts;
mod allocation;
mod answers;
mod attention;
mod audit;
mod availability;
mod board;
mod codes;
mod cookies;
mod costs;
mod departures;
mod disclosure;
mod documents;
mod echo;
mod endpoint;
mod exceptions;
mod figures;
mod forecast;
mod grants;
mod group_offers;
mod holds;
#[cfg(test)]
mod hostile;
mod households;
mod ids;
mod immediate_needs;
mod items;
mod key_workers;
mod limits;
mod meeting_packs;
mod next_steps;
mod occupancy;
mod order;
mod pack_templates;
mod packs;
mod paging;
mod partner;
mod places;
mod properties;
mod questions;
mod reasons;
mod referrals;
mod restrictions;
mod retention;
mod reveals;
mod scalars;
mod sessions;
mod sharing;
mod shopping;
mod statutory_return;
mod stays;
mod stock;
mod subscriptions;
mod support;
mod targets;
mod tokens;
mod units;
mod voids;
mod websocket;
mod what_if;

use std::sync::Arc;

use async_graphql::{
    Context, ID, Interface, MergedObject, Object, ObjectType, Result, SDLExportOptions, SubscriptionType,
};
use safespace_domain::access::Actor;
use safespace_engine::Engine;

pub use endpoint::{api, routes};
pub use safespace_edge::{Edge, Introspection};

/// The deepest nesting of a query. The introspection query of the usual tools needs 13.
const DEEPEST: usize = 15;
/// The most that a query may cost: a field costs one, a list as many times as it may have rows.
const MOST_COMPLEX: usize = 50_000;
/// The most directives on one field.
const MOST_DIRECTIVES: usize = 8;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    Nodes,
    access::AccessQuery,
    codes::CodesQuery,
    accommodation_kinds::AccommodationKindsQuery,
    properties::PropertiesQuery,
    units::UnitsQuery,
    households::HouseholdsQuery,
    stays::StaysQuery,
    voids::VoidsQuery,
    availability::AvailabilityQuery,
    allocation::AllocationQuery,
    holds::HoldsQuery,
    reasons::ReasonsQuery,
    board::BoardQuery,
    occupancy::OccupancyQuery,
    attention::AttentionQuery,
    audit::AuditQuery,
    disclosure::DisclosureQuery,
    questions::QuestionsQuery,
    referrals::ReferralsQuery,
    accounts::AccountsQuery,
    tokens::TokensQuery,
    sessions::SessionsQuery,
    reveals::RevealsQuery,
    retention::RetentionQuery,
    key_workers::KeyWorkersQuery,
    group_offers::GroupOffersQuery,
    items::ItemsQuery,
    places::PlacesQuery,
    grants::GrantsQuery,
    stock::StockQuery,
    pack_templates::PackTemplatesQuery,
    packs::PacksQuery,
    shopping::ShoppingQuery,
    costs::CostsQuery,
    forecast::ForecastQuery,
    what_if::WhatIfQuery,
    statutory_return::StatutoryReturnQuery,
    figures::FiguresQuery,
    targets::TargetsQuery,
    meeting_packs::MeetingPacksQuery,
);

/// Everything that can be done. Each takes an idempotency key: the same key and input have one effect and one answer.
#[derive(MergedObject, Default)]
pub struct Mutation(
    codes::CodesMutation,
    accommodation_kinds::AccommodationKindsMutation,
    properties::PropertiesMutation,
    units::UnitsMutation,
    stays::StaysMutation,
    allocation::AllocationMutation,
    holds::HoldsMutation,
    sharing::SharingMutation,
    next_steps::NextStepsMutation,
    departures::DeparturesMutation,
    reasons::ReasonsMutation,
    voids::VoidsMutation,
    restrictions::RestrictionsMutation,
    disclosure::DisclosureMutation,
    referrals::ReferralsMutation,
    accounts::AccountsMutation,
    tokens::TokensMutation,
    sessions::SessionsMutation,
    reveals::RevealsMutation,
    retention::RetentionMutation,
    support::SupportMutation,
    key_workers::KeyWorkersMutation,
    immediate_needs::ImmediateNeedsMutation,
    group_offers::GroupOffersMutation,
    items::ItemsMutation,
    places::PlacesMutation,
    grants::GrantsMutation,
    targets::TargetsMutation,
    meeting_packs::MeetingPacksMutation,
    stock::StockMutation,
    pack_templates::PackTemplatesMutation,
    packs::PacksMutation,
    statutory_return::StatutoryReturnMutation,
);

type Schema = async_graphql::Schema<Query, Mutation, subscriptions::Subscription>;

fn build() -> async_graphql::SchemaBuilder<Query, Mutation, subscriptions::Subscription> {
    limited(Schema::build(Query::default(), Mutation::default(), subscriptions::Subscription))
}

/// The limits that hold for every schema.
fn limited<Q, M, S>(builder: async_graphql::SchemaBuilder<Q, M, S>) -> async_graphql::SchemaBuilder<Q, M, S> {
    builder
        .limit_depth(DEEPEST)
        .limit_complexity(MOST_COMPLEX)
        .limit_directives(MOST_DIRECTIVES)
        .disable_suggestions()
}

/// The schema over an engine.
fn schema(engine: &Arc<Engine>, introspection: Introspection) -> Schema {
    opened(build().data(Arc::clone(engine)), introspection).finish()
}

/// The schema tells what it holds, or does not.
fn opened<Q, M, S>(
    builder: async_graphql::SchemaBuilder<Q, M, S>,
    introspection: Introspection,
) -> async_graphql::SchemaBuilder<Q, M, S> {
    match introspection {
        Introspection::Closed => builder.disable_introspection(),
        Introspection::Open => builder,
    }
}

/// The schema in the schema definition language, sorted.
pub fn sdl() -> String {
    sorted(&build().finish())
}

/// The partner councils' schema in the schema definition language, sorted.
pub fn partner_sdl() -> String {
    sorted(&partner::build().finish())
}

fn sorted<Q, M, S>(schema: &async_graphql::Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    let text = schema.sdl_with_options(options);
    let tidy: Vec<_> = text.lines().map(str::trim_end).collect();
    format!("{}\n", tidy.join("\n").trim())
}

/// The engine, from a resolver's context.
fn engine<'a>(ctx: &Context<'a>) -> &'a Arc<Engine> {
    ctx.data_unchecked::<Arc<Engine>>()
}

/// Who asks, from a resolver's context: the endpoint lets nobody in whom the engine does not know.
fn actor<'a>(ctx: &Context<'a>) -> &'a Arc<Actor> {
    ctx.data_unchecked::<Arc<Actor>>()
}

/// Anything that has an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Says its kind; opaque."))]
pub enum Node {
    /// A district.
    District(codes::District),
    /// A feature.
    Feature(codes::Feature),
    /// A reason for voids.
    VoidReason(codes::VoidReason),
    /// A scheme's policy.
    Policy(codes::Policy),
    /// A property.
    Property(properties::Property),
    /// A unit.
    Unit(units::Unit),
    /// A household.
    Household(households::Household),
    /// A stay.
    Stay(stays::Stay),
    /// A void.
    Void(voids::Void),
    /// A referral.
    Referral(referrals::Referral),
    /// A hold.
    Hold(holds::Hold),
    /// A person's account.
    Account(accounts::Account),
}

/// Looking anything up by its id.
#[derive(Default)]
pub struct Nodes;

#[Object]
impl Nodes {
    /// Whatever has this id. Null when there is nothing, or nothing that you may see.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Node>> {
        let (kind, key) = ids::split(&id)?;
        Ok(match kind.as_str() {
            "District" => codes::district(ctx, &key)?.map(Node::District),
            "Feature" => codes::feature(ctx, &key)?.map(Node::Feature),
            "VoidReason" => codes::void_reason(ctx, &key)?.map(Node::VoidReason),
            "Policy" => codes::policy(ctx, &key)?.map(Node::Policy),
            "Property" => properties::by_id(ctx, ids::uuid(&key)?)?.map(Node::Property),
            "Unit" => units::by_id(ctx, ids::uuid(&key)?)?.map(Node::Unit),
            "Household" => households::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Household),
            "Stay" => stays::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Stay),
            "Void" => voids::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Void),
            "Referral" => referrals::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Referral),
            "Hold" => holds::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Hold),
            "Account" => accounts::by_id(ctx, ids::uuid(&key)?).await?.map(Node::Account),
            _ => return Err(ids::not_an_id()),
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_published_schemas_are_the_served_ones() {
        let published = include_str!("../../../schema.graphql");
        assert!(
            published == super::sdl(),
            "schema.graphql has drifted: run `cargo run -- schema > schema.graphql`"
        );
        let published = include_str!("../../../schema.partner.graphql");
        assert!(
            published == super::partner_sdl(),
            "schema.partner.graphql has drifted: run `cargo run -- schema --partner > schema.partner.graphql`"
        );
    }
}
