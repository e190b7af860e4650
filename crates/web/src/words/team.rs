//! The words of the team's records and of partners.

use safespace_domain::{
    Night,
    access::{Role, Scope},
    accounts::Account,
    disclosure::RoomAnswer,
    needs::Risk,
    nights::later,
    referrals::{NeedKind, Outcome},
    retention::RetentionKind,
};

pub(crate) use crate::words::{allergen, diet};

use super::{count, day};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 12] = [
    ("we-have-it", "The team has your referral. What becomes of it is said here."),
    ("taken-back", "The referral was taken back."),
    ("notice-seen", "Marked as seen. Thank you for looking."),
    ("term-set", "The term was changed. It holds from now on."),
    ("records-gone", "What was kept for long enough was taken away."),
    ("account-shut", "Nobody can sign in with this account now. Its sessions have ended."),
    ("account-open", "The account can be used again."),
    ("token-revoked", "The token opens nothing from now on."),
    ("case-closed-to", "The case is closed to them now: they can’t find it."),
    ("case-open-to", "The case is open to them again."),
    ("disclosure-set", "What partners are told was changed. It holds from their next question on."),
    ("nothing-due", "Nothing was kept for long enough. Nothing was taken away."),
];

/// Said of a choice that is none of those there are.
pub(crate) const CHOOSE_ONE: &str = "Choose one of those that are offered.";
/// Said where somebody must be chosen.
pub(crate) const CHOOSE_WHOM: &str = "Choose whom it is about.";
/// Said of a time that can't be read.
pub(crate) const GIVE_A_TIME: &str = "Give a date and a time as in 2026-03-31 21:05.";
/// Said where a search ends before it begins.
pub(crate) const ENDS_TOO_EARLY: &str = "The search must end after it begins.";
/// Said where numbers can't be read.
pub(crate) const GIVE_NUMBERS: &str = "Give whole numbers with spaces between, such as 1 2 4 6 8.";
/// Who did something that nobody signed in for.
pub(crate) const THE_SERVICE: &str = "the service itself";
/// A program, by its token.
pub(crate) const A_PROGRAM: &str = "a program";
/// A record that can't be named here.
pub(crate) const NOT_NAMED: &str = "one that you can’t see";
/// An account that is neither an officer's nor a manager's.
pub(crate) const NOT_STAFF: &str = "a partner’s or an administrator’s account";
/// Said for whoever it may have been.
pub(crate) const ANYBODY: &str = "Anybody";
/// Said for whatever it may have been.
pub(crate) const ANYTHING: &str = "Anything";
/// Said of a household that there is not, or that is not for who asks.
pub(crate) const NO_SUCH_HOUSEHOLD: &str =
    "There is no household with this reference, or none that you may see.";

/// An answer to a council, as a heading.
pub(crate) const fn room_title(answer: RoomAnswer) -> &'static str {
    match answer {
        RoomAnswer::Several => "Yes, there is room",
        RoomAnswer::Some => "Yes, there is some room",
        RoomAnswer::None => "No, not for all of these nights",
        RoomAnswer::AskUs => "Ask the team",
    }
}

/// An answer to a council, in a sentence.
pub(crate) const fn room_meaning(answer: RoomAnswer, has_wishes: bool) -> &'static str {
    match (answer, has_wishes) {
        (RoomAnswer::Several, _) => {
            "Several homes for a household of this size are free on all of these nights, as things stand."
        }
        (RoomAnswer::Some, false) => {
            "One or a few homes for a household of this size are free on all of these nights, as things stand."
        }
        (RoomAnswer::Some, true) => {
            "There are homes with what you asked for that are free on all of these nights, as things stand."
        }
        (RoomAnswer::None, _) => {
            "No home for a household of this size is free on all of these nights. This changes by the hour: send a \
             referral all the same if somebody is in danger."
        }
        (RoomAnswer::AskUs, false) => {
            "The household is too large for this to be told here. This says nothing of what is free: send a referral, or \
             telephone us."
        }
        (RoomAnswer::AskUs, true) => {
            "It can’t be told here for a household of this size with what you asked for. This says nothing of what is \
             free: send a referral, or telephone us."
        }
    }
}

/// Whom partner councils telephone.
pub(crate) fn on_telephone(number: Option<&str>) -> String {
    number.map_or_else(|| "the team".to_owned(), |number| format!("the team on {number}"))
}

/// From when on there would be room.
pub(crate) fn next_room(night: &str, run: &str) -> String {
    format!("As things stand, there would be room for {run} from {night} on.")
}

