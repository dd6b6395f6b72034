//! Who asks: a token in the header or in the cookie, from our own pages or from no page at all.

use aide::OperationIo;
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use cordline_sdk::wire::reply::Role;

use crate::fault::Refusal;
use crate::hall::Hall;
pub use crate::tokens::Guest;

/// Name of the cookie.
pub const COOKIE_NAME: &str = "cordline";

/// Somebody who may look.
#[derive(Debug, Clone, OperationIo)]
#[aide(input)]
pub struct Viewer(pub Guest);

/// Somebody who may submit, choose, cancel and judge.
#[derive(Debug, Clone, OperationIo)]
#[aide(input)]
pub struct Submitter(pub Guest);

impl FromRequestParts<Hall> for Viewer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hall: &Hall) -> Result<Self, Refusal> {
        let guest =
            token(&parts.headers).and_then(|token| hall.tokens.guest(token)).ok_or_else(Refusal::unknown_guest)?;
        // A browser sends the cookie whatever page asks; only ours may change something, or open a socket.
        let changes = !matches!(parts.method, Method::GET | Method::HEAD) || parts.headers.contains_key("upgrade");
        if changes && is_foreign(&parts.headers) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "other_origin",
                "the page that asks is not from here",
                "open the viewer at the address of this gateway",
            ));
        }
        if hall.pace.check_key(&guest.name).is_err() {
            return Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_fast",
                "too many requests in a second",
                "wait a second, then try again",
            ));
        }
        Ok(Self(guest))
    }
}

impl FromRequestParts<Hall> for Submitter {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, hall: &Hall) -> Result<Self, Refusal> {
        let Viewer(guest) = Viewer::from_request_parts(parts, hall).await?;
        if guest.role < Role::Submitter {
            return Err(Refusal::not_allowed());
        }
        Ok(Self(guest))
    }
}

/// The token of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    bearer.map(str::trim).or_else(|| {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
    })
}

/// True for a page of another origin. Programs name none.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = origin.to_str().unwrap_or_default();
    origin.split_once("://").is_none_or(|(_, authority)| authority != host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_token_comes_in_the_header_or_the_cookie() {
        assert_eq!(token(&headers(&[("authorization", "Bearer abc ")])), Some("abc"));
        assert_eq!(token(&headers(&[("cookie", "a=b; cordline=def; c=d")])), Some("def"));
        assert_eq!(token(&headers(&[("authorization", "Basic abc")])), None);
        assert_eq!(token(&headers(&[("cookie", "xcordline=def")])), None);
    }

    #[test]
    fn a_page_from_elsewhere_is_foreign() {
        let host = ("host", "box:8080");
        assert!(!is_foreign(&headers(&[host])));
        assert!(!is_foreign(&headers(&[host, ("origin", "https://box:8080")])));
        for origin in ["http://box:81", "http://evil", "null", "http://box:8080.evil"] {
            assert!(is_foreign(&headers(&[host, ("origin", origin)])), "{origin}");
        }
    }
}
