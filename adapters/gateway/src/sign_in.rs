//! The one page for a browser without a token that is known: where to get in. Without it a viewer would be served that can load nothing.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::guest::token;
use crate::hall::Hall;
use crate::pages::is_navigation;

const PAGE: &str = include_str!("sign_in.html");
const WRONG: &str = "<p role=\"alert\">This token is not known here. It may have been mistyped, or have expired.</p>";

/// Lets a request for a page through where its token is known, and answers with the sign-in page where it is not.
/// Scripts, styles and images of the pages tell nothing, and pass.
pub(crate) async fn ask(State(hall): State<Hall>, request: Request, next: Next) -> Response {
    let is_page = is_navigation(request.method(), request.uri().path(), request.headers());
    let is_known = token(request.headers()).is_some_and(|token| hall.tokens.guest(token).is_some());
    if is_page && !is_known {
        let to = request.uri().path_and_query().map_or("/", |to| to.as_str());
        return page(Some(to), false);
    }
    next.run(request).await
}

/// True where a browser asks for something to be shown in its window.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The page. `to`: where the browser wanted to go; `wrong`: after a token that is not known.
pub(crate) fn page(to: Option<&str>, wrong: bool) -> Response {
    // Once the token is known the same address is another page.
    (StatusCode::UNAUTHORIZED, [(CACHE_CONTROL, "no-store")], Html(text(to, wrong))).into_response()
}

fn text(to: Option<&str>, wrong: bool) -> String {
    let to = to.filter(|to| is_ours(to)).map_or(String::new(), |to| {
        let to = to.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        format!("<input type=\"hidden\" name=\"to\" value=\"{to}\">")
    });
    PAGE.replace("<!-- to -->", &to).replace("<!-- wrong -->", if wrong { WRONG } else { "" })
}

/// True for an address within this gateway: a page of another site is never gone to.
pub(crate) fn is_ours(to: &str) -> bool {
    let mut letters = to.bytes();
    letters.next() == Some(b'/') && to.len() <= 2048 && !matches!(letters.next(), Some(b'/' | b'\\')) && {
        to.bytes().all(|b| b.is_ascii_graphic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_led_to_pages_of_this_gateway_alone() {
        for ours in ["/", "/cordline?StudyInstanceUIDs=1.2.3&x=y"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in ["", "//evil/", "/\\evil", "https://evil/", "/a\r\nSet-Cookie: b", "cordline"] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn what_a_browser_wanted_is_written_into_the_page_as_text() {
        let made = text(Some("/a?b=\"><script>&c"), true);
        assert!(made.contains("value=\"/a?b=&quot;&gt;&lt;script&gt;&amp;c\""), "{made}");
        assert!(made.contains("role=\"alert\""));
        assert!(made.contains(cordline_sdk::RESEARCH_USE));
        assert!(!text(None, false).contains("role=\"alert\""));
    }
}
