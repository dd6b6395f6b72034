//! A token becomes a cookie, which pages cannot read and other sites cannot use.

use aide::NoApi;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::parts::{Body, Query};
use crate::fault::Refusal;
use crate::guest::COOKIE_NAME;
use crate::hall::Hall;

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

/// The address that is printed at the start, to be opened once: the token leaves the address line at once.
pub(super) async fn enter(
    State(hall): State<Hall>,
    Query(Session { token }): Query<Session>,
) -> Result<Response, Refusal> {
    hall.tokens.guest(&token).ok_or_else(Refusal::unknown_guest)?;
    Ok(([(SET_COOKIE, cookie(&token, hall.secure))], Redirect::to("/")).into_response())
}

fn cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={token}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Strict{secure}")
}