/// An answer as it is counted for managers.
pub(crate) const fn answer_counted(answer: RoomAnswer) -> &'static str {
    match answer {
        RoomAnswer::None => "none",
        RoomAnswer::Some => "some",
        RoomAnswer::Several => "several",
        RoomAnswer::AskUs => "ask us",
    }
}

/// A night that can be asked for.
pub(crate) fn arrival(night: Night, tonight: Night) -> String {
    if night == tonight {
        format!("Tonight, {}", day(night))
    } else if night == later(tonight, 1) {
        format!("Tomorrow night, {}", day(night))
    } else {
        day(night)
    }
}

/// A district that is not wanted.
pub(crate) fn not_in(district: &str) -> String {
    format!("not in {district}")
}

/// From a night, for so many.
pub(crate) fn from_for(night: &str, run: &str) -> String {
    format!("{run} from {night}")
}

/// From what a household flees, as choices.
pub(crate) fn need_kinds() -> Vec<(String, String)> {
    let words = |kind| match kind {
        NeedKind::DomesticAbuse => "Domestic abuse",
        NeedKind::ModernSlavery => "Modern slavery",
    };
    NeedKind::ALL.into_iter().map(|kind| (kind.to_string(), words(kind).to_owned())).collect()
}

/// How great the danger is, as choices.
pub(crate) fn risks() -> Vec<(String, String)> {
    let words = |risk| match risk {
        Risk::Standard => "Standard",
        Risk::Medium => "Medium",
        Risk::High => "High: serious harm may come at any time",
    };
    let all = Risk::ALL.into_iter().rev().map(|risk| (risk.to_string(), words(risk).to_owned()));
    all.chain([(String::new(), "Nobody has assessed it".to_owned())]).collect()
}

/// Yes, no, or nobody knows.
pub(crate) fn yes_no() -> Vec<(String, String)> {
    let all = [("yes", "Yes"), ("no", "No"), ("", "Not known")];
    all.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned())).collect()
}

/// A district that is none of these.
pub(crate) fn not_named() -> (String, String) {
    (String::new(), "None of these, or not known".to_owned())
}

/// What became of a referral, in a word or two.
pub(crate) const fn became(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Received => "Received",
        Outcome::Assessing => "Being assessed",
        Outcome::Accepted => "Accepted",
        Outcome::Placed => "Placed",
        Outcome::Declined => "Declined",
        Outcome::Withdrawn => "Taken back",
        Outcome::Closed => "Ended",
    }
}

/// What became of a referral, in a sentence.
pub(crate) const fn became_means(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Received => "The team has it. Nobody has answered it yet.",
        Outcome::Assessing => "Somebody in the team is finding out what the household needs.",
        Outcome::Accepted => "The household is to be placed, and has no place yet.",
        Outcome::Placed => "The household has a place: it is there, or is awaited.",
        Outcome::Declined => {
            "The household is not to be placed. The team tells you why: telephone if nobody has."
        }
        Outcome::Withdrawn => "Your council took it back.",
        Outcome::Closed => "It has ended: the household has left, or needs no place any more.",
    }
}

/// What can be done with an account now.
pub(crate) const fn account_state(account: &Account) -> &'static str {
    if account.disabled_at.is_some() {
        "disabled"
    } else if account.has_first_factor() && account.is_usable() {
        "in use"
    } else {
        "not set up yet"
    }
}

/// The roles that people can have, as choices.
pub(crate) fn roles() -> Vec<(String, String)> {
    let words = |role| match role {
        Role::Officer => "Officer: takes referrals, allocates homes, runs stays",
        Role::Manager => "Manager: that, and reports, exceptions and the audit",
        Role::Partner => "Partner: asks for room for one council, and sends its referrals",
        Role::Administrator => "Administrator: keeps accounts, and sees no case",
    };
    Role::ALL.into_iter().map(|role| (role.to_string(), words(role).to_owned())).collect()
}

/// No council.
pub(crate) fn no_council() -> (String, String) {
    (String::new(), "No council".to_owned())
}

/// What is done to an account: as a heading, and as a button.
pub(crate) fn account_act(act: &str) -> Option<(&'static str, &'static str, &'static str)> {
    match act {
        "reset" => Some((
            "Reset",
            "Their password and second factor are taken back, and they are signed out everywhere. You get a new link, by \
             which they set the account up again. Managers are told.",
            "Reset the account",
        )),
        "disable" => Some((
            "Disable",
            "Nobody can sign in with it from now on, and its sessions end at once. What they did stays on record. You can \
             enable it again.",
            "Disable the account",
        )),
        "enable" => Some((
            "Enable",
            "It can be used again, with the password and the second factor that it had.",
            "Enable the account",
        )),
        _ => None,
    }
}

