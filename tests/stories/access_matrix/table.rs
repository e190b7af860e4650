//! The table: to which class every field and every mutation belongs, and what each caller is told in each class.
//!
//! A field or mutation that is in the schema and not in here fails the test, and so does one that is here and no
//! longer in the schema.

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// An answer; or a refusal for another reason than who asks.
    Answer,
    /// `NOT_ALLOWED`.
    NotAllowed,
    /// Turned away at the door: this schema is not for them.
    OtherDoor,
    /// Nobody is signed in.
    SignIn,
}

use Told::{Answer as Y, NotAllowed as N, OtherDoor as D, SignIn as U};

/// Who calls, in the order of a class's columns.
pub const CALLERS: [&str; 7] =
    ["officer", "manager", "administrator", "officer's token", "manager's token", "partner", "nobody"];

/// A class of fields: its name, and what each caller is told.
pub const CLASSES: &[(&str, [Told; 7])] = &[
    // Homes, their nights, figures, code lists.
    ("spaces", [Y, Y, N, Y, Y, D, U]),
    // Households and stays. Closed cases are as if they were not there.
    ("case", [Y, Y, N, Y, Y, D, U]),
    // What managers do, also by a program.
    ("managing", [N, Y, N, N, Y, D, U]),
    // What only a manager in person does.
    ("manager in person", [N, Y, N, N, N, D, U]),
    // What brings out an address or personal details: people only.
    ("revealing", [Y, Y, N, N, N, D, U]),
    ("revealing case", [Y, Y, N, N, N, D, U]),
    // Accounts and keys.
    ("accounts", [N, N, Y, N, N, D, U]),
    // Whoever is signed in, about themselves.
    ("oneself", [Y, Y, Y, Y, Y, D, U]),
];

