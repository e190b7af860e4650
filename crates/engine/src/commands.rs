//! Commands: every change there is.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HoldId, HouseholdId, ImmediateNeedId, Night, PackId, PropertyId, ReferralId, StayId, SupportSessionId,
    UnitId, VoidId,
    access::Permission,
    accommodation_kinds::{AccommodationKind, SchemeKind},
    departures::Departure,
    disclosure::DisclosurePolicy,
    districts::District,
    features::Feature,
    grants::Grant,
    group_offers::GroupAttendance,
    holds::Hold,
    households::Household,
    immediate_needs::ImmediateNeed,
    items::{Item, ItemCategory, Level},
    key_workers::KeyWorker,
    localities::Locality,
    meeting_packs::{Discretion, MeetingGroup, MeetingPack},
    next_steps::{NextStep, NextStepState},
    pack_templates::PackTemplate,
    packs::Pack,
    places::Place,
    policies::Policy,
    properties::Property,
    reasons::Reason,
    referrals::Referral,
    restrictions::Restriction,
    retention::RetentionPolicy,
    sharing::{SharesAs, Sharing},
    standards::Standards,
    statutory_return::ReturnLine,
    stays::Stay,
    stock::StockEntry,
    support::{Channel, Hours, OutcomeKind, SupportSession},
    targets::Target,
    units::{Scheme, Unit},
    voids::{Void, VoidReason},
};
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{
    EditReferral, SubmitReferral, TakeReferral,
    grants::SaveGrant,
    items::{SaveItem, SetLevel},
    pack_templates::SavePackTemplate,
    packs::{AdaptPack, CancelPack, PickPack, PutBackFromPack},
    places::AddPlace,
    statutory_return::SetReturnLines,
    stock::{
        CorrectReceipt, CountStock, IssueStock, ReceiveStock, ReturnStock, TransferStock, WriteOffStock,
    },
};

