//! The files that people bring, through the command line.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use safespace_domain::nights::next;
use safespace_tests::{
    Databases, canary, day, on_both,
    program::{Ended, Program, Service},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

on_both![
    the_example_files_come_in_and_come_in_once,
    occupied_nights_are_those_of_the_file_month_by_month,
    a_dry_run_says_what_would_happen_and_writes_nothing,
    gzip_files_are_read_as_they_are,
    refused_rows_are_written_with_line_and_reason_and_can_be_brought_again,
    a_file_that_is_wrong_as_a_whole_changes_nothing,
    what_broke_the_rule_is_flagged_and_recorded,
    a_night_too_many_is_refused_when_every_unit_is_taken,
    one_unit_code_in_two_properties_is_refused,
    nobody_is_in_residence_twice,
    referrals_come_in_once_and_follow_the_stays,
    a_referral_that_makes_no_sense_is_refused_and_says_why,
    what_a_referral_says_in_words_is_sealed_when_it_comes_in,
    with_whom_an_imported_household_may_share_is_known_of_it,
];

const VOIDS: &str = "unit,from,to,reason\n";
const STAYS: &str = "reference,property,unit,arrival,departure,status,adults,children,booked_on\n";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn all(spaces: &Path, stays: &Path, voids: &Path) -> Vec<String> {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let flags = [("--spaces", spaces), ("--stays", stays), ("--voids", voids)];
    let files = flags.into_iter().flat_map(|(flag, file)| [flag.to_owned(), path(file)]);
    ["import".to_owned()].into_iter().chain(files).collect()
}

fn examples() -> Vec<String> {
    all(&example("spaces.csv"), &example("stays.csv"), &example("voids.csv"))
}

/// The report's numbers: read, imported, unchanged, flagged, refused.
fn counts(ended: &Ended) -> [u32; 5] {
    ["rows read", "imported", "unchanged", "flagged", "refused"].map(|word| {
        let line = ended.out.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}: {ended:?}")).trim().parse().unwrap()
    })
}

/// Everything that the database says of its nights.
fn occupancy(program: &Program) -> String {
    let ended = program.run([
        "occupancy",
        "--from",
        "2020-03-01",
        "--to",
        "2020-11-01",
        "--group",
        "unit",
        "--format",
        "csv",
    ]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    ended.out
}

async fn the_example_files_come_in_and_come_in_once(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let first = program.run(examples());
    assert_eq!((first.code, first.err.as_str()), (0, ""));
    assert_eq!(counts(&first), [51, 51, 0, 2, 0]);
    let figures = occupancy(&program);
    let second = program.run(examples());
    assert_eq!((second.code, counts(&second)), (0, [51, 0, 51, 0, 0]));
    assert_eq!(occupancy(&program), figures);
}

async fn occupied_nights_are_those_of_the_file_month_by_month(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let mut expected: BTreeMap<String, u32> = BTreeMap::new();
    for line in std::fs::read_to_string(example("stays.csv")).unwrap().lines() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[5] == "departed" {
            let (arrival, departure) = (day(cells[3]), day(cells[4]));
            let nights = std::iter::successors(Some(arrival), |night| Some(next(*night)));
            for night in nights.take_while(|night| *night < departure) {
                *expected.entry(night.format("%Y-%m").to_string()).or_default() += 1;
            }
        }
    }
    let ended = program.run(["occupancy", "--from", "2020-03-01", "--to", "2020-10-01", "--format", "csv"]);
    let told = ended.out.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[4].parse::<u32>().unwrap())
    });
    assert_eq!(told.collect::<BTreeMap<_, _>>(), expected);
}

async fn a_dry_run_says_what_would_happen_and_writes_nothing(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let dry = program.run(examples().into_iter().chain(["--dry-run".into()]));
    assert_eq!((dry.code, counts(&dry)), (0, [51, 51, 0, 2, 0]));
    assert!(dry.out.starts_with("A dry run: nothing was written.\n"));
    assert_eq!(occupancy(&program).lines().count(), 1, "only the header: there is no unit");
    assert_eq!(counts(&program.run(examples())), [51, 51, 0, 2, 0]);
}

