//! One of the two worlds: what differs between them, and how a step is lived in one.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use safespace_domain::{
    Ids, Night, ReferralId, StayId, UnitId, VoidId,
    access::Actor,
    clock::service_day,
    disclosure::DisclosurePolicy,
    districts::{District, DistrictKind},
    nights::{earlier, later},
    properties::Property,
    units::Scheme,
};
use safespace_engine::{
    BookStay, Command, EngineError, ExtendStay, MoveStay, Outcome, Page, RecordVoid, ReferralFilter,
    RegisterUnit, SetAddress,
};
use safespace_tests::{CountedIds, Databases, World, api::Api, day, partner_of};
use serde_json::{Value as Json, json};

use super::Step;

const START: &str = "2020-11-03T14:00:00Z";
/// The homes by kind: their scheme, how many they sleep, and how many of that kind there are.
const KINDS: [(Scheme, i64, usize); 3] =
    [(Scheme::SafeSpace, 4, 4), (Scheme::SafeSpace, 2, 3), (Scheme::MoveOn, 4, 2)];
const HOUSEHOLDS: u8 = 5;
/// What a council may wish: needs, and districts where the household is not safe. Where several homes would do a wish is
/// answered with "some", and that several would is what the policy tells. So each is such that in both worlds alike all
/// homes will do, however different they are, or fewer than several, be it two or none; or that there is no such thing.
const WISHES: [(&[&str], &[&str]); 10] = [
    (&[], &["Watford"]),
    (&["cot"], &[]),
    (&["cot"], &["Watford"]),
    (&["step_free"], &[]),
    (&[], &["Stevenage", "Hertsmere"]),
    (&[], &["Stevenage", "Hertsmere", "North Herts"]),
    (&[], &["Stevenage", "Hertsmere", "East Herts"]),
    (&["step_free", "cot"], &["Stevenage", "Hertsmere"]),
    (&["moat"], &[]),
    (&[], &["Nowhere"]),
];
/// The first of them are those with which all homes will do.
const WITH_ALL_HOMES: usize = 3;

/// Which of the two worlds it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    One,
    Other,
}

impl Difference {
    /// Where the homes are: properties, each with its scheme and district. The last is that of a few safe spaces.
    fn properties(self) -> [(&'static str, Scheme, &'static str); 3] {
        match self {
            Self::One => [
                ("HOUSE", Scheme::SafeSpace, "Stevenage"),
                ("FLATS", Scheme::MoveOn, "North Herts"),
                ("COTTAGE", Scheme::SafeSpace, "North Herts"),
            ],
            Self::Other => [
                ("QUITE-ANOTHER-PLACE", Scheme::SafeSpace, "Hertsmere"),
                ("Z", Scheme::MoveOn, "Stevenage"),
                ("NOT-THERE-EITHER", Scheme::SafeSpace, "East Herts"),
            ],
        }
    }

    /// Whether the n-th home of its kind is in the property of a few.
    fn is_apart(self, n: usize) -> bool {
        n == match self {
            Self::One => 0,
            Self::Other => 2,
        }
    }

    /// What the n-th home of its kind has.
    fn features(self, n: usize) -> BTreeSet<String> {
        let few = self == Self::One && n == 1;
        ["cot", "step_free"].into_iter().filter(|code| few || *code == "cot").map(str::to_owned).collect()
    }

    /// The street it is in.
    fn address(self) -> &'static str {
        match self {
            Self::One => "1 Made-up Lane",
            Self::Other => "The Invented House\n99 Nowhere Crescent\nNeverton\nA place that is on no map",
        }
    }

    /// What a home is called.
    fn code(self, n: usize) -> String {
        match self {
            Self::One => format!("SS-{n:02}"),
            Self::Other => format!("A-MUCH-LONGER-CODE-{}", 90 - n),
        }
    }

    /// Which home of a kind is used where the first world uses this one.
    fn home(self, n: usize, of: usize) -> usize {
        match self {
            Self::One => n,
            Self::Other => (n + 1) % of,
        }
    }

    /// Who a household is.
    fn household(self, n: u8) -> String {
        match self {
            Self::One => format!("R-{}", n % HOUSEHOLDS),
            Self::Other => format!("SOMEBODY-ELSE-{}", HOUSEHOLDS - n % HOUSEHOLDS),
        }
    }

    /// What staff note.
    fn note(self) -> &'static str {
        match self {
            Self::One => "boiler",
            Self::Other => "the street was seen on a photograph, and everybody was moved out over night",
        }
    }

    /// Why a void is, and why a referral is declined.
    fn reasons(self) -> (&'static str, &'static str) {
        match self {
            Self::One => ("repair", "no_capacity"),
            Self::Other => ("safety", "not_suitable"),
        }
    }
}