/// A change that somebody asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Adds a district, or changes its kind.
    SaveDistrict(District),
    /// Adds a feature to the code list, or changes its label.
    SaveFeature(Feature),
    /// Adds a reason for voids to the code list, or changes its label.
    SaveVoidReason(VoidReason),
    /// Adds a kind of accommodation to the code list, or changes its label.
    SaveAccommodationKind(AccommodationKind),
    /// Says which kind of accommodation a scheme's homes are.
    SetSchemeKind(SchemeKind),
    /// Says which kind of accommodation a property is.
    SetPropertyKind {
        /// Which.
        property: PropertyId,
        /// The code of the kind; none for that of its scheme.
        kind: Option<String>,
    },
    /// Keeps a scheme's policy.
    SetPolicy(Policy),
    /// Keeps what partner councils are told.
    SetDisclosurePolicy(DisclosurePolicy),
    /// Keeps how long records of a kind are kept.
    SetRetentionPolicy(RetentionPolicy),
    /// Adds a property.
    RegisterProperty(RegisterProperty),
    /// Changes what is said of a property.
    DescribeProperty(DescribeProperty),
    /// Takes all units of a property out of stock from a night on.
    CloseProperty {
        /// Which.
        property: PropertyId,
        /// The first night out of stock.
        on: Night,
    },
    /// Puts the closed units of a property back in stock from a night on.
    ReopenProperty {
        /// Which.
        property: PropertyId,
        /// The first night in stock.
        on: Night,
    },
    /// Adds a unit.
    RegisterUnit(RegisterUnit),
    /// Changes what is said of a unit.
    DescribeUnit(DescribeUnit),
    /// Takes a unit out of stock from a night on.
    CloseUnit {
        /// Which.
        unit: UnitId,
        /// The first night out of stock.
        on: Night,
    },
    /// Puts a closed unit back in stock from a night on.
    ReopenUnit {
        /// Which.
        unit: UnitId,
        /// The first night in stock.
        on: Night,
    },
    /// Books a unit for a household.
    BookStay(BookStay),
    /// The household has arrived, now.
    CheckIn {
        /// Which stay.
        stay: StayId,
    },
    /// The household has left.
    CheckOut {
        /// Which stay.
        stay: StayId,
        /// On which day; today when not said.
        on: Option<Night>,
        /// Where the household went, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        departure: Option<DepartureAsk>,
    },
    /// Makes a stay end later.
    ExtendStay(ExtendStay),
    /// Makes a stay end earlier.
    ShortenStay {
        /// Which stay.
        stay: StayId,
        /// The new day of departure.
        departure: Night,
    },
    /// Calls a booking off.
    CancelStay {
        /// Which stay.
        stay: StayId,
    },
    /// Nobody came.
    MarkNoShow {
        /// Which stay.
        stay: StayId,
    },
    /// The household goes to another unit.
    MoveStay(MoveStay),
    /// Takes back an arrival, a departure, a cancellation or a no-show.
    ReinstateStay {
        /// Which stay.
        stay: StayId,
    },
    /// Takes a unit out of service for some nights.
    RecordVoid(RecordVoid),
    /// Changes a void.
    ChangeVoid(ChangeVoid),
    /// Takes a void back.
    CancelVoid {
        /// Which.
        void: VoidId,
    },
    /// Writes the address of a property down.
    SetAddress(SetAddress),
    /// Writes a household's personal details down, instead of all that were there.
    SetHouseholdDetails(SetHouseholdDetails),
    /// Closes a case to somebody with a conflict of interest.
    RestrictCase(RestrictCase),
    /// Opens a case to somebody again.
    LiftRestriction(LiftRestriction),
    /// Adds a reason to its code list, or changes what is said of it.
    SaveReason(Reason),
    /// Adds a locality, or changes what is said of it.
    SaveLocality(Locality),
    /// Keeps how soon what is to be done.
    SetStandards(Standards),
    /// Keeps the lines of a section of the statutory return.
    SetReturnLines(SetReturnLines),
    /// Two households must not be together in one property.
    KeepApart(KeepApart),
    /// Two households need not be kept apart any more.
    EndKeepApart {
        /// The one: its reference.
        household: String,
        /// The other.
        other: String,
    },
    /// Keeps a unit for a household for a short time.
    HoldUnit(HoldUnit),
    /// Makes a hold lapse later. Once.
    ExtendHold {
        /// Which.
        hold: HoldId,
    },
    /// Makes a hold a booking.
    ConfirmHold {
        /// Which.
        hold: HoldId,
        /// A manager's reason for allowing a longer stay than the policy does.
        exception: Option<String>,
    },
    /// Gives a hold up.
    ReleaseHold {
        /// Which.
        hold: HoldId,
    },
    /// Takes from holds what they still have although they have lapsed. Does nothing the second time.
    SweepHolds,
    /// Writes down what may come next for a household, and how far it has come.
    SaveNextStep(SaveNextStep),
    /// Support after a departure has ended.
    EndSupport {
        /// Which stay.
        stay: StayId,
    },
    /// Writes down where a household went, after it has left.
    RecordDeparture {
        /// Which stay.
        stay: StayId,
        /// What is known.
        departure: DepartureAsk,
    },
    /// Books a household into several units one after the other, where no unit has all the nights.
    BookSplit(BookSplit),
    /// Moves bookings that have not begun, so that another fits.
    Repack(Repack),
    /// Somebody of the team writes a referral down.
    TakeReferral(TakeReferral),
    /// Changes what a referral says.
    EditReferral(EditReferral),
    /// Somebody finds out what the household of a referral needs.
    AssessReferral {
        /// Which.
        referral: ReferralId,
    },
    /// A referral is taken back by whoever called.
    RecordWithdrawal {
        /// Which.
        referral: ReferralId,
    },
    /// A referral ends without a stay.
    CloseReferral {
        /// Which.
        referral: ReferralId,
        /// How: a code of the list of reasons for closing.
        outcome: String,
    },
    /// A council refers a household.
    SubmitReferral(SubmitReferral),
    /// A council takes its referral back.
    WithdrawReferral {
        /// Which.
        referral: ReferralId,
    },
    /// The household of a referral is to be placed.
    AcceptReferral {
        /// Which.
        referral: ReferralId,
        /// The household's pseudonymous reference; a new one where it is not known yet.
        household: String,
    },
    /// It is not.
    DeclineReferral {
        /// Which.
        referral: ReferralId,
        /// The code of the reason.
        reason: String,
    },
    /// Writes a session of support down, or the offer of one that was declined.
    RecordSupportSession(RecordSupportSession),
    /// Changes what is written down of a session.
    CorrectSupportSession(CorrectSupportSession),
    /// Takes a session back that was recorded by mistake.
    WithdrawSupportSession {
        /// Which.
        session: SupportSessionId,
    },
    /// Names a household's key worker, or says that it has none any more.
    AssignKeyWorker {
        /// Whose: the household's reference.
        household: String,
        /// The name that they sign in with; none for nobody.
        worker: Option<String>,
    },
    /// Puts an immediate need on a household's checklist, or gives one that is open another time.
    SaveImmediateNeed(SaveImmediateNeed),
    /// Settles immediate needs of a household: all of these, or none.
    SettleImmediateNeeds(SettleImmediateNeeds),
    /// Opens an immediate need again that was settled.
    ReopenImmediateNeed {
        /// Which.
        need: ImmediateNeedId,
    },
    /// Writes down how many attended a group offer on a date, instead of what was there.
    RecordGroupAttendance(RecordGroupAttendance),
    /// Adds a category of items, or changes its label.
    SaveItemCategory(ItemCategory),
    /// Adds an item to the catalogue, or changes what is said of it.
    SaveItem(SaveItem),
    /// Nothing of the item is bought or newly given out any more.
    RetireItem {
        /// Its code or bar code.
        item: String,
    },
    /// The item is used again.
    RestoreItem {
        /// Its code or bar code.
        item: String,
    },
    /// Takes an item out of the catalogue that the ledger does not know.
    DeleteItem {
        /// Its code or bar code.
        item: String,
    },
    /// Adds a place that holds stock.
    AddPlace(AddPlace),
    /// Nothing comes to the place any more. It must hold nothing.
    ClosePlace {
        /// Its code.
        place: String,
    },
    /// The place takes things in again.
    ReopenPlace {
        /// Its code.
        place: String,
    },
    /// Says at how many units of an item a place is low, and how many it should then have.
    SetLevel(SetLevel),
    /// Adds a grant, or changes what is said of it.
    SaveGrant(SaveGrant),
    /// Keeps a target, instead of the one with its code in its year where there is one.
    SaveTarget(Target),
    /// Takes a target back.
    RemoveTarget {
        /// The first day of its financial year.
        year: Night,
        /// Its code.
        code: String,
    },
    /// Keeps what is a small number to whom.
    SetDiscretion(Discretion),
    /// Keeps a group that meets, instead of the one with its code where there is one.
    SaveMeetingGroup(MeetingGroup),
    /// Keeps what a manager says to a group's pack, until it is issued. An empty text takes it back.
    SaveCommentary {
        /// The group's code.
        group: String,
        /// A day of the pack's period.
        on: Night,
        /// What they say.
        text: String,
    },
    /// Freezes a group's pack.
    IssueMeetingPack {
        /// The group's code.
        group: String,
        /// A day of the pack's period.
        on: Night,
    },
    /// Adds a pack template, or its next version: packs that were made by the one before keep that.
    SavePackTemplate(SavePackTemplate),
    /// No more packs are made by a template.
    RetirePackTemplate {
        /// Its code.
        template: String,
    },
    /// Packs are made by a template again.
    RestorePackTemplate {
        /// Its code.
        template: String,
    },
    /// A stay that has none gets its pack.
    PlanPack {
        /// The stay.
        stay: StayId,
    },
    /// A pack is made up of what is there; what is not is written down, with what stands in for it.
    PreparePack(PickPack),
    /// What a pack still needs goes in.
    TopUpPack(PickPack),
    /// The household gets its pack.
    HandOverPack {
        /// Which.
        pack: PackId,
    },
    /// What is in a pack and was not opened goes to a place.
    PutBackFromPack(PutBackFromPack),
    /// A pack is not needed.
    CancelPack(CancelPack),
    /// Says what is known of whom a pack is for.
    AdaptPack(AdaptPack),
    /// A delivery comes to a place: bought or given.
    ReceiveStock(ReceiveStock),
    /// Puts right how many units came, and what they cost.
    CorrectReceipt(CorrectReceipt),
    /// Gives items to the household of a stay.
    IssueStock(IssueStock),
    /// What was given and not opened comes back.
    ReturnStock(ReturnStock),
    /// Takes stock from one place to another.
    TransferStock(TransferStock),
    /// Says how much was counted in a place, and why it differs from the ledger.
    CountStock(CountStock),
    /// Throws stock away.
    WriteOffStock(WriteOffStock),
    /// Gives every overstay its unit for tonight, too. Does nothing the second time.
    TurnDay,
}

