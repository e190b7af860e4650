//! The program on the network: TLS, and callers who are slow, huge, many or not speaking HTTP at all.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use safespace_tests::program::{Program, Service};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto,
    pki_types::{CertificateDer, pem::PemObject},
    version::{TLS12, TLS13},
};

/// Longer than anything may take here; whoever waits so long waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A certificate for this machine, and its key, in the program's home.
fn certificate(program: &Program, mode: u32) -> (PathBuf, PathBuf, CertificateDer<'static>) {
    use std::os::unix::fs::PermissionsExt;
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = program.write("tls.key", issued.signing_key.serialize_pem());
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
    let pem = issued.cert.pem();
    (program.write("tls.pem", &pem), key, CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
}

fn connect(service: &Service) -> TcpStream {
    let socket = TcpStream::connect(&service.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// What the other end says until it has nothing more to say. It may hang up on us while we still talk.
fn heard(mut from: impl Read) -> String {
    let mut all = Vec::new();
    let mut some = [0; 4096];
    loop {
        match from.read(&mut some) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&some[..n]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => panic!("nothing came for a minute"),
                _ => break,
            },
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn ask(service: &Service, bytes: &[u8]) -> String {
    let mut socket = connect(service);
    // It may refuse before it has heard all.
    let _ = socket.write_all(bytes);
    heard(socket)
}

const ALIVE: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn assert_alive(service: &Service) {
    let answer = ask(service, ALIVE);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("alive\n"), "{answer}");
}

#[test]
fn it_serves_https_and_holds_browsers_to_it() {
    let program = Program::at_home();
    let (cert, key, trusted) = certificate(&program, 0o400);
    let service = program.serve(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()]);
    assert!(service.said.iter().any(|line| line.starts_with("Listening on https://")), "{:?}", service.said);
    for version in [&TLS12, &TLS13] {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(tls, connect(&service));
        stream.write_all(ALIVE).unwrap();
        let answer = heard(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=63072000"), "{answer}");
    }
    // Who speaks plain HTTP to it, or nonsense, hears nothing of the service.
    for bytes in [ALIVE, &[0_u8; 64], b"\x16\x03\x01\xff\xff"] {
        let mut socket = connect(&service);
        let _ = socket.write_all(bytes);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        assert!(!heard(socket).contains("HTTP/"), "{bytes:?}");
    }
    assert_eq!(service.stop(), 0);
}

#[test]
fn a_key_that_others_can_read_or_that_fits_nothing_is_refused() {
    let program = Program::at_home();
    let (cert, key, _) = certificate(&program, 0o640);
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let refused = |cert: &str, key: &str| {
        let ended = program.run(["serve", "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{ended:?}");
        ended.err
    };
    assert!(refused(cert, key).contains("chmod 400"));
    let elsewhere = Program::at_home();
    let (_, other, _) = certificate(&elsewhere, 0o400);
    let other = other.to_str().unwrap();
    assert!(refused(cert, other).contains("not the key's"));
    let empty = program.write("empty", "");
    assert!(refused(empty.to_str().unwrap(), other).contains("there is none in it"));
    assert!(refused(cert, "/nowhere/at/all").contains("can't be used"));
    let nonsense =
        elsewhere.write("nonsense", "-----BEGIN PRIVATE KEY-----\nWisteria4711\n-----END PRIVATE KEY-----\n");
    std::fs::set_permissions(&nonsense, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    assert!(!refused(cert, nonsense.to_str().unwrap()).contains("Wisteria4711"));
    let half = program.run(["serve", "--tls-cert", cert]);
    assert_eq!(half.code, 2, "{half:?}");
}

#[test]
fn with_a_certificate_it_listens_wherever_it_is_told_to() {
    let program = Program::at_home();
    let (cert, key, _) = certificate(&program, 0o400);
    let arguments =
        ["--listen", "0.0.0.0:0", "--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let service = program.serve_as(&arguments);
    assert_eq!(service.stop(), 0);
}

#[test]
fn what_is_too_large_or_no_http_is_refused_and_the_next_caller_is_served() {
    let program = Program::at_home();
    let service = program.serve(&[]);
    let head = |name: &str, value: &str| format!("GET /livez HTTP/1.1\r\nhost: x\r\n{name}: {value}\r\n\r\n");
    for (what, bytes, status) in [
        ("a header of 1 MB", head("x-large", &"x".repeat(1 << 20)).into_bytes(), "431"),
        (
            "a cookie of 1 MB",
            head("cookie", &format!("__Host-s={}", "x".repeat(1 << 20))).into_bytes(),
            "431",
        ),
        (
            "a thousand headers",
            format!("GET /livez HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(1_000)).into_bytes(),
            "431",
        ),
        (
            "a path of 1 MB",
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
            "4",
        ),
        ("no HTTP", b"\0\x01\x02 nonsense \xff\xfe\r\n\r\n".to_vec(), "400"),
        (
            "two lengths",
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_vec(),
            "400",
        ),
        (
            "a length of nonsense",
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_vec(),
            "400",
        ),
        ("a name with a space", b"GET /livez HTTP/1.1\r\nho st: x\r\n\r\n".to_vec(), "400"),
    ] {
        let answer = ask(&service, &bytes);
        assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {answer}");
        assert!(!answer.contains("xxxx"), "{what} is said back");
        assert_alive(&service);
    }
    // Two requests in one, as a proxy that reads lengths otherwise might let through.
    let both = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    assert!(!ask(&service, both).contains("alive"), "a request was smuggled in");
    assert_eq!(service.stop(), 0);
}

#[test]
fn whoever_is_slow_to_say_what_they_want_is_hung_up_on() {
    let program = Program::at_home();
    let service = program.serve(&["--headers-within", "1"]);
    let silent = connect(&service);
    let mut dripping = connect(&service);
    let began = Instant::now();
    assert!(dripping.write_all(b"GET /livez HTTP/1.1\r\nx-drip: ").is_ok());
    dripping.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    // A byte now and then does not keep the connection.
    loop {
        assert!(began.elapsed() < PATIENCE, "still listening");
        let _ = dripping.write_all(b"x");
        match dripping.read(&mut [0; 64]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            _ => break,
        }
    }
    assert!(!heard(silent).contains("200"));
    assert_alive(&service);
    assert_eq!(service.stop(), 0);
}

#[test]
fn no_more_connections_are_taken_than_there_is_room_for() {
    let program = Program::at_home();
    let service = program.serve(&["--connections", "2"]);
    let first = connect(&service);
    let second = connect(&service);
    let mut third = connect(&service);
    third.write_all(ALIVE).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0; 1]).is_err(), "there was no room");
    drop(first);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(heard(third).starts_with("HTTP/1.1 200 "));
    drop(second);
    assert_eq!(service.stop(), 0);
}

#[test]
fn metrics_can_have_an_address_of_their_own() {
    let program = Program::at_home();
    let service = program.serve(&["--metrics-listen", "127.0.0.1:0"]);
    let line =
        service.said.iter().find_map(|line| line.strip_prefix("Metrics at http://")).unwrap().to_owned();
    let address = line.trim_end_matches("/metrics").to_owned();
    let get = |address: &str, path: &str| {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        heard(socket)
    };
    assert_alive(&service);
    let figures = get(&address, "/metrics");
    assert!(
        figures.contains("safespace_http_requests_total{route=\"/livez\",status=\"2xx\"} 1\n"),
        "{figures}"
    );
    assert!(figures.contains("safespace_http_connections "), "{figures}");
    assert!(get(&address, "/graphql").starts_with("HTTP/1.1 404 "));
    assert!(get(&service.address, "/metrics").starts_with("HTTP/1.1 404 "));
    assert_eq!(service.stop(), 0);
}
