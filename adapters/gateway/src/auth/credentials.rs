//! The token of a request: in the header `Authorization`, or in the cookie of a browser.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

/// Name of the cookie.
pub(crate) const COOKIE_NAME: &str = "cordline";

/// The token of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    bearer.map(str::trim).or_else(|| {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
    })
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
}