/// See [`Command::RegisterProperty`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterProperty {
    /// Its public code.
    pub code: String,
    /// What it is for.
    pub scheme: Scheme,
    /// The district that it is in.
    pub district: String,
    /// The locality that it is in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Who may share it.
    #[serde(default)]
    pub sharing: Sharing,
}

/// See [`Command::DescribeProperty`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DescribeProperty {
    /// Which.
    pub property: PropertyId,
    /// Its new code.
    pub code: Option<String>,
    /// Its new district.
    pub district: Option<String>,
    /// Its new locality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Who may share it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
}

/// See [`Command::RegisterUnit`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterUnit {
    /// Its code.
    pub code: String,
    /// The property that it is in.
    pub property: PropertyId,
    /// How many people it sleeps.
    pub sleeps: i64,
    /// Its features.
    pub features: BTreeSet<String>,
    /// The first night in stock.
    pub opened_on: Night,
    /// The first night out of stock, where that is known.
    pub closed_on: Option<Night>,
}

/// See [`Command::DescribeUnit`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DescribeUnit {
    /// Which.
    pub unit: UnitId,
    /// Its new code.
    pub code: Option<String>,
    /// The first night on which it ever was in stock.
    pub opened_on: Option<Night>,
    /// How many it sleeps now.
    pub sleeps: Option<i64>,
    /// All of its features.
    pub features: Option<BTreeSet<String>>,
}

