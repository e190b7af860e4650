//! Addresses and personal details: written down, and brought out only by an act of revealing. Never in a list.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, NoticeId, PropertyId};
use safespace_engine::{
    Command, Notice as Found, Outcome, Page as StorePage, SetAddress, SetHouseholdDetails,
};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer as declare, query_error, run, told, unexpected},
    engine,
    households::Household,
    ids,
    paging::{Page, Window},
    properties::Property,
};

/// An address to write down.
#[derive(InputObject)]
pub struct SetAddressInput {
    /// Of which property.
    property: ID,
    /// One to six lines. Confidential.
    address: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// An address was written down.
#[derive(SimpleObject)]
pub struct AddressSet {
    /// Of which property.
    property: Property,
}

/// Personal details to write down, instead of all that were there. None is needed to place a household.
#[derive(InputObject)]
pub struct SetHouseholdDetailsInput {
    /// The household's reference.
    household: String,
    /// Names. Confidential.
    name: Option<String>,
    /// A safe way to reach it. Confidential.
    contact: Option<String>,
    /// Anything else that whoever looks after it must know. Confidential.
    note: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Personal details were written down.
#[derive(SimpleObject)]
pub struct HouseholdDetailsSet {
    /// Of which household.
    household: Household,
}

/// An address to reveal.
#[derive(InputObject)]
pub struct RevealAddressInput {
    /// Of which property.
    property: ID,
    /// Why. Confidential; managers are told, and it is recorded.
    reason: String,
}

/// An address. The act is recorded, and managers are told.
#[derive(SimpleObject)]
pub struct AddressRevealed {
    /// Its lines.
    lines: Vec<String>,
}

/// Personal details to reveal.
#[derive(InputObject)]
pub struct RevealHouseholdDetailsInput {
    /// Of which household.
    household: ID,
    /// Why. Confidential; managers are told, and it is recorded.
    reason: String,
}

/// Personal details. The act is recorded, and managers are told.
#[derive(SimpleObject)]
pub struct HouseholdDetailsRevealed {
    /// Names.
    name: Option<String>,
    /// A safe way to reach it.
    contact: Option<String>,
    /// Anything else.
    note: Option<String>,
}

/// A contact to look for.
#[derive(InputObject)]
pub struct HouseholdsByContactInput {
    /// The whole telephone number or e-mail address. Confidential.
    contact: String,
}

/// The households that can be reached so. The look is recorded.
#[derive(SimpleObject)]
pub struct HouseholdsFound {
    /// Which, at most twenty.
    households: Vec<Household>,
}

declare!(
    /// The answer to `setAddress`.
    SetAddressAnswer = AddressSet
);
declare!(
    /// The answer to `setHouseholdDetails`.
    SetHouseholdDetailsAnswer = HouseholdDetailsSet
);
declare!(
    /// The answer to `revealAddress`.
    RevealAddressAnswer = AddressRevealed
);
declare!(
    /// The answer to `revealHouseholdDetails`.
    RevealHouseholdDetailsAnswer = HouseholdDetailsRevealed
);
declare!(
    /// The answer to `householdsByContact`.
    HouseholdsByContactAnswer = HouseholdsFound
);
declare!(
    /// The answer to `markNoticeSeen`.
    NoticeAnswer = NoticeSeen
);

/// What a notice is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Somebody had an address revealed.
    AddressRevealed,
    /// Somebody had a household's personal details revealed.
    HouseholdDetailsRevealed,
    /// An administrator made an account.
    AccountCreated,
    /// An administrator took an account's password and second factor back, and made a new link.
    AccountReset,
    /// Somebody had revealed what a council wrote with a referral.
    ReferralDetailsRevealed,
    /// Somebody exported all that is held on a household.
    SubjectAccessExported,
}

/// Something that managers are told of.
pub struct Notice(Found);

#[Object]
impl Notice {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Notice", self.0.id)
    }

    /// When it happened.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What happened.
    async fn kind(&self) -> NoticeKind {
        match self.0.kind.as_str() {
            "reveal_address" => NoticeKind::AddressRevealed,
            "create_account" => NoticeKind::AccountCreated,
            "reset_account" => NoticeKind::AccountReset,
            "reveal_referral_details" => NoticeKind::ReferralDetailsRevealed,
            "export_subject_access" => NoticeKind::SubjectAccessExported,
            _ => NoticeKind::HouseholdDetailsRevealed,
        }
    }

    /// To which property, household, referral or account.
    async fn subject(&self) -> ID {
        let kind = match self.0.kind.as_str() {
            "reveal_address" => "Property",
            "reveal_referral_details" => "Referral",
            "create_account" | "reset_account" => "Account",
            _ => "Household",
        };
        ids::global(kind, self.0.subject)
    }

