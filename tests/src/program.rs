//! The program itself, as a person or a script starts it.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use tempfile::TempDir;

use crate::{canary, outside::be_ready_for_tls, world::KEY};

/// Long enough for a debug build on a busy machine to fill the demonstration; a program that takes longer hangs.
const PATIENCE: Duration = Duration::from_mins(5);

/// How the program is started: from a home of its own, with nothing from the tester's environment.
pub struct Program {
    /// Its home, with what it keeps there.
    pub home: TempDir,
    database: Option<String>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it printed on standard output.
    pub out: String,
    /// What it said on standard error.
    pub err: String,
}

/// The built program: what `SAFESPACE_BINARY` names, or what lies beside these tests.
///
/// # Panics
///
/// Where there is none.
pub fn binary() -> PathBuf {
    let named = std::env::var_os("SAFESPACE_BINARY").map(PathBuf::from);
    let beside = || {
        let tests = std::env::current_exe().unwrap();
        tests.ancestors().nth(2).unwrap().join("safespace")
    };
    let file = named.unwrap_or_else(beside);
    assert!(file.is_file(), "{} is not there: run `cargo build --workspace`, or tests/run", file.display());
    file
}

impl Program {
    /// On the database with this address.
    pub fn on(url: &str) -> Self {
        Self { database: Some(url.to_owned()), ..Self::at_home() }
    }

    /// On what it keeps at home where nothing else is said.
    pub fn at_home() -> Self {
        be_ready_for_tls();
        Self { home: tempfile::Builder::new().prefix("safespace-home-").tempdir().unwrap(), database: None }
    }

    /// A file in its home.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file in its home.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.file(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Keeps the key that worlds are sealed with, to run on the database of one.
    pub fn keep_key_of_worlds(&self) {
        let key = self.write("key", hex_of(&KEY));
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(key, owner_only).unwrap();
    }

    /// The command, ready to be started.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        self.place(Command::new(binary()), arguments)
    }

    /// The same through another program that is given the command line of this one: a shell, for instance.
    pub fn command_through<A: AsRef<OsStr>>(
        &self,
        outer: &[&str],
        binary: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(binary);
        self.place(command, arguments)
    }

    fn place<A: AsRef<OsStr>>(
        &self,
        mut command: Command,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        command.args(arguments).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(url) = &self.database {
            command.env("SAFESPACE_DATABASE_URL", url).env("SAFESPACE_KEY_FILE", self.file("key"));
        }
        command
    }

    /// Runs it to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        ended(self.command(arguments))
    }

    /// Starts the service on a free port, and waits until it listens.
    ///
    /// # Panics
    ///
    /// Where it ends instead, or says nothing for minutes.
    pub fn serve(&self, more: &[&str]) -> Service {
        self.serve_as(&[&["--listen", "127.0.0.1:0"][..], more].concat())
    }

    /// Starts the service with these arguments, and waits until it listens.
    ///
    /// # Panics
    ///
    /// As [`Program::serve`] does.
    pub fn serve_as(&self, arguments: &[&str]) -> Service {
        let mut command = self.command(["serve"].iter().chain(arguments));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut service = Service { child, said: Vec::new(), address: String::new() };
        while service.address.is_empty() {
            let line =
                told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no address: {:?}", service.said));
            if let Some((_, address)) =
                line.strip_prefix("Listening on ").and_then(|url| url.split_once("://"))
            {
                address.clone_into(&mut service.address);
            }
            service.said.push(line);
        }
        service
    }
}

fn hex_of(key: &[u8]) -> String {
    key.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Runs a command to its end.
pub fn ended(mut command: Command) -> Ended {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    canary::must_not_be_in(&stdout, "what the program printed");
    canary::must_not_be_in(&stderr, "what the program said");
    Ended {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// A service that was started. It goes when this goes.
pub struct Service {
    child: Child,
    /// What it has printed by the time it listens.
    pub said: Vec<String>,
    /// Where it listens.
    pub address: String,
}

impl Service {
    /// The bearer token that it printed for a role.
    pub fn token(&self, role: &str) -> String {
        let line = self.said.iter().find_map(|line| line.trim().strip_prefix(role));
        line.unwrap_or_else(|| panic!("no sign-in for {role}: {:?}", self.said)).trim().to_owned()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as a service manager does, and returns its exit code.
    pub fn stop(mut self) -> i32 {
        let asked = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(asked.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Gone already where it was stopped.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