/// See [`Command::BookStay`]. With no unit, the engine takes the best fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BookStay {
    /// The household's pseudonymous reference.
    pub household: String,
    /// The day of arrival.
    pub arrival: Night,
    /// The day of departure.
    pub departure: Night,
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// The unit, where one was chosen.
    pub unit: Option<UnitId>,
    /// The scheme to look in where none was.
    pub scheme: Scheme,
    /// Features that it must have.
    pub features: BTreeSet<String>,
    /// Only in these districts; empty for any.
    pub wanted_districts: BTreeSet<String>,
    /// In none of these districts.
    pub unwanted_districts: BTreeSet<String>,
    /// Whom the household's adults are, where that is new: a shared home asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares_as: Option<SharesAs>,
    /// Why this unit, where another one fits a household better that waits by a referral. Confidential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen_because: Option<String>,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::BookSplit`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BookSplit {
    /// What is booked; its unit, arrival and departure are those of the parts.
    pub booking: BookStay,
    /// Where from when to when, in order and without a night between.
    pub parts: Vec<SplitPart>,
}

/// A part of a stay that is split.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SplitPart {
    /// Which unit.
    pub unit: UnitId,
    /// The day of arrival.
    pub arrival: Night,
    /// The day of departure.
    pub departure: Night,
}

/// See [`Command::Repack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Repack {
    /// The booking for which room is made, with its unit.
    pub booking: BookStay,
    /// Which bookings move to which units, in this order.
    pub moves: Vec<(StayId, UnitId)>,
}

/// See [`Command::HoldUnit`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldUnit {
    /// For whom, where, when.
    pub booking: BookStay,
}

/// See [`Command::KeepApart`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeepApart {
    /// The one: its reference.
    pub household: String,
    /// The other.
    pub other: String,
    /// Why. Confidential.
    pub reason: String,
}

/// See [`Command::SaveNextStep`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaveNextStep {
    /// Whose: the household's reference.
    pub household: String,
    /// What: a code of the list of next steps.
    pub kind: String,
    /// How far it has come.
    pub state: NextStepState,
    /// By when it should have happened.
    pub target: Option<Night>,
    /// A note, which is confidential. What is not said stays.
    pub note: Option<String>,
}

/// What is said of a departure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DepartureAsk {
    /// Where the household went: a code of the list of destinations.
    pub destination: String,
    /// Whether it had been planned.
    pub planned: bool,
    /// Whether support goes on, or is not wanted any more; none where nobody says.
    pub support_goes_on: Option<bool>,
}