/// The roots: the class, and how each is asked. `{…}` is put in; `%` stands for all that the answer has.
pub const ROOTS: &[(&str, &str, &str)] = &[
    ("Query.audit", "manager in person", "audit(first: 3) %"),
    ("Query.retentionPolicies", "manager in person", "retentionPolicies %"),
    (
        "Mutation.setRetentionPolicy",
        "manager in person",
        "setRetentionPolicy(input: {kind: SEEN_NOTICES, days: 365}) %",
    ),
    (
        "Mutation.eraseHousehold",
        "manager in person",
        "eraseHousehold(input: {household: \"{reference}\", reason: \"asked for\"}) %",
    ),
    (
        "Mutation.exportSubjectAccess",
        "manager in person",
        "exportSubjectAccess(input: {household: \"{reference}\", reason: \"they asked\"}) %",
    ),
    ("Query.accounts", "accounts", "accounts(first: 3) %"),
    ("Query.tokens", "accounts", "tokens(first: 3) %"),
    ("Query.sessions", "oneself", "sessions(first: 3) %"),
    ("Query.notices", "manager in person", "notices(first: 3, unseenOnly: false) %"),
    ("Query.disclosurePolicy", "spaces", "disclosurePolicy %"),
    ("Query.questions", "managing", "questions(first: 3) %"),
    ("Query.questionCounts", "managing", "questionCounts(from: \"2020-11-03\", to: \"2020-11-06\") %"),
    ("Query.referrals", "case", "referrals(first: 3) %"),
    ("Query.referral", "case", "referral(id: \"{referral}\") %"),
    (
        "Mutation.acceptReferral",
        "case",
        "acceptReferral(input: {referral: \"{referral}\", household: \"{reference}\"}) %",
    ),
    (
        "Mutation.declineReferral",
        "case",
        "declineReferral(input: {referral: \"{referral}\", reason: \"no_capacity\"}) %",
    ),
    (
        "Mutation.revealReferralDetails",
        "revealing case",
        "revealReferralDetails(input: {referral: \"{referral}\", reason: \"calling back\"}) %",
    ),
    (
        "Mutation.setDisclosurePolicy",
        "managing",
        "setDisclosurePolicy(input: {severalFrom: 3, nightsAhead: 7, questionsADay: 50, sizes: [1, 2, 4, 6, 8]}) %",
    ),
    ("Mutation.createAccount", "accounts", "createAccount(input: {name: \"new.officer\", role: OFFICER}) %"),
    ("Mutation.resetAccount", "accounts", "resetAccount(input: {account: \"{denied}\"}) %"),
    ("Mutation.disableAccount", "accounts", "disableAccount(input: {account: \"{other account}\"}) %"),
    ("Mutation.enableAccount", "accounts", "enableAccount(input: {account: \"{other account}\"}) %"),
    ("Mutation.createToken", "accounts", "createToken(input: {name: \"a test\", role: OFFICER}) %"),
    ("Mutation.revokeToken", "accounts", "revokeToken(input: {token: \"{token}\"}) %"),
    ("Mutation.endSession", "oneself", "endSession(input: {session: \"{session}\"}) %"),
    ("Mutation.endAllSessions", "oneself", "endAllSessions %"),
    (
        "Mutation.setAddress",
        "managing",
        "setAddress(input: {property: \"{property}\", address: \"1 Nowhere\"}) %",
    ),
    (
        "Mutation.setHouseholdDetails",
        "case",
        "setHouseholdDetails(input: {household: \"{reference}\", name: \"X\"}) %",
    ),
    (
        "Mutation.revealAddress",
        "revealing",
        "revealAddress(input: {property: \"{property}\", reason: \"keys\"}) %",
    ),
    (
        "Mutation.revealHouseholdDetails",
        "revealing case",
        "revealHouseholdDetails(input: {household: \"{household}\", reason: \"she rang\"}) %",
    ),
    ("Mutation.householdsByContact", "case", "householdsByContact(input: {contact: \"07700 900999\"}) %"),
    ("Mutation.markNoticeSeen", "manager in person", "markNoticeSeen(input: {notice: \"{notice}\"}) %"),
    ("Query.attention", "case", "attention(first: 3) %"),
    (
        "Query.availability",
        "spaces",
        "availability(ask: {arrival: \"2020-11-10\", departure: \"2020-11-12\", adults: 1}) %",
    ),
    ("Query.board", "case", "board(from: \"2020-11-03\", to: \"2020-11-06\") %"),
    ("Query.districts", "spaces", "districts(first: 3) %"),
    ("Query.features", "spaces", "features(first: 3) %"),
    (
        "Query.household",
        "case",
        "household(reference: \"{reference}\") { id reference hasDetails stays(first: 3) { nodes { id } } }",
    ),
    ("Query.node", "case", "node(id: \"{stay}\") { ... on Stay { id status } }"),
    ("Query.occupancy", "spaces", "occupancy(from: \"2020-11-03\", to: \"2020-11-06\") %"),
    ("Query.policies", "spaces", "policies(first: 3) %"),
    ("Query.properties", "spaces", "properties(first: 3) %"),
    ("Query.property", "spaces", "property(code: \"HOUSE\") %"),
    ("Query.stays", "case", "stays(first: 3) %"),
    ("Query.unit", "spaces", "unit(code: \"SS-01\") %"),
    ("Query.units", "spaces", "units(first: 3) %"),
    ("Query.viewer", "oneself", "viewer %"),
    ("Query.voidReasons", "spaces", "voidReasons(first: 3) %"),
    ("Query.accommodationKinds", "spaces", "accommodationKinds(first: 3) %"),
    ("Query.voids", "spaces", "voids(first: 3) %"),
    (
        "Mutation.bookStay",
        "case",
        "bookStay(input: {household: \"{reference}\", arrival: \"2020-12-01\", departure: \"2020-12-02\", adults: 1}) %",
    ),
    ("Mutation.cancelStay", "case", "cancelStay(input: {stay: \"{stay}\"}) %"),
    ("Mutation.cancelVoid", "spaces", "cancelVoid(input: {void: \"{void}\"}) %"),
    ("Mutation.changeVoid", "spaces", "changeVoid(input: {void: \"{void}\", reason: \"repair\"}) %"),
    ("Mutation.checkIn", "case", "checkIn(input: {stay: \"{stay}\"}) %"),
    ("Mutation.checkOut", "case", "checkOut(input: {stay: \"{stay}\"}) %"),
    (
        "Mutation.closeProperty",
        "managing",
        "closeProperty(input: {property: \"{property}\", on: \"2030-01-01\"}) %",
    ),
    ("Mutation.closeUnit", "managing", "closeUnit(input: {unit: \"{unit}\", on: \"2030-01-01\"}) %"),
    ("Mutation.describeProperty", "managing", "describeProperty(input: {property: \"{property}\"}) %"),
    ("Mutation.describeUnit", "managing", "describeUnit(input: {unit: \"{unit}\", sleeps: 4}) %"),
    ("Mutation.extendStay", "case", "extendStay(input: {stay: \"{stay}\", departure: \"2020-11-07\"}) %"),
    (
        "Mutation.liftRestriction",
        "manager in person",
        "liftRestriction(input: {household: \"{reference}\", denied: \"{denied}\"}) %",
    ),
    ("Mutation.markNoShow", "case", "markNoShow(input: {stay: \"{stay}\"}) %"),
    ("Mutation.moveStay", "case", "moveStay(input: {stay: \"{stay}\", unit: \"{unit}\"}) %"),
    (
        "Mutation.recordVoid",
        "spaces",
        "recordVoid(input: {unit: \"{unit}\", from: \"2021-01-01\", to: \"2021-01-02\", reason: \"repair\"}) %",
    ),
    (
        "Mutation.registerProperty",
        "managing",
        "registerProperty(input: {code: \"P-NEW\", scheme: SAFE_SPACE, district: \"Stevenage\"}) %",
    ),
    (
        "Mutation.registerUnit",
        "managing",
        "registerUnit(input: {code: \"U-NEW\", property: \"{property}\", sleeps: 1, openedOn: \"2020-11-03\"}) %",
    ),
    ("Mutation.reinstateStay", "case", "reinstateStay(input: {stay: \"{stay}\"}) %"),
    (
        "Mutation.reopenProperty",
        "managing",
        "reopenProperty(input: {property: \"{property}\", on: \"2031-01-01\"}) %",
    ),
    ("Mutation.reopenUnit", "managing", "reopenUnit(input: {unit: \"{unit}\", on: \"2031-01-01\"}) %"),
    (
        "Mutation.restrictCase",
        "manager in person",
        "restrictCase(input: {household: \"{reference}\", denied: \"{denied}\", reason: \"knows them\"}) %",
    ),
    ("Mutation.saveDistrict", "managing", "saveDistrict(input: {name: \"Elsewhere\", kind: PARTNER}) %"),
    ("Mutation.saveFeature", "managing", "saveFeature(input: {code: \"cot\", label: \"A cot\"}) %"),
    ("Mutation.saveVoidReason", "managing", "saveVoidReason(input: {code: \"flood\", label: \"Flood\"}) %"),
    (
        "Mutation.saveAccommodationKind",
        "managing",
        "saveAccommodationKind(input: {code: \"refuge\", label: \"Refuge\"}) %",
    ),
    (
        "Mutation.setSchemeKind",
        "managing",
        "setSchemeKind(input: {scheme: MOVE_ON, kind: \"second_stage\"}) %",
    ),
    ("Mutation.setPropertyKind", "managing", "setPropertyKind(input: {property: \"{property}\"}) %"),
    (
        "Mutation.setPolicy",
        "managing",
        "setPolicy(input: {scheme: MOVE_ON, longestStayNights: 182, turnaroundNights: 0, lateArrivalUntilHour: 6}) %",
    ),
    ("Mutation.shortenStay", "case", "shortenStay(input: {stay: \"{stay}\", departure: \"2020-11-05\"}) %"),
    ("Query.reasons", "spaces", "reasons(first: 3) %"),
    ("Query.localities", "spaces", "localities(first: 3) %"),
    ("Query.standards", "spaces", "standards %"),
    ("Query.allocation", "case", "allocation(referral: \"{referral}\") %"),
    ("Query.planForTonight", "case", "planForTonight %"),
    ("Query.repacking", "case", "repacking(referral: \"{referral}\") %"),
    ("Query.splitStay", "case", "splitStay(referral: \"{referral}\") %"),
    ("Query.holds", "case", "holds(first: 3) %"),
    (
        "Mutation.takeReferral",
        "case",
        "takeReferral(input: {referral: {source: POLICE, adults: 1, arrival: \"2020-11-05\"}}) %",
    ),
    (
        "Mutation.editReferral",
        "case",
        "editReferral(input: {referral: \"{referral}\", version: 1, \
         now: {source: POLICE, adults: 1, arrival: \"2020-11-05\"}}) %",
    ),
    ("Mutation.assessReferral", "case", "assessReferral(input: {referral: \"{referral}\"}) %"),
    ("Mutation.recordWithdrawal", "case", "recordWithdrawal(input: {referral: \"{referral}\"}) %"),
    (
        "Mutation.closeReferral",
        "case",
        "closeReferral(input: {referral: \"{referral}\", outcome: \"lost_contact\"}) %",
    ),
    (
        "Mutation.holdUnit",
        "case",
        "holdUnit(input: {household: \"{reference}\", arrival: \"2020-12-05\", departure: \"2020-12-06\", adults: 1}) %",
    ),
    ("Mutation.extendHold", "case", "extendHold(input: {hold: \"{hold}\"}) %"),
    ("Mutation.confirmHold", "case", "confirmHold(input: {hold: \"{hold}\"}) %"),
    ("Mutation.releaseHold", "case", "releaseHold(input: {hold: \"{hold}\"}) %"),
    (
        "Mutation.keepApart",
        "case",
        "keepApart(input: {household: \"{reference}\", other: \"R-NONE\", reason: \"sisters\"}) %",
    ),
    (
        "Mutation.endKeepApart",
        "case",
        "endKeepApart(input: {household: \"{reference}\", other: \"R-NONE\"}) %",
    ),
    (
        "Mutation.saveNextStep",
        "case",
        "saveNextStep(input: {household: \"{reference}\", kind: \"refuge\", state: OFFERED}) %",
    ),
    (
        "Mutation.recordDeparture",
        "case",
        "recordDeparture(input: {stay: \"{stay}\", departure: {destination: \"refuge\", planned: true}}) %",
    ),
    ("Mutation.endSupport", "case", "endSupport(input: {stay: \"{stay}\"}) %"),
    (
        "Mutation.repack",
        "case",
        "repack(input: {booking: {household: \"{reference}\", arrival: \"2020-12-05\", departure: \"2020-12-06\", \
         adults: 1, unit: \"{unit}\"}, moves: [{stay: \"{stay}\", to: \"{unit}\"}]}) %",
    ),
    (
        "Mutation.bookSplitStay",
        "case",
        "bookSplitStay(input: {booking: {household: \"{reference}\", arrival: \"2020-12-05\", \
         departure: \"2020-12-07\", adults: 1}, parts: [{unit: \"{unit}\", arrival: \"2020-12-05\", departure: \"2020-12-06\"}]}) %",
    ),
    (
        "Mutation.saveReason",
        "managing",
        "saveReason(input: {kind: CLOSING, code: \"moved_abroad\", label: \"Moved abroad\"}) %",
    ),
    (
        "Mutation.saveLocality",
        "managing",
        "saveLocality(input: {name: \"Old Town\", district: \"Stevenage\"}) %",
    ),
    (
        "Mutation.setStandards",
        "managing",
        "setStandards(input: {responseMinutes: 60, placementDays: 0, holdMinutes: 120, nextStepHours: 48, \
         holdWarningMinutes: 30}) %",
    ),
    ("Query.staff", "case", "staff(first: 3) %"),
    ("Query.groupAttendance", "case", "groupAttendance(from: \"2020-11-01\", to: \"2020-12-01\") %"),
    (
        "Mutation.recordSupportSession",
        "case",
        "recordSupportSession(input: {household: \"{reference}\", session: {startsAt: \"2020-11-03T20:00:00Z\", \
         channel: PHONE, minutes: 20}}) %",
    ),
    (
        "Mutation.correctSupportSession",
        "case",
        "correctSupportSession(input: {session: \"{support session}\", version: 1, \
         now: {startsAt: \"2020-11-03T20:00:00Z\", channel: PHONE, minutes: 25}}) %",
    ),
    (
        "Mutation.withdrawSupportSession",
        "case",
        "withdrawSupportSession(input: {session: \"{support session}\"}) %",
    ),
    (
        "Mutation.assignKeyWorker",
        "case",
        "assignKeyWorker(input: {household: \"{reference}\", worker: \"a.officer\"}) %",
    ),
    (
        "Mutation.saveImmediateNeed",
        "case",
        "saveImmediateNeed(input: {household: \"{reference}\", kind: \"pets\"}) %",
    ),
    (
        "Mutation.settleImmediateNeeds",
        "case",
        "settleImmediateNeeds(input: {household: \"{reference}\", met: [\"clothes\"]}) %",
    ),
    ("Mutation.reopenImmediateNeed", "case", "reopenImmediateNeed(input: {need: \"{need}\"}) %"),
    (
        "Mutation.recordGroupAttendance",
        "case",
        "recordGroupAttendance(input: {offer: \"drop_in\", heldOn: \"2020-11-03\", attended: 9}) %",
    ),
    ("Query.items", "spaces", "items(first: 3) %"),
    ("Query.itemCategories", "spaces", "itemCategories(first: 3) %"),
    ("Query.stockLevels", "spaces", "stockLevels(first: 3) %"),
    ("Query.stockPlaces", "spaces", "stockPlaces(first: 3) %"),
    ("Query.grants", "spaces", "grants(first: 3) %"),
    ("Query.forecast", "case", "forecast(nights: 1) %"),
    ("Query.whatIf", "managing", "whatIf(input: {years: 1}) %"),
    ("Query.figures", "managing", "figures(from: \"2020-11-01\", to: \"2020-12-01\", first: 3) %"),
    ("Query.targets", "managing", "targets(year: \"2020/21\") %"),
    ("Query.meetingGroups", "managing", "meetingGroups %"),
    ("Query.discretion", "managing", "discretion %"),
    ("Query.meetingPacks", "managing", "meetingPacks(first: 3) %"),
    ("Query.meetingPack", "managing", "meetingPack(group: \"OPERATIONS\", on: \"2020-11-03\") %"),
    (
        "Mutation.saveTarget",
        "managing",
        "saveTarget(input: {year: \"2020/21\", code: \"OCC\", title: \"Full homes\", measure: \"occupancy_rate\", \
         owner: \"Head of service\", value: \"85\", tolerance: \"5\", direction: AT_LEAST}) %",
    ),
    ("Mutation.removeTarget", "managing", "removeTarget(input: {year: \"2020/21\", code: \"NONE\"}) %"),
    (
        "Mutation.saveMeetingGroup",
        "managing",
        "saveMeetingGroup(input: {code: \"BOARD\", name: \"Board\", every: QUARTER, audience: OUTSIDE, \
         sections: [FLOW]}) %",
    ),
    (
        "Mutation.setDiscretion",
        "managing",
        "setDiscretion(input: {partners: {below: 5, roundedTo: 1}, outside: {below: 10, roundedTo: 5}}) %",
    ),
    (
        "Mutation.saveCommentary",
        "managing",
        "saveCommentary(input: {group: \"OPERATIONS\", on: \"2020-11-03\", text: \"Quiet.\"}) %",
    ),
    (
        "Mutation.issueMeetingPack",
        "managing",
        "issueMeetingPack(input: {group: \"OPERATIONS\", on: \"2020-09-03\"}) %",
    ),
    ("Query.costs", "case", "costs(from: \"2020-11-01\", to: \"2020-12-01\") %"),
    ("Query.statutoryReturn", "case", "statutoryReturn(year: \"2020/21\") %"),
    ("Query.returnLines", "spaces", "returnLines(first: 3) %"),
    (
        "Mutation.setReturnLines",
        "managing",
        "setReturnLines(input: {section: ENDING, lines: [{code: \"E1\", label: \"Moved on\", counts: [\"move_on\"]}]}) %",
    ),
    ("Query.stock", "spaces", "stock(first: 3) %"),
    ("Query.expiringStock", "spaces", "expiringStock(days: 7, first: 3) %"),
    ("Query.lowStock", "spaces", "lowStock(first: 3) %"),
    ("Query.stockEntries", "case", "stockEntries(first: 3) %"),
    ("Query.issuedStock", "case", "issuedStock(stay: \"{stay}\") %"),
    ("Query.packTemplates", "spaces", "packTemplates(first: 3) %"),
    ("Query.pack", "case", "pack(id: \"{pack}\") %"),
    ("Query.packs", "case", "packs(first: 3) %"),
    ("Query.pickingList", "case", "pickingList(pack: \"{pack}\", places: []) %"),
    ("Query.shoppingList", "case", "shoppingList(days: 7) %"),
    (
        "Mutation.savePackTemplate",
        "managing",
        "savePackTemplate(input: {code: \"ARRIVAL\", name: \"Arrival\", \
         lines: [{items: [\"SOAP\"], per: ADULT, quantity: 1}]}) %",
    ),
    ("Mutation.retirePackTemplate", "managing", "retirePackTemplate(input: {template: \"ARRIVAL\"}) %"),
    ("Mutation.restorePackTemplate", "managing", "restorePackTemplate(input: {template: \"ARRIVAL\"}) %"),
    ("Mutation.planPack", "case", "planPack(input: {stay: \"{stay}\"}) %"),
    ("Mutation.adaptPack", "case", "adaptPack(input: {pack: \"{pack}\", diets: [VEGAN]}) %"),
    ("Mutation.preparePack", "case", "preparePack(input: {pack: \"{pack}\", places: [\"OFFICE\"]}) %"),
    ("Mutation.topUpPack", "case", "topUpPack(input: {pack: \"{pack}\", places: [\"OFFICE\"]}) %"),
    ("Mutation.handOverPack", "case", "handOverPack(input: {pack: \"{pack}\"}) %"),
    (
        "Mutation.putBackFromPack",
        "case",
        "putBackFromPack(input: {pack: \"{pack}\", place: \"OFFICE\", lines: [{line: 1, lot: \"{lot}\", quantity: 1}]}) %",
    ),
    ("Mutation.cancelPack", "case", "cancelPack(input: {pack: \"{pack}\"}) %"),
    ("Mutation.saveItemCategory", "managing", "saveItemCategory(input: {code: \"toys\", label: \"Toys\"}) %"),
    (
        "Mutation.saveItem",
        "managing",
        "saveItem(input: {code: \"SOAP\", name: \"Soap\", category: \"toiletries\", unitOfIssue: \"bar\", \
         packSize: 4, price: \"2.00\", eaten: false}) %",
    ),
    ("Mutation.retireItem", "managing", "retireItem(input: {item: \"SOAP\"}) %"),
    ("Mutation.restoreItem", "managing", "restoreItem(input: {item: \"SOAP\"}) %"),
    ("Mutation.deleteItem", "managing", "deleteItem(input: {item: \"SOAP\"}) %"),
    ("Mutation.addStockPlace", "managing", "addStockPlace(input: {code: \"OFFICE\", name: \"Office\"}) %"),
    ("Mutation.closeStockPlace", "managing", "closeStockPlace(input: {place: \"OFFICE\"}) %"),
    ("Mutation.reopenStockPlace", "managing", "reopenStockPlace(input: {place: \"OFFICE\"}) %"),
    (
        "Mutation.setStockLevel",
        "managing",
        "setStockLevel(input: {place: \"OFFICE\", item: \"SOAP\", reorderPoint: 2, target: 9}) %",
    ),
    (
        "Mutation.saveGrant",
        "managing",
        "saveGrant(input: {code: \"G-1\", name: \"A grant\", amount: \"100.00\", from: \"2020-04-01\", \
         to: \"2021-04-01\", purpose: \"food\"}) %",
    ),
    (
        "Mutation.receiveStock",
        "spaces",
        "receiveStock(input: {place: \"OFFICE\", from: {donated: {}}, \
         lines: [{item: \"SOAP\", quantity: 9, cost: \"0.00\"}]}) %",
    ),
    (
        "Mutation.correctReceipt",
        "spaces",
        "correctReceipt(input: {entry: \"{entry}\", quantity: 9, cost: \"1.00\"}) %",
    ),
    (
        "Mutation.issueStock",
        "case",
        "issueStock(input: {place: \"OFFICE\", stay: \"{stay}\", lines: [{item: \"SOAP\", quantity: 1}]}) %",
    ),
    (
        "Mutation.returnStock",
        "case",
        "returnStock(input: {place: \"OFFICE\", stay: \"{stay}\", lot: \"{lot}\", quantity: 1}) %",
    ),
    (
        "Mutation.transferStock",
        "spaces",
        "transferStock(input: {from: \"OFFICE\", to: \"OFFICE\", lines: [{lot: \"{lot}\", quantity: 1}]}) %",
    ),
    (
        "Mutation.countStock",
        "spaces",
        "countStock(input: {place: \"OFFICE\", lines: [{lot: \"{lot}\", counted: 1}]}) %",
    ),
    (
        "Mutation.writeOffStock",
        "spaces",
        "writeOffStock(input: {place: \"OFFICE\", lot: \"{lot}\", quantity: 1, why: DAMAGED}) %",
    ),
];

