//! Stays, from the booking to the departure, and back.

use std::collections::BTreeSet;

use safespace_domain::{
    RefusalCode,
    stays::{Stay, StayState, StayStatus},
    units::Scheme,
};
use safespace_engine::{BookStay, Command, Taker};
use safespace_tests::{Databases, World, day, on_both, refused};

on_both![
    a_booking_takes_its_nights_and_only_those,
    a_unit_that_is_taken_is_refused_with_what_is_in_the_way_and_what_is_free_instead,
    a_booking_without_a_unit_gets_the_best_fit,
    a_household_is_in_one_unit_a_night,
    a_household_may_change_units_on_the_day,
    turnaround_is_kept_between_two_stays,
    a_longer_turnaround_is_no_reason_to_turn_who_is_booked_away,
    nobody_is_checked_in_before_the_day,
    a_late_arrival_gives_the_nights_before_it_back,
    a_booking_that_nobody_came_for_in_time_can_not_be_checked_in,
    an_early_departure_frees_the_nights_from_that_day,
    a_departure_lies_between_the_arrival_and_today,
    a_stay_is_extended_as_far_as_the_unit_is_free,
    a_stay_is_shortened_but_not_into_the_past,
    a_cancelled_booking_frees_its_nights,
    a_no_show_frees_its_nights_but_not_before_the_day,
    a_state_refuses_what_does_not_follow_from_it,
    a_booking_moves_with_all_its_nights,
    a_household_in_residence_moves_in_one_step,
    a_move_to_a_taken_unit_changes_nothing,
    what_was_cancelled_or_missed_is_reinstated,
    a_check_in_and_a_check_out_are_taken_back,
    a_reinstatement_is_refused_when_the_nights_are_gone,
    a_move_is_not_taken_back_by_reinstating,
    seven_nights_and_no_more,
    an_extension_counts_towards_the_seven_nights,
    back_to_back_stays_count_as_one,
    a_move_does_not_begin_the_seven_nights_again,
    a_reinstatement_does_not_get_round_the_seven_nights,
    move_on_stays_have_a_policy_of_their_own,
    impossible_bookings_are_refused_and_say_what_is_wrong,
    roles_may_do_what_is_theirs,
    nobody_is_checked_in_for_tomorrow_night_past_midnight,
    a_booking_whose_nights_are_over_is_not_brought_back,
    a_unit_that_was_chosen_must_be_what_is_looked_for,
    a_household_is_the_same_in_upper_and_lower_case,
    what_happened_in_a_stay_is_told_whole_with_who_did_it,
    a_move_is_told_in_the_stay_that_it_ends_and_in_the_one_that_goes_on,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn a_booking_takes_its_nights_and_only_those(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-04", 6).await.unwrap();
    assert_eq!(stay.status(), StayStatus::Booked);
    assert_eq!(world.line("SS-01", "2020-11-03", 9).await, ".bbbbbb..");
    world.officer().book("SS-01", "R-2", "2020-11-10", 1).await.expect("a changeover on the day is normal");
    world.officer().book("SS-01", "R-3", "2020-11-03", 1).await.expect("so is one before");
    assert_eq!(world.line("SS-01", "2020-11-03", 9).await, "bbbbbbbb.");
}

async fn a_unit_that_is_taken_is_refused_with_what_is_in_the_way_and_what_is_free_instead(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().book("SS-01", "R-1", "2020-11-05", 3).await.unwrap();
    let before = world.ledger().await;
    let refusal = world.officer().book("SS-01", "R-2", "2020-11-03", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Taken);
    assert_eq!(refusal.next_free.as_deref(), Some("SS-02"));
    assert_words_snapshot!(&refusal.in_the_way[0], @"stay R-1 in SS-01, 2020-11-05 to 2020-11-06");
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-1 in SS-01, 2020-11-05 to 2020-11-06. SS-02 is free instead.");
    assert_eq!(world.ledger().await, before);
    assert_eq!(world.count("household").await, 1, "a refused booking leaves no household behind");
}

async fn a_booking_without_a_unit_gets_the_best_fit(on: &Databases) {
    let world = World::at(EVENING, on).with_unit_for("SS-01", 6).with_unit_for("SS-02", 3).await;
    let first = world.officer().book_any("R-1", "2020-11-03", 7).await.unwrap();
    assert_eq!(first.unit, world.unit("SS-02").await, "three people fit three beds best");
    let second = world.officer().book_any("R-2", "2020-11-05", 2).await.unwrap();
    assert_eq!(second.unit, world.unit("SS-01").await);
    assert_words_snapshot!(refused(world.officer().book_any("R-3", "2020-11-06", 1).await), @"NONE_FREE: No unit is free and fit for these people, 2020-11-06 to 2020-11-07: ask availability why, or try other nights.");
}

async fn a_household_is_in_one_unit_a_night(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    assert_words_snapshot!(refused(world.officer().book("SS-02", "R-1", "2020-11-05", 2).await), @"HOUSEHOLD_ELSEWHERE (household): The household has SS-01 already, 2020-11-05 to 2020-11-06: move that stay, or end it first.");
    assert_eq!(world.line("SS-02", "2020-11-03", 5).await, ".....");
}

async fn a_household_may_change_units_on_the_day(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    world.officer().book("SS-02", "R-1", "2020-11-05", 2).await.unwrap();
}

async fn turnaround_is_kept_between_two_stays(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_turnaround(1).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "bbt..");
    assert_words_snapshot!(refused(world.officer().book("SS-01", "R-2", "2020-11-05", 1).await), @"TAKEN (unit): SS-01 is not free on all of these nights: turnaround in SS-01, 2020-11-05 to 2020-11-06. Choose other nights or another unit.");
    world.officer().extend(&stay, "2020-11-06").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, "bbbt.");
    world.officer().cancel(&stay).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, ".....");
}