async fn gzip_files_are_read_as_they_are(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let packed = |name: &str| {
        let file = program.write(name, std::fs::read(example(name)).unwrap());
        assert!(std::process::Command::new("gzip").arg(&file).status().unwrap().success());
        program.file(&format!("{name}.gz"))
    };
    let ended = program.run(all(&packed("spaces.csv"), &packed("stays.csv"), &packed("voids.csv")));
    assert_eq!(counts(&ended), [51, 51, 0, 2, 0]);
    // A download that broke off.
    let half = std::fs::read(program.file("stays.csv.gz")).unwrap();
    let half = program.write("half.csv.gz", &half[..half.len() / 2]);
    let ended = program.run([Path::new("import"), Path::new("--stays"), &half]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("stays: it can't be read"), "{}", ended.err);
}

async fn refused_rows_are_written_with_line_and_reason_and_can_be_brought_again(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let rows = [
        "NEW-1,,EX-01,2020-08-01,2020-08-04,departed,1,0,2020-08-01",
        "NEW-2,,EX-99,2020-08-01,2020-08-04,departed,1,0,2020-08-01",
        "NEW-3,,EX-01,2020-08-03,2020-08-05,departed,1,0,2020-08-03",
        "NEW-4,,EX-02,2020-02-30,2020-03-02,departed,1,0,",
        "NEW-5,,EX-02,2020-08-04,2020-08-01,departed,1,0,",
        "NEW-6,,EX-02,2020-08-01,2020-08-04,departed,-1,0,",
        "NEW-7,,EX-02,2020-08-01,2020-08-04,asleep,1,0,",
        "=HYPERLINK(1),,EX-02,2020-08-01,2020-08-04,departed,1,0,",
        "NEW-1,,EX-02,2020-08-02,2020-08-03,departed,1,0,2020-08-01",
    ];
    let stays = program.write("stays.csv", format!("{STAYS}{}\n", rows.join("\n")));
    let rejects = program.file("refused.csv");
    let arguments = ["import", "--stays", stays.to_str().unwrap(), "--rejects", rejects.to_str().unwrap()];
    let ended = program.run(arguments);
    assert_eq!((ended.code, counts(&ended)), (3, [9, 1, 0, 0, 8]));
    let refused = std::fs::read_to_string(&rejects).unwrap();
    assert_words_snapshot!(refused, @r#"
    file,line,reason,reference,property,unit,arrival,departure,status,adults,children,booked_on
    stays,3,there is no unit EX-99,NEW-2,,EX-99,2020-08-01,2020-08-04,departed,1,0,2020-08-01
    stays,4,"EX-01 is taken on the night of 2020-08-03 (stay), until 2020-08-04",NEW-3,,EX-01,2020-08-03,2020-08-05,departed,1,0,2020-08-03
    stays,5,"arrival is no date: write YYYY-MM-DD, a day that exists",NEW-4,,EX-02,2020-02-30,2020-03-02,departed,1,0,
    stays,6,"The departure, 2020-08-01, must be after the arrival, 2020-08-04.",NEW-5,,EX-02,2020-08-04,2020-08-01,departed,1,0,
    stays,7,"A household has 0 to 60 adults, not -1.",NEW-6,,EX-02,2020-08-01,2020-08-04,departed,'-1,0,
    stays,8,"""asleep"" is not a status: use booked, in_residence, departed, cancelled or no_show",NEW-7,,EX-02,2020-08-01,2020-08-04,asleep,1,0,
    stays,9,"The reference must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.",'=HYPERLINK(1),,EX-02,2020-08-01,2020-08-04,departed,1,0,
    stays,10,"the household is in EX-01, 2020-08-01 to 2020-08-04, already",NEW-1,,EX-02,2020-08-02,2020-08-03,departed,1,0,2020-08-01
    "#);
    let again = program.run(arguments);
    assert_eq!((again.code, counts(&again)), (3, [9, 0, 1, 0, 8]), "the same again, and nothing new");
}

async fn a_file_that_is_wrong_as_a_whole_changes_nothing(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let figures = occupancy(&program);
    let right =
        program.write("right.csv", format!("{STAYS}N-1,,EX-01,2020-08-01,2020-08-04,departed,1,0,\n"));
    let long = format!("{VOIDS}EX-01,2020-08-01,2020-08-02,{}", "x".repeat(33 << 20));
    let wrong: [(&[u8], &str); 9] = [
        (b"", "voids: the file is empty"),
        (b"unit,from,to\nEX-01,2020-08-01,2020-08-02\n", "voids: line 1: the column reason is missing"),
        (
            b"unit,from,to,reason,note\nEX-01,2020-08-01,2020-08-02,repair,x\n",
            "voids: line 1: there is no column \"note\"",
        ),
        (b"unit,from,to,reason\nEX-01,2020-08-01\n", "voids: line 2: 2 cells where the header has 4"),
        (
            b"unit,from,to,reason\nEX-01,2020-08-01,2020-08-02,\"repair\n",
            "voids: line 2: a quote is opened and not closed",
        ),
        (b"unit,from,to,reason\nEX-01,2020-08-01,2020-08-02,r\xe9pair\n", "voids: line 2: not UTF-8"),
        (b"\xff\xfeu\0n\0i\0t\0", "voids: line 1: not UTF-8"),
        (b"\x1f\x8bnot really", "voids: it can't be read"),
        (long.as_bytes(), "voids: larger than 32 MiB"),
    ];
    for (text, why) in wrong {
        let voids = program.write("wrong.csv", text);
        let files = [Path::new("import"), Path::new("--stays"), &right, Path::new("--voids"), &voids];
        let ended = program.run(files);
        assert_eq!(ended.code, 2, "{why}: {ended:?}");
        assert!(ended.err.contains(why) && ended.err.ends_with("Nothing was brought in.\n"), "{}", ended.err);
    }
    for (arguments, why) in [
        (vec!["import"], "nothing to bring in"),
        (vec!["import", "--stays", "nowhere.csv"], "the file for --stays can't be read"),
        (vec!["import", "--stays", "."], "can't be read"),
        (vec!["import", "--stays", "right.csv", "--rejects", "right.csv"], "give it another name"),
        (
            vec!["import", "--stays", "right.csv", "--rejects", "no/such/folder"],
            "the file for --rejects can't be written",
        ),
    ] {
        let ended = program.run(&arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.err.contains(why), "{}", ended.err);
    }
    assert_eq!(occupancy(&program), figures);
}

async fn what_broke_the_rule_is_flagged_and_recorded(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let rows = [
        "LONG-1,,EX-01,2020-08-01,2020-08-11,departed,1,0,",
        "LONG-2,,EX-02,2020-08-01,2020-08-06,departed,1,0,",
        "LONG-2,,EX-03,2020-08-06,2020-08-10,departed,1,0,",
        "NOT-LONG,,EX-04,2020-08-01,2020-08-08,departed,1,0,",
        "NOT-LONG,,EX-04,2020-08-09,2020-08-12,departed,1,0,",
        "MOVE-ON,,EX-07,2020-08-06,2020-10-30,departed,1,0,",
    ];
    let stays = program.write("stays.csv", format!("{STAYS}{}\n", rows.join("\n")));
    let ended = program.run([Path::new("import"), Path::new("--stays"), &stays]);
    assert_eq!((ended.code, counts(&ended)), (0, [6, 6, 0, 2, 0]));
}

async fn a_night_too_many_is_refused_when_every_unit_is_taken(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let spaces = program.write(
        "spaces.csv",
        "unit,property,scheme,district,sleeps,features,opened_on,closed_on\n\
         A-1,A,safe_space,Examplewick,2,,2020-01-01,\nA-2,A,safe_space,Examplewick,2,,2020-01-01,2020-02-01\n",
    );
    // Each may go anywhere; the third finds nothing free, the fourth finds the nights after that, the fifth one unit
    // closed.
    let rows = [
        "R-1,,,2020-01-05,2020-01-10,departed,1,0,",
        "R-2,,,2020-01-06,2020-01-09,departed,1,0,",
        "R-3,,,2020-01-08,2020-01-11,departed,1,0,",
        "R-4,,,2020-01-09,2020-01-12,departed,1,0,",
        "R-5,A,,2020-01-30,2020-02-03,departed,1,0,",
        "R-6,A,,2020-01-31,2020-02-02,departed,1,0,",
    ];
    let stays = program.write("stays.csv", format!("{STAYS}{}\n", rows.join("\n")));
    let ended =
        program.run([Path::new("import"), Path::new("--spaces"), &spaces, Path::new("--stays"), &stays]);
    assert_eq!((ended.code, counts(&ended)), (3, [8, 6, 0, 0, 2]));
    assert!(
        ended.err.contains("stays line 4: no unit is free and fit, 2020-01-08 to 2020-01-11"),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("stays line 7: no unit is free and fit, 2020-01-31 to 2020-02-02"),
        "{}",
        ended.err
    );
}

async fn one_unit_code_in_two_properties_is_refused(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let spaces = program.write(
        "spaces.csv",
        "unit,property,scheme,district,sleeps,features,opened_on,closed_on\n\
         A-1,A,safe_space,Examplewick,2,,2020-01-01,\nA-1,B,safe_space,Examplewick,2,,2020-01-01,\n\
         A-2,B,safe_space,Examplewick,2,,2020-01-01,\nA-1,B,move_on,Sampleford,9,,0001-01-01,\n",
    );
    let ended = program.run([Path::new("import"), Path::new("--spaces"), &spaces]);
    assert_eq!((ended.code, counts(&ended)), (3, [4, 2, 0, 0, 2]));
    assert!(
        ended.err.contains("spaces line 3: there is a unit A-1 already, and its property is another"),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("spaces line 5: opened_on, 0001-01-01, is outside the years 1990 to 2100"),
        "{}",
        ended.err
    );
}

async fn nobody_is_in_residence_twice(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let rows = [
        "R-1,,EX-01,2020-08-01,,in_residence,1,0,",
        "R-1,,EX-02,2020-08-20,,in_residence,1,0,",
        "R-2,,EX-01,2020-08-20,,in_residence,1,0,",
        "R-3,,EX-03,0001-01-01,,in_residence,1,0,",
    ];
    let stays = program.write("stays.csv", format!("{STAYS}{}\n", rows.join("\n")));
    let ended = program.run([Path::new("import"), Path::new("--stays"), &stays]);
    assert_eq!((ended.code, counts(&ended)), (3, [4, 1, 0, 1, 3]), "{ended:?}");
    assert_eq!(program.run(["migrate"]).code, 0, "the day turns at each start");
}

const REFERRALS: &str =
    "reference,received_at,source,adults,children,status,household,reason,decided_at,risk,allergies\n";

fn bring_referrals(program: &Program, rows: &[&str], more: &[&str]) -> Ended {
    let file = program.write("referrals.csv", format!("{REFERRALS}{}\n", rows.join("\n")));
    let arguments = ["import", "--referrals", file.to_str().unwrap()];
    program.run(arguments.into_iter().chain(more.iter().copied()))
}

/// What the API says of all referrals, oldest first, and what those may read who have the database.
async fn told(program: &Program) -> Vec<Value> {
    let token = program.run(["token", "create", "--role", "officer"]).out.trim().to_owned();
    let service = program.serve(&[]);
    let query = "{ referrals(first: 50) { nodes { source status council receivedAt respondedAt placedAt closedAt \
                 outcome risk fromDistrict arrival nights needs { allergies dangerAreas callBack } } } }";
    let answer = post(&service, &token, query).await;
    let nodes =
        answer["data"]["referrals"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer:#}")).clone();
    assert_eq!(service.stop(), 0);
    nodes
}

async fn post(service: &Service, token: &str, query: &str) -> Value {
    let client = safespace_tests::api::client().build().unwrap();
    let url = format!("http://{}/graphql", service.address);
    let asked = client.post(url).bearer_auth(token).json(&json!({ "query": query }));
    asked.send().await.unwrap().json().await.unwrap()
}

async fn referrals_come_in_once_and_follow_the_stays(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let rows = [
        "F-1,2020-03-01 23:40,police,2,0,closed,EXAMPLE-001,,2020-03-02 00:10,high,",
        "F-2,2020-05-10T20:00:00Z,gp,1,1,placed,EXAMPLE-BACK-TO-BACK,,,,nuts",
        "F-3,2020-06-01,self,1,3,declined,,no_capacity,2020-06-01,standard,",
        "F-4,2020-10-25 01:30,local_authority,1,0,received,,,,,",
        "F-5,2020-09-01,other_agency,1,0,closed,NOBODY-1,found_own_place,2020-09-02,,",
        "F-6,2020-10-20 22:00,police,1,0,accepted,NOBODY-2,,2020-10-20 22:15,medium,",
        "F-7,2020-08-01,police,1,0,withdrawn,,,,,",
        "f-1,2020-03-01 23:40,police,2,0,received,,,,,",
    ];
    let dry = bring_referrals(&program, &rows, &["--dry-run"]);
    assert_eq!((dry.code, counts(&dry)), (0, [8, 7, 1, 0, 0]), "{dry:?}");
    let first = bring_referrals(&program, &rows, &[]);
    assert_eq!((first.code, counts(&first)), (0, [8, 7, 1, 0, 0]), "{first:?}");
    let referrals = told(&program).await;
    let of = |n: usize, field: &str| referrals[n][field].clone();
    let states: Vec<_> = referrals.iter().map(|referral| referral["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["CLOSED", "CLOSED", "DECLINED", "WITHDRAWN", "CLOSED", "ACCEPTED", "RECEIVED"]);
    // Placed when its stay was booked, on the day after it came; a file of days has no times.
    assert_eq!(of(0, "receivedAt"), "2020-03-01T23:40:00+00:00");
    assert_eq!(of(0, "respondedAt"), "2020-03-02T00:10:00+00:00");
    assert_eq!(of(0, "placedAt"), "2020-03-02T00:00:00+00:00");
    assert_eq!(of(0, "closedAt"), "2020-03-09T00:00:00+00:00");
    // A home that was booked before the referral came was not had before it.
    assert_eq!(of(1, "placedAt"), "2020-05-10T20:00:00+00:00");
    // Two stays without a night between are one journey.
    assert_eq!(of(1, "closedAt"), "2020-05-20T23:00:00+00:00");
    assert_eq!(of(1, "needs")["allergies"], "nuts");
    // The clocks showed this time twice: the first.
    assert_eq!(of(6, "receivedAt"), "2020-10-25T00:30:00+00:00");
    assert_eq!(of(4, "outcome"), "found_own_place");
    let second = bring_referrals(&program, &rows, &[]);
    assert_eq!((second.code, counts(&second)), (0, [8, 0, 8, 0, 0]));
    assert_eq!(told(&program).await, referrals);
}

async fn a_referral_that_makes_no_sense_is_refused_and_says_why(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(program.run(examples()).code, 0);
    let rows = [
        "B-1,yesterday,police,1,0,received,,,,,",
        "B-2,2099-01-01,police,1,0,received,,,,,",
        "B-3,2020-06-01,postman,1,0,received,,,,,",
        "B-4,2020-06-01,police,0,0,received,,,,,",
        "B-5,2020-06-01,police,1,39,received,,,,,",
        "B-6,2020-06-01,police,1,0,declined,,,,,",
        "B-7,2020-06-01,police,1,0,declined,,because,,,",
        "B-8,2020-06-01,police,1,0,accepted,,,,,",
        "B-9,2020-06-01,police,1,0,closed,NOBODY-1,,,,",
        "B-10,2020-06-01,police,1,0,received,,,2020-05-31,,",
        "B-11,2020-06-01,police,1,0,received,,,,terrible,",
        "B-12,2020-06-01,police,1,0,asleep,,,,,",
    ];
    let mut why = String::new();
    for some in rows.chunks(6) {
        let ended = bring_referrals(&program, some, &[]);
        assert_eq!((ended.code, counts(&ended)), (3, [6, 0, 0, 0, 6]));
        why += &ended.err;
    }
    assert_words_snapshot!(why, @r#"
    referrals line 2: received_at is no date and time: write YYYY-MM-DD HH:MM as the clock showed it, or YYYY-MM-DD
    referrals line 3: received_at is still to come
    referrals line 4: "postman" is not a source: use police, gp, local_authority, other_agency or self
    referrals line 5: A household has at least one person: give adults or children.
    referrals line 6: A referral is about one household, of at most 20 people: refer families that need homes of their own one by one.
    referrals line 7: reason is empty: say why it was declined or closed
    referrals line 2: There is no such reason for declining. Known: need_accessibility, need_area, need_other, need_size, need_support_level, no_capacity, not_suitable, out_of_area, survivor_did_not_accept, unsafe_location.
    referrals line 3: household is empty, and the referral was accepted
    referrals line 4: the referral is closed, and its household has no stay since it came: bring the stay in first, or give the reason for which it was closed
    referrals line 5: decided_at is before received_at
    referrals line 6: "terrible" is not a level of risk: use standard, medium or high
    referrals line 7: "asleep" is not a status: use received, assessing, accepted, placed, closed, declined or withdrawn
    "#);
    assert!(told(&program).await.is_empty());
}

async fn what_a_referral_says_in_words_is_sealed_when_it_comes_in(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    let header = "reference,received_at,source,adults,children,status,allergies,call_back,organisation";
    let row = ["W-1,2020-06-01,police,1,0,received", canary::NOTE, canary::CONTACT, canary::NAME].join(",");
    let file = program.write("referrals.csv", format!("{header}\n{row}\n"));
    let ended = program.run([Path::new("import"), Path::new("--referrals"), &file]);
    assert_eq!((ended.code, counts(&ended)), (0, [1, 1, 0, 0, 0]), "{ended:?}");
    assert_eq!(told(&program).await[0]["needs"]["callBack"], canary::CONTACT);
    match url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//")) {
        Some(path) => {
            canary::must_not_be_in(&std::fs::read(path.split('?').next().unwrap()).unwrap(), "the database");
        }
        None => canary::must_not_be_in_postgres(&url).await,
    }
}

async fn with_whom_an_imported_household_may_share_is_known_of_it(on: &Databases) {
    let url = on.untouched().await;
    let program = Program::on(&url);
    let file = program.write(
        "referrals.csv",
        "reference,received_at,source,adults,children,status,household,shares_as\n\
         S-1,2020-06-01,police,1,0,accepted,KNOWN-1,women\nS-2,2020-06-02,police,1,0,accepted,KNOWN-2,\n",
    );
    let ended = program.run([Path::new("import"), Path::new("--referrals"), &file]);
    assert_eq!((ended.code, counts(&ended)), (0, [2, 2, 0, 0, 0]), "{ended:?}");
    let rows = sea_orm::Database::connect(&url).await.unwrap();
    let sql = "SELECT shares_as FROM household ORDER BY reference";
    let sql = sea_orm::Statement::from_string(rows.get_database_backend(), sql);
    let told: Vec<Option<String>> =
        rows.query_all_raw(sql).await.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(told, [Some("women".to_owned()), None]);
}
