//! Connections: how many there may be, and how long one may take to say what it wants.
//!
//! HTTP/1.1 only: a proxy in front speaks whatever is newer, and there is less that can go wrong.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Endpoint, Request, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use safespace_edge::{Metrics, network};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
};
use tokio_rustls::TlsAcceptor;

/// The longest that a TLS handshake may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// The largest head of a request: its first line and its headers.
const LARGEST_HEAD: usize = 32 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 100;
/// How long to wait where no connection can be taken, for instance for want of files.
const BREATHER: Duration = Duration::from_millis(100);

/// What is asked of connections.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// So many may be open at a time. Who comes then waits.
    pub most: usize,
    /// So many of these from one address, or from one network of IPv6. Who comes then is turned away.
    pub most_of_one: usize,
    /// The addresses that stand for many: proxies.
    pub proxies: Vec<IpAddr>,
    /// How long a request's head may take, and a connection be idle.
    pub head_within: Duration,
}

/// Where connections come in.
pub struct Entrance {
    /// The socket.
    pub listener: TcpListener,
    /// What makes TLS of them, where that is wanted.
    pub tls: Option<TlsAcceptor>,
    /// What is asked of them.
    pub bounds: Bounds,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
}

/// Answers until told to stop; then requests that are under way have some time to end.
pub async fn serve(
    entrance: Entrance,
    app: impl Endpoint<Output = Response> + 'static,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let Entrance { listener, tls, bounds, metrics } = entrance;
    let app = Arc::new(app);
    let room = Arc::new(Semaphore::new(bounds.most));
    let addresses = Arc::new(Addresses::default());
    let (stopping, stopped) = watch::channel(());
    let (working, mut all_done) = mpsc::channel::<Infallible>(1);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(socket, from)| (permit, socket, from))
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = next => accepted,
        };
        let (permit, socket, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        let ip = from.ip().to_canonical();
        let most =
            if ip.is_loopback() || bounds.proxies.contains(&ip) { usize::MAX } else { bounds.most_of_one };
        let Some(place) = addresses.enter(ip, most) else { continue };
        let held = Held { _permit: permit, _place: place, metrics: Arc::clone(&metrics) };
        let connection = Connection { from, held, tls: tls.clone(), head_within: bounds.head_within };
        let (app, stopped, working) = (Arc::clone(&app), stopped.clone(), working.clone());
        tokio::spawn(async move {
            connection.serve(app, socket, stopped).await;
            drop(working);
        });
    }
    drop(listener);
    drop(stopping);
    drop(working);
    if tokio::time::timeout(grace, all_done.recv()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

/// What a connection takes up for as long as its socket is open, as a WebSocket too.
struct Held {
    _permit: OwnedSemaphorePermit,
    _place: Place,
    metrics: Arc<Metrics>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.metrics.connection_closed();
    }
}

struct Connection {
    from: SocketAddr,
    held: Held,
    tls: Option<TlsAcceptor>,
    head_within: Duration,
}

impl Connection {
    async fn serve<E>(self, app: Arc<E>, socket: TcpStream, mut stopped: watch::Receiver<()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        self.held.metrics.connection_opened();
        // Answers are small; waiting for more to send would only make them late.
        let _ = socket.set_nodelay(true);
        let local = LocalAddr(socket.local_addr().map_or_else(|_| Addr::custom("none", ""), Addr::socket));
        let remote = RemoteAddr(Addr::socket(self.from));
        let (scheme, io): (Scheme, Box<dyn Io>) = match self.tls {
            None => (Scheme::HTTP, Box::new(socket)),
            // Who does not get through the handshake can't be told why.
            Some(tls) => match tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(socket)).await {
                Ok(Ok(socket)) => (Scheme::HTTPS, Box::new(socket)),
                Ok(Err(_)) | Err(_) => return,
            },
        };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let request = Request::from((request, local.clone(), remote.clone(), scheme.clone()));
            let app = Arc::clone(&app);
            async move { Ok::<hyper::Response<_>, Infallible>(app.get_response(request).await.into()) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_within)
            .max_header_size(LARGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(Socket { io, _held: self.held }), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            // What a caller does to its own connection is no news.
            _ = connection.as_mut() => return,
            _ = stopped.changed() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// How many connections each address has, or each network of IPv6.
#[derive(Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

impl Addresses {
    /// One more, unless there are so many already.
    fn enter(self: &Arc<Self>, ip: IpAddr, most: usize) -> Option<Place> {
        let ip = network(ip);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { ip, addresses: Arc::clone(self) })
    }
}

struct Place {
    ip: IpAddr,
    addresses: Arc<Addresses>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A socket, with what it takes up.
struct Socket {
    io: Box<dyn Io>,
    _held: Held,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_only_so_many_connections_and_gets_them_back() {
        let addresses = Arc::new(Addresses::default());
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = addresses.enter(one, 2);
        let second = addresses.enter(one, 2);
        assert!(first.is_some() && second.is_some());
        assert!(addresses.enter(one, 2).is_none());
        assert!(addresses.enter(other, 2).is_some());
        drop(first);
        assert!(addresses.enter(one, 2).is_some());
        drop(second);
        assert!(addresses.0.lock().unwrap().is_empty(), "nobody is remembered who has left");
    }

    #[test]
    fn whoever_has_a_network_of_ipv6_has_no_more_than_whoever_has_an_address() {
        let addresses = Arc::new(Addresses::default());
        let enter = |ip: &str| addresses.enter(ip.parse().unwrap(), 2);
        let places = [enter("2001:db8:0:1::1"), enter("2001:db8:0:1:ffff::2")];
        assert!(places.iter().all(Option::is_some));
        assert!(enter("2001:db8:0:1::3").is_none(), "the same network");
        assert!(enter("2001:db8:0:2::1").is_some());
        drop(places);
        assert!(enter("2001:db8:0:1::3").is_some());
        assert!(addresses.0.lock().unwrap().is_empty());
    }
}