/// What a person can do only within five minutes of giving a second factor, in the order in which it can be asked for.
pub const FRESH: &[&str] = &[
    "Query.audit",
    "Mutation.exportSubjectAccess",
    "Mutation.revealAddress",
    "Mutation.revealHouseholdDetails",
    "Mutation.createAccount",
    "Mutation.resetAccount",
    "Mutation.disableAccount",
    "Mutation.enableAccount",
    "Mutation.createToken",
    "Mutation.restrictCase",
    "Mutation.liftRestriction",
    "Mutation.setDisclosurePolicy",
    "Mutation.setDiscretion",
    "Mutation.setRetentionPolicy",
    "Mutation.eraseHousehold",
];

/// An object type: its name, the way to one, and its fields by class.
type Type = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Object types: how one is reached, and the class of each of its fields. `%` stands for the field. Types without a way
/// are parts of others, or the answers of mutations, and can't be reached but through them.
pub const TYPES: &[Type] = &[
    (
        "Item",
        "items(first: 3) { nodes { % } }",
        &[(
            "spaces",
            "barcode category code contains eaten id name packSize perishable price retired shelfLifeDays suits supplier unitOfIssue",
        )],
    ),
    ("ItemCategory", "itemCategories(first: 3) { nodes { % } }", &[("spaces", "code label")]),
    ("StockPlace", "stockPlaces(first: 3) { nodes { % } }", &[("spaces", "closed code id name property")]),
    (
        "Grant",
        "grants(first: 3) { nodes { % } }",
        &[("spaces", "amount code from id left leftAtEnd name overDays pace purpose runsOut spent to")],
    ),
    ("StockOnHand", "stock(first: 3) { nodes { % } }", &[("spaces", "item lot place quantity value")]),
    (
        "LowStock",
        "lowStock(first: 3) { nodes { % } }",
        &[("spaces", "item place reorderPoint target usable")],
    ),
    (
        "StockEntry",
        "stockEntries(first: 3) { nodes { % } }",
        &[("case", "at id item lot movement note place quantity stay value")],
    ),
    ("IssuedStock", "issuedStock(stay: \"{stay}\") { nodes { % } }", &[("case", "item lot quantity value")]),
    (
        "Lot",
        "stock(first: 3) { nodes { lot { % } } }",
        &[("spaces", "code cost deliveryNote expiresOn from id origin quantity receivedAt")],
    ),
    ("StockLevel", "stockLevels(first: 3) { nodes { % } }", &[("spaces", "item place reorderPoint target")]),
    (
        "PackTemplate",
        "packTemplates(first: 3) { nodes { % } }",
        &[("spaces", "code id lines name retired scheme version")],
    ),
    (
        "PackTemplateLine",
        "packTemplates(first: 3) { nodes { lines(first: 3) { nodes { % } } } }",
        &[("spaces", "everyNights items no per quantity")],
    ),
    ("PackTemplateSaved", "", &[("managing", "template")]),
    (
        "Pack",
        "pack(id: \"{pack}\") { % }",
        &[(
            "case",
            "allergens asked cancelledAt childAges diets handedOverAt id lines missing nights outstanding passedOver plannedAt preparedAt shortfalls status stay template unanswered unmet",
        )],
    ),
    (
        "PackLine",
        "pack(id: \"{pack}\") { lines(first: 3) { nodes { % } } }",
        &[("case", "alternatives beyond contents given item no outstanding quantity rule")],
    ),
    ("PackContent", "", &[("case", "amiss item lot quantity value")]),
    ("PassedOver", "", &[("case", "item line why")]),
    ("UnansweredLine", "", &[("case", "children line message")]),
    ("PackShortfall", "", &[("case", "at line missing substitutes unmet wanted")]),
    ("PackSubstitute", "", &[("case", "item quantity")]),
    ("PackAsked", "", &[("case", "item quantity")]),
    ("PackChanged", "", &[("case", "pack")]),
    ("PickingList", "pickingList(pack: \"{pack}\", places: []) { % }", &[("case", "rows shortfalls")]),
    ("PickingRow", "", &[("case", "expiresOn item line lot name place quantity unitOfIssue")]),
    (
        "ShoppingList",
        "shoppingList(days: 7) { % }",
        &[("case", "cost definitions expiring likely lines low suppliers today unmet")],
    ),
    (
        "ShoppingLine",
        "shoppingList(days: 7) { lines(first: 3) { nodes { % } } }",
        &[(
            "case",
            "cost inStock item moreThanOnce needed needs notBefore packs refill retired short supplier transfer units working",
        )],
    ),
    ("ShoppingNeed", "", &[("case", "day likely rule short stay units")]),
    ("ShoppingUnmet", "", &[("case", "day first likely rule stay units")]),
    ("ShoppingLow", "", &[("case", "has item place refill")]),
    ("ShoppingExpiring", "", &[("case", "atRisk expired expiresOn item lot place quantity value")]),
    ("SupplierTotal", "", &[("case", "cost lines supplier")]),
    ("LikelyArrival", "", &[("case", "adults children day like nights no")]),
    (
        "Costs",
        "costs(from: \"2020-11-01\", to: \"2020-12-01\") { % }",
        &[(
            "case",
            "byCategory byFunding byMonth cells definitions householdCount households perHousehold perPersonNight \
             personNights total",
        )],
    ),
    ("CategoryCost", "", &[("case", "category cost")]),
    ("Forecast", "forecast(nights: 1) { % }", &[("case", "definitions schemes tonight")]),
    ("SchemeForecast", "forecast(nights: 1) { schemes { nodes { % } } }", &[("case", "held nights scheme")]),
    (
        "NightForecast",
        "forecast(nights: 1) { schemes { nodes { nights { nodes { % } } } } }",
        &[("case", "free high inStock low night outOfService taken")],
    ),
    (
        "ForecastHeld",
        "forecast(nights: 1) { schemes { nodes { held { nodes { % } } } } }",
        &[("case", "forecasts fromNight held share toNight widenedBy")],
    ),
    (
        "WhatIfAnswer",
        "whatIf(input: {years: 1}) { % }",
        &[("managing", "arrivals definitions from known now then to")],
    ),
    (
        "Simulated",
        "whatIf(input: {years: 1}) { now { % } }",
        &[("managing", "fullShare occupancyRate sentence turnedAway units unitsEnough")],
    ),
    ("SimulatedRate", "", &[("managing", "high low rate")]),
    (
        "Figure",
        "figures(from: \"2020-11-01\", to: \"2020-12-01\", first: 3) { nodes { % } }",
        &[(
            "managing",
            "aYearBefore before by change changeInAYear code definition group measuredIn period records section title value",
        )],
    ),
    ("FigureRecord", "", &[("managing", "count id kind reference")]),
    (
        "Target",
        "",
        &[(
            "managing",
            "by code definition direction group measure owner quarters title tolerance value year",
        )],
    ),
    ("TargetQuarter", "", &[("managing", "from label over standing to trend value")]),
    ("TargetSaved", "", &[("managing", "code year")]),
    ("TargetRemoved", "", &[("managing", "code")]),
    ("MeetingGroup", "meetingGroups { nodes { % } }", &[("managing", "audience code every name sections")]),
    ("Discretion", "discretion { % }", &[("managing", "outside partners")]),
    ("SmallNumbers", "discretion { partners { % } }", &[("managing", "below roundedTo")]),
    (
        "MeetingPack",
        "meetingPack(group: \"OPERATIONS\", on: \"2020-11-03\") { % }",
        &[("managing", "audience commentary corrections figures from group issuedAt targets to")],
    ),
    (
        "MeetingPackFigure",
        "meetingPack(group: \"OPERATIONS\", on: \"2020-11-03\") { figures(first: 3) { nodes { % } } }",
        &[(
            "managing",
            "aYearBefore before by code definition group measuredIn section suppressed title value",
        )],
    ),
    ("MeetingPackCorrection", "", &[("managing", "by code group now title was")]),
    ("MeetingPackSummary", "", &[("managing", "audience from group id issuedAt to")]),
    ("MeetingGroupSaved", "", &[("managing", "group")]),
    ("DiscretionSet", "", &[("managing", "discretion")]),
    ("CommentarySaved", "", &[("managing", "pack")]),
    ("MeetingPackIssued", "", &[("managing", "pack")]),
    ("CostCell", "", &[("case", "category cost grant month source")]),
    ("FundingCost", "", &[("case", "cost grant source")]),
    ("HouseholdCost", "", &[("case", "cost household perPersonNight personNights")]),
    ("MonthCost", "", &[("case", "cost month")]),
    ("GrantSaved", "", &[("managing", "grant")]),
    ("ItemCategorySaved", "", &[("managing", "category")]),
    ("ItemSaved", "", &[("managing", "item")]),
    ("StockLevelSet", "", &[("managing", "reorderPoint target")]),
    ("StockPlaceSaved", "", &[("managing", "place")]),
    ("StockPosted", "", &[("case", "entries")]),
    (
        "Household",
        "household(reference: \"{reference}\") { % }",
        &[
            (
                "case",
                "hasDetails id immediateNeeds journey keptApartFrom keyWorker keyWorkers needs nextSteps reference referrals stays \
              supportSessions",
            ),
            ("manager in person", "restrictions"),
        ],
    ),
    (
        "Stay",
        "node(id: \"{stay}\") { ... on Stay { % } }",
        &[(
            "case",
            "adults arrival arrivedAt bookedAt children departure endedAt exceptions household id leftFor movedFrom movedTo nextReview nights nightsOver overLimit overstay pack plannedArrival plannedDeparture status unit",
        )],
    ),
    (
        "Unit",
        "unit(code: \"SS-01\") { % }",
        &[("spaces", "code district features id inService property scheme sleeps"), ("case", "stays")],
    ),
    (
        "Property",
        "property(code: \"HOUSE\") { % }",
        &[("spaces", "accommodationKind code district hasAddress id locality scheme sharing units")],
    ),
    (
        "Void",
        "node(id: \"{void}\") { ... on Void { % } }",
        &[("spaces", "cancelled from id kept note reason to unit")],
    ),
    ("Viewer", "viewer { % }", &[("oneself", "council role scopes secondFactorFreshUntil")]),
    ("District", "districts(first: 1) { nodes { % } }", &[("spaces", "id kind name")]),
    ("Feature", "features(first: 1) { nodes { % } }", &[("spaces", "code id label")]),
    (
        "AccommodationKind",
        "accommodationKinds(first: 1) { nodes { % } }",
        &[("spaces", "code id label schemes")],
    ),
    ("VoidReason", "voidReasons(first: 1) { nodes { % } }", &[("spaces", "code id label")]),
    (
        "Policy",
        "policies(first: 1) { nodes { % } }",
        &[("spaces", "id lateArrivalUntilHour longestStayNights reviewEveryNights scheme turnaroundNights")],
    ),
    (
        "Board",
        "board(from: \"2020-11-03\", to: \"2020-11-06\") { % }",
        &[("spaces", "from to"), ("case", "rows")],
    ),
    (
        "Availability",
        "availability(ask: {arrival: \"2020-11-10\", departure: \"2020-11-12\", adults: 1}) { % }",
        &[("spaces", "exclusions offeredCount offers")],
    ),
    (
        "Occupancy",
        "occupancy(from: \"2020-11-03\", to: \"2020-11-06\") { % }",
        &[("spaces", "definitions rows")],
    ),
    (
        "Referral",
        "referral(id: \"{referral}\") { % }",
        &[(
            "case",
            "adults answeredAt arrival children closedAt council dashTicks declineReason features fromDistrict hasDetails household id kind lookedFor marac mayBe needs nights outcome placedAt placementDue receivedAt reference respondedAt responseDue risk sharesAs source status stay version",
        )],
    ),
    (
        "DisclosurePolicy",
        "disclosurePolicy { % }",
        &[("spaces", "nightsAhead questionsADay severalFrom sizes words")],
    ),
    (
        "Question",
        "questions(first: 1) { nodes { % } }",
        &[(
            "managing",
            "answer arrival askedAt children council features nextNight nights people referred unwantedDistricts",
        )],
    ),
    (
        "Account",
        "accounts(first: 1) { nodes { % } }",
        &[("accounts", "council hasSecondFactor id madeAt name role state")],
    ),
    (
        "Token",
        "tokens(first: 1) { nodes { % } }",
        &[("accounts", "council expiresAt id lastUsedAt madeAt name revokedAt role scopes")],
    ),
    ("Session", "sessions(first: 1) { nodes { % } }", &[("oneself", "begunAt id seenAt thisOne")]),
    (
        "Notice",
        "notices(first: 1, unseenOnly: false) { nodes { % } }",
        &[("manager in person", "at by id kind seenAt subject")],
    ),
    (
        "AuditRecord",
        "audit(first: 1) { nodes { % } }",
        &[("manager in person", "action at by detail household role subject why")],
    ),
    ("RetentionPolicy", "retentionPolicies { % }", &[("manager in person", "days kind")]),
    // Parts of what is reached above.
    ("HouseholdErased", "", &[("manager in person", "backups erasedAt reference")]),
    ("RetentionPolicySet", "", &[("manager in person", "policy")]),
    ("SubjectAccessExported", "", &[("manager in person", "json")]),
    ("QuestionCount", "", &[("managing", "answer asked council")]),
    ("AccountChanged", "", &[("accounts", "account")]),
    ("AccountInvited", "", &[("accounts", "account link until")]),
    ("TokenCreated", "", &[("accounts", "text token")]),
    ("TokenRevoked", "", &[("accounts", "token")]),
    ("SessionsEnded", "", &[("oneself", "ended")]),
    ("AddressSet", "", &[("managing", "property")]),
    ("AddressRevealed", "", &[("revealing", "lines")]),
    ("HouseholdDetailsSet", "", &[("case", "household")]),
    ("HouseholdDetailsRevealed", "", &[("revealing", "contact name note")]),
    ("HouseholdsFound", "", &[("case", "households")]),
    ("NoticeSeen", "", &[("manager in person", "notice")]),
    ("DisclosurePolicySet", "", &[("managing", "policy")]),
    ("ReferralAnswered", "", &[("case", "referral")]),
    ("ReferralDetails", "", &[("revealing", "contact details name")]),
    (
        "AttentionItem",
        "",
        &[("case", "action couldMoveTo dueAt hold kind lost message needs nightsOver referral stay unit")],
    ),
    ("BoardRow", "", &[("case", "unit uses")]),
    ("BoardUse", "", &[("case", "by from nightUse to whose")]),
    ("BoardChange", "", &[("case", "from to units")]),
    ("Definition", "", &[("spaces", "meaning word")]),
    ("Excluded", "", &[("spaces", "reasons unit")]),
    ("ExclusionReason", "", &[("spaces", "code message")]),
    ("NightRun", "", &[("case", "from to")]),
    ("Obstacle", "", &[("case", "from kind to unit whose")]),
    (
        "OccupancyRow",
        "",
        &[(
            "spaces",
            "aYearBefore availableNights before fullNights fullShare grossRate group inStockNights nights occupancyRate occupiedNights period \
             reservedNights voidNights",
        )],
    ),
    ("Offer", "", &[("spaces", "gapNights lastWith spareBeds unit unneededFeatures")]),
    ("PageInfo", "", &[("oneself", "endCursor hasNextPage hasPreviousPage startCursor")]),
    ("Refused", "", &[("oneself", "code field inTheWay message nextFree")]),
    ("Restriction", "", &[("manager in person", "denied madeAt reason")]),
    ("ServicePeriod", "", &[("spaces", "closedOn openedOn")]),
    ("StayException", "", &[("case", "grantedAt nights reason")]),
    ("DistrictSaved", "", &[("managing", "district")]),
    ("FeatureSaved", "", &[("managing", "feature")]),
    ("PolicySet", "", &[("managing", "policy")]),
    ("PropertySaved", "", &[("managing", "property")]),
    ("RestrictionChanged", "", &[("manager in person", "denied household")]),
    ("StayBooked", "", &[("case", "stay")]),
    ("StayChanged", "", &[("case", "stay")]),
    ("StayMoved", "", &[("case", "from to")]),
    ("UnitSaved", "", &[("managing", "unit")]),
    ("AccommodationKindSaved", "", &[("managing", "accommodationKind")]),
    ("VoidReasonSaved", "", &[("managing", "voidReason")]),
    ("VoidSaved", "", &[("spaces", "void")]),
    ("Subscription", "", &[("case", "boardChanged")]),
    (
        "Allocation",
        "allocation(referral: \"{referral}\") { % }",
        &[("case", "arrival departure excluded ranked")],
    ),
    ("AdultsBySex", "", &[("case", "female male otherOrNotSaid")]),
    ("ApartKept", "", &[("case", "household other")]),
    ("ChildAges", "", &[("case", "from11To15 from16To17 from2To4 from5To10 under2")]),
    ("Departure", "", &[("case", "destination planned support supportEndedAt")]),
    ("DepartureRecorded", "", &[("case", "departure")]),
    (
        "Hold",
        "",
        &[(
            "case",
            "adults arrival children departure extended household id lapsesAt madeAt secondsLeft status stay unit",
        )],
    ),
    ("HoldKept", "", &[("case", "hold")]),
    (
        "HouseholdNeeds",
        "",
        &[(
            "case",
            "adultsBySex allergens allergies callBack care characteristics childAges dangerAreas diet diets languages \
             near organisation pets riskReason",
        )],
    ),
    ("KeptApart", "", &[("case", "household reason since")]),
    ("Locality", "", &[("spaces", "district id name near")]),
    ("LocalitySaved", "", &[("managing", "locality")]),
    ("LookedFor", "", &[("case", "code units")]),
    ("NextStep", "", &[("case", "id kind note state target")]),
    ("NextStepSaved", "", &[("case", "nextStep")]),
    ("Placement", "", &[("case", "arrival departure referral unit")]),
    ("PlanChange", "", &[("case", "fromNight kind stay to toNight unit")]),
    ("PlanForTonight", "planForTonight { % }", &[("case", "placed tonight unplaced")]),
    ("RankedUnit", "", &[("case", "preferences unit why")]),
    ("Reason", "reasons(first: 1) { nodes { % } }", &[("spaces", "code countsAs dueHours id kind label")]),
    ("ReasonCount", "", &[("case", "code units")]),
    ("ReasonSaved", "", &[("managing", "reason")]),
    ("Repacking", "", &[("case", "arrival departure moves unit")]),
    ("RepackingMove", "", &[("case", "stay to")]),
    (
        "Standards",
        "standards { % }",
        &[(
            "spaces",
            "contactEveryHours firstContactHours holdMinutes holdWarningMinutes nextStepHours placementDays \
             responseMinutes",
        )],
    ),
    ("StandardsSet", "", &[("managing", "standards")]),
    (
        "StatutoryReturn",
        "statutoryReturn(year: \"2020/21\") { % }",
        &[("case", "checks definitions from rows to year")],
    ),
    (
        "ReturnRow",
        "statutoryReturn(year: \"2020/21\") { rows(first: 2) { nodes { % } } }",
        &[(
            "case",
            "adults children code countedHouseholds countedReferrals households label men otherOrNotSaid people section \
             women",
        )],
    ),
    (
        "ReturnCheck",
        "statutoryReturn(year: \"2020/21\") { checks { % } }",
        &[("case", "agrees countedAgain section sum total")],
    ),
    ("ReturnLine", "returnLines(first: 1) { nodes { % } }", &[("spaces", "code counts label section")]),
    ("ReturnLinesSet", "", &[("managing", "lines")]),
    (
        "GroupAttendance",
        "groupAttendance(from: \"2020-11-01\", to: \"2020-12-01\") { nodes { % } }",
        &[("case", "attended heldOn offer")],
    ),
    ("GroupAttendanceRecorded", "", &[("case", "attendance")]),
    (
        "ImmediateNeed",
        "household(reference: \"{reference}\") { immediateNeeds { nodes { % } } }",
        &[("case", "askedAt dueAt id kind overdue settledAt state")],
    ),
    ("ImmediateNeedsKept", "", &[("case", "needs")]),
    (
        "KeyWorker",
        "household(reference: \"{reference}\") { keyWorker { % } }",
        &[("case", "able name since until")],
    ),
    ("KeyWorkerAssigned", "", &[("case", "keyWorker")]),
    ("StaffMember", "staff(first: 1) { nodes { % } }", &[("case", "name role")]),
    (
        "SupportSession",
        "household(reference: \"{reference}\") { supportSessions { nodes { % } } }",
        &[("case", "channel hours id minutes note outcome recordedAt startsAt topics version withdrawnAt")],
    ),
    ("SupportSessionRecorded", "", &[("case", "session")]),
    ("StayPart", "", &[("case", "arrival departure unit")]),
    ("StaysKept", "", &[("case", "stays")]),
    ("Unplaced", "", &[("case", "change reasons referral")]),
];