async fn a_longer_turnaround_is_no_reason_to_turn_who_is_booked_away(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    world.officer().book("SS-01", "R-2", "2020-11-06", 3).await.unwrap();
    world.set_turnaround(2).await;
    world.officer().check_in(&stay).await.expect("it was booked before the policy came");
    world.officer().shorten(&stay, "2020-11-05").await.expect("to leave earlier is never in the way");
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRtbbb.");
}

async fn nobody_is_checked_in_before_the_day(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-04", 2).await.unwrap();
    assert_words_snapshot!(refused(world.officer().check_in(&stay).await), @"WRONG_TIME: This stay begins on 2020-11-04, and today is 2020-11-03: it can't be checked in yet.");
    world.wake_at("2020-11-04T09:00:00Z").await;
    let stay = world.officer().check_in(&stay).await.unwrap();
    assert_eq!(stay.state, StayState::InResidence { arrived_at: Some(world.now()) });
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, ".RR.");
}

async fn a_late_arrival_gives_the_nights_before_it_back(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.wake_at("2020-11-05T18:00:00Z").await;
    assert_eq!(world.officer().attention().await, ["R-1 has not arrived in SS-01"]);
    let stay = world.officer().check_in(&stay).await.unwrap();
    assert_eq!((stay.nights.arrival(), stay.planned.arrival()), (day("2020-11-05"), day("2020-11-03")));
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "..RRR.");
    assert!(world.officer().attention().await.is_empty());
}

async fn a_booking_that_nobody_came_for_in_time_can_not_be_checked_in(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    world.wake_at("2020-11-05T09:00:00Z").await;
    assert_words_snapshot!(refused(world.officer().check_in(&stay).await), @"WRONG_TIME: This stay ended on 2020-11-05 without an arrival: mark it as a no-show, or book the household again.");
}

async fn an_early_departure_frees_the_nights_from_that_day(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-06T10:00:00Z").await;
    assert!(world.officer().free("2020-11-06", 1).await.is_empty());
    let stay = world.officer().check_out(&stay).await.unwrap();
    assert_eq!(stay.nights.departure(), day("2020-11-06"));
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "RRR.....");
    assert_eq!(world.officer().free("2020-11-06", 7).await, ["SS-01"]);
    world.officer().book("SS-01", "R-2", "2020-11-06", 7).await.expect("free from the same evening");
}

async fn a_departure_lies_between_the_arrival_and_today(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-06T10:00:00Z").await;
    assert_words_snapshot!(refused(world.officer().check_out_on(&stay, "2020-11-07").await), @"WRONG_TIME (on): 2020-11-07 is still to come: check out on the day, or shorten the stay to end then.");
    assert_words_snapshot!(refused(world.officer().check_out_on(&stay, "2020-11-02").await), @"BAD_VALUE (on): The household arrived on 2020-11-03: it can't have left on 2020-11-02.");
    let stay = world.officer().check_out_on(&stay, "2020-11-05").await.expect("they left yesterday");
    assert_eq!(stay.nights.departure(), day("2020-11-05"));
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "RR..");
}