/// A request's answer as it came: everything but the date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    version: String,
    status: u16,
    headers: BTreeSet<String>,
    body: String,
}

impl Exchange {
    /// The question that was answered.
    fn question(&self) -> Option<String> {
        let body: Json = serde_json::from_str(&self.body).ok()?;
        Some(body["data"]["askForRoom"]["question"].as_str()?.to_owned())
    }

    /// The exchange without the id of the question, of which worlds here count how many they gave; a service draws them.
    pub fn but_for_ids(self) -> Self {
        let Some(question) = self.question() else { return self };
        Self { body: self.body.replace(&question, "?"), ..self }
    }

    /// The words in it, and the fields.
    pub fn words(&self) -> Vec<String> {
        let quoted = self.body.split(|c: char| "{}[],:".contains(c)).map(str::to_owned);
        let plain = self.body.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned);
        let fields = self.body.split(|c: char| "{}[],".contains(c)).map(str::to_owned);
        quoted.chain(plain).chain(fields).filter(|word| !word.is_empty()).collect()
    }
}

/// One world, its two councils, and what there is in it, in the order in which it came.
pub struct Side {
    difference: Difference,
    world: World,
    staff: Api,
    partners: Api,
    councils: [String; 2],
    manager: Arc<Actor>,
    /// By kind, in the order in which they are used.
    homes: Vec<UnitId>,
    stays: Vec<StayId>,
    voids: Vec<VoidId>,
    /// Questions with whose wishes all homes would do.
    questions: Vec<String>,
}

impl Side {
    pub async fn of(on: &Databases, difference: Difference) -> Self {
        let world = World::at(START, on).await;
        let (east, _) = partner_of(&world.engine, "East Herts").await;
        let staff = Api::serve(&world.engine).await;
        let manager = Arc::clone(&world.manager().actor);
        let mut side = Self {
            partners: staff.for_partners(),
            councils: [world.partner_token.clone(), east],
            difference,
            world,
            staff,
            manager,
            homes: Vec::new(),
            stays: Vec::new(),
            voids: Vec::new(),
            questions: Vec::new(),
        };
        side.settle().await;
        side
    }

    /// Registers the homes, and says what partners are told.
    async fn settle(&mut self) {
        for name in ["Hertsmere", "East Herts", "Watford"] {
            let district = District { name: name.into(), kind: DistrictKind::Pilot };
            self.act(Command::SaveDistrict(district)).await.unwrap();
        }
        let policy = DisclosurePolicy { questions_a_day: 4, ..DisclosurePolicy::default() };
        self.act(Command::SetDisclosurePolicy(policy)).await.unwrap();
        let mut properties = Vec::new();
        for (code, scheme, district) in self.difference.properties() {
            let ask = safespace_tests::home(code, scheme, district);
            match self.act(Command::RegisterProperty(ask)).await.unwrap() {
                Outcome::Property(property) => {
                    let address = self.difference.address().to_owned();
                    self.act(Command::SetAddress(SetAddress { property: property.id, address }))
                        .await
                        .unwrap();
                    properties.push(property);
                }
                other => panic!("{other:?} is not a property"),
            }
        }
        let mut registered = 0;
        for (scheme, sleeps, of) in KINDS {
            let mut kind = Vec::new();
            for n in 0..of {
                let of_scheme = |property: &&Property| property.scheme == scheme;
                let mut places = properties.iter().filter(of_scheme);
                let main = places.next().unwrap();
                let place = places.next().filter(|_| self.difference.is_apart(n)).unwrap_or(main);
                let ask = RegisterUnit {
                    code: self.difference.code(registered),
                    property: place.id,
                    sleeps,
                    features: self.difference.features(n),
                    opened_on: day("2020-01-01"),
                    closed_on: None,
                };
                registered += 1;
                match self.act(Command::RegisterUnit(ask)).await.unwrap() {
                    Outcome::Unit(unit) => kind.push(unit.id),
                    other => panic!("{other:?} is not a unit"),
                }
            }
            self.homes.extend((0..of).map(|n| kind[self.difference.home(n, of)]));
        }
    }