    /// By whom: the id of an account.
    async fn by(&self) -> Option<ID> {
        self.0.by.map(|account| ids::global("Account", account))
    }

    /// When a manager said that they had seen it.
    async fn seen_at(&self) -> Option<DateTime<Utc>> {
        self.0.seen_at
    }
}

/// A notice to mark.
#[derive(InputObject)]
pub struct NoticeInput {
    /// Which.
    notice: ID,
}

/// A notice was seen.
#[derive(SimpleObject)]
pub struct NoticeSeen {
    /// As it is now.
    notice: Notice,
}

/// What managers are told of.
#[derive(Default)]
pub struct RevealsQuery;

#[Object]
impl RevealsQuery {
    /// What was revealed and to whom, and which accounts were made or reset, oldest first. For managers.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = true)] unseen_only: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Notice>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(NoticeId), limit: window.limit() };
        let rows = engine(ctx).notices(actor(ctx), unseen_only, asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|notice| (notice.id.to_string(), Notice(notice)))))
    }
}

/// Writing down what is confidential, and revealing it. Revealing takes no idempotency key, for no answer with an address
/// is remembered.
#[derive(Default)]
pub struct RevealsMutation;

#[Object]
impl RevealsMutation {
    /// Writes the address of a property down. For managers.
    async fn set_address(&self, ctx: &Context<'_>, input: SetAddressInput) -> Result<SetAddressAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        let command = Command::SetAddress(SetAddress { property, address: input.address });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::Property(property)) => SetAddressAnswer::Done(AddressSet {
                property: Property::new(&engine(ctx).spaces(), property),
            }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetAddressAnswer::Refused(refused),
        })
    }

    /// Writes the personal details of a household down, instead of all that were there.
    async fn set_household_details(
        &self,
        ctx: &Context<'_>,
        input: SetHouseholdDetailsInput,
    ) -> Result<SetHouseholdDetailsAnswer> {
        let ask = SetHouseholdDetails {
            household: input.household,
            name: input.name,
            contact: input.contact,
            note: input.note,
        };
        Ok(match run(ctx, input.idempotency_key, Command::SetHouseholdDetails(ask)).await? {
            Ok(Outcome::Household(household)) => {
                SetHouseholdDetailsAnswer::Done(HouseholdDetailsSet { household: Household(household) })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetHouseholdDetailsAnswer::Refused(refused),
        })
    }

    /// Reveals the address of one property, to a person who has just given a second factor. Five an hour, twenty a day.
    async fn reveal_address(
        &self,
        ctx: &Context<'_>,
        input: RevealAddressInput,
    ) -> Result<RevealAddressAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        Ok(match told(engine(ctx).reveal_address(actor(ctx), property, &input.reason).await)? {
            Ok(address) => {
                let lines = address.lines().map(str::to_owned).collect();
                RevealAddressAnswer::Done(AddressRevealed { lines })
            }
            Err(refused) => RevealAddressAnswer::Refused(refused),
        })
    }

    /// Reveals the personal details of one household, to a person who has just given a second factor.
    async fn reveal_household_details(
        &self,
        ctx: &Context<'_>,
        input: RevealHouseholdDetailsInput,
    ) -> Result<RevealHouseholdDetailsAnswer> {
        let household = HouseholdId(ids::of_kind("Household", &input.household)?);
        let done = engine(ctx).reveal_household_details(actor(ctx), household, &input.reason).await;
        Ok(match told(done)? {
            Ok(details) => RevealHouseholdDetailsAnswer::Done(HouseholdDetailsRevealed {
                name: details.name,
                contact: details.contact,
                note: details.note,
            }),
            Err(refused) => RevealHouseholdDetailsAnswer::Refused(refused),
        })
    }

    /// The households that can be reached by a contact, exactly. A mutation, because the look is recorded.
    async fn households_by_contact(
        &self,
        ctx: &Context<'_>,
        input: HouseholdsByContactInput,
    ) -> Result<HouseholdsByContactAnswer> {
        Ok(match told(engine(ctx).households_by_contact(actor(ctx), &input.contact).await)? {
            Ok(found) => {
                let households = found.into_iter().map(Household).collect();
                HouseholdsByContactAnswer::Done(HouseholdsFound { households })
            }
            Err(refused) => HouseholdsByContactAnswer::Refused(refused),
        })
    }

    /// Says that a notice was seen. For managers.
    async fn mark_notice_seen(&self, ctx: &Context<'_>, input: NoticeInput) -> Result<NoticeAnswer> {
        let id = NoticeId(ids::of_kind("Notice", &input.notice)?);
        Ok(match told(engine(ctx).mark_notice_seen(actor(ctx), id).await)? {
            Ok(notice) => NoticeAnswer::Done(NoticeSeen { notice: Notice(notice) }),
            Err(refused) => NoticeAnswer::Refused(refused),
        })
    }
}