async fn a_stay_is_extended_as_far_as_the_unit_is_free(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    world.officer().book("SS-01", "R-2", "2020-11-07", 2).await.unwrap();
    let stay = world.officer().extend(&stay, "2020-11-07").await.unwrap();
    assert_eq!(stay.nights.len(), 4);
    let refusal = world.officer().extend(&stay, "2020-11-08").await.unwrap_err();
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-2 in SS-01, 2020-11-07 to 2020-11-08. SS-02 is free instead.");
    assert_words_snapshot!(refused(world.officer().extend(&stay, "2020-11-07").await), @"BAD_VALUE (departure): The stay departs on 2020-11-07 already: an extension must end later.");
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "bbbbbb.");
}

async fn a_stay_is_shortened_but_not_into_the_past(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    let stay = world.officer().shorten(&stay, "2020-11-08").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "bbbbb..");
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T10:00:00Z").await;
    assert_words_snapshot!(refused(world.officer().shorten(&stay, "2020-11-04").await), @"WRONG_TIME (departure): 2020-11-04 has passed: check the household out with the day it left.");
    assert_words_snapshot!(refused(world.officer().shorten(&stay, "2020-11-08").await), @"BAD_VALUE (departure): The stay departs on 2020-11-08 already: give an earlier date.");
    world.officer().shorten(&stay, "2020-11-06").await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 7).await, "RRR....");
}

async fn a_cancelled_booking_frees_its_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let stay = world.officer().cancel(&stay).await.unwrap();
    assert_eq!(stay.state, StayState::Cancelled { at: Some(world.now()) });
    assert!(world.ledger().await.is_empty());
    world.officer().book("SS-01", "R-2", "2020-11-03", 3).await.unwrap();
}

async fn a_no_show_frees_its_nights_but_not_before_the_day(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-04", 3).await.unwrap();
    assert_words_snapshot!(refused(world.officer().mark_no_show(&stay).await), @"WRONG_TIME: This stay begins on 2020-11-04: until then, cancel it instead.");
    world.wake_at("2020-11-04T23:30:00Z").await;
    world.officer().mark_no_show(&stay).await.unwrap();
    assert!(world.ledger().await.is_empty());
}

async fn a_state_refuses_what_does_not_follow_from_it(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    assert_words_snapshot!(refused(officer.check_out(&stay).await), @"WRONG_STATE: This stay is booked, so it can't be checked out: only a stay that is in residence can.");
    officer.check_in(&stay).await.unwrap();
    assert_words_snapshot!(refused(officer.check_in(&stay).await), @"WRONG_STATE: This stay is in residence, so it can't be checked in: only a stay that is booked can.");
    assert_words_snapshot!(refused(officer.cancel(&stay).await), @"WRONG_STATE: This stay is in residence, so it can't be cancelled: only a stay that is booked can.");
    assert_words_snapshot!(refused(officer.mark_no_show(&stay).await), @"WRONG_STATE: This stay is in residence, so it can't be marked as a no-show: only a stay that is booked can.");
    world.wake_at("2020-11-04T10:00:00Z").await;
    officer.check_out(&stay).await.unwrap();
    assert_words_snapshot!(refused(officer.check_out(&stay).await), @"WRONG_STATE: This stay is departed, so it can't be checked out: only a stay that is in residence can.");
    assert_words_snapshot!(refused(officer.extend(&stay, "2020-11-08").await), @"WRONG_STATE: This stay is departed, so it can't be extended: only a stay that is booked or in residence can.");
}

async fn a_booking_moves_with_all_its_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-04", 3).await.unwrap();
    let (closed, goes_on) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    assert_eq!(closed, None, "nobody has slept there yet");
    assert_eq!(goes_on.id, stay.id);
    assert_eq!(world.line("SS-01", "2020-11-03", 5).await, ".....");
    assert_eq!(world.line("SS-02", "2020-11-03", 5).await, ".bbb.");
    assert_words_snapshot!(refused(world.officer().move_to(&stay, "SS-02").await), @"BAD_VALUE (unit): The household is in this unit already: choose another one.");
}

