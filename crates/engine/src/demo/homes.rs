//! The homes of the demonstration: from two to nineteen between March and November 2020. All made up.

use safespace_domain::{districts::DistrictKind, units::Scheme};

/// The districts that share the service.
pub(super) const DISTRICTS: [(&str, DistrictKind); 5] = [
    ("Stevenage", DistrictKind::Host),
    ("North Herts", DistrictKind::Partner),
    ("East Herts", DistrictKind::Partner),
    ("Welwyn Hatfield", DistrictKind::Partner),
    ("Hertsmere", DistrictKind::Pilot),
];

/// A property: its code, scheme and district.
pub(super) type Home = (&'static str, Scheme, &'static str);

/// The properties.
pub(super) const PROPERTIES: [Home; 11] = [
    ("SP-01", Scheme::SafeSpace, "Stevenage"),
    ("SP-02", Scheme::SafeSpace, "Stevenage"),
    ("SP-03", Scheme::SafeSpace, "North Herts"),
    ("SP-04", Scheme::SafeSpace, "East Herts"),
    ("SP-05", Scheme::SafeSpace, "Welwyn Hatfield"),
    ("SP-06", Scheme::SafeSpace, "Hertsmere"),
    ("SP-07", Scheme::SafeSpace, "North Herts"),
    ("SP-08", Scheme::SafeSpace, "Stevenage"),
    ("MP-01", Scheme::MoveOn, "Stevenage"),
    ("MP-02", Scheme::MoveOn, "North Herts"),
    ("MP-03", Scheme::MoveOn, "East Herts"),
];

/// A unit: its code, property, how many it sleeps, its features, and the day on which it opened.
pub(super) type Room = (&'static str, &'static str, i64, &'static str, &'static str);

/// The units, in the order in which they opened.
pub(super) const UNITS: [Room; 19] = [
    ("SS-01", "SP-01", 3, "self_contained own_kitchen cot", "2019-01-01"),
    ("SS-02", "SP-02", 5, "self_contained own_kitchen parking", "2019-01-01"),
    ("SS-03", "SP-03", 2, "women_only own_bathroom", "2020-03-16"),
    ("SS-04", "SP-03", 4, "women_only cot own_bathroom", "2020-03-16"),
    ("MO-01", "MP-01", 4, "self_contained own_kitchen", "2020-04-06"),
    ("SS-05", "SP-04", 4, "self_contained own_kitchen garden", "2020-04-20"),
    ("SS-06", "SP-05", 3, "step_free ground_floor wheelchair accessible_bathroom own_kitchen", "2020-05-04"),
    ("SS-07", "SP-05", 2, "step_free lift", "2020-05-18"),
    ("SS-08", "SP-06", 6, "self_contained own_kitchen parking pets", "2020-06-01"),
    ("MO-02", "MP-01", 3, "self_contained own_kitchen", "2020-06-15"),
    ("SS-09", "SP-07", 2, "women_only", "2020-06-29"),
    ("SS-10", "SP-07", 3, "women_only cot", "2020-07-13"),
    ("SS-11", "SP-07", 2, "women_only", "2020-07-27"),
    ("SS-12", "SP-08", 4, "self_contained own_kitchen cot", "2020-08-10"),
    ("MO-03", "MP-02", 5, "self_contained own_kitchen garden", "2020-08-31"),
    ("SS-13", "SP-08", 1, "men_only own_bathroom", "2020-09-14"),
    ("SS-14", "SP-06", 4, "ground_floor step_free", "2020-10-05"),
    ("MO-04", "MP-03", 4, "self_contained own_kitchen", "2020-10-19"),
    ("SS-15", "SP-04", 3, "cot own_kitchen", "2020-11-02"),
];
