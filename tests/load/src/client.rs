//! A cheap HTTP/1.1 client over kept-alive connections, and the loop that drives it.
//!
//! It shares the cores with the server that it measures, so it does little: one thread, one write and mostly one read
//! per request, and no more parsing than it takes to know that an answer is whole and right.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{Result, report::Round, stop};

/// The longest that anybody waits for one answer.
const LONGEST: Duration = Duration::from_secs(20);

/// Where requests go, and on whose behalf.
#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    /// Every header but the length.
    head: String,
}

impl Target {
    /// A GraphQL endpoint at `/graphql`.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        let authorization =
            token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\n{authorization}Content-Type: application/json\r\n\
             Accept: application/graphql-response+json, application/json\r\n"
        );
        Self { address, head }
    }

    fn write(&self, body: &str, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(body.as_bytes());
    }

    /// Sends one body, and gives that of the answer.
    pub fn raw(&self, body: &str) -> Result<Vec<u8>> {
        let mut request = Vec::new();
        self.write(body, &mut request);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connection = Connection::open(self.address).await?;
            Ok(tokio::time::timeout(LONGEST, connection.exchange(&request)).await??.to_vec())
        })
    }

    /// Asks once, and gives the data.
    pub fn ask(&self, query: &str, variables: &Json) -> Result<Json> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer: Json = serde_json::from_slice(&self.raw(&body)?)?;
        match answer.get("data") {
            Some(data) if answer.get("errors").is_none() => Ok(data.clone()),
            _ => Err(format!("the server answered {answer}").into()),
        }
    }
}

/// One connection.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(32 * 1024) })
    }

    /// Sends a request and returns the body of its answer, which must be a 200.
    async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.read.clear();
        self.stream.write_all(request).await?;
        let mut whole = None;
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if whole.is_none() {
                whole = head(&self.read)?;
            }
            if let Some((start, end)) = whole
                && self.read.len() >= end
            {
                let body = self.read.get(start..end).unwrap_or_default();
                return if self.read.starts_with(b"HTTP/1.1 200") {
                    Ok(body)
                } else {
                    Err(format!("the server answered {}", String::from_utf8_lossy(&self.read)).into())
                };
            }
        }
    }
}

/// Where the body starts and ends, once the head is there.
fn head(read: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(read.get(..end).unwrap_or_default())?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.ok_or("an answer without its length")?;
    Ok(Some((end + 4, end + 4 + length)))
}

/// What is asked, request by request.
pub trait Work: Send + Sync + 'static {
    /// Writes the body of the request with this number; false when there is no more work.
    fn body(&self, number: u64, body: &mut String) -> bool;
    /// Whether an answer is what it must be.
    fn is_right(&self, answer: &[u8]) -> bool;
}

/// Keeps so many connections busy for so long. The first wrong answer ends it.
pub fn drive(
    target: &Target,
    connections: usize,
    long: Duration,
    work: &Arc<impl Work>,
    number: &Arc<AtomicU64>,
) -> Result<Round> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..connections {
            let client = client(target.clone(), started + long, Arc::clone(work), Arc::clone(number));
            clients.spawn(client);
        }
        let mut latencies = Vec::new();
        let ended = tokio::time::timeout(long + LONGEST, async {
            while let Some(done) = clients.join_next().await {
                latencies.extend(done??);
            }
            Ok::<_, crate::Failure>(())
        });
        ended.await.map_err(|_| "an answer never came")??;
        stop::must_not()?;
        Ok(Round::new(started.elapsed(), latencies))
    })
}

async fn client(
    target: Target,
    until: Instant,
    work: Arc<impl Work>,
    number: Arc<AtomicU64>,
) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(target.address).await?;
    let (mut body, mut request, mut latencies) = (String::new(), Vec::new(), Vec::new());
    while Instant::now() < until && !stop::asked() {
        body.clear();
        if !work.body(number.fetch_add(1, Ordering::Relaxed), &mut body) {
            break;
        }
        target.write(&body, &mut request);
        let sent = Instant::now();
        let answer = connection.exchange(&request).await?;
        latencies.push(sent.elapsed());
        if !work.is_right(answer) {
            return Err(format!("a wrong answer to {body}: {}", String::from_utf8_lossy(answer)).into());
        }
    }
    Ok(latencies)
}
