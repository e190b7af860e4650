//! How often one credential, and one address, may ask.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroU32,
    time::Duration,
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use poem::http::{HeaderMap, header};

use crate::{metrics::Limit, peer::network};

/// Several people share the address of an office.
const AN_ADDRESS_HAS: u32 = 4;
/// So many seconds' worth may come at once: a page asks for several things.
const AT_ONCE: u32 = 4;
/// So many credentials, and as many addresses, are told apart at a time.
const MOST_KEYS: usize = 20_000;
/// What all share that are not told apart.
const THE_OTHERS: u64 = 0;
/// The cookies that nobody else's site can have set begin so: the session is one of them.
const OWN_COOKIE: &str = "__Host-";

/// The limits, with what each has left. Who is who is kept as a number that differs at each start.
pub(crate) struct Rates {
    names: RandomState,
    credentials: DefaultKeyedRateLimiter<u64>,
    addresses: DefaultKeyedRateLimiter<u64>,
}

/// Too often: over which limit, and how long to wait.
pub(crate) struct TooMany {
    pub(crate) limit: Limit,
    pub(crate) wait: Duration,
}

impl Rates {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        let limiter = |a_second: NonZeroU32| {
            let at_once = a_second.saturating_mul(NonZeroU32::new(AT_ONCE).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(Quota::per_second(a_second).allow_burst(at_once))
        };
        let of_address =
            per_second.saturating_mul(NonZeroU32::new(AN_ADDRESS_HAS).unwrap_or(NonZeroU32::MIN));
        Self { names: RandomState::new(), credentials: limiter(per_second), addresses: limiter(of_address) }
    }

    /// Counts a request. A credential that nobody holds is counted like any other: the address stops those who guess.
    pub(crate) fn admit(&self, from: IpAddr, headers: &HeaderMap) -> Result<(), TooMany> {
        take(&self.addresses, self.names.hash_one(network(from)))
            .map_err(|wait| TooMany { limit: Limit::Address, wait })?;
        match credential(headers) {
            Some(credential) => take(&self.credentials, self.names.hash_one(credential))
                .map_err(|wait| TooMany { limit: Limit::Credential, wait }),
            None => Ok(()),
        }
    }
}

fn take(limiter: &DefaultKeyedRateLimiter<u64>, key: u64) -> Result<(), Duration> {
    let mut key = key;
    if limiter.len() >= MOST_KEYS {
        // Those who have not asked for a while have all of theirs again, and need not be remembered.
        limiter.retain_recent();
        if limiter.len() >= MOST_KEYS {
            key = THE_OTHERS;
        }
    }
    limiter.check_key(&key).map_err(|until| until.wait_time_from(limiter.clock().now()))
}

/// What the request shows of whose it is: a token, or our own cookie.
fn credential(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(token) = headers.get(header::AUTHORIZATION) {
        return Some(token.as_bytes());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let ours = cookies.flat_map(|line| line.split(';')).find(|cookie| cookie.trim().starts_with(OWN_COOKIE));
    ours.map(|cookie| cookie.trim().as_bytes())
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_stands_in_headers_is_counted_or_passed_over(
            cookies in prop::collection::vec("(__Host-)?[\\x20-\\x7e\\xa0-\\xff;=]{0,60}", 0..4),
            token in prop::option::of(prop::collection::vec(any::<u8>(), 0..60)),
        ) {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
            }
            if let Some(token) = token.and_then(|it| HeaderValue::from_bytes(&it).ok()) {
                headers.insert(header::AUTHORIZATION, token);
            }
            let _ = credential(&headers);
        }
    }

    fn with_token(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, token.parse().unwrap());
        headers
    }

    #[test]
    fn one_credential_does_not_use_up_what_another_has() {
        let rates = Rates::new(NonZeroU32::MIN);
        let from = "192.0.2.1".parse().unwrap();
        let told = |token: &str| rates.admit(from, &with_token(token)).map_err(|too_many| too_many.limit);
        assert!((0..4).all(|_| told("Bearer a").is_ok()));
        assert_eq!(told("Bearer a"), Err(Limit::Credential));
        assert_eq!(told("Bearer b"), Ok(()));
    }

    #[test]
    fn who_guesses_credentials_is_stopped_by_the_address() {
        let rates = Rates::new(NonZeroU32::MIN);
        let from = "2001:db8::1".parse().unwrap();
        let told =
            |n: u32, from| rates.admit(from, &with_token(&format!("Bearer {n}"))).map_err(|why| why.limit);
        assert!((0..16).all(|n| told(n, from).is_ok()));
        assert_eq!(told(99, from), Err(Limit::Address));
        assert_eq!(told(99, "2001:db8::2".parse().unwrap()), Err(Limit::Address), "the same network");
        assert_eq!(told(99, "2001:db8:1::1".parse().unwrap()), Ok(()));
    }

    #[test]
    fn only_so_many_are_told_apart() {
        let rates = Rates::new(NonZeroU32::MIN);
        for n in 0..u32::try_from(MOST_KEYS).unwrap() + 100 {
            let _ = rates.admit(IpAddr::V4((n + 0x0b00_0000).into()), &HeaderMap::new());
        }
        assert!(rates.addresses.len() <= MOST_KEYS + 1);
    }

    #[test]
    fn a_credential_is_a_token_or_our_own_cookie() {
        assert_eq!(credential(&with_token("Bearer x")), Some(&b"Bearer x"[..]));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "theme=dark; __Host-session=abc; other=1".parse().unwrap());
        assert_eq!(credential(&headers), Some(&b"__Host-session=abc"[..]));
        headers.insert(header::COOKIE, "theme=dark".parse().unwrap());
        assert_eq!(credential(&headers), None);
    }
}
