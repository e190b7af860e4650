//! A household's checklist, whatever comes and goes.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, prelude::*, sample::select};
use safespace_domain::{
    HouseholdId, ImmediateNeedId,
    immediate_needs::{ImmediateNeed, NeedDecision, checklist},
    reasons::{self, IMMEDIATE_NEEDS, Reason, ReasonKind},
};

use crate::world::id;

/// What happens, some hours after what was before.
#[derive(Clone, Debug)]
enum Happens {
    Arrives,
    Settles(&'static str, NeedDecision),
    Reopens(&'static str),
}

fn kind() -> impl Strategy<Value = &'static str> {
    select(IMMEDIATE_NEEDS.map(|(code, ..)| code).to_vec())
}

fn happens() -> impl Strategy<Value = Happens> {
    let decision = select(vec![NeedDecision::Met, NeedDecision::NotNeeded]);
    prop_oneof![
        Just(Happens::Arrives),
        (kind(), decision).prop_map(|(kind, decision)| Happens::Settles(kind, decision)),
        kind().prop_map(Happens::Reopens),
    ]
}

/// The list as the store keeps it: by id.
fn keep(list: &mut Vec<ImmediateNeed>, changed: Vec<ImmediateNeed>) {
    for need in changed {
        list.retain(|other| other.id != need.id);
        list.push(need);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn of_each_kind_one_is_open_at_a_time_and_whoever_comes_is_asked_about_all(
        story in vec((0_i64..200, happens()), 1..40),
    ) {
        let household = HouseholdId(id(1));
        let reasons: Vec<Reason> = reasons::defaults().collect();
        let mut now: DateTime<Utc> = "2020-11-03T21:00:00Z".parse().unwrap();
        let (mut list, mut ids) = (Vec::<ImmediateNeed>::new(), 0);
        for (hours, what) in story {
            now += TimeDelta::hours(hours);
            let open: Vec<_> = list.iter().filter(|need| need.is_open()).cloned().collect();
            match what {
                Happens::Arrives => {
                    let changed = checklist(&open, household, &reasons, now, || {
                        ids += 1;
                        ImmediateNeedId(id(ids))
                    });
                    keep(&mut list, changed);
                    for reason in reasons.iter().filter(|reason| reason.kind == ReasonKind::ImmediateNeed) {
                        let asked = list.iter().find(|need| need.kind == reason.code && need.is_open());
                        let latest = now + TimeDelta::hours(i64::from(reason.due_hours.unwrap()));
                        let due = asked.unwrap().due_at;
                        prop_assert!(now < due && due <= latest, "{} is due at {due}, asked at {now}", reason.code);
                    }
                }
                Happens::Settles(kind, decision) => {
                    if let Some(need) = open.into_iter().find(|need| need.kind == kind) {
                        keep(&mut list, vec![need.settle(decision, now).unwrap()]);
                    }
                }
                Happens::Reopens(kind) => {
                    let settled = list.iter().rfind(|need| need.kind == kind && !need.is_open()).cloned();
                    if let Some(need) = settled.filter(|_| open.iter().all(|need| need.kind != kind)) {
                        keep(&mut list, vec![need.reopen().unwrap()]);
                    }
                }
            }
            for (kind, ..) in IMMEDIATE_NEEDS {
                let open = list.iter().filter(|need| need.kind == kind && need.is_open()).count();
                prop_assert!(open <= 1, "{kind} is open {open} times");
            }
        }
    }
}
