//! The page of counters, on the address for metrics.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::state::AppState;

pub(crate) fn router(state: AppState) -> Router {
    Router::new().route("/metrics", get(page)).with_state(state)
}

async fn page(State(state): State<AppState>) -> impl IntoResponse {
    let page = state.metrics.page(state.connections.count(), state.connections.evicted());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], page)
}
