//! A token becomes a cookie, which pages cannot read and other sites cannot use.

use aide::NoApi;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use cordline_sdk::wire::reply::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parts::{Body, Query};
use crate::fault::Refusal;
use crate::guest::{COOKIE_NAME, Viewer};
use crate::hall::Hall;
use crate::sign_in;

/// How long a browser keeps the cookie: a working day.
const KEPT_S: u32 = 12 * 3600;

/// A token.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Session {
    /// As the operator handed it out.
    token: String,
}

pub(super) async fn open(
    State(hall): State<Hall>,
    Body(Session { token }): Body<Session>,
) -> Result<NoApi<Response>, Refusal> {
    hall.tokens.guest(&token).ok_or_else(Refusal::unknown_guest)?;
    Ok(NoApi((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie(&token, hall.secure))]).into_response()))
}

/// Whose token it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Who {
    /// Name of the token, as the operator gave it.
    name: String,
    /// What it allows.
    role: Role,
}

/// Tells a page what its reader may do, before they try.
pub(super) async fn who(Viewer(guest): Viewer) -> Json<Who> {
    Json(Who { name: guest.name, role: guest.role })
}

/// A token, and where the browser wanted to go.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    token: String,
    to: Option<String>,
}

/// The address that is printed at the start, to be opened once: the token leaves the address line at once.
pub(super) async fn enter(
    State(hall): State<Hall>,
    headers: HeaderMap,
    Query(Entry { token, to }): Query<Entry>,
) -> Result<Response, Refusal> {
    let token = token.trim();
    if hall.tokens.guest(token).is_none() {
        return if sign_in::wants_page(&headers) {
            Ok(sign_in::page(to.as_deref(), true))
        } else {
            Err(Refusal::unknown_guest())
        };
    }
    let to = to.filter(|to| sign_in::is_ours(to)).unwrap_or_else(|| "/".into());
    Ok(([(SET_COOKIE, cookie(token, hall.secure))], Redirect::to(&to)).into_response())
}

fn cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={token}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Strict{secure}")
}