/// See [`Command::ExtendStay`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExtendStay {
    /// Which stay.
    pub stay: StayId,
    /// The new day of departure.
    pub departure: Night,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::MoveStay`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveStay {
    /// Which stay.
    pub stay: StayId,
    /// To which unit.
    pub unit: UnitId,
    /// Until when; as before when not said.
    pub departure: Option<Night>,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::RecordVoid`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordVoid {
    /// Which unit.
    pub unit: UnitId,
    /// The first night.
    pub from: Night,
    /// The first night in service again.
    pub to: Night,
    /// The reason's code.
    pub reason: String,
    /// A note, which is confidential.
    pub note: Option<String>,
    /// Whether nobody but the actor may change it or take it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

/// See [`Command::ChangeVoid`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeVoid {
    /// Which.
    pub void: VoidId,
    /// The first night.
    pub from: Option<Night>,
    /// The first night in service again.
    pub to: Option<Night>,
    /// The reason's code.
    pub reason: Option<String>,
    /// A note, which is confidential.
    pub note: Option<String>,
}

/// See [`Command::SetAddress`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetAddress {
    /// Of which property.
    pub property: PropertyId,
    /// The address, one to six lines. Confidential.
    pub address: String,
}

/// See [`Command::SetHouseholdDetails`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetHouseholdDetails {
    /// The household's reference.
    pub household: String,
    /// Names. Confidential.
    pub name: Option<String>,
    /// A safe way to reach it. Confidential.
    pub contact: Option<String>,
    /// Anything else. Confidential.
    pub note: Option<String>,
}

/// See [`Command::RestrictCase`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RestrictCase {
    /// Whose case: the household's reference.
    pub household: String,
    /// To whom it is closed: an account's or a token's id.
    pub denied: Uuid,
    /// Why. Confidential.
    pub reason: String,
}

/// See [`Command::LiftRestriction`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiftRestriction {
    /// Whose case: the household's reference.
    pub household: String,
    /// To whom it was closed.
    pub denied: Uuid,
}

/// What is said of a session of support.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SupportAsk {
    /// When it began, or was offered.
    pub starts_at: DateTime<Utc>,
    /// How they met, or were to meet.
    pub channel: Channel,
    /// In which hours; as the clock says when not said.
    pub hours: Option<Hours>,
    /// What came of it.
    pub outcome: OutcomeKind,
    /// For how many minutes it was held.
    pub minutes: Option<i64>,
    /// What it was about: codes of the list of topics.
    pub topics: BTreeSet<String>,
    /// A note, which is confidential. What is not said stays.
    pub note: Option<String>,
}

/// See [`Command::RecordSupportSession`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordSupportSession {
    /// With whom: the household's reference.
    pub household: String,
    /// What is said of it.
    pub ask: SupportAsk,
}

/// See [`Command::CorrectSupportSession`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CorrectSupportSession {
    /// Which.
    pub session: SupportSessionId,
    /// The version that was seen.
    pub version: u32,
    /// All that is said of it now.
    pub ask: SupportAsk,
}

/// See [`Command::SaveImmediateNeed`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SaveImmediateNeed {
    /// Whose: the household's reference.
    pub household: String,
    /// What: a code of the list of immediate needs.
    pub kind: String,
    /// By when it is due; as the code list says, from now on, when not said.
    pub due_at: Option<DateTime<Utc>>,
}

/// See [`Command::SettleImmediateNeeds`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettleImmediateNeeds {
    /// Whose: the household's reference.
    pub household: String,
    /// What was met: codes of needs that are open.
    pub met: BTreeSet<String>,
    /// What is not needed.
    pub not_needed: BTreeSet<String>,
}

/// See [`Command::RecordGroupAttendance`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordGroupAttendance {
    /// The offer: a code of the list of group offers.
    pub offer: String,
    /// The date on which it was held.
    pub held_on: Night,
    /// How many attended; none takes the count back.
    pub attended: Option<i64>,
}