async fn a_household_in_residence_moves_in_one_step(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T15:00:00Z").await;
    let (closed, goes_on) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    let closed = closed.expect("two nights were slept there");
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "RR....");
    assert_eq!(world.line("SS-02", "2020-11-03", 6).await, "..RRR.");
    assert_eq!(goes_on.moved_from, Some(closed.id));
    assert!(matches!(closed.state, StayState::Departed { moved_to: Some(to), .. } if to == goes_on.id));
    assert_eq!(goes_on.status(), StayStatus::InResidence);
    assert_eq!(world.officer().stay(goes_on.id).await, goes_on);
    assert_eq!(world.officer().stay(closed.id).await, closed);
}

async fn a_move_to_a_taken_unit_changes_nothing(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02", "SS-03"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    let stay = world.officer().check_in(&stay).await.unwrap();
    world.officer().book("SS-02", "R-2", "2020-11-06", 2).await.unwrap();
    world.wake_at("2020-11-05T15:00:00Z").await;
    let (ledger, audit) = (world.ledger().await, world.count("audit").await);
    let refusal = world.officer().move_to(&stay, "SS-02").await.unwrap_err();
    assert_eq!(refusal.next_free.as_deref(), Some("SS-03"));
    assert_words_snapshot!(refused::<()>(Err(refusal)), @"TAKEN (unit): SS-02 is not free on all of these nights: stay R-2 in SS-02, 2020-11-06 to 2020-11-08. SS-03 is free instead.");
    assert_eq!(world.ledger().await, ledger);
    assert_eq!(world.count("audit").await, audit);
    assert_eq!(world.officer().stay(stay.id).await, stay);
}

async fn what_was_cancelled_or_missed_is_reinstated(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    assert_words_snapshot!(refused(world.officer().reinstate(&stay).await), @"WRONG_STATE: This stay is booked: there is no arrival, departure, cancellation or no-show to take back. Cancel it if the booking was the mistake.");
    world.officer().cancel(&stay).await.unwrap();
    assert_eq!(world.officer().reinstate(&stay).await.unwrap(), stay);
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "bbb.");
    world.officer().mark_no_show(&stay).await.unwrap();
    assert_eq!(world.officer().reinstate(&stay).await.unwrap(), stay);
    assert_eq!(world.line("SS-01", "2020-11-03", 4).await, "bbb.");
    let actions: Option<i64> = world.one("SELECT count(*) FROM audit WHERE action = 'reinstate_stay'").await;
    assert_eq!(actions, Some(2), "taking back is a recorded command of its own");
}

async fn a_check_in_and_a_check_out_are_taken_back(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let booked = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.wake_at("2020-11-05T15:00:00Z").await;
    let there = world.officer().check_in(&booked).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "..RRR.");
    world.officer().check_out(&booked).await.unwrap();
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "......");
    assert_eq!(world.officer().reinstate(&booked).await.unwrap(), there);
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "..RRR.");
    assert_eq!(world.officer().reinstate(&booked).await.unwrap(), booked);
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "bbbbb.");
}

async fn a_reinstatement_is_refused_when_the_nights_are_gone(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 3).await.unwrap();
    let stay = world.officer().cancel(&stay).await.unwrap();
    world.officer().book("SS-01", "R-2", "2020-11-05", 3).await.unwrap();
    assert_words_snapshot!(refused(world.officer().reinstate(&stay).await), @"TAKEN (unit): SS-01 is not free on all of these nights: stay R-2 in SS-01, 2020-11-05 to 2020-11-06. Choose other nights or another unit.");
    assert_eq!(world.officer().stay(stay.id).await, stay);
    assert_eq!(world.line("SS-01", "2020-11-03", 6).await, "..bbb.");
}

async fn a_move_is_not_taken_back_by_reinstating(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-05T15:00:00Z").await;
    let (_, goes_on) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    assert_words_snapshot!(refused(world.officer().reinstate(&stay).await), @"WRONG_STATE: The household was moved to another unit: move it back instead.");
    assert_words_snapshot!(refused(world.officer().reinstate(&goes_on).await), @"WRONG_STATE: The household was moved here from another unit: move it back instead.");
}