    pub async fn leave(self) {
        self.world.leave().await;
    }

    fn today(&self) -> Night {
        service_day(self.world.now())
    }

    fn on(&self, ahead: i64) -> String {
        let n = u32::try_from(ahead.abs()).unwrap();
        if ahead < 0 { earlier(self.today(), n) } else { later(self.today(), n) }.to_string()
    }

    /// One step; what partners were told in it.
    pub async fn live(&mut self, step: &Step) -> Vec<Exchange> {
        match step {
            Step::Ask { council, adults, children, ahead, nights, wish } => {
                let mut input = json!({ "adults": adults, "children": children, "arrival": self.on(*ahead), "nights": nights });
                // Under another name, to tell the two apart in what was told.
                let mut room = "room";
                if let Some((needs, not_in)) = wish.map(|n| WISHES[usize::from(n) % WISHES.len()]) {
                    (input["needs"], input["notIn"]) = (json!(needs), json!(not_in));
                    room = "wished: room";
                }
                let query = format!(
                    "mutation($i: AskForRoomInput!) {{ askForRoom(input: $i) {{ __typename \
                     ... on RoomAnswer {{ question {room} nextNight arrival nights questionsLeft }} \
                     ... on Refused {{ code message field }} }} }}"
                );
                let told = self.post(*council, &query, json!({ "i": input })).await;
                if wish.is_none_or(|n| usize::from(n) % WISHES.len() < WITH_ALL_HOMES) {
                    self.questions.extend(told.question());
                }
                vec![told]
            }
            Step::Refer { council, question } => {
                // Only from a question with whose wishes all homes will do: what became of another's referral would tell
                // of the home that was found, and its council may know whether one was.
                let Some(question) = chosen(&self.questions, *question).cloned() else { return Vec::new() };
                let query = "mutation($i: ReferFromQuestionInput!) { referFromQuestion(input: $i) { __typename \
                             ... on ReferralSubmitted { referral { id reference outcome receivedOn answeredOn } } \
                             ... on Refused { code message field } } }";
                vec![self.post(*council, query, json!({ "i": { "question": question } })).await]
            }
            Step::Submit { council, adults, ahead, key } => {
                let key = key.map(|n| format!("k-{n}"));
                let input = json!({ "adults": adults, "children": 1, "arrival": self.on(*ahead),
                                    "details": "Call the duty worker.", "idempotencyKey": key });
                let query = "mutation($i: SubmitReferralInput!) { submitReferral(input: $i) { __typename \
                             ... on ReferralSubmitted { referral { id reference outcome receivedOn answeredOn } } \
                             ... on Refused { code message field } } }";
                vec![self.post(*council, query, json!({ "i": input })).await]
            }
            Step::Withdraw { council, referral } => {
                let Some(id) = self.referral(*referral).await else { return Vec::new() };
                let query = "mutation($i: WithdrawReferralInput!) { withdrawReferral(input: $i) { __typename \
                             ... on ReferralWithdrawn { referral { outcome answeredOn } } \
                             ... on Refused { code message field } } }";
                vec![
                    self.post(*council, query, json!({ "i": { "referral": global("Referral", id.0) } }))
                        .await,
                ]
            }
            Step::Follow { council, referral } => {
                let Some(id) = self.referral(*referral).await else { return Vec::new() };
                vec![self.follow(*council, &global("Referral", id.0)).await]
            }
            Step::List { council, first } => {
                let query = "query($n: Int) { referrals(first: $n) { nodes { id reference adults children arrival \
                             receivedOn outcome answeredOn } pageInfo { hasNextPage endCursor } } \
                             viewer { council role } disclosure { words } }";
                vec![self.post(*council, query, json!({ "n": first })).await]
            }
            Step::Guess { council, kind, id } => {
                let kind = ["Referral", "Unit", "Household", "Stay"][usize::from(*kind) % 4];
                vec![self.follow(*council, &global(kind, counted(*id))).await]
            }
            Step::Misuse { council, which } => self.misuse(*council, *which).await,
            by_staff => {
                // Whether it could be done is the same in both worlds; how it is refused names homes and households.
                self.by_staff(by_staff).await;
                Vec::new()
            }
        }
    }