impl Command {
    /// What it is called in the audit.
    #[expect(clippy::too_many_lines, reason = "a table: a line for each command")]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::SaveDistrict(_) => "save_district",
            Self::SaveFeature(_) => "save_feature",
            Self::SaveVoidReason(_) => "save_void_reason",
            Self::SaveAccommodationKind(_) => "save_accommodation_kind",
            Self::SetSchemeKind(_) => "set_scheme_kind",
            Self::SetPropertyKind { .. } => "set_property_kind",
            Self::SetPolicy(_) => "set_policy",
            Self::SetDisclosurePolicy(_) => "set_disclosure_policy",
            Self::SetRetentionPolicy(_) => "set_retention_policy",
            Self::RegisterProperty(_) => "register_property",
            Self::DescribeProperty(_) => "describe_property",
            Self::CloseProperty { .. } => "close_property",
            Self::ReopenProperty { .. } => "reopen_property",
            Self::RegisterUnit(_) => "register_unit",
            Self::DescribeUnit(_) => "describe_unit",
            Self::CloseUnit { .. } => "close_unit",
            Self::ReopenUnit { .. } => "reopen_unit",
            Self::BookStay(_) => "book_stay",
            Self::CheckIn { .. } => "check_in",
            Self::CheckOut { .. } => "check_out",
            Self::ExtendStay(_) => "extend_stay",
            Self::ShortenStay { .. } => "shorten_stay",
            Self::CancelStay { .. } => "cancel_stay",
            Self::MarkNoShow { .. } => "mark_no_show",
            Self::MoveStay(_) => "move_stay",
            Self::ReinstateStay { .. } => "reinstate_stay",
            Self::RecordVoid(_) => "record_void",
            Self::ChangeVoid(_) => "change_void",
            Self::CancelVoid { .. } => "cancel_void",
            Self::SetAddress(_) => "set_address",
            Self::SetHouseholdDetails(_) => "set_household_details",
            Self::RestrictCase(_) => "restrict_case",
            Self::LiftRestriction(_) => "lift_restriction",
            Self::SaveReason(_) => "save_reason",
            Self::SaveLocality(_) => "save_locality",
            Self::SetStandards(_) => "set_standards",
            Self::SetReturnLines(_) => "set_return_lines",
            Self::KeepApart(_) => "keep_apart",
            Self::EndKeepApart { .. } => "end_keep_apart",
            Self::HoldUnit(_) => "hold_unit",
            Self::ExtendHold { .. } => "extend_hold",
            Self::ConfirmHold { .. } => "confirm_hold",
            Self::ReleaseHold { .. } => "release_hold",
            Self::SweepHolds => "sweep_holds",
            Self::SaveNextStep(_) => "save_next_step",
            Self::EndSupport { .. } => "end_support",
            Self::RecordDeparture { .. } => "record_departure",
            Self::BookSplit(_) => "book_split",
            Self::Repack(_) => "repack",
            Self::TakeReferral(_) => "take_referral",
            Self::EditReferral(_) => "edit_referral",
            Self::AssessReferral { .. } => "assess_referral",
            Self::RecordWithdrawal { .. } => "record_withdrawal",
            Self::CloseReferral { .. } => "close_referral",
            Self::SubmitReferral(_) => "submit_referral",
            Self::WithdrawReferral { .. } => "withdraw_referral",
            Self::AcceptReferral { .. } => "accept_referral",
            Self::DeclineReferral { .. } => "decline_referral",
            Self::RecordSupportSession(_) => "record_support_session",
            Self::CorrectSupportSession(_) => "correct_support_session",
            Self::WithdrawSupportSession { .. } => "withdraw_support_session",
            Self::AssignKeyWorker { .. } => "assign_key_worker",
            Self::SaveImmediateNeed(_) => "save_immediate_need",
            Self::SettleImmediateNeeds(_) => "settle_immediate_needs",
            Self::ReopenImmediateNeed { .. } => "reopen_immediate_need",
            Self::RecordGroupAttendance(_) => "record_group_attendance",
            Self::SaveItemCategory(_) => "save_item_category",
            Self::SaveItem(_) => "save_item",
            Self::RetireItem { .. } => "retire_item",
            Self::RestoreItem { .. } => "restore_item",
            Self::DeleteItem { .. } => "delete_item",
            Self::AddPlace(_) => "add_place",
            Self::ClosePlace { .. } => "close_place",
            Self::ReopenPlace { .. } => "reopen_place",
            Self::SetLevel(_) => "set_level",
            Self::SaveGrant(_) => "save_grant",
            Self::SaveTarget(_) => "save_target",
            Self::RemoveTarget { .. } => "remove_target",
            Self::SetDiscretion(_) => "set_discretion",
            Self::SaveMeetingGroup(_) => "save_meeting_group",
            Self::SaveCommentary { .. } => "save_commentary",
            Self::IssueMeetingPack { .. } => "issue_meeting_pack",
            Self::SavePackTemplate(_) => "save_pack_template",
            Self::RetirePackTemplate { .. } => "retire_pack_template",
            Self::RestorePackTemplate { .. } => "restore_pack_template",
            Self::PlanPack { .. } => "plan_pack",
            Self::PreparePack(_) => "prepare_pack",
            Self::TopUpPack(_) => "top_up_pack",
            Self::HandOverPack { .. } => "hand_over_pack",
            Self::PutBackFromPack(_) => "put_back_from_pack",
            Self::CancelPack(_) => "cancel_pack",
            Self::AdaptPack(_) => "adapt_pack",
            Self::ReceiveStock(_) => "receive_stock",
            Self::CorrectReceipt(_) => "correct_receipt",
            Self::IssueStock(_) => "issue_stock",
            Self::ReturnStock(_) => "return_stock",
            Self::TransferStock(_) => "transfer_stock",
            Self::CountStock(_) => "count_stock",
            Self::WriteOffStock(_) => "write_off_stock",
            Self::TurnDay => "turn_day",
        }
    }

    /// Whether a person must have given a second factor just before: what decides who sees a case, what partner councils
    /// learn, and what is destroyed when.
    pub(crate) const fn needs_fresh_second_factor(&self) -> bool {
        matches!(
            self,
            Self::RestrictCase(_)
                | Self::LiftRestriction(_)
                | Self::SetDisclosurePolicy(_)
                | Self::SetDiscretion(_)
                | Self::SetRetentionPolicy(_)
        )
    }

    pub(crate) const fn permission(&self) -> Permission {
        match self {
            Self::SaveDistrict(_)
            | Self::SaveFeature(_)
            | Self::SaveVoidReason(_)
            | Self::SaveAccommodationKind(_)
            | Self::SetSchemeKind(_)
            | Self::SetPropertyKind { .. }
            | Self::SetPolicy(_)
            | Self::SetDisclosurePolicy(_)
            | Self::SaveReason(_)
            | Self::SaveLocality(_)
            | Self::SetStandards(_)
            | Self::SetReturnLines(_)
            | Self::RegisterProperty(_)
            | Self::DescribeProperty(_)
            | Self::CloseProperty { .. }
            | Self::ReopenProperty { .. }
            | Self::RegisterUnit(_)
            | Self::DescribeUnit(_)
            | Self::CloseUnit { .. }
            | Self::ReopenUnit { .. } => Permission::ManageSpaces,
            Self::SetAddress(_) => Permission::KeepAddresses,
            Self::SetHouseholdDetails(_) => Permission::KeepHouseholdDetails,
            Self::SetRetentionPolicy(_) => Permission::KeepRecords,
            Self::RestrictCase(_) | Self::LiftRestriction(_) => Permission::RestrictCases,
            Self::RecordVoid(_) | Self::ChangeVoid(_) | Self::CancelVoid { .. } => Permission::RecordVoids,
            Self::SubmitReferral(_) | Self::WithdrawReferral { .. } => Permission::Refer,
            Self::TakeReferral(_)
            | Self::EditReferral(_)
            | Self::AssessReferral { .. }
            | Self::AcceptReferral { .. }
            | Self::DeclineReferral { .. }
            | Self::RecordWithdrawal { .. }
            | Self::CloseReferral { .. } => Permission::AnswerReferrals,
            Self::RecordSupportSession(_)
            | Self::CorrectSupportSession(_)
            | Self::WithdrawSupportSession { .. }
            | Self::AssignKeyWorker { .. }
            | Self::SaveImmediateNeed(_)
            | Self::SettleImmediateNeeds(_)
            | Self::ReopenImmediateNeed { .. }
            | Self::RecordGroupAttendance(_) => Permission::GiveSupport,
            Self::SaveItemCategory(_)
            | Self::SaveItem(_)
            | Self::RetireItem { .. }
            | Self::RestoreItem { .. }
            | Self::DeleteItem { .. }
            | Self::AddPlace(_)
            | Self::ClosePlace { .. }
            | Self::ReopenPlace { .. }
            | Self::SetLevel(_)
            | Self::SaveGrant(_)
            | Self::SavePackTemplate(_)
            | Self::RetirePackTemplate { .. }
            | Self::RestorePackTemplate { .. } => Permission::ManageStock,
            Self::PlanPack { .. }
            | Self::PreparePack(_)
            | Self::TopUpPack(_)
            | Self::HandOverPack { .. }
            | Self::PutBackFromPack(_)
            | Self::CancelPack(_)
            | Self::AdaptPack(_)
            | Self::ReceiveStock(_)
            | Self::CorrectReceipt(_)
            | Self::IssueStock(_)
            | Self::ReturnStock(_)
            | Self::TransferStock(_)
            | Self::CountStock(_)
            | Self::WriteOffStock(_) => Permission::KeepStock,
            Self::SaveTarget(_)
            | Self::RemoveTarget { .. }
            | Self::SetDiscretion(_)
            | Self::SaveMeetingGroup(_)
            | Self::SaveCommentary { .. }
            | Self::IssueMeetingPack { .. } => Permission::ManageReports,
            _ => Permission::PlaceHouseholds,
        }
    }
}

