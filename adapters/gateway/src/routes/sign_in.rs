//! The sign-in page, for a browser without a valid token. Without it a viewer would be served that can load nothing.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::static_files::is_navigation;
use crate::auth::credentials::token;
use crate::state::AppState;

const PAGE: &str = include_str!("sign_in.html");
const WRONG: &str = "<p role=\"alert\">This token is not known here. It may have been mistyped, or have expired.</p>";

/// Middleware: a request for a page without a valid token is answered with the sign-in page. Scripts, styles and images of the pages hold
/// nothing of patients, and pass.
pub(super) async fn require_token(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let is_page = is_navigation(request.method(), request.uri().path(), request.headers());
    let is_known = token(request.headers()).is_some_and(|token| state.tokens.authenticate(token).is_some());
    if is_page && !is_known {
        let to = request.uri().path_and_query().map_or("/", |to| to.as_str());
        return page(Some(to), false);
    }
    next.run(request).await
}

/// True for a request of a browser that shows the answer in its window.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The page. `to`: the address that the browser asked for; `wrong`: after a token that is not valid.
pub(super) fn page(to: Option<&str>, wrong: bool) -> Response {
    // With a valid token the same address is another page.
    (StatusCode::UNAUTHORIZED, [(CACHE_CONTROL, "no-store")], Html(text(to, wrong))).into_response()
}

fn text(to: Option<&str>, wrong: bool) -> String {
    let to = to.filter(|to| is_own_address(to)).map_or(String::new(), |to| {
        let to = to.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        format!("<input type=\"hidden\" name=\"to\" value=\"{to}\">")
    });
    PAGE.replace("<!-- to -->", &to).replace("<!-- wrong -->", if wrong { WRONG } else { "" })
}

/// True for an address within this gateway: a redirect never leads to another site.
pub(super) fn is_own_address(to: &str) -> bool {
    let mut letters = to.bytes();
    letters.next() == Some(b'/') && to.len() <= 2048 && !matches!(letters.next(), Some(b'/' | b'\\')) && {
        to.bytes().all(|b| b.is_ascii_graphic())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_redirected_to_pages_of_this_gateway_alone() {
        for ours in ["/", "/cordline?StudyInstanceUIDs=1.2.3&x=y"] {
            assert!(is_own_address(ours), "{ours}");
        }
        for other in ["", "//evil/", "/\\evil", "https://evil/", "/a\r\nSet-Cookie: b", "cordline"] {
            assert!(!is_own_address(other), "{other}");
        }
    }

    #[test]
    fn what_a_browser_asked_for_is_written_into_the_page_as_text() {
        let made = text(Some("/a?b=\"><script>&c"), true);
        assert!(made.contains("value=\"/a?b=&quot;&gt;&lt;script&gt;&amp;c\""), "{made}");
        assert!(made.contains("role=\"alert\""));
        assert!(made.contains(cordline_sdk::RESEARCH_USE));
        assert!(!text(None, false).contains("role=\"alert\""));
    }
}