    async fn follow(&self, council: u8, id: &str) -> Exchange {
        let query = "query($id: ID!) { referral(id: $id) { id reference outcome answeredOn } }";
        self.post(council, query, json!({ "id": id })).await
    }

    async fn post(&self, council: u8, query: &str, variables: Json) -> Exchange {
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.send(&self.partners, council, "application/json", body).await
    }

    async fn send(&self, api: &Api, council: u8, content_type: &str, body: String) -> Exchange {
        let token = &self.councils[usize::from(council) % 2];
        let request =
            api.raw().post(&api.url).bearer_auth(token).header("content-type", content_type).body(body);
        let answer = request.send().await.unwrap();
        let kept = answer.headers().iter().filter(|(name, _)| *name != "date");
        Exchange {
            version: format!("{:?}", answer.version()),
            status: answer.status().as_u16(),
            headers: kept.map(|(name, value)| format!("{name}: {value:?}")).collect(),
            body: answer.text().await.unwrap(),
        }
    }

    async fn misuse(&self, council: u8, which: u8) -> Vec<Exchange> {
        let query = |query: &str| json!({ "query": query }).to_string();
        let (api, content_type, body) = match which % 9 {
            0 => (&self.partners, "application/json", query("{ units { nodes { code } } }")),
            1 => {
                (&self.partners, "application/json", query("{ __schema { types { name fields { name } } } }"))
            }
            2 => (&self.partners, "application/json", query("{ household(reference: \"R-1\") { id } }")),
            3 => (&self.partners, "application/json", "{".into()),
            4 => (&self.partners, "text/plain", query("{ viewer { council } }")),
            5 => (&self.partners, "application/json", query("{ a: viewer { council } b: nonsense ")),
            6 => (&self.staff, "application/json", query("{ units { nodes { code } } }")),
            7 => (&self.staff, "application/json", query("{ unit(code: \"SS-01\") { code } }")),
            _ => (&self.partners, "application/json", query("{ referral(id: \"UmVmZXJyYWw\") { id } }")),
        };
        vec![self.send(api, council, content_type, body).await]
    }

    /// The referral with this number, of whichever council.
    async fn referral(&self, n: u8) -> Option<ReferralId> {
        let page = Page { after: None, limit: 1_000 };
        let all = self.world.engine.referrals(&self.manager, &ReferralFilter::default(), page).await.unwrap();
        chosen(&all, n).map(|view| view.referral.id)
    }

    fn home(&self, n: u8) -> UnitId {
        self.homes[usize::from(n) % self.homes.len()]
    }

    /// Carries out a command for a manager. None where it is refused.
    async fn act(&self, command: Command) -> Option<Outcome> {
        match self.world.engine.run(&self.manager, None, command).await {
            Ok(outcome) => Some(outcome),
            Err(EngineError::Refused(_)) => None,
            Err(EngineError::Fault(fault)) => panic!("a fault: {fault:?}"),
        }
    }