/// What a command has brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A district as it is now.
    District(District),
    /// A feature as it is now.
    Feature(Feature),
    /// A reason for voids as it is now.
    VoidReason(VoidReason),
    /// A kind of accommodation as it is now.
    AccommodationKind(AccommodationKind),
    /// A policy as it is now.
    Policy(Policy),
    /// What partner councils are told now.
    DisclosurePolicy(DisclosurePolicy),
    /// How long records of a kind are kept now.
    RetentionPolicy(RetentionPolicy),
    /// A reason as it is now.
    Reason(Reason),
    /// A locality as it is now.
    Locality(Locality),
    /// How soon what is to be done now.
    Standards(Standards),
    /// The lines of a section of the statutory return now, in order.
    ReturnLines(Vec<ReturnLine>),
    /// Two households are kept apart, or no longer.
    Apart {
        /// The one.
        household: HouseholdId,
        /// The other.
        other: HouseholdId,
    },
    /// A hold as it is now.
    Hold(Hold),
    /// Holds that have lapsed.
    Swept(Vec<HoldId>),
    /// A next step as it is now.
    NextStep(NextStep),
    /// What is known of a departure now.
    Departure(Departure),
    /// Stays that were booked or moved together, what was asked for first.
    Stays(Vec<Stay>),
    /// A referral as it is now.
    Referral(Referral),
    /// A property as it is now.
    Property(Property),
    /// A unit as it is now.
    Unit(Unit),
    /// A stay as it is now.
    Stay(Stay),
    /// A household went from one unit to another; without `from` when it had no night there.
    Moved {
        /// The stay that closed.
        from: Option<Stay>,
        /// The stay that goes on.
        to: Stay,
    },
    /// A void as it is now.
    Void(Void),
    /// A household as it is now.
    Household(Household),
    /// A restriction that was made, or lifted.
    Restriction(Restriction),
    /// A session of support as it is now.
    SupportSession(SupportSession),
    /// A household's key worker, who is it now or no longer.
    KeyWorker(KeyWorker),
    /// Immediate needs of one household that were changed, as they are now.
    ImmediateNeeds(Vec<ImmediateNeed>),
    /// How many attended a group offer on a date now.
    GroupAttendance(GroupAttendance),
    /// A category of items as it is now.
    ItemCategory(ItemCategory),
    /// An item as it is now, or as it was when it was taken out.
    Item(Item),
    /// A place that holds stock as it is now.
    Place(Place),
    /// At how many units a place is low now.
    Level(Level),
    /// A grant as it is now.
    Grant(Grant),
    /// A target as it is now; none where it was taken back.
    Target(Option<Target>),
    /// What is a small number to whom now.
    Discretion(Discretion),
    /// A group that meets as it is now.
    MeetingGroup(MeetingGroup),
    /// A group's pack as it is now, without what it holds.
    MeetingPack(MeetingPack),
    /// A pack template as it is now.
    PackTemplate(PackTemplate),
    /// A pack as it is now.
    Pack(Pack),
    /// What was written into the stock ledger.
    StockEntries(Vec<StockEntry>),
    /// The day has turned: the stays that keep their unit for tonight, too.
    Turned(Vec<StayId>),
}
