//! What a client may do. What a verb asks for: [`VerbName::required_role`](super::request::VerbName::required_role).

use crate::words::words;

words! {
    /// What a client may do; each role may do what those before it may.
    #[derive(PartialOrd, Ord)]
    pub enum Role {
        /// Look: events, artifacts, list, status, device.
        Viewer = "viewer",
        /// Also submit, upload, choose, cancel, review; jobs of others too.
        Submitter = "submitter",
        /// As `submitter`: no verb asks for more yet. The local socket gives this role.
        Admin = "admin",
    }
}