    async fn by_staff(&mut self, step: &Step) {
        let stay = |n: &u8| chosen(&self.stays, *n).copied();
        let command = match step {
            Step::Book { household, home, ahead, nights, people } => {
                Some(self.booking(*household, *home, *ahead, *nights, *people))
            }
            Step::CheckIn(n) => stay(n).map(|stay| Command::CheckIn { stay }),
            Step::CheckOut(n) => stay(n).map(|stay| Command::CheckOut { stay, on: None, departure: None }),
            Step::Cancel(n) => stay(n).map(|stay| Command::CancelStay { stay }),
            Step::NoShow(n) => stay(n).map(|stay| Command::MarkNoShow { stay }),
            Step::Reinstate(n) => stay(n).map(|stay| Command::ReinstateStay { stay }),
            Step::Extend(n, more) => stay(n).map(|stay| {
                let departure = later(self.today(), *more);
                Command::ExtendStay(ExtendStay { stay, departure, exception: None })
            }),
            Step::Move(n, home) => stay(n).map(|stay| {
                let departure = Some(later(self.today(), 2));
                Command::MoveStay(MoveStay { stay, unit: self.home(*home), departure, exception: None })
            }),
            Step::Void { home, ahead, nights } => Some(self.void(*home, *ahead, *nights)),
            Step::VoidAll(nights) => {
                for home in (0_u8..).take(self.homes.len()) {
                    if let Some(Outcome::Void(void)) = self.act(self.void(home, 0, *nights)).await {
                        self.voids.push(void.id);
                    }
                }
                None
            }
            Step::CancelVoid(n) => chosen(&self.voids, *n).map(|void| Command::CancelVoid { void: *void }),
            Step::Accept { referral, household } => self.acceptance(*referral, *household).await,
            Step::Decline { referral } => {
                let reason = self.difference.reasons().1.to_owned();
                self.referral(*referral).await.map(|referral| Command::DeclineReferral { referral, reason })
            }
            Step::Place { referral, household, home } => {
                let accept = self.acceptance(*referral, *household).await;
                if let Some(accept) = accept
                    && self.act(accept).await.is_some()
                    && let Some(Outcome::Stay(stay)) =
                        self.act(self.booking(*household, *home, 0, 2, 2)).await
                {
                    self.stays.push(stay.id);
                    self.act(Command::CheckIn { stay: stay.id }).await;
                }
                None
            }
            Step::Reveal { referral } => {
                if let Some(referral) = self.referral(*referral).await {
                    let engine = &self.world.engine;
                    let _ =
                        engine.reveal_referral_details(&self.manager, referral, self.difference.note()).await;
                }
                None
            }
            Step::Wait(hours) => {
                self.world.clock.forward(TimeDelta::hours(*hours));
                self.world.engine.turn_day().await.unwrap();
                None
            }
            _ => None,
        };
        let Some(command) = command else { return };
        match self.act(command).await {
            Some(Outcome::Stay(stay)) if !self.stays.contains(&stay.id) => self.stays.push(stay.id),
            Some(Outcome::Moved { to, .. }) if !self.stays.contains(&to.id) => self.stays.push(to.id),
            Some(Outcome::Void(void)) if !self.voids.contains(&void.id) => self.voids.push(void.id),
            _ => {}
        }
    }

    fn void(&self, home: u8, ahead: u32, nights: u32) -> Command {
        let from = later(self.today(), ahead);
        Command::RecordVoid(RecordVoid {
            unit: self.home(home),
            from,
            to: later(from, nights),
            reason: self.difference.reasons().0.into(),
            note: Some(self.difference.note().into()),
            kept: false,
        })
    }

    async fn acceptance(&self, referral: u8, household: u8) -> Option<Command> {
        let referral = self.referral(referral).await?;
        Some(Command::AcceptReferral { referral, household: self.difference.household(household) })
    }

    fn booking(&self, household: u8, home: u8, ahead: u32, nights: u32, people: i64) -> Command {
        let arrival = later(self.today(), ahead);
        Command::BookStay(BookStay {
            household: self.difference.household(household),
            arrival,
            departure: later(arrival, nights),
            adults: people,
            children: 0,
            unit: Some(self.home(home)),
            scheme: Scheme::SafeSpace,
            features: BTreeSet::new(),
            wanted_districts: BTreeSet::new(),
            unwanted_districts: BTreeSet::new(),
            shares_as: None,
            // Which home fits best differs between the two; that it was chosen must not.
            chosen_because: Some("this home was asked for".into()),
            exception: None,
        })
    }
}

fn chosen<T>(all: &[T], n: u8) -> Option<&T> {
    if all.is_empty() { None } else { all.get(usize::from(n) % all.len()) }
}

/// The id of a record, as the API shows it.
fn global(kind: &str, id: uuid::Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind}:{id}"))
}

/// The id that worlds give to their record of this number.
fn counted(n: u64) -> uuid::Uuid {
    let ids = CountedIds::default();
    let first = ids.next();
    (0..n).fold(first, |_, _| ids.next())
}