async fn seven_nights_and_no_more(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    assert_words_snapshot!(refused(world.officer().book("SS-01", "R-1", "2020-11-03", 8).await), @"LONGEST_STAY (departure): This makes 8 nights in a safe space; the longest stay is 7. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
    world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
}

async fn an_extension_counts_towards_the_seven_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 5).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.officer().extend(&stay, "2020-11-10").await.unwrap();
    assert_words_snapshot!(refused(world.officer().extend(&stay, "2020-11-11").await), @"LONGEST_STAY (departure): This makes 8 nights in a safe space; the longest stay is 7. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
}

async fn back_to_back_stays_count_as_one(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    officer.book("SS-01", "R-1", "2020-11-05", 4).await.unwrap();
    assert_words_snapshot!(refused(officer.book("SS-02", "R-1", "2020-11-09", 4).await), @"LONGEST_STAY (departure): This makes 8 nights in a safe space, counting back-to-back stays; the longest stay is 7. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
    let after = officer.book("SS-02", "R-1", "2020-11-09", 2).await.unwrap();
    assert_words_snapshot!(refused(officer.extend(&after, "2020-11-13").await), @"LONGEST_STAY (departure): This makes 8 nights in a safe space, counting back-to-back stays; the longest stay is 7. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
    assert_eq!(
        officer.book("SS-02", "R-1", "2020-11-03", 2).await.unwrap_err().code,
        RefusalCode::LongestStay,
        "nights before count as those after do"
    );
    officer.book("SS-02", "R-1", "2020-11-12", 7).await.expect("a night elsewhere begins a new count");
}

async fn a_move_does_not_begin_the_seven_nights_again(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().check_in(&stay).await.unwrap();
    world.wake_at("2020-11-06T15:00:00Z").await;
    let longer = world.officer().move_until(&stay, "SS-02", Some("2020-11-12")).await;
    assert_eq!(longer.unwrap_err().code, RefusalCode::LongestStay);
    let (_, goes_on) = world.officer().move_to(&stay, "SS-02").await.unwrap();
    assert_words_snapshot!(refused(world.officer().extend(&goes_on, "2020-11-11").await), @"LONGEST_STAY (departure): This makes 8 nights in a safe space, counting back-to-back stays; the longest stay is 7. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
}

async fn a_reinstatement_does_not_get_round_the_seven_nights(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let first = world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().cancel(&first).await.unwrap();
    world.officer().book("SS-02", "R-1", "2020-11-10", 7).await.unwrap();
    assert_eq!(world.officer().reinstate(&first).await.unwrap_err().code, RefusalCode::LongestStay);
    assert_eq!(world.line("SS-01", "2020-11-03", 8).await, "........");
}

async fn move_on_stays_have_a_policy_of_their_own(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").with_move_on_unit("MO-01").await;
    world.officer().book("SS-01", "R-1", "2020-11-03", 7).await.unwrap();
    world.officer().book("MO-01", "R-1", "2020-11-10", 26 * 7).await.expect("the schemes count apart");
    assert_words_snapshot!(refused(world.officer().book("MO-01", "R-2", "2021-06-01", 26 * 7 + 1).await), @"LONGEST_STAY (departure): This makes 183 nights in a move-on home; the longest stay is 182. Choose an earlier departure, plan the next step, or ask a manager for an exception.");
}

async fn impossible_bookings_are_refused_and_say_what_is_wrong(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let good = world.officer().to_book("SS-01", "R-1", "2020-11-03", 3).await;
    let attempts = [
        BookStay { departure: day("2020-11-03"), ..good.clone() },
        BookStay { departure: day("2020-11-01"), ..good.clone() },
        BookStay { arrival: day("2020-11-02"), ..good.clone() },
        BookStay { arrival: day("0202-11-03"), ..good.clone() },
        BookStay { arrival: day("2023-11-03"), departure: day("2023-11-05"), ..good.clone() },
        BookStay { adults: -1, ..good.clone() },
        BookStay { adults: 0, children: 0, ..good.clone() },
        BookStay { children: 1_000_000, ..good.clone() },
        BookStay { adults: 3, children: 2, ..good.clone() },
        BookStay { household: "=1+1".into(), ..good.clone() },
        BookStay { household: String::new(), ..good.clone() },
        BookStay { unit: Some(safespace_domain::UnitId(world.new_id())), ..good.clone() },
        BookStay { unit: None, features: BTreeSet::from(["sauna".to_owned()]), ..good.clone() },
        BookStay { unit: None, wanted_districts: BTreeSet::from(["Atlantis".to_owned()]), ..good.clone() },
        BookStay { unit: None, scheme: Scheme::MoveOn, ..good.clone() },
    ];
    let mut answers = Vec::new();
    for ask in attempts {
        answers.push(refused(world.officer().book_as(ask).await));
    }
    assert_words_snapshot!(answers.join("\n"), @r#"
    BAD_VALUE (departure): The departure, 2020-11-03, must be after the arrival, 2020-11-03.
    BAD_VALUE (departure): The departure, 2020-11-01, must be after the arrival, 2020-11-03.
    WRONG_TIME (arrival): 2020-11-02 has passed: a booking begins tonight, 2020-11-03, or later.
    BAD_VALUE (arrival): 0202-11-03 is outside the years 1990 to 2100: check the date.
    WRONG_TIME (departure): 2023-11-05 is too far ahead: bookings end by 2022-11-03.
    BAD_VALUE (adults): A household has 0 to 60 adults, not -1.
    BAD_VALUE (adults): A household has at least one person: give adults or children.
    BAD_VALUE (children): A household has 0 to 60 children, not 1000000.
    TOO_SMALL (unit): SS-01 sleeps 4, and the household has 5 people: choose a larger unit.
    BAD_VALUE (household): The reference of the household must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.
    BAD_VALUE (household): The reference of the household must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.
    NOT_FOUND (unit): There is no such unit.
    BAD_VALUE (features): There is no feature "sauna". Known: accessible_bathroom, cot, garden, ground_floor, lift, men_only, own_bathroom, own_kitchen, parking, pets, self_contained, step_free, wheelchair, women_only.
    BAD_VALUE (wantedDistricts): There is no district "Atlantis". Known: North Herts, Stevenage.
    NONE_FREE: No unit is free and fit for these people, 2020-11-03 to 2020-11-06: ask availability why, or try other nights.
    "#);
    assert!(world.ledger().await.is_empty());
    assert_eq!((world.count("stay").await, world.count("household").await), (0, 0));
}

async fn roles_may_do_what_is_theirs(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    assert_words_snapshot!(refused(world.partner().book("SS-01", "R-1", "2020-11-03", 3).await), @"NOT_ALLOWED: A sign-in as partner can't place households.");
    assert_words_snapshot!(refused(world.partner().record_void("SS-01", "2020-11-03", 3).await), @"NOT_ALLOWED: A sign-in as partner can't record voids.");
    assert_words_snapshot!(refused(world.officer().close("SS-01", "2020-12-01").await), @"NOT_ALLOWED: A sign-in as officer can't change properties, units and policies: ask a manager.");
    let turn = world.partner().run(Command::TurnDay).await;
    assert_eq!(turn.unwrap_err().code, RefusalCode::NotAllowed);
    assert!(world.ledger().await.is_empty());
    world.manager().book("SS-01", "R-1", "2020-11-03", 3).await.expect("managers may do what officers do");
}

async fn nobody_is_checked_in_for_tomorrow_night_past_midnight(on: &Databases) {
    let world = World::at("2020-11-04T00:30:00Z", on).with_unit("SS-01").await;
    let tonight = world.officer().book("SS-01", "R-1", "2020-11-03", 1).await.unwrap();
    let tomorrow = world.officer().book("SS-01", "R-2", "2020-11-04", 2).await.unwrap();
    assert_words_snapshot!(refused(world.officer().check_in(&tomorrow).await), @"WRONG_TIME: This stay begins on 2020-11-04, and until 6:00 an arrival belongs to the night before: book that night for the household, or check it in later.");
    world.officer().check_in(&tonight).await.unwrap();
}

async fn a_booking_whose_nights_are_over_is_not_brought_back(on: &Databases) {
    let world = World::at("2020-11-03T21:00:00Z", on).with_unit("SS-01").await;
    let stay = world.officer().book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    let stay = world.officer().cancel(&stay).await.unwrap();
    world.wake_at("2020-11-08T09:00:00Z").await;
    assert_words_snapshot!(refused(world.officer().reinstate(&stay).await), @"WRONG_TIME: The nights of this booking ended on 2020-11-05: book the household again.");
    assert!(world.ledger().await.is_empty());
}

async fn a_unit_that_was_chosen_must_be_what_is_looked_for(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let ask = world.officer().to_book("SS-01", "R-1", "2020-11-03", 2).await;
    let stevenage = BTreeSet::from(["Stevenage".to_owned()]);
    let attempts = [
        BookStay { features: BTreeSet::from(["step_free".to_owned()]), ..ask.clone() },
        BookStay { unwanted_districts: stevenage.clone(), ..ask.clone() },
        BookStay { wanted_districts: BTreeSet::from(["Nowhere".to_owned()]), ..ask.clone() },
    ];
    let mut answers = Vec::new();
    for ask in attempts {
        answers.push(refused(world.officer().book_as(ask).await));
    }
    assert_words_snapshot!(answers.join("\n"), @r#"
    UNSUITABLE (unit): SS-01 lacks step-free access: choose another unit, or ask for less.
    UNSUITABLE (unit): SS-01 is in Stevenage, which is to be avoided: choose another unit, or ask for less.
    BAD_VALUE (wantedDistricts): There is no district "Nowhere". Known: North Herts, Stevenage.
    "#);
    assert_eq!(world.count("household").await, 0);
    world.officer().book_as(BookStay { wanted_districts: stevenage, ..ask }).await.unwrap();
}

async fn a_household_is_the_same_in_upper_and_lower_case(on: &Databases) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    world.officer().book("SS-01", "R-1a", "2020-11-03", 5).await.unwrap();
    let refusal = world.officer().book("SS-01", "r-1A", "2020-11-08", 3).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::LongestStay);
    world.officer().book("SS-01", "r-1a", "2020-11-08", 2).await.unwrap();
    assert_eq!(world.count("household").await, 1);
    let found = world.engine.household(&world.officer().actor, "R-1A").await.unwrap().unwrap();
    assert_eq!(found.reference, "R-1a", "as it was given first");
}

/// The steps of a stay in words: what, and by whom.
async fn steps_of(world: &World, stay: &Stay) -> Vec<String> {
    let mut told = Vec::new();
    for step in world.engine.stay_steps(&world.officer().actor, stay).await.unwrap() {
        let what = format!("{:?}", step.what);
        let what = what.split([' ', '(']).next().unwrap_or_default().to_owned();
        let by = match step.by {
            Some(Taker::Person(_)) => "person",
            Some(Taker::Program) => "program",
            Some(Taker::Service) => "service",
            None => "nobody",
        };
        told.push(format!("{what} by {by}"));
    }
    told
}

async fn what_happened_in_a_stay_is_told_whole_with_who_did_it(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 2).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    let stay = officer.reinstate(&stay).await.unwrap();
    officer.mark_no_show(&stay).await.unwrap();
    officer.reinstate(&stay).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    let (closed, stay) = officer.move_to(&stay, "SS-02").await.unwrap();
    assert!(closed.is_none(), "on the first night a stay goes on in another home");
    officer.extend(&stay, "2020-11-07").await.unwrap();
    world.clock.set("2020-11-06T09:00:00Z");
    officer.check_out(&stay).await.unwrap();
    let stay = officer.reinstate(&stay).await.unwrap();
    assert_words_snapshot!(steps_of(&world, &stay).await.join("\n"), @r"
    Booked by program
    Arrived by program
    TakenBack by program
    NoShow by program
    TakenBack by program
    Arrived by program
    Moved by program
    DepartureChanged by program
    Left by program
    TakenBack by program
    ");
}

async fn a_move_is_told_in_the_stay_that_it_ends_and_in_the_one_that_goes_on(on: &Databases) {
    let world = World::at(EVENING, on).with_units(["SS-01", "SS-02"]).await;
    let officer = world.officer();
    let stay = officer.book("SS-01", "R-1", "2020-11-03", 4).await.unwrap();
    officer.check_in(&stay).await.unwrap();
    world.clock.set("2020-11-05T09:00:00Z");
    let (closed, stay) = officer.move_to(&stay, "SS-02").await.unwrap();
    let closed = closed.unwrap();
    assert_words_snapshot!(steps_of(&world, &closed).await.join("\n"), @r"
    Booked by program
    Arrived by program
    MovedOn by program
    ");
    assert_words_snapshot!(steps_of(&world, &stay).await.join("\n"), @"MovedHere by program");
    // Whoever may not see stays sees no steps of one either, and a case that is closed is closed.
    let partner = world.engine.stay_steps(&world.partner().actor, &stay).await;
    assert!(partner.is_err());
}
