//! Processes: the server's program, what it serves, and its end.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::{Result, database::Database};

/// How long a program may take to start serving.
const START: Duration = Duration::from_mins(1);
/// How long a program may take to end when told to.
const END: Duration = Duration::from_secs(15);
/// How long a command may take.
const COMMAND: Duration = Duration::from_mins(15);
/// Ticks of the kernel's accounts in a second.
const TICKS: f64 = 100.0;

/// The program under test.
pub struct Program {
    path: PathBuf,
    scratch: PathBuf,
}

/// What a command left behind.
pub struct Ended {
    /// How long it took.
    pub took: Duration,
    /// The most memory that it had resident, in bytes.
    pub peak: u64,
    /// What it printed.
    pub said: String,
}

impl Program {
    /// The named program, or `safespace` beside this one.
    pub fn find(named: Option<PathBuf>, scratch: &Path) -> Result<Self> {
        let path = match named {
            Some(path) => path,
            None => std::env::current_exe()?.with_file_name("safespace"),
        };
        if !path.is_file() {
            return Err(format!(
                "{} is not there: build it by `cargo build --release -p safespace-server`, or name it by --server",
                path.display()
            )
            .into());
        }
        Ok(Self { path, scratch: scratch.to_owned() })
    }

    fn command(&self, database: &Database, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        // A person's own service may be named in the environment; it must never be touched.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SAFESPACE_"))
        {
            command.env_remove(name);
        }
        command
            .env("SAFESPACE_DATABASE_URL", database.url())
            .env("SAFESPACE_KEY_FILE", database.key_file())
            .env("SAFESPACE_LOG", "warn")
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, and watches its memory meanwhile. It must end with 0.
    pub fn run(&self, database: &Database, arguments: &[&str]) -> Result<Ended> {
        let said = self.scratch.join("said");
        let mut command = self.command(database, arguments);
        command.stdout(File::create(&said)?).stderr(File::options().append(true).open(&said)?);
        let started = Instant::now();
        let mut child = Process::start(&mut command)?;
        let mut peak = 0;
        let status = loop {
            // The kernel's own high-water mark, which only grows: the last look before the end is near enough.
            peak = peak.max(peak_memory(child.0.id()));
            if let Some(status) = child.0.try_wait()? {
                break status;
            }
            if started.elapsed() > COMMAND {
                return Err(format!("{arguments:?} took too long").into());
            }
            crate::stop::must_not()?;
            std::thread::sleep(Duration::from_millis(5));
        };
        let took = started.elapsed();
        let said = std::fs::read_to_string(said)?;
        if !status.success() {
            return Err(format!("{arguments:?} ended with {status} and said:\n{said}").into());
        }
        Ok(Ended { took, peak, said })
    }

    /// Makes a token for an officer.
    pub fn token(&self, database: &Database, role: &str) -> Result<String> {
        let ended = self.run(database, &["token", "create", "--role", role])?;
        let token = ended.said.lines().map(str::trim).rfind(|line| !line.is_empty());
        Ok(token.ok_or("no token was printed")?.to_owned())
    }

    /// Serves a database on a free port.
    pub fn serve(&self, database: &Database) -> Result<Serving> {
        let mut command =
            self.command(database, &["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0"]);
        let log = File::create(self.scratch.join("server.log"))?;
        Serving::start(command.stderr(log))
    }
}

/// The most memory that a process had resident so far, in bytes.
fn peak_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

/// A process that is told to end when this goes.
pub struct Process(pub Child);

impl Process {
    /// Starts it in a process group of its own, so that Ctrl-C reaches only us and we end it in order.
    pub fn start(command: &mut Command) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        Ok(Self(command.process_group(0).spawn()?))
    }

    /// Sends it a signal, by its own id.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        if kill.is_err() {
            eprintln!("can't send {name} to process {}", self.0.id());
        }
    }

    fn has_ended(&mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        while Instant::now() < until {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Sends it a signal and waits for its end; kills it when that takes too long.
    pub fn end(&mut self, signal: &str) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal(signal);
        if !self.has_ended(END) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end("TERM");
    }
}

/// A process that serves HTTP.
pub struct Serving {
    process: Process,
    /// Where.
    pub address: SocketAddr,
}

impl Serving {
    /// Starts a command that prints `Listening on http://…`.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let out = process.0.stdout.take().ok_or("no standard output")?;
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on to the end, so that the process never waits for a reader.
            for line in BufReader::new(out).lines().map_while(std::result::Result::ok) {
                if let Some((_, rest)) = line.split_once("Listening on http://") {
                    let _ = tell.send(rest.trim().trim_end_matches('/').parse::<SocketAddr>());
                }
            }
        });
        let address =
            told.recv_timeout(START).map_err(|_| "the server did not start: does it say why in its log?")?;
        Ok(Self { process, address: address? })
    }

    /// Starts this program's own reading floor.
    pub fn floor() -> Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).arg("floor"))
    }

    /// How much time the process has spent on a core so far, in seconds: what it costs, whoever else is busy.
    pub fn on_core(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.0.id()))?;
        // The program's name, in brackets, may hold anything; user and system time are the 12th and 13th after it.
        let (_, fields) = stat.rsplit_once(')').ok_or("a strange /proc/*/stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(f64::from(ticks.sum::<std::result::Result<u32, _>>()?) / TICKS)
    }
}
