//! Who may come in.
//!
//! - [`tokens`]: the file of token digests, with a name, a role and a last day for each
//! - [`token_store`]: that file as it stands now, read again when it changes
//! - [`credentials`]: the token of a request
//! - [`origin`]: whether a request comes from a page of another site
//!
//! Absent from here: how much a token may do at once ([`crate::limits`]).

pub(crate) mod credentials;
pub(crate) mod origin;
pub mod token_store;
pub mod tokens;
