//! The origin of a request. A browser sends the cookie for requests of every page, and only our own pages may change anything.

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};

/// True for a request of another origin's page that changes something or opens a socket. Programs send no origin.
///
/// The host that a request is for stands in its address in HTTP/2 (`:authority`), in `Host` in HTTP/1.1, and nowhere in HTTP/1.0: then
/// no page can be ours. `secure`: the gateway itself speaks TLS, so that its pages do too.
pub(crate) fn is_foreign(parts: &Parts, secure: bool) -> bool {
    let changes = !matches!(parts.method, Method::GET | Method::HEAD) || parts.headers.contains_key("upgrade");
    changes && parts.headers.contains_key(ORIGIN) && !is_own(parts, secure)
}

fn is_own(parts: &Parts, secure: bool) -> bool {
    let Some((scheme, page)) = single(&parts.headers, &ORIGIN).and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let port = match scheme {
        "https" => "443",
        "http" if !secure => "80",
        _ => return false,
    };
    let named = parts.uri.authority().map(|authority| authority.as_str());
    let host = match (named, parts.headers.contains_key(HOST)) {
        // Where both are given they must be equal, or a proxy in between sees another host than we do.
        (Some(named), true) if single(&parts.headers, &HOST) != Some(named) => return false,
        (Some(named), _) => named,
        (None, _) => match single(&parts.headers, &HOST) {
            Some(host) => host,
            None => return false,
        },
    };
    let plain = |authority: &str| authority.strip_suffix(port).and_then(|a| a.strip_suffix(':')).map(str::to_owned);
    let (page, host) = (page.to_ascii_lowercase(), host.to_ascii_lowercase());
    !host.is_empty() && plain(&page).unwrap_or(page) == plain(&host).unwrap_or(host)
}

/// The value of a header that is there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn foreign(uri: &str, pairs: &[(&str, &str)], secure: bool) -> bool {
        let request = pairs.iter().fold(Request::post(uri), |request, (name, value)| request.header(*name, *value));
        is_foreign(&request.body(()).unwrap().into_parts().0, secure)
    }

    #[test]
    fn a_page_from_here_is_known_by_the_requests_authority() {
        for (uri, host, origin) in [
            ("/x", Some("gateway:8080"), "http://gateway:8080"),
            ("/x", Some("gateway:8080"), "https://gateway:8080"),
            ("/x", Some("Gateway"), "https://gateway"),
            ("/x", Some("gateway:443"), "https://gateway"),
            ("/x", Some("gateway:80"), "http://gateway"),
            // As HTTP/2 says it.
            ("https://gateway:8443/x", None, "https://gateway:8443"),
            ("https://gateway:8443/x", Some("gateway:8443"), "https://gateway:8443"),
        ] {
            let pairs: Vec<_> = host.map(|host| ("host", host)).into_iter().chain([("origin", origin)]).collect();
            assert!(!foreign(uri, &pairs, false), "{uri} {pairs:?}");
        }
        assert!(!foreign("/x", &[("host", "gateway")], true), "programs name no origin");
        assert!(!foreign("/x", &[], true));
    }

    #[test]
    fn a_page_from_elsewhere_is_foreign_in_every_version_of_the_protocol() {
        let evil = [
            "http://gateway:81",
            "http://evil",
            "null",
            "http://gateway:8080.evil",
            "x://gateway:8080",
            "",
            "http://u@gateway:8080",
        ];
        for origin in evil {
            for (uri, host) in [("/x", "gateway:8080"), ("http://gateway:8080/x", "gateway:8080")] {
                assert!(foreign(uri, &[("host", host), ("origin", origin)], false), "{uri} {origin}");
            }
            assert!(foreign("http://gateway:8080/x", &[("origin", origin)], false), "{origin}");
        }
        // No host is named, or two are.
        for pairs in [
            &[("origin", "x://")][..],
            &[("origin", "http://")],
            &[("host", ""), ("origin", "http://")],
            &[("host", "gateway"), ("host", "gateway"), ("origin", "http://gateway")],
            &[("host", "gateway"), ("origin", "http://gateway"), ("origin", "http://evil")],
        ] {
            assert!(foreign("/x", pairs, false), "{pairs:?}");
        }
        assert!(foreign("https://gateway/x", &[("host", "evil"), ("origin", "https://gateway")], true));
        // An attacker on the network can serve a page without TLS under the same name.
        assert!(foreign("/x", &[("host", "gateway"), ("origin", "http://gateway")], true));
    }
}
