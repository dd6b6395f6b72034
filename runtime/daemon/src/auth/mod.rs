//! Who may connect from other hosts, and what a connected client may do now.
//!
//! - [`key_store`]: the list of client keys, read again whenever it changes
//! - [`zap`]: ZeroMQ's question at every CURVE handshake
//! - [`granted_role`]: a role that can be lowered or revoked while its holder is connected

mod granted_role;
mod key_store;
mod zap;

pub(super) use granted_role::{GrantedRole, key_revoked};
pub(super) use key_store::KeyStore;
pub(super) use zap::spawn_zap;
