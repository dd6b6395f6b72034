//! What a client may do now: checked when its message arrives, when the scheduler works on it, and within 100 ms of a change
//! of the key list.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::Role;

/// A role that can be lowered or revoked at any moment; copies share it.
#[derive(Debug, Clone)]
pub(crate) struct GrantedRole(Arc<AtomicU8>);

/// Stands for no role.
const REVOKED: u8 = u8::MAX;

impl GrantedRole {
    pub(crate) fn new(role: Role) -> Self {
        Self(Arc::new(AtomicU8::new(role as u8)))
    }

    /// The role; `None` once it was revoked.
    pub(crate) fn get(&self) -> Option<Role> {
        let stored = self.0.load(Ordering::Relaxed);
        Role::ALL.into_iter().find(|role| *role as u8 == stored)
    }

    /// Another role, or none any more.
    pub(crate) fn set(&self, role: Option<Role>) {
        self.0.store(role.map_or(REVOKED, |role| role as u8), Ordering::Relaxed);
    }

    /// Refuses what wants a higher role.
    ///
    /// # Errors
    ///
    /// The role was revoked, or is lower than `required`.
    pub(crate) fn check(&self, required: Role) -> Result<(), Fault> {
        match self.get() {
            None => Err(key_revoked()),
            Some(role) if role < required => Err(Fault::new(
                Code::NotAllowed,
                "the role of this key does not allow it",
                "ask the operator for a key with another role",
            )),
            Some(_) => Ok(()),
        }
    }
}

/// The key is not valid any more.
pub(crate) fn key_revoked() -> Fault {
    Fault::new(
        Code::NotAllowed,
        "the key of this client was taken out of the list, or has expired",
        "ask the operator for a new key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_taken_from_every_copy() {
        let role = GrantedRole::new(Role::Submitter);
        let copy = role.clone();
        assert_eq!(copy.check(Role::Submitter), Ok(()));
        assert!(copy.check(Role::Admin).is_err());
        role.set(Some(Role::Viewer));
        assert_eq!((copy.get(), copy.check(Role::Submitter).is_err()), (Some(Role::Viewer), true));
        role.set(None);
        assert_eq!(copy.check(Role::Viewer).unwrap_err(), key_revoked());
    }
}