/// A kind of record that is kept for a time.
pub(crate) const fn kept(kind: RetentionKind) -> &'static str {
    match kind {
        RetentionKind::HouseholdCase => "A household’s case",
        RetentionKind::ReferralDetails => "What was written with a referral that led to no stay",
        RetentionKind::RememberedAnswers => "Answers remembered for what is sent twice",
        RetentionKind::EndedSessions => "Sessions that have ended",
        RetentionKind::ThrottleCounts => "Counts of tries to sign in",
        RetentionKind::RoomQuestions => "What partners asked",
        RetentionKind::Reveals => "When who had something revealed",
        RetentionKind::SeenNotices => "Notices that were seen",
    }
}

/// What happens to a kind of record when its time is over.
pub(crate) const fn gone(kind: RetentionKind) -> &'static str {
    match kind {
        RetentionKind::HouseholdCase => {
            "It is erased so long after its last stay ended. Its nights stay, and are nobody’s."
        }
        RetentionKind::ReferralDetails => "It goes so long after the referral was decided.",
        RetentionKind::RememberedAnswers => "They go so long after they were given.",
        RetentionKind::EndedSessions => "They go so long after their end.",
        RetentionKind::ThrottleCounts => "They go so long after the last try.",
        RetentionKind::RoomQuestions => "They go so long after they were asked.",
        RetentionKind::Reveals => "They go so long after it happened. The audit keeps them.",
        RetentionKind::SeenNotices => "They go so long after they were seen. The audit keeps what they tell.",
    }
}

/// How long something is kept: in days, and in years where it is so many.
pub(crate) fn term(days: u32) -> String {
    let quarters = days.saturating_mul(4);
    let years = quarters.saturating_add(6) / 1_461;
    let over = quarters.abs_diff(years * 1_461);
    if years > 0 && over <= 6 {
        format!("{} ({days} days)", count(years, "year"))
    } else {
        count(days, "day")
    }
}

/// What a notice tells.
pub(crate) fn notice(kind: &str) -> &'static str {
    match kind {
        "reveal_address" => "An address was revealed",
        "create_account" => "An account was made",
        "reset_account" => "An account was reset",
        "reveal_referral_details" => "What was written with a referral was revealed",
        "export_subject_access" => "All that is held on a household was exported",
        _ => "A household’s personal details were revealed",
    }
}

/// Somebody whose name is not for who reads it, by their role.
pub(crate) fn somebody(role: &str) -> String {
    match role {
        "service" => THE_SERVICE.to_owned(),
        "administrator" | "officer" => format!("an {role}"),
        role => format!("a {role}"),
    }
}

/// The roles that a program can have, as choices.
pub(crate) fn token_roles() -> Vec<(String, String)> {
    let all = [Role::Partner, Role::Officer, Role::Manager];
    let label = |role| match role {
        Role::Partner => "A partner council’s",
        Role::Officer | Role::Administrator => "An officer’s",
        Role::Manager => "A manager’s",
    };
    all.into_iter().map(|role| (role.to_string(), label(role).to_owned())).collect()
}

/// What a token may be used for.
pub(crate) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "see homes, stays and figures",
        Scope::Change => "change them",
        Scope::Room => "ask whether there is room",
        Scope::Refer => "send referrals",
        Scope::Follow => "follow referrals",
    }
}

/// What can be done with a token now.
pub(crate) const fn token_state(is_revoked: bool, is_over: bool) -> &'static str {
    if is_revoked {
        "revoked"
    } else if is_over {
        "expired"
    } else {
        "good"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_of_whole_years_says_so() {
        assert_eq!(term(2_192), "6 years (2192 days)");
        assert_eq!(term(366), "1 year (366 days)");
        assert_eq!(term(365), "1 year (365 days)");
        assert_eq!(term(700), "700 days");
        assert_eq!(term(1), "1 day");
        assert_eq!(term(u32::MAX), format!("{} days", u32::MAX));
    }

    #[test]
    fn every_answer_and_outcome_reads_as_itself() {
        for has_wishes in [false, true] {
            let said: std::collections::BTreeSet<_> =
                RoomAnswer::ALL.into_iter().map(|answer| room_meaning(answer, has_wishes)).collect();
            assert_eq!(said.len(), RoomAnswer::ALL.len());
        }
    }
}
