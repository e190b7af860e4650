//! Canaries: unmistakable words planted as address, name, contact and note in the stories' worlds, and looked for
//! wherever they must never be: in the database and what lies beside it, in logs, in what the program prints, and in
//! every answer that was not asked for just that.

use std::{
    io::Write,
    sync::{Mutex, Once, PoisonError},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement};
use tracing_subscriber::fmt::MakeWriter;

/// In the address of every home.
pub const ADDRESS: &str = "Zwizzelkwark Lantern Row 7";
/// In the name of every household that has one.
pub const NAME: &str = "Quillonfrost Zephyrmoth";
/// In the contact of every household that has one.
pub const CONTACT: &str = "brambleknock@vexhollow.invalid";
/// In notes and reasons.
pub const NOTE: &str = "heliotropezanzibarquokka";

const ALL: [(&str, &str); 4] =
    [("an address", ADDRESS), ("a name", NAME), ("a contact", CONTACT), ("a note", NOTE)];

/// What in a query asks for one of them: then it is no surprise in the answer.
const ASKED_FOR: [&str; 6] = ["reveal", "note", "reason", "why", "SubjectAccess", "details"];

/// Which canary is in these bytes, as it is or in hexadecimal digits, whole or cut.
pub fn found_in(bytes: &[u8]) -> Option<&'static str> {
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    let hexadecimal = |text: &str| text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let found = ALL.iter().find(|(_, canary)| {
        let whole = canary.as_bytes();
        // A part is enough: a canary that was cut is one all the same.
        let parts = whole.chunks_exact(8).map(<[u8]>::to_vec);
        parts.into_iter().any(|part| has(&part)) || has(hexadecimal(canary).as_bytes())
    });
    found.map(|(what, _)| *what)
}

/// Fails where a canary is in these bytes.
pub fn must_not_be_in(bytes: &[u8], place: &str) {
    if let Some(what) = found_in(bytes) {
        panic!("{what} can be read in {place}");
    }
}

/// Fails where a canary is in an answer to a request that did not ask for it.
pub fn must_not_be_answered(request: &str, headers: &str, body: &[u8]) {
    must_not_be_in(headers.as_bytes(), "the headers of an answer");
    if !ASKED_FOR.iter().any(|word| request.contains(word)) {
        must_not_be_in(body, &format!("the answer to {request}"));
    }
}

static LOGGED: Mutex<Option<&'static str>> = Mutex::new(None);
static LISTENING: Once = Once::new();

struct Listener;

impl Write for Listener {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if let Some(what) = found_in(line) {
            *LOGGED.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Listener {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Listens to the logs of this process from now on, more of them than the program ever writes.
pub fn listen_to_logs() {
    LISTENING.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(Listener)
            .init();
    });
}

/// Fails where a canary was logged.
pub fn must_not_have_been_logged() {
    let logged = *LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(logged.is_none(), "{logged:?} was logged");
}

/// Looks through every row of every table of a PostgreSQL database.
pub async fn must_not_be_in_postgres(url: &str) {
    for (table, row) in rows_of_postgres(url).await {
        must_not_be_in(row.as_bytes(), &format!("the table {table}"));
    }
}

/// Every row of every table of a PostgreSQL database as text, with the table's name.
async fn rows_of_postgres(url: &str) -> Vec<(String, String)> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.unwrap();
    let select = async |sql: String| {
        let ask = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(ask).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'".to_owned();
    let mut all = Vec::new();
    for table in select(tables).await {
        let rows = select(format!("SELECT t::text FROM \"{table}\" t")).await;
        all.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    connection.close().await.unwrap();
    all
}

/// Which of these words, in whatever case, can be read in the database at this address or beside it, and where.
pub async fn words_in(url: &str, words: &[&str]) -> Vec<String> {
    let texts = match url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//")) {
        None => rows_of_postgres(url).await,
        Some(path) => {
            let file = path.split('?').next().unwrap();
            let beside = ["", "-wal"].map(|end| format!("{file}{end}"));
            let read = beside.into_iter().filter_map(|file| {
                std::fs::read(&file).ok().map(|bytes| (file, String::from_utf8_lossy(&bytes).into_owned()))
            });
            read.collect()
        }
    };
    let mut found = Vec::new();
    for (place, text) in texts {
        let text = text.to_lowercase();
        for word in words {
            let hexadecimal = word.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
            if text.contains(word) || text.contains(&hexadecimal) {
                found.push(format!("{word} in {place}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_whole_cut_and_in_hexadecimal_and_nothing_else_is() {
        assert_eq!(found_in(format!("at {ADDRESS}, tonight").as_bytes()), Some("an address"));
        assert_eq!(found_in(&NAME.as_bytes()[..12]), Some("a name"));
        let hexadecimal = NOTE.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(found_in(hexadecimal.as_bytes()), Some("a note"));
        assert_eq!(found_in(b"SS-01 is free tonight"), None);
    }
}
