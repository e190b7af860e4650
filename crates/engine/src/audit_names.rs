//! What records of the audit are called: the actions that there are, and the names of what a record is about.

use std::collections::{BTreeMap, BTreeSet};

use safespace_domain::{
    HouseholdId, PropertyId, ReferralId, UnitId,
    access::{Actor, Permission, Role},
};
use safespace_store::StoredReferral;
use uuid::Uuid;

use crate::{Engine, EngineError};

/// Everything that the audit records: the commands, and what else is done or looked at.
pub const AUDIT_ACTIONS: [&str; 143] = [
    "accept_referral",
    "adapt_pack",
    "add_issuer",
    "add_place",
    "ask_for_room",
    "ask_for_room_too_often",
    "assess_referral",
    "assign_key_worker",
    "begin_key_rotation",
    "begin_second_factor",
    "book_split",
    "book_stay",
    "cancel_pack",
    "cancel_stay",
    "cancel_void",
    "change_password",
    "change_void",
    "check_in",
    "check_out",
    "choose_password",
    "close_place",
    "close_property",
    "close_referral",
    "close_unit",
    "confirm_hold",
    "confirm_second_factor",
    "correct_receipt",
    "correct_support_session",
    "count_stock",
    "create_account",
    "create_token",
    "decline_referral",
    "delete_item",
    "describe_property",
    "describe_unit",
    "disable_account",
    "edit_referral",
    "enable_account",
    "end_all_sessions",
    "end_keep_apart",
    "end_session",
    "end_support",
    "erase_household",
    "export_subject_access",
    "extend_hold",
    "extend_stay",
    "give_code",
    "hand_over_pack",
    "hold_unit",
    "import_counts",
    "import_items",
    "import_property",
    "import_referral",
    "import_stay",
    "import_unit",
    "import_void",
    "issue_meeting_pack",
    "issue_stock",
    "keep_apart",
    "lift_restriction",
    "link_issuer",
    "look_for_contact",
    "mark_no_show",
    "mark_notice_seen",
    "move_stay",
    "plan_pack",
    "prepare_pack",
    "put_back_from_pack",
    "receive_stock",
    "record_departure",
    "record_group_attendance",
    "record_support_session",
    "record_void",
    "record_withdrawal",
    "register_property",
    "register_unit",
    "reinstate_stay",
    "release_hold",
    "remove_target",
    "reopen_immediate_need",
    "reopen_place",
    "reopen_property",
    "reopen_unit",
    "repack",
    "reset_account",
    "restore_item",
    "restore_pack_template",
    "restrict_case",
    "retire_issuer",
    "retire_item",
    "retire_pack_template",
    "return_stock",
    "reveal_address",
    "reveal_household_details",
    "reveal_referral_details",
    "revoke_token",
    "rotate_keys",
    "save_accommodation_kind",
    "save_commentary",
    "save_district",
    "save_feature",
    "save_grant",
    "save_immediate_need",
    "save_item",
    "save_item_category",
    "save_locality",
    "save_meeting_group",
    "save_next_step",
    "save_pack_template",
    "save_reason",
    "save_target",
    "save_void_reason",
    "search_audit",
    "see_keys",
    "set_address",
    "set_disclosure_policy",
    "set_discretion",
    "set_household_details",
    "set_level",
    "set_policy",
    "set_property_kind",
    "set_retention_policy",
    "set_return_lines",
    "set_scheme_kind",
    "set_standards",
    "settle_immediate_needs",
    "shorten_stay",
    "sign_in",
    "sign_in_with_issuer",
    "sign_out",
    "submit_referral",
    "sweep_holds",
    "take_away",
    "take_reference",
    "take_referral",
    "throttle_sign_in",
    "top_up_pack",
    "transfer_stock",
    "turn_day",
    "use_recovery_code",
    "withdraw_referral",
    "withdraw_support_session",
    "write_off_stock",
];

impl Engine {
    /// What people call these records, whatever they are: units and properties by their codes, items and places by their
    /// names, stays by unit and household, referrals by their references, households by theirs, staff by their names. What
    /// has no name, or belongs to a case that is closed to the actor, is left out. For who may search the audit.
    pub async fn names_in_audit(
        &self,
        actor: &Actor,
        ids: &BTreeSet<Uuid>,
    ) -> Result<BTreeMap<Uuid, String>, EngineError> {
        self.must(actor, Permission::SearchAudit)?;
        let (spaces, read) = (self.spaces(), self.store.reader());
        let mut names = BTreeMap::new();
        for id in ids {
            let unit = spaces.unit_by_id(UnitId(*id)).map(|unit| unit.code.clone());
            let property = || spaces.property(PropertyId(*id)).map(|property| property.code.clone());
            names.extend(unit.or_else(property).map(|code| (*id, code)));
        }
        names.extend(read.items().await?.into_iter().map(|item| (item.id.0, item.name)));
        names.extend(read.places().await?.into_iter().map(|place| (place.id.0, place.name)));
        let staff = read.accounts_in(&[Role::Officer, Role::Manager]).await?;
        names.extend(staff.into_iter().map(|account| (account.id.0, account.name)));
        let left: Vec<Uuid> = ids.iter().filter(|id| !names.contains_key(id)).copied().collect();
        let stays = read.stays_by_id(&left).await?;
        let of_stays = stays.iter().map(|stay| stay.household);
        let households: BTreeSet<HouseholdId> =
            left.iter().copied().map(HouseholdId).chain(of_stays).collect();
        let households: Vec<HouseholdId> = households.into_iter().collect();
        let households = self.households(actor, &households).await?;
        let references: BTreeMap<HouseholdId, String> =
            households.into_iter().map(|household| (household.id, household.reference)).collect();
        for stay in &stays {
            let unit = spaces.unit_by_id(stay.unit).map(|unit| unit.code.as_str());
            if let (Some(reference), Some(unit)) = (references.get(&stay.household), unit) {
                names.insert(stay.id.0, format!("stay of {reference} in {unit}"));
            }
        }
        names.extend(references.into_iter().map(|(id, reference)| (id.0, reference)));
        let left: Vec<ReferralId> =
            left.into_iter().filter(|id| !names.contains_key(id)).map(ReferralId).collect();
        for StoredReferral { referral, .. } in read.referrals_by_id(&left).await? {
            if self.is_open(actor, &referral) {
                names.insert(referral.id.0, referral.reference);
            }
        }
        names.retain(|id, _| ids.contains(id));
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_among_the_actions_in_order_and_once() {
        let source = include_str!("commands.rs");
        let (_, table) = source.split_once("pub const fn action(&self)").unwrap();
        let (table, _) = table.split_once("\n    }\n").unwrap();
        let named = table.split('"').skip(1).step_by(2);
        for action in named {
            assert!(AUDIT_ACTIONS.contains(&action), "{action}");
        }
        assert!(AUDIT_ACTIONS.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
