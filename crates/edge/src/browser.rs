//! What only browsers send: cookies, and from which site a request comes.

use poem::http::{HeaderMap, header};

/// The cookie that names a session. Its prefix has browsers hold it to this host, to TLS, and to the whole site.
pub const SESSION_COOKIE: &str = "__Host-safespace";

/// The value of a cookie. None where it was not sent, or more than once: then somebody else may have set one of them.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

/// Whether a request comes from a page of this site. A browser says so in `Sec-Fetch-Site`, in `Origin`, or in both, and
/// no page of another site can have it say otherwise. Where nothing is said, it is not believed. A page that sends no
/// referrer, as all of ours, has its forms sent with the origin `null`: then `Sec-Fetch-Site` must say it.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = said("sec-fetch-site");
    let origin = said("origin").filter(|origin| *origin != "null");
    let host = said("host").unwrap_or_default();
    let same_host = |origin: &str| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty() && rest.eq_ignore_ascii_case(host))
    };
    (site.is_some() || origin.is_some())
        && site.is_none_or(|site| site == "same-origin")
        && origin.is_none_or(same_host)
}

/// Whether a browser says that a request comes from a page of another site, or of one that it does not name. Programs say
/// nothing. For what carries no cookie: there [`is_same_origin`] is asked.
pub fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let names = ["origin", "sec-fetch-site"];
    names.iter().any(|name| headers.contains_key(*name)) && !is_same_origin(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn only_a_page_of_this_site_is_believed() {
        let host = ("host", "refuge.example:8080");
        for (pairs, same) in [
            (vec![host, ("sec-fetch-site", "same-origin")], true),
            (vec![host, ("origin", "https://refuge.example:8080")], true),
            (vec![host, ("origin", "https://REFUGE.example:8080"), ("sec-fetch-site", "same-origin")], true),
            (vec![host], false),
            (vec![host, ("origin", "null")], false),
            (vec![host, ("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (vec![host, ("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            (vec![host, ("origin", "https://refuge.example")], false),
            (vec![host, ("origin", "https://refuge.example:8080.evil.example")], false),
            (vec![host, ("sec-fetch-site", "cross-site"), ("origin", "https://refuge.example:8080")], false),
            (vec![host, ("sec-fetch-site", "same-site")], false),
            (vec![host, ("sec-fetch-site", "none")], false),
            (vec![("origin", "https://")], false),
        ] {
            assert_eq!(is_same_origin(&headers(&pairs)), same, "{pairs:?}");
        }
    }

    #[test]
    fn a_program_says_nothing_and_a_page_of_another_site_can_not_hide() {
        let host = ("host", "refuge.example");
        for (pairs, elsewhere) in [
            (vec![host], false),
            (vec![host, ("origin", "https://refuge.example")], false),
            (vec![host, ("origin", "https://refuge.example"), ("sec-fetch-site", "same-origin")], false),
            (vec![host, ("origin", "https://elsewhere.example")], true),
            (vec![host, ("origin", "null")], true),
            (vec![host, ("sec-fetch-site", "cross-site")], true),
            (vec![host, ("origin", "https://refuge.example"), ("sec-fetch-site", "same-site")], true),
        ] {
            assert_eq!(comes_from_elsewhere(&headers(&pairs)), elsewhere, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookie_is_read_where_it_stands_once() {
        let one = headers(&[("cookie", "a=1; __Host-safespace=abc; b=2")]);
        assert_eq!(cookie(&one, SESSION_COOKIE), Some("abc"));
        for none in ["", "__Host-safespace=", "x__Host-safespace=abc", "__Host-safespace", "=;=;"] {
            assert_eq!(cookie(&headers(&[("cookie", none)]), SESSION_COOKIE), None, "{none}");
        }
        let twice = headers(&[("cookie", "__Host-safespace=abc"), ("cookie", "__Host-safespace=def")]);
        assert_eq!(cookie(&twice, SESSION_COOKIE), None);
    }
    /// Headers with these lines, whatever bytes are in them. None where no HTTP server would take them.
    fn lines(name: &str, lines: &[Vec<u8>]) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(line).ok()?);
        }
        Some(headers)
    }

    /// Bytes that a header may have: any, and pieces of what is looked for.
    fn line() -> impl Strategy<Value = Vec<u8>> {
        let byte = (0x20..=u8::MAX).prop_map(|byte| if byte == 0x7f { b' ' } else { byte });
        let pieces: Vec<&[u8]> = vec![
            b"__Host-safespace",
            b"=",
            b";",
            b" ",
            b"a",
            b"\xff",
            b"\t",
            b"https://",
            b"http://",
            b"same-origin",
            b"null",
            b"host.example",
            b":443",
            b"@",
            b"/",
        ];
        let pieces =
            prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|pieces| pieces.concat());
        prop_oneof![prop::collection::vec(byte, 0..80), pieces]
    }

    proptest! {
        #[test]
        fn cookies_are_read_or_refused(all in prop::collection::vec(line(), 0..6)) {
            let Some(headers) = lines("cookie", &all) else { return Ok(()) };
            for name in [SESSION_COOKIE, "", "a", "=", ";"] {
                if let Some(value) = cookie(&headers, name) {
                    prop_assert!(!value.is_empty() && !value.contains(';'));
                }
            }
        }

        #[test]
        fn a_cookie_is_found_among_any_others_and_not_when_it_is_there_twice(
            before in "[ -:<-~]{0,30}",
            after in "[ -:<-~]{0,30}",
            value in "[0-9a-f]{1,64}",
            apart in any::<bool>(),
        ) {
            let is_one = |text: &str| text.trim().starts_with(SESSION_COOKIE);
            prop_assume!(!is_one(&before) && !is_one(&after));
            let one = format!("{SESSION_COOKIE}={value}");
            let all = [before, one.clone(), after];
            let split = |all: &[String]| if apart {
                all.iter().map(|line| line.clone().into_bytes()).collect()
            } else {
                vec![all.join("; ").into_bytes()]
            };
            let headers = lines("cookie", &split(&all)).unwrap();
            prop_assert_eq!(cookie(&headers, SESSION_COOKIE), Some(value.as_str()));
            let headers = lines("cookie", &split(&[&all[..], &[one]].concat())).unwrap();
            prop_assert_eq!(cookie(&headers, SESSION_COOKIE), None);
        }

        #[test]
        fn whatever_another_site_has_said_it_is_not_believed(site in line(), origin in line(), host in line()) {
            let same = |site: Option<&[u8]>, origin: Option<&[u8]>| {
                let said = [("sec-fetch-site", site), ("origin", origin), ("host", Some(&host[..]))];
                let mut headers = HeaderMap::new();
                for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                    headers.append(name, HeaderValue::from_bytes(value).unwrap());
                }
                is_same_origin(&headers)
            };
            prop_assume!(site != b"same-origin" && origin != b"null");
            let scheme_and_host = |scheme: &[u8]| [scheme, &host].concat().to_ascii_lowercase();
            let here = [scheme_and_host(b"https://"), scheme_and_host(b"http://")].contains(&origin.to_ascii_lowercase());
            prop_assert!(!same(Some(&site), None));
            prop_assert!(!same(Some(&site), Some(&origin)));
            prop_assert!(!same(None, None));
            prop_assert!(here || !same(None, Some(&origin)));
            prop_assert!(here || !same(Some(b"same-origin"), Some(&origin)));
        }
    }
}
