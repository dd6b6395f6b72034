//! What this box can run.
